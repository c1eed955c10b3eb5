"""Granting a limit without a request: with four eyes on, only what is higher on no day."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from approvals import booking, context
from creditrisk.clock import business_day
from creditrisk.facts import LimitState as Found
from creditrisk.language import sentence as _
from creditrisk.policy import compile as policies
from creditrisk.refusal import Duplicate, FourEyes, Stale
from creditrisk.roles import Actor
from customers.models import Customer, Limit

DAY = timedelta(days=1)


@transaction.atomic
def grant_directly(customer: Customer, *, by: Actor, now: datetime, seen: int | None = None, **grant: Any) -> Limit:
    """Grant a limit without a request; with four eyes on, only one that is higher on no day.

    `seen` is the newest grant that the person saw, 0 where there was none. Raises Duplicate where the newest is this very one
    of the same person, Stale where it is another, FourEyes, Refused.
    """
    context.lock([customer.pk])
    if seen is not None:
        _as_seen(customer, seen, by=by, grant=grant)
    if not policies.active().four_eyes:
        return booking.grant_limit(customer=customer, by=by, now=now, **grant)
    ends = grant.get("valid_to")
    days = {business_day(now), grant["valid_from"], *([ends + DAY] if ends else [])} | _turns_of(customer)
    days = {day for day in days if day >= business_day(now)}
    before = {day: _height(customer, day=day) for day in days}
    granted = booking.grant_limit(customer=customer, by=by, now=now, **grant)
    if any(_height(customer, day=day) > before[day] for day in days):
        raise FourEyes(
            _("This raises the limit, which two people have to agree to: ask for it instead."), field="amount"
        )
    return granted


def _as_seen(customer: Customer, seen: int, *, by: Actor, grant: dict[str, Any]) -> None:
    newest = customer.limits.select_related("granted_by").order_by("-pk").first()
    if newest is None or newest.pk == seen:
        return
    if newest.granted_by == by.user and all(getattr(newest, name) == value for name, value in grant.items()):
        raise Duplicate(_("This limit is granted. Nothing was done twice."))
    raise Stale(
        _("A limit was granted since this page was drawn. Look at it; if yours is still right, grant it again.")
    )


def _turns_of(customer: Customer) -> set[date]:
    """Return the days on which a grant begins or is over."""
    found = customer.limits.values_list("valid_from", "valid_to")
    return {day for first, last in found for day in (first, last and last + DAY) if day}


def _height(customer: Customer, *, day: date) -> tuple[int, Decimal]:
    """Return how high a limit is: amounts first, then the group's alone, then unlimited."""
    limit = context.standing(customer, today=day).limit
    if limit.state in (Found.AMOUNT, Found.NONE):
        return 0, limit.amount
    return (2 if limit.state == Found.UNLIMITED else 1), Decimal(0)
