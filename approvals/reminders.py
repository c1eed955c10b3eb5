"""What a date alone brings about: a limit that is about to end, an overdue that has grown old, a hold that waits too long.

Each is told on the day that it comes to be so, whenever the sweep runs, and once.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import batched
from typing import Any

from approvals import alert_kinds, alerts
from approvals.alerts import Raised
from approvals.models import Hold
from creditrisk import slices
from creditrisk.facts import LimitState, Standing
from creditrisk.policy.compile import Policy
from customers.models import Customer

# A limit's renewal takes weeks: figures are asked for, levels decide.
EXPIRING_DAYS = 30
HOLD_DAYS = 3

# Of whom a date after the last sweep, up to `today`, may ask for a reminder.
CONCERNED = """
    SELECT DISTINCT b.customer_id FROM exposure_balance b
    JOIN unnest(%(ages)s::int[]) AS age ON b.day BETWEEN %(since)s - age AND %(today)s - age
    WHERE b.amount > 0
    UNION SELECT customer_id FROM customers_limit WHERE customer_id IS NOT NULL
      AND valid_to BETWEEN %(expiring_from)s AND %(expiring_to)s
    UNION SELECT m.customer_id FROM customers_limit l JOIN customers_sharedlimit_members m ON m.sharedlimit_id = l.shared_id
      WHERE l.valid_to BETWEEN %(expiring_from)s AND %(expiring_to)s
"""


def dates(last: date, today: date, *, policy: Policy) -> dict[str, Any]:
    """Return what `CONCERNED` asks of the days between `last` (exclusive) and `today`."""
    notice, since = timedelta(days=EXPIRING_DAYS), last + timedelta(days=1)
    return {
        "ages": list(policy.thresholds.ages), "since": since, "today": today,
        "expiring_from": since + notice, "expiring_to": today + notice,
    }  # fmt: skip


def expiring(standing: Standing, *, last: date, today: date) -> list[Raised]:
    """Return the alert that the limit in force ends within the days of notice, and did not when `last` was swept."""
    limit, notice = standing.limit, timedelta(days=EXPIRING_DAYS)
    if limit.last_day is None or limit.state == LimitState.DEFERRED or limit.last_day < today:
        return []
    if not last < limit.last_day - notice <= today:
        return []
    days = (limit.last_day - today).days
    return [("limit_expiring", {"customer": standing.code, "day": alert_kinds.day(limit.last_day), "days": days})]


def expired(standing: Standing, *, last: date, today: date) -> list[Raised]:
    """Return the alert that the limit in force ended since `last` was swept."""
    day = standing.limit.last_day
    if day is None or not last <= day < today or standing.limit.state == LimitState.DEFERRED:
        return []
    return [("limit_expired", {"customer": standing.code, "day": alert_kinds.day(day)})]


def review_due(customer: Customer, *, last: date, today: date) -> list[Raised]:
    """Return the alert that the customer's review fell due since `last` was swept."""
    review = customer.credit_account.next_review
    if review is None or not last < review <= today:
        return []
    return [("review_due", {"customer": customer.code, "day": alert_kinds.day(review)})]


def grown_old(before: Standing, after: Standing, ages: Iterable[int]) -> list[Raised]:
    """Return the alert for the greatest of these ages, in days, that the oldest overdue debt reached from below."""
    was, now_is = before.exposure.days_overdue, after.exposure.days_overdue
    reached = [days for days in sorted(ages) if was < days <= now_is]
    if not reached:
        return []
    overdue = alert_kinds.money(after.exposure.overdue, after.exposure.currency)
    return [(f"overdue_{reached[-1]}", {"customer": after.code, "overdue": overdue, "days": now_is})]


def tell_of_holds(*, last: date, today: date, now: datetime) -> int:
    """Write an alert for each hold that has waited its days since the last sweep; return how many."""
    wait = timedelta(days=HOLD_DAYS)
    waiting = Hold.objects.filter(open=True, opened_on__gt=last - wait, opened_on__lte=today - wait)
    found = waiting.select_related("document", "customer").order_by("pk").iterator(chunk_size=slices.AT_ONCE)
    count = 0
    for some in batched(found, slices.AT_ONCE):
        raised = [(h.customer_id, h.document_id, ("held_long", _waits(h, today))) for h in some]
        count += alerts.write_of_documents(raised, day=today, now=now)
    return count


def _waits(hold: Hold, today: date) -> dict[str, Any]:
    amount, days = alert_kinds.money(hold.amount, hold.currency), (today - hold.opened_on).days
    return {"document": str(hold.document), "customer": hold.customer.name, "amount": amount, "days": days}
