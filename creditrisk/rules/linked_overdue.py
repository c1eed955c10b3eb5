"""Hold a document while another member of the shared limit is too late with its payments."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from creditrisk.facts import Case, Finding, Measured
from creditrisk.language import marked
from creditrisk.rules import Row, Standard


@dataclass(frozen=True)
class LinkedOverdue(Standard):
    """A days_overdue block of this customer is true of another member's debts, where members answer for each other."""

    code = "linked_overdue"
    label = marked("Another member is overdue")
    order = 21

    def find(self, case: Case, rows: Sequence[Row]) -> Iterable[Finding]:
        if not case.members_overdue:
            return
        blocks = [r for r in rows if r.rule.code == "days_overdue" and r.kind == "block" and r.applies(case)]
        # What holds is looked at before what warns: a member that is late enough for both holds.
        bounds = sorted((r.action, max(getattr(r.rule, "days", None) or 0, 1)) for r in blocks)
        for member in case.members_overdue:
            reached = [bound for bound in bounds if member.days_overdue >= bound[1]]
            action, days = (reached or bounds or [("HOLD", None)])[0]
            measured = Measured(member.days_overdue, days, "days", bool(reached), member.code)
            yield Finding(self.code, "limit", action, measured, bool(reached), bool(reached))
