"""Entering, amending and moving documents by the pages: bad input gets a sentence, and nothing happens twice."""

import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from approvals import gate
from creditrisk.forms import parsed
from documents.drafts import NewDocument
from documents.models import Document
from tests.cast import Cast
from tests.pages import queries_of, words


def typed(price: str = "100", **more: Any) -> dict[str, Any]:
    """Return an order as a browser sends it: one line, and two left empty."""
    lines = {
        "lines-TOTAL_FORMS": "3", "lines-INITIAL_FORMS": "0", "lines-MIN_NUM_FORMS": "0", "lines-MAX_NUM_FORMS": "200",
        "lines-0-text": "Pumps", "lines-0-quantity": "2", "lines-0-price": price,
    }  # fmt: skip
    return {"customer": "ROSSI", "token": uuid.uuid4().hex, **lines, **more}


def entered(client: Client, **more: Any) -> Any:
    return client.post(reverse("order_new"), typed(**more), follow=True)


def test_an_order_is_entered_with_its_lines(sara: Client) -> None:
    response = entered(sara, price="1,234.50", **{"lines-0-discount_percent": "10", "lines-0-tax_percent": "22"})

    order = Document.objects.get()
    assert "is saved" in words(response)
    assert (order.customer.code, order.state, order.total) == (
        "ROSSI",
        "DRAFT",
        Decimal("2710.9620").quantize(Decimal("0.01")),
    )


def test_saving_and_confirming_is_one_press(sara: Client) -> None:
    response = entered(sara, confirm="1")

    assert Document.objects.get().state == "CONFIRMED"
    assert "is confirmed" in words(response)


def test_a_held_order_is_saved_and_says_why_and_what_would_free_it(sara: Client) -> None:
    response = entered(sara, customer="BIANCHI", price="600", confirm="1")

    page = words(response)
    assert Document.objects.get().state == "DRAFT"
    assert "is held" in page
    assert "EUR\xa0200.00 too much" in response.content.decode()
    assert "What would free it" in page
    assert "A payment of at least EUR 200.00, whatever it settles." in page.replace("\xa0", " ")


def test_a_form_posted_twice_makes_one_order_and_says_so(sara: Client) -> None:
    once = typed()
    sara.post(reverse("order_new"), once)

    response = sara.post(reverse("order_new"), once, follow=True)

    assert Document.objects.count() == 1
    assert "This form was sent before" in words(response)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"customer": ""}, "required"),
        ({"customer": "NOBODY"}, "There is no customer “NOBODY”"),
        ({"customer": "I"}, "fits several customers"),
        ({"lines-0-price": "-5"}, "It cannot be negative."),
        ({"lines-0-price": "1.234,50"}, "could be read in two ways"),
        ({"lines-0-price": "12,5"}, "could be read in two ways"),
        ({"lines-0-price": "ten"}, "is not a number"),
        ({"lines-0-price": "NaN"}, "is not a number"),
        ({"lines-0-price": "1e9"}, "is not a number"),
        ({"lines-0-price": "9" * 20}, "That is too much"),
        ({"lines-0-price": ""}, "Type the unit price"),
        ({"lines-0-quantity": "0"}, "It must be more than 0."),
        ({"lines-0-discount_percent": "101"}, "At most 100."),
        ({"lines-0-price": "", "lines-0-quantity": "", "lines-0-text": ""}, "at least one line"),
        ({"currency": "EURO"}, "at most 3 characters"),
        ({"currency": "E1"}, "three letters of a currency"),
        ({"currency": "XYZ"}, "We do not know the currency “XYZ”"),
        ({"ship_date": "31.03.2026"}, "That is not a day"),
        ({"ship_date": "0026-03-31"}, "The year must lie between"),
        ({"terms": "N999"}, "not one of the available choices"),
        ({"company": "NOWHERE"}, "not one of the available choices"),
        ({"token": "nonsense"}, "Enter a valid UUID"),
        ({"lines-TOTAL_FORMS": "x"}, "at least one line"),
    ],
)
def test_bad_input_gets_a_sentence_and_what_was_typed_is_kept(
    sara: Client, more: dict[str, Any], sentence: str
) -> None:
    response = sara.post(reverse("order_new"), {**typed(), "note": "kept", "confirm": "1", **more})

    assert response.status_code == 422
    assert sentence in words(response).replace("&#x27;", "'")
    assert 'value="kept"' in response.content.decode()
    assert not Document.objects.exists()


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1234.5", "1234.5"),
        ("1,234.50", "1234.50"),
        ("1 234.50", "1234.50"),
        ("1'234", "1234"),
        (".5", "0.5"),
        ("−3", "-3"),
    ],
)
def test_amounts_are_read_as_people_type_them(text: str, amount: str) -> None:
    assert parsed(text) == Decimal(amount)


def test_the_panel_says_what_would_come_of_it_and_writes_nothing(sara: Client) -> None:
    response = sara.post(
        reverse("order_new"), typed(customer="BIANCHI", price="600", panel="1"), headers={"HX-Request": "true"}
    )

    page = words(response)
    assert "<html" not in response.content.decode()
    assert "It would be held." in page
    assert "Free after this" in page
    assert not Document.objects.exists()


def test_the_check_button_shows_the_panel_without_javascript(sara: Client) -> None:
    response = sara.post(reverse("order_new"), typed(customer="BIANCHI", price="500", check="1"))

    assert response.status_code == 200
    assert "It would pass." in words(response)


def test_more_lines_keep_what_was_typed(sara: Client) -> None:
    response = sara.post(reverse("order_new"), typed(more="1"))

    page = response.content.decode()
    assert 'name="lines-7-price"' in page
    assert 'value="Pumps"' in page


def test_an_amendment_replaces_lines_and_frees_a_hold(cast: Cast, sara: Client) -> None:
    order = cast.order(cast.bianchi, "1500", now=timezone.now())
    gate.submit(order, "confirm", by=cast.sara, now=timezone.now())

    more = {"revision": "1", "customer": ""}
    response = sara.post(reverse("document_amend", args=[order.pk]), typed(price="300", **more), follow=True)

    order.refresh_from_db()
    assert order.total == 600
    assert "is changed" in words(response)
    assert not order.holds.filter(open=True).exists()


def test_a_stale_amendment_says_so(cast: Cast, sara: Client) -> None:
    order = cast.order(cast.rossi, "100", now=timezone.now())
    address = reverse("document_amend", args=[order.pk])
    sara.post(address, typed(revision="1"))

    response = sara.post(address, typed(price="7", revision="1"))

    order.refresh_from_db()
    assert response.status_code == 422
    assert "was changed meanwhile" in words(response)
    assert order.total == 200


def test_a_closed_document_is_not_amended(cast: Cast, sara: Client) -> None:
    order = cast.confirmed(cast.rossi, "100", now=timezone.now())
    order = gate.submit(order, "close", by=cast.sara, now=timezone.now()).document

    response = sara.post(reverse("document_amend", args=[order.pk]), typed(revision=str(order.revision)))

    assert response.status_code == 422
    assert "Closed" in words(response) or "closed" in words(response)


def test_a_step_taken_twice_happens_once(cast: Cast, sara: Client) -> None:
    order = cast.order(cast.rossi, "100", now=timezone.now())
    address = reverse("document_confirm", args=[order.pk])
    sara.post(address, {"revision": order.revision})

    response = sara.post(address, {"revision": order.revision}, follow=True)

    order.refresh_from_db()
    assert order.state == "CONFIRMED"
    assert "was changed meanwhile" in words(response)


def test_a_step_without_its_revision_is_refused(cast: Cast, sara: Client) -> None:
    order = cast.order(cast.rossi, "100", now=timezone.now())

    response = sara.post(reverse("document_confirm", args=[order.pk]), follow=True)

    order.refresh_from_db()
    assert order.state == "DRAFT"
    assert "This page is not complete" in words(response)


def follow(client: Client, address: str, **more: Any) -> Any:
    return client.post(address, {"token": uuid.uuid4().hex, "how": "all", **more}, follow=True)


def two_lines(cast: Cast) -> Document:
    from documents.drafts import NewLine

    new = NewDocument(
        kind="ORDER", customer=cast.rossi,
        lines=(NewLine("Pumps", Decimal(10), Decimal(20)), NewLine("Valves", Decimal(4), Decimal(25))),
    )  # fmt: skip
    order = gate.submit(new, "enter", by=cast.sara, now=timezone.now()).document
    return gate.submit(order, "confirm", by=cast.sara, now=timezone.now()).document


def test_an_order_is_delivered_by_lines(cast: Cast, sara: Client) -> None:
    order = two_lines(cast)
    first, second = order.lines.order_by("position")

    response = follow(
        sara, reverse("delivery_from"), source=order.pk, how="lines",
        **{f"quantity_{first.pk}": "3", f"quantity_{second.pk}": ""},
    )  # fmt: skip

    note = Document.objects.get(kind="DELIVERY")
    order.refresh_from_db()
    assert "is delivered" in words(response)
    assert (note.total, order.state) == (60, "PART_DELIVERED")


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"how": "share"}, "Say which share"),
        ({"how": "share", "share": "140"}, "At most 100."),
        ({"how": "share", "share": "0"}, "It must be more than 0."),
        ({"how": "amount"}, "Say how much."),
        ({"how": "amount", "amount": "-1"}, "It must be more than 0."),
        ({"how": "amount", "amount": "10.001"}, "EUR has 2 decimals."),
        ({"how": "lines"}, "Type the quantity of at least one line."),
        ({"how": "all", "share": "40"}, "You typed how much"),
        ({"how": "half"}, "not one of the available choices"),
    ],
)
def test_how_much_goes_on_must_be_said_clearly(cast: Cast, sara: Client, more: dict[str, str], sentence: str) -> None:
    order = two_lines(cast)

    response = follow(sara, reverse("delivery_from"), source=order.pk, **more)

    assert sentence in words(response)
    assert not Document.objects.filter(kind="DELIVERY").exists()


def test_no_more_than_is_open_goes_on(cast: Cast, sara: Client) -> None:
    order = two_lines(cast)
    first = order.lines.order_by("position")[0]

    response = follow(sara, reverse("delivery_from"), source=order.pk, how="lines", **{f"quantity_{first.pk}": "11"})

    assert "Only 10 are open." in words(response)


def test_a_delivery_posted_twice_is_one(cast: Cast, sara: Client) -> None:
    order = two_lines(cast)
    once = {"token": uuid.uuid4().hex, "how": "share", "share": "40", "source": order.pk}
    sara.post(reverse("delivery_from"), once)

    response = sara.post(reverse("delivery_from"), once, follow=True)

    assert Document.objects.filter(kind="DELIVERY").count() == 1
    assert "This form was sent before" in words(response)


def test_documents_of_two_customers_are_not_mixed(cast: Cast, sara: Client) -> None:
    one = cast.confirmed(cast.rossi, "100", now=timezone.now())
    other = cast.confirmed(cast.bianchi, "100", now=timezone.now())

    response = sara.get(reverse("delivery_from"), {"source": [one.pk, other.pk]}, follow=True)

    assert "Take documents of one customer" in words(response)


def test_goods_come_back_and_invoices_are_credited(cast: Cast, sara: Client) -> None:
    order = two_lines(cast)
    follow(sara, reverse("delivery_from"), source=order.pk)
    note = Document.objects.get(kind="DELIVERY")
    follow(sara, reverse("return_new", args=[note.pk]), how="amount", amount="50")
    follow(sara, reverse("invoice_from"), source=note.pk, issue="on")
    invoice = Document.objects.get(kind="INVOICE")

    response = follow(sara, reverse("credit_note_new", args=[invoice.pk]), how="amount", amount="9999")

    assert Document.objects.get(kind="RETURN").total == 50
    assert invoice.state == "ISSUED"
    assert "can come back" in words(response)
    assert not Document.objects.filter(kind="CREDIT_NOTE").exists()


def test_an_invoice_can_wait_as_a_draft_and_be_issued_later(cast: Cast, sara: Client) -> None:
    order = two_lines(cast)
    follow(sara, reverse("invoice_from"), source=order.pk)
    invoice = Document.objects.get(kind="INVOICE")
    state = invoice.state

    response = sara.post(reverse("document_issue", args=[invoice.pk]), {"revision": invoice.revision}, follow=True)

    invoice.refresh_from_db()
    assert (state, invoice.state) == ("DRAFT", "ISSUED")
    assert "is issued" in words(response)


def test_the_page_of_a_document_costs_the_same_with_many_relatives(cast: Cast, sara: Client) -> None:
    order = two_lines(cast)
    follow(sara, reverse("delivery_from"), source=order.pk, how="share", share="10")
    address = reverse("document", args=[order.pk])
    few = queries_of(sara, address)
    for _more in range(4):
        follow(sara, reverse("delivery_from"), source=order.pk, how="share", share="10")

    assert queries_of(sara, address) <= few + 1  # the state changed once: other actions are asked about


def test_an_invoice_is_taken_back_by_a_credit_note_once(cast: Cast, sara: Client) -> None:
    new = NewDocument(kind="INVOICE", customer=cast.rossi, amount=Decimal(200))
    invoice = gate.submit(new, "invoice", by=cast.sara, now=timezone.now()).document
    invoice = gate.submit(invoice, "post", by=cast.sara, now=timezone.now()).document
    address, data = reverse("document_reverse", args=[invoice.pk]), {"revision": invoice.revision}

    first = words(sara.post(address, data, follow=True))
    second = words(sara.post(address, data, follow=True))

    (credit,) = Document.objects.filter(kind="CREDIT_NOTE")
    assert (credit.state, credit.total, credit.origin_id) == ("POSTED", Decimal(200), invoice.pk)
    assert f"is taken back by credit note {credit.number}" in first
    assert "Nothing is left" in second
    assert not invoice.items.exclude(open_amount=0).exists()
