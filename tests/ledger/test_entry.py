"""Items entered by hand: a debt by instalments or a credit, with its marks; bad input stands at its field."""

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from approvals import context
from creditrisk.clock import business_day
from creditrisk.exposure import ledger
from customers.models import PaymentTerms, TermsInstalment
from ledger.models import ExchangeRate, ItemMark, OpenItem
from tests.cast import Cast
from tests.pages import as_user, words


@pytest.fixture
def carla(cast: Cast) -> Client:
    return as_user(cast.carla.user)


def today() -> Any:
    return business_day(timezone.now())


def typed(**more: Any) -> dict[str, Any]:
    """Return an item as a browser sends it."""
    usual = {
        "customer": "ROSSI",
        "kind": "INVOICE",
        "reference": "F-17",
        "day": today().isoformat(),
        "amount": "1,000.00",
    }
    return {**usual, "token": uuid.uuid4().hex, **more}


def standing(cast: Cast, customer: Any) -> Any:
    return context.standings([customer], today=today())[customer.pk].exposure


def test_a_debt_falls_due_by_the_customers_terms(cast: Cast, carla: Client) -> None:
    response = carla.post(reverse("item_new"), typed(), follow=True)

    item = OpenItem.objects.get()
    assert "F-17 is in the ledger." in words(response)
    assert (item.kind, item.amount, item.item_date, item.due) == (
        "INVOICE", Decimal(1000), today(), today() + timedelta(days=30),
    )  # fmt: skip
    assert standing(cast, cast.rossi).buckets["receivables"] == Decimal(1000)
    assert ledger.audit().total == 0


def test_terms_in_instalments_make_items_that_sum_to_the_cent(cast: Cast, carla: Client) -> None:
    thirds = PaymentTerms.objects.create(code="3X", days=90)
    for position, (percent, days) in enumerate((("33.33", 30), ("33.33", 60), ("33.34", 90)), start=1):
        TermsInstalment.objects.create(terms=thirds, position=position, percent=Decimal(percent), days=days)

    response = carla.post(reverse("item_new"), typed(terms="3X", amount="100.01"), follow=True)

    items = list(OpenItem.objects.order_by("instalment"))
    assert "in 3 instalments" in words(response)
    assert [(i.due - today()).days for i in items] == [30, 60, 90]
    assert sum(i.amount for i in items) == Decimal("100.01")


def test_what_falls_due_is_shown_before_it_is_booked(cast: Cast, carla: Client) -> None:
    response = carla.post(reverse("item_new"), typed(panel="1"), headers={"HX-Request": "true"})

    assert "<html" not in response.content.decode()
    assert "By the payment terms N30." in words(response)
    assert not OpenItem.objects.exists()


def test_a_debt_of_the_past_with_a_due_day_counts_from_its_own_day(cast: Cast, carla: Client) -> None:
    day, due = today() - timedelta(days=50), today() - timedelta(days=20)

    carla.post(reverse("item_new"), typed(kind="OPENING", day=day.isoformat(), due=due.isoformat()))

    assert standing(cast, cast.rossi).overdue == Decimal(1000)
    assert ledger.as_of([cast.rossi.pk], day=day)[0][-1] == Decimal(1000)


@pytest.mark.parametrize("kind", ["CREDIT_NOTE", "OPENING_CREDIT"])
def test_a_credit_is_negative_and_due_on_its_day(cast: Cast, carla: Client, kind: str) -> None:
    carla.post(reverse("item_new"), typed(kind=kind))

    item = OpenItem.objects.get()
    assert (item.amount, item.open_amount, item.due) == (Decimal(-1000), Decimal(-1000), today())
    assert standing(cast, cast.rossi).buckets["credits"] == Decimal(-1000)


def test_marks_are_kept_with_their_reason(cast: Cast, carla: Client) -> None:
    carla.post(reverse("item_new"), typed(disputed="on", provisional="on", reason="Wrong goods"))

    item = OpenItem.objects.get()
    assert (item.disputed, item.provisional, item.excluded, item.dispute_reason) == (True, True, False, "Wrong goods")
    assert {(m.mark, m.reason) for m in ItemMark.objects.all()} == {
        ("DISPUTED", "Wrong goods"), ("PROVISIONAL", "Wrong goods"),
    }  # fmt: skip


def test_what_is_left_out_of_credit_control_is_in_no_figure(cast: Cast, carla: Client) -> None:
    carla.post(reverse("item_new"), typed(excluded="on", reason="Collected by the group"))

    assert OpenItem.objects.get().excluded
    assert standing(cast, cast.rossi).total == 0


@pytest.mark.parametrize(
    ("more", "field", "sentence"),
    [
        ({"customer": ""}, "customer", "This field is required."),
        ({"customer": "NOBODY"}, "customer", "There is no customer “NOBODY”"),
        ({"reference": ""}, "reference", "This field is required."),
        ({"amount": ""}, "amount", "This field is required."),
        ({"amount": "0"}, "amount", "It must be more than 0."),
        ({"amount": "1.234,50"}, "amount", "could be read in two ways"),
        ({"amount": "10.001"}, "amount", "EUR has 2 decimals."),
        ({"currency": "XYZ"}, "currency", "We do not know the currency “XYZ”"),
        ({"day": "2099-01-01"}, "day", "That day lies ahead."),
        ({"day": "yesterday"}, "day", "That is not a day"),
        ({"due": "2000-01-01"}, "due", "The due day lies before the date."),
        ({"due": "2099-01-01", "terms": "N30"}, "due", "Leave the due day blank"),
        ({"kind": "CREDIT_NOTE", "due": "2099-01-01"}, "due", "A credit does not fall due"),
        ({"kind": "CREDIT_NOTE", "disputed": "on", "reason": "x"}, "disputed", "Only debts are disputed."),
        ({"disputed": "on"}, "reason", "Say why"),
        ({"excluded": "on"}, "reason", "Say why"),
        ({"company": "NOWHERE"}, "company", "not one of the available choices"),
        ({"kind": "PAYMENT"}, "kind", "not one of the available choices"),
    ],
)
def test_bad_input_gets_a_sentence_at_its_field_and_nothing_is_booked(
    cast: Cast, carla: Client, more: dict[str, str], field: str, sentence: str
) -> None:
    response = carla.post(reverse("item_new"), typed(**{"reason": "", **more}))

    assert response.status_code == 422
    assert sentence in " ".join(response.context["form"].errors[field])
    assert not OpenItem.objects.exists()


def test_a_number_that_the_customer_has_is_refused_at_its_field(cast: Cast, carla: Client) -> None:
    carla.post(reverse("item_new"), typed())

    response = carla.post(reverse("item_new"), typed(amount="5"))

    assert response.status_code == 422
    assert "exists already" in " ".join(response.context["form"].errors["reference"])
    assert OpenItem.objects.count() == 1


def test_a_form_sent_twice_makes_one_item_and_says_so(cast: Cast, carla: Client) -> None:
    once = typed()
    carla.post(reverse("item_new"), once)

    response = carla.post(reverse("item_new"), once, follow=True)

    assert "This form was sent before" in words(response)
    assert OpenItem.objects.count() == 1


@pytest.mark.parametrize(("currency", "amount", "told"), [("JPY", "1235", "1,234"), ("KWD", "1.235", "1.234")])
def test_currencies_without_decimals_and_with_three_are_told_as_they_are(
    cast: Cast, carla: Client, currency: str, amount: str, told: str
) -> None:
    ExchangeRate.objects.create(source=currency, target="EUR", day=today(), rate=Decimal(1))
    carla.post(reverse("item_new"), typed(currency=currency, amount=told))
    item = OpenItem.objects.get()

    response = carla.post(
        reverse("payment_new"),
        {"customer": "ROSSI", "amount": amount, "currency": currency, "day": today().isoformat(), "allocation": "by_hand",
         f"item_{item.pk}": amount, "token": uuid.uuid4().hex},
    )  # fmt: skip

    assert response.status_code == 422
    assert f"Only {told} is open." in words(response)


def test_a_fraction_of_a_yen_is_refused_at_the_amount(cast: Cast, carla: Client) -> None:
    ExchangeRate.objects.create(source="JPY", target="EUR", day=today(), rate=Decimal("0.006"))

    response = carla.post(reverse("item_new"), typed(currency="JPY", amount="100.5"))

    assert "JPY has 0 decimals." in " ".join(response.context["form"].errors["amount"])
