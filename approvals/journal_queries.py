"""Reading journals of limits for pages: the list, and one with old and new limit, exposure and use line by line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.shortcuts import get_object_or_404

from approvals import levels, limit_requests
from approvals.levels import Figures, Seen
from approvals.models import JournalLine, JournalState, LimitJournal, LimitRequest, RequestState
from creditrisk.money import HUNDRED, ZERO
from creditrisk.roles import companies_of, may, role_in_words

LINES_SHOWN = 100


@dataclass(frozen=True)
class LineRow:
    """A line as the page tells it. `before` is what the new limit replaces; None without bound or unknown."""

    line: JournalLine
    request: LimitRequest | None
    amount: Decimal | None
    before: Decimal | None
    unlimited: bool
    exposure: Decimal | None
    used: Decimal | None
    waits_for: str
    may_decide: bool

    @property
    def difference(self) -> Decimal | None:
        """How much the limit rises, negative where it falls."""
        return None if self.before is None or self.amount is None else self.amount - self.before

    @property
    def exceeded(self) -> bool:
        """Whether the exposure of today would be over the new limit."""
        return self.used is not None and self.used > HUNDRED


@dataclass(frozen=True)
class Sums:
    """What a journal would do, by currency: lines, limits before and after."""

    currency: str
    lines: int
    before: Decimal
    after: Decimal

    @property
    def difference(self) -> Decimal:
        return self.after - self.before


@dataclass(frozen=True)
class Counts:
    """How many lines of a journal are in which condition."""

    total: int
    bad: int
    undecided: int
    agreed: int
    rejected: int
    posted: int


def visible(user: Any) -> QuerySet[LimitJournal]:
    """Return the journals of the reader's companies; one of all companies is for who works in all of them."""
    companies = companies_of(user)
    every = LimitJournal.objects.select_related("company", "prepared_by")
    return every if companies is None else every.filter(company_id__in=companies)


def listed(user: Any, *, state: str = "") -> QuerySet[LimitJournal]:
    """Return journals, the newest first; "" are those that are not posted or withdrawn."""
    found = visible(user).annotate(
        line_count=Count("lines"),
        undecided=Count("lines", filter=Q(lines__request__state__in=[RequestState.OPEN, RequestState.CHANGE_WANTED])),
    )
    if state != "all":
        found = found.filter(state__in=[state] if state else [JournalState.DRAFT, JournalState.SENT])
    return found.order_by("-pk")


def one(user: Any, pk: int) -> LimitJournal:
    """Return the journal; 404 where it is not the reader's."""
    return get_object_or_404(visible(user), pk=pk)


def by_key(source_key: str) -> LimitJournal | None:
    """Return the journal that a form with this key made before, if any."""
    return LimitJournal.objects.filter(source_key=source_key).first()


def counts(journal: LimitJournal) -> Counts:
    """Return how the lines are."""
    open_states = [RequestState.OPEN, RequestState.CHANGE_WANTED]
    found = journal.lines.aggregate(
        total=Count("pk"),
        bad=Count("pk", filter=~Q(error="")),
        undecided=Count("pk", filter=Q(request__state__in=open_states)),
        agreed=Count("pk", filter=Q(request__state=RequestState.AGREED)),
        rejected=Count("pk", filter=Q(request__state=RequestState.REJECTED)),
        posted=Count("pk", filter=Q(request__state=RequestState.APPLIED)),
    )
    return Counts(**found)


def lines(journal: LimitJournal) -> QuerySet[JournalLine]:
    """Return the lines for the page, bad ones first."""
    found = journal.lines.select_related("customer", "request__assigned_to", "request__customer")
    return found.prefetch_related("request__events").order_by("number")


def rows(found: Sequence[JournalLine], *, user: Any, day: date) -> list[LineRow]:
    """Return lines with the figures of the day, and whether the reader's word counts at each."""
    seen = levels.see([line.customer for line in found if line.customer], day=day)
    decides = may(user, "approve_limit")
    return [_row(line, seen=seen, user=user, decides=decides) for line in found]


def _row(line: JournalLine, *, seen: Seen, user: Any, decides: bool) -> LineRow:
    figures = seen.figures.get(line.customer_id or 0)
    request = line.request
    amount = request.amount if request else line.amount
    pending = levels.turn(request, seen=seen).pending if request and request.is_open else ()
    # Once posted, what it replaced stands in the event: today's figures would tell another story.
    before, exposure = _then(request) if request and request.state == RequestState.APPLIED else _now(figures)
    used = None if amount is None or amount <= 0 or exposure is None else exposure / amount * HUNDRED
    return LineRow(
        line=line, request=request, amount=amount, before=before, exposure=exposure, used=used,
        unlimited=figures is not None and figures.standing is not None and figures.before is None,
        waits_for=", ".join(role_in_words(level.group.name) for level in pending if level.pk),
        may_decide=bool(
            request and decides and request.is_open and limit_requests.may_decide(request, user=user, seen=seen)
        ),
    )  # fmt: skip


def _now(figures: Figures | None) -> tuple[Decimal | None, Decimal | None]:
    if figures is None or figures.standing is None:
        return None, None
    return figures.before, figures.standing.exposure.total


def _then(request: LimitRequest) -> tuple[Decimal | None, Decimal | None]:
    figures = max(request.events.all(), key=lambda event: event.pk).figures
    before, total = figures.get("before"), figures.get("total")
    return (Decimal(before) if before else None), (Decimal(total) if total else None)


def sums(journal: LimitJournal, *, day: date) -> list[Sums]:
    """Return what the journal does in all, by currency; lines that are bad, rejected or withdrawn are left out."""
    left_out = [RequestState.REJECTED, RequestState.WITHDRAWN]
    found = list(lines(journal).filter(error="").exclude(request__state__in=left_out))
    seen = levels.see([line.customer for line in found if line.customer], day=day)
    by_currency: dict[str, list[tuple[Decimal, Decimal]]] = {}
    for line in found:
        row = _row(line, seen=seen, user=None, decides=False)
        by_currency.setdefault(line.currency, []).append((row.before or ZERO, row.amount or ZERO))
    return [
        Sums(currency, len(pairs), sum((b for b, _a in pairs), ZERO), sum((a for _b, a in pairs), ZERO))
        for currency, pairs in sorted(by_currency.items())
    ]
