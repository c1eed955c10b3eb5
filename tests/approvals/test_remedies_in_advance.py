"""What would free goods that are paid in advance: the invoice that was written for them is named, to the cent."""

from decimal import Decimal as D
from typing import Any

import pytest

from approvals import booking, gate
from approvals.models import Hold
from approvals.remedies import words
from customers.models import PaymentTerms
from documents.drafts import NewDocument
from tests.approvals.freeing import freeing, proves_payment, way
from tests.cast import NOW, TODAY, Cast

pytestmark = pytest.mark.django_db


def waiting(cast: Cast, *, older: str = "", before: str = "") -> tuple[Hold, Any]:
    """Hold the delivery of a prepaid order of 500 that was invoiced in advance; return it with the invoice's open item."""
    prepaid = PaymentTerms.objects.create(code="PRE", prepaid=True)
    if older:
        cast.item(cast.rossi, older, due=TODAY, reference="OLD")
    order = cast.confirmed(cast.rossi, "500", terms=prepaid)
    invoice = gate.submit(NewDocument(kind="INVOICE", sources=(order,)), "invoice", by=cast.sara, now=NOW).document
    gate.submit(invoice, "post", by=cast.sara, now=NOW)
    item = invoice.items.get()
    if before:
        booking.pay(
            customer=cast.rossi, amount=D(before), items=[(item, D(before))], reference="B", by=cast.carla, now=NOW
        )
    hold = gate.submit(NewDocument(kind="DELIVERY", sources=(order,)), "deliver", by=cast.sara, now=NOW).hold
    assert hold is not None
    return hold, item


def test_paying_the_invoice_in_advance_is_named_and_suffices_to_the_cent(cast: Cast) -> None:
    hold, item = waiting(cast)

    found = freeing(hold)

    remedy = way(found, "pay")
    assert remedy.payment is not None
    assert [(p.item_id, p.amount) for p in remedy.payment.parts] == [(item.pk, 500)]
    proves_payment(cast, hold, remedy, cast.rossi)
    told = words.tell(found, debtor="ROSSI", kind="DELIVERY", grants=True).ways[0].text.replace("\xa0", " ")
    assert told == f"Payment of at least EUR 500.00: {item.reference} (EUR 500.00)."


def test_what_was_paid_of_it_before_counts(cast: Cast) -> None:
    hold, item = waiting(cast, before="120")

    remedy = way(freeing(hold), "pay")

    assert remedy.payment is not None
    assert [(p.item_id, p.amount) for p in remedy.payment.parts] == [(item.pk, 380)]
    proves_payment(cast, hold, remedy, cast.rossi)


def test_an_older_debt_need_not_be_paid_first(cast: Cast) -> None:
    hold, item = waiting(cast, older="900")

    remedy = way(freeing(hold), "pay")

    assert remedy.payment is not None
    assert [p.item_id for p in remedy.payment.parts] == [item.pk]
    proves_payment(cast, hold, remedy, cast.rossi)


def test_money_on_account_that_is_there_already_is_not_asked_for_again(cast: Cast) -> None:
    booking.pay(customer=cast.rossi, amount=D(100), reference="P0", by=cast.carla, now=NOW)
    hold, item = waiting(cast)

    remedy = way(freeing(hold), "pay")

    assert remedy.payment is not None
    assert [(p.item_id, p.amount) for p in remedy.payment.parts] == [(item.pk, 400)]
    proves_payment(cast, hold, remedy, cast.rossi)
