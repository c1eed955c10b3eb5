"""The door for corrections in the ledger: write-offs and reversals, each one transaction."""

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from approvals.booking import Booking
from creditrisk.exposure.ledger import Touched
from creditrisk.roles import Actor
from ledger import corrections
from ledger import items as ledger_items
from ledger.models import OpenItem


@transaction.atomic
def write_off(
    item: OpenItem, *, amount: Decimal | None = None, reason: str, day: date | None = None, by: Actor, now: datetime
) -> OpenItem:
    """Write off what is open of an item, or `amount` of it; return the write-off.

    Raises AboveAuthority, InvalidState, Refused, MissingRate.
    """
    booking = Booking.begin(item.customer_id, by=by, now=now, day=day)
    family = booking.lock()
    booking = booking.on(ledger_items.not_before([item], booking.day))
    made, touched = corrections.write_off(item, amount=amount, reason=reason, day=booking.day, by=by.user, now=now)
    booking.post(Touched(items=frozenset(i.pk for i in (made, *touched))), family, cause="write-off")
    made.refresh_from_db()
    return made


@transaction.atomic
def grant_discount(item: OpenItem, *, day: date | None = None, by: Actor, now: datetime) -> OpenItem:
    """Grant the early-payment discount that an item has earned; return the write-off. Raises InvalidState, Refused."""
    booking = Booking.begin(item.customer_id, by=by, now=now, day=day)
    family = booking.lock()
    booking = booking.on(ledger_items.not_before([item], booking.day))
    made, touched = corrections.grant_discount(item, day=booking.day, by=by.user, now=now)
    booking.post(Touched(items=frozenset(i.pk for i in (made, *touched))), family, cause="discount")
    made.refresh_from_db()
    return made


@transaction.atomic
def reverse(item: OpenItem, *, reason: str, day: date | None = None, by: Actor, now: datetime) -> OpenItem:
    """Take back a payment, a write-off or a charge by a counter-entry, which is returned: what it settled is open again.

    Raises InvalidState, Refused.
    """
    booking = Booking.begin(item.customer_id, by=by, now=now, day=day)
    family = booking.lock()
    booking = booking.on(ledger_items.not_before([item, *ledger_items.counterparts(item)], booking.day))
    made, touched = corrections.reverse(item, reason=reason, day=booking.day, by=by.user, now=now)
    booking.post(Touched(items=frozenset(i.pk for i in (made, item, *touched))), family, cause="reversal")
    made.refresh_from_db()
    return made
