"""An effect's life, and what the customer owes before, during and after every step of it."""

from datetime import timedelta
from decimal import Decimal as D
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from approvals import booking, context, effects, gate
from approvals.effects import Outcome
from creditrisk.refusal import Duplicate, InvalidState, Refused
from ledger import portfolio
from ledger.effects import Return
from ledger.models import Effect, EffectEvent, EffectState, ExchangeRate, ItemKind, OpenItem, Presentation
from tests.cast import NOW, TODAY, Cast, after, policy
from tests.ledger.conftest import DUE, line

pytestmark = pytest.mark.django_db


def test_every_step_keeps_the_euro_in_one_bucket(cast: Cast, bank: Any, owed: Any) -> None:
    item = cast.item(cast.rossi, "500", due=DUE)
    assert owed() == {"receivables": 500}

    effect = booking.issue_effect(
        customer=cast.rossi, amount=D(500), due=DUE, items=[item], number="E1", by=cast.carla, now=NOW
    )
    assert owed() == {"effects_issued": 500}

    presentation = booking.present([effect], account=bank, by=cast.carla, now=NOW)
    assert owed() == {"effects_presented": 500}

    effects.credit(presentation, by=cast.carla, now=after(1))
    assert owed(after(1).date()) == {"effects_presented": 500}
    assert owed(DUE - timedelta(days=1)) == {"effects_presented": 500}
    assert owed(DUE) == {}

    booking.unpaid(effect, posted=False, by=cast.carla, now=after(33))
    assert owed(after(33).date()) == {"effects_unpaid": 500}

    again = booking.present([effect], account=bank, by=cast.carla, now=after(34))
    assert owed(after(34).date()) == {}  # its due date is past: it weighs only as long as grace days say
    policy(sbf_grace_days=10)
    assert owed(after(34).date()) == {"effects_presented": 500}

    booking.unpaid(effect, posted=True, by=cast.carla, now=after(35))
    assert owed(after(35).date()) == {"receivables": 500}
    assert [p.pk for p in (presentation, again) if portfolio.in_list(p) == [effect]] == [presentation.pk, again.pk]


def test_a_charged_cost_is_owed_at_once_and_one_that_is_not_charged_never(cast: Cast, drawn: Any, owed: Any) -> None:
    charged, kept = drawn("100", number="E1"), drawn("200", number="E2")

    booking.unpaid(charged, posted=False, how=Return("No funds", D("7.50"), True), by=cast.carla, now=NOW)
    booking.unpaid(kept, posted=True, how=Return("Account closed", D(9), False), by=cast.carla, now=NOW)

    assert owed() == {"effects_unpaid": 100, "receivables": D("207.50")}
    assert OpenItem.objects.get(kind=ItemKind.CHARGE).reason == "No funds"
    events = EffectEvent.objects.filter(step="unpaid").order_by("effect__number")
    assert [(e.cost, e.charged, e.reason) for e in events] == [
        (D("7.50"), True, "No funds"),
        (D(9), False, "Account closed"),
    ]


def test_each_return_can_be_charged(cast: Cast, drawn: Any, owed: Any) -> None:
    effect = drawn("100")
    for day in (1, 3):
        booking.present([effect], by=cast.carla, now=after(day))
        booking.unpaid(effect, posted=False, how=Return("No funds", D(5), True), by=cast.carla, now=after(day + 1))
    booking.unpaid(effect, posted=True, how=Return("", D(2), True), by=cast.carla, now=after(5))

    assert owed(after(5).date()) == {"receivables": 112}


def test_charging_without_a_cost_is_refused(cast: Cast, drawn: Any) -> None:
    effect = drawn("100")

    with pytest.raises(Refused, match="Type the cost"):
        booking.unpaid(effect, posted=False, how=Return(charged=True), by=cast.carla, now=NOW)
    with pytest.raises(Refused, match="no amounts as fine"):
        booking.unpaid(effect, posted=False, how=Return(cost=D("0.001")), by=cast.carla, now=NOW)

    assert Effect.objects.get().state == EffectState.ISSUED


def test_an_effect_that_came_back_can_still_be_paid_and_still_counts_as_come_back(
    cast: Cast, drawn: Any, owed: Any
) -> None:
    policy(rules=[{"rule": "unpaid_effects", "days": 60, "count": 1}])
    effect = drawn("100")
    booking.unpaid(effect, posted=False, by=cast.carla, now=after(1))

    booking.collect(effect, by=cast.carla, now=after(2))

    assert owed(after(2).date()) == {}
    seen = context.look([cast.rossi.pk], today=after(2).date())
    assert [(u.day, u.amount) for u in seen.unpaid_effects(cast.rossi.pk)] == [(after(1).date(), D(100))]


def test_replacing_what_is_not_posted_moves_the_amount_to_the_new_effect(cast: Cast, drawn: Any, owed: Any) -> None:
    effect = drawn("100")
    booking.unpaid(effect, posted=False, by=cast.carla, now=after(1))

    new = effects.replace(effect, kind="DRAFT", due=DUE + timedelta(days=30), by=cast.carla, now=after(2))

    effect.refresh_from_db()
    assert owed(after(2).date()) == {"effects_issued": 100}
    assert (effect.state, new.replaces, new.number) == (EffectState.REPLACED, effect, "MAIN-EF-2026-00001")
    with pytest.raises(InvalidState, match="cannot be replaced"):
        effects.replace(effect, kind="DRAFT", due=DUE, by=cast.carla, now=after(2))


def test_replacing_what_is_posted_closes_the_debt_that_is_left(cast: Cast, drawn: Any, owed: Any) -> None:
    effect = drawn("100")
    booking.unpaid(effect, posted=True, by=cast.carla, now=after(1))
    returned = OpenItem.objects.get(kind=ItemKind.RETURNED)
    booking.pay(customer=cast.rossi, amount=D(40), items=[(returned, None)], reference="P", by=cast.carla, now=after(2))

    new = effects.replace(effect, kind="RIBA", due=DUE, number="N1", by=cast.carla, now=after(3))

    assert new.amount == 60
    assert owed(after(3).date()) == {"effects_issued": 60}


def test_what_is_paid_or_in_the_portfolio_is_not_replaced(cast: Cast, drawn: Any) -> None:
    issued = drawn("100", number="E1")
    paid = drawn("100", number="E2")
    booking.unpaid(paid, posted=True, by=cast.carla, now=NOW)
    item = OpenItem.objects.get(kind=ItemKind.RETURNED)
    booking.pay(customer=cast.rossi, amount=D(100), items=[(item, None)], reference="P", by=cast.carla, now=NOW)

    for effect, words in ((issued, "cannot be replaced"), (paid, "is paid")):
        with pytest.raises(InvalidState, match=words):
            effects.replace(effect, kind="RIBA", due=DUE, by=cast.carla, now=NOW)


# -- the bank's line ----------------------------------------------------------------------------------------------------


def test_a_list_may_use_the_line_to_the_last_cent_and_not_one_more(cast: Cast, bank: Any, drawn: Any) -> None:
    exact, cent = drawn("1000", number="E1"), drawn("0.01", number="E2")

    booking.present([exact], account=bank, by=cast.carla, now=NOW)
    with pytest.raises(Refused, match=r"EUR 0\.00 free of its line of EUR 1,000\.00 .* comes to EUR 0\.01"):
        booking.present([cent], account=bank, by=cast.carla, now=NOW)

    assert Presentation.objects.get().number == "MAIN-PL-2026-00001"


def test_after_collection_needs_no_line_and_uses_none(cast: Cast, bank: Any, drawn: Any) -> None:
    booking.present([drawn("5000", number="E1")], mode="COLLECTION", account=bank, by=cast.carla, now=NOW)
    booking.present([drawn("1000", number="E2")], mode="DISCOUNT", account=bank, by=cast.carla, now=NOW)


def test_the_line_is_free_again_when_effects_mature_and_the_bank_can_no_longer_return_them(
    cast: Cast, bank: Any, drawn: Any
) -> None:
    bank.returns_within = 5
    bank.save()
    booking.present([drawn("1000", number="E1")], account=bank, by=cast.carla, now=NOW)
    later = drawn("1000", number="E2", due=DUE + timedelta(days=60))
    last_day = (DUE - TODAY).days + 4

    with pytest.raises(Refused, match="EUR 0.00 free"):
        booking.present([later], account=bank, by=cast.carla, now=after(last_day))
    booking.present([later], account=bank, by=cast.carla, now=after(last_day + 1))


def test_a_line_of_its_own_comes_before_the_common_one_and_a_newer_before_an_older(
    cast: Cast, bank: Any, drawn: Any
) -> None:
    line(bank, "100", "DISCOUNT")
    effect = drawn("150", number="E1")

    with pytest.raises(Refused, match=r"EUR 100\.00 free of its line of EUR 100\.00 for discount"):
        booking.present([effect], mode="DISCOUNT", account=bank, by=cast.carla, now=NOW)
    line(bank, "150", "DISCOUNT", valid_from=TODAY + timedelta(days=1))
    booking.present([effect], mode="DISCOUNT", account=bank, by=cast.carla, now=after(1))
    booking.present([drawn("1000", number="E2")], account=bank, by=cast.carla, now=after(1))


def test_a_bank_without_a_line_in_force_advances_nothing(cast: Cast, bank: Any, drawn: Any) -> None:
    line(bank, "5000", valid_from=TODAY, valid_to=TODAY)
    effect = drawn("1500")

    with pytest.raises(Refused, match="EUR 1,000.00 free"):  # the newer line ended: the older one counts again
        booking.present([effect], account=bank, by=cast.carla, now=after(1))
    booking.present([effect], account=bank, by=cast.carla, now=NOW)


@pytest.mark.parametrize(
    ("change", "words"),
    [({"currency": "USD"}, "the account in USD"), ({"active": False}, "takes no more effects")],
)
def test_a_list_fits_its_account(cast: Cast, bank: Any, drawn: Any, change: dict[str, Any], words: str) -> None:
    effect = drawn("10")
    type(bank).objects.filter(pk=bank.pk).update(**change)

    with pytest.raises(Refused, match=words):
        booking.present([effect], account=bank, by=cast.carla, now=NOW)

    assert not Presentation.objects.exists()


def test_a_list_is_credited_once_and_not_before_it_was_presented(cast: Cast, bank: Any, drawn: Any) -> None:
    presentation = booking.present([drawn("10")], account=bank, by=cast.carla, now=after(2))

    with pytest.raises(Refused, match="not credited before"):
        effects.credit(presentation, day=after(1).date(), by=cast.carla, now=after(2))
    with pytest.raises(Refused, match="lies ahead"):
        effects.credit(presentation, day=after(3).date(), by=cast.carla, now=after(2))
    effects.credit(presentation, by=cast.carla, now=after(2))
    with pytest.raises(InvalidState, match="was credited on"):
        effects.credit(presentation, by=cast.carla, now=after(2))


# -- many at once -------------------------------------------------------------------------------------------------------


def test_items_are_grouped_by_customer_and_due_date(cast: Cast, owed: Any) -> None:
    for reference, amount, due in (("I1", "100", DUE), ("I2", "50", DUE), ("I3", "70", DUE + timedelta(days=1))):
        cast.item(cast.rossi, amount, due=due, reference=reference)
    cast.item(cast.bianchi, "30", due=DUE, reference="I4")
    disputed = cast.item(cast.rossi, "999", due=DUE, reference="I5")
    booking.dispute(disputed, disputed=True, reason="Broken", by=cast.carla, now=NOW)

    found = portfolio.proposals(OpenItem.objects.all(), grouped=True)
    made = effects.issue(found, kind="RIBA", by=cast.carla, now=NOW)

    assert sorted((e.customer.code, e.due, e.amount) for e in made) == [
        ("BIANCHI", DUE, D(30)),
        ("ROSSI", DUE, D(150)),
        ("ROSSI", DUE + timedelta(days=1), D(70)),
    ]
    assert len({e.number for e in made}) == 3
    assert owed() == {"effects_issued": 220, "receivables": 999}
    assert [len(p.item_ids) for p in portfolio.proposals(OpenItem.objects.all(), grouped=False)] == []


def test_an_item_that_moved_since_the_preview_stops_the_whole_issue(cast: Cast) -> None:
    cast.item(cast.bianchi, "30", due=DUE, reference="I1")
    item = cast.item(cast.rossi, "100", due=DUE, reference="I2")
    found = portfolio.proposals(OpenItem.objects.all(), grouped=True)
    booking.pay(customer=cast.rossi, amount=D(1), items=[(item, None)], reference="P", by=cast.carla, now=NOW)

    with pytest.raises(Refused, match="changed since"):
        effects.issue(found, kind="RIBA", by=cast.carla, now=NOW)

    assert not Effect.objects.exists()


def test_the_outcome_of_a_list_is_booked_for_all_or_for_none(cast: Cast, bank: Any, drawn: Any, owed: Any) -> None:
    one, two = drawn("100", number="E1"), drawn("200", number="E2")
    booking.present([one, two], account=bank, by=cast.carla, now=NOW)
    booking.collect(two, by=cast.carla, now=after(31))

    with pytest.raises(InvalidState, match="cannot be collected"):
        effects.settle([Outcome(one, True), Outcome(two, True)], by=cast.carla, now=after(31))
    one.refresh_from_db()
    assert one.state == EffectState.PRESENTED

    effects.settle([Outcome(one, False, True, Return("", D(4), True))], by=cast.carla, now=after(31))
    assert owed(after(31).date()) == {"receivables": 104}


# -- what the database keeps --------------------------------------------------------------------------------------------


def test_the_database_refuses_what_no_effect_may_be(cast: Cast, bank: Any, drawn: Any) -> None:
    effect = drawn("100")
    presentation = booking.present([effect], account=bank, by=cast.carla, now=NOW)
    rows = Effect.objects.filter(pk=effect.pk)
    event = {"effect": effect, "day": TODAY, "made_at": NOW}
    forbidden = [
        lambda: rows.update(state="UNPAID"),
        lambda: rows.update(state="REPLACED"),
        lambda: rows.update(amount=0),
        lambda: rows.update(presentation=None),
        lambda: EffectEvent.objects.create(step="presented", presentation=presentation, **event),
        lambda: EffectEvent.objects.create(step="unpaid", cost=0, charged=True, **event),
        lambda: EffectEvent.objects.create(step="unpaid", cost=-1, **event),
        lambda: Presentation.objects.filter(pk=presentation.pk).update(credited_on=TODAY - timedelta(days=1)),
        lambda: line(bank, "-1"),
        lambda: line(bank, "1", valid_from=TODAY, valid_to=TODAY - timedelta(days=1)),
    ]

    for act in forbidden:
        with pytest.raises(IntegrityError), transaction.atomic():
            act()


def test_a_number_is_taken_once(cast: Cast, drawn: Any) -> None:
    drawn("100", number="E1")

    with pytest.raises(Duplicate, match="An effect E1 exists already"):
        item = cast.item(cast.rossi, "5", due=DUE, reference="other")
        booking.issue_effect(
            customer=cast.rossi, amount=D(5), due=DUE, items=[item], number="E1", by=cast.carla, now=NOW
        )


def test_an_effect_of_another_currency_that_came_back_and_was_paid_is_still_weighed(cast: Cast) -> None:
    policy(rules=[{"rule": "unpaid_effects", "days": 60, "amount": 100}])
    ExchangeRate.objects.create(source="USD", target="EUR", day=TODAY, rate=D("0.5"))
    item = booking.item(
        customer=cast.rossi, amount=D(200), currency="USD", due=DUE, reference="I1", by=cast.carla, now=NOW
    )
    effect = booking.issue_effect(
        customer=cast.rossi, amount=D(200), currency="USD", due=DUE, items=[item], number="E1", by=cast.carla, now=NOW
    )
    booking.unpaid(effect, posted=False, by=cast.carla, now=after(1))
    booking.collect(effect, by=cast.carla, now=after(2))

    result = gate.submit(cast.order(cast.rossi, "10", now=after(2)), "confirm", by=cast.sara, now=after(2))

    assert result.outcome.reasons == ("unpaid_effects",)
