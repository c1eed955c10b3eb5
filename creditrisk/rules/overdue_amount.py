"""Hold a document while much is overdue and much of the limit is used."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from creditrisk.facts import Case, Measured
from creditrisk.language import marked, say
from creditrisk.rules import Rule, Wrong, number_in_words, sum_in_words


@dataclass(frozen=True)
class OverdueAmount(Rule):
    """Overdue reaches the amount (in the account's currency unless it says another) and used % reaches the percent."""

    code = "overdue_amount"
    label = marked("Overdue amount")
    order = 60
    bounds = ("amount", "percent")

    amount: Decimal = Decimal(0)
    percent: Decimal = Decimal(0)
    currency: str | None = None

    def _measure(self, case: Case, *, block: bool) -> Measured:
        exposure = case.own.exposure
        unit = self.currency or exposure.currency
        overdue = case.rates.convert({exposure.currency: exposure.overdue}, unit)
        used = case.used_percent
        if block:
            true = overdue >= self.amount and used is not None and used >= self.percent
        else:
            true = overdue <= self.amount and (used is None or used <= self.percent)
        return Measured((overdue, used), (self.amount, self.percent), f"{unit} and percent", true)

    def block(self, case: Case) -> Measured:
        return self._measure(case, block=True)

    def exclude(self, case: Case) -> Measured:
        return self._measure(case, block=False)

    def says(self, kind: str) -> str:
        values = {"amount": sum_in_words(self.amount, self.currency), "percent": number_in_words(self.percent)}
        if kind == "block":
            return say("%(amount)s or more is overdue and %(percent)s%% or more of the limit is used", **values)
        return say("%(amount)s or less is overdue and %(percent)s%% or less of the limit is used", **values)

    @classmethod
    def refuse(cls, kind: str, values: Mapping[str, Any]) -> Wrong | None:
        missing = [name for name in ("amount", "percent") if name not in values]
        return Wrong(missing[0], say("Give both an amount and a percent.")) if missing else None
