"""The pages of customers: the list, one customer, a limit granted, the exposure of a day."""

import re
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from creditrisk.clock import business_day
from customers.models import Customer, Limit
from tests.cast import Cast, policy
from tests.forms import forms_in
from tests.pages import as_user, queries_of, words


@pytest.fixture
def dario(cast: Cast) -> Client:
    return as_user(cast.dario.user)


def typed(**more: Any) -> dict[str, Any]:
    """Return a grant as a browser sends it."""
    today = business_day(timezone.now()).isoformat()
    newest = Limit.objects.filter(customer__code="ROSSI").latest("pk").pk
    usual = {"kind": "BASE", "state": "AMOUNT", "amount": "12,000.00", "valid_from": today, "reason": "A good year"}
    return {**usual, "seen": newest, **more}


def test_a_granted_limit_stands_on_the_page_with_its_reason(cast: Cast, dario: Client) -> None:
    policy(four_eyes=False)

    response = dario.post(reverse("customer_limit", args=["ROSSI"]), typed(), follow=True)

    page = words(response)
    assert "The limit is granted." in page
    assert "EUR 12,000.00" in page
    assert "A good year" in page


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"amount": "-1"}, "It cannot be negative."),
        ({"amount": "1.000,00"}, "could be read in two ways"),
        ({"amount": "a lot"}, "is not a number"),
        ({"amount": "1e999"}, "is not a number"),
        ({"amount": "Infinity"}, "is not a number"),
        ({"amount": "9" * 20}, "That is too much"),
        ({"amount": "0.001"}, "EUR has 2 decimals."),
        ({"amount": ""}, "Say how much. 0 means no credit."),
        ({"state": "UNLIMITED"}, "Leave the amount blank"),
        ({"state": "PLENTY"}, "not one of the available choices"),
        ({"kind": "FOREVER"}, "not one of the available choices"),
        ({"kind": "TEMPORARY"}, "A temporary limit needs a last day."),
        ({"valid_from": "tomorrow"}, "That is not a day."),
        ({"valid_from": "0001-01-01"}, "The year must lie between"),
        ({"valid_to": "2020-01-01"}, "The last day lies before the first."),
        ({"reason": ""}, "This field is required."),
        ({"reason": "x" * 301}, "at most 300 characters"),
        ({"reason": "a\0b"}, "Null characters are not allowed."),
        ({"seen": "x"}, "Enter a whole number."),
    ],
)
def test_a_bad_grant_gets_a_sentence_and_grants_nothing(
    cast: Cast, dario: Client, more: dict[str, str], sentence: str
) -> None:
    before = Limit.objects.count()

    response = dario.post(reverse("customer_limit", args=["ROSSI"]), typed(**more))

    assert response.status_code == 422
    assert sentence in words(response)
    assert Limit.objects.count() == before


def test_a_limit_of_zero_and_none_at_all_are_granted_in_so_many_words(cast: Cast, dario: Client) -> None:
    policy(four_eyes=False)
    address = reverse("customer_limit", args=["ROSSI"])
    dario.post(address, typed(amount="0"))

    dario.post(address, typed(state="UNLIMITED", amount=""))

    granted = [(limit.state, limit.amount) for limit in Limit.objects.filter(customer=cast.rossi).order_by("pk")[1:]]
    assert granted == [("AMOUNT", Decimal(0)), ("UNLIMITED", None)]


def test_a_grant_sent_twice_is_granted_once(cast: Cast, dario: Client) -> None:
    once = typed(amount="9,000.00")
    dario.post(reverse("customer_limit", args=["ROSSI"]), once)
    before = Limit.objects.count()

    response = dario.post(reverse("customer_limit", args=["ROSSI"]), once, follow=True)

    assert "Nothing was done twice." in words(response)
    assert Limit.objects.count() == before


def test_what_somebody_else_granted_meanwhile_is_told_and_what_was_typed_stays(cast: Cast, dario: Client) -> None:
    policy(four_eyes=False)
    address, mine = reverse("customer_limit", args=["ROSSI"]), typed(amount="9,000.00", reason="As agreed")
    as_user(cast.fiona.user).post(address, typed(amount="4,000.00"))
    before = Limit.objects.count()

    told = dario.post(address, mine)

    assert told.status_code == 422
    assert "A limit was granted since this page was drawn." in words(told)
    assert "EUR 4,000.00" in words(told)
    assert Limit.objects.count() == before
    again = next(f.fields for f in forms_in(address, told.content.decode()) if "seen" in f.fields)
    assert (again["amount"], again["reason"]) == ("9,000.00", "As agreed")
    assert "The limit is granted." in words(
        dario.post(address, again | {"kind": "BASE", "state": "AMOUNT"}, follow=True)
    )


@pytest.mark.parametrize(
    "more",
    [{"amount": "10,000.01"}, {"state": "UNLIMITED", "amount": ""}, {"kind": "TEMPORARY", "valid_to": "2099-01-01"}],
)
def test_two_people_agree_to_a_raise(cast: Cast, dario: Client, more: dict[str, str]) -> None:
    before = Limit.objects.count()

    response = dario.post(reverse("customer_limit", args=["ROSSI"]), typed(**more))

    assert response.status_code == 422
    assert "ask for it instead" in words(response) and "Ask for it instead" in words(response)
    assert Limit.objects.count() == before


@pytest.mark.parametrize("amount", ["10,000.00", "9,999.99", "0"])
def test_a_limit_is_lowered_at_once(cast: Cast, dario: Client, amount: str) -> None:
    response = dario.post(reverse("customer_limit", args=["ROSSI"]), typed(amount=amount), follow=True)

    assert "The limit is granted." in words(response)


def test_a_raise_of_a_later_day_is_a_raise(cast: Cast, dario: Client) -> None:
    """Lowered from June on, 9,000 from today would be more than June's 2,000, were it to begin later."""
    dario.post(reverse("customer_limit", args=["ROSSI"]), typed(amount="2,000", valid_from="2098-06-01"))

    response = dario.post(reverse("customer_limit", args=["ROSSI"]), typed(amount="9,000", valid_from="2098-07-01"))

    assert response.status_code == 422
    assert Limit.objects.filter(customer=cast.rossi, amount=9000).count() == 0


def test_what_was_typed_for_a_raise_stands_in_the_request(cast: Cast, dario: Client) -> None:
    address = reverse("customer_limit", args=["ROSSI"])
    refused = dario.post(address, typed()).content.decode()
    link = unescape(re.search(r'href="([^"]*ask/\?[^"]*)"', refused)[1])  # type: ignore[index]

    asked = dario.get(link).content.decode()

    assert 'value="12,000.00"' in asked
    assert "A good year" in asked


def test_the_exposure_of_a_day_is_asked_for_by_business_day_and_by_knowledge(cast: Cast, dario: Client) -> None:
    cast.confirmed(cast.rossi, "300", now=timezone.now())
    address, today = reverse("customer_exposure", args=["ROSSI"]), business_day(timezone.now()).isoformat()

    now, then = words(dario.get(address, {"day": today})), words(dario.get(address, {"known": "2020-01-01"}))

    assert "EUR 300.00" in now
    assert "Orders, confirmed" in now
    assert "No entry." in then


@pytest.mark.parametrize("query", [{"day": "yesterday"}, {"known": "9999-12-31"}, {"day": "1e9"}])
def test_a_day_that_is_none_is_told(cast: Cast, dario: Client, query: dict[str, str]) -> None:
    page = words(dario.get(reverse("customer_exposure", args=["ROSSI"]), query))

    assert "That is not a day." in page or "The year must lie between" in page


def test_the_ages_of_debts_are_called_in_the_readers_language(cast: Cast, dario: Client) -> None:
    cast.item(cast.rossi, "100", due=business_day(timezone.now()))
    address = reverse("customer", args=["ROSSI"])

    page, pagina = (words(dario.get(address, headers={"Accept-Language": language})) for language in ("en", "it"))

    assert "Not due" in page and "1-30 days" in page
    assert "A scadere" in pagina and "1-30 giorni" in pagina
    assert "current 0" not in pagina and "current 1" not in pagina


def test_the_ageing_of_a_head_includes_its_branches_as_its_exposure_does(cast: Cast, dario: Client) -> None:
    branch = cast.customer("BRANCH", None, parent=cast.neri)
    cast.item(branch, "400", due=business_day(timezone.now()), now=timezone.now())

    head, own = (words(dario.get(reverse("customer", args=[code]))) for code in ("NERI", "BRANCH"))

    assert "Ageing with its branches" in head
    assert "Nothing is open." in head.partition("Open items")[2]
    for page in (head, own):
        assert "EUR 400.00" in page.partition("Ageing")[2].partition("Open documents")[0]


def test_the_page_of_a_customer_costs_the_same_with_many_items(cast: Cast, dario: Client) -> None:
    address = reverse("customer", args=["ROSSI"])

    def some(count: int) -> None:
        for number in range(count):
            day = business_day(timezone.now())
            cast.item(cast.rossi, "10", due=day, reference=f"{count}-{number}", now=timezone.now())

    some(2)
    few = queries_of(dario, address)
    some(7)

    assert queries_of(dario, address) == few <= 40


def test_the_list_costs_the_same_however_long(cast: Cast, dario: Client) -> None:
    address = reverse("customers")
    few = queries_of(dario, address)
    for number in range(8):
        cast.customer(f"MORE{number}")

    assert queries_of(dario, address) == few <= 16


def test_lists_are_narrowed_and_nonsense_finds_nobody(cast: Cast, dario: Client) -> None:
    address = reverse("customers")

    assert "BIANCHI" not in words(dario.get(address, {"q": "rossi"}))
    assert "No customer fits." in words(dario.get(address, {"q": "\U0001f986"}))
    assert "not one of the available choices" in words(dario.get(address, {"segment": "NOWHERE"}))


def test_suggestions_are_those_that_fit(cast: Cast, dario: Client) -> None:
    for number in range(20):
        Customer.objects.create(code=f"SAME{number}", name="Same", company=cast.company, currency="EUR")
    address = reverse("customer_suggest")

    fits, too_many, nothing = (dario.get(address, {"customer": text}) for text in ("ros", "same", "\0"))

    assert 'value="ROSSI"' in fits.content.decode()
    assert too_many.content.decode().count("<option") == 12
    assert nothing.content.decode().count("<option") == 0
