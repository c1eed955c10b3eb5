"""Hold a document while the customer's credit limit has been out of date for too many days."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from creditrisk.facts import Case, Measured
from creditrisk.language import marked, say
from creditrisk.rules import Rule, Wrong, at_least, at_most, days_in_words


@dataclass(frozen=True)
class LimitExpired(Rule):
    """At least so many days, and at least one, since the limit's last day."""

    code = "limit_expired"
    label = marked("Limit expired")
    order = 50
    bounds = ("days",)

    days: int = 0

    def block(self, case: Case) -> Measured:
        if case.limit_last_day is None:
            return Measured(None, self.days, "days", case.blank_expiry_is_expired)
        return at_least((case.today - case.limit_last_day).days, max(self.days, 1), "days")

    def exclude(self, case: Case) -> Measured:
        if case.limit_last_day is None:
            return Measured(None, self.days, "days", False)
        since = (case.today - case.limit_last_day).days
        return at_most(since, self.days, "days", and_also=since > 0)

    def says(self, kind: str) -> str:
        if kind == "block":
            return say("the limit's last day is %(days)s past or more", days=days_in_words(max(self.days, 1)))
        return say("the limit's last day is past, by no more than %(days)s", days=days_in_words(self.days))

    @classmethod
    def refuse(cls, kind: str, values: Mapping[str, Any]) -> Wrong | None:
        return None if "days" in values else Wrong("days", say("Give the days after the limit's last day."))
