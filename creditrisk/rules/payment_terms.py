"""Hold documents with certain payment terms."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from creditrisk.facts import Case, Measured
from creditrisk.language import marked, say
from creditrisk.rules import Rule, Wrong


@dataclass(frozen=True)
class PaymentTerms(Rule):
    """The document has these payment terms."""

    code = "payment_terms"
    label = marked("Payment terms")
    order = 40
    keys = ("terms",)

    terms: str = ""

    def block(self, case: Case) -> Measured:
        return Measured(case.terms, self.terms, "terms", case.terms == self.terms)

    exclude = block

    def says(self, kind: str) -> str:
        return say("the document has the terms %(terms)s", terms=self.terms)

    @classmethod
    def refuse(cls, kind: str, values: Mapping[str, Any]) -> Wrong | None:
        return None if "terms" in values else Wrong("terms", say("Say which payment terms."))
