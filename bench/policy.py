"""A decision under a policy of 200 active rows beside one under 5, on the same server, taken in turns.

The 200 are what a large rule book looks like: rows for all, by risk class, for groups and for single customers, of every
rule. Beside them stands the worst case: 200 rows that all speak of the customer. Everything happens in one transaction
that is rolled back, so nothing is left behind, and no commit makes the decisions look alike.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from bench.gate import House, Timing, timing
from bench.results import Bound, Table
from creditrisk.policy import compile as policies
from creditrisk.policy.models import RuleRow
from customers.models import CreditAccount, CreditGroup, Customer, RiskClass

FEW, MANY = 5, 200
# So many times a decision under few rows at most: a large rule book says little of one customer, and each row that does
# is measured and kept.
MOST = {"many": 1.3, "every": 1.6}
BLOCK = 10  # so many decisions under one policy, then as many under the next
MOST_TIMES = 200  # Nothing is cleared away inside one transaction, so each decision finds more left by those before.

VALUES: tuple[dict[str, Any], ...] = (
    {"rule_id": "days_overdue", "days": 400},
    {"rule_id": "limit_expired", "days": 400},
    {"rule_id": "order_amount", "amount": Decimal(10**9)},
    {"rule_id": "limit_used", "percent": Decimal(1000)},
    {"rule_id": "review_overdue", "days": 400},
)


@dataclass(frozen=True)
class Compared:
    """The timings of a confirm under each policy, and how often the content of a policy was read for each version."""

    timings: dict[str, Timing]
    reads: int
    versions: int

    def ratio(self, name: str) -> float:
        """Return how much longer a decision takes under a policy than under the one of few rows."""
        return self.timings[name].median / self.timings["few"].median


def measure(*, now: datetime, times: int, say: Callable[[str], Any]) -> Compared:
    """Return what a confirm costs under few rows, under a large rule book, and where every row speaks of the customer."""
    with transaction.atomic():
        try:
            return _measure(now=now, times=times, say=say)
        finally:
            transaction.set_rollback(True)


def _measure(*, now: datetime, times: int, say: Callable[[str], Any]) -> Compared:
    house = House(now=now)
    owner = house.customer("bench-owner")
    sets = {
        "few": [RuleRow(**values) for values in VALUES],
        "many": _rule_book(owner, now=now),
        "every": [RuleRow(**values) for _ in range(MANY // len(VALUES)) for values in VALUES],
    }
    say(f"A confirm under {FEW} rows, under the {MANY} of a large rule book, and under {MANY} for this very customer.")
    found: dict[str, list[float]] = {name: [] for name in sets}
    reads = versions = 0
    for block in range(-1, max(min(times, MOST_TIMES) // BLOCK, 1)):  # the first one warms caches and plans
        for name, rows in sets.items():
            _put_in_force(rows, now=now)
            orders = [house.order(owner) for _ in range(BLOCK)]
            versions += 1
            for order in orders:
                began = time.perf_counter()
                house.confirm(order)
                if block >= 0:
                    found[name].append(time.perf_counter() - began)
            with CaptureQueriesContext(connection) as seen:
                policies.active()
            reads += sum("content" in query["sql"] for query in seen)
    return Compared({name: timing(name, seconds) for name, seconds in found.items()}, reads, versions)


def _put_in_force(rows: list[RuleRow], *, now: datetime) -> None:
    RuleRow.objects.all().delete()
    for row in rows:
        row.pk = None
    RuleRow.objects.bulk_create(rows)
    policies.save_version(by=None, now=now, note="bench")


def _rule_book(owner: Customer, *, now: datetime) -> list[RuleRow]:
    """Return 200 rows: for all, for the owner's group and risk class, for other groups and classes, for 100 customers."""
    groups = [CreditGroup.objects.get_or_create(code=f"BENCH{n}")[0] for n in range(10)]
    classes = [
        RiskClass.objects.get_or_create(code=f"BENCH{n}", defaults={"score_from": n, "score_to": n})[0]
        for n in range(5)
    ]
    CreditAccount.objects.filter(pk=owner.pk).update(credit_group=groups[0], risk_class=classes[0])
    company, terms = owner.company, owner.terms
    others = Customer.objects.bulk_create(
        Customer(code=f"bench{n}-{now:%H%M%S%f}", name="Bench", company=company, currency="EUR", terms=terms)
        for n in range(100)
    )
    rows = [RuleRow(**values) for values in VALUES]
    rows += [RuleRow(**values, risk_class=of) for values in VALUES for of in classes]
    rows += [RuleRow(**values, scope="GROUP", group=group) for values in VALUES for group in groups]
    rows += [RuleRow(**VALUES[n % 5], scope="CUSTOMER", customer=other) for n, other in enumerate([owner, *others])]
    return [*rows, *(RuleRow(**values, kind="EXCLUDE", scope="GROUP", group=g) for g in groups for values in VALUES)][
        :MANY
    ]


def table(found: Compared) -> Table:
    """Return the timings as they are told, beside a policy of few rows."""
    names = {
        "few": f"confirm, {FEW} rows",
        "many": f"confirm, {MANY} rows of a large rule book",
        "every": f"confirm, {MANY} rows, every one applies",
    }
    rows = [
        (title, found.timings[name].median, found.timings[name].p95, found.ratio(name)) for name, title in names.items()
    ]
    bounds = [Bound(f"{names[name]} beside {FEW}", found.ratio(name), most) for name, most in MOST.items()]
    bounds.append(Bound("policies read twice", found.reads, 0))
    return Table(
        "policy", "What a large rule book adds to a decision", ("", "median ms", "95 % ms", "x few"), rows, bounds
    )
