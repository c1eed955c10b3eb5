"""Hold a document with a bigger settlement discount than the customer's usual one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from creditrisk.facts import Case, Finding, Measured
from creditrisk.language import marked
from creditrisk.rules import Row, Standard


@dataclass(frozen=True)
class DiscountIncreased(Standard):
    """The rank of the discount is above that of the usual one; a blank discount ranks below every other."""

    code = "discount_increased"
    label = marked("Bigger discount than usual")
    order = 102

    def find(self, case: Case, rows: Sequence[Row]) -> Iterable[Finding]:
        true = (
            case.check_discount
            and case.discount_rank is not None
            and (
                case.usual_discount is None
                or (case.usual_discount_rank is not None and case.discount_rank > case.usual_discount_rank)
            )
        )
        yield Finding(
            self.code,
            "limit",
            "HOLD",
            Measured(case.discount_rank, case.usual_discount_rank, "rank", true),
            true,
            true,
        )
