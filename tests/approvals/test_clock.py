"""The clock is set back an hour, or nobody swept for a day: nothing is lost, told twice or stuck until it is that late again."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from approvals import alerts, booking, evaluation, evaluation_requests, gate, replay, runs, sweep
from approvals.models import Alert, EvaluationRequest, Hold, SweptDay
from creditrisk.audit import sealing, verifying
from creditrisk.decisions.models import Decision
from creditrisk.exposure import ledger
from creditrisk.monitoring import recomputing
from creditrisk.notices import sending, spreading
from creditrisk.notices.models import Notice
from tests.cast import NOW, TODAY, Cast, after

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
EARLIER = NOW - HOUR


def test_decisions_and_seals_after_the_clock_was_set_back_follow_those_before(cast: Cast) -> None:
    cast.confirmed(cast.bianchi, "600")
    sealing.seal(now=NOW)

    held = gate.submit(cast.order(cast.bianchi, "600", now=EARLIER), "confirm", by=cast.sara, now=EARLIER)
    gate.release(held.hold, by=cast.dario, now=EARLIER, reason="good payer")  # type: ignore[arg-type]
    cast.item(cast.bianchi, "100", due=TODAY, now=EARLIER)
    sealing.seal(now=EARLIER)

    assert held.outcome.verdict == "held"  # The later clock's order counts.
    first, second = Decision.objects.filter(step="confirm").order_by("pk")
    assert second.decided_at < first.decided_at
    assert second.entry_position > first.entry_position
    assert second.total == 1200
    for past in replay.read([first.pk, second.pk]):
        assert replay.differences(past, replay.again(past, replay.version(past.policy_number))) == []
    assert ledger.audit().total == 0
    assert verifying.verify().first is None


def test_what_was_claimed_before_the_clock_was_set_back_is_taken_over(cast: Cast) -> None:
    User.objects.filter(username="carla").update(email="carla@main.example")
    values = {"effect": "E1", "customer": "Rossi", "amount": {"amount": "100", "currency": "EUR"}}
    alerts.write([("effect_unpaid", values)], customer_id=cast.rossi.pk, day=TODAY, now=EARLIER)
    spreading.spread(now=EARLIER)
    evaluation_requests.ask([cast.bianchi.pk], cause="limit", now=EARLIER)
    gate.submit(cast.order(cast.bianchi, "1500"), "confirm", by=cast.sara, now=NOW)
    run = runs.start([Hold.objects.get().pk], scope="one", by=cast.carla.user, now=EARLIER)
    recompute = recomputing.start(by=cast.dario.user, now=EARLIER)[0]
    assert sending.claim(now=NOW) is not None
    EvaluationRequest.objects.update(claimed_at=NOW)
    run.holds.update(claimed_at=NOW, done_at=None, result="")
    type(recompute).objects.filter(pk=recompute.pk).update(worked_at=NOW)

    # A clock that is a little behind, as between two machines, takes nothing from anybody.
    assert sending.reclaim(now=NOW - timedelta(seconds=30)) == 0
    assert recomputing.work(now=NOW - timedelta(seconds=30)) is False

    assert sending.reclaim(now=EARLIER) == 1
    assert Notice.objects.get().state == "WAITING"
    assert sending.claim(now=EARLIER) is not None
    assert runs.work_off(now=EARLIER) == 1
    assert evaluation.work_off(now=EARLIER) == EvaluationRequest.objects.count() > 0
    assert not EvaluationRequest.objects.filter(done_at=None).exists()
    recomputing.work(now=EARLIER)
    assert type(recompute).objects.get(pk=recompute.pk).upto > 0


def test_a_day_that_nobody_swept_is_made_up_for_and_a_day_that_comes_again_is_not_told_twice(cast: Cast) -> None:
    cast.item(cast.rossi, "9500", due=TODAY)
    booking.grant_limit(
        customer=cast.bianchi, amount=Decimal(2000), valid_from=TODAY, valid_to=TODAY, by=cast.dario, now=NOW
    )
    sweep.sweep(now=NOW)

    sweep.sweep(now=after(4))  # Three days without a sweep.

    told = sorted(Alert.objects.values_list("code", flat=True))
    assert "limit_expired" in told, told
    assert SweptDay.objects.get().day == after(4).date()
    assert Alert.objects.filter(customer=cast.rossi, day=after(4).date()).exists()

    midnight = after(4).replace(hour=0, minute=30)
    assert sweep.sweep(now=midnight - HOUR) == 0  # It is yesterday again.
    assert sweep.sweep(now=midnight) == 0

    assert sorted(Alert.objects.values_list("code", flat=True)) == told
    assert SweptDay.objects.get().day == after(4).date()
    assert sweep.sweep(now=after(5)) >= 0
    assert ledger.audit().total == 0


def test_what_waits_for_another_attempt_does_not_wait_an_hour_longer_after_the_clock_was_set_back(cast: Cast) -> None:
    soon = timedelta(seconds=30)
    User.objects.filter(username="carla").update(email="carla@main.example")
    values = {"effect": "E1", "customer": "Rossi", "amount": {"amount": "100", "currency": "EUR"}}
    alerts.write([("effect_unpaid", values)], customer_id=cast.rossi.pk, day=TODAY, now=NOW)
    spreading.spread(now=NOW)
    evaluation_requests.ask([cast.bianchi.pk], cause="limit", now=NOW)
    EvaluationRequest.objects.update(attempts=1, retry_at=NOW + soon)

    # A clock that is a little behind, as between two machines, hurries nothing.
    sending.reclaim(now=NOW - soon)
    assert sending.claim(now=NOW - soon) is None
    assert evaluation.work_off(now=NOW - soon) == 0

    sending.reclaim(now=EARLIER)
    notice = sending.claim(now=EARLIER)
    assert notice is not None
    assert evaluation.work_off(now=EARLIER) == EvaluationRequest.objects.count() > 0

    Notice.objects.update(state="WAITING", due_at=NOW + soon)  # It failed once before the clock was set back.
    sending.reclaim(now=EARLIER)
    assert sending.claim(now=EARLIER) is not None

    Notice.objects.update(state="WAITING", attempts=8, due_at=EARLIER + 2 * HOUR)  # A long pause is kept.
    sending.reclaim(now=EARLIER)
    assert sending.claim(now=EARLIER) is None


def test_a_digest_waits_for_its_hour_though_the_clock_was_set_back(cast: Cast) -> None:
    Notice.objects.create(channel="DIGEST", user=cast.carla.user, made_at=NOW, due_at=NOW + HOUR)

    sending.reclaim(now=EARLIER)

    assert sending.claim(now=EARLIER) is None
