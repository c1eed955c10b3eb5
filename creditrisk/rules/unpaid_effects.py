"""Hold a document while effects of the customer came back unpaid not long ago."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from creditrisk.facts import Case, Measured
from creditrisk.language import marked, say, say_count
from creditrisk.money import ZERO
from creditrisk.rules import Rule, Wrong, at_least, at_most, days_in_words, sum_in_words


@dataclass(frozen=True)
class UnpaidEffects(Rule):
    """So many effects, or so much in the account's currency, returned unpaid in the last days."""

    code = "unpaid_effects"
    label = marked("Unpaid effects")
    order = 90
    bounds = ("count", "amount")
    spans = ("days",)

    days: int = 0
    count: int | None = None
    amount: Decimal | None = None

    def _measure(self, case: Case) -> tuple[Decimal | int, Decimal | int, str]:
        since = case.today - timedelta(days=self.days)
        recent = [e.amount for e in case.unpaid_effects if e.day >= since]
        if self.amount is not None:
            return sum(recent, ZERO), self.amount, case.own.exposure.currency
        return len(recent), 1 if self.count is None else self.count, "effects"

    def block(self, case: Case) -> Measured:
        return at_least(*self._measure(case))

    def exclude(self, case: Case) -> Measured:
        return at_most(*self._measure(case))

    def says(self, kind: str) -> str:
        days = days_in_words(self.days)
        if self.amount is not None:
            amount = sum_in_words(self.amount, None)
            if kind == "block":
                return say(
                    "effects of %(amount)s or more came back unpaid in the last %(days)s", amount=amount, days=days
                )
            return say("effects of %(amount)s or less came back unpaid in the last %(days)s", amount=amount, days=days)
        count = 1 if self.count is None else self.count
        if kind == "block":
            return say_count(
                "%(count)s effect or more came back unpaid in the last %(days)s",
                "%(count)s effects or more came back unpaid in the last %(days)s",
                count,
                days=days,
            )
        return say_count(
            "%(count)s effect or less came back unpaid in the last %(days)s",
            "%(count)s effects or less came back unpaid in the last %(days)s",
            count,
            days=days,
        )

    @classmethod
    def refuse(cls, kind: str, values: Mapping[str, Any]) -> Wrong | None:
        if "days" not in values:
            return Wrong("days", say("Give the days to look back."))
        if ("count" in values) == ("amount" in values):
            return Wrong("count", say("Give a count or an amount, not both."))
        if kind == "block" and not values.get("count", 1):
            return Wrong("count", say("A block needs at least one effect."))
        return None
