"""Asking for a limit or other terms, and deciding it level by level: it takes effect once, when the last level agrees.

Every step locks the customer's account, then the request, and leaves an event with the figures of the day, so that each
level sees what the former saw.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from approvals import booking, context, evaluation_requests
from approvals.models import ApprovalLevel, LimitRequest, RequestEvent, RequestState, RequestStep
from creditrisk.clock import business_day
from creditrisk.facts import LimitState as Found
from creditrisk.money import MissingRate, rounded
from creditrisk.policy import compile as policies
from creditrisk.refusal import AboveAuthority, AlreadyClosed, Duplicate, FourEyes, NotPermitted, Refused, Stale
from creditrisk.roles import Actor, companies_of, may, roles_of
from customers.models import Customer, Limit, LimitKind, LimitState, PaymentTerms, SettlementDiscount
from ledger.items import LARGEST

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Asked:
    """What is asked for. `amount` is in the account's currency; `state` is empty where only terms are asked for."""

    state: str = LimitState.AMOUNT
    amount: Decimal | None = None
    kind: str = LimitKind.BASE
    valid_from: date | None = None
    valid_to: date | None = None
    terms: PaymentTerms | None = None
    settlement_discount: SettlementDiscount | None = None
    reason: str = ""


@transaction.atomic
def ask(customer: Customer, asked: Asked, *, by: Actor, now: datetime, source_key: str | None = None) -> LimitRequest:
    """Ask for a limit or for terms; nothing changes until it is approved. Raises Refused, NotPermitted, Duplicate."""
    if by.user is None or not may(by.user, "ask_limit"):
        raise NotPermitted("Your roles do not ask for limits.")
    _refuse_nonsense(asked, customer, day=business_day(now))
    try:
        with transaction.atomic():
            request = LimitRequest.objects.create(
                customer=customer, currency=customer.currency, requested_by=by.user, requested_at=now,
                source_key=source_key, **_fields(asked),
            )  # fmt: skip
    except IntegrityError as error:
        raise Duplicate("This form was sent before.") from error
    _note(request, RequestStep.ASKED, by=by, now=now, note=asked.reason)
    return request


@transaction.atomic
def change(request: LimitRequest, asked: Asked, *, by: Actor, now: datetime, note: str = "") -> LimitRequest:
    """Ask for something else instead, by whoever asked; the levels begin anew. Raises Refused, NotPermitted, AlreadyClosed."""
    request = _locked(request)
    if by.user_id != request.requested_by_id:
        raise NotPermitted("Only who asked may change what is asked for.")
    _refuse_nonsense(asked, request.customer, day=business_day(now))
    for name, value in _fields(asked).items():
        setattr(request, name, value)
    request.state, request.assigned_to = RequestState.OPEN, None
    request.save()
    _note(request, RequestStep.CHANGED, by=by, now=now, note=note or asked.reason)
    return request


@transaction.atomic
def approve(
    request: LimitRequest, *, by: Actor, now: datetime, note: str = "", saw: Sequence[int] | None = None
) -> LimitRequest:
    """Agree to a request at the level whose turn it is; the last one lets it take effect.

    `saw` holds the ids of the events that the page showed. Raises NotPermitted, FourEyes, AboveAuthority, AlreadyClosed,
    Stale, and Refused where it cannot take effect.
    """
    request = _locked(request)
    if request.state == RequestState.CHANGE_WANTED:
        raise Refused("Whoever asked was asked for a change; wait for it.")
    if saw is not None and set(saw) != set(request.events.values_list("pk", flat=True)):
        raise Stale("Something happened to this request since the page was drawn; look at it again.")
    _refuse_person(request, by=by)
    _refuse_own(request, by=by)
    level = _refuse_beyond(request, by=by, day=business_day(now))
    _note(request, RequestStep.APPROVED, by=by, now=now, note=note, level=level.position if level else None)
    if turn(request, day=business_day(now)).pending:
        request.assigned_to = None
        request.save(update_fields=["assigned_to"])
        return request
    return _apply(request, by=by, now=now)


@transaction.atomic
def reject(request: LimitRequest, *, by: Actor, now: datetime, note: str) -> LimitRequest:
    """Say no, with the reason. Raises NotPermitted, FourEyes, AlreadyClosed, Refused."""
    request = _decidable(request, by=by, note=note)
    return _end(request, RequestState.REJECTED, RequestStep.REJECTED, by=by, now=now, note=note)


@transaction.atomic
def ask_change(request: LimitRequest, *, by: Actor, now: datetime, note: str) -> LimitRequest:
    """Send it back for a change, with what is wanted. Raises NotPermitted, FourEyes, AlreadyClosed, Refused."""
    request = _decidable(request, by=by, note=note)
    request.state = RequestState.CHANGE_WANTED
    request.save(update_fields=["state"])
    _note(request, RequestStep.CHANGE_WANTED, by=by, now=now, note=note)
    return request


@transaction.atomic
def delegate(request: LimitRequest, *, to: Any, by: Actor, now: datetime, note: str = "") -> LimitRequest:
    """Let somebody else decide at this level; never whoever asked. Raises NotPermitted, FourEyes, AlreadyClosed, Refused."""
    request = _locked(request)
    _refuse_person(request, by=by)
    _refuse_own(request, by=by)
    if to.pk == request.requested_by_id:
        raise FourEyes("Whoever asked cannot decide it.", field="to")
    if not may(to, "approve_limit"):
        raise Refused(f"The roles of {to} do not decide limits.", field="to")
    _refuse_beyond(request, by=by, day=business_day(now))
    request.assigned_to = to
    request.save(update_fields=["assigned_to"])
    _note(request, RequestStep.DELEGATED, by=by, now=now, note=note, to=to)
    return request


@transaction.atomic
def withdraw(request: LimitRequest, *, by: Actor, now: datetime, note: str = "") -> LimitRequest:
    """Take it back, by whoever asked. Raises NotPermitted, AlreadyClosed."""
    request = _locked(request)
    if by.user_id != request.requested_by_id:
        raise NotPermitted("Only who asked may withdraw it.")
    return _end(request, RequestState.WITHDRAWN, RequestStep.WITHDRAWN, by=by, now=now, note=note)


@transaction.atomic
def grant_directly(customer: Customer, *, by: Actor, now: datetime, **grant: Any) -> Limit:
    """Grant a limit without a request; with four eyes on, only one that is higher on no day. Raises FourEyes, Refused."""
    context.lock([customer.pk])
    if not policies.active().four_eyes:
        return booking.grant_limit(customer=customer, by=by, now=now, **grant)
    ends = grant.get("valid_to")
    days = {business_day(now), grant["valid_from"], *([ends + DAY] if ends else [])} | _turns_of(customer)
    days = {day for day in days if day >= business_day(now)}
    before = {day: _height(customer, day=day) for day in days}
    granted = booking.grant_limit(customer=customer, by=by, now=now, **grant)
    if any(_height(customer, day=day) > before[day] for day in days):
        raise FourEyes("This raises the limit, which two people have to agree to: ask for it instead.", field="amount")
    return granted


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


# -- whose turn it is ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Turn:
    """The levels that a request needs, in order; those still to agree; `free` where no levels are set up."""

    needed: tuple[ApprovalLevel, ...]
    pending: tuple[ApprovalLevel, ...]
    free: bool = False

    @property
    def next(self) -> ApprovalLevel | None:
        return self.pending[0] if self.pending else None


def turn(request: LimitRequest, *, day: date) -> Turn:
    """Return whose turn it is: the lowest level that covers amount and increase, and the one below where both decide.

    What lowers the limit, and what asks for terms alone, is for the lowest level.
    """
    levels = list(ApprovalLevel.objects.select_related("group").order_by("position"))
    agreed = _agreed(request)
    if not levels:
        return Turn((), () if agreed else (ApprovalLevel(position=0),), free=True)
    needed = _needed(levels, request, day=day)
    done = {event.level for event in agreed}
    return Turn(tuple(needed), tuple(level for level in needed if level.position not in done))


def _needed(levels: list[ApprovalLevel], request: LimitRequest, *, day: date) -> list[ApprovalLevel]:
    if not request.state_wanted:
        return levels[:1]
    wanted = request.amount if request.state_wanted == LimitState.AMOUNT else None
    before = limit_before(request, day=day)
    if request.state_wanted == LimitState.INHERIT or (wanted is not None and before is not None and wanted <= before):
        return levels[:1]
    increase = None if wanted is None else wanted - (before or Decimal(0))
    at = next((n for n, level in enumerate(levels) if level.covers(wanted, increase)), len(levels) - 1)
    first = at
    while first > 0 and levels[first].with_former:
        first -= 1
    return levels[first : at + 1]


def limit_before(request: LimitRequest, *, day: date) -> Decimal | None:
    """Return the limit in force on `day`, in the account's currency; None for unlimited, and what is deferred is 0."""
    try:
        limit = context.standing(request.customer, today=day).limit
    except MissingRate:
        return Decimal(0)
    if limit.state == Found.UNLIMITED:
        return None
    return limit.amount if limit.state == Found.AMOUNT else Decimal(0)


def _agreed(request: LimitRequest) -> list[RequestEvent]:
    """Return the approvals since what is asked for was last changed."""
    found: list[RequestEvent] = []
    for event in request.events.order_by("pk"):
        if event.step == RequestStep.CHANGED:
            found = []
        elif event.step == RequestStep.APPROVED:
            found.append(event)
    return found


def may_decide(request: LimitRequest, *, user: Any, day: date) -> bool:
    """Return whether this user's word counts now, for pages; the refusals say why not."""
    by = Actor(user)
    try:
        _refuse_person(request, by=by)
        _refuse_own(request, by=by)
        _refuse_beyond(request, by=by, day=day)
    except Refused:
        return False
    return request.state == RequestState.OPEN


# -- refusals --------------------------------------------------------------------------------------------------------


def _locked(request: LimitRequest) -> LimitRequest:
    """Return the request, locked after its customer's account; refused where it has ended."""
    context.lock([request.customer_id])
    fresh = LimitRequest.objects.select_for_update(of=("self",)).select_related("customer").get(pk=request.pk)
    if not fresh.is_open:
        ends = (RequestStep.APPLIED, RequestStep.REJECTED, RequestStep.WITHDRAWN)
        end = fresh.events.filter(step__in=ends).select_related("made_by").first()
        who = end.made_by.get_username() if end and end.made_by else "somebody"
        when = f" on {end.made_at:%d %b %Y %H:%M}" if end else ""
        raise AlreadyClosed(f"This request was decided{when} by {who}: {fresh.get_state_display()}.")
    return fresh


def _decidable(request: LimitRequest, *, by: Actor, note: str) -> LimitRequest:
    request = _locked(request)
    _refuse_person(request, by=by)
    _refuse_own(request, by=by)
    if not note.strip():
        raise Refused("Say why.", field="note")
    return request


def _refuse_person(request: LimitRequest, *, by: Actor) -> None:
    if by.user is None or not may(by.user, "approve_limit"):
        raise NotPermitted("Your roles do not decide limits.")
    companies = companies_of(by.user)
    if companies is not None and request.customer.company_id not in companies:
        raise NotPermitted("This customer belongs to a company that is not yours.")


def _refuse_own(request: LimitRequest, *, by: Actor) -> None:
    if not policies.active().four_eyes:
        return
    if by.user_id == request.requested_by_id:
        raise FourEyes("You asked for this; somebody else has to decide it.")
    if any(event.made_by_id == by.user_id for event in _agreed(request)):
        raise FourEyes("You have agreed to this already; the next level is somebody else's.")


def _refuse_beyond(request: LimitRequest, *, by: Actor, day: date) -> ApprovalLevel | None:
    """Return the level at which this person decides; raises AboveAuthority where the turn is a higher one's."""
    found = turn(request, day=day)
    level = found.next
    if found.free or level is None or by.user_id == request.assigned_to_id:
        return None if found.free else level
    mine = roles_of(by.user)
    if any(step.group.name in mine for step in ApprovalLevel.objects.select_related("group").filter(
        position__gte=level.position
    )):  # fmt: skip
        return level
    raise AboveAuthority(f"This is for the {level.group.name.replace('_', ' ')} to decide, or above.")


def _refuse_nonsense(asked: Asked, customer: Customer, *, day: date) -> None:
    if not asked.reason.strip():
        raise Refused("Say why it is needed.", field="reason")
    if not asked.state and asked.terms is None and asked.settlement_discount is None:
        raise Refused("Ask for a limit, for terms, or for a discount.", field="amount")
    if asked.state == LimitState.AMOUNT:
        if asked.amount is None or not asked.amount.is_finite() or asked.amount < 0:
            raise Refused("A limit is zero or more.", field="amount")
        if asked.amount > LARGEST:
            raise Refused("The amount is too large.", field="amount")
        if rounded(asked.amount, customer.currency) != asked.amount:
            raise Refused(f"{customer.currency} has no amounts as fine as {asked.amount}.", field="amount")
    if asked.kind == LimitKind.TEMPORARY and (asked.state != LimitState.AMOUNT or asked.valid_to is None):
        raise Refused("A temporary limit needs an amount and a last day.", field="valid_to")
    if asked.valid_to is not None and asked.valid_to < (asked.valid_from or day):
        raise Refused("The last day lies before the first.", field="valid_to")


# -- writing ---------------------------------------------------------------------------------------------------------


def _fields(asked: Asked) -> dict[str, Any]:
    return {
        "kind": asked.kind, "state_wanted": asked.state, "valid_from": asked.valid_from, "valid_to": asked.valid_to,
        "amount": asked.amount if asked.state == LimitState.AMOUNT else None, "terms": asked.terms,
        "settlement_discount": asked.settlement_discount, "reason": asked.reason.strip(),
    }  # fmt: skip


def _note(request: LimitRequest, step: str, *, by: Actor, now: datetime, **more: Any) -> RequestEvent:
    figures = _figures(request.customer, day=business_day(now))
    return RequestEvent.objects.create(
        request=request, step=step, made_at=now, made_by=by.user, actor=by.as_record(), figures=figures, **more
    )


def _figures(customer: Customer, *, day: date) -> dict[str, str]:
    """Return what the figures were when somebody decided, as text."""
    try:
        standing = context.standing(customer, today=day)
    except MissingRate as error:
        return {"missing": str(error)}
    exposure, limit = standing.exposure, standing.limit
    return {
        "currency": exposure.currency, "total": str(exposure.total), "overdue": str(exposure.overdue),
        "days_overdue": str(exposure.days_overdue), "limit": str(limit.amount), "limit_state": limit.state.value,
        "source": limit.source,
    }  # fmt: skip


def _end(request: LimitRequest, state: str, step: str, *, by: Actor, now: datetime, note: str) -> LimitRequest:
    request.state, request.assigned_to = state, None
    request.save(update_fields=["state", "assigned_to"])
    _note(request, step, by=by, now=now, note=note)
    return request


def _apply(request: LimitRequest, *, by: Actor, now: datetime) -> LimitRequest:
    """Let what was asked for take effect: a limit from its first day, terms at once."""
    customer, day = request.customer, business_day(now)
    if request.state_wanted:
        starts = request.valid_from if request.valid_from and request.valid_from > day else day
        if request.valid_to is not None and request.valid_to < starts:
            raise Refused("Its last day has passed; ask for a change.", field="valid_to")
        booking.grant_limit(
            customer=customer, state=request.state_wanted, amount=request.amount, kind=request.kind,
            valid_from=starts, valid_to=request.valid_to, currency=request.currency,
            reason=f"{request}: {request.reason}"[:300], by=by, now=now,
        )  # fmt: skip
    names = [name for name in ("terms", "settlement_discount") if getattr(request, f"{name}_id")]
    if names:
        for name in names:
            setattr(customer, name, getattr(request, name))
        customer.save(update_fields=names)
        evaluation_requests.ask([customer.pk], cause="terms", now=now)
    return _end(request, RequestState.APPLIED, RequestStep.APPLIED, by=by, now=now, note="")
