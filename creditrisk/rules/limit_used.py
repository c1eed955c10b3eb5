"""Hold a document once too much of the credit limit is used, the document included."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from creditrisk.facts import Case, Measured
from creditrisk.rules import Rule, Wrong, at_least, at_most, number_in_words


@dataclass(frozen=True)
class LimitUsed(Rule):
    """Used % of the limit, the document included, reaches the percent."""

    code = "limit_used"
    label = "Limit used"
    order = 80
    bounds = ("percent",)

    percent: Decimal = Decimal(0)

    def block(self, case: Case) -> Measured | None:
        used = case.used_percent
        return None if used is None else at_least(used, self.percent, "percent")

    def exclude(self, case: Case) -> Measured | None:
        used = case.used_percent
        return None if used is None else at_most(used, self.percent, "percent")

    def says(self, kind: str) -> str:
        how = "or more" if kind == "block" else "or less"
        return f"{number_in_words(self.percent)}% of the limit {how} is used, the document included"

    @classmethod
    def refuse(cls, kind: str, values: Mapping[str, Any]) -> Wrong | None:
        return None if "percent" in values else Wrong("percent", "Give a percent.")
