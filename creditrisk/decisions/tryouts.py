"""Reading try-outs for pages: how far they are, and what would have come out otherwise, by rule, amount and customer.

Sums do not depend on who reads them; the rows that a reader gets are those of its companies.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.db import connection
from django.db.models import Case, Count, IntegerField, Max, OuterRef, Q, QuerySet, Subquery, Sum, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from creditrisk.decisions.models import Direction, TryOut, TryOutChange, TryOutPart
from creditrisk.language import number
from creditrisk.money import ZERO
from creditrisk.roles import companies_of

# Upper bounds of the bands in which amounts are shown, in the account's currency.
BANDS = tuple(Decimal(bound) for bound in (1_000, 5_000, 20_000, 100_000))
CUSTOMERS_SHOWN = 8
PATIENCE = timedelta(seconds=15)


@dataclass(frozen=True)
class Progress:
    """How far a try-out is: decisions looked at of so many, and what hindered it."""

    decisions: int
    looked_at: int
    judged: int
    unasked: int
    parts: int
    done: int
    failed: int
    error: str
    missing: Mapping[str, int]
    ended_at: datetime | None

    @property
    def is_running(self) -> bool:
        return self.done + self.failed < self.parts

    @property
    def percent(self) -> int:
        return self.looked_at * 100 // self.decisions if self.decisions else 100


@dataclass(frozen=True)
class Side:
    """So many decisions, of so much in one currency."""

    count: int = 0
    amount: Decimal = ZERO


@dataclass(frozen=True)
class Pair:
    """What would be held instead and what would no longer be, of one rule, band or customer."""

    name: str
    held: Side = Side()
    freed: Side = Side()


@dataclass(frozen=True)
class Group:
    """Pairs that are drawn on one scale, which goes up to `most`."""

    rows: tuple[Pair, ...]

    @property
    def most(self) -> Decimal:
        return max((max(p.held.amount, p.freed.amount) for p in self.rows), default=ZERO)


@dataclass(frozen=True)
class Picture:
    """What would be otherwise in one currency: in all, by rule, by amount, by the customers with the most."""

    currency: str
    whole: Pair
    rules: Group
    bands: Group
    customers: Group


def listed() -> QuerySet[TryOut]:
    """Return the try-outs, the newest first, with how many decisions were looked at and how many change sides."""
    parts = TryOutPart.objects.filter(tryout=OuterRef("pk"), done_at__isnull=False).order_by().values("tryout")
    return (
        TryOut.objects.select_related("asked_by")
        .annotate(
            judged=Coalesce(Subquery(parts.annotate(n=Sum("judged")).values("n")), 0),
            held=_changing(Direction.HELD),
            freed=_changing(Direction.FREED),
        )
        .order_by("-pk")
    )


def _changing(direction: Direction) -> Coalesce:
    rows = TryOutChange.objects.filter(tryout=OuterRef("pk"), direction=direction).order_by().values("tryout")
    return Coalesce(Subquery(rows.annotate(n=Count("pk")).values("n")), 0)


def progress(tryout: TryOut, *, attempts: int) -> Progress:
    """Return how far a try-out is; parts that failed `attempts` times are given up."""
    done = Q(done_at__isnull=False)
    given_up = Q(done_at__isnull=True, attempts__gte=attempts)
    found = tryout.parts.aggregate(
        parts=Count("pk"), done=Count("pk", filter=done), failed=Count("pk", filter=given_up),
        judged=Coalesce(Sum("judged", filter=done), 0), unasked=Coalesce(Sum("unasked", filter=done), 0),
        ended_at=Max("done_at"),
    )  # fmt: skip
    missing: defaultdict[str, int] = defaultdict(int)
    for sentences in tryout.parts.exclude(missing={}).values_list("missing", flat=True):
        for sentence, count in sentences.items():
            missing[sentence] += count
    error = tryout.parts.filter(given_up).values_list("error", flat=True).first() or ""
    looked_at = found["judged"] + sum(missing.values())
    return Progress(
        decisions=tryout.decisions, looked_at=looked_at, judged=found["judged"], unasked=found["unasked"],
        parts=found["parts"], done=found["done"], failed=found["failed"], error=error, missing=dict(missing),
        ended_at=found["ended_at"],
    )  # fmt: skip


def waits_for_worker(tryout: TryOut, progress: Progress, *, now: datetime) -> bool:
    """Return whether no worker has taken anything of it for longer than people expect."""
    return progress.is_running and now - (progress.ended_at or tryout.asked_at) > PATIENCE


def changes(tryout: TryOut, user: Any) -> QuerySet[TryOutChange]:
    """Return the decisions that would come out otherwise, on documents of the reader's companies.

    First those that change sides, the largest first.
    """
    companies = companies_of(user)
    every = TryOutChange.objects.filter(tryout=tryout).select_related("decision__document", "decision__customer")
    weight = Case(*(When(direction=d, then=n) for n, d in enumerate(Direction)), output_field=IntegerField())
    every = every.defer("decision__facts").annotate(weight=weight).order_by("weight", "-amount", "pk")
    return every if companies is None else every.filter(decision__document__company_id__in=companies)


def counts(tryout: TryOut) -> dict[str, int]:
    """Return how many decisions change in each direction; every direction is there."""
    found = dict(tryout.changes.values_list("direction").annotate(n=Count("pk")))
    return {direction.value: found.get(direction.value, 0) for direction in Direction}


def codes(tryout: TryOut) -> list[str]:
    """Return the reason codes that any change gained or lost."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT unnest(gained || lost) FROM decisions_tryoutchange WHERE tryout_id = %s ORDER BY 1",
            [tryout.pk],
        )
        return [code for (code,) in cursor.fetchall()]


_BY_RULE = """
    SELECT c.currency, code, c.direction, count(*), sum(c.amount)
    FROM decisions_tryoutchange c
    CROSS JOIN LATERAL unnest(CASE c.direction WHEN 'HELD' THEN c.gained ELSE c.lost END) AS code
    WHERE c.tryout_id = %s AND c.direction IN ('HELD', 'FREED') GROUP BY 1, 2, 3
"""

_BY_BAND = """
    SELECT c.currency, width_bucket(c.amount, %s::numeric[]), c.direction, count(*), sum(c.amount)
    FROM decisions_tryoutchange c WHERE c.tryout_id = %s AND c.direction IN ('HELD', 'FREED') GROUP BY 1, 2, 3
"""

_BY_CUSTOMER = """
    SELECT c.currency, u.name, c.direction, count(*), sum(c.amount)
    FROM decisions_tryoutchange c JOIN decisions_decision d ON d.id = c.decision_id
    JOIN customers_customer u ON u.id = d.customer_id
    WHERE c.tryout_id = %s AND c.direction IN ('HELD', 'FREED') GROUP BY 1, u.id, u.name, 3
"""


def pictures(tryout: TryOut) -> list[Picture]:
    """Return what would be held instead of passed and the reverse, currency by currency."""
    rules, bands = _pairs(_BY_RULE, [tryout.pk]), _pairs(_BY_BAND, [list(BANDS), tryout.pk])
    customers = _pairs(_BY_CUSTOMER, [tryout.pk])
    named = _bands()
    return [
        Picture(
            currency=currency,
            whole=_together(bands[currency].values()),
            rules=Group(_largest(rules[currency])),
            bands=Group(tuple(replace(bands[currency].get(n, Pair("")), name=name) for n, name in enumerate(named))),
            customers=Group(_largest(customers[currency])[:CUSTOMERS_SHOWN]),
        )
        for currency in sorted(bands)
    ]  # fmt: skip


def _bands() -> list[str]:
    """Return what the bands of amounts are called."""
    between = [_("%(low)s to %(high)s") % {"low": number(a), "high": number(b)} for a, b in pairwise(BANDS)]
    return [_("below %s") % number(BANDS[0]), *between, _("%s and more") % number(BANDS[-1])]


def _pairs(sql: str, values: list[Any]) -> defaultdict[str, dict[Any, Pair]]:
    found: defaultdict[str, dict[Any, Pair]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        for currency, name, direction, count, amount in cursor.fetchall():
            known = found[currency].get(name, Pair(str(name)))
            side = Side(count, amount)
            held, freed = (side, known.freed) if direction == Direction.HELD else (known.held, side)
            found[currency][name] = Pair(known.name, held, freed)
    return found


def _together(pairs: Any) -> Pair:
    every = list(pairs)
    return Pair(
        "",
        Side(sum(p.held.count for p in every), sum((p.held.amount for p in every), ZERO)),
        Side(sum(p.freed.count for p in every), sum((p.freed.amount for p in every), ZERO)),
    )


def _largest(pairs: Mapping[Any, Pair]) -> tuple[Pair, ...]:
    return tuple(sorted(pairs.values(), key=lambda p: p.held.amount + p.freed.amount, reverse=True))
