"""Estimates as people read them: the value, the interval and the number of customers; several of them as a picture."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from creditrisk.money import HUNDRED, ZERO
from creditrisk.templatetags.credit import NBSP, percent, written

register = template.Library()

_ROW = 40
PERCENT, POINTS, DAYS = "percent", "points", "days"


def said(value: Decimal, unit: str, *, signed: bool = False) -> str:
    """Return a value with its unit; with `signed` a growth says that it is one."""
    sign = "+" if signed and value > 0 and written(value, 1) != written(ZERO, 1) else ""
    match unit:
        case "percent":
            return sign + percent(value, 1)
        case "points":
            return f"{sign}{written(value, 1)}{NBSP}{_('points')}"
    return f"{sign}{written(value, 1)}{NBSP}{_('days')}"


def between(found: Any, unit: str, *, signed: bool = False) -> str:
    """Return the interval of an estimate in words, or why there is none."""
    if found.bounds is None:
        return _("no interval from one customer")
    low, high = found.bounds
    first = said(low, unit, signed=signed).partition(NBSP)[0]  # the unit is said once
    return _("%(low)s to %(high)s") % {"low": first, "high": said(high, unit, signed=signed)}


@register.simple_tag
def estimate(found: Any, unit: str = PERCENT, signed: bool = False) -> SafeString:
    """Draw an estimate in a cell: value, below it interval and customers; `n/a` where there is nothing to measure by."""
    if found is None:
        return format_html('<span class="muted" title="{}">{}</span>', _("Nothing to measure by"), _("n/a"))
    many = ngettext("%(n)d customer", "%(n)d customers", found.customers) % {"n": found.customers}
    small = format_html(" <b>{}</b>", _("few")) if found.is_small else ""
    return format_html(
        '<b>{}</b><span class="under">{}</span><span class="under">{}{}</span>', said(found.value, unit, signed=signed),
        between(found, unit, signed=signed), many, small,
    )  # fmt: skip


@register.simple_tag
def interval_rows(rows: Iterable[tuple[str, Any]], label: str, unit: str = PERCENT, signed: bool = False) -> SafeString:
    """Draw estimates below each other on one scale: a dot with its interval as a line, the name above it.

    With `signed` the scale has zero in it, as an upright line. A row without a value is told and has no dot.
    """
    told = list(rows)
    known = [found for _name, found in told if found is not None]
    if not known:
        return SafeString("")
    ends = [bound for found in known for bound in (found.bounds or (found.value,))]
    least, most = _scale([*ends, ZERO] if signed else ends, cap=unit == PERCENT and not signed)

    def at(value: Decimal) -> str:
        return f"{(value - least) / (most - least) * HUNDRED:.2f}%"

    parts = [_row(name, found, n, at, unit, signed) for n, (name, found) in enumerate(told)]
    height = _ROW * len(told) + 18
    zero = (
        format_html('<line class="chart__base" x1="{}" x2="{}" y1="0" y2="{}"></line>', at(ZERO), at(ZERO), height - 18)
        if signed
        else ""
    )
    scale = format_html(
        '<line class="chart__grid" x1="0" x2="100%" y1="{}" y2="{}"></line><text class="chart__word" x="0" y="{}">{}</text>'
        '<text class="chart__word" x="100%" y="{}" text-anchor="end">{}</text>',
        height - 17, height - 17, height - 3, said(least, unit, signed=signed), height - 3, said(most, unit, signed=signed),
    )  # fmt: skip
    words = "; ".join(
        f"{name}: {said(found.value, unit, signed=signed)} ({between(found, unit, signed=signed)})"
        if found
        else f"{name}: {_('n/a')}"
        for name, found in told
    )
    return format_html(
        '<svg class="chart chart--intervals" width="100%" height="{}" role="img" aria-label="{}"><title>{}</title><desc>{}</desc>{}{}{}</svg>',
        height, label, label, words, zero, format_html_join("", "{}", ((p,) for p in parts)), scale,
    )  # fmt: skip


def _scale(ends: Sequence[Decimal], *, cap: bool) -> tuple[Decimal, Decimal]:
    """Return the ends of the scale: a little room on both sides, and within 0 and 100 for shares."""
    least, most = min(ends), max(ends)
    room = (most - least) / 12 or Decimal(1)
    least, most = least - room, most + room
    return (max(least, ZERO), min(most, HUNDRED)) if cap else (least, most)


def _row(name: str, found: Any, n: int, at: Any, unit: str, signed: bool) -> SafeString:
    top = _ROW * n
    figure = said(found.value, unit, signed=signed) if found else _("n/a")
    words = format_html(
        '<text class="chart__word" x="0" y="{}">{}</text><text class="chart__figure" x="100%" y="{}" text-anchor="end">{}</text>',
        top + 13, name, top + 13, figure,
    )  # fmt: skip
    if found is None:
        return words
    y = top + 25
    line = SafeString("")
    if found.bounds:
        low, high = (at(bound) for bound in found.bounds)
        line = format_html(
            '<line class="chart__span" x1="{}" x2="{}" y1="{}" y2="{}"></line><line class="chart__span" x1="{}" x2="{}" y1="{}" y2="{}"></line>'
            '<line class="chart__span" x1="{}" x2="{}" y1="{}" y2="{}"></line>',
            low, high, y, y, low, low, y - 4, y + 4, high, high, y - 4, y + 4,
        )  # fmt: skip
    return format_html(
        '{}{}<circle class="chart__dot" cx="{}" cy="{}" r="4.5"></circle>', words, line, at(found.value), y
    )
