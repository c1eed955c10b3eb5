"""What is said and done about a hold: who has it, who may hand it to whom, what is asked of sales and of credit."""

import re
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from approvals import gate, hold_events, queries
from approvals.models import Alert, Hold, HoldEvent
from creditrisk.refusal import AlreadyClosed, AlreadyReleased, FourEyes, NotPermitted, Refused
from creditrisk.roles import Actor
from customers.models import Company, CompanyAccess
from documents.drafts import Changes
from tests.approvals.looking import held
from tests.cast import NOW, TODAY, Cast, after
from tests.pages import as_user, words


@pytest.fixture
def hold(cast: Cast) -> Hold:
    return held(cast, cast.bianchi)


def row(hold: Hold) -> queries.HoldRow:
    found = queries.open_hold(hold.document, today=TODAY)
    assert found is not None
    return found


def test_who_takes_a_hold_has_it(cast: Cast, hold: Hold) -> None:
    hold_events.take(hold, by=cast.carla, now=NOW)

    assert row(hold).assigned == "carla"


def test_a_hold_can_be_taken_from_somebody_but_not_twice(cast: Cast, hold: Hold) -> None:
    hold_events.take(hold, by=cast.carla, now=NOW)
    with pytest.raises(Refused, match="You have it already"):
        hold_events.take(hold, by=cast.carla, now=NOW)

    hold_events.take(hold, by=cast.dario, now=NOW)

    assert row(hold).assigned == "dario"


def test_a_delegated_hold_is_with_whom_it_was_given(cast: Cast, hold: Hold) -> None:
    hold_events.delegate(hold, to=cast.dario.user, by=cast.carla, now=NOW, note="above me")

    assert row(hold).assigned == "dario"
    assert [(e.by, e.to, e.note) for e in queries.events(hold.pk)] == [("carla", "dario", "above me")]


def test_a_hold_is_never_delegated_to_who_entered_it(cast: Cast) -> None:
    mine = gate.submit(cast.order(cast.bianchi, "1500", by=cast.dario), "confirm", by=cast.sara, now=NOW).hold

    with pytest.raises(FourEyes, match="entered or changed"):
        hold_events.delegate(mine, to=cast.dario.user, by=cast.carla, now=NOW)


def test_who_entered_it_does_not_choose_who_decides(cast: Cast) -> None:
    mine = gate.submit(cast.order(cast.bianchi, "1500", by=cast.dario), "confirm", by=cast.sara, now=NOW).hold

    with pytest.raises(FourEyes):
        hold_events.delegate(mine, to=cast.carla.user, by=cast.dario, now=NOW)


def test_a_hold_is_delegated_only_to_who_could_decide_it(cast: Cast, hold: Hold) -> None:
    CompanyAccess.objects.create(
        user=cast.fiona.user, company=Company.objects.create(code="OTHER", name="Other", currency="EUR")
    )

    with pytest.raises(Refused, match="do not release holds"):
        hold_events.delegate(hold, to=cast.guido.user, by=cast.carla, now=NOW)
    with pytest.raises(Refused, match="does not work in the company"):
        hold_events.delegate(hold, to=cast.fiona.user, by=cast.carla, now=NOW)


def test_sales_neither_takes_nor_delegates(cast: Cast, hold: Hold) -> None:
    with pytest.raises(NotPermitted):
        hold_events.take(hold, by=cast.sara, now=NOW)
    with pytest.raises(NotPermitted):
        hold_events.delegate(hold, to=cast.carla.user, by=cast.sara, now=NOW)


def test_a_change_that_is_asked_for_waits_for_sales_until_it_is_made(cast: Cast, hold: Hold) -> None:
    hold_events.ask_change(hold, by=cast.carla, now=NOW, note="1,200 at most")
    waited = row(hold).change_wanted

    gate.submit(hold.document, "amend", by=cast.sara, now=after(1), changes=Changes(amount=Decimal(1200)))

    assert waited
    assert not row(hold).change_wanted
    assert [e.code for e in queries.events(hold.pk)] == ["CHANGE_WANTED", "CHANGED"]


def test_a_held_amendment_that_is_replaced_is_a_change_too(cast: Cast) -> None:
    order = cast.confirmed(cast.bianchi, "900")
    hold = gate.submit(order, "amend", by=cast.sara, now=NOW, changes=Changes(amount=Decimal(1500))).hold
    hold_events.ask_change(hold, by=cast.carla, now=NOW, note="less")

    gate.submit(order, "amend", by=cast.sara, now=NOW, changes=Changes(amount=Decimal(1100)))

    assert not row(hold).change_wanted


def test_a_change_that_heals_closes_the_hold(cast: Cast, hold: Hold) -> None:
    hold_events.ask_change(hold, by=cast.carla, now=NOW, note="1,000 at most")

    gate.submit(hold.document, "amend", by=cast.sara, now=NOW, changes=Changes(amount=Decimal(1000)))

    assert queries.open_hold(hold.document, today=TODAY) is None


def test_a_held_change_is_withdrawn_by_who_asked_for_it_and_the_order_stays(cast: Cast) -> None:
    order = cast.confirmed(cast.bianchi, "900", now=timezone.now())
    changes = Changes(amount=Decimal(1500))
    hold = gate.submit(order, "amend", by=cast.sara, now=timezone.now(), changes=changes).hold
    assert hold is not None
    sara, address = as_user(cast.sara.user), reverse("document", args=[order.pk])
    offered = words(sara.get(address))

    told = words(sara.post(reverse("hold_withdraw", args=[hold.pk]), {"next": address}, follow=True))

    order.refresh_from_db()
    assert "Withdraw the change" in offered
    assert "is withdrawn; it stays as it was." in told and re.search("Withdrawn +just now *, sara", told)
    assert (order.total, order.state) == (900, "CONFIRMED")


def test_only_who_asked_withdraws_and_only_a_change(cast: Cast, hold: Hold) -> None:
    order = cast.confirmed(cast.neri, "900")
    change = gate.submit(order, "amend", by=cast.sara, now=NOW, changes=Changes(amount=Decimal(2500))).hold

    with pytest.raises(NotPermitted, match="Only who entered"):
        hold_events.withdraw(change, by=cast.carla, now=NOW)
    with pytest.raises(Refused, match="cancel the document instead"):
        hold_events.withdraw(hold, by=cast.sara, now=NOW)
    hold_events.withdraw(change, by=cast.sara, now=NOW)
    with pytest.raises(AlreadyClosed):
        hold_events.withdraw(change, by=cast.sara, now=NOW)


def test_sales_reads_on_the_start_page_and_on_the_order_what_was_decided(cast: Cast) -> None:
    now = timezone.now()
    good, bad = held(cast, cast.bianchi, now=now), held(cast, cast.neri, "2500", now=now)
    gate.release(good, by=cast.carla, now=now, reason="They paid")
    gate.reject(bad, by=cast.dario, now=now, reason="Too much")
    sara = as_user(cast.sara.user)

    start = words(sara.get(reverse("start")))
    orders = [words(sara.get(reverse("document", args=[hold.document_id]))) for hold in (good, bad)]

    assert f"{bad.document.number} Neri, EUR 2,500.00: rejected" in start and "dario: Too much" in start
    assert f"{good.document.number} Bianchi, EUR 1,500.00: released" in start
    assert re.search("Released by carla, +just now *: They paid. The step can be repeated now.", orders[0])
    assert re.search("Rejected by dario, +just now *: Too much. Change it, or cancel it", orders[1])


def test_sales_is_told_of_a_change_that_is_wanted_of_a_rejection_and_of_a_release(cast: Cast, hold: Hold) -> None:
    other = held(cast, cast.neri, "2500")

    hold_events.ask_change(hold, by=cast.carla, now=NOW, note="less")
    gate.reject(hold, by=cast.carla, now=NOW, reason="too much")
    gate.release(other, by=cast.carla, now=NOW, reason="good")

    told = Alert.objects.exclude(code="held").order_by("pk").values_list("code", flat=True)
    assert list(told) == ["change_wanted", "rejected", "released"]


def test_who_entered_it_asks_for_release_once_until_something_is_done(cast: Cast, hold: Hold) -> None:
    hold_events.ask_release(hold, by=cast.sara, now=NOW, note="they pay tomorrow")
    with pytest.raises(Refused, match="already"):
        hold_events.ask_release(hold, by=cast.sara, now=NOW, note="please")
    asked = row(hold).release_asked

    hold_events.ask_change(hold, by=cast.carla, now=NOW, note="less")
    hold_events.ask_release(hold, by=cast.sara, now=NOW, note="cannot be less")

    assert asked and row(hold).release_asked
    assert Alert.objects.filter(code="release_asked").count() == 2


def test_nobody_else_asks_for_its_release(cast: Cast, hold: Hold) -> None:
    with pytest.raises(NotPermitted, match="Only who entered"):
        hold_events.ask_release(hold, by=cast.dario, now=NOW, note="let it go")


@pytest.mark.parametrize("note", ["", "   "])
def test_what_is_said_is_not_blank(cast: Cast, hold: Hold, note: str) -> None:
    for handle, by in (
        (hold_events.comment, cast.sara), (hold_events.ask_release, cast.sara), (hold_events.ask_change, cast.carla),
    ):  # fmt: skip
        with pytest.raises(Refused) as refused:
            handle(hold, by=by, now=NOW, note=note)
        assert refused.value.field == "note"

    assert not HoldEvent.objects.exists()


def test_a_hold_that_somebody_decided_says_so(cast: Cast, hold: Hold) -> None:
    gate.release(hold, by=cast.carla, now=NOW, reason="good")
    other = held(cast, cast.neri, "2500")
    gate.reject(other, by=cast.carla, now=NOW, reason="no")

    with pytest.raises(AlreadyReleased, match="carla released this hold"):
        hold_events.take(hold, by=cast.dario, now=NOW)
    with pytest.raises(AlreadyClosed, match="by carla"):
        hold_events.comment(other, by=cast.sara, now=NOW, note="why?")


def test_an_auditor_reads_and_says_nothing(cast: Cast, hold: Hold) -> None:
    with pytest.raises(NotPermitted):
        hold_events.comment(hold, by=Actor(cast.guido.user), now=NOW, note="hm")


def test_sales_asks_on_the_document_and_credit_reads_it_on_the_desk(cast: Cast) -> None:
    order = cast.order(cast.bianchi, "1500", now=timezone.now())
    hold = gate.submit(order, "confirm", by=cast.sara, now=timezone.now()).hold
    sara, carla = as_user(cast.sara.user), as_user(cast.carla.user)
    address = reverse("document", args=[order.pk])
    offered = words(sara.get(address))

    told = sara.post(
        reverse("hold_ask_release", args=[hold.pk]), {"event-note": "They pay <tomorrow>", "next": address}, follow=True
    )

    assert "Ask for release" in offered
    assert "You are told what is decided" in words(told)
    assert "Why it should be released" not in words(told)
    detail = carla.get(reverse("hold", args=[hold.pk])).content.decode()
    assert "They pay &lt;tomorrow&gt;" in detail
    assert "release asked for" in words(carla.get(reverse("desk")))


def test_the_desk_keeps_what_was_typed_where_it_is_refused(cast: Cast) -> None:
    hold = held(cast, cast.bianchi)
    carla = as_user(cast.carla.user)

    response = carla.post(reverse("hold_delegate", args=[hold.pk]), {"event-note": "please look", "event-to": "nobody"})

    assert response.status_code == 422
    assert "please look" in response.content.decode()
    assert "Choose who shall decide it." in words(response)


def test_a_comment_on_a_decided_hold_is_told_so(cast: Cast) -> None:
    hold = held(cast, cast.bianchi)
    gate.reject(hold, by=cast.dario, now=NOW, reason="no")

    response = as_user(cast.carla.user).post(
        reverse("hold_comment", args=[hold.pk]), {"event-note": "hello"}, follow=True
    )

    assert "Nothing was done twice." in words(response)


def test_a_decided_hold_that_is_delegated_to_nobody_says_that_it_was_decided(cast: Cast) -> None:
    hold = held(cast, cast.bianchi)
    type(cast.dario.user).objects.filter(pk=cast.dario.user_id).update(first_name="Dario", last_name="De Luca")
    gate.reject(hold, by=Actor(type(cast.dario.user).objects.get(pk=cast.dario.user_id)), now=NOW, reason="no")

    response = as_user(cast.carla.user).post(reverse("hold_delegate", args=[hold.pk]), {"event-to": ""}, follow=True)

    assert "by Dario De Luca: rejected. Nothing was done twice." in words(response)
