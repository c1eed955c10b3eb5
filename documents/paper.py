"""A document as it goes out on paper: parties, lines, tax by rate, and when what is due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from creditrisk.money import HUNDRED, ZERO, rounded
from customers.terms import Instalment, instalments
from documents import queries
from documents.models import Document, Kind, Line, State
from documents.queries import LineRow

# Goods leave without their prices; the receiver counts pieces.
WITHOUT_PRICES = (Kind.DELIVERY, Kind.RETURN)


@dataclass(frozen=True)
class TaxRow:
    """What one rate of tax comes to, in the document's currency."""

    percent: Decimal
    net: Decimal
    tax: Decimal


@dataclass(frozen=True)
class Paper:
    """One sheet. `warning` is printed across the top of what is no valid document yet, or no more."""

    document: Document
    title: str
    warning: str
    lines: tuple[LineRow, ...]
    references: tuple[str, ...]
    taxes: tuple[TaxRow, ...]
    net: Decimal
    tax: Decimal
    due: tuple[Instalment, ...]
    priced: bool

    @property
    def is_discounted(self) -> bool:
        return any(line.discount_percent for line in self.lines)

    @property
    def is_billed_elsewhere(self) -> bool:
        return self.document.debtor_id != self.document.customer_id


def of(document: Document) -> Paper:
    """Return the sheet of a document: net and tax are taken out of each line's amount, so that they sum to the total."""
    lines = tuple(queries.lines([document]))
    taxes = tax_rows(lines, document.currency)
    return Paper(
        document=document,
        title=_title(document),
        warning=_warning(document),
        lines=lines,
        references=_references(document),
        taxes=taxes,
        net=sum((row.net for row in taxes), ZERO),
        tax=sum((row.tax for row in taxes), ZERO),
        due=tuple(_due(document)),
        priced=document.kind not in WITHOUT_PRICES,
    )


def tax_rows(lines: Sequence[LineRow | Line], currency: str) -> tuple[TaxRow, ...]:
    """Return net and tax by rate, rounded once a rate: their sum is the sum of the lines to the last cent."""
    gross: dict[Decimal, Decimal] = {}
    for line in lines:
        gross[line.tax_percent] = gross.get(line.tax_percent, ZERO) + line.amount
    rows = []
    for percent, amount in sorted(gross.items()):
        net = rounded(amount / (1 + percent / HUNDRED), currency)
        rows.append(TaxRow(percent, net, amount - net))
    return tuple(rows)


def _title(document: Document) -> str:
    if document.kind == Kind.ORDER and document.state == State.DRAFT:
        return _("Order")
    titles = {
        Kind.ORDER: _("Order confirmation"), Kind.DELIVERY: _("Delivery note"), Kind.RETURN: _("Return note"),
        Kind.INVOICE: _("Invoice"), Kind.CREDIT_NOTE: _("Credit note"),
    }  # fmt: skip
    return titles[Kind(document.kind)]


def _warning(document: Document) -> str:
    if document.state == State.CANCELLED:
        return _("Cancelled")
    return _("Draft: not sent, not valid") if document.state == State.DRAFT else ""


def _references(document: Document) -> tuple[str, ...]:
    """Name what the document was made from: orders, deliveries, the invoice it credits."""
    return tuple(f"{r.kind} {r.number}" for r in queries.made_from(document))


def _due(document: Document) -> list[Instalment]:
    """Return when what falls due: the open items of what is posted, else what terms say from the day of issue."""
    if document.kind != Kind.INVOICE:
        return []
    posted = document.items.order_by("instalment").values_list("instalment", "due", "amount")
    if document.state == State.POSTED and posted:
        return [Instalment(*row) for row in posted]
    issued_on: date = document.issued_on or document.document_date
    return instalments(document.terms, issued_on=issued_on, amount=document.total, currency=document.currency)
