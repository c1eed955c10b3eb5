"""Hold a document while another member of the shared limit is too late with its payments."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from creditrisk.facts import Case, Finding, Measured
from creditrisk.rules import Row, Standard


@dataclass(frozen=True)
class LinkedOverdue(Standard):
    """A days_overdue block of this customer is true of another member's debts, where members answer for each other."""

    code = "linked_overdue"
    label = "Another member is overdue"
    order = 21

    def find(self, case: Case, rows: Sequence[Row]) -> Iterable[Finding]:
        blocks = [r for r in rows if r.rule.code == "days_overdue" and r.kind == "block" and r.applies(case)]
        days = min((max(getattr(r.rule, "days", None) or 0, 1) for r in blocks), default=None)
        for member in case.members_overdue:
            true = days is not None and member.days_overdue >= days
            measured = Measured(member.days_overdue, days, "days", true, member.code)
            yield Finding(self.code, "limit", "HOLD", measured, true, true)
