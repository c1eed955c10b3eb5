"""What a date alone brings about: a limit that is about to end, an overdue that has grown old, a hold that waits too long.

Each is told on the day that it comes to be so, whenever the sweep runs, and once.
"""

from datetime import date, datetime, timedelta

from django.db import connection

from approvals import alerts
from approvals.models import Hold
from creditrisk.facts import LimitState, Standing
from creditrisk.money import figure

# A limit's renewal takes weeks: figures are asked for, levels decide.
EXPIRING_DAYS = 30
OVERDUE_DAYS = (30, 60, 90)
HOLD_DAYS = 3

_CONCERNED = """
    SELECT DISTINCT b.customer_id FROM exposure_balance b
    JOIN unnest(%(ages)s::int[]) AS age ON b.day BETWEEN %(since)s - age AND %(today)s - age
    WHERE b.amount > 0
    UNION SELECT customer_id FROM customers_limit WHERE customer_id IS NOT NULL
      AND valid_to BETWEEN %(expiring_from)s AND %(expiring_to)s
    UNION SELECT m.customer_id FROM customers_limit l JOIN customers_sharedlimit_members m ON m.sharedlimit_id = l.shared_id
      WHERE l.valid_to BETWEEN %(expiring_from)s AND %(expiring_to)s
"""


def concerned(last: date, today: date) -> set[int]:
    """Return the customers of whom a date between `last` (exclusive) and `today` may ask for a reminder."""
    notice, since = timedelta(days=EXPIRING_DAYS), last + timedelta(days=1)
    values = {
        "ages": list(OVERDUE_DAYS), "since": since, "today": today,
        "expiring_from": since + notice, "expiring_to": today + notice,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_CONCERNED, values)
        return {row[0] for row in cursor.fetchall()}


def expiring(standing: Standing, *, last: date, today: date) -> list[tuple[str, str]]:
    """Return the alert that the limit in force ends within the days of notice, and did not when `last` was swept."""
    limit, notice = standing.limit, timedelta(days=EXPIRING_DAYS)
    if limit.last_day is None or limit.state == LimitState.DEFERRED or limit.last_day < today:
        return []
    if not last < limit.last_day - notice <= today:
        return []
    days = (limit.last_day - today).days
    return [("limit_expiring", f"The limit of {standing.code} ends on {limit.last_day:%d %b %Y}, in {days} days.")]


def grown_old(before: Standing, after: Standing) -> list[tuple[str, str]]:
    """Return the alert for the greatest age that the oldest overdue debt reached from below."""
    was, now_is = before.exposure.days_overdue, after.exposure.days_overdue
    reached = [days for days in OVERDUE_DAYS if was < days <= now_is]
    if not reached:
        return []
    exposure = after.exposure
    amount = figure(exposure.overdue, exposure.currency)
    text = f"{after.code} has {exposure.currency} {amount} overdue, the oldest for {now_is} days."
    return [(f"overdue_{reached[-1]}", text)]


def tell_of_holds(*, last: date, today: date, now: datetime) -> int:
    """Write an alert for each hold that has waited its days since the last sweep; return how many."""
    wait = timedelta(days=HOLD_DAYS)
    waiting = Hold.objects.filter(open=True, opened_on__gt=last - wait, opened_on__lte=today - wait)
    found = list(waiting.select_related("document", "customer").order_by("pk"))
    for hold in found:
        amount, days = figure(hold.amount, hold.currency), (today - hold.opened_on).days
        text = f"{hold.document} of {hold.customer.name}, {hold.currency} {amount}, has been held for {days} days."
        alerts.write(
            [("held_long", text)], customer_id=hold.customer_id, document_id=hold.document_id, day=today, now=now
        )
    return len(found)
