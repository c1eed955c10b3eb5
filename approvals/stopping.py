"""Stopping a customer by hand: stops of orders and deliveries by days, and the suspension of all credit at once."""

from datetime import date, datetime

from django.db import IntegrityError, transaction

from approvals import alerts, context, evaluation_requests
from approvals.models import SuspensionChange
from creditrisk.clock import business_day
from creditrisk.refusal import AlreadyClosed, InvalidState, NotPermitted, Refused
from creditrisk.roles import Actor, may
from customers.models import CreditAccount, Customer, CustomerBlock, CustomerBlockEnd


@transaction.atomic
def stop(
    customer: Customer, *, orders: bool, deliveries: bool, valid_from: date | None = None, valid_to: date | None = None,
    note: str, by: Actor, now: datetime,
) -> CustomerBlock:  # fmt: skip
    """Stop a customer's orders, deliveries or both on these days, both inclusive; blank is without bound.

    Raises NotPermitted, Refused.
    """
    _refuse_person(by)
    if not (orders or deliveries):
        raise Refused("Say what is stopped: orders, deliveries or both.", field="orders")
    if valid_from and valid_to and valid_to < valid_from:
        raise Refused("The last day lies before the first.", field="valid_to")
    if valid_to and valid_to < business_day(now):
        raise Refused("That day has passed.", field="valid_to")
    if not note.strip():
        raise Refused("Say why.", field="note")
    context.lock([customer.pk])
    placed = CustomerBlock.objects.create(
        customer=customer, orders=orders, deliveries=deliveries, valid_from=valid_from, valid_to=valid_to,
        note=note.strip(), placed_by=by.user, placed_at=now,
    )  # fmt: skip
    evaluation_requests.ask([customer.pk], cause="stop", now=now)
    return placed


@transaction.atomic
def end(block: CustomerBlock, *, note: str = "", by: Actor, now: datetime) -> CustomerBlockEnd:
    """End a stop, once; what was held for it is looked at again. Raises NotPermitted, AlreadyClosed."""
    _refuse_person(by)
    context.lock([block.customer_id])
    try:
        with transaction.atomic():
            ended = CustomerBlockEnd.objects.create(block=block, ended_by=by.user, ended_at=now, note=note.strip())
    except IntegrityError as error:
        raise AlreadyClosed("This stop was ended before.") from error
    evaluation_requests.ask([block.customer_id], cause="stop ended", now=now)
    return ended


@transaction.atomic
def suspend(customer: Customer, *, reason: str, by: Actor, now: datetime) -> SuspensionChange:
    """Suspend a customer's credit: every open document is held at its next step. Raises NotPermitted, InvalidState, Refused."""
    return _set(customer, True, reason=reason, by=by, now=now)


@transaction.atomic
def lift(customer: Customer, *, reason: str, by: Actor, now: datetime) -> SuspensionChange:
    """Lift a suspension; what was held for it is looked at again. Raises NotPermitted, InvalidState, Refused."""
    return _set(customer, False, reason=reason, by=by, now=now)


def _set(customer: Customer, suspended: bool, *, reason: str, by: Actor, now: datetime) -> SuspensionChange:
    _refuse_person(by)
    if not reason.strip():
        raise Refused("Say why.", field="reason")
    context.lock([customer.pk])
    account = CreditAccount.objects.get(customer=customer)
    if account.suspended == suspended:
        raise InvalidState("Credit is suspended already." if suspended else "Credit is not suspended.")
    account.suspended, account.suspended_reason = suspended, reason.strip() if suspended else ""
    account.save(update_fields=["suspended", "suspended_reason"])
    made = SuspensionChange.objects.create(
        customer=customer,
        suspended=suspended,
        reason=reason.strip(),
        made_at=now,
        made_by=by.user,
        actor=by.as_record(),
    )
    who = by.user.get_username()
    what = "is suspended" if suspended else "is no longer suspended"
    text = f"Credit of {customer.name} {what}, by {who}: {made.reason}."
    code = "suspended" if suspended else "suspension_lifted"
    alerts.write([(code, text)], customer_id=customer.pk, day=business_day(now), now=now)
    evaluation_requests.ask([customer.pk], cause="suspension", now=now)
    return made


def _refuse_person(by: Actor) -> None:
    if by.user is None or not may(by.user, "stop_customer"):
        raise NotPermitted("Your roles do not stop customers.")
