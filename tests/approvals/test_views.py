"""The release desk and the alerts by their pages: what is typed badly, twice or too late, and what the lists cost."""

import csv
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from approvals import alerts, booking, gate
from approvals.alert_kinds import money, percent
from approvals.models import Hold, HoldClosing, Release, ReleaseReason
from creditrisk.clock import business_day
from documents.drafts import Changes
from tests.cast import NOW, TODAY, Cast
from tests.pages import as_user, queries_of, words


@pytest.fixture
def carla(cast: Cast) -> Client:
    return as_user(cast.carla.user)


def held(cast: Cast, amount: str = "1500") -> Hold:
    """Hold an order of Bianchi, whose limit is 1,000."""
    order = cast.order(cast.bianchi, amount, now=timezone.now())
    gate.submit(order, "confirm", by=cast.sara, now=timezone.now())
    return Hold.objects.get(document=order)


def typed(amount: str = "1500", excess: str = "500", **more: Any) -> dict[str, Any]:
    """Return a release as a browser sends it from a page that showed these figures."""
    saw = json.dumps({"amount": amount, "excess": excess, "reasons": ["over_limit"]})
    return {"saw": saw, "reason": "good_history", "scope": "REMAINING_STEPS", "cap": amount, **more}


def test_the_desk_shows_what_waits_with_its_evidence(cast: Cast, carla: Client) -> None:
    hold = held(cast)

    desk, detail = words(carla.get(reverse("desk"))), words(carla.get(reverse("hold", args=[hold.pk])))

    assert str(hold.document) in desk
    assert "1 hold, EUR 1,500.00" in desk
    assert "EUR 500.00 too much" in detail
    assert "What would free it" in detail


def test_a_row_says_when_it_ships_beside_an_open_hold_too(cast: Cast, carla: Client) -> None:
    now = timezone.now()
    order = cast.order(cast.bianchi, "1500", now=now, ship_date=business_day(now))
    hold = gate.submit(order, "confirm", by=cast.sara, now=now).hold
    assert hold is not None

    for page in (carla.get(reverse("desk")), carla.get(reverse("hold", args=[hold.pk]))):
        assert f"just now · ships {date_format(business_day(now), 'd M')}" in words(page)


def test_an_empty_desk_says_so(cast: Cast, carla: Client) -> None:
    assert "Nothing waits here." in words(carla.get(reverse("desk")))


def test_a_release_lets_the_step_be_repeated(cast: Cast, carla: Client) -> None:
    hold = held(cast)

    response = carla.post(reverse("hold_release", args=[hold.pk]), typed(), follow=True)

    assert "is released; the step can be repeated now." in words(response)
    assert Release.objects.get(hold=hold).cap == 1500


def test_a_release_tells_its_reason_in_words(cast: Cast, carla: Client) -> None:
    hold = held(cast)

    ReleaseReason.objects.create(company=cast.company, code="payment_announced", name="Payment is announced")
    carla.post(reverse("hold_release", args=[hold.pk]), typed(reason="payment_announced"))

    detail, alerts = words(carla.get(reverse("hold", args=[hold.pk]))), words(carla.get(reverse("alerts")))
    assert "Payment is announced" in detail and "payment_announced" not in detail
    assert "was released by carla: Payment is announced." in alerts


def test_a_release_can_carry_the_step_out(cast: Cast, carla: Client) -> None:
    hold = held(cast)

    response = carla.post(reverse("hold_release", args=[hold.pk]), typed(with_posting="on"), follow=True)

    hold.document.refresh_from_db()
    assert "the step is carried out" in words(response)
    assert hold.document.state == "CONFIRMED"


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"reason": ""}, "Say why you release it."),
        ({"reason": "x" * 121}, "at most 120 characters"),
        ({"cap": "-1"}, "It must be more than 0."),
        ({"cap": "0"}, "It must be more than 0."),
        ({"cap": "1e999"}, "is not a number"),
        ({"cap": "NaN"}, "is not a number"),
        ({"cap": "1500.001"}, "EUR has 2 decimals."),
        ({"cap": "9" * 30}, "That is too much"),
        ({"scope": "FOREVER"}, "not one of the available choices"),
        ({"scope": "UNTIL"}, "Say until which day."),
        ({"scope": "UNTIL", "until": "31/12/2026"}, "That is not a day."),
        ({"scope": "UNTIL", "until": "2020-01-01"}, "That day has passed."),
        ({"note": "x" * 2001}, "at most 2000 characters"),
        ({"saw": ""}, "This page is not complete"),
        ({"saw": "{"}, "This page is not complete"),
        ({"saw": '{"amount": "ten", "excess": "1", "reasons": []}'}, "This page is not complete"),
        ({"saw": '{"amount": "NaN", "excess": "1", "reasons": []}'}, "This page is not complete"),
        ({"saw": '{"amount": "1", "excess": "Infinity", "reasons": []}'}, "This page is not complete"),
        ({"saw": "[1]"}, "This page is not complete"),
        ({"saw": "[" * 5000}, "This page is not complete"),
    ],
)
def test_a_bad_release_gets_a_sentence_and_the_hold_stays(
    cast: Cast, carla: Client, more: dict[str, str], sentence: str
) -> None:
    hold = held(cast)

    response = carla.post(reverse("hold_release", args=[hold.pk]), typed(**more))

    assert response.status_code == 422
    assert sentence in words(response).replace("&#x27;", "'")
    assert not HoldClosing.objects.exists()


def test_a_release_sent_twice_counts_once(cast: Cast, carla: Client) -> None:
    hold = held(cast)
    carla.post(reverse("hold_release", args=[hold.pk]), typed())

    response = carla.post(reverse("hold_release", args=[hold.pk]), typed(), follow=True)

    assert "Nothing was done twice." in words(response)
    assert Release.objects.count() == 1


def test_a_stale_page_releases_nothing_and_shows_the_new_figures(cast: Cast, carla: Client) -> None:
    hold = held(cast)
    changes = Changes(amount=Decimal(1800))
    gate.submit(hold.document, "amend", by=cast.sara, now=timezone.now(), changes=changes)

    response = carla.post(reverse("hold_release", args=[hold.pk]), typed())

    page = words(response)
    assert response.status_code == 409
    assert "Not released: this page was out of date." in page
    assert "EUR 1,800.00" in page
    assert not Release.objects.exists()


def test_who_entered_a_document_does_not_release_it(cast: Cast) -> None:
    order = cast.order(cast.bianchi, "1500", by=cast.dario, now=timezone.now())
    gate.submit(order, "confirm", by=cast.dario, now=timezone.now())
    hold = Hold.objects.get(document=order)

    response = as_user(cast.dario.user).post(reverse("hold_release", args=[hold.pk]), typed())

    assert response.status_code == 422
    assert "four eyes" in words(response).lower() or "entered" in words(response)
    assert not Release.objects.exists()


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"reject-reason": ""}, "Say why you reject it."),
        ({"reject-reason": "   "}, "Say why you reject it."),
        ({"reject-reason": "x" * 121}, "at most 120 characters"),
        ({"reject-reason": "No", "reject-note": "x" * 2001}, "at most 2000 characters"),
    ],
)
def test_a_bad_rejection_gets_a_sentence(cast: Cast, carla: Client, more: dict[str, str], sentence: str) -> None:
    hold = held(cast)

    response = carla.post(reverse("hold_reject", args=[hold.pk]), more)

    assert response.status_code == 422
    assert sentence in words(response)
    assert not HoldClosing.objects.exists()


def test_a_rejection_closes_the_hold_once(cast: Cast, carla: Client) -> None:
    hold = held(cast)
    address = reverse("hold_reject", args=[hold.pk])
    first = carla.post(address, {"reject-reason": "Too late"}, follow=True)

    second = carla.post(address, {"reject-reason": "Too late"}, follow=True)

    assert "is rejected." in words(first)
    assert "Nothing was done twice." in words(second)
    assert HoldClosing.objects.count() == 1


def test_a_hold_by_hand_needs_its_reason_and_is_placed_once(cast: Cast, carla: Client) -> None:
    order = cast.confirmed(cast.rossi, "100", now=timezone.now())
    address = reverse("hold_force", args=[order.pk])
    empty = words(carla.post(address, {"reason": ""}, follow=True))
    placed = words(carla.post(address, {"reason": "Ask first"}, follow=True))

    again = words(carla.post(address, {"reason": "Ask first"}, follow=True))

    assert "Say why you hold it." in empty
    assert "is held." in placed
    assert "is held already." in again
    assert Hold.objects.count() == 1


def test_nonsense_in_the_filter_shows_the_whole_desk(cast: Cast, carla: Client) -> None:
    hold = held(cast)

    for query in ({"reason": "nonsense"}, {"sort": "nonsense"}, {"page": "-3"}, {"page": "nonsense"}):
        response = carla.get(reverse("desk"), query)

        assert response.status_code == 200
        assert str(hold.document) in words(response)
    assert "Nothing waits here." in words(carla.get(reverse("desk"), {"q": "nobody"}))


def test_the_desk_costs_the_same_however_long(cast: Cast, carla: Client) -> None:
    def some(count: int) -> None:
        for _each in range(count):
            held(cast)

    some(2)
    few = queries_of(carla, reverse("desk"))
    some(6)

    assert queries_of(carla, reverse("desk")) == few <= 27


def test_alerts_are_new_until_they_were_looked_at(cast: Cast, carla: Client) -> None:
    held(cast)
    before = carla.get(reverse("alerts")).content.decode()

    after = carla.post(reverse("alerts_seen"), follow=True).content.decode()

    assert "is held." in before
    assert "badge--info" in before
    assert "badge--info" not in after


def test_alerts_cost_the_same_however_many(cast: Cast, carla: Client) -> None:
    booking.item(
        customer=cast.rossi, amount=Decimal(9900), due=timezone.now().date(), reference="I9", by=cast.carla,
        now=timezone.now(),
    )  # fmt: skip
    held(cast)
    few = queries_of(carla, reverse("alerts"))
    for _each in range(5):
        held(cast)

    assert queries_of(carla, reverse("alerts")) == few <= 11


def test_alerts_are_narrowed_sorted_and_taken_away_as_a_file(cast: Cast, carla: Client) -> None:
    held(cast)
    alerts.write(
        [("usage_80", {"customer": "ROSSI", "used": percent(Decimal(81)), "total": money(Decimal(810), "EUR")})],
        customer_id=cast.rossi.pk, day=TODAY, now=NOW,
    )  # fmt: skip
    alerts.write([("drift", {"count": 2})], customer_id=None, day=TODAY - timedelta(days=5), now=NOW)
    address = reverse("alerts")

    def file(**asked: str) -> list[list[str]]:
        text = b"".join(carla.get(address, {**asked, "as": "csv"})).decode("utf-8-sig")  # type: ignore[arg-type]
        return list(csv.reader(text.splitlines()))

    every, kinds, grave = file(), file(kind="usage"), file(severity="danger")

    assert every[0] == ["How grave", "When", "What", "Customer"]
    assert [row[0] for row in every[1:]][:2] == ["to act on", "to watch"]
    assert [row[2] for row in kinds[1:]] == ["ROSSI uses 81.0 % of its limit: EUR 810.00."]
    assert [row[2][:19] for row in grave[1:]] == ["The exposure ledger"]
    assert len(file(about="LIMITS")) == 2
    assert len(file(q="rossi")) == 2
    assert len(file(until=(TODAY - timedelta(days=1)).isoformat())) == 2
    assert len(file(sort="customer", columns="says,customer,kind")[1]) == 3
    carla.post(reverse("alerts_seen"))
    assert len(file(new="yes")) == 1
    assert "That is not a day" in words(carla.get(address, {"since": "yesterday"}))
