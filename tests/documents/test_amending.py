"""Amending drafts of notes and invoices: what they were made from follows, and what a state allows is said."""

import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from approvals import gate
from creditrisk.exposure import ledger, read
from creditrisk.policy import compile as policies
from creditrisk.prepared import ask
from creditrisk.refusal import Refused
from documents.drafts import Changes, NewDocument, NewLine
from documents.models import Document, Takeover
from tests.cast import TODAY, Cast
from tests.pages import words

D = Decimal


def made(cast: Cast, step: str, **values: Any) -> Document:
    return gate.submit(NewDocument(**values), step, by=cast.sara, now=timezone.now()).document


def ordered(cast: Cast) -> Document:
    lines = (NewLine("Pumps", D(10), D(20)), NewLine("Valves", D(4), D(25)))
    order = made(cast, "enter", kind="ORDER", customer=cast.rossi, lines=lines)
    return gate.submit(order, "confirm", by=cast.sara, now=timezone.now()).document


def as_typed(document: Document, *rows: dict[str, str], **more: Any) -> dict[str, Any]:
    """Return the amend form as a browser sends it: `rows` in place of the document's lines."""
    data = {
        "lines-TOTAL_FORMS": str(len(rows)),
        "lines-INITIAL_FORMS": "0",
        "revision": str(document.revision),
        "token": uuid.uuid4().hex,
    }
    for n, row in enumerate(rows):
        data |= {f"lines-{n}-{name}": value for name, value in row.items()}
    return {**data, **more}


def row(document: Document, position: int, quantity: str) -> dict[str, str]:
    line = document.lines.get(position=position)
    return {"line": str(line.pk), "text": line.text, "quantity": quantity, "price": f"{line.price:f}"}


def buckets(cast: Cast) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    owed = read.owed([cast.rossi.pk], reading=policies.active(), today=TODAY, by_day=True)
    for slot in ask(owed)[0]:
        sums[slot.bucket] = sums.get(slot.bucket, D(0)) + slot.amount
    return {bucket: amount for bucket, amount in sums.items() if amount}


def drifts() -> list[Any]:
    found = ledger.audit()
    return [*found.differences, *found.balances]


def amend(client: Client, document: Document, data: dict[str, Any]) -> Any:
    return client.post(reverse("document_amend", args=[document.pk]), data, follow=True)


def test_a_line_that_goes_does_not_leave_its_order_line_to_another(cast: Cast, sara: Client) -> None:
    order = ordered(cast)
    note = made(cast, "enter", kind="DELIVERY", sources=(order,))

    amend(sara, note, as_typed(note, row(note, 2, "3")))

    note.refresh_from_db()
    (line,) = note.lines.all()
    assert (note.total, line.text, line.source) == (D(75), "Valves", order.lines.get(position=2))
    delivered = gate.submit(note, "deliver", by=cast.sara, now=timezone.now()).document
    assert delivered.state == "DELIVERED"
    assert buckets(cast) == {"ORDERS_CONFIRMED": D(225), "DELIVERED": D(75)}
    assert drifts() == []


def test_a_draft_invoice_gives_back_what_it_no_longer_takes(cast: Cast, sara: Client) -> None:
    order = ordered(cast)
    invoice = made(cast, "enter", kind="INVOICE", sources=(order,))
    before = buckets(cast)

    response = amend(sara, invoice, as_typed(invoice, row(invoice, 1, "4"), row(invoice, 2, "4")))

    assert "is changed" in words(response)
    assert before == {"ORDERS_DRAFTED": D(300), "INVOICES_DRAFT": D(300)}
    assert buckets(cast) == {"ORDERS_CONFIRMED": D(120), "ORDERS_DRAFTED": D(180), "INVOICES_DRAFT": D(180)}
    assert sum(Takeover.objects.values_list("amount", flat=True)) == D(180)
    assert drifts() == []


def test_an_amended_draft_invoice_is_issued_over_what_it_says_now(cast: Cast, sara: Client) -> None:
    order = ordered(cast)
    invoice = made(cast, "enter", kind="INVOICE", sources=(order,))
    amend(sara, invoice, as_typed(invoice, row(invoice, 1, "10"), row(invoice, 2, "1")))
    invoice.refresh_from_db()

    issued = gate.submit(invoice, "issue", by=cast.sara, now=timezone.now()).document

    assert (issued.total, issued.state) == (D(225), "ISSUED")
    assert buckets(cast) == {"ORDERS_CONFIRMED": D(75), "INVOICES_ISSUED": D(225)}
    assert drifts() == []


def test_a_draft_that_is_saved_unchanged_keeps_its_cents(cast: Cast, sara: Client) -> None:
    lines = (NewLine("Cable", D("3"), D("33.335")),)
    order = made(cast, "enter", kind="ORDER", customer=cast.rossi, lines=lines)
    order = gate.submit(order, "confirm", by=cast.sara, now=timezone.now()).document
    invoice = made(cast, "enter", kind="INVOICE", sources=(order,), share=D("0.37"))
    line = invoice.lines.get()

    amend(sara, invoice, as_typed(invoice, row(invoice, 1, f"{line.quantity:f}"), note="With thanks"))

    invoice.refresh_from_db()
    assert (invoice.note, invoice.total, invoice.lines.get().source_id) == ("With thanks", line.amount, line.source_id)


def test_terms_and_dates_of_a_draft_invoice_change(cast: Cast, sara: Client) -> None:
    from customers.models import PaymentTerms

    PaymentTerms.objects.create(code="N60", days=60)
    invoice = made(cast, "enter", kind="INVOICE", customer=cast.rossi, lines=(NewLine("Advice", D(1), D(100)),))

    amend(sara, invoice, as_typed(invoice, row(invoice, 1, "1"), terms="N60", ship_date="2026-12-24"))

    invoice.refresh_from_db()
    assert (invoice.terms.code, str(invoice.ship_date), invoice.total) == ("N60", "2026-12-24", D(100))


def test_a_draft_made_from_others_keeps_their_currency_and_bill_to(cast: Cast, sara: Client) -> None:
    note = made(cast, "enter", kind="DELIVERY", sources=(ordered(cast),))

    page = sara.get(reverse("document_amend", args=[note.pk])).content.decode()

    assert 'name="currency"' not in page
    assert 'name="bill_to"' not in page
    for changes in (Changes(currency="USD"), Changes(bill_to=cast.bianchi)):
        with pytest.raises(Refused, match="made from other documents"):
            gate.submit(note, "amend", by=cast.sara, now=timezone.now(), changes=changes)


def test_no_more_is_credited_than_the_invoice_has_left(cast: Cast, sara: Client) -> None:
    invoice = made(cast, "invoice", kind="INVOICE", customer=cast.rossi, lines=(NewLine("Pumps", D(10), D(20)),))
    made(cast, "invoice", kind="CREDIT_NOTE", origin=invoice, amount=D(50))
    credit = made(cast, "enter", kind="CREDIT_NOTE", origin=invoice, amount=D(100))

    over = amend(sara, credit, as_typed(credit, row(credit, 1, "7.51")))
    exact = amend(sara, credit, as_typed(credit, row(credit, 1, "7.5")))

    credit.refresh_from_db()
    assert over.status_code == 422
    assert "Only 150.00" in words(over)
    assert "is changed" in words(exact)
    assert credit.total == D(150)
    assert drifts() == []


def test_a_return_waits_as_a_draft_and_is_booked_after_it_was_counted(cast: Cast, sara: Client) -> None:
    order = ordered(cast)
    note = made(cast, "deliver", kind="DELIVERY", sources=(order,))
    sara.post(
        reverse("return_new", args=[note.pk]),
        {"token": "0" * 31 + "1", "how": "amount", "amount": "100", "draft": "1"},
    )
    back = Document.objects.get(kind="RETURN")
    waiting = (back.state, buckets(cast))
    amend(sara, back, as_typed(back, row(back, 1, "1")))
    back.refresh_from_db()

    response = sara.post(reverse("document_return", args=[back.pk]), {"revision": back.revision}, follow=True)

    back.refresh_from_db()
    assert waiting == ("DRAFT", {"DELIVERED": D(300)})
    assert "is booked" in words(response)
    assert (back.state, back.total, buckets(cast)) == ("DELIVERED", D(20), {"DELIVERED": D(280)})
    assert drifts() == []


def test_a_note_without_an_order_is_saved_amended_and_delivered(cast: Cast, sara: Client) -> None:
    data = {"customer": "ROSSI", "token": "0" * 31 + "2", "draft": "1", "lines-TOTAL_FORMS": "1", "lines-INITIAL_FORMS": "0",
            "lines-0-text": "Pumps", "lines-0-quantity": "2", "lines-0-price": "50"}  # fmt: skip
    sara.post(reverse("delivery_new"), data)
    note = Document.objects.get(kind="DELIVERY")
    state = note.state
    amend(
        sara,
        note,
        as_typed(note, row(note, 1, "3"), {"text": "Valves", "quantity": "1", "price": "25"}, bill_to="BIANCHI"),
    )

    note.refresh_from_db()
    assert (state, note.total, note.debtor) == ("DRAFT", D(175), cast.bianchi)
    assert note.lines.filter(source__isnull=False).count() == 0


def test_a_held_note_that_is_made_smaller_is_free(cast: Cast, sara: Client) -> None:
    held = gate.submit(
        NewDocument(kind="DELIVERY", customer=cast.bianchi, lines=(NewLine("Pumps", D(12), D(100)),)),
        "deliver", by=cast.sara, now=timezone.now(),
    )  # fmt: skip
    note = held.document
    note.refresh_from_db()

    amend(sara, note, as_typed(note, row(note, 1, "10")))

    note.refresh_from_db()
    assert held.hold is not None
    assert (note.total, note.state) == (D(1000), "DRAFT")
    assert not note.holds.filter(open=True).exists()


@pytest.mark.parametrize(("step", "sentence"), [("deliver", "The goods have left"), ("invoice", "It is issued")])
def test_what_can_no_longer_be_changed_says_what_can_be_done(
    cast: Cast, sara: Client, step: str, sentence: str
) -> None:
    kind = "DELIVERY" if step == "deliver" else "INVOICE"
    document = made(cast, step, kind=kind, customer=cast.rossi, lines=(NewLine("Pumps", D(1), D(20)),))

    page = words(sara.get(reverse("document", args=[document.pk])))
    asked = words(sara.get(reverse("document_amend", args=[document.pk]), follow=True))
    sent = amend(sara, document, as_typed(document, row(document, 1, "9")))

    document.refresh_from_db()
    assert sentence in page and sentence in asked
    assert sent.status_code == 422
    assert document.total == D(20)


def test_the_panel_foresees_an_amended_note_without_counting_its_order_twice(cast: Cast, sara: Client) -> None:
    order = ordered(cast)
    note = made(cast, "enter", kind="DELIVERY", sources=(order,))
    data = as_typed(note, row(note, 1, "10"), row(note, 2, "4"), panel="1")

    page = words(sara.post(reverse("document_amend", args=[note.pk]), data, headers={"HX-Request": "true"}))

    assert "It would pass." in page
    trial = gate.check(
        cast.rossi, amount=D(300), checkpoint="delivery", document=note, today=timezone.localdate(),
        lines=tuple(NewLine(n.text, n.quantity, n.price, source=n.source, replaces=n) for n in note.lines.all()),
    )  # fmt: skip
    assert trial.before.exposure.total == trial.after.exposure.total == D(300)


def test_the_panel_foresees_an_amended_invoice_as_issuing_it_does(cast: Cast) -> None:
    order = ordered(cast)
    invoice = made(cast, "enter", kind="INVOICE", sources=(order,))
    lines = [
        NewLine(n.text, n.quantity, n.price, source=n.source, replaces=n) for n in invoice.lines.order_by("position")
    ]
    lines[0] = NewLine("Pumps", D(12), D(20), source=lines[0].source, replaces=lines[0].replaces)
    lines[1] = NewLine("Valves", D(1), D(25), source=lines[1].source, replaces=lines[1].replaces)
    trial = gate.check(
        cast.rossi, amount=D(265), checkpoint="invoice", document=invoice, lines=tuple(lines),
        today=timezone.localdate(),
    )  # fmt: skip

    changes = Changes(lines=tuple(lines), traced=True)
    amended = gate.submit(invoice, "amend", by=cast.sara, now=timezone.now(), changes=changes).document
    gate.submit(amended, "issue", by=cast.sara, now=timezone.now())

    assert buckets(cast) == {"ORDERS_CONFIRMED": D(75), "INVOICES_ISSUED": D(265)}
    assert trial.after.exposure.total == D(340)
    assert trial.after.exposure.buckets["open_orders"] == D(75)


def follow(client: Client, address: str, **more: Any) -> Any:
    return client.post(address, {"token": uuid.uuid4().hex, "how": "lines", **more}, follow=True)


def fields(document: Document, *quantities: str) -> dict[str, str]:
    lines = document.lines.order_by("position")
    return {f"quantity_{line.pk}": many for line, many in zip(lines, quantities, strict=True)}


def test_notes_are_invoiced_by_line_and_quantity(cast: Cast, sara: Client) -> None:
    order = ordered(cast)
    note = made(cast, "deliver", kind="DELIVERY", sources=(order,))

    over = follow(sara, reverse("invoice_from"), source=note.pk, issue="on", **fields(note, "10.5", ""))
    follow(sara, reverse("invoice_from"), source=note.pk, issue="on", **fields(note, "4", "1"))

    assert "Only 10 are open." in words(over)
    invoice = Document.objects.get(kind="INVOICE")
    assert [(n.text, n.quantity, n.amount) for n in invoice.lines.order_by("position")] == [
        ("Pumps", D(4), D(80)), ("Valves", D(1), D(25)),
    ]  # fmt: skip
    assert buckets(cast) == {"DELIVERED": D(195), "INVOICES_ISSUED": D(105)}
    assert drifts() == []


def test_an_order_is_invoiced_by_line_from_what_was_delivered_and_what_was_not(cast: Cast, sara: Client) -> None:
    order = ordered(cast)
    note = made(cast, "deliver", kind="DELIVERY", sources=(order,), share=D("0.5"))

    page = words(sara.get(reverse("invoice_from"), {"source": order.pk}))
    follow(
        sara, reverse("invoice_from"), source=order.pk, issue="on", **fields(note, "5", ""), **fields(order, "2", "")
    )

    assert note.number in page and order.number in page
    assert buckets(cast) == {"ORDERS_CONFIRMED": D(110), "DELIVERED": D(50), "INVOICES_ISSUED": D(140)}
    assert drifts() == []


def test_goods_come_back_and_are_credited_by_line(cast: Cast, sara: Client) -> None:
    order = ordered(cast)
    note = made(cast, "deliver", kind="DELIVERY", sources=(order,))
    follow(sara, reverse("return_new", args=[note.pk]), **fields(note, "3", ""))
    again = follow(sara, reverse("return_new", args=[note.pk]), **fields(note, "8", ""))
    invoice = made(cast, "invoice", kind="INVOICE", sources=(note,))
    follow(sara, reverse("credit_note_new", args=[invoice.pk]), **fields(invoice, "1", "4"))

    assert Document.objects.get(kind="RETURN").total == D(60)
    assert "Only 7 are open." in words(again)
    assert Document.objects.get(kind="CREDIT_NOTE").total == D(120)
    assert buckets(cast) == {"INVOICES_ISSUED": D(120)}
    assert drifts() == []


def test_no_cent_stays_behind_when_the_last_piece_goes(cast: Cast, sara: Client) -> None:
    line = NewLine("Cable", D(3), D("3.333333"))
    order = made(cast, "enter", kind="ORDER", customer=cast.rossi, lines=(line,))
    order = gate.submit(order, "confirm", by=cast.sara, now=timezone.now()).document
    for _piece in range(3):
        follow(sara, reverse("delivery_from"), source=order.pk, **fields(order, "1"))

    order.refresh_from_db()
    assert sorted(Document.objects.filter(kind="DELIVERY").values_list("total", flat=True)) == [
        D("3.33"), D("3.33"), D("3.34"),
    ]  # fmt: skip
    assert (order.total, order.state, buckets(cast)) == (D(10), "DELIVERED", {"DELIVERED": D(10)})


def test_what_was_invoiced_in_advance_can_be_delivered_by_line(cast: Cast, sara: Client) -> None:
    order = ordered(cast)
    made(cast, "invoice", kind="INVOICE", sources=(order,))

    follow(sara, reverse("delivery_from"), source=order.pk, **fields(order, "10", "1"))

    assert Document.objects.get(kind="DELIVERY").total == D(225)
    assert buckets(cast) == {"INVOICES_ISSUED": D(300)}
    assert drifts() == []
