"""Reading documents for pages: a document with its lines, what it was made from and what was made of it."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum
from django.shortcuts import get_object_or_404

from creditrisk import language
from creditrisk.money import ZERO, quantity_worth
from creditrisk.refusal import InvalidState
from creditrisk.roles import companies_of
from customers import queries as customer_queries
from documents import writing
from documents.drafts import NewDocument
from documents.models import Document, DocumentQuerySet, Kind, Line, State


@dataclass(frozen=True)
class LineRow:
    """One line with what of it is still open."""

    id: int
    document: str
    position: int
    text: str
    quantity: Decimal
    price: Decimal
    discount_percent: Decimal
    tax_percent: Decimal
    amount: Decimal
    gone_on: Decimal
    open_amount: Decimal
    open_quantity: Decimal

    @property
    def quantity_shown(self) -> str:
        return plain(self.quantity)

    @property
    def open_quantity_shown(self) -> str:
        return plain(self.open_quantity)


@dataclass(frozen=True)
class Relative:
    """A document that another was made from, or that was made from it."""

    id: int
    kind: str
    number: str
    state: str
    state_code: str
    day: date
    total: Decimal
    currency: str
    held: bool = False


@dataclass(frozen=True)
class OpenSum:
    """How many documents of a kind are open, and what they come to, in one currency."""

    kind: str
    currency: str
    count: int
    total: Decimal


def plain(quantity: Decimal) -> str:
    """Return a quantity without superfluous zeros."""
    return language.exact(quantity.normalize())


def visible(user: Any) -> DocumentQuerySet:
    """Return the documents of the companies that the reader works in; where wanted, of own customers or billed to them."""
    mine = customer_queries.own(user, "customer", "debtor")
    return Document.objects.in_companies(companies_of(user)).filter(mine)


def one(user: Any, pk: int, *kinds: str) -> Document:
    """Return the document with its header's names; 404 where it is not the reader's, or not of these kinds."""
    documents = visible(user).select_related(
        "company",
        "customer",
        "debtor",
        "type",
        "terms",
        "settlement_discount",
        "origin",
        "entered_by",
        "amended_by",
    )
    return get_object_or_404(documents.filter(kind__in=kinds) if kinds else documents, pk=pk)


def by_key(source_key: str) -> Document | None:
    """Return the document that a form with this key made before, if any."""
    return Document.objects.filter(source_key=source_key).first()


def lines(documents: list[Document]) -> list[LineRow]:
    """Return the lines of these documents, in their order, one query."""
    by_id = {d.pk: d for d in documents}
    rows = Line.objects.filter(document__in=by_id).order_by("document_id", "position")
    return [_row(line, by_id[line.document_id]) for line in rows]


def left_for(kind: str, documents: list[Document], *, origin: Document | None = None) -> list[LineRow]:
    """Return the lines from which a document of this kind can be made, with how much of each is left for it.

    Nothing where the documents are not in a state for it: the gate says why.
    """
    new = NewDocument(kind=kind, sources=() if origin else tuple(documents), origin=origin)
    try:
        found = writing.left_for(new)
    except InvalidState:
        return []
    by_id = Document.objects.in_bulk({line.document_id for line, _left in found})
    rows = [(_row(line, by_id[line.document_id]), line, left) for line, left in found]
    return [
        replace(row, open_amount=left, open_quantity=quantity_worth(
            left, quantity=line.quantity, whole=line.amount, currency=by_id[line.document_id].currency
        ))
        for row, line, left in rows
    ]  # fmt: skip


def _row(line: Line, document: Document) -> LineRow:
    gone = line.settled + line.drafted
    left = line.amount - gone
    part = ZERO
    if left or not line.amount:
        part = quantity_worth(left, quantity=line.quantity, whole=line.amount, currency=document.currency)
    return LineRow(
        id=line.pk, document=document.number, position=line.position, text=line.text, quantity=line.quantity, price=line.price,
        discount_percent=line.discount_percent, tax_percent=line.tax_percent, amount=line.amount, gone_on=gone,
        open_amount=left, open_quantity=part,
    )  # fmt: skip


@dataclass(frozen=True)
class Columns:
    """Which columns of lines say anything: those that are empty everywhere are left out."""

    discount: bool
    tax: bool
    gone_on: bool


def columns(rows: list[LineRow]) -> Columns:
    """Return which columns these lines need."""
    return Columns(
        any(r.discount_percent for r in rows), any(r.tax_percent for r in rows), any(r.gone_on for r in rows)
    )


def made_from(document: Document) -> list[Relative]:
    """Return the documents that this one took its lines from, or belongs to."""
    return _relatives(
        Document.objects.filter(Q(lines__derived__document=document) | Q(followers=document) | Q(descendants=document))
    )


def made_of(document: Document) -> list[Relative]:
    """Return the documents made from this one, oldest first."""
    return _relatives(
        Document.objects.filter(Q(lines__source__document=document) | Q(orders=document) | Q(origin=document))
    )


def _relatives(documents: DocumentQuerySet) -> list[Relative]:
    found = documents.distinct().order_by("pk")[:100]
    return [relative(d) for d in with_holds(Document.objects.filter(pk__in=[d.pk for d in found])).order_by("pk")]


def with_holds(documents: DocumentQuerySet) -> DocumentQuerySet:
    """Add `open_holds` to documents: how many holds of theirs are open (none or one)."""
    return documents.annotate(open_holds=Count("holds", filter=Q(holds__open=True)))


def relative(document: Document) -> Relative:
    """Return a document as a line in a list of others."""
    return Relative(
        document.pk, document.get_kind_display(), document.number, document.get_state_display(), document.state,
        document.document_date, document.total, document.currency, held=bool(getattr(document, "open_holds", 0)),
    )  # fmt: skip


def open_documents(customer_ids: list[int], *, limit: int = 50) -> list[Relative]:
    """Return what these debtors have open: orders, notes not invoiced, invoices not posted; the newest first."""
    found = with_holds(_open().filter(debtor__in=customer_ids)).order_by("-document_date", "-pk")
    return [relative(d) for d in found[:limit]]


def open_sums(customer_ids: list[int]) -> list[OpenSum]:
    """Return how many documents these debtors have open, by kind and currency."""
    rows = (
        _open().filter(debtor__in=customer_ids).values("kind", "currency").order_by("kind", "currency")
        .annotate(sum=Sum("total"), number=Sum(1))
    )  # fmt: skip
    return [OpenSum(Kind(r["kind"]).label, r["currency"], r["number"], r["sum"] or ZERO) for r in rows]


def open_by_debtor(customer_ids: list[int]) -> list[tuple[int, str, int, Decimal]]:
    """Return how many documents each of these debtors has open, and their total: debtor, currency, number, total."""
    rows = (
        _open().filter(debtor__in=customer_ids).values("debtor", "currency").order_by("debtor", "currency")
        .annotate(sum=Sum("total"), number=Sum(1))
    )  # fmt: skip
    return [(r["debtor"], r["currency"], r["number"], r["sum"] or ZERO) for r in rows]


def _open() -> DocumentQuerySet:
    return Document.objects.filter(
        Q(
            kind=Kind.ORDER,
            state__in=[
                State.DRAFT,
                State.CONFIRMED,
                State.PICKED,
                State.PART_DELIVERED,
                State.DELIVERED,
            ],
        )
        | Q(
            kind__in=[Kind.DELIVERY, Kind.RETURN],
            state__in=[State.DRAFT, State.DELIVERED],
        )
        | Q(
            kind__in=[Kind.INVOICE, Kind.CREDIT_NOTE],
            state__in=[State.DRAFT, State.ISSUED],
        )
    )


def siblings(document: Document, *, kinds: list[str], user: Any) -> list[Relative]:
    """Return other open documents of the same customer, company and currency that a new one could take in too."""
    alike = visible(user).filter(
        kind__in=kinds, customer=document.customer_id, debtor=document.debtor_id, company=document.company_id,
        currency=document.currency,
    )  # fmt: skip
    ready = [State.CONFIRMED, State.PICKED, State.PART_DELIVERED, State.DELIVERED]
    return [relative(d) for d in alike.filter(state__in=ready).exclude(pk=document.pk).order_by("pk")[:20]]
