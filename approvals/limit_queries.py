"""Reading limit requests for pages: the list, and one with its events and whose turn it is."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Prefetch, Q, QuerySet
from django.shortcuts import get_object_or_404

from approvals import levels, limit_requests
from approvals.models import Attachment, LimitRequest, RequestEvent, RequestState, RequestStep
from creditrisk.audit import wording
from creditrisk.audit.wording import Names
from creditrisk.roles import DOORS, companies_of, name_of, role_in_words
from customers import queries as customer_queries
from customers.models import Customer


@dataclass(frozen=True)
class EventRow:
    """One step of a request as its page tells it, with the figures of that day."""

    id: int
    step: str
    code: str
    note: str
    to: str
    by: str
    at: datetime
    level: int | None
    total: Decimal | None
    limit: Decimal | None
    overdue: Decimal | None
    currency: str
    files: tuple[Attachment, ...] = ()
    changes: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class Page:
    """A request with all that a decision rests on. `waits_for` names the roles whose turn it is, in order."""

    request: LimitRequest
    events: tuple[EventRow, ...]
    before: Decimal | None
    waits_for: tuple[str, ...]
    may_decide: bool
    is_mine: bool
    lacks_evidence: bool = False

    @property
    def saw(self) -> str:
        return ",".join(str(event.id) for event in self.events)

    @property
    def increase(self) -> Decimal | None:
        """How much more than today's limit is asked for; None where one of them is without bound."""
        if self.before is None or self.request.amount is None:
            return None
        return self.request.amount - self.before


def visible(user: Any) -> QuerySet[LimitRequest]:
    """Return the requests for customers of the companies that the reader works in."""
    companies = companies_of(user)
    every = LimitRequest.objects.select_related(
        "customer__company",
        "customer__segment",
        "requested_by",
        "assigned_to",
        "terms",
        "settlement_discount",
        "journal_line__journal",
    )
    every = every.filter(customer_queries.own(user, "customer"))
    return every if companies is None else every.filter(customer__company_id__in=companies)


def listed(user: Any, *, state: str = "", text: str = "") -> QuerySet[LimitRequest]:
    """Return requests, the oldest undecided first, else the newest first; "" are those undecided. Journals have a list."""
    found = visible(user).filter(journal_line__isnull=True)
    if text:
        found = found.filter(customer__in=Customer.objects.matching(text))
    if state == "all":
        return found.order_by("-pk")
    if state:
        return found.filter(state=state).order_by("-pk")
    return found.filter(state__in=[RequestState.OPEN, RequestState.CHANGE_WANTED]).order_by("pk")


def of_customer(customer: Customer, *, limit: int = 5) -> list[LimitRequest]:
    """Return the newest requests for a customer."""
    return list(LimitRequest.objects.filter(customer=customer).select_related("requested_by").order_by("-pk")[:limit])


def one(user: Any, pk: int) -> LimitRequest:
    """Return the request; 404 where it is not the reader's."""
    return get_object_or_404(visible(user), pk=pk)


def by_key(source_key: str) -> LimitRequest | None:
    """Return the request that a form with this key made before, if any."""
    return LimitRequest.objects.filter(source_key=source_key).first()


def page(request: LimitRequest, *, user: Any, day: date) -> Page:
    """Return a request with its events, and whether the reader's word counts now."""
    events = request.events.select_related("made_by", "to").prefetch_related(
        Prefetch("files", Attachment.objects.defer("content").order_by("pk"))
    ).order_by("pk")  # fmt: skip
    seen = levels.see([request.customer], day=day)
    pending = levels.turn(request, seen=seen).pending if request.is_open else ()
    names = tuple(role_in_words(level.group.name) for level in pending if level.pk)
    if pending and not names:
        names = (" / ".join(sorted(role_in_words(role) for role in DOORS["approve_limit"])),)
    told = list(events)
    before = seen.figures[request.customer_id].before
    if (
        request.state == RequestState.APPLIED
    ):  # today's limit is what was granted: it stood otherwise when it was agreed to
        agreed = [event for event in told if event.step == RequestStep.APPROVED]
        before = Decimal(agreed[-1].figures["before"]) if agreed and agreed[-1].figures.get("before") else None
    return Page(
        request=request,
        events=tuple(_event(event) for event in told),
        before=before,
        waits_for=names,
        may_decide=limit_requests.may_decide(request, user=user, seen=seen),
        is_mine=request.requested_by_id == user.pk,
        lacks_evidence=request.is_open and levels.lacks_evidence(request, seen=seen),
    )


def deciders(request: LimitRequest) -> list[Any]:
    """Return the people whose roles decide limits in the customer's company, but for whoever asked or agreed already."""
    here = Q(company_access__isnull=True) | Q(company_access__company=request.customer.company_id)
    people = get_user_model().objects.filter(here, is_active=True, groups__name__in=DOORS["approve_limit"])
    done = {request.requested_by_id, *(event.made_by_id for event in levels.agreements(request))}
    return list(people.exclude(pk__in=done).distinct().order_by("username"))


def decider(name: str) -> Any:
    """Return the active user of that name, or None."""
    return get_user_model().objects.filter(Q(username__iexact=name.strip()), is_active=True).first()


def _event(event: RequestEvent) -> EventRow:
    figures = event.figures

    def amount(name: str) -> Decimal | None:
        return Decimal(figures[name]) if name in figures else None

    bounded = figures.get("limit_state") in ("AMOUNT", "NONE")
    return EventRow(
        id=event.pk, step=event.get_step_display(), code=event.step, note=event.note,
        to=name_of(event.to), by=name_of(event.made_by),
        at=event.made_at, level=event.level, total=amount("total"), limit=amount("limit") if bounded else None,
        overdue=amount("overdue"), currency=figures.get("currency", ""), files=tuple(event.files.all()),
        changes=_changes(event),
    )  # fmt: skip


def _changes(event: RequestEvent) -> tuple[tuple[str, str, str], ...]:
    """Return what a step made something else of, as it is called, from what to what."""
    if not event.was or not event.wanted:
        return ()
    was, becomes = (
        {
            name: Decimal(str(side[name])) if name == "amount" and side[name] is not None else side[name]
            for name in event.was
        }
        for side in (event.was, event.wanted)
    )
    return tuple(wording.columns(LimitRequest._meta.db_table, was, becomes, Names()))
