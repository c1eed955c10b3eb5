"""Hold a document while the customer's credit limit has been out of date for too many days."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from creditrisk.facts import Case, Measured
from creditrisk.rules import Rule, at_least, at_most


@dataclass(frozen=True)
class LimitExpired(Rule):
    """At least so many days, and at least one, since the limit's last day."""

    code = "limit_expired"
    label = "Limit expired"
    order = 50

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

    @classmethod
    def refuse(cls, kind: str, values: Mapping[str, Any]) -> str:
        return "" if "days" in values else "Give the days after the limit's last day."
