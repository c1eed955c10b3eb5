"""Stopping a customer by hand: stops of orders and deliveries by days, and the suspension of all credit at once."""

from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from approvals import alert_kinds, alerts, context, evaluation_requests
from approvals.models import SuspensionChange
from creditrisk import slices
from creditrisk.clock import business_day
from creditrisk.language import marked
from creditrisk.refusal import AlreadyClosed, InvalidState, NotPermitted, Refused
from creditrisk.roles import Actor, may, name_of
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
        raise Refused(_("Say what is stopped: orders, deliveries or both."), field="orders")
    if valid_from and valid_to and valid_to < valid_from:
        raise Refused(_("The last day lies before the first."), field="valid_to")
    if valid_to and valid_to < business_day(now):
        raise Refused(_("That day has passed."), field="valid_to")
    if not note.strip():
        raise Refused(_("Say why."), field="note")
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
        raise AlreadyClosed(_("This stop was ended before.")) from error
    evaluation_requests.ask([block.customer_id], cause="stop ended", now=now)
    return ended


@transaction.atomic
def suspend(
    customer: Customer, *, reason: str, until: date | None = None, source: str = "", by: Actor, now: datetime
) -> SuspensionChange:
    """Suspend a customer's credit: every open document is held at its next step. `until` is its last day; blank is open.

    Of one that is suspended, the last day is changed. `source` names where a flag from outside came from. Raises
    NotPermitted, InvalidState, Refused.
    """
    _refuse_person(by)
    if until is not None and until < business_day(now):
        raise Refused(_("That day has passed."), field="until")
    context.lock([customer.pk])
    account = CreditAccount.objects.get(customer=customer)
    if is_suspended(account, day=business_day(now)) and account.suspended_until == until:
        raise InvalidState(_("Credit is suspended already."))
    return _set(account, True, reason=reason, until=until, source=source, by=by, now=now)


@transaction.atomic
def lift(customer: Customer, *, reason: str, source: str = "", by: Actor, now: datetime) -> SuspensionChange:
    """Lift a suspension; what was held for it is looked at again. Raises NotPermitted, InvalidState, Refused."""
    _refuse_person(by)
    context.lock([customer.pk])
    account = CreditAccount.objects.get(customer=customer)
    if not account.suspended:
        raise InvalidState(_("Credit is not suspended."))
    return _set(account, False, reason=reason, source=source, by=by, now=now)


def end_suspensions(*, now: datetime) -> list[int]:
    """Lift the suspensions whose last day has passed, by the product itself; return the customers.

    So many at a time, each lot in a transaction of its own. No decision waits for it: the gate reads the last day.
    Running it twice does no harm.
    """
    over = CreditAccount.objects.filter(suspended=True, suspended_until__lt=business_day(now)).order_by("customer_id")
    ended, last = [], 0
    while ids := list(over.filter(customer_id__gt=last).values_list("customer_id", flat=True)[: slices.AT_ONCE]):
        ended += _end_suspensions(over, ids, now=now)
        last = ids[-1]
    return ended


@transaction.atomic
def _end_suspensions(over: QuerySet[CreditAccount], ids: list[int], *, now: datetime) -> list[int]:
    context.lock(ids)
    ended = []
    for account in over.filter(customer__in=ids).select_related("customer"):
        reason = f"Its last day, {account.suspended_until:%d %b %Y}, has passed."
        _set(account, False, reason=reason, by=Actor.system(), now=now)
        ended.append(account.customer_id)
    return ended


def is_suspended(account: CreditAccount, *, day: date) -> bool:
    """Return whether credit is suspended on `day`, as the gate reads it."""
    return account.suspended and (account.suspended_until is None or day <= account.suspended_until)


def _set(
    account: CreditAccount, suspended: bool, *, reason: str, until: date | None = None, source: str = "", by: Actor,
    now: datetime,
) -> SuspensionChange:  # fmt: skip
    if not reason.strip():
        raise Refused(_("Say why."), field="reason")
    customer = account.customer
    account.suspended, account.suspended_until = suspended, until
    account.suspended_reason = reason.strip()[:200] if suspended else ""
    account.save(update_fields=["suspended", "suspended_reason", "suspended_until"])
    made = SuspensionChange.objects.create(
        customer=customer,
        suspended=suspended,
        until=until,
        source=source.strip()[:60],
        reason=reason.strip()[:200],
        made_at=now,
        made_by=by.user,
        actor=by.as_record(),
    )
    who = name_of(by.user) or source or alert_kinds.word(marked("the product itself"))
    values: dict[str, Any] = {"customer": customer.name, "who": who, "reason": made.reason}
    if suspended and until:
        values |= {"says": "until", "day": alert_kinds.day(until)}
    code = "suspended" if suspended else "suspension_lifted"
    alerts.write([(code, values)], customer_id=customer.pk, day=business_day(now), now=now)
    evaluation_requests.ask([customer.pk], cause="suspension", now=now)
    return made


def _refuse_person(by: Actor) -> None:
    """Refuse whose roles do not stop customers; a flag from outside comes by a channel of its own, without a person."""
    if by.user is None and by.channel != "web":
        return
    if by.user is None or not may(by.user, "stop_customer"):
        raise NotPermitted(_("Your roles do not stop customers."))
