"""Why people release: chosen from the company's table where it has one, one by one and over a selection."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from approvals import booking, gate, hold_events
from approvals.models import Authority, Hold, HoldEvent, Release, ReleaseReason
from creditrisk.refusal import Refused
from customers.models import Company
from tests.approvals.looking import held
from tests.cast import NOW, Cast
from tests.pages import as_user, words


@pytest.fixture
def carla(cast: Cast) -> Client:
    return as_user(cast.carla.user)


@pytest.fixture
def plan(cast: Cast) -> ReleaseReason:
    ReleaseReason.objects.create(company=cast.company, code="OLD", name="Old reason", active=False)
    ReleaseReason.objects.create(company=cast.company, code="OTHER", name="Other, see the note", needs_note=True)
    return ReleaseReason.objects.create(company=cast.company, code="PLAN", name="A payment plan")


def saw(amount: str = "1500", excess: str = "500") -> str:
    return json.dumps({"amount": amount, "excess": excess, "reasons": ["over_limit"]})


def typed(reason: str, **more: Any) -> dict[str, Any]:
    return {"saw": saw(), "reason": reason, "scope": "REMAINING_STEPS", "cap": "1500", **more}


def now_held(cast: Cast, customer: Any, amount: str = "1500") -> Hold:
    return held(cast, customer, amount, now=timezone.now())


def test_a_chosen_reason_is_kept_with_its_code_and_its_name_of_that_day(
    cast: Cast, carla: Client, plan: ReleaseReason
) -> None:
    hold = now_held(cast, cast.bianchi)

    carla.post(reverse("hold_release", args=[hold.pk]), typed("PLAN"))
    ReleaseReason.objects.update(name="Renamed")

    made = Release.objects.get()
    assert (made.reason_code, made.reason) == (plan, "A payment plan")


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("", "Say why you release it."), ("because", "not one of the available choices"),
        ("OLD", "not one of the available choices"), ("OTHER", "Say why, in a few words."),
    ],
)  # fmt: skip
def test_only_an_active_reason_of_the_table_is_taken(
    cast: Cast, carla: Client, plan: ReleaseReason, reason: str, sentence: str
) -> None:
    hold = now_held(cast, cast.bianchi)

    response = carla.post(reverse("hold_release", args=[hold.pk]), typed(reason))

    assert response.status_code == 422 and sentence in words(response)
    assert not Release.objects.exists()


def test_without_a_table_the_reason_is_typed(cast: Cast, carla: Client) -> None:
    hold = now_held(cast, cast.bianchi)

    carla.post(reverse("hold_release", args=[hold.pk]), typed("They called"))

    assert Release.objects.get().reason == "They called"


def test_the_service_refuses_a_reason_of_another_company(cast: Cast) -> None:
    other = Company.objects.create(code="OTHER", name="Other", currency="EUR")
    theirs = ReleaseReason.objects.create(company=other, code="X", name="Theirs")
    hold = held(cast, cast.bianchi)

    with pytest.raises(Refused, match="no reason of this company"):
        gate.release(hold, by=cast.carla, now=NOW, reason="Theirs", code=theirs)


def decide(client: Client, holds: list[Hold], decision: str = "release", reason: str = "PLAN", **more: str) -> Any:
    data = {"hold": [h.pk for h in holds], "decision": decision, "mass-reason": reason, "mass-note": "", **more}
    for hold in holds:
        review = hold.reviews.latest("pk")
        data.setdefault(f"saw-{hold.pk}", saw(str(hold.amount), str(review.excess)))
    return client.post(reverse("holds_decide"), data)


def test_a_selection_is_released_with_each_line_told(cast: Cast, carla: Client, plan: ReleaseReason) -> None:
    Authority.objects.filter(user=cast.carla.user).update(release_up_to=Decimal(2000))
    fits, above, gone = (
        now_held(cast, cast.bianchi), now_held(cast, cast.neri, "2500"), now_held(cast, cast.customer("C1", "10"), "20"),
    )  # fmt: skip
    gate.reject(gone, by=cast.dario, now=timezone.now(), reason="no")

    shown = words(decide(carla, [fits, above, gone]))

    assert "1 released, 2 not" in shown
    assert "EUR 2,500.00 is above your authority of EUR 2,000.00" in shown
    assert "by dario" in shown
    assert [(r.hold, r.reason_code) for r in Release.objects.all()] == [(fits, plan)]
    assert list(Hold.objects.filter(open=True)) == [above]


def test_a_line_that_grew_since_the_page_was_drawn_is_not_released(
    cast: Cast, carla: Client, plan: ReleaseReason
) -> None:
    hold, other = now_held(cast, cast.bianchi), now_held(cast, cast.neri, "2500")
    today = timezone.localdate()
    booking.item(
        customer=cast.bianchi, amount=Decimal(1), due=today + timedelta(days=9), reference="I", by=cast.carla,
        now=timezone.now(),
    )  # fmt: skip

    shown = words(decide(carla, [hold, other]))

    assert "EUR" in shown and "more than this page showed" in shown
    assert list(Hold.objects.filter(open=True)) == [hold]


def test_a_line_without_what_the_page_showed_is_not_released(cast: Cast, carla: Client, plan: ReleaseReason) -> None:
    hold = now_held(cast, cast.bianchi)

    shown = words(decide(carla, [hold], **{f"saw-{hold.pk}": ""}))

    assert "This page is not complete" in shown
    assert not Release.objects.exists()


def test_a_selection_is_rejected(cast: Cast, carla: Client) -> None:
    holds = [now_held(cast, cast.bianchi), now_held(cast, cast.neri, "2500")]

    shown = words(decide(carla, holds, "reject", "too late in the year"))

    assert "2 rejected" in shown
    assert {h.closing.reason for h in Hold.objects.all()} == {"too late in the year"}


def test_a_selection_is_taken_sent_back_and_delegated_line_by_line(cast: Cast, carla: Client) -> None:
    mine, other = now_held(cast, cast.bianchi), now_held(cast, cast.neri, "2500")
    hold_events.take(mine, by=cast.carla, now=timezone.now())

    taken = words(decide(carla, [mine, other], "take", ""))
    sent = words(decide(carla, [mine, other], "send_back", "", **{"mass-note": "Half of it"}))
    handed = words(decide(carla, [mine, other], "delegate", "", **{"mass-to": "dario"}))

    assert "1 taken, 1 not" in taken and "You have it already." in taken
    assert "2 sent back for a change" in sent
    assert "2 delegated" in handed
    assert {hold_events.assignee(h) for h in (mine, other)} == {cast.dario.user}
    assert Hold.objects.filter(open=True).count() == 2


@pytest.mark.parametrize(
    ("decision", "sentence"),
    [("send_back", "Say what should be changed."), ("delegate", "Choose who shall decide it."), ("release", "Say why")],
)
def test_a_selection_is_handed_on_only_with_what_is_needed(
    cast: Cast, carla: Client, decision: str, sentence: str
) -> None:
    hold = now_held(cast, cast.bianchi)

    response = decide(carla, [hold], decision, "")

    assert response.status_code == 422 and sentence in words(response)
    assert not HoldEvent.objects.exists()


def test_without_a_reason_the_selection_stays_chosen(cast: Cast, carla: Client, plan: ReleaseReason) -> None:
    hold = now_held(cast, cast.bianchi)

    response = decide(carla, [hold], reason="")

    assert response.status_code == 422
    assert f'value="{hold.pk}" checked' in response.content.decode()
    assert not Release.objects.exists()


@pytest.mark.parametrize("data", [{}, {"hold": ["x"]}, {"hold": ["1" * 30], "decision": "release"}])
def test_without_a_selection_nothing_is_decided(cast: Cast, carla: Client, data: dict[str, Any]) -> None:
    now_held(cast, cast.bianchi)

    response = carla.post(reverse("holds_decide"), data, follow=True)

    assert "nothing was decided" in words(response)
    assert Hold.objects.get().open
