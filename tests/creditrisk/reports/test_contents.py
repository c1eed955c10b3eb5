"""What reports tell, against stories reckoned by hand; and that it costs the same for many customers."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal as D
from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from approvals import booking, gate
from approvals.models import Hold
from creditrisk.reports import payments, portfolio, sheets
from creditrisk.reports.sheets import Content, Table
from tests.cast import NOW, TODAY, Cast, after

pytestmark = pytest.mark.django_db


def table(content: Content, title: str) -> Table:
    return next(t for t in content.tables if t.title == title)


@pytest.fixture
def week(cast: Cast) -> Cast:
    """Bianchi owed 900 a week ago and 1,200 now, of a limit of 1,000; Rossi 400 of 10,000, late by ten days."""
    cast.item(cast.bianchi, "900", due=after(20).date(), reference="B1")
    cast.item(cast.rossi, "400", due=TODAY, reference="R1")
    cast.item(cast.bianchi, "300", due=after(12).date(), reference="B2", now=after(8))
    held = cast.order(cast.bianchi, "700", now=after(9))
    gate.submit(held, "confirm", by=cast.sara, now=after(9))
    return cast


def test_the_portfolio_of_the_week_beside_the_week_before(week: Cast) -> None:
    found = portfolio.content(week.company, day=after(10).date())

    tiles = {str(t.label): (t.value.replace("\xa0", " "), t.note.replace("\xa0", " ")) for t in found.tiles}
    assert tiles["Exposure"] == ("EUR 1,600.00", "a week before: EUR 1,300.00")
    assert tiles["Customers over their limit"] == ("1", "a week before: 0")
    assert tiles["Overdue"] == ("EUR 400.00", "a week before: EUR 400.00")
    assert table(found, "Over their limit").rows == [["BIANCHI", "Bianchi", D(1200), D(1000), D(200), D(120), D(0), 0]]
    assert table(found, "Biggest changes since last week").rows == [["BIANCHI", "Bianchi", D(900), D(1200), D(300)]]
    ages = {row[0]: (row[1], row[3]) for row in table(found, "Owed by age").rows}
    assert ages["not due"] == (1200, 300)
    assert ages["1-30 days late"] == (400, 0)
    holds = {row[0]: row[1:] for row in table(found, "Holds of the week").rows}
    assert holds == {"held in the week": [1, D(700)], "waits now": [1, D(700)]}
    assert table(found, "Largest holds that wait").rows[0][1] == "BIANCHI"
    ahead = {row[0]: row[1:3] for row in table(found, "What the next week brings").rows}
    assert ahead[after(12).date()] == [1, D(300)]
    assert table(found, "Concentration").rows[0] == ["BIANCHI", "Bianchi", D(1200), D(75)]
    assert len(table(found, "Key figures").rows) == 25


def test_a_release_is_told_in_the_week_of_its_day(week: Cast) -> None:
    gate.release(Hold.objects.get(), by=week.dario, now=after(9), reason="good", scope="REMAINING_STEPS")

    holds = {
        row[0]: row[1:]
        for row in table(portfolio.content(week.company, day=after(10).date()), "Holds of the week").rows
    }

    assert holds["released"] == [1, D(700)]
    assert "waits now" not in holds


def test_a_portfolio_without_anything_says_so(cast: Cast) -> None:
    found = portfolio.content(cast.company, day=TODAY)
    pages = sheets.page(found)

    for sentence in (
        "Nobody is over the limit.",
        "No exposure changed.",
        "Nothing was held, and nothing waits.",
        "n/a",
    ):
        assert sentence in pages


def test_the_payment_history_by_month(cast: Cast) -> None:
    item = cast.item(cast.rossi, "1000", due=date(2026, 4, 1), reference="I1")
    other = cast.item(cast.rossi, "500", due=date(2026, 4, 20), reference="I2", now=after(15))
    booking.pay(
        customer=cast.rossi, amount=D(600), items=[(item, None)], reference="P1", by=cast.carla, now=after(30)
    )  # 1 April
    booking.pay(
        customer=cast.rossi, amount=D(400), items=[(item, None)], reference="P2", by=cast.carla, now=after(50)
    )  # 21 April
    effect = booking.issue_effect(
        customer=cast.rossi,
        amount=D(500),
        due=date(2026, 4, 20),
        items=[other],
        number="E1",
        by=cast.carla,
        now=after(20),
    )
    booking.present([effect], by=cast.carla, now=after(21))
    booking.unpaid(effect, posted=False, by=cast.carla, now=after(55))

    found = payments.histories(cast.company, [cast.rossi], day=date(2026, 4, 30), grain="MONTH", periods=3)[
        cast.rossi.pk
    ]

    february, march, april = found
    assert (february.invoiced, february.paid, february.days_late, february.limit_words) == (
        0,
        0,
        None,
        "none of its own",
    )
    assert (march.invoiced, march.peak, march.peak_on, march.limit) == (1500, 1500, after(15).date(), 10000)
    assert (april.paid, april.on_time, april.late) == (1000, 600, 400)
    assert (april.on_time_percent, april.days_late) == (60, D(400) * 20 / 1000)
    assert (april.unpaid_count, april.unpaid) == (1, 500)
    assert april.peak == 1500
    assert april.peak_percent == 15


def test_the_limit_is_that_of_the_last_day_of_each_period(cast: Cast) -> None:
    booking.grant_limit(
        customer=cast.rossi, amount=D(20_000), valid_from=date(2026, 4, 10), by=cast.dario, now=after(39)
    )
    booking.grant_limit(
        customer=cast.rossi, amount=D(50_000), kind="TEMPORARY", valid_from=date(2026, 5, 20), valid_to=date(2026, 6, 10), by=cast.dario,
        now=after(79),
    )  # fmt: skip

    found = payments.histories(cast.company, [cast.rossi], day=date(2026, 6, 30), grain="MONTH", periods=4)[
        cast.rossi.pk
    ]

    assert [p.limit for p in found] == [10_000, 20_000, 50_000, 20_000]


@pytest.mark.parametrize(
    ("day", "grain", "periods", "first", "last"),
    [(date(2026, 11, 28), "MONTH", 12, date(2025, 12, 1), date(2026, 11, 1)), (date(2026, 11, 28), "QUARTER", 4, date(2026, 1, 1), date(2026, 10, 1)),
     (date(2026, 1, 1), "QUARTER", 2, date(2025, 10, 1), date(2026, 1, 1))],
)  # fmt: skip
def test_periods_are_whole_months_and_quarters(day: date, grain: str, periods: int, first: date, last: date) -> None:
    found = payments.starts(day, grain=grain, periods=periods)

    assert (found[0], found[-1], len(found)) == (first, last, periods)


def test_the_workbook_has_numbers_days_and_harmless_words(cast: Cast) -> None:
    cast.rossi.name = "=1+1"
    cast.rossi.save()
    cast.item(cast.rossi, "1000.50", due=TODAY)

    content = payments.content(cast.company, [cast.rossi], day=TODAY, grain="QUARTER", periods=2)
    rows = list(load_workbook(BytesIO(sheets.book(content))).active.iter_rows(values_only=True))

    assert rows[0][:5] == ("Customer", "Name", "From", "To", "Invoiced EUR")
    assert rows[2][:2] == ("ROSSI", "'=1+1")
    assert rows[2][4] == 1000.5
    assert rows[2][2].date() == date(2026, 1, 1)
    assert "2026 Q1" in sheets.page(content)


def cost(make: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as seen:
        make()
    return len(seen)


def test_more_customers_cost_no_more_queries(week: Cast) -> None:
    def both() -> tuple[int, int]:
        every = payments.largest(week.company, day=after(10).date(), most=50)
        return (
            cost(lambda: portfolio.content(week.company, day=after(10).date())),
            cost(lambda: payments.content(week.company, every, day=after(10).date(), grain="MONTH", periods=6)),
        )

    few = both()
    for n in range(5):
        customer = week.customer(f"C{n}", "100")
        week.item(customer, "500", due=TODAY + timedelta(days=n), reference=f"C{n}", now=NOW)

    assert both() == few
