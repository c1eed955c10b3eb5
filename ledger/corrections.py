"""Corrections in the ledger, each by a row of its own: small rests written off, payments and write-offs taken back."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Max, Q, Sum

from creditrisk import language
from creditrisk.language import sentence as _
from creditrisk.money import ZERO, figure
from creditrisk.refusal import AboveAuthority, InvalidState, Refused
from creditrisk.roles import roles_of
from ledger import discounts, rates
from ledger import items as open_items
from ledger.items import NewItem
from ledger.models import Allocation, ItemKind, OpenItem, WriteOffAuthority

REVERSIBLE = (ItemKind.PAYMENT, ItemKind.WRITE_OFF, ItemKind.CHARGE)


def authority(user: Any) -> Decimal | None:
    """Return up to which amount of one item a user may write off, in its company's currency; None is no bound.

    Their own line, else their roles' highest; no line at all is zero.
    """
    if user is None:
        return ZERO
    own = WriteOffAuthority.objects.filter(user=user).first()
    if own is not None:
        return own.up_to
    of_roles = list(WriteOffAuthority.objects.filter(group__name__in=roles_of(user)).values_list("up_to", flat=True))
    if None in of_roles:
        return None
    return max((a for a in of_roles if a is not None), default=ZERO)


def written_off(item: OpenItem) -> Decimal:
    """Return what of an item is written off already, in its currency; what was taken back does not count."""
    mine, other = ("debit", "credit") if item.amount > 0 else ("credit", "debit")
    live = Allocation.objects.filter(
        **{mine: item, f"{other}__kind": ItemKind.WRITE_OFF}, reverses__isnull=True, reversal__isnull=True
    )
    return live.aggregate(whole=Sum("amount"))["whole"] or ZERO


def write_off(
    item: OpenItem, *, amount: Decimal | None = None, reason: str, day: date, by: Any, now: datetime
) -> tuple[OpenItem, list[OpenItem]]:
    """Write off what is open of an item (or `amount`, positive, of it): by an item of the opposite sign that settles it.

    Returns the write-off and the items touched. Raises InvalidState where nothing is open, Refused without a reason or
    for more than is open, AboveAuthority beyond what the person may, MissingRate.
    """
    item = open_items.locked([item.pk])[item.pk]
    left = abs(item.open_amount)
    if not left:
        raise InvalidState(_("%(item)s is settled: there is nothing to write off.") % {"item": item}, field="amount")
    if not reason.strip():
        raise Refused(_("Say why it is written off."), field="reason")
    part = left if amount is None else open_items.checked_amount(amount, item.currency)
    if part > left:
        raise Refused(_("Only %(left)s is open.") % {"left": figure(left, item.currency)}, field="amount")
    _check_authority(item, part, day=day, by=by)
    credit = item.amount > 0
    opened = _counter(item, ItemKind.WRITE_OFF, part, credit=credit, reason=reason, day=day, by=by, now=now)
    return opened, _settle(opened, item, part, day=day, by=by, now=now)


def grant_discount(item: OpenItem, *, day: date, by: Any, now: datetime) -> tuple[OpenItem, list[OpenItem]]:
    """Write off the rest of an item that was paid in time, less the discount agreed: nobody's authority is asked.

    Returns the write-off and the items touched. Raises InvalidState where the discount is not earned.
    """
    item = open_items.locked([item.pk])[item.pk]
    found = discounts.offer(item)
    if found is None or not found.is_earned:
        raise InvalidState(_("%(item)s was not paid in time less the discount agreed.") % {"item": item}, field="item")
    reason = _("Early-payment discount of %(percent)s %%") % {"percent": language.exact(found.percent.normalize())}
    part = item.open_amount
    opened = _counter(item, ItemKind.WRITE_OFF, part, credit=True, reason=reason, day=day, by=by, now=now)
    return opened, list(_settle(opened, item, part, day=day, by=by, now=now))


def _check_authority(item: OpenItem, part: Decimal, *, day: date, by: Any) -> None:
    bound = authority(by)
    if bound is None:
        return
    unit = item.company.currency
    whole = rates.on(day, {item.currency, unit}).convert({item.currency: written_off(item) + part}, unit)
    if whole > bound:
        raise AboveAuthority(
            _("You may write off up to %(unit)s %(bound)s of one item; with this it would be %(unit)s %(amount)s.")
            % {"unit": unit, "bound": figure(bound, unit), "amount": figure(whole, unit)},
            field="amount",
        )


def reverse(item: OpenItem, *, reason: str, day: date, by: Any, now: datetime) -> tuple[OpenItem, list[OpenItem]]:
    """Take back a payment (bounced, booked in error), a write-off or a charge, by a counter-entry of the same amount.

    What it settled is open again. Returns the counter-entry and the items touched. Raises InvalidState where it was
    reversed before, Refused for items of other kinds or without a reason.
    """
    item = open_items.locked([item.pk])[item.pk]
    if item.kind not in REVERSIBLE:
        raise Refused(
            _("%(item)s is a %(kind)s: only payments, write-offs and charges are reversed.")
            % {"item": item, "kind": ItemKind(item.kind).label}
        )
    if OpenItem.objects.filter(reverses=item).exists():
        raise InvalidState(_("%(item)s was reversed before.") % {"item": item})
    if not reason.strip():
        raise Refused(_("Say why it is reversed."), field="reason")
    touched = _set_free(item, day=day, by=by, now=now)
    item.refresh_from_db()
    if item.open_amount != item.amount:
        raise InvalidState(_("An effect stands in the place of %(item)s: it cannot be reversed.") % {"item": item})
    opened = _counter(
        item, ItemKind.REVERSAL, abs(item.amount), credit=item.amount > 0, reason=reason, day=day, by=by, now=now
    )
    return opened, [*touched, *_settle(opened, item, abs(item.amount), day=day, by=by, now=now)]


def _set_free(item: OpenItem, *, day: date, by: Any, now: datetime) -> list[OpenItem]:
    """Undo every allocation of an item, whichever its side."""
    live = Allocation.objects.filter(Q(credit=item) | Q(debit=item), reverses__isnull=True, reversal__isnull=True)
    touched: list[OpenItem] = []
    for credit in sorted({a.credit for a in live.select_related("credit")}, key=lambda c: c.pk):
        debits = [] if credit.pk == item.pk else [item]
        touched += open_items.unallocate(credit, debits, day=day, by=by, now=now)
    return touched


def _counter(
    item: OpenItem, kind: ItemKind, amount: Decimal, *, credit: bool, reason: str, day: date, by: Any, now: datetime
) -> OpenItem:
    """Open an item of the opposite sign under the item's reference, marked as the item is."""
    taken = OpenItem.objects.filter(
        company_id=item.company_id, customer_id=item.customer_id, kind=kind, reference=item.reference
    ).aggregate(last=Max("instalment"))["last"]
    (opened,) = open_items.open_items(
        [
            NewItem(
                company=item.company, customer=item.customer, kind=kind, reference=item.reference,
                instalment=(taken or 0) + 1, currency=item.currency, amount=amount, item_date=day, due=day,
                excluded=item.excluded, provisional=item.provisional, credit=credit, reason=reason.strip(),
                reverses_id=item.pk if kind == ItemKind.REVERSAL else None,
            )
        ],
        by=by,
        now=now,
    )  # fmt: skip
    return opened


def _settle(
    opened: OpenItem, item: OpenItem, amount: Decimal, *, day: date, by: Any, now: datetime
) -> Sequence[OpenItem]:
    credit, debit = (opened, item) if opened.amount < 0 else (item, opened)
    return open_items.allocate(credit, [(debit, amount)], day=day, by=by, now=now)
