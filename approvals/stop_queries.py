"""Who is stopped: suspended, stopped by hand or by the account's status; since, until, why, by whom, what is open."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q

from approvals.models import SuspensionChange
from creditrisk.roles import name_of
from customers import queries as customer_queries
from customers.models import CreditAccount, Customer, CustomerBlock, Stops
from documents import queries as document_queries


@dataclass(frozen=True)
class StopRow:
    """One reason why a customer is stopped. `what` is suspended, stop or status; `to_come` where it has not begun."""

    customer: Customer
    what: str
    orders: bool
    deliveries: bool
    since: date | datetime | None
    until: date | None
    why: str
    by: str
    to_come: bool
    documents: int
    sums: tuple[tuple[str, Decimal], ...]


def stopped(user: Any, *, today: date, what: str = "", text: str = "") -> list[StopRow]:
    """Return all that stops the customers that the reader may see, suspensions first; a fixed number of queries."""
    mine = customer_queries.visible(user).filter(merged_into__isnull=True).matching(text)
    found: list[dict[str, Any]] = []
    if what in ("", "suspended"):
        found += _suspensions(mine, today=today)
    if what in ("", "stop"):
        found += _stops(mine, today=today)
    if what in ("", "status"):
        found += _statuses(mine)
    return _with_documents(found)


def _suspensions(mine: Any, *, today: date) -> list[dict[str, Any]]:
    open_ended = Q(suspended_until__isnull=True) | Q(suspended_until__gte=today)
    accounts = list(
        CreditAccount.objects.filter(open_ended, suspended=True, customer__in=mine)
        .select_related("customer").order_by("customer__code")
    )  # fmt: skip
    last: dict[int, SuspensionChange] = {}
    began: dict[int, datetime] = {}
    changes = SuspensionChange.objects.filter(customer__in=[a.pk for a in accounts]).select_related("made_by")
    for change in changes.order_by("pk"):  # the beginning is the first change since the last lifting
        last[change.customer_id] = change
        if not change.suspended:
            began.pop(change.customer_id, None)
        else:
            began.setdefault(change.customer_id, change.made_at)
    return [
        {
            "customer": a.customer, "what": "suspended", "orders": True, "deliveries": True, "since": began.get(a.pk),
            "until": a.suspended_until, "why": a.suspended_reason, "by": _by(last.get(a.pk)), "to_come": False,
        }
        for a in accounts
    ]  # fmt: skip


def _by(change: SuspensionChange | None) -> str:
    if change is None:
        return ""
    who = name_of(change.made_by)
    return ", ".join(part for part in (who, change.source) if part)


def _stops(mine: Any, *, today: date) -> list[dict[str, Any]]:
    over = Q(valid_to__isnull=True) | Q(valid_to__gte=today)
    blocks = CustomerBlock.objects.filter(over, end__isnull=True, customer__in=mine)
    return [
        {
            "customer": b.customer, "what": "stop", "orders": b.orders, "deliveries": b.deliveries,
            "since": b.valid_from or b.placed_at, "until": b.valid_to, "why": b.note,
            "by": name_of(b.placed_by),
            "to_come": b.valid_from is not None and b.valid_from > today,
        }
        for b in blocks.select_related("customer", "placed_by").order_by("customer__code", "pk")
    ]  # fmt: skip


def _statuses(mine: Any) -> list[dict[str, Any]]:
    found = mine.filter(account_status__isnull=False).exclude(account_status__stops=Stops.NONE)
    return [
        {
            "customer": c, "what": "status", "orders": c.account_status.stops == Stops.ALL, "deliveries": True,
            "since": None, "until": None, "why": c.account_status.code, "by": "", "to_come": False,
        }
        for c in found.select_related("account_status").order_by("code")
    ]  # fmt: skip


def _with_documents(found: Iterable[dict[str, Any]]) -> list[StopRow]:
    found = list(found)
    counts: defaultdict[int, int] = defaultdict(int)
    sums: defaultdict[int, list[tuple[str, Decimal]]] = defaultdict(list)
    ids = sorted({row["customer"].pk for row in found})
    for debtor, currency, number, total in document_queries.open_by_debtor(ids):
        counts[debtor] += number
        sums[debtor].append((currency, total))
    return [StopRow(**row, documents=counts[row["customer"].pk], sums=tuple(sums[row["customer"].pk])) for row in found]
