"""Telling of a limit that will be broken before it is: once, and again only after it did not lie ahead any more.

Only those are looked at of whom something was booked or granted since the last sweep, of whom something that was expected
may have failed to come, and for whom a day comes into sight on which their limit changes. Shared limits likewise, of their
members.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from approvals import alerts
from approvals.alert_kinds import day as kept_day
from approvals.alerts import Raised, money
from approvals.models import Outlook, SharedOutlook, SweptDay
from creditrisk import slices
from creditrisk.money import ZERO
from creditrisk.monitoring import forward
from creditrisk.monitoring.forward import Curve
from creditrisk.policy.compile import Policy

# So far ahead a breach is told: time enough to ask for money, another day or a higher limit.
AHEAD_DAYS = 30
# Each shared limit comes with all its members.
SHARED_AT_ONCE = 50
# Entries take their numbers before they are committed: so many are read again, in case one of them came late.
AGAIN = 5000

# A branch's debts weigh in its heads' curves. UNION, not UNION ALL: a circle of parents ends.
_CONCERNED = """
    WITH RECURSIVE concerned (id) AS (
        SELECT customer_id FROM exposure_entry WHERE id > %(entry)s
        UNION SELECT customer_id FROM approvals_outlook WHERE again_on <= %(today)s OR breach_on <= %(today)s
        UNION SELECT customer_id FROM customers_limit WHERE customer_id IS NOT NULL
          AND (granted_at >= %(swept_at)s OR valid_from BETWEEN %(since)s AND %(sight)s
            OR kind = 'TEMPORARY' AND valid_to + 1 BETWEEN %(since)s AND %(sight)s)
        UNION SELECT customer_id FROM customers_security
          WHERE valid_from BETWEEN %(since)s AND %(sight)s OR valid_to + 1 BETWEEN %(since)s AND %(sight)s
    ), up (id) AS (
        SELECT id FROM concerned
        UNION SELECT c.parent_id FROM up JOIN customers_customer c ON c.id = up.id WHERE c.parent_id IS NOT NULL
    )
    SELECT id FROM up ORDER BY id
"""
# Of what the members owe, who they are, and what is granted to them together.
_SHARED = """
    SELECT m.sharedlimit_id AS id FROM customers_sharedlimit_members m
    WHERE m.customer_id IN (SELECT customer_id FROM exposure_entry WHERE id > %(entry)s)
    UNION SELECT shared_id FROM approvals_sharedoutlook WHERE again_on <= %(today)s OR breach_on <= %(today)s
    UNION SELECT shared_id FROM customers_limit WHERE shared_id IS NOT NULL
      AND (granted_at >= %(swept_at)s OR valid_from BETWEEN %(since)s AND %(sight)s
        OR kind = 'TEMPORARY' AND valid_to + 1 BETWEEN %(since)s AND %(sight)s)
    UNION SELECT (becomes ->> 'sharedlimit_id')::bigint FROM audit_change
      WHERE table_name = 'customers_sharedlimit_members' AND at >= %(swept_at)s AND becomes ? 'sharedlimit_id'
    ORDER BY id
"""


def concerned(swept: SweptDay, *, today: date) -> Iterator[list[int]]:
    """Return the customers, slice by slice, whose days ahead may look otherwise than at the last sweep."""
    for some in slices.of(_CONCERNED, _since(swept, today)):
        yield [pk for (pk,) in some]


def concerned_shared(swept: SweptDay, *, today: date) -> Iterator[list[int]]:
    """Return the same of shared limits."""
    for some in slices.of(_SHARED, _since(swept, today), size=SHARED_AT_ONCE):
        yield [pk for (pk,) in some]


def _since(swept: SweptDay, today: date) -> dict[str, Any]:
    ahead = timedelta(days=AHEAD_DAYS)
    return {
        "entry": swept.entry, "today": today, "swept_at": swept.swept_at,
        "since": swept.day + timedelta(days=1) + ahead, "sight": today + ahead,
    }  # fmt: skip


def newest_entry() -> int:
    """Return the newest entry there is."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT COALESCE(max(id), 0) FROM exposure_entry")
        return int(cursor.fetchone()[0])


def tell(swept: SweptDay, *, today: date, policy: Policy, now: datetime) -> int:
    """Write an alert for each breach that came into sight; return how many customers and shared limits were looked at."""
    newest, count = newest_entry(), 0
    for some in concerned(swept, today=today):
        curves = forward.look(some, today=today, days=AHEAD_DAYS, policy=policy, every_day=False)
        alerts.write_all({pk: [_breach(c)] for pk, c in _new(Outlook, "customer", some, curves)}, day=today, now=now)
        count += len(some)
    for some in concerned_shared(swept, today=today):
        curves = forward.look_shared(some, today=today, days=AHEAD_DAYS, policy=policy, every_day=False)
        found = {pk: [_breach_of_shared(c)] for pk, c in _new(SharedOutlook, "shared", some, curves)}
        alerts.write_of_shared(found, day=today, now=now)
        count += len(some)
    swept.entry = max(newest - AGAIN, swept.entry)
    return count


_KEEP = """
    INSERT INTO {table} ({owner}_id, again_on, breach_on) SELECT * FROM unnest(%s::bigint[], %s::date[], %s::date[])
    ON CONFLICT ({owner}_id) DO UPDATE SET again_on = EXCLUDED.again_on, breach_on = EXCLUDED.breach_on
"""


def _new(kept: Any, owner: str, ids: Sequence[int], curves: Mapping[int, Curve]) -> list[tuple[int, Curve]]:
    """Keep what is known of the days ahead of these owners; return those whose breach nobody was told of."""
    rows = kept.objects.filter(pk__in=ids).values_list("pk", "again_on", "breach_on")
    known = {pk: (again, breach_on) for pk, again, breach_on in rows}
    found, keep, forget = [], [], []
    for pk, curve in curves.items():
        was, becomes = known.get(pk, (None, None)), (again_on(curve), curve.breach.day if curve.breach else None)
        if curve.breach is not None and was[1] is None:
            found.append((pk, curve))
        if was == becomes:
            continue
        if becomes == (None, None):
            forget.append(pk)
        else:
            keep.append((pk, *becomes))
    if keep:
        with connection.cursor() as cursor:
            statement = _KEEP.format(table=kept._meta.db_table, owner=owner)
            cursor.execute(statement, [list(column) for column in zip(*keep, strict=True)])
    if forget:
        kept.objects.filter(pk__in=forget).delete()
    return found


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
    values = {"customer": curve.code, **_figures(curve)}
    return ("breach_ahead", {**values, "says": "limit"} if curve.by_limit else values)


def _breach_of_shared(curve: Curve) -> Raised:
    says = "shared_limit" if curve.by_limit else "shared"
    return ("breach_ahead", {"shared": curve.code, **_figures(curve), "says": says})


def _figures(curve: Curve) -> dict[str, Any]:
    breach = curve.breach
    assert breach is not None
    limit: Decimal = breach.limit if breach.limit is not None else ZERO
    return {
        "day": kept_day(breach.day), "total": money(breach.total, curve.currency), "limit": money(limit, curve.currency),
    }  # fmt: skip
