"""The curve of what lies ahead: it begins with today's exposure, and follows goods, due days, effects and limits."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from approvals import booking, context
from creditrisk.exposure import read
from creditrisk.exposure.read import Slot
from creditrisk.facts import EffectiveLimit, LimitState
from creditrisk.money import Rates
from creditrisk.monitoring import forward
from creditrisk.monitoring.forward import Curve, Habit
from creditrisk.policy.compile import Policy
from creditrisk.templatetags.ahead import steps
from customers.models import CreditAccount, Customer, SharedLimit
from tests.cast import NOW, TODAY, Cast, policy
from tests.pages import as_user, words

BUCKETS = (
    "ORDERS_ENTERED", "ORDERS_CONFIRMED", "ORDERS_DRAFTED", "ORDERS_PREPAID", "DELIVERED", "DELIVERED_DRAFTED",
    "INVOICES_DRAFT", "INVOICES_ISSUED", "ITEMS", "ITEMS_DISPUTED", "ITEMS_PROVISIONAL", "CREDITS", "CREDITS_PROVISIONAL",
    "EFFECTS_ISSUED", "EFFECTS_SBF", "EFFECTS_DISCOUNT", "EFFECTS_COLLECTION", "EFFECTS_UNPAID", "POSTED_UNPAID",
)  # fmt: skip
LIMIT = EffectiveLimit(LimitState.AMOUNT, Decimal(1000), "EUR")


def in_days(days: int) -> date:
    return TODAY + timedelta(days=days)


def slot(bucket: str, day: int, amount: int) -> Slot:
    signed = -abs(amount) if bucket.startswith("CREDITS") else amount
    return Slot(1, 1, bucket, "EUR", in_days(day), Decimal(signed))


slots = st.lists(st.builds(slot, st.sampled_from(BUCKETS), st.integers(-40, 60), st.integers(1, 900)), max_size=15)
policies = st.builds(
    Policy, number=st.just(1), order_horizon_days=st.none() | st.integers(0, 30), sbf_grace_days=st.integers(0, 10),
    collection_grace_days=st.integers(0, 10), orders_count_from=st.sampled_from(["ENTRY", "CONFIRMATION"]),
    invoices_count_from=st.sampled_from(["ENTRY", "ISSUE"]), include_provisional=st.booleans(),
    disputed_items=st.sampled_from(["COUNT", "SKIP_OVERDUE", "SKIP"]),
)  # fmt: skip


lawful = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def drawn(balances: list[Slot], reading: Policy, habit: Habit, *, days: int = 60) -> tuple[forward.Day, ...]:
    found = forward.stays(balances, reading=reading, habits={1: habit}, today=TODAY)
    return forward.curve(
        found, currency="EUR", counted=reading.counts, rates=Rates(TODAY), today=TODAY, days=days, bounds=[(TODAY, LIMIT)]
    )  # fmt: skip


@lawful
@given(slots, policies, st.integers(0, 90), st.integers(-20, 60))
def test_today_is_what_the_exposure_is(balances: list[Slot], reading: Policy, terms: int, late: int) -> None:
    exposure = read.fold(balances, currency="EUR", reading=reading, today=TODAY, rates=Rates(TODAY))

    today = drawn(balances, reading, Habit(terms, {"EUR": late}))[0]

    assert (today.total, today.buckets) == (exposure.total, exposure.buckets)


@lawful
@given(slots, policies, st.integers(0, 60))
def test_where_no_money_is_expected_each_day_is_what_the_exposure_will_be(
    balances: list[Slot], reading: Policy, ahead: int
) -> None:
    stay = [s for s in balances if s.bucket != "EFFECTS_ISSUED"]  # they are supposed to be presented
    never = Habit(1000, {"EUR": 1000})
    then = read.fold(stay, currency="EUR", reading=reading, today=in_days(ahead), rates=Rates(TODAY))

    day = drawn(stay, reading, never)[ahead]

    assert (day.total, day.buckets) == (then.total, then.buckets)


@lawful
@given(slots, policies, st.integers(0, 30))
def test_money_on_account_is_never_left_alone_by_the_debts_that_it_pays(
    balances: list[Slot], reading: Policy, terms: int
) -> None:
    debts = sum((s.amount for s in balances if s.bucket == "ITEMS" and s.day >= TODAY), Decimal(0))
    money = [slot("CREDITS", 0, int(debts))] if debts else []
    due = [s for s in balances if s.bucket == "ITEMS" and s.day >= TODAY]

    days = drawn([*due, *money], reading, Habit(terms))

    assert all(day.total == 0 for day in days)


@lawful
@given(slots, policies, st.integers(0, 60), st.integers(0, 20), st.integers(1, 40), st.integers(0, 3000))
def test_what_is_drawn_for_a_breach_alone_finds_the_same_one(
    balances: list[Slot], reading: Policy, terms: int, late: int, turn: int, falls_to: int
) -> None:
    found = forward.stays(balances, reading=reading, habits={1: Habit(terms, {"EUR": late})}, today=TODAY)
    later = EffectiveLimit(LimitState.AMOUNT, Decimal(falls_to), "EUR")
    every: dict[str, Any] = {
        "currency": "EUR", "counted": reading.counts, "rates": Rates(TODAY), "today": TODAY, "days": 60,
    }  # fmt: skip

    for bounds in ([(TODAY, LIMIT)], [(TODAY, LIMIT), (in_days(turn), later)]):
        whole = Curve(1, "C", "EUR", forward.curve(found, bounds=bounds, **every))
        short = Curve(1, "C", "EUR", forward.turning(found, bounds=bounds, **every))
        assert len(whole.days) == 61
        assert (short.breach, short.by_limit, short.steps) == (whole.breach, whole.by_limit, whole.steps)
        if len(bounds) == 1 and not forward._rises(found, TODAY):
            assert whole.breach is None
            assert all(after.total <= before.total for before, after in pairwise(whole.days))


def at(curve: Curve, days: int) -> Decimal:
    return curve.days[days].total


def look(customer: Customer, **options: Any) -> Curve:
    return forward.look([customer.pk], today=TODAY, **options)[customer.pk]


def test_a_debt_leaves_after_its_due_day_and_later_where_the_customer_pays_late(cast: Cast) -> None:
    cast.item(cast.rossi, "100", due=in_days(10))
    paid = cast.item(cast.bianchi, "50", due=in_days(-20), reference="OLD", now=NOW - timedelta(days=40))
    booking.pay(
        customer=cast.bianchi, amount=Decimal(50), items=[(paid, None)], reference="P", day=in_days(-15), by=cast.carla, now=NOW
    )  # fmt: skip
    cast.item(cast.bianchi, "100", due=in_days(10), reference="NEW")

    prompt, late = look(cast.rossi), look(cast.bianchi)

    assert (at(prompt, 10), at(prompt, 11)) == (100, 0)
    assert (at(late, 15), at(late, 16)) == (100, 0)


def test_a_delay_that_somebody_kept_says_when_money_is_expected(cast: Cast) -> None:
    cast.item(cast.rossi, "100", due=in_days(10))
    CreditAccount.objects.filter(customer=cast.rossi).update(usual_delay=7)

    curve = look(cast.rossi)

    assert (at(curve, 17), at(curve, 18)) == (100, 0)


def test_what_is_later_than_usual_already_is_not_counted_on(cast: Cast) -> None:
    cast.item(cast.rossi, "100", due=in_days(-1))

    assert at(look(cast.rossi), 90) == 100


def test_an_order_enters_with_the_horizon_and_leaves_when_its_invoice_would_be_paid(cast: Cast) -> None:
    policy(order_horizon_days=10)
    cast.confirmed(cast.rossi, "300", ship_date=in_days(20))

    curve = look(cast.rossi)

    assert [at(curve, day) for day in (0, 9, 10, 50, 51)] == [0, 0, 300, 300, 0]  # 30 days net


def test_an_effect_leaves_when_it_matures(cast: Cast) -> None:
    item = cast.item(cast.rossi, "100", due=in_days(5))
    effect = booking.issue_effect(
        customer=cast.rossi, amount=Decimal(100), due=in_days(30), items=[item], by=cast.carla, now=NOW
    )
    booking.present([effect], by=cast.carla, now=NOW)

    curve = look(cast.rossi)

    assert (at(curve, 29), at(curve, 30)) == (100, 0)


def test_a_temporary_limit_that_ends_is_a_breach_that_lies_ahead(cast: Cast) -> None:
    booking.grant_limit(
        customer=cast.bianchi, amount=Decimal(5000), kind="TEMPORARY", valid_from=TODAY, valid_to=in_days(7), by=cast.dario, now=NOW
    )  # fmt: skip
    cast.item(cast.bianchi, "3000", due=in_days(40))

    curve = look(cast.bianchi)

    assert curve.breach and (curve.breach.day, curve.breach.limit) == (in_days(8), 1000)
    assert curve.by_limit


def test_orders_that_come_near_are_a_breach_that_lies_ahead_and_not_where_money_comes_before(cast: Cast) -> None:
    policy(order_horizon_days=10)
    for customer, due in ((cast.bianchi, 30), (cast.neri, 5)):
        cast.item(customer, "900", due=in_days(due))
        cast.confirmed(customer, "1500" if customer == cast.neri else "600", ship_date=in_days(20))

    breach = look(cast.bianchi).breach

    assert breach and (breach.day, breach.total) == (in_days(10), 1500)
    assert not look(cast.bianchi).by_limit
    assert look(cast.neri).breach is None


def test_who_is_over_already_has_no_breach_ahead(cast: Cast) -> None:
    cast.item(cast.bianchi, "2000", due=in_days(5))

    assert look(cast.bianchi).breach is None


def test_a_head_has_its_branches_in_its_curve(cast: Cast) -> None:
    branch = cast.customer("BRANCH", None, parent=cast.neri)
    cast.item(branch, "700", due=in_days(3))

    found = forward.look([cast.neri.pk, branch.pk], today=TODAY)

    assert [at(found[cast.neri.pk], day) for day in (3, 4)] == [700, 0]
    assert found[branch.pk].days[0].limit is None  # the head's alone


def test_today_is_the_standing_of_the_customers_page(cast: Cast) -> None:
    policy(order_horizon_days=10)
    cast.confirmed(cast.rossi, "300")
    cast.item(cast.rossi, "120.50", due=in_days(-3))
    cast.confirmed(cast.rossi, "77", ship_date=in_days(60))

    today = look(cast.rossi).days[0]

    standing = context.standing(cast.rossi, today=TODAY)
    assert (today.total, today.limit) == (standing.exposure.total, standing.limit.amount)


def test_many_customers_cost_as_much_as_one(cast: Cast) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as seen:
            forward.look(list(Customer.objects.values_list("pk", flat=True)), today=TODAY)
        return len(seen)

    before = cost()
    for number in range(5):
        cast.item(cast.customer(f"C{number}"), "10", due=in_days(number), reference=f"C{number}")

    assert cost() == before <= 9


@pytest.mark.parametrize("days", [0, 30])
def test_the_table_behind_the_picture_has_today_and_each_day_of_change(cast: Cast, days: int) -> None:
    cast.item(cast.rossi, "100", due=in_days(10))

    steps = look(cast.rossi, days=days).steps

    assert [step.day for step in steps] == [TODAY, *([in_days(11)] if days else [])]


def test_the_customers_page_draws_the_days_ahead_with_the_breach_and_the_table_behind(cast: Cast) -> None:
    now = timezone.now()
    today = timezone.localdate(now)
    booking.grant_limit(
        customer=cast.bianchi, amount=Decimal(5000), kind="TEMPORARY", valid_from=today, valid_to=today + timedelta(days=7),
        by=cast.dario, now=now,
    )  # fmt: skip
    cast.item(cast.bianchi, "3000", due=today + timedelta(days=40), now=now)

    answer = as_user(cast.carla.user).get(reverse("customer", args=["BIANCHI"]))

    told = words(answer)
    assert "The days ahead" in told and "Over the limit from" in told
    assert "ahead__breach" in answer.content.decode() and "ahead__limit" in answer.content.decode()
    assert "3,000.00 1,000.00 −2,000.00" in told


@pytest.mark.parametrize(
    ("values", "corners"),
    [
        ([1, 1, 1], [(0, 50), (500, 50), (1000, 50)]),
        ([2, 0], [(0, 0), (1000, 0), (1000, 100)]),
        ([None, 1], [(1000, 50)]),
        ([-1, 2], [(0, 100), (1000, 100), (1000, 0)]),
    ],
)
def test_a_day_keeps_its_height_until_the_next(values: list[Any], corners: list[tuple[int, int]]) -> None:
    found = steps([None if value is None else Decimal(value) for value in values], Decimal(2))

    assert found == corners


def test_a_shared_limit_is_foreseen_over_its_members_and_today_it_stands_as_a_check_sees_it(cast: Cast) -> None:
    group = SharedLimit.objects.create(code="GROUP", currency="EUR")
    group.members.set([cast.rossi, cast.bianchi])
    booking.grant_limit(shared=group, amount=Decimal(5000), valid_from=TODAY, by=cast.dario, now=NOW)
    booking.grant_limit(shared=group, amount=Decimal(100), valid_from=in_days(30), by=cast.dario, now=NOW)
    cast.item(cast.rossi, "100", due=in_days(10))
    cast.item(cast.bianchi, "150", due=in_days(40), reference="I2")

    found = forward.look_shared([group.pk], today=TODAY)[group.pk]

    standing = context.shared_standing(group, today=TODAY)
    assert (found.days[0].total, found.days[0].limit) == (standing.exposure.total, standing.limit.amount) == (250, 5000)
    assert (at(found, 10), at(found, 11), at(found, 40), at(found, 41)) == (250, 150, 150, 0)
    assert found.breach is not None
    assert (found.breach.day, found.by_limit) == (in_days(30), True)
    assert forward.look_shared([SharedLimit.objects.create(code="EMPTY", currency="EUR").pk], today=TODAY) == {}


def test_a_picture_by_day_says_of_today_what_a_check_says(cast: Cast) -> None:
    for number, days in enumerate((-70, -5, 0, 3, 40)):
        cast.item(cast.bianchi, "10", due=in_days(days), reference=f"D{number}")
    cast.confirmed(cast.bianchi, "25", ship_date=in_days(20))

    seen = forward.sight([cast.bianchi.pk], today=TODAY).seen

    assert seen.standing(cast.bianchi.pk) == context.standing(cast.bianchi, today=TODAY)
