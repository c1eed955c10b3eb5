"""The figures that matter on the start page, by role; the portfolio of exposures; the search across everything."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum

from approvals import context
from approvals import queries as approval_queries
from approvals import queue as desk_queue
from approvals.context import Picture
from creditrisk.decisions import queries as decision_queries
from creditrisk.exposure.models import Drift
from creditrisk.facts import Exposure, LimitState, Standing
from creditrisk.money import HUNDRED, ZERO, MissingRate
from creditrisk.policy import compile as policies
from creditrisk.policy import draft as drafts
from creditrisk.policy import health
from creditrisk.policy.models import PolicyVersion
from creditrisk.roles import name_of
from customers import queries as customer_queries
from customers.models import Customer
from documents import queries as document_queries
from documents.models import Document, Kind, State
from ledger import statement

NEAR_PERCENT = Decimal(80)
LATELY = timedelta(days=7)


@dataclass(frozen=True)
class ExposureRow:
    """One customer in the portfolio."""

    id: int
    code: str
    name: str
    segment: str
    salesperson: str
    currency: str
    total: Decimal
    limit: Decimal | None
    limit_state: str
    available: Decimal | None
    used_percent: Decimal | None
    overdue: Decimal
    days_overdue: int
    standing: Standing
    heads: tuple[int, ...]
    alone: Exposure  # without its branches

    @property
    def is_over(self) -> bool:
        return self.available is not None and self.available < 0


@dataclass(frozen=True)
class Whole:
    """The portfolio in one currency. The sums do not depend on who reads them, only on what is in them."""

    currency: str
    customers: int
    total: Decimal
    limit: Decimal
    used_percent: Decimal | None
    overdue: Decimal
    over: int


@dataclass(frozen=True)
class Found:
    """What the search found."""

    customers: tuple[Customer, ...]
    documents: tuple[document_queries.Relative, ...]
    items: tuple[statement.ItemRow, ...]

    @property
    def count(self) -> int:
        return len(self.customers) + len(self.documents) + len(self.items)


def exposures(user: Any, *, today: date, text: str = "", salesperson: Any = None) -> list[ExposureRow]:
    """Return how the reader's customers stand, the most used first; a fixed number of queries."""
    customers = customer_queries.visible(user).matching(text).select_related("segment", "salesperson").order_by("code")
    if salesperson is not None:
        customers = customers.filter(salesperson=salesperson)
    found = list(customers)
    if not found:
        return []
    seen = context.look([c.pk for c in found], today=today)
    rows = []
    for customer in found:
        if customer.pk in seen.accounts:
            with suppress(MissingRate):  # its page says which rate there is not
                rows.append(_exposure(customer, seen))
    return sorted(rows, key=lambda r: (_rank(r), r.total), reverse=True)


def _rank(row: ExposureRow) -> Decimal:
    if row.used_percent is not None:
        return row.used_percent
    return Decimal("Infinity") if row.limit == 0 and row.total > 0 else ZERO


def _exposure(customer: Customer, seen: Picture) -> ExposureRow:
    standing = seen.around(customer.pk).standing(customer.pk)
    exposure, limit = standing.exposure, standing.limit
    person = customer.salesperson
    return ExposureRow(
        id=customer.pk, code=customer.code, name=customer.name,
        segment=customer.segment.code if customer.segment else "",
        salesperson=name_of(person),
        currency=exposure.currency, total=exposure.total,
        limit=limit.amount if limit.state in (LimitState.AMOUNT, LimitState.NONE) else None,
        limit_state=limit.state.value, available=standing.available, used_percent=standing.used_percent,
        overdue=exposure.overdue, days_overdue=exposure.days_overdue, standing=standing,
        heads=seen.family.heads.get(customer.pk, ()), alone=seen.alone(customer.pk).exposure(customer.pk),
    )  # fmt: skip


def wholes(rows: Sequence[ExposureRow]) -> list[Whole]:
    """Return the sums of a portfolio, by currency: a branch's euro counts in its own row, not in its head's again."""
    above = {head for row in rows for head in row.heads}
    by_currency: defaultdict[str, list[ExposureRow]] = defaultdict(list)
    for row in rows:
        by_currency[row.currency].append(row)
    return [_whole(currency, by_currency[currency], above) for currency in sorted(by_currency)]


def _whole(currency: str, rows: list[ExposureRow], above: set[int]) -> Whole:
    owed = [r.alone if r.id in above else r.standing.exposure for r in rows]
    limited = [r for r in rows if r.limit]
    limit = sum((r.limit or ZERO for r in limited), ZERO)
    used = sum((r.total for r in limited), ZERO)
    return Whole(
        currency=currency, customers=len(rows), total=sum((one.total for one in owed), ZERO), limit=limit,
        used_percent=used / limit * HUNDRED if limit else None, overdue=sum((one.overdue for one in owed), ZERO),
        over=sum(1 for r in rows if r.is_over),
    )  # fmt: skip


def near_limit(rows: Iterable[ExposureRow], *, most: int = 8) -> list[ExposureRow]:
    """Return the customers that have used most of their limit, or more than it."""
    return [r for r in rows if _rank(r) >= NEAR_PERCENT][:most]


@dataclass(frozen=True)
class SalesDesk:
    """What a salesperson begins the day with."""

    held: tuple[approval_queries.HoldRow, ...]
    held_count: int
    decided: tuple[approval_queries.HoldRow, ...]
    drafts: int
    open_orders: tuple[document_queries.OpenSum, ...]
    near: tuple[ExposureRow, ...]


def sales_desk(user: Any, *, today: date, now: datetime) -> SalesDesk:
    """Return a salesperson's held orders, what was decided lately, open orders, and customers near their limit."""
    mine = document_queries.visible(user).filter(Q(entered_by=user) | Q(customer__salesperson=user), kind=Kind.ORDER)
    held = desk_queue.desk(user).filter(document__in=mine.values("pk"))
    live = mine.filter(state__in=[State.CONFIRMED, State.PICKED, State.PART_DELIVERED])
    sums = live.values("currency").annotate(n=Count("pk"), whole=Sum("total")).order_by("currency")
    own = exposures(user, today=today, salesperson=user) or exposures(user, today=today)
    return SalesDesk(
        held=tuple(approval_queries.rows(held[:8], today=today)),
        held_count=held.count(),
        decided=tuple(approval_queries.decided(mine.values("pk"), since=now - LATELY)),
        drafts=mine.filter(state=State.DRAFT).count(),
        open_orders=tuple(
            document_queries.OpenSum(str(Kind.ORDER.label), s["currency"], s["n"], s["whole"] or ZERO) for s in sums
        ),
        near=tuple(near_limit(own)),
    )


@dataclass(frozen=True)
class Queue:
    """What waits for a decision."""

    sums: tuple[tuple[str, int, Decimal], ...]
    count: int
    oldest: approval_queries.HoldRow | None
    ready: int
    first: tuple[approval_queries.HoldRow, ...]


def queue(user: Any, *, today: date) -> Queue:
    """Return what waits on the release desk: how many, how much, the oldest, and those without a reason left."""
    waiting = desk_queue.desk(user)
    rows = tuple(approval_queries.rows(waiting[:6], today=today))
    sums = tuple(desk_queue.open_sums(user))
    return Queue(
        sums=sums,
        count=sum(many for _currency, many, _amount in sums),
        oldest=rows[0] if rows else None,
        ready=desk_queue.ready(user),
        first=rows,
    )


@dataclass(frozen=True)
class Setup:
    """What an administrator wants to know: the policy in force, drift, and what was forgotten."""

    version: PolicyVersion | None
    draft_differs: bool
    drifts: int
    last_drift: Drift | None
    ailments: tuple[health.Ailment, ...]


def setup(*, today: date) -> Setup:
    """Return the state of the set-up: what is in force and what ails it, whether the draft says something else."""
    draft = drafts.look()
    return Setup(
        version=draft.active,
        draft_differs=draft.differs,
        drifts=Drift.objects.count(),
        last_drift=Drift.objects.order_by("-id").first(),
        ailments=tuple(health.examine(policies.active(), today=today)),
    )


@dataclass(frozen=True)
class DayOfDecisions:
    """What the gate decided on a day."""

    passed: int
    warned: int
    held: int
    newest: tuple[decision_queries.DecisionRow, ...]


def decisions_of_day(user: Any, *, today: date) -> DayOfDecisions:
    """Return how many documents passed, passed with a warning, or were held today."""
    found = decision_queries.visible(user).filter(day=today)
    counts = dict(found.values_list("verdict").annotate(n=Count("pk")))
    return DayOfDecisions(
        counts.get("passed", 0), counts.get("warned", 0), counts.get("held", 0),
        tuple(decision_queries.rows(decision_queries.listed(user)[:8])),
    )  # fmt: skip


def search(user: Any, text: str, *, today: date, may_see_items: bool) -> Found:
    """Return the customers, documents and items whose code, name or number contains `text`."""
    customers = customer_queries.visible(user).matching(text).order_by("code")[:20]
    documents = document_queries.with_holds(document_queries.visible(user).filter(number__icontains=text)).order_by(
        "-pk"
    )[:20]
    items = (
        statement.visible_items(user).filter(reference__icontains=text).order_by("-pk")[:20] if may_see_items else []
    )
    return Found(
        tuple(customers),
        tuple(document_queries.relative(d) for d in documents),
        tuple(statement.row(i, today=today) for i in items),
    )


def exact(user: Any, text: str) -> Customer | Document | None:
    """Return the one customer or document whose code or number is exactly `text`."""
    customer = customer_queries.visible(user).filter(code__iexact=text).first()
    if customer is not None:
        return customer
    found = list(document_queries.visible(user).filter(number__iexact=text)[:2])
    return found[0] if len(found) == 1 else None
