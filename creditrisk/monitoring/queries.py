"""The figures that matter on the start page, by role; the portfolio of exposures; the search across everything."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum

from approvals import queries as approval_queries
from approvals import queue as desk_queue
from creditrisk.decisions import queries as decision_queries
from creditrisk.exposure.models import Drift
from creditrisk.money import ZERO
from creditrisk.monitoring import standings
from creditrisk.monitoring.asked import Asked
from creditrisk.monitoring.stood import Row, Wanted
from creditrisk.policy import compile as policies
from creditrisk.policy import draft as drafts
from creditrisk.policy import health
from creditrisk.policy.models import PolicyVersion
from customers import queries as customer_queries
from customers.models import Customer, SharedLimit
from documents import queries as document_queries
from documents.models import Document, Kind, State
from ledger import statement

NEAREST = 8
LATELY = timedelta(days=7)


@dataclass(frozen=True)
class Found:
    """What the search found."""

    customers: tuple[Customer, ...]
    documents: tuple[document_queries.Relative, ...]
    items: tuple[statement.ItemRow, ...]
    shared: tuple[SharedLimit, ...]

    @property
    def count(self) -> int:
        return len(self.customers) + len(self.documents) + len(self.items) + len(self.shared)


@dataclass(frozen=True)
class SalesDesk:
    """What a salesperson begins the day with."""

    held: tuple[approval_queries.HoldRow, ...]
    held_count: int
    decided: tuple[approval_queries.HoldRow, ...]
    drafts: int
    open_orders: tuple[document_queries.OpenSum, ...]
    near: tuple[Row, ...]


def sales_desk(user: Any, *, today: date, now: datetime) -> SalesDesk:
    """Return a salesperson's held orders, what was decided lately, open orders, and customers near their limit."""
    mine = document_queries.visible(user).filter(Q(entered_by=user) | Q(customer__salesperson=user), kind=Kind.ORDER)
    held = desk_queue.desk(user).filter(document__in=mine.values("pk"))
    live = mine.filter(state__in=[State.CONFIRMED, State.PICKED, State.PART_DELIVERED])
    sums = live.values("currency").annotate(n=Count("pk"), whole=Sum("total")).order_by("currency")
    whose = user.get_username() if customer_queries.visible(user).filter(salesperson=user).exists() else ""
    stood = standings.look(user, Asked(today, salesperson=whose, is_past=False), Wanted(near=NEAREST, missing=False))
    return SalesDesk(
        held=tuple(approval_queries.rows(held[:8], today=today)),
        held_count=held.count(),
        decided=tuple(approval_queries.decided(mine.values("pk"), since=now - LATELY)),
        drafts=mine.filter(state=State.DRAFT).count(),
        open_orders=tuple(
            document_queries.OpenSum(str(Kind.ORDER.label), s["currency"], s["n"], s["whole"] or ZERO) for s in sums
        ),
        near=stood.near,
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
    """Return the customers, shared limits, documents and items whose code, name or number contains `text`."""
    customers = customer_queries.visible(user).matching(text).order_by("code")[:20]
    documents = document_queries.with_holds(document_queries.visible(user).filter(number__icontains=text)).order_by(
        "-pk"
    )[:20]
    items = (
        statement.visible_items(user).filter(reference__icontains=text).order_by("-pk")[:20] if may_see_items else []
    )
    shared = customer_queries.visible_shared(user).filter(Q(code__icontains=text) | Q(name__icontains=text))
    return Found(
        tuple(customers),
        tuple(document_queries.relative(d) for d in documents),
        tuple(statement.row(i, today=today) for i in items),
        tuple(shared.order_by("code")[:20]),
    )


def exact(user: Any, text: str) -> Customer | Document | None:
    """Return the one customer or document whose code or number is exactly `text`."""
    customer = customer_queries.visible(user).filter(code__iexact=text).first()
    if customer is not None:
        return customer
    found = list(document_queries.visible(user).filter(number__iexact=text)[:2])
    return found[0] if len(found) == 1 else None
