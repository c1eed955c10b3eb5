"""Closing short: what stands on a draft invoice weighs on, so that issuing it brings no credit that nobody looked at."""

from decimal import Decimal

import pytest
from django.db import connection

from approvals import gate
from creditrisk.exposure import ledger
from creditrisk.exposure.models import Balance
from creditrisk.refusal import InvalidState
from documents.drafts import Changes, NewDocument
from documents.models import Document
from tests.cast import NOW, Cast

pytestmark = pytest.mark.django_db


def weighs(cast: Cast, *, drafts: bool = False) -> Decimal:
    """Return Rossi's exposure, with draft invoices counted, or with what they were made from."""
    left_out = ["ORDERS_DRAFTED", "DELIVERED_DRAFTED"] if drafts else ["INVOICES_DRAFT"]
    found = Balance.objects.filter(customer_id=cast.rossi.pk).exclude(bucket__in=left_out)
    return sum(found.values_list("amount", flat=True), Decimal(0))


def drawn(cast: Cast, amount: str) -> tuple[Document, Document]:
    """Return an order of 500, and a draft invoice over a part of it."""
    order = cast.confirmed(cast.rossi, "500")
    new = NewDocument(kind="INVOICE", sources=(order,), amount=Decimal(amount))
    return order, gate.submit(new, "enter", by=cast.sara, now=NOW).document


@pytest.mark.parametrize("drafts", [False, True])
def test_the_drafted_part_weighs_on_and_issuing_it_asks_for_nothing_more(cast: Cast, drafts: bool) -> None:
    order, draft = drawn(cast, "200")

    gate.submit(order, "close", by=cast.sara, now=NOW)
    closed = weighs(cast, drafts=drafts)
    gate.submit(draft, "issue", by=cast.sara, now=NOW)

    assert (closed, weighs(cast, drafts=drafts)) == (200, 200)
    assert ledger.audit().total == 0


def test_a_draft_that_is_cancelled_after_the_close_gives_nothing_back(cast: Cast) -> None:
    order, draft = drawn(cast, "200")
    gate.submit(order, "close", by=cast.sara, now=NOW)

    gate.submit(draft, "cancel", by=cast.sara, now=NOW)

    assert weighs(cast) == 0
    assert ledger.audit().total == 0


def test_a_draft_takes_less_of_a_closed_order_but_never_more(cast: Cast) -> None:
    order, draft = drawn(cast, "200")
    gate.submit(order, "close", by=cast.sara, now=NOW)

    with pytest.raises(InvalidState, match="is closed: no more of it is invoiced"):
        gate.submit(draft, "amend", changes=Changes(amount=Decimal(201)), by=cast.sara, now=NOW)
    gate.submit(draft, "amend", changes=Changes(amount=Decimal(150)), by=cast.sara, now=NOW)

    assert weighs(cast) == 150
    gate.submit(draft, "amend", changes=Changes(amount=Decimal(150)), by=cast.sara, now=NOW)
    assert weighs(cast) == 150
    assert ledger.audit().total == 0


def test_a_closed_order_without_a_draft_is_no_row_of_the_formula(cast: Cast) -> None:
    order = cast.confirmed(cast.rossi, "500")
    gate.submit(order, "close", by=cast.sara, now=NOW)

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM exposure_formula WHERE origin = 'D' AND source_id = %s", [order.pk])
        assert cursor.fetchone() == (0,)
