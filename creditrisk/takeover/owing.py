"""Rows of open items: the instalments of an invoice or credit note, told once or again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import count

from approvals import booking
from creditrisk.language import sentence as _
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
        raise Unreadable(_differs(reference))
    free = (n for n in count(1) if n not in taken)
    for owed in unknown:
        number = owed.instalment or (1 if len(found) == 1 else next(free))
        key = f"import:{company.code}:{customer.code}:{kind}:{reference}"
        booking.item(
            customer=customer, company=company, kind=kind, reference=reference, currency=owed.currency,
            amount=abs(owed.amount), day=owed.day, due=owed.due, disputed=owed.disputed, instalment=number, by=desk.by,
            now=desk.now, source_key=(key if number == 1 else f"{number}/{key}")[:120],
        )  # fmt: skip
        values = {
            "customer": customer.name, "currency": owed.currency, "amount": figure(abs(owed.amount), owed.currency),
            "due": owed.due.isoformat(), "number": number,
        }  # fmt: skip
        told[owed] = Told(Outcome.CREATED, _opened(owed, part=len(found) > 1 or number > 1) % values, reference)
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
        raise Unreadable(_("The amount is zero: nothing is owed."))
    if row["date"] > desk.today:
        raise Unreadable(_("The date %(day)s lies in the future.") % {"day": row["date"].isoformat()})
    if row["due"] < row["date"]:
        raise Unreadable(_("The due date lies before the date."))
    if number is not None and not (number == int(number) and 1 <= number <= 999):
        raise Unreadable(_("“%(number)s” is not the number of an instalment.") % {"number": f"{number:f}"})
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
        raise Unreadable(_differs(there.reference))
    if there.open_amount != amount and there.amount != amount:
        raise Unreadable(
            _("Of %(item)s %(currency)s %(open)s is open here, %(told)s in the file: book the payment.")
            % {
                "item": there.reference,
                "currency": currency,
                "open": figure(there.open_amount, currency),
                "told": figure(amount, currency),
            }
        )
    return Told(Outcome.ALREADY, "", there.reference)


def _differs(reference: str) -> str:
    return _("%(item)s is in the ledger with another amount, currency or due date.") % {"item": reference}


def _opened(owed: _Owed, *, part: bool) -> str:
    """Return the sentence about an item that is new: an invoice or a credit note, as a whole or an instalment."""
    if owed.amount > 0:
        if part:
            return _("%(customer)s: invoice of %(currency)s %(amount)s, due %(due)s, instalment %(number)s")
        return _("%(customer)s: invoice of %(currency)s %(amount)s, due %(due)s")
    if part:
        return _("%(customer)s: credit note of %(currency)s %(amount)s, due %(due)s, instalment %(number)s")
    return _("%(customer)s: credit note of %(currency)s %(amount)s, due %(due)s")
