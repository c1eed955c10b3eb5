"""The picture of the effects portfolio, drawn on the server: months down, places side by side in each bar."""

from decimal import Decimal

from django import template
from django.utils.dateformat import format as date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from creditrisk.money import ZERO
from creditrisk.templatetags.charts import ageing_bars, share
from creditrisk.templatetags.credit import money
from ledger.ageing import Line
from ledger.portfolio import DueRow, Plan
from ledger.queries import AgeingRow, age_names

register = template.Library()

_ROW, _LABEL, _BAR = 28, Decimal(20), Decimal(44)  # pixels a row; per cent for the words, and for the longest bar
_TONES = 6


@register.filter
def due_label(row: DueRow) -> str:
    """Return the month of a row in words."""
    if row.first is None:
        return _("fell due before") if row.label == "past" else _("later")
    return date_format(row.first, "M Y")


@register.filter
def place_label(name: str) -> str:
    """Return where effects lie: the bank's name, or the portfolio."""
    return name or _("in portfolio")


@register.filter
def tone(index: int) -> int:
    """Return the colour of the place at `index`: the first is the portfolio's own."""
    return index if index < _TONES else 1 + (index - 1) % (_TONES - 1)


@register.simple_tag
def place_swatch(index: int) -> SafeString:
    """Draw the colour of a place, to stand before its name."""
    return format_html(
        '<svg class="swatch" width="10" height="10" aria-hidden="true">'
        '<rect class="place-{}" width="10" height="10"></rect></svg>',
        tone(index),
    )


@register.simple_tag
def plan_chart(plan: Plan) -> SafeString:
    """Draw what falls due by month as bars, each cut by the place where the effects lie; every figure also in words."""
    most = max((row.total for row in plan.rows), default=ZERO)
    words = "; ".join(f"{due_label(row)} {money(row.total, plan.currency)}" for row in plan.rows)
    title = _("Effects by due month in %(currency)s") % {"currency": plan.currency}
    parts = format_html_join("", "{}", ((_bar(row, plan, most, n),) for n, row in enumerate(plan.rows)))
    return format_html(
        '<svg class="chart chart--plan" width="100%" height="{}" role="img" aria-label="{}">'
        "<title>{}</title><desc>{}</desc>{}</svg>",
        _ROW * max(len(plan.rows), 1), title, title, words, parts,
    )  # fmt: skip


@register.simple_tag
def ageing_of(line: Line) -> SafeString:
    """Draw one line of the ageing as bars."""
    return ageing_bars(zip(age_names(), line.buckets, strict=True), line.currency)


@register.simple_tag
def ages_of(row: AgeingRow) -> SafeString:
    """Draw the ageing of one currency as bars."""
    return ageing_bars(zip(age_names(), row.buckets.values(), strict=True), str(row.key[0]))


def _bar(row: DueRow, plan: Plan, most: Decimal, index: int) -> SafeString:
    top = _ROW * index
    at, pieces = _LABEL, []
    for n, (place, amount) in enumerate(zip(plan.places, row.places, strict=True)):
        if amount <= 0:
            continue
        width = _BAR * amount / most
        told = f"{place_label(place)}, {due_label(row)}: {money(amount, plan.currency)}"
        pieces.append(
            format_html(
                '<rect class="chart__part place-{}" x="{}" y="{}" width="{}" height="16"><title>{}</title></rect>',
                tone(n), share(at, Decimal(100)), top + 6, share(width, Decimal(100)), told,
            )
        )  # fmt: skip
        at += width
    return format_html(
        '<text class="chart__word" x="0" y="{}">{}</text>{}'
        '<text class="chart__figure" x="100%" y="{}" text-anchor="end">{}</text>',
        top + 18, due_label(row), format_html_join("", "{}", ((p,) for p in pieces)), top + 18,
        money(row.total, plan.currency),
    )  # fmt: skip
