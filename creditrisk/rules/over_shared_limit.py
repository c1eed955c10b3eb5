"""Hold a document that takes a group of customers over the limit they share."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from creditrisk.facts import Case, Finding
from creditrisk.language import marked
from creditrisk.rules import Row, Standard, against_limit


@dataclass(frozen=True)
class OverSharedLimit(Standard):
    """Exposure of all members above the shared limit, strictly; group control says what happens."""

    code = "over_shared_limit"
    label = marked("Over the shared limit")
    order = 11

    def find(self, case: Case, rows: Sequence[Row]) -> Iterable[Finding]:
        for standing in case.shared:
            if finding := against_limit(self.code, case, standing):
                yield finding
