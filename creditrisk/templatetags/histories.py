"""Pictures of a customer: the gauge of its limit, and its exposure by bucket month by month. Drawn on the server."""

from collections.abc import Sequence
from decimal import Decimal
from math import cos, pi, sin
from typing import Any

from django import template
from django.utils.dateformat import format as date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from creditrisk.facts import BUCKETS
from creditrisk.money import HUNDRED, ZERO
from creditrisk.templatetags.credit import bucket_label, money, percent

register = template.Library()

_WARNED, _MOST = Decimal(80), Decimal(125)
_HEIGHT, _TOP = Decimal(150), Decimal(16)


def _place(share: Decimal, radius: float) -> tuple[str, str]:
    """Return the place on a half circle from left to right, `share` from 0 to 1."""
    angle = pi * (1 - float(share))
    return f"{100 + radius * cos(angle):.1f}", f"{100 - radius * sin(angle):.1f}"


def _arc(first: Decimal, last: Decimal, radius: float) -> str:
    (x1, y1), (x2, y2) = _place(first, radius), _place(last, radius)
    return f"M {x1} {y1} A {radius} {radius} 0 0 1 {x2} {y2}"


@register.simple_tag
def gauge(used: Decimal | None, words: str = "") -> SafeString:
    """Draw how much of a limit is used, `used` in per cent, on a half circle that goes to 125%; nothing without a limit."""
    if used is None:
        return SafeString("")
    shown = min(max(used, ZERO), _MOST) / _MOST if not used.is_infinite() else Decimal(1)
    kind = "held" if used > HUNDRED else "warned" if used >= _WARNED else "passed"
    told = words or _("%(percent)s of the limit used") % {"percent": percent(used, 1)}
    x, y = _place(HUNDRED / _MOST, 96)
    x2, y2 = _place(HUNDRED / _MOST, 68)
    return format_html(
        '<svg class="gauge" viewBox="0 0 200 112" width="200" height="112" role="img" aria-label="{}"><title>{}</title>'
        '<path class="gauge__track" d="{}"></path><path class="gauge__used gauge__used--{}" d="{}"></path>'
        '<line class="gauge__limit" x1="{}" y1="{}" x2="{}" y2="{}"></line>'
        '<text class="gauge__figure" x="100" y="98" text-anchor="middle">{}</text></svg>',
        told, told, _arc(ZERO, Decimal(1), 82), kind, _arc(ZERO, max(shown, Decimal("0.004")), 82), x, y, x2, y2,
        percent(used, 0),
    )  # fmt: skip


@register.simple_tag
def stacked_course(moments: Sequence[Any], currency: str = "") -> SafeString:
    """Draw exposure by bucket at each moment (day, buckets, total, limit) as columns, the limit as a line over each.

    Credits are taken off what stands above them. Put the table of the values below it; nothing for nothing.
    """
    most = max((max(sum(max(b, ZERO) for b in m.buckets), m.limit or ZERO) for m in moments), default=ZERO)
    if most <= 0:
        return SafeString("")
    width = HUNDRED / len(moments)
    parts: list[SafeString] = []
    for index, m in enumerate(moments):
        left, at = width * index + width * Decimal("0.15"), ZERO
        for code, value in zip(BUCKETS, m.buckets, strict=True):
            if value <= 0:
                continue
            height = _HEIGHT * value / most
            at += height
            parts.append(format_html(
                '<rect class="b-{}" x="{}%" y="{}" width="{}%" height="{}"><title>{}</title></rect>',
                code, f"{left:.2f}", f"{_TOP + _HEIGHT - at:.1f}", f"{width * Decimal('0.7'):.2f}", f"{height:.1f}",
                f"{date_format(m.day, 'd M Y')}: {bucket_label(code)} {money(value, currency)}",
            ))  # fmt: skip
        if m.limit is not None:
            mark = f"{_TOP + _HEIGHT - _HEIGHT * m.limit / most:.1f}"
            parts.append(format_html(
                '<line class="chart__limit" x1="{}%" x2="{}%" y1="{}" y2="{}"><title>{}</title></line>',
                f"{width * index:.2f}", f"{width * (index + 1):.2f}", mark, mark, f"{_('Limit')} {money(m.limit, currency)}",
            ))  # fmt: skip
    for index in {0, len(moments) // 2, len(moments) - 1}:
        anchor = "start" if index == 0 else "end" if index == len(moments) - 1 else "middle"
        x = ZERO if index == 0 else HUNDRED if index == len(moments) - 1 else width * index + width / 2
        parts.append(format_html(
            '<text class="chart__word" x="{}%" y="184" text-anchor="{}">{}</text>', f"{x:.1f}", anchor,
            date_format(moments[index].day, "d M Y"),
        ))  # fmt: skip
    words = _("Exposure by bucket: from %(first)s to %(last)s, most %(most)s") % {
        "first": money(moments[0].total, currency), "last": money(moments[-1].total, currency),
        "most": money(max(m.total for m in moments), currency),
    }  # fmt: skip
    return format_html(
        '<svg class="chart chart--stacked" width="100%" height="190" role="img" aria-label="{}"><title>{}</title>'
        '<line class="chart__base" x1="0" x2="100%" y1="166" y2="166"></line>{}</svg>',
        words, words, format_html_join("", "{}", ((part,) for part in parts)),
    )  # fmt: skip


@register.simple_tag
def with_target(points: Sequence[tuple[Any, Decimal | None, str]], target: Decimal, label: str = "") -> SafeString:
    """Draw a percentage over time as a line, from zero, with the target as a line across; nothing for fewer than two values.

    A day without a value parts the line. Put the table of the values below it.
    """
    known = [(day, value, words) for day, value, words in points if value is not None]
    if len(known) < 2:
        return SafeString("")
    most = max(target, *(value for _day, value, _words in known)) * Decimal("1.08") or Decimal(1)
    first, length = points[0][0], max((points[-1][0] - points[0][0]).days, 1)
    pieces: list[list[str]] = [[]]
    for day, value, _words in points:
        if value is None:
            pieces.append([])
            continue
        pieces[-1].append(f"{1000 * (day - first).days / length:.1f},{100 - 100 * value / most:.2f}")
    lines = format_html_join(
        "", '<polyline class="chart__line" points="{}"></polyline>', ((" ".join(p),) for p in pieces if len(p) > 1)
    )
    mark = f"{14 + 150 * (1 - target / most):.1f}"
    words = _("%(label)s: from %(first)s to %(last)s, target %(target)s") % {
        "label": label or _("Utilisation"), "first": known[0][2], "last": known[-1][2], "target": percent(target),
    }  # fmt: skip
    return format_html(
        '<svg class="chart chart--course" width="100%" height="190" role="img" aria-label="{}"><title>{}</title>'
        '<line class="chart__base" x1="0" x2="100%" y1="164" y2="164"></line>'
        '<svg x="0" y="14" width="100%" height="150" viewBox="0 0 1000 100" preserveAspectRatio="none">{}</svg>'
        '<line class="chart__target" x1="0" x2="100%" y1="{}" y2="{}"></line>'
        '<text class="chart__word" x="100%" y="{}" text-anchor="end">{}</text>'
        '<text class="chart__word" x="0" y="184">{}</text><text class="chart__word" x="100%" y="184" text-anchor="end">{}</text></svg>',
        words, words, lines, mark, mark, f"{float(mark) - 4:.1f}", _("target %(value)s") % {"value": percent(target)},
        date_format(points[0][0], "d M Y"), date_format(points[-1][0], "d M Y"),
    )  # fmt: skip
