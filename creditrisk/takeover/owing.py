"""Rows of open items: the instalments of an invoice or credit note, told once or again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import count

from approvals import booking
from creditrisk.money import figure
from creditrisk.takeover.desk import Desk, Told, Values
from creditrisk.takeover.kinds import whole
from creditrisk.takeover.models import Outcome
from ledger.imports.values import Unreadable
from ledger.models import ItemKind, OpenItem


def write(rows: Sequence[Values], desk: Desk) -> list[Told]:
    """Write the open instalments of one invoice or credit note; those that are there already are left alone."""
    customer = desk.customer(rows[0])
    company = desk.company(rows[0]) or customer.company
    found = [_owed(row, desk.currency(row, customer), desk) for row in rows]
    kind, reference = ItemKind.INVOICE if found[0].amount > 0 else ItemKind.CREDIT_NOTE, rows[0]["reference"]
    there = list(
        OpenItem.objects.filter(
            company=company, customer=customer, reference=reference, kind__in=(kind, ItemKind.OPENING)
        ).order_by("instalment")
    )
    told = {}
    unknown = []
    taken = {owed.instalment for owed in found} | {item.instalment for item in there}
    for owed in sorted(found, key=lambda o: (o.due, o.instalment or 0)):
        same = _same(owed, there)
        if same is None:
            unknown.append(owed)
            continue
        there.remove(same)
        told[owed] = _again(same, owed.amount, owed.currency, owed.due)
    if unknown and there and not all(owed.instalment for owed in unknown):
        raise Unreadable(f"{reference} is in the ledger with another amount, currency or due date.")
    free = (n for n in count(1) if n not in taken)
    for owed in unknown:
        number = owed.instalment or (1 if len(found) == 1 else next(free))
        key = f"import:{company.code}:{customer.code}:{kind}:{reference}"
        booking.item(
            customer=customer, company=company, kind=kind, reference=reference, currency=owed.currency,
            amount=abs(owed.amount), day=owed.day, due=owed.due, disputed=owed.disputed, instalment=number, by=desk.by,
            now=desk.now, source_key=(key if number == 1 else f"{number}/{key}")[:120],
        )  # fmt: skip
        what = "invoice" if owed.amount > 0 else "credit note"
        part = f", instalment {number}" if len(found) > 1 or number > 1 else ""
        says = f"{owed.currency} {figure(abs(owed.amount), owed.currency)}, due {owed.due.isoformat()}{part}"
        told[owed] = Told(Outcome.CREATED, f"{customer.name}: {what} of {says}", reference)
    return [told[owed] for owed in found]


@dataclass(frozen=True, eq=False)
class _Owed:
    """One row of open items: an instalment, by its number where the file says one."""

    amount: Decimal
    currency: str
    day: date
    due: date
    disputed: bool
    instalment: int | None


def _owed(row: Values, currency: str, desk: Desk) -> _Owed:
    amount, number = whole(row["amount"], currency), row.get("instalment")
    if not amount:
        raise Unreadable("The amount is zero: nothing is owed.")
    if row["date"] > desk.today:
        raise Unreadable(f"The date {row['date'].isoformat()} lies in the future.")
    if row["due"] < row["date"]:
        raise Unreadable("The due date lies before the date.")
    if number is not None and not (number == int(number) and 1 <= number <= 999):
        raise Unreadable(f"“{number:f}” is not the number of an instalment.")
    return _Owed(
        amount, currency, row["date"], row["due"], row.get("disputed", False), None if number is None else int(number)
    )


def _same(owed: _Owed, there: Sequence[OpenItem]) -> OpenItem | None:
    """Return the item that the row tells again: by its instalment, else by the due day, and among those by amount."""
    if owed.instalment:
        return next((item for item in there if item.instalment == owed.instalment), None)
    that_day = [item for item in there if item.due == owed.due]
    return next((i for i in that_day if owed.amount in (i.open_amount, i.amount)), that_day[0] if that_day else None)


def _again(there: OpenItem, amount: Decimal, currency: str, due: date) -> Told:
    if there.currency != currency or there.due != due or abs(there.amount) < abs(amount):
        raise Unreadable(f"{there.reference} is in the ledger with another amount, currency or due date.")
    if there.open_amount != amount and there.amount != amount:
        raise Unreadable(
            f"Of {there.reference} {there.currency} {figure(there.open_amount, there.currency)} is open here, {figure(amount, currency)} in the file:"
            " book the payment."
        )
    return Told(Outcome.ALREADY, "", there.reference)
