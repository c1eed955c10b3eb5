"""Open items, payments and effects by their pages: what is typed badly or twice changes nothing, and says so."""

import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from approvals import booking
from creditrisk.clock import business_day
from ledger.models import Allocation, Effect, ItemKind, OpenItem
from tests.cast import Cast
from tests.pages import as_user, queries_of, words


@pytest.fixture
def carla(cast: Cast) -> Client:
    return as_user(cast.carla.user)


def debt(cast: Cast, amount: str = "400", **more: Any) -> OpenItem:
    """Open an item of Rossi that is due today."""
    return cast.item(cast.rossi, amount, due=business_day(timezone.now()), now=timezone.now(), **more)


def payment(**more: Any) -> dict[str, Any]:
    """Return a payment as a browser sends it."""
    usual = {"customer": "ROSSI", "amount": "100", "day": business_day(timezone.now()).isoformat()}
    return {**usual, "allocation": "oldest", "token": uuid.uuid4().hex, **more}


def test_a_payment_settles_the_oldest_first_and_the_rest_stays_on_account(cast: Cast, carla: Client) -> None:
    item = debt(cast)

    response = carla.post(reverse("payment_new"), payment(amount="500.00"), follow=True)

    item.refresh_from_db()
    assert "is booked." in words(response)
    assert item.open_amount == 0
    assert OpenItem.objects.get(kind=ItemKind.PAYMENT).open_amount == -100


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"customer": ""}, "This field is required."),
        ({"customer": "NOBODY"}, "There is no customer “NOBODY”"),
        ({"customer": "RO\0SSI"}, "Null characters are not allowed."),
        ({"amount": ""}, "This field is required."),
        ({"amount": "0"}, "It must be more than 0."),
        ({"amount": "-100"}, "It must be more than 0."),
        ({"amount": "1.234,56"}, "could be read in two ways"),
        ({"amount": "1e999"}, "is not a number"),
        ({"amount": "sNaN"}, "is not a number"),
        ({"amount": "9" * 40}, "That is too much"),
        ({"amount": "10.001"}, "EUR has 2 decimals."),
        ({"currency": "XYZ"}, "We do not know the currency “XYZ”"),
        ({"currency": "€"}, "three letters of a currency"),
        ({"day": "2026-02-30"}, "That is not a day."),
        ({"day": "2099-01-01"}, "Money cannot have arrived on a day to come."),
        ({"day": "1066-10-14"}, "The year must lie between"),
        ({"company": "NOWHERE"}, "not one of the available choices"),
        ({"allocation": "all"}, "not one of the available choices"),
        ({"allocation": "by_hand"}, "Type at least one amount below"),
        ({"reference": "x" * 61}, "at most 60 characters"),
        ({"token": ""}, "This form is not complete; send it again."),
    ],
)
def test_a_bad_payment_gets_a_sentence_and_books_nothing(
    cast: Cast, carla: Client, more: dict[str, str], sentence: str
) -> None:
    debt(cast)

    response = carla.post(reverse("payment_new"), payment(**more))

    assert response.status_code == 422
    assert sentence in words(response)
    assert OpenItem.objects.count() == 1


@pytest.mark.parametrize(
    ("part", "sentence"),
    [("401", "Only 400.00 is open."), ("150", "150.00 is allocated, but only 100.00 is there."), ("-1", "negative")],
)
def test_no_more_is_settled_than_is_open_or_there(cast: Cast, carla: Client, part: str, sentence: str) -> None:
    item = debt(cast)

    response = carla.post(reverse("payment_new"), payment(allocation="by_hand", **{f"item_{item.pk}": part}))

    assert sentence in words(response)
    assert not Allocation.objects.exists()


def test_an_item_of_somebody_else_is_not_settled(cast: Cast, carla: Client) -> None:
    other = cast.item(cast.bianchi, "400", due=business_day(timezone.now()), now=timezone.now())

    response = carla.post(reverse("payment_new"), payment(allocation="by_hand", **{f"item_{other.pk}": "100"}))

    assert "Type at least one amount below" in words(response)
    assert not Allocation.objects.exists()


def test_a_payment_sent_twice_is_booked_once(cast: Cast, carla: Client) -> None:
    once = payment()
    carla.post(reverse("payment_new"), once)

    response = carla.post(reverse("payment_new"), once, follow=True)

    assert "This form was sent before" in words(response)
    assert OpenItem.objects.count() == 1


def test_what_is_on_account_is_allocated_once_and_undone(cast: Cast, carla: Client) -> None:
    item = debt(cast)
    carla.post(reverse("payment_new"), payment(allocation="later"))
    credit = OpenItem.objects.get(kind=ItemKind.PAYMENT)
    allocation = {"seen": "100.00", f"item_{item.pk}": "60"}
    carla.post(reverse("item_allocate", args=[credit.pk]), allocation)
    again = carla.post(reverse("item_allocate", args=[credit.pk]), allocation)
    open_between = OpenItem.objects.get(pk=item.pk).open_amount

    undone = carla.post(reverse("item_undo", args=[credit.pk]), {"debit": item.pk}, follow=True)

    item.refresh_from_db()
    assert again.status_code == 422
    assert "This credit has changed since the page was drawn." in words(again)
    assert open_between == 340
    assert "The allocation is undone" in words(undone)
    assert item.open_amount == 400


@pytest.mark.parametrize(
    ("more", "sentence"),
    [({"debit": ""}, "This page is not complete"), ({"debit": "x"}, "This page is not complete")],
)
def test_an_undoing_of_nothing_is_told(cast: Cast, carla: Client, more: dict[str, str], sentence: str) -> None:
    debt(cast)
    carla.post(reverse("payment_new"), payment())
    credit = OpenItem.objects.get(kind=ItemKind.PAYMENT)

    response = carla.post(reverse("item_undo", args=[credit.pk]), more, follow=True)

    assert sentence in words(response)
    assert Allocation.objects.count() == 1


def test_a_dispute_needs_its_reason_and_ends(cast: Cast, carla: Client) -> None:
    address = reverse("item_dispute", args=[debt(cast).pk])
    silent = carla.post(address, {"disputed": "1", "reason": " "})
    begun = carla.post(address, {"disputed": "1", "reason": "Broken pump"}, follow=True)

    ended = carla.post(address, {"disputed": "0"}, follow=True)

    assert silent.status_code == 422
    assert "Say what is disputed." in words(silent)
    assert "is disputed." in words(begun)
    assert "has ended." in words(ended)


def effect(item: OpenItem, **more: Any) -> dict[str, Any]:
    """Return an effect as a browser sends it."""
    usual = {"customer": "ROSSI", "number": "R1", "kind": "RIBA", "due": "2027-03-31", "items": item.pk}
    return {**usual, "token": uuid.uuid4().hex, **more}


def test_an_effect_is_issued_presented_collected_and_may_come_back(cast: Cast, carla: Client) -> None:
    carla.post(reverse("effect_new"), effect(debt(cast)))
    made = Effect.objects.get()
    presented = carla.post(reverse("effects_present"), {"effect": made.pk, "mode": "SBF"}, follow=True)
    collected = carla.post(reverse("effect_collect", args=[made.pk]), follow=True)
    twice = carla.post(reverse("effect_collect", args=[made.pk]), follow=True)

    unpaid = carla.post(reverse("effect_unpaid", args=[made.pk]), follow=True)

    assert "1 effects are presented." in words(presented) or "is presented." in words(presented)
    assert "is collected." in words(collected)
    assert "is collected." not in words(twice)
    assert "came back unpaid." in words(unpaid)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"kind": "CHECK"}, "not one of the available choices"),
        ({"due": "31.3.2027"}, "That is not a day."),
        ({"items": []}, "Choose at least one item that it closes."),
        ({"items": "999999"}, "not one of the available choices"),
        ({"items": "x"}, "not one of the available choices"),
        ({"amount": "400.01"}, "The items chosen carry 400.00."),
        ({"amount": "-1"}, "It must be more than 0."),
        ({"amount": "NaN"}, "is not a number"),
    ],
)
def test_a_bad_effect_gets_a_sentence_and_is_not_issued(
    cast: Cast, carla: Client, more: dict[str, Any], sentence: str
) -> None:
    response = carla.post(reverse("effect_new"), effect(debt(cast), **more))

    assert response.status_code == 422
    assert sentence in words(response)
    assert not Effect.objects.exists()


def test_the_number_of_an_effect_is_given_once(cast: Cast, carla: Client) -> None:
    carla.post(reverse("effect_new"), effect(debt(cast)))

    response = carla.post(reverse("effect_new"), effect(debt(cast, reference="I2")))

    assert "An effect R1 exists already." in words(response)
    assert Effect.objects.count() == 1


def test_nothing_is_presented_where_nothing_was_chosen(cast: Cast, carla: Client) -> None:
    response = carla.post(reverse("effects_present"), {"mode": "SBF"}, follow=True)

    assert "Choose at least one effect of the portfolio." in words(response)


@pytest.mark.parametrize(("name", "budget"), [("items", 11), ("effects", 11)])
def test_lists_cost_the_same_however_long(cast: Cast, carla: Client, name: str, budget: int) -> None:
    def some(count: int) -> None:
        for _each in range(count):
            number = f"N{OpenItem.objects.count()}"
            customer = cast.customer(number, None)
            item = cast.item(customer, "10", due=business_day(timezone.now()), reference=number, now=timezone.now())
            if name == "effects":
                booking.issue_effect(
                    customer=customer, amount=Decimal(10), due=business_day(timezone.now()), items=[item],
                    number=number, by=cast.carla, now=timezone.now(),
                )  # fmt: skip

    some(2)
    few = queries_of(carla, reverse(name))
    some(8)

    assert queries_of(carla, reverse(name)) == few <= budget


@pytest.mark.parametrize("name", ["items", "effects"])
def test_an_empty_list_and_a_wrong_filter_say_so(cast: Cast, carla: Client, name: str) -> None:
    address = reverse(name)

    assert "Nothing is open here." in (page := words(carla.get(address))) or "No effect fits." in page
    assert "That is not a day." in words(carla.get(address, {"due_from": "soon"}))
    assert "not one of the available choices" in words(carla.get(address, {"kind": "SOMETHING"}))
