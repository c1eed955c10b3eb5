"""Hold a document while the review of the customer's credit is late."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from creditrisk.facts import Case, Measured
from creditrisk.language import marked, say
from creditrisk.rules import Rule, Wrong, at_least, at_most, days_in_words


@dataclass(frozen=True)
class ReviewOverdue(Rule):
    """The next review of the account passed so many days ago."""

    code = "review_overdue"
    label = marked("Review overdue")
    order = 100
    bounds = ("days",)

    days: int = 0

    def block(self, case: Case) -> Measured | None:
        return None if case.next_review is None else at_least((case.today - case.next_review).days, self.days, "days")

    def exclude(self, case: Case) -> Measured | None:
        return None if case.next_review is None else at_most((case.today - case.next_review).days, self.days, "days")

    def says(self, kind: str) -> str:
        days = days_in_words(self.days)
        if kind == "block":
            return say("the next review was due %(days)s ago or more", days=days)
        return say("the next review was due %(days)s ago or less", days=days)

    @classmethod
    def refuse(cls, kind: str, values: Mapping[str, Any]) -> Wrong | None:
        return None if "days" in values else Wrong("days", say("Give the days after the review date."))
