"""Hold a document while effects of the customer came back unpaid not long ago."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from creditrisk.facts import Case, Measured
from creditrisk.money import ZERO
from creditrisk.rules import Rule, at_least, at_most


@dataclass(frozen=True)
class UnpaidEffects(Rule):
    """So many effects, or so much in the account's currency, returned unpaid in the last days."""

    code = "unpaid_effects"
    label = "Unpaid effects"
    order = 90

    days: int = 0
    count: int | None = None
    amount: Decimal | None = None

    def _measure(self, case: Case) -> tuple[Decimal | int, Decimal | int, str]:
        since = case.today - timedelta(days=self.days)
        recent = [e.amount for e in case.unpaid_effects if e.day >= since]
        if self.amount is not None:
            return sum(recent, ZERO), self.amount, case.own.exposure.currency
        return len(recent), self.count or 1, "effects"

    def block(self, case: Case) -> Measured:
        return at_least(*self._measure(case))

    def exclude(self, case: Case) -> Measured:
        return at_most(*self._measure(case))

    @classmethod
    def refuse(cls, kind: str, values: Mapping[str, Any]) -> str:
        if "days" not in values:
            return "Give the days to look back."
        return "" if ("count" in values) != ("amount" in values) else "Give a count or an amount, not both."
