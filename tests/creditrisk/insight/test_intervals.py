"""Estimates and their intervals: against printed tables, worked by hand, and what holds for any cases."""

from decimal import Decimal as D

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from creditrisk.insight import intervals
from creditrisk.insight.intervals import Estimate

LAW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
CASES = st.lists(
    st.integers(1, 400).flatmap(lambda whole: st.tuples(st.integers(0, whole).map(D), st.just(D(whole)))),
    min_size=2, max_size=30,
)  # fmt: skip


@pytest.mark.parametrize(
    ("n", "printed"),
    [(1, "12.706"), (2, "4.303"), (3, "3.182"), (4, "2.776"), (5, "2.571"), (9, "2.262"), (10, "2.228"), (20, "2.086"),
     (30, "2.042"), (60, "2.000"), (120, "1.980"), (100_000, "1.960")],
)  # fmt: skip
def test_students_quantiles_are_those_of_the_printed_tables(n: int, printed: str) -> None:
    assert round(intervals.t_quantile(n), 3) == D(printed)


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998), 857, table I: Wilson's interval without continuity correction.
    [(81, 263, "0.2553", "0.3662"), (15, 148, "0.0624", "0.1605"), (0, 20, "0.0000", "0.1611"), (1, 29, "0.0061", "0.1718")],
)  # fmt: skip
def test_wilsons_interval_is_that_of_the_literature(successes: int, n: int, low: str, high: str) -> None:
    found = intervals.wilson(D(successes) / n, D(n))

    assert tuple(round(bound, 4) for bound in found) == (D(low), D(high))


def test_newcombes_difference_is_that_of_the_literature() -> None:
    # Statistics in Medicine 17 (1998), 873, table II: 56/70 less 48/80 is 0.2000, from 0.0524 to 0.3339.
    one, other = (Estimate(D(x) / n, *intervals.wilson(D(x) / n, D(n)), customers=n) for x, n in ((56, 70), (48, 80)))

    found = intervals.difference(one, other)

    assert [round(x, 4) for x in (found.value, found.low, found.high)] == [D("0.2000"), D("0.0524"), D("0.3339")]
    assert found.differs


def test_days_late_worked_by_hand() -> None:
    # 100 paid 10 days late and 300 paid 30 days late: 25 days. Residuals (1000-2500)/400 and (9000-7500)/400 = -+3.75;
    # variance 2/1 x 2 x 3.75^2 = 56.25, its root 7.5, times 12.706.
    found = intervals.ratio([(D(1000), D(100)), (D(9000), D(300))])

    assert found is not None
    assert found.value == 25
    assert round(found.high - 25, 2) == D("95.30")
    assert round(25 - found.low, 2) == D("95.30")


def test_growth_of_dso_worked_by_hand() -> None:
    # Receivables 60 of sales 180, then 90 of 180, over 180 days: DSO 60, then 90; both customers alike, so no spread.
    found = intervals.change_of_ratio([(D(20), D(60), D(30), D(60)), (D(40), D(120), D(60), D(120))], times=D(180))

    assert found is not None
    assert round(found.value, 10) == 30
    assert round(found.high - found.low, 10) == 0


def test_one_customer_has_a_value_and_no_interval() -> None:
    assert intervals.share([(D(3), D(4))]) == Estimate(D(75), None, None, 1)
    assert intervals.ratio([(D(3), D(4))]) == Estimate(D("0.75"), None, None, 1)
    assert not intervals.share([(D(3), D(4))]).differs


def test_nothing_to_measure_by_is_nothing() -> None:
    assert intervals.share([]) is None
    assert intervals.share([(D(0), D(0))]) is None
    assert intervals.ratio([]) is None
    assert intervals.change_of_ratio([(D(1), D(0), D(1), D(5))], times=D(90)) is None


def test_many_invoices_of_few_customers_say_less_than_of_many() -> None:
    few = intervals.share([(D(900), D(1000)), (D(500), D(1000)), (D(700), D(1000))])
    many = intervals.share([(D(9), D(10)), (D(5), D(10)), (D(7), D(10))] * 100)

    assert few.value == many.value == 70
    assert few.high - few.low > 30 > 3 * (many.high - many.low)
    assert few.is_small
    assert not many.is_small


@LAW
@given(CASES)
def test_a_share_lies_in_its_interval_and_the_interval_between_nothing_and_all(cases: list[tuple[D, D]]) -> None:
    found = intervals.share(cases)

    assert 0 <= found.low <= found.value <= found.high <= 100


@LAW
@given(CASES, st.integers(1, 20))
def test_shares_of_what_is_left_are_the_rest(cases: list[tuple[D, D]], most: int) -> None:
    found = intervals.share(cases, most=most)
    rest = intervals.share([(whole - part, whole) for part, whole in cases], most=most)

    assert abs(found.value + rest.value - 100) < D("1e-9")
    assert abs(found.low + rest.high - 100) < D("1e-9")


@LAW
@given(CASES)
def test_ten_times_the_customers_narrow_the_interval(cases: list[tuple[D, D]]) -> None:
    one, ten = intervals.share(cases), intervals.share(cases * 10)

    assert abs(ten.value - one.value) < D("1e-9")
    assert ten.high - ten.low < one.high - one.low


@LAW
@given(CASES, CASES)
def test_a_difference_the_other_way_is_its_mirror(one: list[tuple[D, D]], other: list[tuple[D, D]]) -> None:
    there = intervals.difference(intervals.share(one), intervals.share(other))
    back = intervals.difference(intervals.share(other), intervals.share(one))

    assert there.value == -back.value
    assert abs(there.low + back.high) < D("1e-9")
    assert there.differs == back.differs
