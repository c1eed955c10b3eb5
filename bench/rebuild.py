"""Rebuilding the exposure ledger beside the bare `INSERT ... SELECT ... GROUP BY` of the same open rows, in one run.

The floor reads the same rows through the same view and writes their sums into a bare table: once without an index, and
once with the indexes that the entries have. The rebuild writes every entry with its indexes and every balance with its
key, in slices that other people's documents pass. They are taken in turns over a fifth of the customers at a time, so
that they meet the same machine; what is told is the median of the five ratios.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection, transaction

from bench.results import Bound, Table
from creditrisk.clock import business_day
from creditrisk.exposure import ledger
from creditrisk.exposure.ledger import Scope
from customers.models import Company, Customer

# Of a customer's open rows, each of so much: confirmed orders, open items, effects.
TWENTY, TEN, EACH = (8, 10, 2), (4, 5, 1), 100
ROWS = sum(TWENTY)
# Of so many customers one had more until yesterday, and another has more for two days yet: both owe more than is left then.
RAISED_OF = 50

_FILL = (
    "INSERT INTO customers_customer (code, name, company_id, currency, country, email, address, tax_number)"
    " SELECT %(stamp)s || '-' || g, 'Bench ' || g, %(company)s, 'EUR', '', '', '', ''"
    " FROM generate_series(1, %(customers)s) g",
    "INSERT INTO customers_creditaccount (customer_id, control, group_control, companies_summed, excluded,"
    " authorise_orders, authorise_deliveries, suspended, suspended_reason)"
    " SELECT id, 'BLOCK', '', false, false, false, false, false, '' FROM customers_customer"
    " WHERE code LIKE %(stamp)s || '-%%'",
    "WITH d AS (INSERT INTO documents_document (kind, number, state, company_id, customer_id, debtor_id, currency, total,"
    " ship_date, document_date, channel, note, revision, entered_at)"
    " SELECT 'ORDER', c.code || '-' || g, 'CONFIRMED', c.company_id, c.id, c.id, 'EUR', 100,"
    " %(day)s::date + (g * 7), %(day)s, '', '', 1, %(now)s FROM customers_customer c, generate_series(1, %(orders)s) g"
    " WHERE c.code LIKE %(stamp)s || '-%%' RETURNING id)"
    " INSERT INTO documents_line (document_id, position, text, quantity, price, discount_percent, tax_percent, amount,"
    " settled, drafted) SELECT id, 1, '', 1, 100, 0, 0, 100, 0, 0 FROM d",
    "INSERT INTO ledger_openitem (company_id, customer_id, kind, reference, instalment, currency, amount, open_amount,"
    " item_date, due, disputed, dispute_reason, excluded, provisional, posted_at)"
    " SELECT c.company_id, c.id, 'INVOICE', 'I' || g, 1, 'EUR', 100, 100, %(day)s::date - 60,"
    " %(day)s::date + (g * 9)::int - 30 - (c.id %% 9)::int, false, '', false, false, %(now)s"
    " FROM customers_customer c, generate_series(1, %(items)s) g WHERE c.code LIKE %(stamp)s || '-%%'",
    "INSERT INTO ledger_effect (company_id, customer_id, number, kind, state, currency, amount, due, issued_on, swept)"
    " SELECT c.company_id, c.id, c.code || '-E' || g, 'RIBA', 'ISSUED', 'EUR', 100, %(day)s::date + g * 30, %(day)s, false"
    " FROM customers_customer c, generate_series(1, %(effects)s) g WHERE c.code LIKE %(stamp)s || '-%%'",
    "INSERT INTO customers_limit (customer_id, kind, state, amount, currency, valid_from, reason, granted_at)"
    " SELECT id, 'BASE', 'AMOUNT', CASE WHEN id %% %(raised_of)s < 2 THEN %(owed)s * 4 / 5"
    " ELSE %(owed)s * 3 / 4 + id %% (%(owed)s * 3 / 4) END, 'EUR', %(day)s::date - 90, '', %(now)s"
    " FROM customers_customer WHERE code LIKE %(stamp)s || '-%%'",
    "INSERT INTO customers_limit (customer_id, kind, state, amount, currency, valid_from, valid_to, reason, granted_at)"
    " SELECT id, 'TEMPORARY', 'AMOUNT', %(owed)s * 2, 'EUR', %(day)s::date - 30,"
    " %(day)s::date + CASE id %% %(raised_of)s WHEN 0 THEN -1 ELSE 2 END, '', %(now)s"
    " FROM customers_customer WHERE code LIKE %(stamp)s || '-%%' AND id %% %(raised_of)s < 2",
)

_FLOOR = """
    INSERT INTO rebuild_floor (origin, source_id, customer_id, company_id, bucket, day, currency, amount,
                               effective_on, recorded_at)
    SELECT origin, source_id, customer_id, company_id, bucket, day, currency, SUM(amount), current_date, now()
    FROM exposure_formula WHERE customer_id BETWEEN %s AND %s
    GROUP BY origin, source_id, customer_id, company_id, bucket, day, currency
"""
PARTS = 5
MOST = 3


@dataclass(frozen=True)
class Laps:
    """The seconds of one kind of work over each part of the rows."""

    name: str
    rows: int
    seconds: tuple[float, ...]

    @property
    def a_second(self) -> float:
        return self.rows / sum(self.seconds)

    def times(self, floor: "Laps") -> float:
        """Return how much longer than the floor it took: the median over the parts."""
        return statistics.median(mine / bare for mine, bare in zip(self.seconds, floor.seconds, strict=True))


def measure(*, now: datetime, customers: int, say: Callable[[str], Any]) -> list[Laps]:
    """Return the laps of both floors and of the rebuild over as many customers with twenty open rows each."""
    day, stamp = business_day(now), f"R{now:%H%M%S%f}"
    say(f"Filling {customers:,} customers with {customers * ROWS:,} open rows.")
    first, last = fill(customers, stamp, day=day, now=now)
    size = (last - first) // PARTS + 1
    bare, indexed, rebuilt = [], [], []
    for start in range(first, last + 1, size):
        end = min(start + size - 1, last)
        scope = Scope(list(range(start, end + 1)))
        bare.append(_bare(start, end))
        rebuilt.append(_seconds(lambda scope=scope: ledger.rebuild(day=day, now=now, scope=scope)))  # type: ignore[misc]
        indexed.append(_bare(start, end, indexed=True))
    found = ledger.audit(list(range(first, last + 1)))
    assert not found.total, f"the audit finds {found.total}"
    rows = customers * ROWS
    return [
        Laps("bare INSERT ... SELECT ... GROUP BY", rows, tuple(bare)),
        Laps("the same, with the indexes of the entries", rows, tuple(indexed)),
        Laps("rebuild: entries and balances", rows, tuple(rebuilt)),
    ]


def fill(
    customers: int, stamp: str, *, day: date, now: datetime, rows: tuple[int, int, int] = TWENTY
) -> tuple[int, int]:
    """Add customers with so many orders, items and effects each, and a limit in force; return the first and the last id.

    The items of nine customers fall due on nine days, so that no day concerns everybody. A third owe more than their limit.
    """
    company, _ = Company.objects.get_or_create(code="BENCH", defaults={"name": "Bench", "currency": "EUR"})
    orders, items, effects = rows
    values: dict[str, Any] = {
        "stamp": stamp, "company": company.pk, "customers": customers, "day": day, "now": now, "orders": orders,
        "items": items, "effects": effects, "owed": sum(rows) * EACH, "raised_of": RAISED_OF,
    }  # fmt: skip
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in _FILL:
            cursor.execute(statement, values)
    look_through()
    ids = Customer.objects.filter(code__startswith=f"{stamp}-").order_by("pk").values_list("pk", flat=True)
    return ids[0], ids.reverse()[0]


def look_through() -> None:
    """Have the server look through its tables, as autovacuum would some time later; the application is not let."""
    with _owner() as owner:
        owner.execute("ANALYZE")


def _owner() -> psycopg.Connection:
    """Return a connection of the tables' owner."""
    url, database = settings.DATABASE_OWNER_URL or settings.DATABASE_URL, connection.settings_dict["NAME"]
    return psycopg.connect(url, dbname=database)


def _bare(first: int, last: int, *, indexed: bool = False) -> float:
    """Return the seconds of the floor, on a connection of the tables' owner: the application may make no tables."""
    with _owner() as owner:
        like = "INCLUDING IDENTITY INCLUDING INDEXES" if indexed else "INCLUDING IDENTITY"
        owner.execute(f"CREATE TABLE rebuild_floor (LIKE exposure_entry {like})")
        began = time.perf_counter()
        owner.execute(_FLOOR, [first, last])
        seconds = time.perf_counter() - began
        owner.execute("DROP TABLE rebuild_floor")
    return seconds


def _seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def table(found: Sequence[Laps]) -> Table:
    """Return the laps as they are told, beside both floors."""
    bare, indexed, rebuilt = found
    rows = [(one.name, one.rows, round(one.a_second), one.times(bare), one.times(indexed)) for one in found]
    customers = bare.rows // ROWS
    return Table(
        f"rebuild-{customers}", f"Rebuilding the exposure ledger of {customers:,} customers", ("", "rows", "rows a second", "x bare", "x indexed"), rows,
        [Bound("a rebuild beside the bare statement", rebuilt.times(bare), MOST)],
    )  # fmt: skip
