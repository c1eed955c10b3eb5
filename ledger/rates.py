"""Exchange rates on a day: the newest on or before it, direct or inverse."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.db import connection

from creditrisk.money import Rates


def on(day: date, currencies: Iterable[str]) -> Rates:
    """Return the rates between these currencies on `day`; no query where there is only one."""
    wanted = sorted({c for c in currencies if c})
    if len(wanted) < 2:
        return Rates(day)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (LEAST(source, target), GREATEST(source, target)) source, target, rate"
            " FROM ledger_exchangerate WHERE source = ANY (%s) AND target = ANY (%s) AND day <= %s"
            " ORDER BY LEAST(source, target), GREATEST(source, target), day DESC, id DESC",
            [wanted, wanted, day],
        )
        known: dict[tuple[str, str], Decimal] = {(source, target): rate for source, target, rate in cursor.fetchall()}
    return Rates(day, known)
