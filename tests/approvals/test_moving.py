"""Holds, requests and journals move by what is added to their histories: in no other way, and nothing is forgotten."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, IntegrityError, ProgrammingError, connection, transaction

from approvals import gate, holds, journals, limit_requests
from approvals.journals import NewLine
from approvals.limit_requests import Asked
from approvals.models import Hold, HoldChange, HoldClosing, JournalLine, LimitRequest, RequestEvent, RequestState
from creditrisk.audit import sealing, verifying
from creditrisk.audit.models import Change, SealedRow
from creditrisk.policy import compile as policies
from creditrisk.quality import merging
from creditrisk.refusal import FourEyes, Refused
from creditrisk.roles import Actor
from documents.drafts import Changes
from tests.cast import NOW, Cast, after

pytestmark = pytest.mark.django_db


@contextmanager
def refused(match: str, kind: type[DatabaseError] = ProgrammingError) -> Iterator[Any]:
    """Work in SQL as the application does; what happens in the block has to be refused."""
    with pytest.raises(kind, match=match), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (settings.DATABASE_APP_ROLE,)
        yield cursor


def held(cast: Cast, amount: str = "1500") -> Hold:
    found = gate.submit(cast.order(cast.bianchi, amount), "confirm", by=cast.sara, now=NOW).hold
    assert found is not None
    return found


def asked(cast: Cast, amount: str = "2000", **more: Any) -> LimitRequest:
    wanted = Asked(amount=Decimal(amount), reason="growing", **more)
    return limit_requests.ask(cast.bianchi, wanted, by=Actor(cast.sara.user, address="192.0.2.9"), now=NOW)


@pytest.mark.parametrize(
    "column", ["open", "amount", "opened_by_id", "opened_at", "forced_reason", "customer_id", "id"]
)
def test_no_column_of_a_hold_is_changed_by_hand_open_or_decided(cast: Cast, column: str) -> None:
    hold = held(cast)
    statement = f"UPDATE approvals_hold SET {column} = {column} WHERE id = %s"

    with refused("permission denied") as cursor:
        cursor.execute(statement, [hold.pk])
    gate.release(hold, by=cast.dario, now=NOW, reason="good")
    with refused("permission denied") as cursor:
        cursor.execute(statement, [hold.pk])


@pytest.mark.parametrize("column", ["state", "assigned_to_id", "amount", "reason", "requested_by_id", "id"])
def test_no_column_of_a_request_is_changed_by_hand_open_or_decided(cast: Cast, column: str) -> None:
    request = asked(cast)
    statement = f"UPDATE approvals_limitrequest SET {column} = {column} WHERE id = %s"

    with refused("permission denied") as cursor:
        cursor.execute(statement, [request.pk])
    limit_requests.approve(request, by=cast.dario, now=NOW)
    with refused("permission denied") as cursor:
        cursor.execute(statement, [request.pk])


@pytest.mark.parametrize("table", ["approvals_hold", "approvals_limitrequest", "approvals_limitjournal"])
def test_none_is_taken_away_by_hand(cast: Cast, table: str) -> None:
    held(cast), asked(cast), journals.prepare("More for all", company=None, by=cast.carla, now=NOW)

    with refused("permission denied") as cursor:
        cursor.execute(f"DELETE FROM {table}")


def test_a_hold_ends_with_its_closing_and_with_nothing_else(cast: Cast) -> None:
    hold = held(cast)

    HoldClosing.objects.create(hold=hold, how="REJECTED", closed_at=NOW)

    hold.refresh_from_db()
    assert not hold.open


def test_what_a_hold_stops_changes_by_a_row_that_keeps_what_was_there(cast: Cast) -> None:
    order = cast.confirmed(cast.bianchi, "900")
    sara, carla = Actor(cast.sara.user, address="192.0.2.7"), Actor(cast.carla.user, address="192.0.2.8")
    hold = gate.submit(order, "amend", by=sara, now=NOW, changes=Changes(amount=Decimal(1500))).hold

    gate.submit(order, "amend", by=carla, now=after(1), changes=Changes(amount=Decimal(1700)))

    hold.refresh_from_db()
    (change,) = HoldChange.objects.all()
    assert (hold.amount, hold.opened_by_id) == (Decimal(1700), cast.sara.user_id)
    assert change.was["amount"] == 1500 and Decimal(change.was["payload"]["amount"]) == 1500
    assert (change.made_by_id, change.made_at, change.actor["address"]) == (cast.carla.user_id, after(1), "192.0.2.8")
    assert not Change.objects.filter(table_name="approvals_hold").exists()


def test_a_decided_hold_stays_what_it_was(cast: Cast) -> None:
    hold = held(cast)
    gate.release(hold, by=cast.dario, now=NOW, reason="good")
    hold.amount = Decimal(1)

    with pytest.raises(IntegrityError, match="was decided"), transaction.atomic():
        holds.changed(hold, by=cast.dario, now=NOW).save()

    assert Hold.objects.get().amount == Decimal(1500)


def test_each_step_of_a_request_keeps_the_state_after_it_and_what_was_asked_for(cast: Cast) -> None:
    request = asked(cast)
    limit_requests.delegate(request, to=cast.dario.user, by=cast.carla, now=NOW)
    limit_requests.ask_change(request, by=cast.dario, now=NOW, note="less")
    limit_requests.change(request, Asked(amount=Decimal(1200), reason="less"), by=cast.sara, now=NOW)
    limit_requests.approve(request, by=cast.dario, now=NOW)

    steps = list(request.events.order_by("pk").values_list("step", "state"))
    assert steps == [
        ("ASKED", "OPEN"), ("DELEGATED", "OPEN"), ("CHANGE_WANTED", "CHANGE_WANTED"), ("CHANGED", "OPEN"),
        ("APPROVED", "AGREED"), ("APPLIED", "APPLIED"),
    ]  # fmt: skip
    change = request.events.get(step="CHANGED")
    assert change.was == {"amount": 2000, "reason": "growing"}
    assert (change.wanted["amount"], change.wanted["reason"]) == (1200, "less")
    request.refresh_from_db()
    assert (request.state, request.amount, request.assigned_to) == (RequestState.APPLIED, Decimal(1200), None)


def test_the_trail_tells_what_was_asked_for_then_and_what_it_became(cast: Cast) -> None:
    request = asked(cast)
    limit_requests.change(request, Asked(amount=Decimal(1200), reason="less"), by=cast.sara, now=NOW)
    limit_requests.approve(request, by=cast.dario, now=NOW)

    sealing.seal(now=NOW)

    told = [
        row.text.split(": ", 1)[1]
        for row in SealedRow.objects.filter(table_name="approvals_requestevent").order_by("row")
    ]
    assert told == [
        f"request {request} for EUR 2,000.00 asked (growing)",
        f"request {request} for EUR 1,200.00 changed: amount 2,000.00 → 1,200.00, why growing → less (less)",
        f"request {request} for EUR 1,200.00 approved, now approved, to be posted (less)",
        f"request {request} for EUR 1,200.00 took effect (less)",
    ]


@pytest.mark.parametrize(
    ("step", "state"), [("APPROVED", "APPLIED"), ("REJECTED", "OPEN"), ("DELEGATED", "AGREED"), ("CHANGED", "REJECTED")]
)
def test_a_step_leaves_no_state_that_does_not_fit_it(cast: Cast, step: str, state: str) -> None:
    request = asked(cast)

    with pytest.raises(IntegrityError), transaction.atomic():
        RequestEvent.objects.create(request=request, step=step, state=state, wanted=request.wanted(), made_at=NOW)


def test_nothing_follows_the_end_of_a_request(cast: Cast) -> None:
    request = asked(cast)
    limit_requests.withdraw(request, by=cast.sara, now=NOW)

    with pytest.raises(IntegrityError, match="was decided"), transaction.atomic():
        RequestEvent.objects.create(request=request, step="CHANGED", state="OPEN", wanted=request.wanted(), made_at=NOW)


def test_lines_that_were_sent_stay_as_they_are(cast: Cast) -> None:
    journal = journals.prepare("More for all", company=None, by=cast.carla, now=NOW)
    journals.add(journal, [NewLine(cast.bianchi, Decimal(2000), "HAND")], by=cast.carla, now=NOW)
    journals.send(journal, by=cast.carla, now=NOW)

    for statement in ("UPDATE approvals_journalline SET amount = 9000", "DELETE FROM approvals_journalline"):
        with refused("was sent", IntegrityError) as cursor:
            cursor.execute(statement)
    with pytest.raises(IntegrityError, match="was sent"), transaction.atomic():
        JournalLine.objects.create(journal=journal, number=2, customer=cast.rossi, amount=1, currency="EUR")


def test_customers_that_are_merged_take_their_holds_and_requests_along_and_it_is_told(cast: Cast) -> None:
    hold, decided, request = held(cast), asked(cast), asked(cast, "3000")
    limit_requests.withdraw(decided, by=cast.sara, now=NOW)

    merging.merge(cast.bianchi, cast.rossi, reason="the same", by=cast.ada, now=NOW)

    assert Hold.objects.get(pk=hold.pk).customer == cast.rossi
    moved = LimitRequest.objects.in_bulk([decided.pk, request.pk])
    assert {r.customer for r in moved.values()} == {cast.rossi}
    assert (moved[decided.pk].state, moved[request.pk].state) == (RequestState.WITHDRAWN, RequestState.OPEN)
    sealing.seal(now=NOW)
    texts = " ".join(SealedRow.objects.values_list("text", flat=True))
    assert "hold changed: customer BIANCHI Bianchi → ROSSI Rossi" in texts
    assert f"request {request} for EUR 3,000.00 moved: customer BIANCHI Bianchi → ROSSI Rossi" in texts
    assert verifying.verify().breaks == 0


def test_a_hold_placed_by_hand_says_who_and_from_which_address(cast: Cast) -> None:
    order = cast.order(cast.rossi, "100")
    gate.force(order, by=Actor(cast.carla.user, address="192.0.2.44"), now=NOW, reason="wait for the call")
    gate.submit(order, "confirm", by=cast.sara, now=NOW)

    sealing.seal(now=NOW)

    line = SealedRow.objects.filter(table_name="approvals_holdreview").earliest("row")
    assert (line.who, line.address) == ("carla", "192.0.2.44")


def test_who_asked_first_for_a_held_amendment_does_not_release_it_after_somebody_else_asked_again(cast: Cast) -> None:
    order = cast.confirmed(cast.bianchi, "900")
    hold = gate.submit(order, "amend", by=cast.dario, now=NOW, changes=Changes(amount=Decimal(1500))).hold
    gate.submit(order, "amend", by=cast.sara, now=NOW, changes=Changes(amount=Decimal(1600)))
    hold.refresh_from_db()

    with pytest.raises(FourEyes):
        gate.release(hold, by=cast.dario, now=NOW, reason="good")
    gate.release(hold, by=cast.fiona, now=NOW, reason="good", with_posting=True)

    order.refresh_from_db()
    assert (order.total, order.amended_by_id) == (Decimal(1600), cast.sara.user_id)


def test_who_holds_a_document_by_hand_may_release_its_amendment(cast: Cast) -> None:
    order = cast.confirmed(cast.bianchi, "500")
    hold = gate.force(order, by=cast.carla, now=NOW, reason="wait for the call")
    gate.submit(order, "amend", by=cast.sara, now=NOW, changes=Changes(amount=Decimal(1500)))
    hold.refresh_from_db()

    assert hold.step == "amend"
    holds.refuse_own(hold, by=cast.carla, policy=policies.active())
    with pytest.raises(FourEyes):
        holds.refuse_own(hold, by=cast.sara, policy=policies.active())


def test_a_request_that_is_back_for_a_change_is_not_delegated(cast: Cast) -> None:
    request = asked(cast)
    limit_requests.ask_change(request, by=cast.carla, now=NOW, note="less")

    with pytest.raises(Refused, match="wait for it"):
        limit_requests.delegate(request, to=cast.dario.user, by=cast.carla, now=NOW)
