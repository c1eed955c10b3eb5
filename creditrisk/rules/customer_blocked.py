"""Hold documents of a customer that was stopped by hand."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from creditrisk.facts import Case, Finding, Measured
from creditrisk.language import marked
from creditrisk.rules import Row, Standard


@dataclass(frozen=True)
class CustomerBlocked(Standard):
    """A manual stop of orders or of deliveries is in force today."""

    code = "customer_blocked"
    label = marked("Customer blocked")
    order = 110
    freed = False

    def find(self, case: Case, rows: Sequence[Row]) -> Iterable[Finding]:
        true = case.blocked_orders if case.is_order else case.blocked_deliveries
        yield Finding(self.code, "limit", "HOLD", Measured(true, False, "flag", true), true, true)
