"""Hold documents that are too big."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from creditrisk.facts import Case, Measured
from creditrisk.language import marked, say
from creditrisk.rules import Rule, Wrong, at_least, at_most, sum_in_words


@dataclass(frozen=True)
class OrderAmount(Rule):
    """The document's total, in the rule's currency, reaches the amount."""

    code = "order_amount"
    label = marked("Order amount")
    order = 70
    bounds = ("amount",)

    amount: Decimal = Decimal(0)
    currency: str | None = None

    def _total(self, case: Case) -> tuple[Decimal, str]:
        unit = self.currency or case.own.exposure.currency
        return case.rates.convert({case.currency: case.amount}, unit), unit

    def block(self, case: Case) -> Measured:
        total, unit = self._total(case)
        return at_least(total, self.amount, unit)

    def exclude(self, case: Case) -> Measured:
        total, unit = self._total(case)
        return at_most(total, self.amount, unit)

    def says(self, kind: str) -> str:
        amount = sum_in_words(self.amount, self.currency)
        if kind == "block":
            return say("the document comes to %(amount)s or more", amount=amount)
        return say("the document comes to %(amount)s or less", amount=amount)

    @classmethod
    def refuse(cls, kind: str, values: Mapping[str, Any]) -> Wrong | None:
        return None if "amount" in values else Wrong("amount", say("Give an amount."))
