"""Terms kept: agreed against applied, in days and money."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from approvals import gate, invoicing
from customers.models import PaymentTerms
from documents import collective, compliance
from documents.drafts import NewDocument
from tests.cast import NOW, TODAY, Cast, after
from tests.pages import as_user, queries_of, words

PERIOD = {"since": TODAY - timedelta(days=30), "until": TODAY + timedelta(days=60)}


def invoiced(cast: Cast, amount: str, **more: Any) -> None:
    new = NewDocument(kind="INVOICE", customer=more.pop("customer", cast.rossi), amount=Decimal(amount), **more)
    gate.submit(new, "invoice", by=cast.sara, now=NOW)


def test_days_given_are_weighed_by_amount_and_stricter_terms_are_kept(cast: Cast) -> None:
    longer = PaymentTerms.objects.create(code="N90", days=90)
    stricter = PaymentTerms.objects.create(code="N10", days=10)
    invoiced(cast, "100")
    invoiced(cast, "100", terms=stricter)
    invoiced(cast, "200", terms=longer)

    (row,) = compliance.of_period(cast.guido.user, **PERIOD)

    assert (row.code, row.agreed, row.invoices, row.total) == ("ROSSI", "N30", 3, Decimal(400))
    assert (row.as_agreed, row.more_generous, row.beyond) == (2, 1, Decimal(200))
    assert (row.days_agreed, row.days_applied, row.days_given) == (Decimal(30), Decimal(55), Decimal(25))


@pytest.mark.parametrize(
    ("cycle", "days", "late"), [("WEEKLY", 6, 0), ("WEEKLY", 7, 1), ("DELIVERY", 12, 0), ("DELIVERY", 13, 1)]
)
def test_an_invoice_after_its_last_day_is_late(cast: Cast, cycle: str, days: int, late: int) -> None:
    cast.rossi.invoicing = cycle
    cast.rossi.save()
    note = NewDocument(kind="DELIVERY", customer=cast.rossi, amount=Decimal(100))
    gate.submit(note, "deliver", by=cast.sara, now=NOW)
    invoicing.produce(collective.waiting(), post=False, by=cast.carla, now=after(days))

    (row,) = compliance.of_period(cast.guido.user, **PERIOD)

    assert row.late_invoices == late


def test_what_was_issued_outside_the_period_is_left_out(cast: Cast) -> None:
    invoiced(cast, "100")

    assert compliance.of_period(cast.guido.user, since=TODAY, until=TODAY)
    assert not compliance.of_period(cast.guido.user, since=TODAY + timedelta(days=1), until=TODAY + timedelta(days=2))


def test_the_page_takes_a_period_and_says_what_is_wrong_with_one(cast: Cast) -> None:
    client = as_user(cast.guido.user)
    invoiced(cast, "100")
    address = reverse("terms_kept")

    good = words(client.get(address, {"since": TODAY.isoformat(), "until": TODAY.isoformat()}))
    turned = words(client.get(address, {"since": "2026-03-02", "until": "2026-03-01"}))
    nonsense = words(client.get(address, {"since": "yesterday", "until": "2026-03-01"}))

    assert "1 invoice, 1 on the terms agreed or stricter" in good
    assert "The last day lies before the first" in turned
    assert "That is not a day" in nonsense


def test_the_page_costs_the_same_for_many_customers(cast: Cast) -> None:
    client: Client = as_user(cast.guido.user)
    data = {"since": TODAY.isoformat(), "until": TODAY.isoformat()}
    invoiced(cast, "100")
    few = queries_of(client, reverse("terms_kept"), data)
    for number in range(8):
        invoiced(cast, "10", customer=cast.customer(f"MORE{number}"))

    assert queries_of(client, reverse("terms_kept"), data) == few <= 15
