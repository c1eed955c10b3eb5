"""Stopping and suspending customers: who may, on which days, what is held meanwhile, and what is asked for at the end."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from approvals import evaluation, gate, stopping
from approvals.models import Alert, SuspensionChange
from creditrisk.refusal import AlreadyClosed, InvalidState, NotPermitted, Refused
from customers.models import CreditAccount, CustomerBlock, CustomerBlockEnd
from tests.approvals.looking import asked, held, reasons
from tests.cast import NOW, TODAY, Cast, after
from tests.pages import as_user, words


@pytest.fixture
def carla(cast: Cast) -> Client:
    return as_user(cast.carla.user)


@pytest.mark.parametrize(("day", "holds"), [(0, False), (1, True), (3, True), (4, False)])
def test_a_stop_holds_on_each_of_its_days(cast: Cast, day: int, holds: bool) -> None:
    stopping.stop(
        cast.rossi, orders=True, deliveries=False, valid_from=TODAY + timedelta(days=1),
        valid_to=TODAY + timedelta(days=3), note="dispute", by=cast.carla, now=NOW,
    )  # fmt: skip

    result = gate.submit(cast.order(cast.rossi, "10", now=after(day)), "confirm", by=cast.sara, now=after(day))

    assert (result.outcome.reasons == ("customer_blocked",)) is holds


def test_a_stop_that_ends_asks_for_evaluation_and_frees_what_it_held(cast: Cast) -> None:
    stop = stopping.stop(cast.rossi, orders=True, deliveries=True, note="dispute", by=cast.carla, now=NOW)
    hold = held(cast, cast.rossi, "10")
    asked()

    stopping.end(stop, note="settled", by=cast.dario, now=NOW)
    wanted = asked()
    evaluation.evaluate_customer(cast.rossi.pk, now=NOW)

    assert wanted == [("ROSSI", "stop ended")]
    assert reasons(hold) == []


def test_a_stop_ends_once(cast: Cast) -> None:
    stop = stopping.stop(cast.rossi, orders=True, deliveries=True, note="dispute", by=cast.carla, now=NOW)
    stopping.end(stop, by=cast.dario, now=NOW)

    with pytest.raises(AlreadyClosed):
        stopping.end(stop, by=cast.carla, now=NOW)

    assert CustomerBlockEnd.objects.get(block=stop).ended_by == cast.dario.user


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"orders": False}, "orders"), ({"note": " "}, "note"), ({"valid_to": TODAY - timedelta(days=1)}, "valid_to"),
        ({"valid_from": TODAY + timedelta(days=2), "valid_to": TODAY + timedelta(days=1)}, "valid_to"),
    ],
)  # fmt: skip
def test_a_stop_makes_sense(cast: Cast, more: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refused:
        stopping.stop(
            cast.rossi, **{"orders": True, "deliveries": False, "note": "x", "by": cast.carla, "now": NOW, **more}
        )

    assert refused.value.field == field


def test_a_suspended_customer_is_held_at_the_next_step_of_every_open_document(cast: Cast) -> None:
    order = cast.confirmed(cast.rossi, "300")

    stopping.suspend(cast.rossi, reason="bureau", by=cast.carla, now=NOW)

    assert gate.submit(order, "pick", by=cast.sara, now=NOW).outcome.reasons == ("suspended",)


def test_a_suspension_that_is_lifted_asks_for_evaluation(cast: Cast) -> None:
    stopping.suspend(cast.rossi, reason="bureau", by=cast.carla, now=NOW)
    hold = held(cast, cast.rossi, "10")
    asked()

    stopping.lift(cast.rossi, reason="it was somebody else", by=cast.dario, now=NOW)
    wanted = asked()
    evaluation.evaluate_customer(cast.rossi.pk, now=NOW)

    assert wanted == [("ROSSI", "suspension")]
    assert reasons(hold) == []


def test_a_suspension_keeps_who_when_and_why_and_tells_it(cast: Cast) -> None:
    stopping.suspend(cast.rossi, reason="bureau", by=cast.carla, now=NOW)
    stopping.lift(cast.rossi, reason="cleared", by=cast.dario, now=after(1))

    kept = SuspensionChange.objects.order_by("pk").values_list("suspended", "reason", "made_by__username", "made_at")
    assert list(kept) == [(True, "bureau", "carla", NOW), (False, "cleared", "dario", after(1))]
    told = Alert.objects.filter(customer=cast.rossi, code__startswith="susp").order_by("pk")
    assert [a.code for a in told] == ["suspended", "suspension_lifted"]


def test_what_is_so_already_is_not_done_again(cast: Cast) -> None:
    with pytest.raises(InvalidState):
        stopping.lift(cast.rossi, reason="x", by=cast.carla, now=NOW)
    stopping.suspend(cast.rossi, reason="x", by=cast.carla, now=NOW)
    with pytest.raises(InvalidState):
        stopping.suspend(cast.rossi, reason="x", by=cast.carla, now=NOW)


@pytest.mark.parametrize("person", ["sara", "guido", "ada"])
def test_sales_and_control_stop_nobody(cast: Cast, person: str) -> None:
    by = getattr(cast, person)

    with pytest.raises(NotPermitted):
        stopping.stop(cast.rossi, orders=True, deliveries=True, note="x", by=by, now=NOW)
    with pytest.raises(NotPermitted):
        stopping.suspend(cast.rossi, reason="x", by=by, now=NOW)
    with pytest.raises(NotPermitted):
        stopping.end(cast.verdi.blocks.get(), by=by, now=NOW)


def test_the_page_suspends_lifts_and_lists_what_is_open(cast: Cast, carla: Client) -> None:
    order = cast.confirmed(cast.rossi, "300", now=timezone.now())
    address = reverse("suspend", args=["ROSSI"])

    blank = carla.post(address, {"reason": ""})
    done = words(carla.post(address, {"reason": "A bureau says <so>"}, follow=True))
    twice = words(carla.post(address, {"reason": "again"}, follow=True))
    lifted = words(carla.post(address, {"reason": "cleared", "lift": "1"}, follow=True))

    assert blank.status_code == 422 and "Say why." in words(blank)
    assert "Credit is suspended: open documents" in done and order.number in done
    assert "A bureau says &lt;so&gt;" in done
    assert "Nothing was done twice." in twice
    assert "The suspension is lifted" in lifted
    assert not CreditAccount.objects.get(customer=cast.rossi).suspended


def test_the_page_places_a_stop_once_and_ends_it(cast: Cast, carla: Client) -> None:
    typed = {"orders": "on", "valid_to": "2099-01-01", "note": "Waits for the balance sheet", "seen": "0"}
    address = reverse("stop_place", args=["ROSSI"])

    placed = words(carla.post(address, typed, follow=True))
    twice = words(carla.post(address, typed, follow=True))
    (stop,) = CustomerBlock.objects.filter(customer=cast.rossi)
    ended = words(carla.post(reverse("stop_end", args=["ROSSI", stop.pk]), follow=True))

    assert "The stop is placed." in placed and "Waits for the balance sheet" in placed
    assert "Nothing was done twice." in twice
    assert "The stop is ended" in ended


def test_a_bad_stop_keeps_what_was_typed(cast: Cast, carla: Client) -> None:
    response = carla.post(reverse("stop_place", args=["ROSSI"]), {"note": "my reason", "seen": "0"})

    assert response.status_code == 422
    assert "Say what is stopped" in words(response)
    assert "my reason" in response.content.decode()


def test_a_stop_of_another_customer_is_not_there(cast: Cast, carla: Client) -> None:
    stop = cast.verdi.blocks.get()

    assert carla.post(reverse("stop_end", args=["ROSSI", stop.pk])).status_code == 404


def test_sales_reads_the_page_and_is_offered_nothing(cast: Cast) -> None:
    shown = words(as_user(cast.sara.user).get(reverse("stops", args=["VERDI"])))

    assert "in force" in shown
    assert "Suspend credit" not in shown and "End it" not in shown
