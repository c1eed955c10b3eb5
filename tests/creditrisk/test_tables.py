"""Tables as every list draws them. No database."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import RequestFactory
from django_tables2 import RequestConfig

from creditrisk import tables


class Orders(tables.BaseTable):
    """Orders, as a list of the product would say it."""

    live = True
    caption = "Orders"
    hint = "When an order is held, it comes here."

    number = tables.DocumentColumn("Order", linkify=lambda record: f"/orders/{record['number']}/")
    ordered = tables.DayColumn("Ordered")
    state = tables.StateColumn("State", held="held")
    amount = tables.AmountColumn("Amount", currency="currency")
    late = tables.DaysColumn("Oldest item", late=True)

    class Meta(tables.BaseTable.Meta):
        empty_text = "No document waits"


def order(number: int, **changes: Any) -> dict[str, Any]:
    values = {"state": "CONFIRMED", "held": False, "amount": Decimal("1234.5"), "currency": "EUR", "late": 0}
    return {"number": number, "ordered": date(2026, 11, 24), **values, **changes}


def drawn(rows: list[dict[str, Any]], query: str = "") -> str:
    request = RequestFactory().get(f"/orders/{query}")
    table = Orders(rows)
    RequestConfig(request, paginate={"per_page": 25}).configure(table)
    return str(table.as_html(request))


def test_a_row_shows_its_link_amount_day_and_state() -> None:
    html = drawn([order(7, amount=Decimal("-5"), currency="JPY")])

    assert '<td class="doc"><a href="/orders/7/">7</a></td>' in html
    assert '<td class="num">\u22125</td>' in html
    assert '<time datetime="2026-11-24">' in html
    assert "Confirmed" in html


def test_a_held_document_says_so_instead_of_its_state() -> None:
    html = drawn([order(7, held=True)])

    assert "badge--held" in html
    assert "Confirmed" not in html


@pytest.mark.parametrize(("late", "marked"), [(1, True), (0, False), (-5, False)])
def test_only_what_is_late_is_marked(late: int, marked: bool) -> None:
    assert ('class="late"' in drawn([order(7, late=late)])) is marked


def test_the_sorted_column_says_so_and_sorting_starts_at_the_first_page() -> None:
    html = drawn([order(number) for number in range(60)], "?sort=-ordered&page=2&q=rossi")

    assert html.count("aria-sort=") == 1
    assert 'aria-sort="descending"' in html
    assert 'href="?sort=ordered&amp;q=rossi"' in html
    assert 'hx-get="?sort=ordered&amp;q=rossi"' in html


def test_pages_are_counted_and_an_only_page_has_no_pages() -> None:
    many = drawn([order(number) for number in range(60)], "?page=2")

    assert "26 to 50 of 60" in many
    assert 'aria-current="page">2</a>' in many
    assert 'class="pages"' not in drawn([order(1)])


def test_an_empty_list_says_what_would_come_here() -> None:
    html = drawn([])

    assert "No document waits" in html
    assert "When an order is held, it comes here." in html
