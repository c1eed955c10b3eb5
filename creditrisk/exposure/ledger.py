"""The exposure ledger: post the difference for touched sources, rebuild, audit, and sums as of a day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from creditrisk.exposure.models import Drift
from creditrisk.prepared import Prepared, Query, Rows, Write, ask

# So many customers a rebuild holds at a time: their documents wait for it, a second or so.
AT_ONCE = 2000


@dataclass(frozen=True)
class Touched:
    """Sources that a step changed, by origin, and what is still to be written of them before they are posted."""

    documents: frozenset[int] = frozenset()
    items: frozenset[int] = frozenset()
    effects: frozenset[int] = frozenset()
    writes: tuple[Write, ...] = ()

    def __or__(self, other: "Touched") -> "Touched":
        return Touched(
            self.documents | other.documents,
            self.items | other.items,
            self.effects | other.effects,
            (*self.writes, *other.writes),
        )


@dataclass(frozen=True)
class Scope:
    """Whose ledger is looked at: these customers, in these companies. None: all of them."""

    customer_ids: Sequence[int] | None = None
    company_ids: Sequence[int] | None = None

    @property
    def values(self) -> dict[str, Any]:
        """Return what the statements take."""
        return {
            "all": self.customer_ids is None,
            "ids": list(self.customer_ids or []),
            "all_companies": self.company_ids is None,
            "companies": list(self.company_ids or []),
        }


@dataclass(frozen=True)
class Posted:
    """One entry that posting added."""

    id: int
    customer_id: int
    company_id: int
    bucket: str
    day: date
    currency: str
    amount: Decimal


@dataclass(frozen=True)
class Difference:
    """Where the ledger differs from the formula: one source, bucket, day and currency."""

    origin: str
    source_id: int
    customer_id: int
    company_id: int
    bucket: str
    day: date
    currency: str
    formula: Decimal
    ledger: Decimal

    @property
    def amount(self) -> Decimal:
        return self.formula - self.ledger


@dataclass(frozen=True)
class Audit:
    """What an audit found: differences by source, and balances that are not the sum of their entries."""

    differences: tuple[Difference, ...] = ()
    balances: tuple[Difference, ...] = ()
    customers: int = 0

    @property
    def total(self) -> Decimal:
        """Return the sum of what differs, each cent as it is, whatever its sign."""
        return sum((abs(d.amount) for d in (*self.differences, *self.balances)), Decimal(0))

    def __add__(self, other: "Audit") -> "Audit":
        """Return what both found together."""
        return Audit(
            self.differences + other.differences, self.balances + other.balances, self.customers + other.customers
        )


_POST = Prepared("SELECT * FROM exposure_post(%s::bigint[], %s::bigint[], %s::bigint[], %s, %s)")
_POST_DOCUMENTS = Prepared("SELECT * FROM exposure_post_documents(%s::bigint[], %s, %s)")


def post(touched: Touched, *, day: date, now: datetime) -> list[Posted]:
    """Post what the formula says of the touched sources, less what the ledger holds, effective on `day`.

    The caller holds the locks of the sources and a transaction. Returns the entries added.
    """
    return ask(posting(touched, day=day, now=now), first=touched.writes)[0]


def posting(touched: Touched, *, day: date, now: datetime) -> Query[list[Posted]]:
    """Return the query that posts, to be asked after what is still to be written and before others that rest on it."""
    documents = sorted(touched.documents)
    if touched.items or touched.effects:
        return Query(_POST, [documents, sorted(touched.items), sorted(touched.effects), day, now], _posted)
    return Query(_POST_DOCUMENTS, [documents, day, now], _posted)


def _posted(rows: Rows) -> list[Posted]:
    return [Posted(*row) for row in rows]


_DIFFERENCES = """
    SELECT COALESCE(f.origin, e.origin), COALESCE(f.source_id, e.source_id), COALESCE(f.customer_id, e.customer_id),
           COALESCE(f.company_id, e.company_id), COALESCE(f.bucket, e.bucket), COALESCE(f.day, e.day),
           COALESCE(f.currency, e.currency), COALESCE(f.amount, 0), COALESCE(e.amount, 0)
    FROM (SELECT * FROM exposure_formula WHERE (%(all)s OR customer_id = ANY (%(ids)s))
            AND (%(all_companies)s OR company_id = ANY (%(companies)s))) f
    FULL JOIN (SELECT origin, source_id, customer_id, company_id, bucket, day, currency, SUM(amount) AS amount
               FROM exposure_entry WHERE (%(all)s OR customer_id = ANY (%(ids)s))
                 AND (%(all_companies)s OR company_id = ANY (%(companies)s))
               GROUP BY 1, 2, 3, 4, 5, 6, 7) e
      ON (f.origin, f.source_id, f.customer_id, f.company_id, f.bucket, f.day, f.currency)
       = (e.origin, e.source_id, e.customer_id, e.company_id, e.bucket, e.day, e.currency)
    WHERE COALESCE(f.amount, 0) <> COALESCE(e.amount, 0)
    ORDER BY 3, 1, 2
"""

_BALANCES = """
    SELECT '', 0, COALESCE(b.customer_id, e.customer_id), COALESCE(b.company_id, e.company_id),
           COALESCE(b.bucket, e.bucket), COALESCE(b.day, e.day), COALESCE(b.currency, e.currency),
           COALESCE(e.amount, 0), COALESCE(b.amount, 0)
    FROM (SELECT * FROM exposure_balance WHERE (%(all)s OR customer_id = ANY (%(ids)s))
            AND (%(all_companies)s OR company_id = ANY (%(companies)s))) b
    FULL JOIN (SELECT customer_id, company_id, bucket, day, currency, SUM(amount) AS amount
               FROM exposure_entry WHERE (%(all)s OR customer_id = ANY (%(ids)s))
                 AND (%(all_companies)s OR company_id = ANY (%(companies)s))
               GROUP BY 1, 2, 3, 4, 5) e
      ON (b.customer_id, b.company_id, b.bucket, b.day, b.currency)
       = (e.customer_id, e.company_id, e.bucket, e.day, e.currency)
    WHERE COALESCE(b.amount, 0) <> COALESCE(e.amount, 0)
    ORDER BY 3
"""


def audit(customer_ids: Sequence[int] | None = None, *, company_ids: Sequence[int] | None = None) -> Audit:
    """Compare view, entries and balances of these customers and companies (None: all); report every cent that differs.

    Each comparison is one statement, so that it sees one moment of a living database.
    """
    values = Scope(customer_ids, company_ids).values
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENCES, values)
        differences = tuple(Difference(*row) for row in cursor.fetchall())
        cursor.execute(_BALANCES, values)
        balances = tuple(Difference(*row) for row in cursor.fetchall())
        if customer_ids is None:
            cursor.execute("SELECT count(*) FROM customers_customer")
            count = cursor.fetchone()[0]
        else:
            count = len(customer_ids)
    return Audit(differences, balances, count)


@transaction.atomic
def repair(
    customer_ids: Sequence[int] | None, *, company_ids: Sequence[int] | None = None, day: date, now: datetime
) -> Audit:
    """Recompute these customers in these companies (None: all) online: post what differs by entries of its own and keep the evidence.

    Locks the accounts concerned, so that no document moves meanwhile; returns what was found.
    """
    found = audit(customer_ids, company_ids=company_ids)
    if not found.differences and not found.balances:
        return found
    concerned = sorted({d.customer_id for d in (*found.differences, *found.balances)})
    with connection.cursor() as cursor:
        _lock_accounts(cursor, concerned)
    found = audit(concerned, company_ids=company_ids)
    Drift.objects.bulk_create(
        Drift(
            customer_id=d.customer_id, company_id=d.company_id, origin=d.origin or "B", source_id=d.source_id,
            bucket=d.bucket, day=d.day, currency=d.currency, formula=d.formula, ledger=d.ledger, found_at=now,
            repaired=True,
        )
        for d in (*found.differences, *found.balances)
    )  # fmt: skip
    _correct_balances(found.balances)
    post(_sources(found.differences), day=day, now=now)
    return found


def _sources(differences: Iterable[Difference]) -> Touched:
    by_origin: dict[str, set[int]] = {"D": set(), "I": set(), "E": set()}
    for d in differences:
        by_origin[d.origin].add(d.source_id)
    documents, items, effects = (frozenset(by_origin[o]) for o in "DIE")
    return Touched(documents, items, effects)


def _correct_balances(wrong: Iterable[Difference]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO exposure_balance AS b (customer_id, company_id, bucket, day, currency, amount)"
            " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (customer_id, company_id, bucket, day, currency)"
            " DO UPDATE SET amount = b.amount + EXCLUDED.amount",
            [(d.customer_id, d.company_id, d.bucket, d.day, d.currency, d.amount) for d in wrong],
        )


@dataclass(frozen=True)
class HistoryRow:
    """One event of history taken over: this much more or less in a bucket, on its business day."""

    origin: str
    source_id: int
    customer_id: int
    company_id: int
    bucket: str
    day: date
    currency: str
    amount: Decimal
    effective_on: date = field(kw_only=True)


def post_history(rows: Iterable[HistoryRow], *, now: datetime) -> int:
    """Add the entries of history that was taken over and sum them into the balances; return how many.

    Rows come in the order of their days. Set-wise: COPY into the entries, then one statement over what was added.
    """
    count = 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT COALESCE(max(id), 0) FROM exposure_entry")
        before = cursor.fetchone()[0]
        columns = "origin, source_id, customer_id, company_id, bucket, day, currency, amount, effective_on, recorded_at"
        with cursor.copy(f"COPY exposure_entry ({columns}) FROM STDIN") as copy:
            for r in rows:
                copy.write_row(
                    (r.origin, r.source_id, r.customer_id, r.company_id, r.bucket, r.day, r.currency, r.amount,
                     r.effective_on, now)
                )  # fmt: skip
                count += 1
        cursor.execute(
            "INSERT INTO exposure_balance AS b (customer_id, company_id, bucket, day, currency, amount)"
            " SELECT customer_id, company_id, bucket, day, currency, SUM(amount) FROM exposure_entry"
            " WHERE id > %s AND recorded_at = %s GROUP BY 1, 2, 3, 4, 5 HAVING SUM(amount) <> 0 ORDER BY 1, 2, 3, 4, 5"
            " ON CONFLICT (customer_id, company_id, bucket, day, currency)"
            " DO UPDATE SET amount = b.amount + EXCLUDED.amount",
            [before, now],
        )
    return count


# What was never posted, with its balances: one statement, so that it sees one moment. A range of customers instead of
# a list lets the planner read them by key.
_FILL = """
    WITH added AS (
        INSERT INTO exposure_entry (origin, source_id, customer_id, company_id, bucket, day, currency, amount,
                                    effective_on, recorded_at)
        SELECT f.origin, f.source_id, f.customer_id, f.company_id, f.bucket, f.day, f.currency, f.amount,
               %(day)s, %(now)s
        FROM exposure_formula f
        WHERE f.customer_id BETWEEN %(first)s AND %(last)s
          AND (%(all)s OR f.customer_id = ANY (%(ids)s)) AND (%(all_companies)s OR f.company_id = ANY (%(companies)s))
          AND {unposted}
        RETURNING customer_id, company_id, bucket, day, currency, amount
    ), summed AS (
        INSERT INTO exposure_balance AS b (customer_id, company_id, bucket, day, currency, amount)
        SELECT customer_id, company_id, bucket, day, currency, SUM(amount) FROM added GROUP BY 1, 2, 3, 4, 5
        ORDER BY 1, 2, 3, 4, 5
        {meet}
    ) SELECT count(*) FROM added
"""
_MEET = """ON CONFLICT (customer_id, company_id, bucket, day, currency)
    DO UPDATE SET amount = b.amount + EXCLUDED.amount"""

_HELD = """
    SELECT EXISTS (SELECT 1 FROM exposure_entry WHERE customer_id BETWEEN %(first)s AND %(last)s),
           EXISTS (SELECT 1 FROM exposure_balance WHERE customer_id BETWEEN %(first)s AND %(last)s)
"""
# NOT IN is hashed once whatever the planner believes of the table's size; an anti-join is not, and statistics of a
# ledger that was empty a moment ago make it read all entries again for every row.
_UNPOSTED = """(f.origin, f.source_id) NOT IN (
    SELECT e.origin, e.source_id FROM exposure_entry e WHERE e.customer_id BETWEEN %(first)s AND %(last)s)"""


def rebuild(*, day: date, now: datetime, scope: Scope | None = None, at_once: int = AT_ONCE) -> int:
    """Fill the ledger from the formula where it holds nothing of a source yet; return the entries added.

    Online: so many customers at once, each slice in a transaction of its own that holds their accounts, so that what
    moves meanwhile is posted once, by the one or by the other. On an empty ledger it is the whole portfolio.
    """
    scope, added, last = scope or Scope(), 0, 0
    while ids := _after(last, scope, at_once):
        added += _fill(ids, day=day, now=now, scope=scope)
        last = ids[-1]
    return added


def _after(last: int, scope: Scope, most: int) -> list[int]:
    """The next customers by key; a million keys at once would be what a rebuild has most of in memory."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM customers_customer WHERE id > %(last)s AND (%(all)s OR id = ANY (%(ids)s)) ORDER BY id LIMIT %(most)s",
            {**scope.values, "last": last, "most": most},
        )
        return [key for (key,) in cursor.fetchall()]


@transaction.atomic
def _fill(ids: Sequence[int], *, day: date, now: datetime, scope: Scope) -> int:
    everybody = scope.customer_ids is None or ids[-1] - ids[0] + 1 == len(ids)  # the range alone says it
    values = {
        **scope.values,
        "all": everybody,
        "ids": list(ids),
        "first": ids[0],
        "last": ids[-1],
        "day": day,
        "now": now,
    }
    with connection.cursor() as cursor:
        _lock_accounts(cursor, ids)
        cursor.execute("SET LOCAL work_mem = '64MB'")  # a slice's rows are sorted and kept in memory
        cursor.execute(_HELD, values)
        posted, summed = cursor.fetchone()
        cursor.execute(_FILL.format(unposted=_UNPOSTED if posted else "TRUE", meet=_MEET if summed else ""), values)
        return int(cursor.fetchone()[0])


def _lock_accounts(cursor: Any, ids: Sequence[int]) -> None:
    cursor.execute(
        "SELECT 1 FROM customers_creditaccount WHERE customer_id = ANY (%s) ORDER BY customer_id FOR NO KEY UPDATE",
        [list(ids)],
    )


def as_of(
    customer_ids: Sequence[int] | None,
    *,
    day: date | None = None,
    known_at: datetime | None = None,
) -> list[tuple[int, int, str, date, str, Decimal]]:
    """Return (customer, company, bucket, day, currency, amount) as it stood.

    `day` asks for the exposure of that business day, `known_at` for what had been recorded by that moment.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT customer_id, company_id, bucket, day, currency, SUM(amount) FROM exposure_entry"
            " WHERE (%(all)s OR customer_id = ANY (%(ids)s))"
            "   AND (%(day)s::date IS NULL OR effective_on <= %(day)s)"
            "   AND (%(known)s::timestamptz IS NULL OR recorded_at <= %(known)s)"
            " GROUP BY 1, 2, 3, 4, 5 HAVING SUM(amount) <> 0 ORDER BY 1, 2, 3, 4, 5",
            {
                "all": customer_ids is None,
                "ids": list(customer_ids or []),
                "day": day,
                "known": known_at,
            },
        )
        return list(cursor.fetchall())


def delete_zero_balances() -> int:
    """Delete the balances that reached zero; return how many. For the nightly sweep."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM exposure_balance WHERE amount = 0")
        return int(cursor.rowcount)
