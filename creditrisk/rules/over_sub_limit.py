"""Hold a document that takes one component of the exposure over a ceiling of its own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from creditrisk.facts import Case, Finding, Measured
from creditrisk.language import marked
from creditrisk.money import ZERO
from creditrisk.rules import ACTIONS, Row, Standard


@dataclass(frozen=True)
class OverSubLimit(Standard):
    """One component above its ceiling, strictly, whether or not that bucket counts; control says what happens.

    The document at hand is in its bucket also where an order does not use credit yet.
    """

    code = "over_sub_limit"
    label = marked("Over a sub-limit")
    order = 12

    def find(self, case: Case, rows: Sequence[Row]) -> Iterable[Finding]:
        exposure = case.own.exposure
        for component, ceiling in sorted(case.sub_limits.items()):
            value = exposure.overdue if component == "overdue" else exposure.buckets.get(component, ZERO)
            value += case.joining.get(component, ZERO)
            true = value > ceiling and not case.prepaid
            action = ACTIONS[case.own.control]
            measured = Measured(value, ceiling, exposure.currency, true, component)
            yield Finding(self.code, "limit", action, measured, true, true and action != "NONE")
