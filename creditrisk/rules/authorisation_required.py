"""Hold documents of a customer that somebody always looks at."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from creditrisk.facts import Case, Finding, Measured
from creditrisk.language import marked
from creditrisk.rules import Row, Standard


@dataclass(frozen=True)
class AuthorisationRequired(Standard):
    """The account asks for an authorisation, whatever the credit."""

    code = "authorisation_required"
    label = marked("Authorisation required")
    order = 111
    freed = False

    def find(self, case: Case, rows: Sequence[Row]) -> Iterable[Finding]:
        true = case.authorise_orders if case.is_order else case.authorise_deliveries
        yield Finding(self.code, "limit", "HOLD", Measured(true, False, "flag", true), true, true)
