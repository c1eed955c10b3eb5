"""What is owed, read for pages: the ageing of receivables as of any day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

# By days past due; "current" is what is not late yet.
AGEING_BUCKETS = ("current", "1-30", "31-60", "61-90", "91+")

_KEYS = {"currency": "i.currency", "customer": "i.customer_id", "company": "i.company_id"}

# What was open on a day is the amount less all that had settled it by then: later settlements are not looked at, so
# that any day of the past can be asked. Items left out of credit control stay out, as they do of the exposure.
_AGEING = """
    WITH item AS MATERIALIZED (
        SELECT id, customer_id, company_id, currency, due, amount
        FROM ledger_openitem
        WHERE item_date <= %(day)s AND NOT excluded
          AND (%(all_customers)s OR customer_id = ANY (%(customers)s))
          AND (%(all_companies)s OR company_id = ANY (%(companies)s))
    ), movement AS (
        SELECT id, amount FROM item
        UNION ALL
        SELECT i.id, -a.amount FROM item i JOIN ledger_allocation a ON a.debit_id = i.id WHERE a.day <= %(day)s
        UNION ALL
        SELECT i.id, a.amount FROM item i JOIN ledger_allocation a ON a.credit_id = i.id WHERE a.day <= %(day)s
        UNION ALL
        SELECT i.id, -c.amount FROM item i JOIN ledger_effectitem c ON c.item_id = i.id
        JOIN ledger_effect e ON e.id = c.effect_id WHERE e.issued_on <= %(day)s
    ), open AS (
        SELECT id, SUM(amount) AS amount FROM movement GROUP BY id HAVING SUM(amount) <> 0
    ), late AS (
        SELECT {keys}, o.amount, %(day)s::date - i.due AS days FROM open o JOIN item i USING (id)
    )
    SELECT {names},
           COALESCE(SUM(amount) FILTER (WHERE days <= 0), 0),
           COALESCE(SUM(amount) FILTER (WHERE days BETWEEN 1 AND 30), 0),
           COALESCE(SUM(amount) FILTER (WHERE days BETWEEN 31 AND 60), 0),
           COALESCE(SUM(amount) FILTER (WHERE days BETWEEN 61 AND 90), 0),
           COALESCE(SUM(amount) FILTER (WHERE days > 90), 0),
           SUM(amount), COUNT(*)
    FROM late GROUP BY {names} ORDER BY {names}
"""


@dataclass(frozen=True)
class AgeingRow:
    """What is open under one key (in the order of `by`), by days past due; amounts in the items' own currency."""

    key: tuple[str | int, ...]
    buckets: dict[str, Decimal]
    total: Decimal
    items: int = 0


def ageing(
    *,
    day: date,
    customer_ids: Iterable[int] | None = None,
    company_ids: Iterable[int] | None = None,
    by: Sequence[str] = ("currency",),
) -> list[AgeingRow]:
    """This will age what was open at the end of `day`, by due date: instalments less what had settled them by then.

    `by` names what rows are made of: "currency", "customer" (its id), "company" (its id). Leave currency out only
    where there is one. None asks for all customers, or all companies.
    """
    keys = ", ".join(f"{_KEYS[name]} AS by_{name}" for name in by)
    names = ", ".join(f"by_{name}" for name in by)
    values: dict[str, Any] = {
        "day": day,
        "all_customers": customer_ids is None,
        "customers": list(customer_ids or []),
        "all_companies": company_ids is None,
        "companies": list(company_ids or []),
    }
    with connection.cursor() as cursor:
        cursor.execute(_AGEING.format(keys=keys, names=names), values)
        rows = cursor.fetchall()
    width = len(by)
    return [
        AgeingRow(
            key=tuple(row[:width]),
            buckets=dict(zip(AGEING_BUCKETS, row[width:-2], strict=True)),
            total=row[-2],
            items=row[-1],
        )
        for row in rows
    ]
