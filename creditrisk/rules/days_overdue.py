"""Hold a document while the customer's oldest overdue instalment is too many days late."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from creditrisk.facts import Case, Measured
from creditrisk.language import marked, say
from creditrisk.rules import Rule, Wrong, at_least, at_most, days_in_words, sum_in_words


@dataclass(frozen=True)
class DaysOverdue(Rule):
    """At least so many days late, and at least one. An exclusion may give an overdue amount instead of days."""

    code = "days_overdue"
    label = marked("Days overdue")
    order = 20
    bounds = ("days", "amount")

    days: int | None = None
    amount: Decimal | None = None
    currency: str | None = None

    def block(self, case: Case) -> Measured:
        return at_least(case.own.exposure.days_overdue, max(self.days or 0, 1), "days")

    def exclude(self, case: Case) -> Measured:
        exposure = case.own.exposure
        late = exposure.overdue > 0
        if self.amount is None:
            return at_most(exposure.days_overdue, self.days or 0, "days", and_also=late)
        unit = self.currency or exposure.currency
        return at_most(
            case.rates.convert({exposure.currency: exposure.overdue}, unit),
            self.amount,
            unit,
            and_also=late,
        )

    def says(self, kind: str) -> str:
        if self.amount is not None:
            told = sum_in_words(self.amount, self.currency)
            return say("something is overdue, and no more than %(sum)s in all", sum=told)
        if kind == "block":
            late = days_in_words(max(self.days or 0, 1))
            return say("the oldest overdue instalment is %(days)s late or more", days=late)
        late = days_in_words(self.days or 0)
        return say("something is overdue, and the oldest is no more than %(days)s late", days=late)

    @classmethod
    def refuse(cls, kind: str, values: Mapping[str, Any]) -> Wrong | None:
        if kind == "block" and "days" not in values:
            return Wrong("days", say("A block needs days."))
        if kind == "block" and "amount" in values:
            return Wrong("amount", say("Only an exclusion can give an amount; a block gives days."))
        if ("days" in values) == ("amount" in values):
            return Wrong("days", say("Give days, or (on an exclusion) an amount, not both."))
        if "currency" in values and "amount" not in values:
            return Wrong("currency", say("A currency says something about an amount only."))
        return None
