"""Alerts: who may see which, in the list and in the counter of the top bar."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from approvals import alerts, booking
from approvals.models import Alert
from creditrisk.takeover import carrying
from creditrisk.takeover.models import Upload
from customers.models import Company, Customer
from documents.intake import receiving
from ledger.effects import Return
from tests.cast import NOW, TODAY, Cast
from tests.pages import as_user, words

TOTAL = {"amount": "800", "currency": "EUR"}
VALUES = {
    "usage_80": {"customer": "C", "used": {"percent": "80"}, "total": TOTAL},
    "usage_95": {"customer": "C", "used": {"percent": "95"}, "total": TOTAL},
    "drift": {"count": 1},
    "held": {"document": "SO-1", "customer": "C", "amount": TOTAL},
}


def told(user: Any) -> list[str]:
    """Return the codes of the alerts that the reader sees, as one who has just logged in."""
    fresh = User.objects.get(pk=user.pk)
    codes = list(alerts.newest(fresh).values_list("code", flat=True))
    assert alerts.unseen_count(fresh) == len(codes)
    return codes


@pytest.fixture
def elsewhere(cast: Cast) -> Cast:
    """Carla works in another company alone, which has neither customer nor document yet."""
    cast.carla.user.company_access.create(company=Company.objects.create(code="OTHER", name="Other", currency="EUR"))
    return cast


def write(code: str, customer: Customer | None, *, document: int | None = None) -> None:
    customer_id = customer.pk if customer else None
    alerts.write([(code, VALUES.get(code, {}))], customer_id=customer_id, document_id=document, day=TODAY, now=NOW)


def test_neither_list_nor_counter_tell_of_a_company_that_is_not_the_readers(elsewhere: Cast) -> None:
    write("usage_80", elsewhere.rossi)
    write("drift", None)

    assert told(elsewhere.carla.user) == []
    assert told(elsewhere.dario.user) == ["drift", "usage_80"]


def test_a_customer_with_items_in_the_readers_company_is_told_of_but_not_the_documents_of_others(
    elsewhere: Cast,
) -> None:
    order = elsewhere.order(elsewhere.rossi, "10")
    other = Company.objects.get(code="OTHER")
    booking.item(
        customer=elsewhere.rossi, company=other, amount=Decimal(1), reference="I1", by=elsewhere.dario, now=NOW
    )
    write("held", elsewhere.rossi, document=order.pk)
    write("usage_80", elsewhere.rossi, document=order.pk)

    page = as_user(elsewhere.carla.user).get(reverse("alerts"))

    assert told(elsewhere.carla.user) == ["usage_80"]
    assert reverse("document", args=[order.pk]) not in page.content.decode()
    assert reverse("customer", args=["ROSSI"]) in page.content.decode()


def test_sales_are_told_of_their_own_customers_alone_where_the_company_wants_it(cast: Cast) -> None:
    Company.objects.update(own_customers_only=True)
    Customer.objects.filter(code="NERI").update(salesperson=cast.sara.user)
    write("usage_80", cast.neri)
    write("usage_95", cast.rossi)
    write("drift", None)

    assert told(cast.sara.user) == ["usage_80"]
    assert told(cast.carla.user) == ["drift", "usage_95", "usage_80"]


def test_the_counter_counts_what_came_since_the_last_look(cast: Cast) -> None:
    client = as_user(cast.carla.user)
    address = reverse("alerts_count")
    before = words(client.get(address))

    write("usage_80", cast.rossi)
    write("usage_95", cast.rossi)
    counted = words(client.get(address))
    client.post(reverse("alerts_seen"))

    assert before.strip() == ""
    assert counted.split() == ["2", "unread"]
    assert words(client.get(address)).strip() == ""


def test_more_than_99_are_said_to_be_more_than_99(cast: Cast) -> None:
    alerts.write([("drift", {"count": 1})] * 101, customer_id=None, day=TODAY, now=NOW)

    assert words(as_user(cast.carla.user).get(reverse("alerts_count"))).split() == ["99+", "unread"]


def test_whose_alerts_stand_there_is_told_with_the_list_that_htmx_asks_for(cast: Cast) -> None:
    client, address = as_user(cast.carla.user), reverse("alerts")
    whole = client.get(address).content.decode()

    inbox, everything = (
        client.get(address, data, headers={"HX-Request": "true"}).content.decode() for data in ({}, {"all": "1"})
    )

    assert 'id="whose">What concerns you' in whole
    assert whole.count('id="whose"') == 1 and "hx-swap-oob" not in whole
    assert '<p id="whose" hx-swap-oob="true">What concerns you' in inbox
    assert '<p id="whose" hx-swap-oob="true">All that you may see, whatever you chose.' in everything


def test_an_effect_that_comes_back_is_told_with_its_reason_and_not_again_when_it_is_posted(cast: Cast) -> None:
    item = cast.item(cast.rossi, "100", due=TODAY)
    effect = booking.issue_effect(
        customer=cast.rossi, amount=Decimal(100), due=TODAY, items=[item], by=cast.carla, now=NOW
    )
    booking.present([effect], by=cast.carla, now=NOW)

    booking.unpaid(effect, posted=False, how=Return(reason="No funds"), by=cast.carla, now=NOW)
    booking.unpaid(effect, posted=True, by=cast.carla, now=NOW)

    texts = [alert.sentence for alert in Alert.objects.filter(code="effect_unpaid")]
    assert texts == [f"Effect {effect.number} of Rossi, EUR 100.00, came back unpaid: No funds"]


def test_a_message_that_is_not_taken_in_is_told_when_it_comes_and_not_when_it_is_tried_again(cast: Cast) -> None:
    message, _new = receiving.receive(b"nonsense", "a.xml", company=cast.company, by=cast.dario, now=NOW)
    receiving.attempt(message, by=cast.dario, now=NOW)

    texts = [alert.sentence for alert in Alert.objects.filter(code="message_failed")]
    assert texts == [f"“a.xml” was not taken in: {message.error}"]


def test_an_import_that_fails_is_told_with_its_reason(cast: Cast) -> None:
    upload = Upload.objects.create(
        what="ITEMS", name="items.csv", sha256="0" * 64, size=1, content=b"", state="TO_CHECK", uploaded_at=NOW
    )

    carrying.work(upload.pk, now=NOW)

    upload.refresh_from_db()
    assert upload.state == "FAILED"
    assert Alert.objects.get(code="import_failed").sentence == f"The import of “items.csv” failed: {upload.error}"
