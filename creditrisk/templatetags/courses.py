"""Lines over time, drawn on the server: days by their real distance, a gap where there was no value."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from django import template
from django.utils.dateformat import format as date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from creditrisk.templatetags.charts import line

register = template.Library()

type Point = tuple[date, Decimal | None, str]  # day, value, value in words

_WIDTH, _HEIGHT, _MARGIN = Decimal(1000), Decimal(100), Decimal(6)


def pieces(points: Sequence[Point]) -> list[list[tuple[Decimal, Decimal]]]:
    """Return the line as pieces of places in a field of 1000 by 100, the least value lowest; a missing value parts them."""
    known = [value for _day, value, _words in points if value is not None]
    if not known:
        return []
    first, length = points[0][0], max((points[-1][0] - points[0][0]).days, 1)
    spread = max(known) - min(known)
    found: list[list[tuple[Decimal, Decimal]]] = [[]]
    for day, value, _words in points:
        if value is None:
            found.append([])
            continue
        height = (max(known) - value) / spread if spread else Decimal("0.5")
        found[-1].append((_WIDTH * (day - first).days / length, _MARGIN + (_HEIGHT - 2 * _MARGIN) * height))
    return [piece for piece in found if piece]


@register.simple_tag
def course(points: Iterable[Point], label: str = "") -> SafeString:
    """Draw a figure over time, oldest day first, as one wide line with its least and most; nothing for fewer than two values.

    Put the table of the values below it.
    """
    series = list(points)
    known = [(value, words) for _day, value, words in series if value is not None]
    if len(known) < 2:
        return SafeString("")
    (least, least_words), (most, most_words) = min(known), max(known)
    words = _("%(label)s: from %(first)s to %(last)s, least %(least)s, most %(most)s") % {
        "label": label or _("Course"), "first": known[0][1], "last": known[-1][1], "least": least_words, "most": most_words,
    }  # fmt: skip
    lines = format_html_join(
        "",
        '<polyline class="chart__line" points="{}"></polyline>',
        ((" ".join(f"{x:.2f},{y:.2f}" for x, y in _at_least_two(piece)),) for piece in pieces(series)),
    )
    level = most == least
    return format_html(
        '<svg class="chart chart--course" width="100%" height="200" role="img" aria-label="{}"><title>{}</title>'
        '<line class="chart__grid" x1="0" x2="100%" y1="28" y2="28"></line>'
        '<line class="chart__grid" x1="0" x2="100%" y1="168" y2="168"></line>'
        '<svg x="0" y="18" width="100%" height="160" viewBox="0 0 1000 100" preserveAspectRatio="none">{}</svg>'
        '<text class="chart__word" x="0" y="14">{}</text><text class="chart__word" x="0" y="196">{}</text>'
        '<text class="chart__word" x="100%" y="196" text-anchor="end">{}</text>{}</svg>',
        words,
        words,
        lines,
        most_words if level else _("most %(value)s") % {"value": most_words},
        date_format(series[0][0], "d M Y"),
        date_format(series[-1][0], "d M Y"),
        ""
        if level
        else format_html(
            '<text class="chart__word" x="100%" y="162" text-anchor="end">{}</text>',
            _("least %(value)s") % {"value": least_words},
        ),
    )


def _at_least_two(piece: Sequence[tuple[Decimal, Decimal]]) -> list[tuple[Decimal, Decimal]]:
    """Return the places of a piece; a single day becomes a short dash, which is seen."""
    return [*piece] if len(piece) > 1 else [piece[0], (piece[0][0] + 4, piece[0][1])]


@register.simple_tag
def small_course(values: Iterable[Decimal], words: str) -> SafeString:
    """Draw values as a small curve beside a figure, oldest first; `words` say what it is. Nothing for fewer than two."""
    series = list(values)
    if len(series) < 2:
        return SafeString("")
    points = " ".join(f"{x:.2f},{y:.2f}" for x, y in line(series))
    return format_html(
        '<svg class="spark" width="96" height="22" viewBox="0 0 100 24" preserveAspectRatio="none" role="img"'
        ' aria-label="{}"><title>{}</title><polyline class="chart__line" points="{}"></polyline></svg>',
        words,
        words,
        points,
    )
