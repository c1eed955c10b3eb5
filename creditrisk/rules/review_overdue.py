"""Hold a document while the review of the customer's credit is late."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from creditrisk.facts import Case, Measured
from creditrisk.rules import Rule, at_least, at_most


@dataclass(frozen=True)
class ReviewOverdue(Rule):
    """The next review of the account passed so many days ago."""

    code = "review_overdue"
    label = "Review overdue"
    order = 100

    days: int = 0

    def block(self, case: Case) -> Measured | None:
        return None if case.next_review is None else at_least((case.today - case.next_review).days, self.days, "days")

    def exclude(self, case: Case) -> Measured | None:
        return None if case.next_review is None else at_most((case.today - case.next_review).days, self.days, "days")

    @classmethod
    def refuse(cls, kind: str, values: Mapping[str, Any]) -> str:
        return "" if "days" in values else "Give the days after the review date."
