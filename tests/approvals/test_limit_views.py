"""The pages of limit requests: asking, deciding, what is said when somebody was quicker."""

import re
import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from approvals import booking, context, limit_requests
from approvals.limit_requests import Asked
from approvals.models import ApprovalLevel, LimitRequest
from creditrisk.clock import business_day
from customers.models import Company, CompanyAccess
from tests.cast import Cast
from tests.pages import as_user, queries_of, words


def typed(**more: Any) -> dict[str, Any]:
    return {
        "token": uuid.uuid4().hex, "state": "AMOUNT", "amount": "2,500.00", "kind": "BASE", "reason": "growing", **more
    }  # fmt: skip


def asked(cast: Cast, amount: str = "2000") -> LimitRequest:
    wanted = Asked(amount=Decimal(amount), reason="growing")
    return limit_requests.ask(cast.bianchi, wanted, by=cast.sara, now=timezone.now())


def decide(client: Client, request: LimitRequest, how: str, **more: Any) -> str:
    return words(client.post(reverse(f"limit_request_{how}", args=[request.pk]), more, follow=True))


@pytest.fixture
def sara(cast: Cast) -> Client:
    return as_user(cast.sara.user)


@pytest.fixture
def dario(cast: Cast) -> Client:
    return as_user(cast.dario.user)


def test_from_asking_to_the_new_limit(cast: Cast, sara: Client, dario: Client) -> None:
    page = words(sara.post(reverse("limit_ask", args=["BIANCHI"]), typed(), follow=True))
    request = LimitRequest.objects.get()

    said = decide(dario, request, "approve", note="sound accounts")

    assert "is asked for" in page
    assert "Waits for" in page
    assert "You agreed" in said
    assert "sound accounts" in said
    assert context.standing(cast.bianchi, today=business_day(timezone.now())).limit.amount == 2500


def test_how_the_customer_pays_stands_beside_the_form_and_the_request(cast: Cast, sara: Client, dario: Client) -> None:
    now = timezone.now()
    item = cast.item(cast.bianchi, "100", due=business_day(now) - timedelta(days=7))
    booking.pay(
        customer=cast.bianchi, amount=Decimal(100), items=[(item, Decimal(100))], reference="P1", by=cast.carla, now=now
    )

    asking = words(sara.get(reverse("limit_ask", args=["BIANCHI"])))
    deciding = words(dario.get(reverse("limit_request", args=[asked(cast).pk])))

    for page in (asking, deciding):
        assert "How they pay" in page
        assert "On average 7 days late" in page


def test_a_form_sent_twice_asks_once(cast: Cast, sara: Client) -> None:
    data = typed()
    sara.post(reverse("limit_ask", args=["BIANCHI"]), data)

    page = words(sara.post(reverse("limit_ask", args=["BIANCHI"]), data, follow=True))

    assert "Nothing was done twice" in page
    assert LimitRequest.objects.count() == 1


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"amount": ""}, "Say how much"),
        ({"amount": "-1"}, "negative"),
        ({"amount": "1.005"}, "EUR"),
        ({"amount": "much"}, "amount"),
        ({"state": "", "amount": ""}, "Ask for a limit"),
        ({"kind": "TEMPORARY"}, "last day"),
        ({"valid_to": "yesterday"}, "That is not a day"),
        ({"reason": ""}, "Say why it is needed"),
    ],
)
def test_bad_input_gets_a_sentence_and_asks_for_nothing(
    cast: Cast, sara: Client, more: dict[str, str], sentence: str
) -> None:
    response = sara.post(reverse("limit_ask", args=["BIANCHI"]), typed(**more))

    assert response.status_code == 422
    assert sentence in words(response)
    assert not LimitRequest.objects.exists()


def test_who_comes_second_is_told_who_was_quicker(cast: Cast, dario: Client) -> None:
    request = asked(cast)
    limit_requests.approve(request, by=cast.fiona, now=timezone.now())

    said = decide(dario, request, "reject", note="no")

    assert "by fiona" in said
    assert "Nothing was done twice" in said


def test_a_level_that_is_too_low_sees_no_buttons_and_is_refused(cast: Cast) -> None:
    ApprovalLevel.objects.create(position=1, group=Group.objects.get(name="credit_manager"))
    carla, request = as_user(cast.carla.user), asked(cast)

    page = words(carla.get(reverse("limit_request", args=[request.pk])))
    said = decide(carla, request, "approve")

    assert "Agree" not in page
    assert "This is for the credit manager to decide" in said


def test_it_is_sent_back_changed_and_agreed_to(cast: Cast, sara: Client, dario: Client) -> None:
    request = asked(cast)
    decide(dario, request, "send_back", note="at most 1,500")

    sara.post(reverse("limit_request_change", args=[request.pk]), typed(amount="1500"))
    said = decide(dario, request, "approve")

    assert "at most 1,500" in said
    assert context.standing(cast.bianchi, today=business_day(timezone.now())).limit.amount == 1500


def test_a_decision_on_a_page_that_has_grown_old_is_refused(cast: Cast, sara: Client, dario: Client) -> None:
    request = asked(cast)
    saw = ",".join(str(pk) for pk in request.events.values_list("pk", flat=True))
    sara.post(reverse("limit_request_change", args=[request.pk]), typed(amount="9000"))

    said = decide(dario, request, "approve", saw=saw)

    assert "look at it again" in said
    assert context.standing(cast.bianchi, today=business_day(timezone.now())).limit.amount == 1000


def test_somebody_else_is_asked_to_decide(cast: Cast, dario: Client) -> None:
    request = asked(cast)

    nobody = decide(dario, request, "delegate", to="")
    said = decide(dario, request, "delegate", to="fiona", note="on holiday")

    request.refresh_from_db()
    assert "Choose who shall decide" in nobody
    assert "is delegated" in said
    assert request.assigned_to == cast.fiona.user


def test_nobody_is_offered_who_could_not_decide(cast: Cast, dario: Client) -> None:
    elsewhere = Company.objects.create(code="ELSE", name="Elsewhere", currency="EUR")
    CompanyAccess.objects.create(user=cast.carla.user, company=elsewhere)

    offered = dario.get(reverse("limit_request", args=[asked(cast).pk])).context["deciders"]

    assert [person.username for person in offered] == ["dario", "fiona"]


def test_who_asked_withdraws(cast: Cast, sara: Client) -> None:
    request = asked(cast)

    assert "is withdrawn" in decide(sara, request, "withdraw")


def test_the_list_shows_the_undecided_and_costs_the_same_for_many(cast: Cast, dario: Client) -> None:
    first = asked(cast)
    few = queries_of(dario, reverse("limit_requests"))
    for _more in range(6):
        asked(cast)
    limit_requests.reject(first, by=cast.dario, now=timezone.now(), note="no")

    undecided = words(dario.get(reverse("limit_requests")))
    rejected = words(dario.get(reverse("limit_requests"), {"state": "REJECTED"}))

    assert queries_of(dario, reverse("limit_requests")) == few
    assert str(first) not in undecided.split("Request Customer")[-1].split()
    assert str(first) in rejected


def test_a_changed_request_tells_from_what_to_what(cast: Cast) -> None:
    request = limit_requests.ask(
        cast.bianchi, Asked(amount=Decimal(2000), reason="growing"), by=cast.sara, now=timezone.now()
    )
    limit_requests.change(request, Asked(amount=Decimal(1200), reason="growing"), by=cast.sara, now=timezone.now())

    shown = words(as_user(cast.dario.user).get(reverse("limit_request", args=[request.pk])))

    assert "Amount: 2,000.00 → 1,200.00" in shown


def test_what_took_effect_tells_the_limit_that_stood_before(cast: Cast) -> None:
    request = limit_requests.ask(
        cast.bianchi, Asked(amount=Decimal(2000), reason="growing"), by=cast.sara, now=timezone.now()
    )
    limit_requests.approve(request, by=cast.dario, now=timezone.now())

    shown = words(as_user(cast.dario.user).get(reverse("limit_request", args=[request.pk])))

    assert re.search(r"Limit before EUR.1,000\.00 Difference EUR.1,000\.00", shown)
