"""Hold documents of a customer that was flagged by a bureau or for fraud."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from creditrisk.facts import Case, Finding, Measured
from creditrisk.language import marked
from creditrisk.rules import Row, Standard


@dataclass(frozen=True)
class Suspended(Standard):
    """The account is suspended."""

    code = "suspended"
    label = marked("Suspended")
    order = 113
    freed = False

    def find(self, case: Case, rows: Sequence[Row]) -> Iterable[Finding]:
        true = case.suspended
        yield Finding(self.code, "limit", "HOLD", Measured(true, False, "flag", true), true, true)
