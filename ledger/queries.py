"""What is owed, as of any day: open items one by one, and aged by any key."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from creditrisk.money import ZERO
from ledger import rates

# By days past due; "current" is what is not late yet.
AGEING_BUCKETS = ("current", "1-30", "31-60", "61-90", "91+")

# What rows can be made of: the id, or the code where there is no row behind it. Missing ones are 0 or empty.
_KEYS: Mapping[str, str] = {
    "currency": "i.currency",
    "customer": "i.customer_id",
    "company": "i.company_id",
    "segment": "COALESCE(c.segment_id, 0)",
    "country": "c.country",
    "salesperson": "COALESCE(c.salesperson_id, 0)",
}


def age_names() -> tuple[str, ...]:
    """Return what these ages are called, in the reader's language."""
    return (_("Not due"), *(_("%(days)s days") % {"days": name} for name in AGEING_BUCKETS[1:]))


# What was open on a day is the amount less all that had settled it by then: later settlements are not looked at, so
# that any day of the past can be asked. So with marks: one that was changed later stood the other way before.
_OPEN = """
    WITH item AS MATERIALIZED (
        SELECT id, customer_id, company_id, currency, due, amount
        FROM ledger_openitem i
        WHERE COALESCE(booked_on, item_date) <= %(day)s
          AND (%(all_customers)s OR customer_id = ANY (%(customers)s))
          AND (%(all_companies)s OR company_id = ANY (%(companies)s))
          AND (%(everything)s OR NOT COALESCE(
              (SELECT NOT m."on" FROM ledger_itemmark m WHERE m.item_id = i.id AND m.mark = 'EXCLUDED' AND m.day > %(day)s
               ORDER BY m.day, m.id LIMIT 1), i.excluded))
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
    )
"""

_AGEING = """,
    late AS (
        SELECT {keys}, o.amount, %(day)s::date - i.due AS days
        FROM open o JOIN item i USING (id) {customer}
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


def _values(
    day: date, customer_ids: Iterable[int] | None, company_ids: Iterable[int] | None, *, everything: bool
) -> dict[str, Any]:
    return {
        "day": day,
        "all_customers": customer_ids is None,
        "customers": list(customer_ids or []),
        "all_companies": company_ids is None,
        "companies": list(company_ids or []),
        "everything": everything,
    }


def open_amounts(
    *, day: date, customer_ids: Iterable[int] | None = None, company_ids: Iterable[int] | None = None
) -> dict[int, Decimal]:
    """Return what was open of each item at the end of `day`, by its id; items left out of credit control too."""
    with connection.cursor() as cursor:
        cursor.execute(_OPEN + "SELECT id, amount FROM open", _values(day, customer_ids, company_ids, everything=True))
        return dict(cursor.fetchall())


def ageing(
    *,
    day: date,
    customer_ids: Iterable[int] | None = None,
    company_ids: Iterable[int] | None = None,
    by: Sequence[str] = ("currency",),
) -> list[AgeingRow]:
    """This will age what was open at the end of `day`, by due date: instalments less what had settled them by then.

    `by` names what rows are made of: "currency", "country", or the ids of "customer", "company", "segment",
    "salesperson" (0: none). Leave currency out only where there is one. None asks for all customers, or companies.
    Items that were left out of credit control on that day stay out, as they do of the exposure.
    """
    keys = ", ".join(f"{_KEYS[name]} AS by_{name}" for name in by)
    names = ", ".join(f"by_{name}" for name in by)
    customer = "JOIN customers_customer c ON c.id = i.customer_id" if "c." in keys else ""
    with connection.cursor() as cursor:
        cursor.execute(
            _OPEN + _AGEING.format(keys=keys, names=names, customer=customer),
            _values(day, customer_ids, company_ids, everything=False),
        )
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


def converted(rows: Iterable[AgeingRow], *, into: Mapping[int, str], day: date) -> list[AgeingRow]:
    """Return ageing by (key, company, currency) as ageing by (key, currency of the company), each sum rounded once.

    `into` gives each company's currency, by its id. Raises MissingRate for a currency that cannot be converted that day.
    """
    found = list(rows)
    known = rates.on(day, {*into.values(), *(str(row.key[2]) for row in found)})
    summed: dict[tuple[str | int, str], dict[str, dict[str, Decimal]]] = {}
    counts: dict[tuple[str | int, str], int] = {}
    for row in found:
        company, currency = int(row.key[1]), str(row.key[2])
        key = (row.key[0], into[company])
        counts[key] = counts.get(key, 0) + row.items
        for name, amount in (*row.buckets.items(), ("total", row.total)):
            cell = summed.setdefault(key, {}).setdefault(name, {})
            cell[currency] = cell.get(currency, ZERO) + amount
    result = []
    for key, cells in summed.items():
        amounts = {name: known.convert(by_currency, key[1]) for name, by_currency in cells.items()}
        result.append(AgeingRow(key, {n: amounts[n] for n in AGEING_BUCKETS}, amounts["total"], counts[key]))
    return sorted(result, key=lambda row: (str(row.key[1]), str(row.key[0])))
