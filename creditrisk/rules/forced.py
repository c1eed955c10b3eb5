"""Hold a document that somebody held by hand."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from creditrisk.facts import Case, Finding, Measured
from creditrisk.language import marked
from creditrisk.rules import Row, Standard


@dataclass(frozen=True)
class Forced(Standard):
    """The document was held by hand."""

    code = "forced"
    label = marked("Held by hand")
    order = 114
    freed = False

    def find(self, case: Case, rows: Sequence[Row]) -> Iterable[Finding]:
        true = case.forced
        yield Finding(self.code, "limit", "HOLD", Measured(true, False, "flag", true), true, true)
