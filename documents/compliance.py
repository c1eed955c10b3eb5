"""How well terms are kept: what was agreed with a customer against what its invoices were given."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from creditrisk.money import HUNDRED, ZERO
from creditrisk.roles import companies_of
from customers import terms
from customers.models import Customer, PaymentTerms
from documents.models import Document, Kind, Line, State

ISSUED = (State.ISSUED, State.POSTED)


@dataclass(frozen=True)
class Compliance:
    """One customer in one currency: its invoices of a period under the terms that stand agreed today.

    Days run from issue to the last instalment, weighed by amount. `late_invoices` came after their cycle was over.
    """

    code: str
    name: str
    agreed: str
    currency: str
    invoices: int
    total: Decimal
    as_agreed: int
    more_generous: int
    beyond: Decimal
    days_agreed: Decimal
    days_applied: Decimal
    late_invoices: int
    segment: str = ""

    @property
    def kept_percent(self) -> Decimal:
        return HUNDRED * self.as_agreed / self.invoices

    @property
    def days_given(self) -> Decimal:
        """How many days more than agreed the customer got, on average."""
        return self.days_applied - self.days_agreed


def of_period(user: Any, *, since: date, until: date) -> list[Compliance]:
    """Return how terms were kept on the invoices issued in a period, the most given away first; a fixed number of queries.

    Stricter terms than agreed count as kept.
    """
    invoices = _issued(companies_of(user), since=since, until=until, customer_ids=None)
    grouped: dict[tuple[int, str], list[tuple[int, int | None, Decimal]]] = defaultdict(list)
    for pk, debtor, currency, terms_id, total in invoices.values_list(
        "pk", "debtor_id", "currency", "terms_id", "total"
    ):
        grouped[debtor, currency].append((pk, terms_id, total))
    late = _late([pk for group in grouped.values() for pk, _terms, _total in group])
    known = PaymentTerms.objects.prefetch_related("instalments").in_bulk()
    owners = Customer.objects.select_related("terms", "region__terms", "segment__terms").in_bulk(
        {debtor for debtor, _currency in grouped}
    )
    rows = [
        _row(owners[debtor], currency, group, known=known, late=late) for (debtor, currency), group in grouped.items()
    ]
    return sorted(rows, key=lambda r: (-r.beyond, -r.days_given, r.code, r.currency))


@dataclass(frozen=True)
class Kept:
    """How many invoices of a segment's customers there were, and how many of them on the terms agreed, or stricter ones."""

    segment: str
    invoices: int
    as_agreed: int


def kept(
    companies: list[int] | None, *, since: date, until: date, customer_ids: Sequence[int] | None = None
) -> list[Kept]:
    """Return how many invoices kept the terms, by segment: two queries, counted by the database."""
    invoices = _issued(companies, since=since, until=until, customer_ids=customer_ids)
    agreed = Coalesce("debtor__terms", "debtor__region__terms", "debtor__segment__terms")
    counted = invoices.order_by().annotate(agreed=agreed).values_list("debtor__segment__code", "terms", "agreed")
    known = PaymentTerms.objects.prefetch_related("instalments").in_bulk()
    return [
        Kept(segment or "", count, 0 if _given(known.get(applied), known.get(agreed)) else count)
        for segment, applied, agreed, count in counted.annotate(n=Count("pk"))
    ]


def _given(applied: PaymentTerms | None, agreed: PaymentTerms | None) -> bool:
    """Return whether an invoice was given more than was agreed."""
    return applied is not None and agreed is not None and terms.more_generous(applied, agreed)


def _issued(
    companies: list[int] | None, *, since: date, until: date, customer_ids: Sequence[int] | None
) -> QuerySet[Document]:
    invoices = Document.objects.in_companies(companies).filter(
        kind=Kind.INVOICE, state__in=ISSUED, issued_on__gte=since, issued_on__lte=until
    )
    return invoices if customer_ids is None else invoices.filter(debtor__in=customer_ids)


def _row(
    owner: Customer,
    currency: str,
    group: Iterable[tuple[int, int | None, Decimal]],
    *,
    known: dict[int, PaymentTerms],
    late: set[int],
) -> Compliance:
    usual = terms.usual(owner)
    agreed = known[usual.pk] if usual else None
    count = kept = more = tardy = 0
    total = beyond = days_agreed = days_applied = ZERO
    for pk, terms_id, amount in group:
        applied = known.get(terms_id) if terms_id else None
        given = _given(applied, agreed)
        count, total = count + 1, total + amount
        kept, more = kept + (not given), more + given
        beyond += amount if given else ZERO
        days_agreed += amount * (terms.longest_days(agreed) if agreed else 0)
        days_applied += amount * (terms.longest_days(applied) if applied else 0)
        tardy += pk in late
    return Compliance(
        owner.code, owner.name, str(agreed or ""), currency, count, total, kept, more, beyond, days_agreed / total,
        days_applied / total, tardy, owner.segment.code if owner.segment else "",
    )  # fmt: skip


def _late(invoice_ids: list[int]) -> set[int]:
    """Return those of the invoices that were issued after the last day for goods on them."""
    pairs = (
        Line.objects.filter(document__in=invoice_ids, source__document__kind=Kind.DELIVERY)
        .values_list(
            "document_id", "document__issued_on", "source__document__document_date", "source__document__invoicing",
            "document__debtor__invoicing", "document__debtor__region__invoicing", "document__debtor__segment__invoicing",
        )
        .distinct()
    )  # fmt: skip
    return {
        pk
        for pk, issued_on, delivered_on, *cycles in pairs
        if issued_on > terms.last_invoice_day(delivered_on, next((c for c in cycles if c), ""))
    }


def pictures(rows: Iterable[Compliance]) -> list[tuple[str, list[tuple[str, str, Decimal]]]]:
    """Return by currency what was invoiced on the terms agreed (or stricter) and on longer ones, as parts of a bar."""
    sums: dict[str, list[Decimal]] = {}
    for row in rows:
        of = sums.setdefault(row.currency, [ZERO, ZERO])
        of[0] += row.total - row.beyond
        of[1] += row.beyond
    return [
        (currency, [("on_time", _("as agreed, or stricter"), kept), ("late", _("on longer terms"), beyond)])
        for currency, (kept, beyond) in sorted(sums.items())
    ]
