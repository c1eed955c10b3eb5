"""Master data in the administration: what has a page of its own is only looked at there."""

import pytest
from django.test import Client
from django.urls import reverse

from approvals import stopping
from customers.models import CreditAccount, PaymentTerms
from tests.cast import NOW, Cast
from tests.pages import as_user, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(cast: Cast) -> Client:
    return as_user(cast.ada.user)


def test_a_suspension_is_shown_with_its_reason_and_the_way_to_the_stops(cast: Cast, ada: Client) -> None:
    stopping.suspend(cast.rossi, reason="fraud", by=cast.dario, now=NOW)

    for page in ("admin:customers_creditaccount_change", "admin:customers_customer_change"):
        response = ada.get(reverse(page, args=[cast.rossi.pk]))

        assert "yes: fraud" in words(response)
        assert reverse("stops", args=["ROSSI"]) in response.content.decode()
        assert 'name="suspended"' not in response.content.decode()


def test_a_suspension_cannot_be_set_past_its_history(cast: Cast, ada: Client) -> None:
    form = {
        "control": "WARN", "suspended": "on", "suspended_reason": "smuggled",
        "sub_limits-TOTAL_FORMS": "0", "sub_limits-INITIAL_FORMS": "0",
    }  # fmt: skip

    response = ada.post(reverse("admin:customers_creditaccount_change", args=[cast.rossi.pk]), form)

    account = CreditAccount.objects.get(pk=cast.rossi.pk)
    assert response.status_code == 302
    assert (account.control, account.suspended, account.suspended_reason) == ("WARN", False, "")


def test_a_new_customer_gets_an_account_that_is_not_suspended(cast: Cast, ada: Client) -> None:
    page = ada.get(reverse("admin:customers_customer_add"))

    assert page.status_code == 200


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"instalments-0-percent": "30", "instalments-1-percent": "30"}, "The instalments come to 60 % of the invoice"),
        ({"discount_days": "10"}, "Say how much is taken off within these days."),
        ({"discount_percent": "2"}, "Say within how many days it is granted."),
        ({"discount_days": "10", "discount_percent": "100"}, "It lies between 0 and 100."),
        ({"discount_days": "10", "discount_percent": "2"}, ""),
    ],
)
def test_terms_are_whole(cast: Cast, ada: Client, typed: dict[str, str], sentence: str) -> None:
    form = {
        "code": "T1", "days": "0", "days_after_month_end": "0",
        "instalments-TOTAL_FORMS": "2", "instalments-INITIAL_FORMS": "0",
        "instalments-0-position": "1", "instalments-0-percent": "33.3333", "instalments-0-days": "30",
        "instalments-1-position": "2", "instalments-1-percent": "66.6667", "instalments-1-days": "60", **typed,
    }  # fmt: skip

    response = ada.post(reverse("admin:customers_paymentterms_add"), form)

    assert PaymentTerms.objects.filter(code="T1").exists() is not bool(sentence)
    assert sentence in words(response)
