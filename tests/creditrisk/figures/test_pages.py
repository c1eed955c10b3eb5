"""The pages of the figures: all of a day, the course of one, their files."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from creditrisk.clock import business_day
from creditrisk.figures import snapshots
from creditrisk.figures.catalogue import FIGURES
from creditrisk.templatetags import courses
from customers.models import Company, CompanyAccess, Segment
from tests.cast import Cast
from tests.pages import words

pytestmark = pytest.mark.django_db

FOUR = [
    (date(2026, 3, 1), Decimal(10), "10"), (date(2026, 3, 2), None, "n/a"), (date(2026, 3, 5), Decimal(30), "30"),
    (date(2026, 3, 11), Decimal(20), "20"),
]  # fmt: skip


@pytest.fixture
def manager(cast: Cast, client: Client) -> Client:
    client.force_login(cast.dario.user)
    return client


def yesterday() -> date:
    return business_day(timezone.now()) - timedelta(days=1)


def test_every_figure_has_formula_source_and_a_way_down(manager: Client) -> None:
    page = manager.get("/figures/").content.decode()

    for figure in FIGURES:
        assert f"/figures/{figure.code}/" in page
        address = figure.behind.address("MAIN", yesterday())
        assert manager.get(address).status_code == 200
        assert address.split("?")[0] in page
    assert "n/a" in page
    assert "reckoned now" in page


def test_what_was_kept_is_shown_as_it_was(
    manager: Client, cast: Cast, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    snapshots.take(cast.company, day=yesterday(), now=timezone.now())

    with django_assert_max_num_queries(14):
        page = manager.get("/figures/").content.decode()

    assert "as they were kept that night" in page


def test_a_day_ahead_has_no_figures(manager: Client) -> None:
    page = manager.get("/figures/", {"day": (yesterday() + timedelta(days=2)).isoformat()}).content.decode()

    assert "This day lies ahead" in page


def test_files_have_plain_numbers_and_nothing_where_nothing_is_defined(manager: Client) -> None:
    text = manager.get("/figures/?as=csv").content.decode("utf-8-sig").splitlines()
    book = load_workbook(BytesIO(manager.get("/figures/?as=xlsx").content))

    assert text[0] == "company,day,figure,value,unit,formula,source"
    assert text[1].startswith(f"MAIN,{yesterday()},Utilisation,0.00,%,")
    values = {row[2]: row[3] for row in book.active.iter_rows(min_row=2, values_only=True)}
    assert values["DSO, simple"] is None
    assert len(values) == len(FIGURES)


def test_a_reader_sees_the_figures_of_own_companies_alone(manager: Client, cast: Cast) -> None:
    other = Company.objects.create(code="OTHER", name="Other", currency="EUR")
    CompanyAccess.objects.create(user=cast.dario.user, company=other)

    assert "Figures: Other" in manager.get("/figures/", {"company": "MAIN"}).content.decode()
    assert "DSO, simple: Other" in manager.get("/figures/dso/", {"company": "MAIN"}).content.decode()


def test_a_course_is_a_line_and_a_table(manager: Client, cast: Cast) -> None:
    for back in range(3):
        snapshots.take(cast.company, day=yesterday() - timedelta(days=back), now=timezone.now())

    page = manager.get("/figures/utilisation/").content.decode()
    file = manager.get("/figures/utilisation/?as=csv").getvalue().decode("utf-8-sig").splitlines()

    assert page.count("<polyline") == 1
    assert page.count("0.0%") >= 3
    assert len(file) == 4
    assert file[0] == 'End of,"Utilisation, %",Taken'


def test_a_course_without_a_past_says_when_there_will_be_one(manager: Client) -> None:
    page = manager.get("/figures/dso/").content.decode()

    assert "Figures are kept every night" in page
    assert manager.get("/figures/nothing/").status_code == 404


def test_a_missing_rate_is_said(manager: Client, cast: Cast) -> None:
    Company.objects.filter(pk=cast.company.pk).update(currency="CHF")
    cast.company.refresh_from_db()
    cast.item(cast.rossi, "5", due=yesterday(), now=timezone.now() - timedelta(days=2))

    page = manager.get("/figures/").content.decode()

    assert "There is no exchange rate from EUR to CHF" in page


def test_days_lie_at_their_distance_and_a_missing_value_parts_the_line() -> None:
    first, second = courses.pieces(FOUR)

    assert first == [(0, 94)]
    assert second == [(400, 6), (1000, 50)]
    assert courses.course(FOUR).count("<polyline") == 2


def test_a_line_needs_two_values() -> None:
    assert courses.course(FOUR[:2]) == ""
    assert courses.course([]) == ""
    assert courses.small_course([Decimal(1)], "x") == ""


def test_a_figure_is_shown_of_a_segment_as_it_was_kept_and_of_a_customer_month_by_month(
    manager: Client, cast: Cast
) -> None:
    cast.bianchi.segment = Segment.objects.create(code="TRADE", name="Trade")
    cast.bianchi.save()
    today = business_day(timezone.now())
    for customer, amount, back in ((cast.rossi, "500", 70), (cast.bianchi, "200", 70), (cast.bianchi, "30", 40)):
        day = today - timedelta(days=back)
        cast.item(
            customer, amount, due=day, reference=f"{customer.code}{back}", now=timezone.now() - timedelta(days=back)
        )
    for back in range(2):
        snapshots.take(cast.company, day=yesterday() - timedelta(days=back), now=timezone.now())

    def file(**asked: str) -> list[str]:
        return manager.get("/figures/turnover_12/", {**asked, "as": "csv"}).getvalue().decode("utf-8-sig").splitlines()

    segment, customer = file(segment="TRADE"), file(customer="BIANCHI")
    page = words(manager.get("/figures/turnover_12/", {"customer": "BIANCHI"}))
    sheet = words(manager.get("/figures/", {"segment": "TRADE"}))

    assert [row.split(",")[1] for row in segment[1:]] == ["230.00", "230.00"]
    course = [row.split(",")[1] for row in customer[1:]]
    assert (course[0], course[-1]) == ("230.00", "")
    assert 12 <= len(customer) <= 15
    assert "Turnover, 12 months: Main, Bianchi" in page
    assert "at the end of each month" in page
    assert "Figures: Main, Trade" in sheet
    assert "EUR 230.00" in sheet
    assert "of one alone it says nothing" in words(manager.get("/figures/top_10/", {"customer": "BIANCHI"}))
    assert "There is no customer" in words(manager.get("/figures/dso/", {"customer": "nobody at all"}))
