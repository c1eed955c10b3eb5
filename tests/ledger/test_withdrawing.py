"""Effects taken out of a list again: list, bank's line and exposure follow, and the history says why."""

from datetime import timedelta
from decimal import Decimal as D
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from approvals import booking, effects
from approvals.hindsight import _as_left
from creditrisk.clock import business_day
from creditrisk.exposure import ledger
from creditrisk.refusal import InvalidState, Refused
from ledger import lines, portfolio
from ledger.models import Effect, EffectEvent, EffectState, OpenItem
from tests.cast import NOW, TODAY, Cast, after
from tests.pages import words

pytestmark = pytest.mark.django_db


def test_a_withdrawn_effect_is_in_the_portfolio_again_and_frees_the_line(
    cast: Cast, bank: Any, drawn: Any, owed: Any
) -> None:
    one, two = drawn("300", number="E1"), drawn("500", number="E2")
    presentation = booking.present([one, two], account=bank, by=cast.carla, now=NOW)
    used = lines.positions([bank], day=TODAY)[bank.pk][0].used

    effects.withdraw(presentation, [one], reason="Paid by transfer", by=cast.carla, now=after(2))

    one.refresh_from_db()
    assert (used, lines.positions([bank], day=TODAY)[bank.pk][0].used) == (D(800), D(500))
    assert (one.state, one.presentation_id) == (EffectState.ISSUED, None)
    assert owed(after(2).date()) == {"effects_issued": 300, "effects_presented": 500}
    assert portfolio.in_list(presentation) == [two]
    listed = portfolio.listed(cast.carla.user).get()
    assert (listed.count, listed.amount) == (1, D(500))
    assert ledger.audit().total == 0


def test_it_can_go_to_another_list_afterwards(cast: Cast, bank: Any, drawn: Any) -> None:
    effect = drawn("300")
    first = booking.present([effect], account=bank, by=cast.carla, now=NOW)
    effects.withdraw(first, [effect], reason="Wrong bank", by=cast.carla, now=NOW)

    second = booking.present([effect], mode="COLLECTION", by=cast.carla, now=after(1))

    assert (portfolio.in_list(first), portfolio.in_list(second)) == ([], [effect])
    assert [e.step for e in EffectEvent.objects.filter(effect=effect).order_by("pk")] == [
        "issued", "presented", "withdrawn", "presented",
    ]  # fmt: skip


def test_one_that_had_come_back_is_back_again(cast: Cast, bank: Any, drawn: Any, owed: Any) -> None:
    effect = drawn("300")
    first = booking.present([effect], account=bank, by=cast.carla, now=NOW)
    booking.unpaid(effect, posted=False, by=cast.carla, now=after(31))
    again = booking.present([effect], account=bank, by=cast.carla, now=after(32))

    effects.withdraw(again, [effect], reason="The customer pays in cash", by=cast.carla, now=after(33))

    effect.refresh_from_db()
    assert (effect.state, effect.presentation_id) == (EffectState.UNPAID, first.pk)
    assert owed(after(33).date()) == {"effects_unpaid": 300}
    assert ledger.audit().total == 0


def test_on_the_due_day_it_is_too_late_and_the_day_before_it_is_not(cast: Cast, bank: Any, drawn: Any) -> None:
    effect = drawn("300")
    presentation = booking.present([effect], account=bank, by=cast.carla, now=NOW)

    with pytest.raises(InvalidState, match="fell due"):
        effects.withdraw(presentation, [effect], reason="x", by=cast.carla, now=after(30))
    effects.withdraw(presentation, [effect], reason="x", by=cast.carla, now=after(29))

    effect.refresh_from_db()
    assert effect.state == EffectState.ISSUED


def test_all_or_none_and_never_without_a_reason(cast: Cast, bank: Any, drawn: Any) -> None:
    one, two = drawn("300", number="E1"), drawn("500", number="E2")
    presentation = booking.present([one, two], account=bank, by=cast.carla, now=NOW)
    booking.collect(two, by=cast.carla, now=after(1))

    with pytest.raises(InvalidState, match="E2 is collected"):
        effects.withdraw(presentation, [one, two], reason="x", by=cast.carla, now=after(1))
    with pytest.raises(Refused, match="Say why"):
        effects.withdraw(presentation, [one], reason=" ", by=cast.carla, now=after(1))

    one.refresh_from_db()
    assert one.state == EffectState.PRESENTED


def test_the_page_of_a_list_withdraws_what_is_ticked(cast: Cast, bank: Any, carla: Client) -> None:
    due = business_day(timezone.now()) + timedelta(days=20)
    items = [cast.item(cast.rossi, a, due=due, reference=f"I{a}", now=timezone.now()) for a in ("100", "200")]
    made = [
        booking.issue_effect(
            customer=cast.rossi, amount=i.amount, due=due, items=[i], by=cast.carla, now=timezone.now()
        )
        for i in items
    ]
    found = booking.present(made, mode="COLLECTION", by=cast.carla, now=timezone.now())
    address = reverse("presentation_outcome", args=[found.pk])
    data = {"effect": [made[0].pk], "outcome": "withdrawn"}

    refused = carla.post(address, data)
    done = words(carla.post(address, {**data, "reason": "Sent by mistake"}, follow=True))

    assert refused.status_code == 422
    assert "Say why it is withdrawn." in words(refused)
    assert "1 effect is out of the list." in done
    assert "Withdrawn" in done and "Sent by mistake" in done
    assert Effect.objects.get(pk=made[0].pk).state == EffectState.ISSUED
    assert OpenItem.objects.filter(open_amount=0).count() == 2


def test_in_hindsight_a_presentation_that_was_withdrawn_did_not_end_the_return() -> None:
    events = [["EUR", 1, step] for step in ("presented", "unpaid", "presented", "credited", "withdrawn")]

    assert [e[2] for e in _as_left(events)] == ["presented", "unpaid"]
