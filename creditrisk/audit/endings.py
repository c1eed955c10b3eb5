"""What came of released documents: the later ones by their share, and how the invoices among them were settled."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from django.db import connection

from creditrisk.audit.outcomes import Ending, Outcome, Settled
from creditrisk.money import ZERO
from documents.models import Kind, State

REACHED = Path(__file__).with_name("reached.sql").read_text()
_SETTLED = Path(__file__).with_name("settled.sql").read_text()
_OF_INVOICES = _SETTLED.format(key="i.document_id", whose="i.document_id = ANY(%(invoices)s)")

# The same of single instalments of a company that fell due in a period: a row is (item, due, how, by, day, amount).
OF_INSTALMENTS = _SETTLED.format(
    key="i.id", whose="i.company_id = %(company)s AND i.due BETWEEN %(since)s AND %(until)s AND NOT i.provisional"
)

OVER = (State.CANCELLED, State.CLOSED)  # what is not invoiced then, never will be


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
        cursor.execute(_OF_INVOICES, {"invoices": list(invoices)})
        for invoice, due, how, by, day, amount in cursor.fetchall():
            found[invoice].append(Settled(due, how, by, day, amount))
    return found


def followed(
    total: Decimal,
    kind: str,
    state: str,
    later: Iterable[Later],
    ended: Mapping[int, Ending],
    *,
    rate: Decimal = Decimal(1),
) -> Ending:
    """Return how a document ended: its invoices by their share, and what of its total is not invoiced; times `rate`."""
    whole, invoiced = Ending(), ZERO
    for document, is_invoice, amount, share in later:
        if is_invoice:
            invoiced += amount
            # An invoice that is not in the ledger yet is owed, and not due.
            posted = ended.get(document)
            whole.take(posted, share * rate) if posted else whole.add(Outcome.NOT_DUE, amount * rate)
    rest = max(total - invoiced, ZERO)
    if rest and (kind != Kind.INVOICE or state == State.CANCELLED):
        whole.add(Outcome.CANCELLED if state in OVER else Outcome.NOT_DUE, rest * rate)
    return whole
