"""What a date alone brings about: told on its day, not a day before, once, however often or late the sweep runs."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from approvals import booking, gate, sweep
from approvals.models import Alert
from creditrisk.roles import Actor
from tests.cast import NOW, TODAY, Cast, after

pytestmark = pytest.mark.django_db


def told(code: str) -> list[str]:
    return [alert.sentence for alert in Alert.objects.filter(code=code).order_by("pk")]


def limited(cast: Cast, days: int) -> Any:
    """Grant Neri a limit that ends so many days ahead."""
    return booking.grant_limit(
        customer=cast.neri, amount=Decimal(3000), valid_from=TODAY, valid_to=TODAY + timedelta(days=days),
        by=cast.dario, now=NOW,
    )  # fmt: skip


@pytest.mark.parametrize(("day", "times"), [(9, 0), (10, 1), (11, 1)])
def test_a_limit_is_told_to_end_thirty_days_before_and_not_a_day_earlier(cast: Cast, day: int, times: int) -> None:
    limited(cast, 40)

    for passed in range(day + 1):
        sweep.sweep(now=after(passed))

    assert len(told("limit_expiring")) == times


def test_the_end_of_a_limit_is_told_once_with_the_days_left_when_the_sweep_comes_late_and_twice(cast: Cast) -> None:
    limited(cast, 40)
    sweep.sweep(now=after(0))

    sweep.sweep(now=after(15))
    sweep.sweep(now=after(15))
    sweep.sweep(now=after(16))

    last = TODAY + timedelta(days=40)
    assert told("limit_expiring") == [f"The limit of NERI ends on {last:%d %b %Y}, in 25 days."]


def test_a_limit_that_was_over_before_the_sweep_came_has_expired_and_is_not_expiring(cast: Cast) -> None:
    limited(cast, 40)
    sweep.sweep(now=after(0))

    sweep.sweep(now=after(41))

    assert told("limit_expiring") == []


@pytest.mark.parametrize(
    ("day", "codes"),
    [(29, []), (30, ["overdue_30"]), (60, ["overdue_30", "overdue_60"]), (90, ["overdue_30", "overdue_60", "overdue_90"])],
)  # fmt: skip
def test_what_is_overdue_is_told_again_as_it_grows_old(cast: Cast, day: int, codes: list[str]) -> None:
    cast.item(cast.rossi, "100", due=TODAY)

    for passed in range(day + 1):
        sweep.sweep(now=after(passed))

    found = Alert.objects.filter(code__startswith="overdue_").order_by("pk")
    assert list(found.values_list("code", flat=True)) == codes


def test_a_second_old_debt_is_no_new_age_and_after_both_are_paid_a_third_is(cast: Cast) -> None:
    first = cast.item(cast.rossi, "100", due=TODAY)
    second = cast.item(cast.rossi, "50", due=TODAY + timedelta(days=1), reference="I2")
    third = cast.item(cast.rossi, "25", due=TODAY + timedelta(days=5), reference="I3")

    for passed in range(33):
        sweep.sweep(now=after(passed))
    while_open = len(told("overdue_30"))
    booking.pay(
        customer=cast.rossi, amount=Decimal(150), items=[(first, Decimal(100)), (second, Decimal(50))],
        reference="P1", by=cast.carla, now=after(33),
    )  # fmt: skip
    sweep.sweep(now=after(35))

    assert third.pk
    assert (while_open, len(told("overdue_30"))) == (1, 2)
    assert told("overdue_30")[1] == "ROSSI has EUR 25.00 overdue, the oldest for 30 days."


@pytest.mark.parametrize(("day", "times"), [(2, 0), (3, 1), (4, 1)])
def test_a_hold_that_waits_is_told_on_its_third_day_once(cast: Cast, day: int, times: int) -> None:
    held(cast)

    for passed in range(day + 1):
        sweep.sweep(now=after(passed))

    assert len(told("held_long")) == times


def test_a_hold_that_was_decided_waits_no_more(cast: Cast) -> None:
    hold = held(cast)
    sweep.sweep(now=after(1))
    gate.reject(hold, reason="No", by=cast.carla, now=after(1))

    sweep.sweep(now=after(4))

    assert told("held_long") == []


def test_reminders_ask_no_evaluation_and_cost_the_same_for_many_customers(cast: Cast) -> None:
    sweep.sweep(now=after(0))
    cast.item(cast.rossi, "1", due=TODAY - timedelta(days=29))
    with CaptureQueriesContext(connection) as one:
        concerned = sweep.sweep(now=after(1))
    for number in range(5):
        customer = cast.customer(f"C{number}")
        cast.item(customer, "1", due=TODAY - timedelta(days=28), reference=f"C{number}")

    with CaptureQueriesContext(connection) as many:
        sweep.sweep(now=after(2))

    assert concerned == 0
    assert len(told("overdue_30")) == 6
    assert len(many) - len(one) <= 5  # each writes its own alert


def held(cast: Cast, by: Actor | None = None) -> Any:
    """Hold an order of Bianchi, whose limit is 1,000."""
    order = cast.order(cast.bianchi, "1500", by=by)
    return gate.submit(order, "confirm", by=by or cast.sara, now=NOW).hold
