"""Open items: open, pay, allocate and undo, dispute. Every function returns the items it touched, to be posted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from creditrisk.money import ZERO, rounded
from creditrisk.refusal import Duplicate, InvalidState, Refused
from customers.models import Company, Customer
from ledger.models import Allocation, ItemKind, OpenItem

CREDIT_KINDS = (ItemKind.CREDIT_NOTE, ItemKind.PAYMENT)
LARGEST = Decimal("99999999999999.9999")


@dataclass(frozen=True)
class NewItem:
    """An item to be opened. `amount` is positive, in `currency`; credits are stored negative."""

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


def checked_amount(amount: Decimal, currency: str, *, field: str = "amount") -> Decimal:
    """Return `amount` if it is a sensible positive amount of `currency`; raises Refused."""
    if not amount.is_finite() or amount <= 0:
        raise Refused("The amount must be more than zero.", field=field)
    if amount > LARGEST:
        raise Refused("The amount is too large.", field=field)
    if rounded(amount, currency) != amount:
        raise Refused(f"{currency} has no amounts as fine as {amount}.", field=field)
    return amount


def open_items(new: Sequence[NewItem], *, by: Any, now: datetime) -> list[OpenItem]:
    """Open items, oldest instalment first.

    Raises Refused for amounts that make no sense and Duplicate for a reference that is taken.
    """
    rows = []
    for n in new:
        amount = checked_amount(n.amount, n.currency)
        if n.kind == ItemKind.INVOICE and n.due < n.item_date:
            raise Refused("The due date lies before the invoice's date.", field="due")
        amount = -amount if n.kind in CREDIT_KINDS else amount
        rows.append(
            OpenItem(
                company=n.company, customer=n.customer, kind=n.kind, reference=n.reference, instalment=n.instalment,
                document_id=n.document_id, effect_id=n.effect_id, currency=n.currency, amount=amount,
                open_amount=amount, item_date=n.item_date, due=n.due, disputed=n.disputed,
                disputed_on=n.item_date if n.disputed else None, excluded=n.excluded, provisional=n.provisional,
                source_key=n.source_key, posted_at=now, posted_by=by,
            )
        )  # fmt: skip
    try:
        with transaction.atomic():
            return list(OpenItem.objects.bulk_create(rows))
    except IntegrityError as error:
        raise Duplicate(
            f"An item {rows[0].reference} of this customer exists already.",
            field="reference",
        ) from error


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
        raise Refused(f"Only {item.open_amount.normalize():f} of {item} is open.", field="items")
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
        raise Refused(f"{credit} is not a credit.", field="credit")
    rows = []
    for debit, asked in debits:
        debit = items[debit.pk]
        if debit.amount < 0:
            raise Refused(f"{debit} is a credit itself.", field="items")
        if debit.currency != credit.currency:
            raise Refused(
                f"{debit} is in {debit.currency}, the credit in {credit.currency}.",
                field="items",
            )
        if debit.customer_id != credit.customer_id:
            raise Refused(f"{debit} belongs to another customer.", field="items")
        amount = min(debit.open_amount, -credit.open_amount) if asked is None else asked
        if asked is not None:
            checked_amount(asked, debit.currency, field="items")
            if asked > -credit.open_amount:
                raise Refused(
                    f"Only {-credit.open_amount.normalize():f} is left to allocate.",
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
        raise InvalidState(f"Nothing of {credit} is allocated there.", field="items")
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


def dispute(item: OpenItem, *, disputed: bool, reason: str = "", day: date) -> OpenItem:
    """Mark an item as disputed, or end the dispute. Raises InvalidState where nothing of it is open."""
    item = locked([item.pk])[item.pk]
    if not item.open_amount:
        raise InvalidState(f"{item} is settled.", field="item")
    item.disputed, item.dispute_reason = disputed, reason if disputed else ""
    item.disputed_on = day if disputed else None
    item.save(update_fields=["disputed", "dispute_reason", "disputed_on"])
    return item


def oldest_first(customer: Customer, *, currency: str) -> list[OpenItem]:
    """Return the customer's open debts in `currency`, the oldest due first."""
    return list(
        OpenItem.objects.filter(customer=customer, currency=currency, open_amount__gt=ZERO).order_by("due", "pk")
    )
