"""What a new day changes, found by the dates in the balances and limits, never by scanning everything."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import batched
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from approvals import alerts, causes, context, crossings, evaluation_requests, outlook, reminders, stopping
from approvals.alerts import Raised
from approvals.models import SweptDay
from creditrisk import slices
from creditrisk.clock import business_day
from creditrisk.exposure import ledger as exposure_ledger
from creditrisk.exposure.ledger import Touched
from creditrisk.policy import compile as policies
from creditrisk.policy.compile import Policy
from customers.models import Customer
from ledger.models import Effect, EffectEvent, EffectState

# A matured effect stays among the balances so much longer, in case it comes back or a grace is tried out.
MATURED_DAYS = 60

_CONCERNED = """
    SELECT DISTINCT customer_id FROM exposure_balance
    WHERE amount <> 0 AND (day BETWEEN %(overdue_from)s AND %(overdue_to)s OR day BETWEEN %(sbf_from)s AND %(sbf_to)s
      OR day BETWEEN %(coll_from)s AND %(coll_to)s OR day BETWEEN %(horizon_from)s AND %(horizon_to)s)
    UNION SELECT customer_id FROM customers_limit WHERE customer_id IS NOT NULL
      AND (valid_from BETWEEN %(since)s AND %(today)s OR valid_to BETWEEN %(before)s AND %(yesterday)s)
    UNION SELECT m.customer_id FROM customers_limit l JOIN customers_sharedlimit_members m ON m.sharedlimit_id = l.shared_id
      WHERE l.valid_from BETWEEN %(since)s AND %(today)s OR l.valid_to BETWEEN %(before)s AND %(yesterday)s
    UNION SELECT customer_id FROM customers_security
      WHERE valid_from BETWEEN %(since)s AND %(today)s OR valid_to BETWEEN %(before)s AND %(yesterday)s
    UNION SELECT customer_id FROM customers_creditaccount WHERE next_review BETWEEN %(since)s AND %(today)s
    UNION SELECT customer_id FROM customers_customerblock
      WHERE valid_from BETWEEN %(since)s AND %(today)s OR valid_to BETWEEN %(before)s AND %(yesterday)s
"""


# Beside them those of whom nothing but a reminder may be due: no hold rests on that.
_TOLD = f"""
    SELECT customer_id, bool_or(holds) FROM (
        SELECT customer_id, true AS holds FROM ({_CONCERNED}) c
        UNION ALL SELECT customer_id, false FROM ({reminders.CONCERNED}) r
    ) t GROUP BY customer_id ORDER BY customer_id
"""


# What they share with each other, or with somebody else.
_SHARED = f"""
    SELECT DISTINCT m.sharedlimit_id AS id FROM customers_sharedlimit_members m
    WHERE m.customer_id IN (SELECT customer_id FROM ({_TOLD}) told) ORDER BY id
"""


def concerned(last: date, today: date, *, policy: Policy) -> Iterator[list[tuple[int, bool]]]:
    """Return the customers, slice by slice, for whom a date passed after `last`, up to and including `today`.

    With each whether holds may rest on it; otherwise it is a reminder's.
    """
    return slices.of(_TOLD, _dates(last, today, policy=policy))


def _shared(last: date, today: date, *, policy: Policy) -> Iterator[list[int]]:
    """Return what these customers share, slice by slice."""
    for some in slices.of(_SHARED, _dates(last, today, policy=policy), size=crossings.AT_ONCE):
        yield [pk for (pk,) in some]


def _dates(last: date, today: date, *, policy: Policy) -> dict[str, Any]:
    one = timedelta(days=1)
    overdue, horizon = (
        timedelta(days=policy.overdue_grace_days),
        timedelta(days=policy.order_horizon_days or 0),
    )
    sbf, coll = (
        timedelta(days=policy.sbf_grace_days),
        timedelta(days=policy.collection_grace_days),
    )
    return {
        **reminders.dates(last, today, policy=policy),
        "overdue_from": last - overdue, "overdue_to": today - overdue - one,
        "sbf_from": last - sbf + one, "sbf_to": today - sbf,
        "coll_from": last - coll + one, "coll_to": today - coll,
        "horizon_from": last + horizon + one, "horizon_to": today + horizon,
        "since": last + one, "before": last, "yesterday": today - one, "today": today,
    }  # fmt: skip


def sweep(*, now: datetime) -> int:
    """Do what midnight does for every day since the last sweep; return how many customers were concerned.

    Running it twice, or days late, does no harm: it goes by the last day swept. What it tells is one transaction, slice
    by slice; what locks accounts has transactions of its own beside it, and goes by what is still to be done.
    """
    today, policy, count = business_day(now), policies.active(), 0
    is_new = not SweptDay.objects.filter(day__gte=today).exists()
    if is_new:
        stopping.end_suspensions(now=now)
        count = _new_day(today, policy=policy, now=now)
    if _let_matured_go(today, now=now, policy=policy) or is_new:
        exposure_ledger.delete_zero_balances()
    return count


@transaction.atomic
def _new_day(today: date, *, policy: Policy, now: datetime) -> int:
    SweptDay.objects.get_or_create(pk=1, defaults={"day": today - timedelta(days=1), "swept_at": now})
    swept = SweptDay.objects.select_for_update().get(pk=1)
    if swept.day >= today:
        return 0
    count = asked = 0
    for some in concerned(swept.day, today, policy=policy):
        _tell([pk for pk, _holds in some], last=swept.day, today=today, policy=policy, now=now)
        ids = [pk for pk, holds in some if holds]
        asked += evaluation_requests.write(ids, cause="new day", now=now)
        count += len(ids)
    shared = _shared(swept.day, today, policy=policy)
    crossings.tell_of_a_day(shared, last=swept.day, today=today, policy=policy, now=now)
    reminders.tell_of_holds(last=swept.day, today=today, now=now)
    outlook.tell(swept, today=today, policy=policy, now=now)
    for some in batched(causes.new_day(swept.day, today, rows=policy.rows), slices.AT_ONCE):
        asked += evaluation_requests.write(some, cause="new day", now=now)
    if asked:
        evaluation_requests.wake()
    swept.day, swept.swept_at = today, now
    swept.save(update_fields=["day", "swept_at", "entry"])
    return count


def _tell(ids: list[int], *, last: date, today: date, policy: Policy, now: datetime) -> None:
    customers = list(Customer.objects.filter(pk__in=ids).select_related("credit_account"))
    before = context.standings(customers, today=last, policy=policy)
    seen = context.look(ids, today=today, policy=policy)
    after = context.standings_in(seen, ids)
    found: dict[int, list[Raised]] = {}
    for customer in customers:
        if customer.pk not in before or customer.pk not in after:
            continue
        was, now_is, alerting = before[customer.pk], after[customer.pk], seen.alerting(customer.pk)
        found[customer.pk] = [
            *alerts.crossings(was, now_is, alerting.percents),
            *alerts.became_overdue(was, now_is, alerting.overdue_amount),
            *reminders.grown_old(was, now_is, alerting.overdue_days),
            *reminders.expiring(now_is, last=last, today=today),
            *reminders.expired(now_is, last=last, today=today),
            *reminders.review_due(customer, last=last, today=today),
        ]
    alerts.write_all(found, day=today, now=now)


def _let_matured_go(today: date, *, now: datetime, policy: Policy) -> int:
    """Take effects that matured long ago out of the balances; they may still come back unpaid. Return how many.

    So many at a time, each lot in a transaction of its own: whoever is locked there waits no longer than for one.
    """
    grace = max(policy.sbf_grace_days, policy.collection_grace_days) + MATURED_DAYS
    ripe = Effect.objects.filter(state=EffectState.PRESENTED, swept=False, due__lt=today - timedelta(days=grace))
    keys = ripe.order_by("customer_id", "pk").values_list("pk", "customer_id").iterator(chunk_size=slices.AT_ONCE)
    return sum(_let_go(ripe, some, today=today, now=now) for some in batched(keys, slices.AT_ONCE))


@transaction.atomic
def _let_go(ripe: QuerySet[Effect], some: Iterable[tuple[int, int]], *, today: date, now: datetime) -> int:
    ids, debtors = zip(*some, strict=True)
    context.lock(debtors)
    matured = list(ripe.filter(pk__in=ids).select_for_update(of=("self",)).order_by("pk"))
    for effect in matured:
        effect.swept = True
    Effect.objects.bulk_update(matured, ["swept"])
    EffectEvent.objects.bulk_create(EffectEvent(effect=e, step="matured", day=today, made_at=now) for e in matured)
    exposure_ledger.post(Touched(effects=frozenset(e.pk for e in matured)), day=today, now=now)
    return len(matured)
