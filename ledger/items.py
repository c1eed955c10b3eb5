"""Open items: open, allocate and undo, mark. Every function returns the items it touched, to be posted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max, Q

from creditrisk import language
from creditrisk.language import sentence as _
from creditrisk.money import ZERO, figure, rounded
from creditrisk.refusal import Duplicate, InvalidState, Refused
from customers.models import Company, Customer
from ledger.models import Allocation, ItemKind, ItemMark, Mark, OpenItem

CREDIT_KINDS = (ItemKind.CREDIT_NOTE, ItemKind.PAYMENT)
LARGEST = Decimal("99999999999999.9999")


@dataclass(frozen=True)
class NewItem:
    """An item to be opened. `amount` is positive, in `currency`; credits are stored negative.

    `credit` says the sign of kinds that have either; `booked_on` is the business day, where it is not the item's date.
    """

    company: Company
    customer: Customer
    kind: str
    reference: str
    currency: str
    amount: Decimal
    item_date: date
    due: date
    instalment: int = 1
    document_id: int | None = None
    effect_id: int | None = None
    disputed: bool = False
    excluded: bool = False
    provisional: bool = False
    source_key: str | None = None
    booked_on: date | None = None
    credit: bool | None = None
    reverses_id: int | None = None
    reason: str = ""

    @property
    def signed(self) -> Decimal:
        """Return the amount as it is stored."""
        credit = self.kind in CREDIT_KINDS if self.credit is None else self.credit
        return -self.amount if credit else self.amount


def checked_amount(amount: Decimal, currency: str, *, field: str = "amount") -> Decimal:
    """Return `amount` if it is a sensible positive amount of `currency`; raises Refused."""
    if not amount.is_finite() or amount <= 0:
        raise Refused(_("The amount must be more than zero."), field=field)
    if amount > LARGEST:
        raise Refused(_("The amount is too large."), field=field)
    if rounded(amount, currency) != amount:
        raise Refused(
            _("%(currency)s has no amounts as fine as %(amount)s.")
            % {"currency": currency, "amount": language.exact(amount)},
            field=field,
        )
    return amount


def open_items(new: Sequence[NewItem], *, by: Any, now: datetime) -> list[OpenItem]:
    """Open items, oldest instalment first.

    Raises Refused for amounts that make no sense and Duplicate for a reference that is taken.
    """
    rows = []
    for n in new:
        checked_amount(n.amount, n.currency)
        if n.kind == ItemKind.INVOICE and n.due < n.item_date:
            raise Refused(_("The due date lies before the invoice's date."), field="due")
        rows.append(
            OpenItem(
                company=n.company, customer=n.customer, kind=n.kind, reference=n.reference, instalment=n.instalment,
                document_id=n.document_id, effect_id=n.effect_id, currency=n.currency, amount=n.signed,
                open_amount=n.signed, item_date=n.item_date, due=n.due, disputed=n.disputed,
                disputed_on=n.item_date if n.disputed else None, excluded=n.excluded, provisional=n.provisional,
                booked_on=n.booked_on if n.booked_on != n.item_date else None, reverses_id=n.reverses_id,
                dispute_reason=n.reason if n.disputed else "", reason=n.reason, source_key=n.source_key, posted_at=now, posted_by=by,
            )
        )  # fmt: skip
    try:
        with transaction.atomic():
            opened = list(OpenItem.objects.bulk_create(rows))
            _keep_first_marks(opened, by=by, now=now)
            return opened
    except IntegrityError as error:
        raise Duplicate(
            _("An item %(reference)s of this customer exists already.") % {"reference": rows[0].reference},
            field="reference",
        ) from error


def _keep_first_marks(opened: Iterable[OpenItem], *, by: Any, now: datetime) -> None:
    ItemMark.objects.bulk_create(
        ItemMark(item=item, mark=mark, on=True, reason=item.reason, day=item.since, made_at=now, made_by=by)
        for item in opened
        for mark in Mark
        if getattr(item, mark.lower())
    )


def not_before(items: Sequence[OpenItem], day: date) -> date:
    """Return the earliest day from `day` on at which these can settle each other.

    None settles what is not booked yet, nor goes behind a mark: the day of such a step is the ledger's, not the letter's.
    """
    marked = ItemMark.objects.filter(item__in=items).aggregate(last=Max("day"))["last"]
    settled = Allocation.objects.filter(credit__in=items).aggregate(last=Max("day"))["last"]
    return max(d for d in (day, marked, settled, *(i.since for i in items)) if d is not None)


def counterparts(item: OpenItem) -> list[OpenItem]:
    """Return what an item settled, or what settled it: undoing it touches them."""
    return list(OpenItem.objects.filter(Q(allocated_to__debit=item) | Q(allocated_from__credit=item)).distinct())


def locked(ids: Iterable[int]) -> dict[int, OpenItem]:
    """Return these items, locked in key order: nothing is settled twice."""
    rows = OpenItem.objects.select_for_update(of=("self",)).filter(pk__in=set(ids)).order_by("pk")
    return {item.pk: item for item in rows}


def _settle(item: OpenItem, amount: Decimal, day: date) -> None:
    """Move the open amount of `item` by `amount` (against its sign) and keep the day on which it was cleared."""
    item.open_amount -= amount
    item.cleared_on = day if not item.open_amount else None


def save_open(items: Iterable[OpenItem]) -> None:
    """Write the open amounts of items that were settled."""
    OpenItem.objects.bulk_update(list(items), ["open_amount", "cleared_on"])


def settle_debit(item: OpenItem, amount: Decimal, day: date) -> None:
    """Take `amount` off a debt. Raises Refused when less is open."""
    if amount > item.open_amount:
        raise Refused(
            _("Only %(amount)s of %(item)s is open.")
            % {"amount": figure(item.open_amount, item.currency), "item": item},
            field="items",
        )
    _settle(item, amount, day)


def allocate(
    credit: OpenItem,
    debits: Sequence[tuple[OpenItem, Decimal | None]],
    *,
    day: date,
    by: Any,
    now: datetime,
) -> list[OpenItem]:
    """Settle debts with a credit, in the order given; None settles as much as both allow.

    Returns the items touched. Raises Refused where more is asked for than is open, or currencies or debtors differ.
    """
    items = locked([credit.pk, *(d.pk for d, _ in debits)])
    credit = items[credit.pk]
    if credit.amount > 0:
        raise Refused(_("%(credit)s is not a credit.") % {"credit": credit}, field="credit")
    rows = []
    for debit, asked in debits:
        debit = items[debit.pk]
        if debit.amount < 0:
            raise Refused(_("%(debit)s is a credit itself.") % {"debit": debit}, field="items")
        if debit.currency != credit.currency:
            raise Refused(
                _("%(debit)s is in %(currency)s, the credit in %(other)s.")
                % {"debit": debit, "currency": debit.currency, "other": credit.currency},
                field="items",
            )
        if debit.customer_id != credit.customer_id:
            raise Refused(_("%(debit)s belongs to another customer.") % {"debit": debit}, field="items")
        amount = min(debit.open_amount, -credit.open_amount) if asked is None else asked
        if asked is not None:
            checked_amount(asked, debit.currency, field="items")
            if asked > -credit.open_amount:
                raise Refused(
                    _("Only %(amount)s is left to allocate.")
                    % {"amount": figure(-credit.open_amount, credit.currency)},
                    field="items",
                )
        if not amount:
            continue
        settle_debit(debit, amount, day)
        _settle(credit, -amount, day)
        rows.append(
            Allocation(
                credit=credit,
                debit=debit,
                amount=amount,
                day=day,
                made_at=now,
                made_by=by,
            )
        )
    save_open(items.values())
    Allocation.objects.bulk_create(rows)
    return list(items.values())


def unallocate(credit: OpenItem, debits: Sequence[OpenItem], *, day: date, by: Any, now: datetime) -> list[OpenItem]:
    """Undo the allocations of a credit to these debts (none named: to all), by rows of their own.

    Raises InvalidState where nothing is allocated.
    """
    items = locked([credit.pk, *(d.pk for d in debits)])
    live = Allocation.objects.filter(credit=credit, reverses__isnull=True, reversal__isnull=True)
    if debits:
        live = live.filter(debit_id__in=[d.pk for d in debits])
    allocations = list(live.order_by("pk"))
    if not allocations:
        raise InvalidState(_("Nothing of %(credit)s is allocated there.") % {"credit": credit}, field="items")
    if missing := {a.debit_id for a in allocations} - items.keys():
        items |= locked(missing)
    credit = items[credit.pk]
    rows = []
    for a in allocations:
        _settle(items[a.debit_id], -a.amount, day)
        _settle(credit, a.amount, day)
        rows.append(
            Allocation(
                credit=credit,
                debit_id=a.debit_id,
                amount=-a.amount,
                day=day,
                reverses=a,
                made_at=now,
                made_by=by,
            )
        )
    save_open(items.values())
    Allocation.objects.bulk_create(rows)
    return list(items.values())


def mark(item: OpenItem, mark: str, *, on: bool, reason: str = "", day: date, by: Any, now: datetime) -> OpenItem:
    """Set a mark on an item or take it off; what was is kept.

    Raises InvalidState where nothing of it is open or there is no mark to take off, Refused where a credit is disputed.
    """
    item = locked([item.pk])[item.pk]
    flag = mark.lower()
    if not item.open_amount:
        raise InvalidState(_("%(item)s is settled.") % {"item": item}, field="item")
    if not on and not getattr(item, flag):
        raise InvalidState(_("%(item)s is not %(mark)s.") % {"item": item, "mark": Mark(mark).label}, field="item")
    if mark == Mark.DISPUTED:
        if on and item.amount < 0:
            raise Refused(_("%(item)s is a credit: only debts are disputed.") % {"item": item}, field="item")
        item.dispute_reason, item.disputed_on = (reason, day) if on else ("", None)
    setattr(item, flag, on)
    item.save(update_fields=[flag, "dispute_reason", "disputed_on"])
    ItemMark.objects.bulk_create(
        [ItemMark(item=item, mark=mark, on=on, reason=reason, day=day, made_at=now, made_by=by)]
    )
    return item


def oldest_first(customer: Customer, *, currency: str) -> list[OpenItem]:
    """Return the customer's open debts in `currency`, the oldest due first."""
    return list(
        OpenItem.objects.filter(customer=customer, currency=currency, open_amount__gt=ZERO).order_by("due", "pk")
    )
