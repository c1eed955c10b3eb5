"""The door for items entered by hand: a debt by instalments, or a credit, straight into the ledger."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from approvals.booking import Booking
from creditrisk.exposure.ledger import Touched
from creditrisk.language import sentence as _
from creditrisk.refusal import Refused
from creditrisk.roles import Actor
from customers.models import Company, Customer, PaymentTerms
from customers.terms import Instalment, instalments
from ledger import items as ledger_items
from ledger.items import NewItem
from ledger.models import ItemKind, OpenItem

KINDS = (ItemKind.INVOICE, ItemKind.CREDIT_NOTE, ItemKind.OPENING)


@dataclass(frozen=True)
class Entry:
    """An item as it was typed. `amount` is positive, in `currency`; `credit` says which side it stands on.

    A debt falls due on `due`, or by `terms` in instalments counted from `day`; a credit on its day.
    """

    customer: Customer
    company: Company
    kind: str
    reference: str
    day: date
    amount: Decimal
    currency: str
    credit: bool = False
    due: date | None = None
    terms: PaymentTerms | None = None
    disputed: bool = False
    excluded: bool = False
    provisional: bool = False
    reason: str = ""
    source_key: str | None = None

    def parts(self) -> list[Instalment]:
        """Return what falls due when."""
        if self.credit or self.due is not None:
            return [Instalment(1, self.due or self.day, self.amount)]
        return instalments(self.terms, issued_on=self.day, amount=self.amount, currency=self.currency)


@transaction.atomic
def enter(entry: Entry, *, by: Actor, now: datetime) -> list[OpenItem]:
    """Open the items of an entry on its day, without a credit check; return them, the oldest due first.

    Raises Refused, and Duplicate for a number that the customer has already.
    """
    if entry.kind not in KINDS:
        raise Refused(_("Items of kind %(kind)s are not entered by hand.") % {"kind": entry.kind}, field="kind")
    if not entry.reference.strip():
        raise Refused(_("Give the item a number."), field="reference")
    if entry.disputed and entry.credit:
        raise Refused(_("Only debts are disputed."), field="disputed")
    if (entry.disputed or entry.excluded) and not entry.reason.strip():
        raise Refused(_("Say why it is disputed or left out of credit control."), field="reason")
    ledger_items.checked_amount(entry.amount, entry.currency)
    booking = Booking.begin(entry.customer.pk, by=by, now=now, day=entry.day)
    family = booking.lock()
    first = NewItem(
        company=entry.company, customer=entry.customer, kind=entry.kind, reference=entry.reference.strip(),
        currency=entry.currency, amount=entry.amount, item_date=entry.day, due=entry.day, disputed=entry.disputed,
        excluded=entry.excluded, provisional=entry.provisional, reason=entry.reason.strip(), credit=entry.credit,
    )  # fmt: skip
    new = [
        replace(
            first, instalment=part.position, due=part.due, amount=part.amount,
            source_key=entry.source_key and (entry.source_key if n == 0 else f"{entry.source_key}/{part.position}"),
        )
        for n, part in enumerate(entry.parts())
    ]  # fmt: skip
    opened = ledger_items.open_items(new, by=by.user, now=now)
    booking.post(Touched(items=frozenset(i.pk for i in opened)), family, cause="item opened")
    return opened
