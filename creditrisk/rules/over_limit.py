"""Hold a document that takes the customer, or a corporate head above it, over its credit limit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from creditrisk.facts import Case, Finding
from creditrisk.language import marked
from creditrisk.rules import Row, Standard, against_limit


@dataclass(frozen=True)
class OverLimit(Standard):
    """Exposure above the limit, strictly; control says what happens. A prepaid document meets no limit."""

    code = "over_limit"
    label = marked("Over the limit")
    order = 10

    def find(self, case: Case, rows: Sequence[Row]) -> Iterable[Finding]:
        for standing in (case.own, *case.heads):
            if finding := against_limit(self.code, case, standing):
                yield finding
