"""Balances as they stood at positions of the entry ledger: for many moments at once, each entry read once."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection

from creditrisk.exposure.read import Slot

type Key = tuple[int, str, str, date]  # company, bucket, currency, day
type Balances = dict[Key, Decimal]


@dataclass(frozen=True)
class Moment:
    """A position in the entry ledger, and whose balances are asked for. `id` is the asker's own."""

    id: int
    position: int
    customer_ids: tuple[int, ...]


_OPENING = """
    SELECT customer_id, company_id, bucket, currency, day, SUM(amount) FROM exposure_entry
    WHERE customer_id = ANY (%s::bigint[]) AND id <= %s GROUP BY 1, 2, 3, 4, 5 HAVING SUM(amount) <> 0
"""

_MOVES = """
    SELECT id, customer_id, company_id, bucket, currency, day, amount FROM exposure_entry
    WHERE customer_id = ANY (%s::bigint[]) AND id > %s AND id <= %s ORDER BY id
"""


def balances(moments: Iterable[Moment]) -> Iterator[tuple[int, list[Slot]]]:
    """Return the balances of each moment by day, with its id, in the order of their positions: two queries."""
    ordered = sorted(moments, key=lambda m: m.position)
    if not ordered:
        return
    ids = sorted({pk for moment in ordered for pk in moment.customer_ids})
    first, last = ordered[0].position, ordered[-1].position
    state: defaultdict[int, Balances] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(_OPENING, [ids, first])
        for customer, company, bucket, currency, day, amount in cursor.fetchall():
            state[customer][(company, bucket, currency, day)] = amount
        cursor.execute(_MOVES, [ids, first, last])
        moves = cursor.fetchall()
    at = 0
    for moment in ordered:
        while at < len(moves) and moves[at][0] <= moment.position:
            _pk, customer, company, bucket, currency, day, amount = moves[at]
            _move(state[customer], (company, bucket, currency, day), amount)
            at += 1
        yield (
            moment.id,
            [
                Slot(customer, company, bucket, currency, day, amount)
                for customer in moment.customer_ids
                for (company, bucket, currency, day), amount in state[customer].items()
            ],
        )


def _move(balances: Balances, key: Key, amount: Decimal) -> None:
    left = balances.get(key, 0) + amount
    if left:
        balances[key] = left
    else:
        balances.pop(key, None)


def with_entries(slots: Iterable[Slot], entries: Iterable[Slot]) -> list[Slot]:
    """Return balances by day with entries in them; what comes to nothing is left out."""
    summed: dict[tuple[int, int, str, str, date], Decimal] = {}
    for s in (*slots, *entries):
        key = (s.customer_id, s.company_id, s.bucket, s.currency, s.day)
        summed[key] = summed.get(key, Decimal(0)) + s.amount
    return [Slot(*key, amount) for key, amount in summed.items() if amount]


def between(slots: Iterable[Slot], cuts: Sequence[date]) -> list[Slot]:
    """Return balances by day summed between the days that policy asks about, each with its earliest day."""
    summed: dict[tuple[int, int, str, str, int], tuple[date, Decimal]] = {}
    for s in slots:
        key = (s.customer_id, s.company_id, s.bucket, s.currency, bisect_right(cuts, s.day))
        known = summed.get(key)
        summed[key] = (min(known[0], s.day), known[1] + s.amount) if known else (s.day, s.amount)
    return [Slot(*key[:4], day, amount) for key, (day, amount) in summed.items()]


_SOURCES = """
    SELECT k.id, e.customer_id, e.company_id, e.bucket, e.currency, e.day, SUM(e.amount)
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS k (id, source_id, position)
    JOIN exposure_entry e ON e.origin = %s AND e.source_id = k.source_id AND e.id <= k.position
    GROUP BY 1, 2, 3, 4, 5, 6 HAVING SUM(e.amount) <> 0
"""


def of_documents(asked: Sequence[tuple[int, int, int]]) -> dict[int, list[Slot]]:
    """Return what each document weighed at a position, by the asker's id; `asked` are (id, document, position)."""
    found: defaultdict[int, list[Slot]] = defaultdict(list)
    with connection.cursor() as cursor:
        columns = [list(column) for column in zip(*asked, strict=True)]
        cursor.execute(_SOURCES, [*columns, "D"])
        for pk, *slot in cursor.fetchall():
            found[pk].append(Slot(*slot))
    return found
