"""The gate: what passes, what is held, what a release lets through, and what is refused."""

from datetime import timedelta
from decimal import Decimal as D
from typing import Any

import pytest
from django.db import connection

from approvals import booking, context, evaluation, gate
from approvals.models import Alert, Hold, HoldClosing, Release
from creditrisk.decisions.models import Decision
from creditrisk.exposure import ledger
from creditrisk.facts import Verdict
from creditrisk.refusal import (
    AboveAuthority,
    AlreadyReleased,
    Duplicate,
    FourEyes,
    HoldOpen,
    InvalidState,
    NotPermitted,
    Refused,
    Stale,
)
from documents.drafts import Changes, NewDocument
from tests.cast import NOW, TODAY, Cast, after, policy

pytestmark = pytest.mark.django_db


def exposure(customer: Any, day: Any = TODAY) -> Any:
    return context.standing(customer, today=day).exposure


def held(cast: Cast, amount: str = "1500") -> Hold:
    order = cast.order(cast.bianchi, amount)
    result = gate.submit(order, "confirm", by=cast.sara, now=NOW)
    assert result.hold is not None
    return result.hold


def test_an_order_over_the_limit_is_saved_and_held(cast: Cast) -> None:
    order = cast.order(cast.bianchi, "1000.01")

    result = gate.submit(order, "confirm", by=cast.sara, now=NOW)

    assert (result.outcome.verdict, result.outcome.reasons) == (Verdict.HELD, ("over_limit",))
    order.refresh_from_db()
    assert order.state == "DRAFT"
    assert exposure(cast.bianchi).total == 0
    assert Alert.objects.get().code == "held"


def test_a_full_limit_passes(cast: Cast) -> None:
    assert cast.confirmed(cast.bianchi, "1000").state == "CONFIRMED"
    assert exposure(cast.bianchi).total == 1000


def test_a_decision_records_what_it_rested_on(cast: Cast) -> None:
    cast.item(cast.bianchi, "700", due=TODAY)

    hold = held(cast, "400")

    decision = Decision.objects.get(verdict="held")
    own = decision.facts["own"]
    assert (decision.total, decision.limit, decision.policy_number) == (D(1100), D(1000), 1)
    assert own["exposure"]["buckets"] == {"receivables": "700.00", "open_orders": "400.00"}
    assert own["limit"]["source"] == "own limit"
    finding = next(f for f in decision.facts["findings"] if f["code"] == "over_limit")
    assert (finding["value"], finding["threshold"], finding["true"]) == ("1100.00", "1000.00", True)
    assert hold.reviews.get().excess == 100


def test_the_balances_of_a_decision_can_be_rebuilt_from_its_position(cast: Cast) -> None:
    cast.item(cast.bianchi, "700", due=TODAY)
    held(cast, "400")
    cast.item(cast.bianchi, "50", due=TODAY, reference="I2", now=after(1))
    decision = Decision.objects.get(verdict="held")

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT bucket, sum(amount) FROM exposure_entry WHERE customer_id = %s AND id <= %s GROUP BY 1",
            [cast.bianchi.pk, decision.entry_position],
        )
        rebuilt = dict(cursor.fetchall())
    for _customer, _company, bucket, _currency, _day, amount in decision.facts["entries"]:
        rebuilt[bucket] = rebuilt.get(bucket, D(0)) + D(amount)

    assert rebuilt == {"ITEMS": 700, "ORDERS_ENTERED": 0, "ORDERS_CONFIRMED": 400}


def test_a_release_with_posting_carries_the_step_out(cast: Cast) -> None:
    hold = held(cast)

    gate.release(hold, by=cast.carla, now=NOW, reason="agreed", with_posting=True)

    hold.document.refresh_from_db()
    assert hold.document.state == "CONFIRMED"
    assert HoldClosing.objects.get(hold=hold).how == "RELEASED"
    assert Release.objects.get().cap == 1500


def test_a_release_covers_the_steps_to_come_up_to_its_amount(cast: Cast) -> None:
    hold = held(cast)
    gate.release(hold, by=cast.carla, now=NOW, reason="agreed")

    order = gate.submit(hold.document, "confirm", by=cast.sara, now=NOW).document
    note = gate.submit(NewDocument(kind="DELIVERY", sources=(order,)), "deliver", by=cast.sara, now=after(29))

    assert note.outcome.verdict == Verdict.PASSED
    grown = cast.order(cast.bianchi, "1")
    assert gate.submit(grown, "confirm", by=cast.sara, now=NOW).outcome.verdict == Verdict.HELD


@pytest.mark.parametrize(
    ("who", "values", "error"),
    [
        ("sara", {}, NotPermitted),
        ("guido", {}, NotPermitted),
        ("carla", {"reason": " "}, Refused),
        ("carla", {"scope": "UNTIL"}, Refused),
        ("carla", {"cap": D(-1)}, Refused),
        ("carla", {"saw": {"amount": "1499"}}, Stale),
        ("carla", {"saw": {"excess": "499"}}, Stale),
        ("carla", {"saw": {"currency": "USD"}}, Stale),
        ("carla", {"saw": {"reasons": []}}, Stale),
    ],
)
def test_a_release_is_refused_with_a_sentence(
    cast: Cast, who: str, values: dict[str, Any], error: type[Refused]
) -> None:
    hold = held(cast)

    with pytest.raises(error) as refusal:
        gate.release(hold, **{"by": getattr(cast, who), "now": NOW, "reason": "agreed", **values})

    assert str(refusal.value).endswith(".")
    assert Hold.objects.get().open


def test_nobody_releases_what_they_entered(cast: Cast) -> None:
    hold = held(cast)
    gate.submit(hold.document, "amend", by=cast.carla, now=NOW, changes=Changes(amount=D(1600)))

    with pytest.raises(FourEyes):
        gate.release(hold, by=cast.carla, now=NOW, reason="mine")


def test_authority_ends_at_its_amount(cast: Cast) -> None:
    cast.carla.user.authority.release_up_to = D("1499.99")
    cast.carla.user.authority.save()

    with pytest.raises(AboveAuthority):
        gate.release(held(cast), by=cast.carla, now=NOW, reason="agreed")


def test_a_hold_is_released_once(cast: Cast) -> None:
    hold = held(cast)
    gate.release(hold, by=cast.carla, now=NOW, reason="agreed")

    with pytest.raises(AlreadyReleased):
        gate.release(hold, by=cast.dario, now=NOW, reason="agreed too")


def test_a_payment_asks_for_evaluation_and_the_worker_marks_the_hold_ready(cast: Cast) -> None:
    item = cast.item(cast.bianchi, "900", due=TODAY)
    hold = held(cast, "500")

    booking.pay(customer=cast.bianchi, amount=D(900), items=[(item, None)], reference="P1", by=cast.carla, now=NOW)
    evaluation.work_off(now=NOW)

    assert hold.reviews.order_by("-pk").first().reasons == []
    assert Hold.objects.get().open


def test_where_policy_says_so_payment_is_enough(cast: Cast) -> None:
    policy(auto_release="WITH_POSTING")
    item = cast.item(cast.bianchi, "900", due=TODAY)
    hold = held(cast, "500")

    booking.pay(customer=cast.bianchi, amount=D(900), items=[(item, None)], reference="P1", by=cast.carla, now=NOW)
    evaluation.work_off(now=NOW)

    hold.document.refresh_from_db()
    assert hold.document.state == "CONFIRMED"
    assert HoldClosing.objects.get().how == "AUTOMATIC"


def test_later_steps_wait_for_the_hold(cast: Cast) -> None:
    order = cast.confirmed(cast.bianchi, "800")
    gate.submit(order, "amend", by=cast.sara, now=NOW, changes=Changes(amount=D(1200)))

    with pytest.raises(HoldOpen):
        gate.submit(order, "pick", by=cast.sara, now=NOW)
    with pytest.raises(HoldOpen):
        gate.submit(NewDocument(kind="DELIVERY", sources=(order,)), "deliver", by=cast.sara, now=NOW)

    assert exposure(cast.bianchi).total == 800


def test_a_stale_page_changes_nothing(cast: Cast) -> None:
    order = cast.order(cast.rossi, "100")
    gate.submit(order, "amend", by=cast.sara, now=NOW, changes=Changes(amount=D(150)), revision=order.revision)

    with pytest.raises(Stale):
        gate.submit(order, "amend", by=cast.sara, now=NOW, changes=Changes(amount=D(175)), revision=order.revision)

    order.refresh_from_db()
    assert order.total == 150


@pytest.mark.parametrize("amount", ["0", "-5", "0.001", "999999999999999999", "NaN", "Infinity"])
def test_absurd_amounts_are_refused_where_they_were_typed(cast: Cast, amount: str) -> None:
    with pytest.raises(Refused) as refusal:
        cast.order(cast.rossi, amount)

    assert refusal.value.field in ("amount", "lines")
    assert not cast.rossi.documents.exists()


def test_a_number_is_given_once(cast: Cast) -> None:
    cast.order(cast.rossi, "100", number="O1")

    with pytest.raises(Duplicate):
        cast.order(cast.rossi, "100", number="O1")


def test_what_was_delivered_is_not_amended(cast: Cast) -> None:
    order = cast.confirmed(cast.rossi, "100")
    gate.submit(NewDocument(kind="DELIVERY", sources=(order,)), "deliver", by=cast.sara, now=NOW)

    with pytest.raises(InvalidState):
        gate.submit(order, "amend", by=cast.sara, now=NOW, changes=Changes(amount=D(50)))


def test_history_is_recorded_on_its_day_and_never_judged(cast: Cast) -> None:
    day = TODAY - timedelta(days=400)
    new = NewDocument(kind="ORDER", customer=cast.verdi, amount=D(99999))

    order = gate.record(
        gate.record(new, "enter", by=cast.ada, day=day, now=NOW), "confirm", by=cast.ada, day=day, now=NOW
    )

    assert order.state == "CONFIRMED"
    assert not Decision.objects.exists() and not Alert.objects.exists()
    then = ledger.as_of([cast.verdi.pk], day=day)
    assert [row[2] for row in then] == ["ORDERS_CONFIRMED"]
    assert ledger.as_of([cast.verdi.pk], day=day - timedelta(days=1)) == []
