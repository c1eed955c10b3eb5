"""Hold a document while the customer's oldest overdue instalment is too many days late."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from creditrisk.facts import Case, Measured
from creditrisk.rules import Rule, at_least, at_most


@dataclass(frozen=True)
class DaysOverdue(Rule):
    """At least so many days late, and at least one. An exclusion may give an overdue amount instead of days."""

    code = "days_overdue"
    label = "Days overdue"
    order = 20

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

    @classmethod
    def refuse(cls, kind: str, values: Mapping[str, Any]) -> str:
        if kind == "block" and "days" not in values:
            return "A block needs days."
        if ("days" in values) == ("amount" in values):
            return "Give days, or (on an exclusion) an amount, not both."
        return ""
