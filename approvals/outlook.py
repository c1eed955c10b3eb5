"""Telling of a limit that will be broken before it is: once, and again only after it did not lie ahead any more.

Only those are looked at of whom something was booked or granted since the last sweep, of whom something that was expected
may have failed to come, and for whom a day comes into sight on which their limit changes.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import connection

from approvals import alerts
from approvals.alert_kinds import day as kept_day
from approvals.alerts import Raised, money
from approvals.models import Outlook, SweptDay
from creditrisk.money import ZERO
from creditrisk.monitoring import forward
from creditrisk.monitoring.forward import Curve
from creditrisk.policy.compile import Policy
from customers import limits

# So far ahead a breach is told: time enough to ask for money, another day or a higher limit.
AHEAD_DAYS = 30
AT_ONCE = 500
# Entries take their numbers before they are committed: so many are read again, in case one of them came late.
AGAIN = 5000

_CONCERNED = """
    SELECT customer_id FROM exposure_entry WHERE id > %(entry)s
    UNION SELECT customer_id FROM approvals_outlook WHERE again_on <= %(today)s OR breach_on <= %(today)s
    UNION SELECT customer_id FROM customers_limit WHERE customer_id IS NOT NULL
      AND (granted_at >= %(swept_at)s OR valid_from BETWEEN %(since)s AND %(sight)s
        OR kind = 'TEMPORARY' AND valid_to + 1 BETWEEN %(since)s AND %(sight)s)
    UNION SELECT customer_id FROM customers_security
      WHERE valid_from BETWEEN %(since)s AND %(sight)s OR valid_to + 1 BETWEEN %(since)s AND %(sight)s
"""


def concerned(swept: SweptDay, *, today: date) -> tuple[list[int], int]:
    """Return the customers whose days ahead may look otherwise than at the last sweep, and the newest entry there is."""
    ahead = timedelta(days=AHEAD_DAYS)
    values = {
        "entry": swept.entry, "today": today, "swept_at": swept.swept_at,
        "since": swept.day + timedelta(days=1) + ahead, "sight": today + ahead,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SELECT COALESCE(max(id), 0) FROM exposure_entry")
        newest = cursor.fetchone()[0]
        cursor.execute(_CONCERNED, values)
        ids = [row[0] for row in cursor.fetchall()]
    return (limits.family(ids).accounts if ids else []), newest  # what a branch owes weighs in its heads' curves


def tell(swept: SweptDay, *, today: date, policy: Policy, now: datetime) -> int:
    """Write an alert for each breach that came into sight; return how many customers were looked at."""
    ids, newest = concerned(swept, today=today)
    for start in range(0, len(ids), AT_ONCE):
        _tell(ids[start : start + AT_ONCE], today=today, policy=policy, now=now)
    swept.entry = max(newest - AGAIN, swept.entry)
    return len(ids)


def _tell(ids: list[int], *, today: date, policy: Policy, now: datetime) -> None:
    known = dict(Outlook.objects.filter(customer__in=ids).values_list("customer_id", "breach_on"))
    found: dict[int, list[Raised]] = {}
    keep, forget = [], []
    for pk, curve in forward.look(ids, today=today, days=AHEAD_DAYS, policy=policy).items():
        breach, again = curve.breach, again_on(curve)
        if breach is not None and known.get(pk) is None:
            found[pk] = [_breach(curve)]
        if breach is not None or again is not None:
            keep.append(Outlook(customer_id=pk, again_on=again, breach_on=breach.day if breach else None))
        elif pk in known:
            forget.append(pk)
    Outlook.objects.bulk_create(
        keep, update_conflicts=True, unique_fields=["customer"], update_fields=["again_on", "breach_on"]
    )
    Outlook.objects.filter(customer__in=forget).delete()
    alerts.write_all(found, day=today, now=now)


def again_on(curve: Curve) -> date | None:
    """Return the first day on which the curve may turn out otherwise by the passing of time alone, if that could matter.

    That is when money does not come on the day on which it is expected, or when an order comes into sight. Whoever would
    keep to the limit with everything that is booked and no payment at all need not be looked at.
    """
    lowest = min((d.limit for d in curve.days if d.limit is not None), default=None)
    if lowest is None or curve.at_worst <= lowest:
        return None
    ahead = timedelta(days=AHEAD_DAYS)
    today = curve.days[0].day
    days = [*curve.turns, *(max(first - ahead, today + timedelta(days=1)) for first in curve.beyond)]
    return min(days, default=None)


def _breach(curve: Curve) -> Raised:
    breach = curve.breach
    assert breach is not None
    limit: Decimal = breach.limit if breach.limit is not None else ZERO
    values = {
        "customer": curve.code, "day": kept_day(breach.day), "total": money(breach.total, curve.currency),
        "limit": money(limit, curve.currency),
    }  # fmt: skip
    return ("breach_ahead", {**values, "says": "limit"} if curve.by_limit else values)
