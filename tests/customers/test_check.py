"""Would it pass? Asked from the customer's page and while an order is typed: live, by a button, without a trace."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.models import AccountStatus, PaymentTerms
from documents.models import Document, DocumentType
from tests.cast import Cast, policy
from tests.pages import as_user, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def sara(cast: Cast) -> Client:
    return as_user(cast.sara.user)


def asked(client: Client, code: str = "BIANCHI", *, live: bool = False, **typed: Any) -> str:
    headers = {"HX-Request": "true"} if live else {}
    response = client.get(reverse("customer_check", args=[code]), typed, headers=headers)
    assert response.status_code == 200
    return words(response).replace("\xa0", " ")


def test_it_says_that_it_would_pass(sara: Client) -> None:
    assert "It would pass." in asked(sara, amount="1000")


def test_it_says_why_not_and_what_would_free_it(sara: Client) -> None:
    page = asked(sara, amount="1,200.50")

    assert "It would be held." in page
    assert "An order of at most EUR 1,000.00." in page
    assert "A payment of at least EUR 200.50, whatever it settles." in page
    assert "A limit of" not in page


def test_live_it_is_only_the_verdict(sara: Client) -> None:
    page = asked(sara, live=True, amount="1000.01")

    assert "It would be held." in page
    assert "Amount, with tax" not in page


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"amount": ""}, "Say how much."),
        ({"amount": "abc"}, "is not a number"),
        ({"amount": "0"}, "It must be more than 0."),
        ({"amount": "10.005"}, "EUR has 2 decimals."),
        ({"amount": "10", "currency": "XYZ"}, "We do not know the currency"),
        ({"amount": "10", "ship_date": "soon"}, "That is not a day."),
        ({"amount": "10", "checkpoint": "moon"}, "moon is not one of the available choices"),
        ({"amount": "10", "type": "NOTE"}, "That is no type of order."),
    ],
)
@pytest.mark.parametrize("live", [True, False])
def test_bad_input_gets_a_sentence(sara: Client, typed: dict[str, str], sentence: str, live: bool) -> None:
    DocumentType.objects.create(code="NOTE", of="DELIVERY")

    assert sentence in asked(sara, live=live, **typed)


def test_terms_and_checkpoint_are_taken_into_account(cast: Cast, sara: Client) -> None:
    PaymentTerms.objects.create(code="PRE", prepaid=True)
    policy(checkpoints={"invoice": {"on": True}})

    assert "It would pass." in asked(sara, amount="5000", terms="PRE")
    assert "prepaid" in asked(sara, amount="5000", terms="PRE", checkpoint="delivery")
    assert "An invoice of at most EUR 1,000.00." in asked(sara, amount="5000", checkpoint="invoice")


def test_a_stopped_account_and_a_missing_rate_are_sentences(cast: Cast, sara: Client) -> None:
    cast.rossi.currency = "CHF"
    cast.rossi.save()
    assert "There is no exchange rate" in asked(sara, "NERI", amount="5", currency="CHF")

    cast.bianchi.account_status = AccountStatus.objects.create(code="STOP", stops="ALL")
    cast.bianchi.save()
    assert "status STOP refuses this document." in asked(sara, amount="5")


def test_it_leaves_no_trace_and_costs_a_fixed_number_of_queries(cast: Cast, sara: Client) -> None:
    with CaptureQueriesContext(connection) as seen:
        asked(sara, amount="5000", live=True)

    assert not Document.objects.exists()
    assert not [q for q in seen if q["sql"].startswith(("INSERT", "UPDATE", "DELETE")) or "FOR UPDATE" in q["sql"]]
    assert len(seen) <= 24


def test_the_order_page_asks_at_any_checkpoint_before_saving(cast: Cast, sara: Client) -> None:
    policy(checkpoints={"delivery": {"on": False}})
    typed = {
        "customer": "BIANCHI", "lines-TOTAL_FORMS": "1", "lines-INITIAL_FORMS": "0", "lines-0-price": "1500",
        "token": "0" * 32, "panel": "1",
    }  # fmt: skip

    def said(at: str) -> str:
        return words(sara.post(reverse("order_new"), {**typed, "at": at}, headers={"HX-Request": "true"}))

    assert "It would be held." in said("")
    assert "It would be held." in said("picking")
    assert "It would pass." in said("entry")
    assert "It would pass." in said("delivery")
    assert not Document.objects.exists()
