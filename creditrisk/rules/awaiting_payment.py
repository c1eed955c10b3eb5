"""Hold a prepaid delivery until the money is there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from creditrisk.facts import Case, Finding, Measured
from creditrisk.language import marked
from creditrisk.rules import Row, Standard


@dataclass(frozen=True)
class AwaitingPayment(Standard):
    """Unallocated payments, each euro of them once, do not cover the prepaid delivery."""

    code = "awaiting_payment"
    label = marked("Awaiting payment")
    order = 112
    freed = False

    def find(self, case: Case, rows: Sequence[Row]) -> Iterable[Finding]:
        true = case.prepaid and case.checkpoint == "delivery" and case.advance_received < case.advance_needed
        yield Finding(
            self.code,
            "limit",
            "HOLD",
            Measured(case.advance_received, case.advance_needed, "amount", true),
            true,
            true,
        )
