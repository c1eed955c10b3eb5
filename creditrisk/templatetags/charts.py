"""Charts drawn on the server: SVG from Decimals, geometry as attributes, colours by class, every figure also in words.

The bars carry no view box: widths are per cent of the space they get; hatching, marks and words keep their size.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from creditrisk.facts import BUCKETS
from creditrisk.money import HUNDRED, ZERO
from creditrisk.templatetags.credit import amount, bucket_label, money, percent

register = template.Library()

type Bar = tuple[str, Decimal, Decimal]  # what, where it starts, where it ends

_ROW, _LABEL, _FIGURE = 24, Decimal(27), Decimal(68)
_SPARK_WIDTH, _SPARK_HEIGHT = Decimal(100), Decimal(24)
_WARNED, _HELD = Decimal(80), HUNDRED
_OLDEST = 4


def share(value: Decimal, whole: Decimal) -> str:
    """Return `value` of `whole` as per cent with two decimals, between 0 and 100, as SVG writes it."""
    if whole <= 0:
        return "0%"
    return f"{min(max(value / whole * HUNDRED, ZERO), HUNDRED):.2f}%"


def stacked(buckets: Mapping[str, Decimal]) -> list[Bar]:
    """Return the buckets that add to exposure, one beside the other, in the order people see them."""
    bars: list[Bar] = []
    at = ZERO
    for code in BUCKETS:
        value = buckets.get(code, ZERO)
        if value > 0:
            bars.append((code, at, at + value))
            at += value
    return bars


def _rect(kind: str, start: Decimal, end: Decimal, whole: Decimal, words: str = "", fill: str = "") -> SafeString:
    title = format_html("<title>{}</title>", words) if words else ""
    paint = format_html(' fill="{}"', fill) if fill else ""
    return format_html(
        '<rect class="{}" x="{}" y="4" width="{}" height="14"{}>{}</rect>',
        kind,
        share(start, whole),
        share(end - start, whole),
        paint,
        title,
    )


@register.simple_tag
def exposure_bar(
    buckets: Mapping[str, Decimal], limit: Decimal | None, currency: str = "", adding: Decimal = ZERO
) -> SafeString:
    """Draw the buckets as one bar against the limit (None: none to draw).

    Credits are taken off its end, `adding` is what a document at hand would add, and what is over the limit is hatched.
    """
    bars = stacked(buckets)
    gross = bars[-1][2] if bars else ZERO
    total = sum((buckets.get(code, ZERO) for code in BUCKETS), ZERO)
    less = max(gross - total, ZERO)
    after = total + adding
    whole = max(gross, after, limit or ZERO) * (Decimal("1.04") if limit is not None else Decimal(1))
    parts = [SafeString('<rect class="chart__track" x="0" y="4" width="100%" height="14" rx="2"></rect>')]
    parts += [
        _rect(f"chart__part b-{code}", start, end, whole, f"{bucket_label(code)}: {money(end - start, currency)}")
        for code, start, end in bars
    ]
    if less:
        words = f"{bucket_label('credits')}: {money(-less, currency)}"
        parts.append(_rect("chart__less", max(gross - less, ZERO), gross, whole, words, "url(#hatch-less)"))
    if adding > 0:
        words = _("This document adds %(amount)s") % {"amount": money(adding, currency)}
        parts.append(_rect("chart__adding", max(total, ZERO), max(after, ZERO), whole, words))
    if limit is not None:
        if after > limit:
            words = _("Over the limit by %(amount)s") % {"amount": money(after - limit, currency)}
            parts.append(_rect("chart__over", max(limit, ZERO), after, whole, words, "url(#hatch-over)"))
        mark = share(limit, whole)
        for kind in ("gap", "limit"):
            drawn = format_html('<line class="chart__{}" x1="{}" x2="{}" y1="0" y2="22"></line>', kind, mark, mark)
            parts.append(drawn)
    return _svg("chart chart--exposure", 22, _told(total, after, limit, currency), _listed(buckets, currency), parts)


def _told(total: Decimal, after: Decimal, limit: Decimal | None, currency: str) -> str:
    figures = {"total": money(total, currency), "after": money(after, currency), "limit": money(limit, currency)}
    if limit is None:
        return _("Exposure %(total)s, no limit to measure by") % figures
    if after != total:
        return _("Exposure %(total)s, with this document %(after)s, limit %(limit)s") % figures
    return _("Exposure %(total)s, limit %(limit)s") % figures


def _listed(buckets: Mapping[str, Decimal], currency: str) -> str:
    held = [(code, buckets[code]) for code in BUCKETS if buckets.get(code)]
    return "; ".join(f"{bucket_label(code)} {money(value, currency)}" for code, value in held) or _("Nothing is open.")


def _svg(kind: str, height: int, title: str, words: str, parts: Iterable[SafeString]) -> SafeString:
    return format_html(
        '<svg class="{}" width="100%" height="{}" role="img" aria-label="{}"><title>{}</title><desc>{}</desc>{}</svg>',
        kind,
        height,
        title,
        title,
        words,
        format_html_join("", "{}", ((part,) for part in parts)),
    )


@register.simple_tag
def swatch(code: str) -> SafeString:
    """Draw the colour of a bucket, to stand before its name."""
    return format_html(
        '<svg class="swatch" width="10" height="10" aria-hidden="true">'
        '<rect class="b-{}" width="10" height="10"></rect></svg>',
        code,
    )


@register.inclusion_tag("_buckets.html")
def bucket_list(
    buckets: Mapping[str, Decimal], currency: str = "", total: Decimal | None = None, counted: Iterable[str] = BUCKETS
) -> dict[str, Any]:
    """List the eight buckets with colour, name and amount; the sum below when `total` is given."""
    known = frozenset(counted)
    rows = [(code, buckets.get(code, ZERO), code in known) for code in BUCKETS]
    return {"rows": rows, "currency": currency, "total": total}


@register.simple_tag
def meter(used: Decimal | None) -> SafeString:
    """Draw how much of a limit is used, `used` in per cent; None: nothing to measure by. Put the figure beside it."""
    if used is None:
        return SafeString("")
    kind = "held" if used > _HELD else "warned" if used >= _WARNED else "passed"
    words = _("%(percent)s of the limit used") % {"percent": percent(used)}
    width = "100%" if used.is_infinite() else share(used, HUNDRED)
    return format_html(
        '<svg class="meter" width="84" height="8" role="img" aria-label="{}"><title>{}</title>'
        '<rect class="chart__track" width="100%" height="8" rx="2"></rect>'
        '<rect class="meter__fill meter__fill--{}" width="{}" height="8" rx="2"></rect></svg>',
        words,
        words,
        kind,
        width,
    )


def line(values: Sequence[Decimal]) -> list[tuple[Decimal, Decimal]]:
    """Return the points of a curve in a field of 100 by 24, the least value lowest; a level curve in the middle."""
    least, most = min(values), max(values)
    spread = most - least
    step = _SPARK_WIDTH / (len(values) - 1) if len(values) > 1 else ZERO
    room = _SPARK_HEIGHT - 4
    return [
        (step * index, (2 + room * (most - value) / spread) if spread else _SPARK_HEIGHT / 2)
        for index, value in enumerate(values)
    ]


@register.simple_tag
def spark(values: Iterable[Decimal], label: str = "", currency: str = "") -> SafeString:
    """Draw a series as a small curve, oldest first; nothing for fewer than two values."""
    series = list(values)
    if len(series) < 2:
        return SafeString("")
    points = " ".join(f"{x:.2f},{y:.2f}" for x, y in line(series))
    words = _("%(label)s: from %(first)s to %(last)s, least %(least)s, most %(most)s") % {
        "label": label or _("Course"),
        "first": money(series[0], currency),
        "last": money(series[-1], currency),
        "least": money(min(series), currency),
        "most": money(max(series), currency),
    }
    return format_html(
        '<svg class="spark" width="96" height="22" viewBox="0 0 100 24" preserveAspectRatio="none" role="img"'
        ' aria-label="{}"><title>{}</title><polygon class="chart__area" points="0,24 {} 100,24"></polygon>'
        '<polyline class="chart__line" points="{}"></polyline></svg>',
        words,
        words,
        points,
        points,
    )


@register.simple_tag
def ageing_bars(ages: Iterable[tuple[str, Decimal]], currency: str = "", label: str = "") -> SafeString:
    """Draw what is owed by age, the youngest first, as one bar a line with its name and amount.

    Bars are measured by the greatest amount; a negative amount is told and has no bar.
    """
    rows = list(ages)
    most = max((value for _name, value in rows), default=ZERO)
    parts = []
    for index, (name, value) in enumerate(rows):
        middle = _ROW * index + _ROW // 2
        width = (_FIGURE - _LABEL) * min(max(value / most, ZERO), Decimal(1)) if most > 0 else ZERO
        parts.append(
            format_html(
                '<text class="chart__word" x="0" y="{}">{}</text>'
                '<rect class="chart__age-{}" x="{}%" y="{}" width="{}%" height="12" rx="1.5"></rect>'
                '<text class="chart__figure" x="100%" y="{}" text-anchor="end">{}</text>',
                middle + 4,
                name,
                min(index, _OLDEST),
                _LABEL,
                middle - 6,
                f"{width:.2f}",
                middle + 4,
                amount(value, currency or 2),
            )
        )
    words = "; ".join(f"{name} {money(value, currency)}" for name, value in rows)
    return _svg("chart chart--ageing", _ROW * max(len(rows), 1), label or _("Owed by age"), words, parts)


@register.simple_tag
def both_ways(freed: Decimal, held: Decimal, most: Decimal, currency: str = "") -> SafeString:
    """Draw one amount to the left of a middle line and one to its right, on a scale that goes up to `most`."""
    half = Decimal(50)
    left, right = (min(value / most, Decimal(1)) * half if most > 0 else ZERO for value in (freed, held))
    words = _("%(freed)s no longer held, %(held)s held instead") % {
        "freed": money(freed, currency),
        "held": money(held, currency),
    }
    return format_html(
        '<svg class="chart chart--ways" width="100%" height="16" role="img" aria-label="{}"><title>{}</title>'
        '<rect class="chart__freed" x="{}%" y="2" width="{}%" height="12" rx="1.5"></rect>'
        '<rect class="chart__held" x="50%" y="2" width="{}%" height="12" rx="1.5"></rect>'
        '<line class="chart__base" x1="50%" x2="50%" y1="0" y2="16"></line></svg>',
        words,
        words,
        f"{half - left:.2f}",
        f"{left:.2f}",
        f"{right:.2f}",
    )


@register.simple_tag
def outcome_bar(parts: Iterable[tuple[str, str, Decimal]], currency: str = "") -> SafeString:
    """Draw how an amount ended as one bar: parts as (code, name, amount), one beside the other, each told by its title."""
    held = [(code, name, value) for code, name, value in parts if value > 0]
    whole = sum((value for _code, _name, value in held), ZERO)
    drawn, at = [SafeString('<rect class="chart__track" x="0" y="4" width="100%" height="14" rx="2"></rect>')], ZERO
    for code, name, value in held:
        words = f"{name}: {money(value, currency)} ({percent(value / whole * HUNDRED)})"
        drawn.append(_rect(f"chart__part o-{code}", at, at + value, whole, words))
        at += value
    told = "; ".join(f"{name} {money(value, currency)}" for _code, name, value in held) or _("Nothing to draw.")
    return _svg("chart chart--outcome", 22, _("How it ended"), told, drawn)


@register.simple_tag
def outcome_swatch(code: str) -> SafeString:
    """Draw the colour of an outcome, to stand before its name."""
    return format_html(
        '<svg class="swatch" width="10" height="10" aria-hidden="true"><rect class="o-{}" width="10" height="10"></rect></svg>',
        code,
    )
