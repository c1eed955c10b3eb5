"""Hold a document with more generous payment terms than the customer's usual ones."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from creditrisk.facts import Case, Finding, Measured
from creditrisk.language import marked
from creditrisk.rules import Row, Standard


@dataclass(frozen=True)
class TermsIncreased(Standard):
    """The rank of the document's terms is above that of the usual ones; unranked terms raise nothing."""

    code = "terms_increased"
    label = marked("Longer terms than usual")
    order = 101

    def find(self, case: Case, rows: Sequence[Row]) -> Iterable[Finding]:
        true = (
            case.check_terms
            and case.terms_rank is not None
            and case.usual_terms_rank is not None
            and case.terms_rank > case.usual_terms_rank
        )
        yield Finding(
            self.code,
            "limit",
            "HOLD",
            Measured(case.terms_rank, case.usual_terms_rank, "rank", true),
            true,
            true,
        )
