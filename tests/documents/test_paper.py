"""Documents on paper: what stands on the sheet, and that it sums up."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.test import Client
from django.urls import reverse

from approvals import gate
from customers.models import TermsInstalment
from documents import paper
from documents.drafts import NewDocument, NewLine
from documents.models import Document
from tests.cast import NOW, Cast
from tests.pages import words

MIXED = (
    NewLine("Pumps", Decimal(3), Decimal("33.33"), tax_percent=Decimal(22)),
    NewLine("Manuals", Decimal(2), Decimal("9.99"), discount_percent=Decimal(10), tax_percent=Decimal(4)),
    NewLine("Freight", Decimal(1), Decimal("12.34"), tax_percent=Decimal(22)),
)


def made(cast: Cast, kind: str, step: str, **more: Any) -> Document:
    new = NewDocument(kind=kind, customer=None if more.keys() & {"sources", "origin"} else cast.rossi, **more)
    return gate.submit(new, step, by=cast.sara, now=NOW).document


def test_net_and_tax_by_rate_sum_to_the_total(cast: Cast) -> None:
    sheet = paper.of(made(cast, "INVOICE", "invoice", lines=MIXED))

    assert [(row.percent, row.net, row.tax) for row in sheet.taxes] == [
        (Decimal(4), Decimal("17.98"), Decimal("0.72")),
        (Decimal(22), Decimal("112.33"), Decimal("24.71")),
    ]
    assert sheet.net + sheet.tax == sheet.document.total == Decimal("155.74")


def test_an_invoice_says_what_is_due_when(cast: Cast) -> None:
    for position, days in enumerate((30, 60), start=1):
        TermsInstalment.objects.create(terms=cast.terms, position=position, percent=50, days=days)
    issued = made(cast, "INVOICE", "invoice", amount=Decimal("100.01"))
    expected = [(date(2026, 4, 1), Decimal("50.01")), (date(2026, 5, 1), Decimal("50.00"))]

    before = [(part.due, part.amount) for part in paper.of(issued).due]
    posted = gate.submit(issued, "post", by=cast.sara, now=NOW).document

    assert before == expected
    assert [(part.due, part.amount) for part in paper.of(posted).due] == expected


def test_goods_leave_without_prices(cast: Cast, sara: Client) -> None:
    order = gate.submit(made(cast, "ORDER", "enter", lines=MIXED), "confirm", by=cast.sara, now=NOW).document
    note = made(cast, "DELIVERY", "deliver", sources=(order,))

    sheet = words(sara.get(reverse("document_paper", args=[note.pk])))

    assert "Delivery note" in sheet
    assert "Pumps" in sheet
    assert order.number in sheet
    assert "33.33" not in sheet
    assert "To be paid" not in sheet


def test_a_draft_says_that_it_is_not_valid(cast: Cast, sara: Client) -> None:
    draft = made(cast, "INVOICE", "enter", lines=MIXED)

    sheet = words(sara.get(reverse("document_paper", args=[draft.pk])))
    issued = gate.submit(draft, "issue", by=cast.sara, now=NOW).document

    assert "Draft: not sent, not valid" in sheet
    assert "not valid" not in words(sara.get(reverse("document_paper", args=[issued.pk])))


def test_a_credit_note_names_its_invoice_and_asks_for_nothing(cast: Cast, sara: Client) -> None:
    invoice = made(cast, "INVOICE", "invoice", lines=MIXED)
    credit = made(cast, "CREDIT_NOTE", "invoice", origin=invoice, share=Decimal("0.5"))

    sheet = words(sara.get(reverse("document_paper", args=[credit.pk])))

    assert invoice.number in sheet
    assert "To be paid" not in sheet
