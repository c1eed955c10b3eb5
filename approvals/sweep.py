"""What a new day changes, found by the dates in the balances and limits, never by scanning everything."""

from datetime import date, datetime, timedelta

from django.db import connection, transaction

from approvals import alerts, causes, context, crossings, evaluation_requests, outlook, reminders, stopping
from approvals.alerts import Raised
from approvals.models import SweptDay
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


def concerned(last: date, today: date, *, policy: Policy) -> list[int]:
    """Return the customers for whom a date passed after `last`, up to and including `today`."""
    one = timedelta(days=1)
    overdue, horizon = (
        timedelta(days=policy.overdue_grace_days),
        timedelta(days=policy.order_horizon_days or 0),
    )
    sbf, coll = (
        timedelta(days=policy.sbf_grace_days),
        timedelta(days=policy.collection_grace_days),
    )
    values = {
        "overdue_from": last - overdue, "overdue_to": today - overdue - one,
        "sbf_from": last - sbf + one, "sbf_to": today - sbf,
        "coll_from": last - coll + one, "coll_to": today - coll,
        "horizon_from": last + horizon + one, "horizon_to": today + horizon,
        "since": last + one, "before": last, "yesterday": today - one, "today": today,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_CONCERNED, values)
        return sorted(row[0] for row in cursor.fetchall())


@transaction.atomic
def sweep(*, now: datetime) -> int:
    """Do what midnight does for every day since the last sweep; return how many customers were concerned.

    Running it twice, or days late, does no harm: it goes by the last day swept.
    """
    today, policy = business_day(now), policies.active()
    SweptDay.objects.get_or_create(pk=1, defaults={"day": today - timedelta(days=1), "swept_at": now})
    swept = SweptDay.objects.select_for_update().get(pk=1)
    if swept.day >= today:
        return 0
    stopping.end_suspensions(now=now)
    ids = concerned(swept.day, today, policy=policy)
    told = sorted({*ids, *reminders.concerned(swept.day, today, policy=policy)})
    for start in range(0, len(told), 500):
        _tell(
            told[start : start + 500],
            last=swept.day,
            today=today,
            policy=policy,
            now=now,
        )
    crossings.tell_of_a_day(told, last=swept.day, today=today, policy=policy, now=now)
    reminders.tell_of_holds(last=swept.day, today=today, now=now)
    outlook.tell(swept, today=today, policy=policy, now=now)
    by_rule = causes.new_day(swept.day, today, rows=policy.rows)
    evaluation_requests.ask({*ids, *by_rule}, cause="new day", now=now)
    _let_matured_go(today, now=now, policy=policy)
    exposure_ledger.delete_zero_balances()
    swept.day, swept.swept_at = today, now
    swept.save(update_fields=["day", "swept_at", "entry"])
    return len(ids)


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


def _let_matured_go(today: date, *, now: datetime, policy: Policy) -> None:
    """Take effects that matured long ago out of the balances; they may still come back unpaid."""
    grace = max(policy.sbf_grace_days, policy.collection_grace_days) + MATURED_DAYS
    ripe = Effect.objects.filter(state=EffectState.PRESENTED, swept=False, due__lt=today - timedelta(days=grace))
    debtors = set(ripe.values_list("customer_id", flat=True))
    if not debtors:
        return
    context.lock(sorted(debtors))
    matured = list(ripe.filter(customer__in=debtors).select_for_update(of=("self",)).order_by("pk"))
    if not matured:
        return
    for effect in matured:
        effect.swept = True
    Effect.objects.bulk_update(matured, ["swept"])
    EffectEvent.objects.bulk_create(EffectEvent(effect=e, step="matured", day=today, made_at=now) for e in matured)
    exposure_ledger.post(Touched(effects=frozenset(e.pk for e in matured)), day=today, now=now)
