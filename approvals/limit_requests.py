"""Asking for a limit or other terms, and deciding it level by level: it takes effect once, when the last level agrees.

Every step locks the customer's account, then the request, and leaves an event with the figures of the day, so that each
level sees what the former saw.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from approvals import booking, context, evaluation_requests, levels
from approvals.levels import Seen
from approvals.models import LimitRequest, RequestEvent, RequestState, RequestStep
from creditrisk.clock import business_day, told
from creditrisk.money import rounded
from creditrisk.policy import compile as policies
from creditrisk.refusal import AlreadyClosed, Duplicate, FourEyes, NotPermitted, Refused, Stale
from creditrisk.roles import Actor, companies_of, may, name_of
from customers.models import Customer, Limit, LimitKind, LimitState, PaymentTerms, SettlementDiscount
from ledger.items import LARGEST


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
        raise NotPermitted(_("Your roles do not ask for limits."))
    refuse_nonsense(asked, customer, day=business_day(now))
    try:
        with transaction.atomic():
            request = LimitRequest.objects.create(
                customer=customer, currency=customer.currency, requested_by=by.user, requested_at=now,
                source_key=source_key, **_fields(asked),
            )  # fmt: skip
    except IntegrityError as error:
        raise Duplicate(_("This form was sent before.")) from error
    _note(request, RequestStep.ASKED, by=by, now=now, note=asked.reason)
    return request


@transaction.atomic
def change(request: LimitRequest, asked: Asked, *, by: Actor, now: datetime, note: str = "") -> LimitRequest:
    """Ask for something else instead, by whoever asked; the levels begin anew. Raises Refused, NotPermitted, AlreadyClosed."""
    request = _locked(request)
    if by.user_id != request.requested_by_id:
        raise NotPermitted(_("Only who asked may change what is asked for."))
    refuse_nonsense(asked, request.customer, day=business_day(now))
    for name, value in _fields(asked).items():
        setattr(request, name, value)
    if request.in_journal and (asked.terms or asked.settlement_discount or asked.state != LimitState.AMOUNT):
        raise Refused(_("A line of a journal is an amount."), field="state")
    request.state, request.assigned_to = RequestState.OPEN, None
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
    if saw is not None and set(saw) != set(request.events.values_list("pk", flat=True)):
        raise Stale(_("Something happened to this request since the page was drawn; look at it again."))
    seen = levels.see([request.customer], day=business_day(now))
    _agreed(request, by=by, now=now, note=note, seen=seen, four_eyes=policies.active().four_eyes).save()
    if request.state == RequestState.AGREED and not request.in_journal:
        return _apply(request, by=by, now=now)
    return request


@transaction.atomic
def reject(request: LimitRequest, *, by: Actor, now: datetime, note: str) -> LimitRequest:
    """Say no, with the reason. Raises NotPermitted, FourEyes, AboveAuthority, AlreadyClosed, Refused."""
    request = _decidable(request, by=by, now=now, note=note)
    return _end(request, RequestState.REJECTED, RequestStep.REJECTED, by=by, now=now, note=note)


@transaction.atomic
def ask_change(request: LimitRequest, *, by: Actor, now: datetime, note: str) -> LimitRequest:
    """Send it back for a change, with what is wanted. Raises as `reject`."""
    request = _decidable(request, by=by, now=now, note=note)
    request.state = RequestState.CHANGE_WANTED
    _note(request, RequestStep.CHANGE_WANTED, by=by, now=now, note=note)
    return request


@transaction.atomic
def delegate(request: LimitRequest, *, to: Any, by: Actor, now: datetime, note: str = "") -> LimitRequest:
    """Let somebody else decide at this level; never whoever asked. Raises NotPermitted, FourEyes, AlreadyClosed, Refused."""
    request = _locked(request)
    _refuse_person(request, by=by)
    _refuse_own(request, by=by)
    _refuse_back(request)
    if to.pk == request.requested_by_id:
        raise FourEyes(_("Whoever asked cannot decide it."), field="to")
    if not may(to, "approve_limit"):
        raise Refused(_("The roles of %(to)s do not decide limits.") % {"to": name_of(to)}, field="to")
    if to.pk in {event.made_by_id for event in levels.agreements(request)}:
        raise FourEyes(_("%(to)s agreed to this already.") % {"to": name_of(to)}, field="to")
    if (companies := companies_of(to)) is not None and request.customer.company_id not in companies:
        raise Refused(_("%(to)s does not work in the company of this customer.") % {"to": name_of(to)}, field="to")
    levels.refuse_beyond(request, by=by, seen=levels.see([request.customer], day=business_day(now)))
    request.assigned_to = to
    _note(request, RequestStep.DELEGATED, by=by, now=now, note=note, to=to)
    return request


@transaction.atomic
def withdraw(request: LimitRequest, *, by: Actor, now: datetime, note: str = "") -> LimitRequest:
    """Take it back, by whoever asked. Raises NotPermitted, AlreadyClosed."""
    request = _locked(request)
    if by.user_id != request.requested_by_id:
        raise NotPermitted(_("Only who asked may withdraw it."))
    return _end(request, RequestState.WITHDRAWN, RequestStep.WITHDRAWN, by=by, now=now, note=note)


# -- many at once ----------------------------------------------------------------------------------------------------


def ask_many(wanted: Sequence[tuple[Customer, Asked]], *, by: Actor, now: datetime) -> list[LimitRequest]:
    """Ask for one limit each of these customers, all or none; in their order. Raises Refused, NotPermitted."""
    if by.user is None or not may(by.user, "ask_limit"):
        raise NotPermitted(_("Your roles do not ask for limits."))
    day = business_day(now)
    for customer, asked in wanted:
        refuse_nonsense(asked, customer, day=day)
    made = LimitRequest.objects.bulk_create(
        LimitRequest(
            customer=customer, currency=customer.currency, requested_by=by.user, requested_at=now, **_fields(asked)
        )
        for customer, asked in wanted
    )
    seen = levels.see([customer for customer, _asked in wanted], day=day)
    RequestEvent.objects.bulk_create(
        event(request, RequestStep.ASKED, by=by, now=now, seen=seen, note=request.reason) for request in made
    )
    return made


def approve_many(requests: Iterable[LimitRequest], *, by: Actor, now: datetime, note: str = "") -> dict[int, str]:
    """Agree to lines of a journal, each at the level whose turn it is; return the sentences of those refused, by id.

    The caller holds the locks and commits; the last level leaves a line ready for posting.
    """
    found = _open_ones(requests)
    seen = levels.see([request.customer for request in found], day=business_day(now))
    four_eyes = policies.active().four_eyes
    events, refused = [], {}
    for request in found:
        try:
            _refuse_ended(request)
            events.append(_agreed(request, by=by, now=now, note=note, seen=seen, four_eyes=four_eyes))
        except Refused as error:
            refused[request.pk] = str(error)
    RequestEvent.objects.bulk_create(events, batch_size=500)
    return refused


def reject_many(requests: Iterable[LimitRequest], *, by: Actor, now: datetime, note: str) -> dict[int, str]:
    """Say no to lines of a journal, with the reason; as `approve_many`. Raises Refused without a reason."""
    if not note.strip():
        raise Refused(_("Say why."), field="note")
    found = _open_ones(requests)
    seen = levels.see([request.customer for request in found], day=business_day(now))
    four_eyes = policies.active().four_eyes
    events, refused = [], {}
    for request in found:
        try:
            if request.state != RequestState.AGREED:  # what was agreed to may be taken back until it is posted
                _refuse_ended(request)
            _refuse_person(request, by=by)
            _refuse_asker(request, by=by, four_eyes=four_eyes)
            levels.refuse_beyond(request, by=by, seen=seen)
        except Refused as error:
            refused[request.pk] = str(error)
            continue
        request.state, request.assigned_to = RequestState.REJECTED, None
        events.append(event(request, RequestStep.REJECTED, by=by, now=now, seen=seen, note=note.strip()))
    RequestEvent.objects.bulk_create(events, batch_size=500)
    return refused


def withdraw_many(requests: Iterable[LimitRequest], *, by: Actor, now: datetime, note: str = "") -> None:
    """Take lines of a journal back, those agreed to as well; the caller holds the locks."""
    found = _open_ones(requests)
    seen = levels.see([request.customer for request in found], day=business_day(now))
    for request in found:
        request.state, request.assigned_to = RequestState.WITHDRAWN, None
    RequestEvent.objects.bulk_create(
        (event(r, RequestStep.WITHDRAWN, by=by, now=now, seen=seen, note=note) for r in found), batch_size=500
    )


def apply_many(
    requests: Sequence[LimitRequest], *, agreed_by: Mapping[int, str], by: Actor, now: datetime
) -> list[Limit]:
    """Let agreed lines of a journal take effect; the caller holds the locks. Raises Refused where a last day has passed."""
    day = business_day(now)
    seen = levels.see([request.customer for request in requests], day=day)
    grants = [_grant_of(request, day=day, agreed_by=agreed_by[request.pk]) for request in requests]
    granted = booking.grant_limits(grants, by=by, now=now)
    for request in requests:
        request.state = RequestState.APPLIED
    RequestEvent.objects.bulk_create(
        (event(request, RequestStep.APPLIED, by=by, now=now, seen=seen) for request in requests), batch_size=500
    )
    return granted


def _open_ones(requests: Iterable[LimitRequest]) -> list[LimitRequest]:
    ids = [request.pk for request in requests]
    rows = LimitRequest.objects.select_for_update(of=("self",)).filter(pk__in=ids)
    return list(rows.select_related("customer").prefetch_related("events").order_by("pk"))


# -- refusals --------------------------------------------------------------------------------------------------------


def may_decide(request: LimitRequest, *, user: Any, seen: Seen) -> bool:
    """Return whether this user's word counts now, for pages; the refusals say why not."""
    by = Actor(user)
    try:
        _refuse_person(request, by=by)
        _refuse_own(request, by=by, four_eyes=policies.active().four_eyes)
        levels.refuse_beyond(request, by=by, seen=seen)
    except Refused:
        return False
    return request.state == RequestState.OPEN


def _locked(request: LimitRequest) -> LimitRequest:
    """Return the request, locked after its customer's account; refused where it has ended."""
    context.lock([request.customer_id])
    rows = LimitRequest.objects.select_for_update(of=("self",)).select_related("customer", "journal_line")
    fresh = rows.get(pk=request.pk)
    _refuse_ended(fresh)
    return fresh


def _refuse_ended(request: LimitRequest) -> None:
    if request.is_open:
        return
    ends = (RequestStep.APPLIED, RequestStep.REJECTED, RequestStep.WITHDRAWN, RequestStep.APPROVED)
    end = request.events.filter(step__in=ends).select_related("made_by").order_by("pk").last()
    who = name_of(end and end.made_by) or _("somebody")
    values = {"when": told(end.made_at) if end else "–", "who": who, "state": request.get_state_display()}
    raise AlreadyClosed(_("This request was decided on %(when)s by %(who)s: %(state)s.") % values)


def _decidable(request: LimitRequest, *, by: Actor, now: datetime, note: str) -> LimitRequest:
    request = _locked(request)
    _refuse_person(request, by=by)
    _refuse_own(request, by=by)
    levels.refuse_beyond(request, by=by, seen=levels.see([request.customer], day=business_day(now)))
    if not note.strip():
        raise Refused(_("Say why."), field="note")
    return request


def _refuse_person(request: LimitRequest, *, by: Actor) -> None:
    if by.user is None or not may(by.user, "approve_limit"):
        raise NotPermitted(_("Your roles do not decide limits."))
    if (companies := companies_of(by.user)) is not None and request.customer.company_id not in companies:
        raise NotPermitted(_("This customer belongs to a company that is not yours."))


def _refuse_back(request: LimitRequest) -> None:
    if request.state == RequestState.CHANGE_WANTED:
        raise Refused(_("Whoever asked was asked for a change; wait for it."))


def _refuse_own(request: LimitRequest, *, by: Actor, four_eyes: bool | None = None) -> None:
    four_eyes = policies.active().four_eyes if four_eyes is None else four_eyes
    _refuse_asker(request, by=by, four_eyes=four_eyes)
    if four_eyes and any(event.made_by_id == by.user_id for event in levels.agreements(request)):
        raise FourEyes(_("You have agreed to this already; the next level is somebody else's."))


def _refuse_asker(request: LimitRequest, *, by: Actor, four_eyes: bool) -> None:
    if four_eyes and by.user_id == request.requested_by_id:
        raise FourEyes(_("You asked for this; somebody else has to decide it."))


def refuse_nonsense(asked: Asked, customer: Customer, *, day: date) -> None:
    """Raise Refused where what is asked for makes no sense, naming the field."""
    if not asked.reason.strip():
        raise Refused(_("Say why it is needed."), field="reason")
    if not asked.state and asked.terms is None and asked.settlement_discount is None:
        raise Refused(_("Ask for a limit, for terms, or for a discount."), field="amount")
    if asked.state == LimitState.AMOUNT:
        if asked.amount is None or not asked.amount.is_finite() or asked.amount < 0:
            raise Refused(_("A limit is zero or more."), field="amount")
        if asked.amount > LARGEST:
            raise Refused(_("The amount is too large."), field="amount")
        if rounded(asked.amount, customer.currency) != asked.amount:
            fine = {"currency": customer.currency, "amount": asked.amount}
            raise Refused(_("%(currency)s has no amounts as fine as %(amount)s.") % fine, field="amount")
    if asked.kind == LimitKind.TEMPORARY and (asked.state != LimitState.AMOUNT or asked.valid_to is None):
        raise Refused(_("A temporary limit needs an amount and a last day."), field="valid_to")
    if asked.valid_to is not None and asked.valid_to < (asked.valid_from or day):
        raise Refused(_("The last day lies before the first."), field="valid_to")


# -- writing ---------------------------------------------------------------------------------------------------------


def _fields(asked: Asked) -> dict[str, Any]:
    return {
        "kind": asked.kind, "state_wanted": asked.state, "valid_from": asked.valid_from, "valid_to": asked.valid_to,
        "amount": asked.amount if asked.state == LimitState.AMOUNT else None, "terms": asked.terms,
        "settlement_discount": asked.settlement_discount, "reason": asked.reason.strip(),
    }  # fmt: skip


def _agreed(request: LimitRequest, *, by: Actor, now: datetime, note: str, seen: Seen, four_eyes: bool) -> RequestEvent:
    """Put the request where it is when this person agrees; return the event, unsaved. Raises as `approve`."""
    _refuse_back(request)
    _refuse_person(request, by=by)
    _refuse_own(request, by=by, four_eyes=four_eyes)
    level = levels.refuse_beyond(request, by=by, seen=seen)
    levels.refuse_unproven(request, seen=seen)
    waits = [step for step in levels.turn(request, seen=seen).pending if level and step.position != level.position]
    request.assigned_to = None
    if not waits:
        request.state = RequestState.AGREED
    position = level.position if level else None
    return event(request, RequestStep.APPROVED, by=by, now=now, seen=seen, note=note, level=position)


def event(request: LimitRequest, step: str, *, by: Actor, now: datetime, seen: Seen, **more: Any) -> RequestEvent:
    """Return a step of a request with the figures of the day, unsaved; adding it moves the request to where it is here."""
    found = seen.figures.get(request.customer_id)
    figures = found.as_record() if found else {}
    wanted = request.wanted() if step in (RequestStep.ASKED, RequestStep.CHANGED) else None
    return RequestEvent(
        request=request, step=step, state=request.state, wanted=wanted, made_at=now, made_by=by.user,
        actor=by.as_record(), figures=figures, **more,
    )  # fmt: skip


def _note(request: LimitRequest, step: str, *, by: Actor, now: datetime, **more: Any) -> RequestEvent:
    made = event(request, step, by=by, now=now, seen=levels.see([request.customer], day=business_day(now)), **more)
    made.save()
    return made


def _end(request: LimitRequest, state: str, step: str, *, by: Actor, now: datetime, note: str) -> LimitRequest:
    request.state, request.assigned_to = state, None
    _note(request, step, by=by, now=now, note=note)
    return request


def _grant_of(request: LimitRequest, *, day: date, agreed_by: str = "") -> dict[str, Any]:
    """Return the grant that a request becomes: from its first day, but not before `day`. Raises Refused."""
    starts = request.valid_from if request.valid_from and request.valid_from > day else day
    if request.valid_to is not None and request.valid_to < starts:
        raise Refused(_("Its last day has passed; ask for a change."), field="valid_to")
    return {
        "customer": request.customer, "state": request.state_wanted, "amount": request.amount, "kind": request.kind,
        "valid_from": starts, "valid_to": request.valid_to, "currency": request.currency,
        "reason": f"{request}{agreed_by and f', agreed to by {agreed_by}'}: {request.reason}"[:300],
    }  # fmt: skip


def _apply(request: LimitRequest, *, by: Actor, now: datetime) -> LimitRequest:
    """Let what was asked for take effect: a limit from its first day, terms at once."""
    customer, day = request.customer, business_day(now)
    if request.state_wanted:
        booking.grant_limit(**_grant_of(request, day=day), by=by, now=now)
    names = [name for name in ("terms", "settlement_discount") if getattr(request, f"{name}_id")]
    if names:
        for name in names:
            setattr(customer, name, getattr(request, name))
        customer.save(update_fields=names)
        evaluation_requests.ask([customer.pk], cause="terms", now=now)
    return _end(request, RequestState.APPLIED, RequestStep.APPLIED, by=by, now=now, note="")
