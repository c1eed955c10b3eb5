"""Collective invoices: which delivered goods wait for an invoice, which go together, and by when they are due.

Notes of one debtor, company, currency, terms and discount go on one invoice a cycle; a note that is invoiced by itself
makes one of its own. The cycle is the note's, else the debtor's, its region's, its segment's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, Sum

from creditrisk.money import ZERO
from creditrisk.roles import companies_of
from customers import queries as customer_queries
from customers import terms
from customers.models import InvoicingCycle
from documents.models import Document, DocumentQuerySet, Kind, State

EVERYTHING = Q()


@dataclass(frozen=True)
class Waiting:
    """Delivered goods that become one invoice. `total` is what of them is not invoiced, in `currency`."""

    key: str
    customer_code: str
    customer: str
    company: str
    currency: str
    terms: str
    cycle: str
    since: date
    invoice_by: date
    notes: tuple[Document, ...]
    total: Decimal

    @property
    def cycle_shown(self) -> str:
        return str(InvoicingCycle(self.cycle).label)

    @property
    def count(self) -> int:
        return len(self.notes)

    def is_due(self, today: date) -> bool:
        """Whether the cycle is over, so that nothing more comes on this invoice."""
        return self.invoice_by <= today

    def is_late(self, today: date) -> bool:
        """Whether it should have been invoiced before today."""
        return terms.last_invoice_day(self.since, self.cycle) < today


def waiting(*, company_ids: Iterable[int] | None = None, mine: Q = EVERYTHING) -> list[Waiting]:
    """Return the invoices that delivered goods wait for, the earliest due first; None asks for all companies."""
    notes = _uninvoiced().filter(mine).in_companies(None if company_ids is None else list(company_ids))
    grouped: dict[str, list[Document]] = {}
    for note in notes:
        grouped.setdefault(_key(note), []).append(note)
    found = [_together(key, group) for key, group in grouped.items()]
    return sorted(found, key=lambda w: (w.invoice_by, w.customer_code, w.key))


def visible(user: Any) -> list[Waiting]:
    """Return what waits in the companies that the reader works in; where wanted, of own customers."""
    return waiting(company_ids=companies_of(user), mine=customer_queries.own(user, "customer", "debtor"))


def _uninvoiced() -> DocumentQuerySet:
    return (
        Document.objects.filter(kind=Kind.DELIVERY, state=State.DELIVERED)
        .annotate(left=Sum(F("lines__amount") - F("lines__settled") - F("lines__drafted")))
        .filter(left__gt=ZERO)
        .select_related("company", "terms", "debtor__terms", "debtor__region__terms", "debtor__segment__terms")
        .order_by("document_date", "pk")
    )


def _cycle(note: Document) -> str:
    return note.invoicing or terms.usual_cycle(note.debtor)


def _key(note: Document) -> str:
    cycle = _cycle(note)
    alone = note.pk if cycle == InvoicingCycle.DELIVERY else ""
    parts = (
        note.debtor_id, note.company_id, note.currency, note.terms_id or "", note.settlement_discount_id or "", cycle,
        terms.invoice_day(note.document_date, cycle).isoformat(), alone,
    )  # fmt: skip
    return "/".join(str(part) for part in parts)


def _together(key: str, notes: list[Document]) -> Waiting:
    first = notes[0]
    cycle = _cycle(first)
    return Waiting(
        key=key, customer_code=first.debtor.code, customer=first.debtor.name, company=first.company.code,
        currency=first.currency, terms=str(first.terms or ""), cycle=cycle, since=first.document_date,
        invoice_by=terms.invoice_day(first.document_date, cycle), notes=tuple(notes),
        total=sum((note.left for note in notes), ZERO),  # type: ignore[attr-defined]
    )  # fmt: skip
