"""Amounts, days, states and charts as people read them. No database."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import pytest
from django import forms
from django.template import Context, Template

from creditrisk.facts import BUCKETS
from creditrisk.rules import labels
from creditrisk.templatetags import charts, credit
from creditrisk.templatetags.words import BUCKET_LABELS, REASON_LABELS, STATE_BADGES
from documents.models import State

MINUS, NBSP = "\u2212", "\u00a0"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def buckets(**amounts: int) -> dict[str, Decimal]:
    return {code: Decimal(amounts.get(code, 0)) for code in BUCKETS}


def drawn(svg: str) -> ElementTree.Element:
    """Return the chart as a tree: that it parses is half of the test."""
    assert "style=" not in svg
    return ElementTree.fromstring(svg)


def spans(svg: str, kind: str) -> list[tuple[str, str]]:
    found = drawn(svg).iter("rect")
    return [(rect.get("x", ""), rect.get("width", "")) for rect in found if kind in rect.get("class", "").split()]


def field(html: str, name: str) -> str:
    found = re.search(rf'<(?:input|textarea)[^>]*name="{name}"[^>]*>', html)
    assert found
    return found[0]


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        ("12345.6", 2, "12,345.60"),
        ("-1234", 2, f"{MINUS}1,234.00"),
        ("-0.001", 2, "0.00"),
        ("1234567", 0, "1,234,567"),
        ("1234.5", "JPY", "1,235"),
        ("0.005", "EUR", "0.01"),
        ("1.2345", "KWD", "1.235"),
    ],
)
def test_an_amount_is_grouped_with_a_real_minus_and_the_decimals_of_its_currency(
    value: str, currency: str | int, text: str
) -> None:
    assert credit.amount(Decimal(value), currency) == text


def test_what_is_not_set_is_a_dash_and_zero_is_zero() -> None:
    assert credit.amount(None) == credit.money(None, "EUR") == credit.day(None) == credit.percent(None) == "\u2013"
    assert credit.amount(Decimal(0)) == "0.00"


def test_money_is_never_broken_between_currency_and_amount() -> None:
    assert credit.money(Decimal("12345.6"), "EUR") == f"EUR{NBSP}12,345.60"


def test_a_percentage_of_no_limit_is_infinite() -> None:
    assert credit.percent(Decimal("87.44"), 1) == "87.4%"
    assert credit.percent(Decimal("Infinity")) == "∞"


@pytest.mark.parametrize(
    ("count", "kind", "text"),
    [
        (1, "", "1 day"),
        (61, "", "61 days"),
        (61, "late", "61 days late"),
        (1, "late", "1 day late"),
        (0, "late", "due today"),
        (-5, "late", "due in 5 days"),
    ],
)
def test_days_say_how_late_or_when_due(count: int, kind: str, text: str) -> None:
    assert credit.days(count, kind) == text


def test_a_day_carries_its_iso_form() -> None:
    assert credit.day(date(2026, 11, 24)) == '<time datetime="2026-11-24">24 Nov 2026</time>'


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(10, "just now"), (300, "5 min ago"), (10800, "3 h ago"), (86400, "1 day ago"), (6 * 86400, "6 days ago")],
)
def test_a_moment_says_how_long_ago_it_was(seconds: int, text: str) -> None:
    assert f">{text}</time>" in credit.ago(NOW - timedelta(seconds=seconds), NOW)


def test_a_moment_a_week_ago_is_its_day() -> None:
    assert credit.ago(NOW - timedelta(days=7), NOW) == credit.day(date(2026, 11, 17))


def test_every_bucket_state_and_rule_has_its_words() -> None:
    assert set(BUCKETS) <= set(BUCKET_LABELS)
    assert {state.value.lower() for state in State} <= set(STATE_BADGES)
    assert set(labels()) <= set(REASON_LABELS)


def test_a_badge_has_an_icon_and_a_word() -> None:
    badge = credit.state_badge("PART_DELIVERED")

    assert "badge--info" in badge
    assert "#delivery" in badge
    assert badge.endswith("Part delivered</span>")


def test_a_code_that_nobody_named_is_spelled_and_escaped() -> None:
    assert credit.reason_label("a_new_rule") == "A new rule"
    assert "<b>" not in credit.outcome_badge("<b>")


def test_an_icon_with_a_label_is_an_image_and_without_one_decoration() -> None:
    assert 'role="img" aria-label="Held"' in credit.icon("hold", "Held")
    assert 'aria-hidden="true"' in credit.icon("hold")


def test_buckets_stand_beside_each_other_against_the_limit() -> None:
    svg = charts.exposure_bar(buckets(open_orders=26, receivables=26), Decimal(100), "EUR")

    assert spans(svg, "b-open_orders") == [("0.00%", "25.00%")]
    assert spans(svg, "b-receivables") == [("25.00%", "25.00%")]
    assert [line.get("x1") for line in drawn(svg).iter("line")] == ["96.15%", "96.15%"]
    assert not spans(svg, "chart__over")
    assert f"Exposure EUR{NBSP}52.00, limit EUR{NBSP}100.00" in svg


def test_to_the_cent_at_the_limit_nothing_is_hatched_and_a_cent_above_it_is() -> None:
    full = buckets(receivables=100)

    assert not spans(charts.exposure_bar(full, Decimal("100.00")), "chart__over")
    assert spans(charts.exposure_bar(full, Decimal("99.99")), "chart__over")


def test_what_the_document_adds_is_shown_and_what_of_it_is_over() -> None:
    svg = charts.exposure_bar(buckets(receivables=80), Decimal(100), "EUR", Decimal(50))

    assert spans(svg, "chart__adding") == [("59.17%", "36.98%")]
    assert spans(svg, "chart__over") == [("73.96%", "22.19%")]
    assert f"with this document EUR{NBSP}130.00" in svg


def test_credits_are_taken_off_the_end() -> None:
    svg = charts.exposure_bar(buckets(receivables=100, credits=-40), None)

    assert spans(svg, "chart__less") == [("60.00%", "40.00%")]


def test_nothing_open_and_more_credits_than_debt_draw_an_empty_bar() -> None:
    assert "Nothing is open." in charts.exposure_bar(buckets(), None)
    assert spans(charts.exposure_bar(buckets(credits=-40), Decimal(0)), "chart__part") == []


def test_a_limit_of_zero_is_a_limit() -> None:
    assert spans(charts.exposure_bar(buckets(receivables=10), Decimal(0)), "chart__over") == [("0.00%", "96.15%")]


@pytest.mark.parametrize(
    ("used", "kind"),
    [("79.99", "passed"), ("80", "warned"), ("100", "warned"), ("100.01", "held"), ("Infinity", "held")],
)
def test_a_meter_says_by_word_and_tone_how_much_is_used(used: str, kind: str) -> None:
    svg = charts.meter(Decimal(used))

    assert spans(svg, f"meter__fill--{kind}")
    assert "of the limit used" in svg


def test_a_meter_without_a_limit_is_nothing() -> None:
    assert charts.meter(None) == ""


def test_a_curve_runs_from_left_to_right_and_the_most_is_on_top() -> None:
    points = charts.line([Decimal(1), Decimal(3), Decimal(2)])

    assert points == [(Decimal(0), Decimal(22)), (Decimal(50), Decimal(2)), (Decimal(100), Decimal(12))]


def test_a_level_curve_runs_in_the_middle_and_one_value_is_no_curve() -> None:
    assert {y for _x, y in charts.line([Decimal(5), Decimal(5)])} == {Decimal(12)}
    assert charts.spark([Decimal(5)]) == ""
    drawn(charts.spark([Decimal(5), Decimal(7)], "Exposure", "EUR"))


def test_ageing_is_measured_by_the_greatest_amount_and_told_in_words() -> None:
    svg = charts.ageing_bars([("Not due", Decimal(200)), ("1-30 days", Decimal(50)), ("Older", Decimal(-5))], "EUR")

    assert [width for _x, width in spans(svg, "chart__age-0")] == ["41.00%"]
    assert [width for _x, width in spans(svg, "chart__age-1")] == ["10.25%"]
    assert [width for _x, width in spans(svg, "chart__age-2")] == ["0.00%"]
    assert f"Older EUR{NBSP}{MINUS}5.00" in svg


class Sample(forms.Form):
    name = forms.CharField(label="Name", help_text="As on paper.")
    note = forms.CharField(label="Note", required=False)


def rendered(source: str, **values: Any) -> str:
    return Template("{% load credit charts %}" + source).render(Context(values))


def test_a_field_ties_help_and_error_to_its_input() -> None:
    form = Sample({"name": ""})

    html = rendered("{% field form.name %}{% field form.note %}", form=form)

    assert 'aria-describedby="id_name_helptext id_name_error"' in field(html, "name")
    assert 'aria-invalid="true"' in field(html, "name")
    assert 'id="id_name_helptext"' in html
    assert 'id="id_name_error"' in html
    assert "optional" in html.split('name="name"')[1]


def test_the_summary_of_errors_leads_to_the_fields_and_is_silent_without_errors() -> None:
    wrong = Sample({"name": ""})
    wrong.add_error(None, "The order has no lines.")

    html = rendered("{% form_errors form %}", form=wrong)

    assert "The order has no lines." in html
    assert '<a href="#id_name">Name</a>' in html
    assert rendered("{% form_errors form %}", form=Sample({"name": "Rossi"})).strip() == ""


def test_the_list_of_buckets_shows_all_eight_and_the_sum() -> None:
    values = {"held": buckets(receivables=10), "total": Decimal(10)}

    html = rendered("{% bucket_list held 'EUR' total %}", **values)

    assert html.count("<li") == len(BUCKETS) + 1
    assert f"EUR{NBSP}10.00" in html


def test_amounts_both_ways_start_at_the_middle_and_share_a_scale() -> None:
    svg = charts.both_ways(Decimal(25), Decimal(100), Decimal(100), "EUR")

    assert spans(svg, "chart__freed") == [("37.50%", "12.50%")]
    assert spans(svg, "chart__held") == [("50%", "50.00%")]
    assert drawn(svg).get("aria-label") == f"EUR{NBSP}25.00 no longer held, EUR{NBSP}100.00 held instead"
    assert spans(charts.both_ways(Decimal(0), Decimal(0), Decimal(0)), "chart__held") == [("50%", "0.00%")]
