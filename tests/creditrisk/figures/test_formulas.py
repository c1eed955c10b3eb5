"""The formulas against worked examples, and where they are not defined."""

from datetime import timedelta
from decimal import Decimal

import pytest

from creditrisk.figures.formulas import collecting, days_sales, estimate, portfolio, process
from creditrisk.figures.formulas.days_sales import Countback, Month

D = Decimal


def to_places(value: Decimal | None, places: str = "0.01") -> Decimal | None:
    return None if value is None else value.quantize(D(places))


@pytest.mark.parametrize(
    ("receivables", "sales", "days", "expected"),
    [
        ("50000", "150000", 365, "121.67"),  # the example of Dynamics 365's credit statistics
        ("50000", "0", 365, None),
        ("50000", "-1", 365, None),
        ("50000", "150000", 0, None),
        ("0", "150000", 365, "0.00"),
        ("-500", "150000", 365, "-1.22"),
    ],
)
def test_days_sales_outstanding(receivables: str, sales: str, days: int, expected: str | None) -> None:
    found = to_places(days_sales.outstanding(D(receivables), D(sales), days))

    assert found == (None if expected is None else D(expected))


MARCH, FEBRUARY, JANUARY = Month(31, D(60000)), Month(28, D(50000)), Month(31, D(40000))


@pytest.mark.parametrize(
    ("receivables", "months", "expected"),
    [
        ("60000", [MARCH, FEBRUARY], Countback(D(31))),
        ("85000", [MARCH, FEBRUARY], Countback(D(45))),  # 31 + 25,000 / 50,000 x 28
        ("30000", [MARCH], Countback(D("15.5"))),
        ("150000", [MARCH, FEBRUARY, JANUARY], Countback(D(90))),
        ("150000.01", [MARCH, FEBRUARY, JANUARY], Countback(D(90), at_least=True)),
        ("70000", [MARCH, Month(28, D(0)), JANUARY], Countback(D("66.75"))),  # 31 + 28 + 10,000 / 40,000 x 31
        (
            "70000",
            [MARCH, Month(28, D(-10000)), JANUARY],
            Countback(D("74.5")),
        ),  # what was credited is owed by sales before
        ("0", [MARCH], Countback(D(0))),
        ("-10", [MARCH], Countback(D(0))),
        ("10", [], None),
    ],
)
def test_days_sales_outstanding_counted_back(receivables: str, months: list[Month], expected: Countback | None) -> None:
    assert days_sales.counted_back(D(receivables), months) == expected


def test_best_possible_and_average_days_delinquent_add_up() -> None:
    simple, best = days_sales.outstanding(D(50000), D(150000), 365), days_sales.outstanding(D(30000), D(150000), 365)

    assert to_places(best) == D("73.00")
    assert to_places(days_sales.delinquent(simple, best)) == D("48.67")
    assert days_sales.delinquent(None, best) is None
    assert days_sales.delinquent(simple, None) is None


@pytest.mark.parametrize(
    ("opening", "sales", "closing", "not_due", "expected"),
    [
        ("100000", "60000", "80000", "40000", "66.67"),
        ("100000", "60000", "40000", "40000", "100.00"),  # all that was due is there
        ("0", "60000", "60000", "60000", None),
        ("0", "0", "0", "0", None),
    ],
)
def test_collection_effectiveness(opening: str, sales: str, closing: str, not_due: str, expected: str | None) -> None:
    found = collecting.effectiveness(opening=D(opening), sales=D(sales), closing=D(closing), not_due=D(not_due))

    assert to_places(found) == (None if expected is None else D(expected))


def test_days_are_weighed_by_amount() -> None:
    assert collecting.weighted_days([(D(900), 10), (D(100), 60)]) == D(15)
    assert collecting.weighted_days([(D(100), -5)]) == D(-5)
    assert collecting.weighted_days([]) is None
    assert collecting.weighted_days([(D(0), 3)]) is None


def test_rates_are_not_defined_without_a_whole() -> None:
    assert collecting.rate(D(25), D(1000)) == D("2.5")
    assert collecting.rate(0, 5) == 0
    assert collecting.rate(0, 0) is None
    assert collecting.roll(D(1000), D(150)) == D(15)
    assert collecting.roll(D(0), D(150)) is None
    assert process.rejection(3, 60) == 5
    assert process.rejection(D(1500), D(0)) is None
    assert process.breaches_per_hundred(3, 40) == D("7.5")


@pytest.mark.parametrize(
    ("limit", "expected"), [("1000", "85.00"), ("0", None), (None, None), ("850", "100.00"), ("500", "170.00")]
)
def test_utilisation_needs_a_limit_to_measure_by(limit: str | None, expected: str | None) -> None:
    found = portfolio.utilisation(D(850), None if limit is None else D(limit))

    assert to_places(found) == (None if expected is None else D(expected))


def test_concentration_of_ten_and_of_all() -> None:
    twelve = [D(100)] * 10 + [D(50), D(-30), D(50)]

    assert to_places(portfolio.top_share(twelve)) == D("90.91")
    assert to_places(portfolio.herfindahl(twelve)) == D("867.77")
    assert portfolio.top_share([D(-5)]) is None
    assert portfolio.herfindahl([D(7)]) == D(10000)
    assert portfolio.herfindahl([D(5), D(5), D(5), D(5)]) == D(2500)
    assert portfolio.herfindahl([]) is None


def test_nobody_is_insured_for_more_than_is_owed() -> None:
    debtors = [(D(1000), D(800)), (D(500), D(900)), (D(500), D(0)), (D(-100), D(900))]

    assert portfolio.insured_share(debtors) == D(65)
    assert portfolio.insured_share([(D(0), D(900))]) is None


def test_the_middle_of_the_waits() -> None:
    one, two, nine = timedelta(hours=1), timedelta(minutes=150), timedelta(hours=9)

    assert process.median_hours([nine, one, two]) == D("2.5")
    assert process.median_hours([nine, one]) == D(5)
    assert process.median_hours([]) is None


def test_the_estimated_limit_of_the_manual() -> None:
    days = collecting.weighted_days([(D(80000), 60), (D(40000), 30)])

    assert days == D(50)
    assert to_places(estimate.estimated_limit(D(120000), days)) == D("16438.36")
    assert to_places(estimate.estimated_limit(D(120000), days, multiplier=D("1.5"))) == D("24657.53")
    assert estimate.estimated_limit(D(120000), None) is None
    assert estimate.estimated_limit(D(0), days) is None
