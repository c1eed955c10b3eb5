"""Evaluation for release: who asks, what it does, and that nothing is lost on the way."""

import time
from datetime import timedelta
from decimal import Decimal as D
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from approvals import booking, evaluation, evaluation_requests, gate, queries, runs
from approvals.models import EvaluationRequest, EvaluationRun, EvaluationRunHold, Hold, Looked
from creditrisk.policy.models import Parameters, RuleRow
from customers.models import CreditAccount, CreditGroup, SharedLimit
from documents.drafts import Changes
from documents.models import Document
from ledger.models import ExchangeRate
from tests.approvals.looking import held, reasons
from tests.cast import NOW, TODAY, Cast, after, assemble, policy
from tests.pages import as_user, words

pytestmark = pytest.mark.django_db


# -- working off -----------------------------------------------------------------------------------------------------


def test_one_request_that_waits_suffices(cast: Cast) -> None:
    EvaluationRequest.objects.all().delete()
    for cause in ("payment", "dispute"):
        evaluation_requests.ask([cast.rossi.pk], cause=cause, now=NOW)
    assert EvaluationRequest.objects.count() == 1

    EvaluationRequest.objects.update(claimed_at=NOW)
    evaluation_requests.ask([cast.rossi.pk], cause="payment", now=NOW)

    assert EvaluationRequest.objects.count() == 2  # the one under way may have looked already


def test_a_partners_money_reaches_the_hold(cast: Cast) -> None:
    group = SharedLimit.objects.create(code="GROUP", currency="EUR")
    group.members.set([cast.rossi, cast.neri])
    booking.grant_limit(shared=group, amount=D(1000), valid_from=TODAY, by=cast.dario, now=NOW)
    item = cast.item(cast.neri, "900", due=TODAY)
    hold = held(cast, cast.rossi, "500")
    assert reasons(hold) == ["over_shared_limit"]

    booking.pay(customer=cast.neri, amount=D(900), items=[(item, None)], reference="P", by=cast.carla, now=NOW)
    evaluation.work_off(now=NOW)

    assert reasons(hold) == []


def test_each_of_the_holds_that_stand_together_is_looked_at_in_a_transaction_of_its_own(cast: Cast) -> None:
    group = SharedLimit.objects.create(code="GROUP", currency="EUR")
    group.members.set([cast.rossi, cast.neri])
    booking.grant_limit(shared=group, amount=D(1000), valid_from=TODAY, by=cast.dario, now=NOW)
    item = cast.item(cast.neri, "900", due=TODAY)
    later, earlier = sorted([cast.rossi, cast.neri], key=lambda c: -c.pk)
    holds = [held(cast, customer, "500") for customer in (later, earlier)]  # oldest first: against the order of locks

    booking.pay(customer=cast.neri, amount=D(900), items=[(item, None)], reference="P", by=cast.carla, now=NOW)
    evaluation.work_off(now=NOW)

    assert [reasons(hold) for hold in holds] == [[], []]  # and `locked_in_turn`


def test_a_held_change_of_debtor_hangs_on_the_new_debtor(cast: Cast) -> None:
    order = cast.confirmed(cast.rossi, "1500")
    hold = gate.submit(order, "amend", by=cast.sara, now=NOW, changes=Changes(bill_to=cast.bianchi)).hold
    assert hold is not None

    booking.grant_limit(customer=cast.bianchi, amount=D(2000), valid_from=TODAY, by=cast.dario, now=NOW)
    evaluation.work_off(now=NOW)

    assert reasons(hold) == []


def test_what_cannot_be_judged_is_kept_tried_again_later_and_in_the_end_shown(cast: Cast) -> None:
    hold = held(cast, cast.bianchi)
    Document.objects.filter(pk=hold.document_id).update(currency="CHF")
    EvaluationRequest.objects.all().delete()
    evaluation_requests.ask([cast.bianchi.pk], cause="payment", now=NOW)

    for minutes in (0, 0, 1, 5, 30, 300, 3000):
        evaluation.work_off(now=NOW + timedelta(minutes=minutes))

    request = EvaluationRequest.objects.get()
    assert (request.attempts, request.done_at) == (5, None)
    assert "no exchange rate from CHF to EUR" in request.error
    page = words(as_user(cast.carla.user).get(reverse("evaluations")))
    assert "no exchange rate from CHF to EUR" in page

    ExchangeRate.objects.create(source="CHF", target="EUR", day=TODAY, rate=D(1))
    as_user(cast.carla.user).post(reverse("evaluations_retry"))
    evaluation.work_off(now=NOW)

    request.refresh_from_db()
    assert request.done_at == NOW


def test_a_lost_worker_loses_nothing(cast: Cast) -> None:
    EvaluationRequest.objects.all().delete()
    evaluation_requests.ask([cast.rossi.pk], cause="payment", now=NOW)
    EvaluationRequest.objects.update(claimed_at=NOW, attempts=1)

    assert evaluation.work_off(now=NOW + timedelta(minutes=9)) == 0
    assert evaluation.work_off(now=NOW + timedelta(minutes=11)) == 1


@pytest.mark.parametrize(
    ("auto", "result", "state"),
    [("OFF", Looked.READY, "DRAFT"), ("WITHOUT_POSTING", Looked.RELEASED, "DRAFT"), ("WITH_POSTING", Looked.RELEASED, "CONFIRMED")],
)  # fmt: skip
def test_policy_says_what_becomes_of_a_hold_whose_reasons_are_gone(
    cast: Cast, auto: str, result: str, state: str
) -> None:
    policy(auto_release=auto)
    hold = held(cast, cast.bianchi)
    forced = gate.force(cast.order(cast.rossi, "1"), by=cast.carla, now=NOW, reason="strange")
    booking.grant_limit(customer=cast.bianchi, amount=D(9000), valid_from=TODAY, by=cast.dario, now=NOW)

    assert evaluation.evaluate_hold(hold, now=NOW) == result
    assert evaluation.evaluate_hold(forced, now=NOW) == Looked.HELD
    hold.document.refresh_from_db()
    assert hold.document.state == state
    assert evaluation.evaluate_hold(hold, now=NOW) == (Looked.READY if auto == "OFF" else Looked.CLOSED)


def test_a_reason_that_is_gone_is_struck_with_its_day_and_comes_back_when_it_is_true_again(cast: Cast) -> None:
    policy(rules=[{"rule": "order_amount", "amount": D(1200)}])
    hold = held(cast, cast.bianchi)
    item = booking.pay(customer=cast.bianchi, amount=D(5000), reference="P", by=cast.carla, now=after(1))
    evaluation.work_off(now=after(1))

    row = queries.one(cast.carla.user, hold.pk, today=TODAY)
    assert (row.reasons, [(g.code, g.since) for g in row.gone]) == (("order_amount",), [("over_limit", after(1))])
    page = as_user(cast.carla.user).get(reverse("hold", args=[hold.pk])).content.decode()
    assert "<s>" in page and "gone since" in page

    debt = cast.item(cast.bianchi, "5000", due=TODAY, reference="NEW", now=after(2))
    booking.allocate(item, [(debt, None)], by=cast.carla, now=after(2))
    evaluation.work_off(now=after(2))

    assert queries.one(cast.carla.user, hold.pk, today=TODAY).gone == ()


# -- asked for by people ---------------------------------------------------------------------------------------------


def many_holds(cast: Cast, number: int) -> list[Hold]:
    holds = [held(cast, cast.bianchi, str(1500 + n)) for n in range(number)]
    booking.grant_limit(customer=cast.bianchi, amount=D(1502), valid_from=TODAY, by=cast.dario, now=NOW)
    return holds


def test_one_hold_is_evaluated_while_the_person_waits(cast: Cast) -> None:
    hold = many_holds(cast, 1)[0]
    carla = as_user(cast.carla.user)

    response = carla.post(reverse("evaluate"), {"hold": hold.pk, "next": reverse("hold", args=[hold.pk])}, follow=True)

    assert response.redirect_chain[-1][0] == reverse("hold", args=[hold.pk])
    assert "Evaluated: 1 ready to release." in words(response)
    assert "ready to release" in words(carla.get(reverse("desk"), {"state": "ready"}))
    assert hold.document.number in words(carla.get(reverse("desk"), {"state": "ready"}))
    assert hold.document.number not in words(carla.get(reverse("desk"), {"state": "held"}))


def test_many_are_left_to_the_worker_with_progress_to_be_watched(cast: Cast) -> None:
    many_holds(cast, 7)
    carla = as_user(cast.carla.user)

    response = carla.post(reverse("evaluate"), {"all": "1"}, follow=True)
    run = EvaluationRun.objects.get()
    assert response.redirect_chain[-1][0] == reverse("evaluation", args=[run.pk])
    assert "0 / 7" in words(response)
    assert 'hx-trigger="every 1s"' in response.content.decode()

    assert runs.work_off(now=timezone.now(), most=4) == 4
    part = carla.get(reverse("evaluation", args=[run.pk]), headers={"HX-Request": "true"})
    assert "4 / 7" in words(part)
    assert "<html" not in part.content.decode()

    assert runs.work_off(now=timezone.now()) == 3
    page = carla.get(reverse("evaluation", args=[run.pk]))
    assert "7 / 7" in words(page)
    assert "hx-trigger" not in page.content.decode().split('id="evaluation"')[1].split(">")[0]
    progress = runs.progress(run)
    assert (progress.ready, progress.held) == (3, 4)
    assert "all open holds" in words(carla.get(reverse("evaluations")))


def test_a_selection_and_a_customer_name_their_holds(cast: Cast) -> None:
    chosen, _other = many_holds(cast, 2)
    elsewhere = held(cast, cast.neri, "3000")
    carla = as_user(cast.carla.user)

    carla.post(reverse("evaluate"), {"hold": [chosen.pk, elsewhere.pk]})
    carla.post(reverse("evaluate"), {"customer": "NERI"})
    carla.post(reverse("evaluate"), {"hold": ["x", "99999999999999999999"]})

    looked = [sorted(run.holds.values_list("hold", flat=True)) for run in EvaluationRun.objects.order_by("pk")]
    assert looked == [sorted([chosen.pk, elsewhere.pk]), [elsewhere.pk]]


def test_what_cannot_be_judged_is_shown_and_can_be_tried_again(cast: Cast) -> None:
    hold = held(cast, cast.bianchi)
    Document.objects.filter(pk=hold.document_id).update(currency="CHF")
    carla = as_user(cast.carla.user)

    response = carla.post(reverse("evaluate"), {"hold": hold.pk}, follow=True)
    assert "1 could not be judged" in words(response)
    assert "no exchange rate from CHF to EUR" in words(response)

    ExchangeRate.objects.create(source="CHF", target="EUR", day=TODAY, rate=D(1))
    again = carla.post(reverse("evaluation_again", args=[EvaluationRun.objects.get().pk]), follow=True)

    assert "no exchange rate" not in words(again)
    assert EvaluationRunHold.objects.get().result == Looked.HELD


def test_a_run_whose_worker_was_lost_goes_on(cast: Cast) -> None:
    hold = held(cast, cast.bianchi)
    run = EvaluationRun.objects.create(scope="one", asked_at=NOW)
    EvaluationRunHold.objects.create(run=run, hold=hold, claimed_at=NOW)

    assert runs.work_off(now=NOW + timedelta(minutes=9)) == 0
    assert runs.work_off(now=NOW + timedelta(minutes=11)) == 1
    assert runs.work_off(now=NOW + timedelta(minutes=12)) == 0


def test_the_list_of_runs_costs_the_same_for_many(cast: Cast) -> None:
    hold = held(cast, cast.bianchi)
    carla = as_user(cast.carla.user)

    def cost() -> int:
        runs.start([hold.pk], scope="one", by=cast.carla.user, now=NOW)
        carla.get(reverse("evaluations"))
        with CaptureQueriesContext(connection) as seen:
            carla.get(reverse("evaluations"))
        return len(seen)

    first = cost()
    for _n in range(5):
        runs.start([hold.pk], scope="one", by=cast.carla.user, now=NOW)
    assert cost() == first


# -- with the real worker --------------------------------------------------------------------------------------------


def soon(condition: Any) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


@pytest.mark.django_db(transaction=True)
def test_the_worker_looks_again_as_soon_as_money_comes_or_the_policy_changes(celery_worker: Any) -> None:
    cast = assemble()
    hold = held(cast, cast.bianchi, now=timezone.now())
    stopped = CreditGroup.objects.create(code="G")
    CreditAccount.objects.filter(customer=cast.rossi).update(credit_group=stopped)
    policy(rules=[{"rule": "order_amount", "amount": D(100), "scope": "GROUP", "group": stopped}])
    big = held(cast, cast.rossi, "150", now=timezone.now())

    booking.pay(customer=cast.bianchi, amount=D(500), reference="P", by=cast.carla, now=timezone.now())
    assert soon(lambda: reasons(hold) == [])
    assert reasons(big) == ["order_amount"]

    RuleRow.objects.update(amount=D(200))
    policy()
    assert soon(lambda: reasons(big) == [])
    assert not EvaluationRequest.objects.filter(done_at=None).exclude(error="").exists()


@pytest.mark.django_db(transaction=True)
def test_the_worker_does_many_and_the_page_sees_it_finish(celery_worker: Any) -> None:
    cast = assemble()
    many_holds(cast, 8)
    carla = as_user(User.objects.get(username="carla"))

    carla.post(reverse("evaluate"), {"all": "1"})

    run = EvaluationRun.objects.get()
    assert soon(lambda: EvaluationRun.objects.get().finished_at is not None)
    assert runs.progress(run).done == 8
    assert Parameters.objects.exists()
