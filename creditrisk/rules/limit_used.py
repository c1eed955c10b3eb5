"""Hold a document once too much of the credit limit is used, the document included."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from creditrisk.facts import Case, Measured
from creditrisk.rules import Rule, at_least, at_most


@dataclass(frozen=True)
class LimitUsed(Rule):
    """Used % of the limit, the document included, reaches the percent."""

    code = "limit_used"
    label = "Limit used"
    order = 80

    percent: Decimal = Decimal(0)

    def block(self, case: Case) -> Measured | None:
        used = case.used_percent
        return None if used is None else at_least(used, self.percent, "percent")

    def exclude(self, case: Case) -> Measured | None:
        used = case.used_percent
        return None if used is None else at_most(used, self.percent, "percent")

    @classmethod
    def refuse(cls, kind: str, values: Mapping[str, Any]) -> str:
        return "" if "percent" in values else "Give a percent."
