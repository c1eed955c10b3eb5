"""Hold a document once too much of the credit limit is used, the document included."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from creditrisk.facts import Case, Measured
from creditrisk.language import marked, say
from creditrisk.rules import Rule, Wrong, at_least, at_most, number_in_words


@dataclass(frozen=True)
class LimitUsed(Rule):
    """Used % of the limit, the document included, reaches the percent."""

    code = "limit_used"
    label = marked("Limit used")
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
        percent = number_in_words(self.percent)
        if kind == "block":
            return say("%(percent)s%% of the limit or more is used, the document included", percent=percent)
        return say("%(percent)s%% of the limit or less is used, the document included", percent=percent)

    @classmethod
    def refuse(cls, kind: str, values: Mapping[str, Any]) -> Wrong | None:
        return None if "percent" in values else Wrong("percent", say("Give a percent."))
