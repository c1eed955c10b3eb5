"""How customers pay: days beyond terms, to the day."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal as D
from typing import Any

import pytest

from approvals import booking
from ledger import behaviour, statement
from tests.cast import NOW, TODAY, Cast, after

pytestmark = pytest.mark.django_db


def pay(cast: Cast, item: Any, amount: str, *, days: int) -> Any:
    return booking.pay(
        customer=item.customer, amount=D(amount), items=[(item, D(amount))], reference=f"P{item.reference}{days}",
        by=cast.carla, now=after(days),
    )  # fmt: skip


def paid(cast: Cast, *, day: int = 60) -> list[behaviour.Behaviour]:
    return behaviour.of_customers([cast.rossi.pk], day=TODAY + timedelta(days=day))


def test_days_beyond_terms_are_weighed_by_amount(cast: Cast) -> None:
    early = cast.item(cast.rossi, "300", due=TODAY + timedelta(days=10), reference="A")
    late = cast.item(cast.rossi, "100", due=TODAY + timedelta(days=10), reference="B")
    pay(cast, early, "300", days=8)
    pay(cast, late, "100", days=40)

    (found,) = paid(cast)

    assert (found.currency, found.paid, found.on_time, found.worst) == ("EUR", 400, 300, 30)
    assert found.days == D(6)  # (300 x -2 + 100 x 30) / 400
    assert found.on_time_percent == 75


def test_the_due_day_itself_is_on_time_and_the_day_after_is_not(cast: Cast) -> None:
    for reference, days in (("A", 10), ("B", 11)):
        pay(cast, cast.item(cast.rossi, "100", due=TODAY + timedelta(days=10), reference=reference), "100", days=days)

    (found,) = paid(cast)

    assert (found.on_time, found.worst) == (100, 1)


def test_money_counts_from_the_day_on_which_it_came(cast: Cast) -> None:
    item = cast.item(cast.rossi, "100", due=TODAY + timedelta(days=5))
    payment = booking.pay(customer=cast.rossi, amount=D(100), reference="P", by=cast.carla, now=after(3))
    booking.allocate(payment, [(item, None)], by=cast.carla, now=after(30))

    (found,) = paid(cast)

    assert (found.on_time, found.days) == (100, -2)


def test_what_was_undone_never_happened(cast: Cast) -> None:
    item = cast.item(cast.rossi, "100", due=TODAY, reference="A")
    payment = pay(cast, item, "100", days=5)
    booking.unallocate(payment, by=cast.carla, now=after(6))

    assert paid(cast) == []


def test_a_year_is_looked_at_and_the_last_ninety_days_beside_it(cast: Cast) -> None:
    pay(cast, cast.item(cast.rossi, "100", due=TODAY, reference="A"), "100", days=4)
    pay(cast, cast.item(cast.rossi, "100", due=TODAY, reference="B"), "100", days=100)

    (both,), (newer,) = paid(cast, day=100), paid(cast, day=4 + 365)

    assert (both.days, both.lately) == (52, 100)
    assert (newer.days, newer.lately) == (100, None)
    assert paid(cast, day=100 + 365) == []


def effect(cast: Cast, item: Any, *, due: int) -> Any:
    made = booking.issue_effect(
        customer=cast.rossi, amount=item.amount, due=TODAY + timedelta(days=due), items=[item], by=cast.carla, now=NOW
    )
    booking.present([made], by=cast.carla, now=NOW)
    return made


def test_an_effect_pays_on_the_day_on_which_it_is_collected(cast: Cast) -> None:
    made = effect(cast, cast.item(cast.rossi, "100", due=TODAY), due=10)
    before = paid(cast)
    booking.collect(made, by=cast.carla, now=after(12))

    (found,) = paid(cast)

    assert before == []
    assert (found.paid, found.worst) == (100, 12)


def test_effects_that_came_back_are_counted_for_a_year(cast: Cast) -> None:
    made = effect(cast, cast.item(cast.rossi, "100", due=TODAY), due=10)
    booking.unpaid(made, posted=True, by=cast.carla, now=after(12))

    def came_back(day: int) -> int:
        return behaviour.came_back([cast.rossi.pk], day=TODAY + timedelta(days=day))

    assert (came_back(11), came_back(12), came_back(12 + 364), came_back(12 + 365)) == (0, 1, 1, 0)


def test_effects_that_were_collected_stand_among_the_last_payments(
    cast: Cast, drawn: Callable[..., Any], django_assert_num_queries: Any
) -> None:
    collected, _waiting = drawn("400", number="E1"), drawn("500", number="E2")
    booking.collect(collected, by=cast.carla, now=after(3))
    booking.pay(customer=cast.rossi, amount=D(100), items=[], reference="P1", by=cast.carla, now=after(2))

    with django_assert_num_queries(1):
        told = [(p.reference, p.amount, p.open_amount, p.by_effect) for p in statement.last_payments([cast.rossi.pk])]

    assert told == [("E1", D(400), D(0), True), ("P1", D(100), D(100), False)]
