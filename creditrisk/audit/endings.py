"""What came of released documents: the later ones by their share, and how the invoices among them were settled."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from django.db import connection

from creditrisk.audit.outcomes import Settled
from creditrisk.money import ZERO

REACHED = Path(__file__).with_name("reached.sql").read_text()
SETTLED = Path(__file__).with_name("settled.sql").read_text()


class Later(NamedTuple):
    """A document that a released one became: how much of it, and which share of it that is."""

    id: int
    is_invoice: bool
    amount: Decimal
    share: Decimal


def reached(documents: Iterable[int]) -> dict[int, list[Later]]:
    """Return by document, for all of these ids, what it became, itself included: one query."""
    ids = list(documents)
    found: dict[int, list[Later]] = {one: [] for one in ids}
    with connection.cursor() as cursor:
        cursor.execute(REACHED, {"documents": ids})
        for root, later, is_invoice, amount, share in cursor.fetchall():
            found[root].append(Later(later, is_invoice, amount, share or ZERO))
    return found


def settled(invoices: Iterable[int]) -> dict[int, list[Settled]]:
    """Return by invoice the parts of its instalments and how each was settled: one query."""
    found: dict[int, list[Settled]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(SETTLED, {"invoices": list(invoices)})
        for invoice, due, how, by, day, amount in cursor.fetchall():
            found[invoice].append(Settled(due, how, by, day, amount))
    return found
