"""One change that would free a document, and all that were found. Frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from approvals.remedies.payments import Payment
from creditrisk.money import ZERO
from customers.models import PaymentTerms, SettlementDiscount


@dataclass(frozen=True)
class Remedy:
    """One change. `kind` is pay, amount, terms, discount, ship, wait, limit or office; the fields are its own.

    `whose` is the code of who gets a limit, `temporary` whether it has to be a temporary one; `code` names the reason
    that the credit department lifts.
    """

    kind: str
    amount: Decimal = ZERO
    currency: str = ""
    payment: Payment | None = None
    anything: bool = False
    terms: PaymentTerms | None = None
    discount: SettlementDiscount | None = None
    day: date | None = None
    matures: Mapping[str, Decimal] = field(default_factory=dict)
    whose: str = ""
    whose_kind: str = ""
    temporary: bool = False
    code: str = ""


@dataclass(frozen=True)
class Remedies:
    """The ways, each of which suffices; or the changes that suffice together; or why nothing can be said."""

    ways: tuple[Remedy, ...] = ()
    together: tuple[Remedy, ...] = ()
    passes: bool = False
    sentence: str = ""

    @property
    def only_release(self) -> bool:
        """Whether nothing was found that would free it."""
        return not (self.passes or self.ways or self.together or self.sentence)
