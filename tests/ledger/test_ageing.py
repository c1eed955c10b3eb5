"""What was open on a day, by days past due."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from approvals import booking
from ledger.queries import ageing
from tests.cast import NOW, TODAY, Cast, after


def total(day: date, cast: Cast) -> Decimal:
    return sum((row.total for row in ageing(day=day)), Decimal(0))


@pytest.mark.parametrize(
    ("late", "bucket"),
    [(0, "current"), (1, "1-30"), (30, "1-30"), (31, "31-60"), (60, "31-60"), (61, "61-90"), (91, "91+")],
)
def test_boundaries_between_buckets(cast: Cast, late: int, bucket: str) -> None:
    cast.item(cast.rossi, "100", due=TODAY + timedelta(days=10))

    (row,) = ageing(day=TODAY + timedelta(days=10 + late))

    assert {name for name, amount in row.buckets.items() if amount} == {bucket}
    assert (row.key, row.total, row.items) == (("EUR",), Decimal(100), 1)


def test_later_payments_do_not_change_an_earlier_day(cast: Cast) -> None:
    item = cast.item(cast.rossi, "100", due=TODAY)
    booking.pay(
        customer=cast.rossi, amount=Decimal(60), items=[(item, None)], reference="P", by=cast.carla, now=after(5)
    )

    assert total(TODAY + timedelta(days=4), cast) == 100
    assert total(TODAY + timedelta(days=5), cast) == 40
    assert total(TODAY - timedelta(days=1), cast) == 0


def test_an_allocation_undone_gives_the_debt_back(cast: Cast) -> None:
    item = cast.item(cast.rossi, "100", due=TODAY)
    payment = booking.pay(
        customer=cast.rossi, amount=Decimal(60), items=[(item, None)], reference="P", by=cast.carla, now=after(1)
    )
    booking.unallocate(payment, by=cast.carla, now=after(3))

    (row,) = ageing(day=TODAY + timedelta(days=3), by=("currency",))

    assert row.total == 40
    assert row.items == 2


def test_an_effect_takes_the_item_out_and_a_returned_one_brings_it_back(cast: Cast) -> None:
    item = cast.item(cast.rossi, "100", due=TODAY + timedelta(days=30))
    effect = booking.issue_effect(
        customer=cast.rossi, amount=Decimal(100), due=TODAY + timedelta(days=30), items=[item], number="E1",
        by=cast.carla, now=after(1),
    )  # fmt: skip
    booking.unpaid(effect, posted=True, by=cast.carla, now=after(40))

    assert total(TODAY, cast) == 100
    assert total(TODAY + timedelta(days=1), cast) == 0
    (row,) = ageing(day=TODAY + timedelta(days=40))
    assert row.buckets["1-30"] == 100


def test_rows_by_customer_and_only_those_asked_for(cast: Cast) -> None:
    cast.item(cast.rossi, "100", due=TODAY)
    cast.item(cast.bianchi, "50", due=TODAY, reference="I2")

    rows = ageing(day=TODAY, by=("customer", "currency"))

    assert {row.key: row.total for row in rows} == {(cast.rossi.pk, "EUR"): 100, (cast.bianchi.pk, "EUR"): 50}
    assert [row.total for row in ageing(day=TODAY, customer_ids=[cast.bianchi.pk])] == [50]
    assert ageing(day=TODAY, customer_ids=[]) == []
    assert [row.total for row in ageing(day=TODAY, company_ids=[cast.company.pk], by=("company",))] == [150]


def test_items_left_out_of_credit_control_stay_out(cast: Cast) -> None:
    booking.item(
        customer=cast.rossi, amount=Decimal(9), due=TODAY, reference="X", excluded=True, by=cast.carla, now=NOW
    )

    assert ageing(day=TODAY) == []
