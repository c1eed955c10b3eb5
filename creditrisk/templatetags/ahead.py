"""What lies ahead of a customer, drawn on the server: exposure by day as steps, the limit as a line, the breach as a mark."""

from decimal import Decimal
from typing import Any

from django import template
from django.utils.dateformat import format as date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from creditrisk.money import ZERO
from creditrisk.templatetags.credit import money

register = template.Library()

_WIDTH, _HEIGHT = Decimal(1000), Decimal(100)


def steps(values: list[Decimal | None], most: Decimal) -> list[tuple[Decimal, Decimal]]:
    """Return the corners of a line that keeps a day's value until the next day, in a field of 1000 by 100, zero at the bottom."""
    length = max(len(values) - 1, 1)
    points: list[tuple[Decimal, Decimal]] = []
    before: Decimal | None = None
    for index, value in enumerate(values):
        if value is None:
            continue
        x, y = _WIDTH * index / length, _HEIGHT * (1 - max(value, ZERO) / most)
        if before is not None and before != y:
            points.append((x, before))
        points.append((x, y))
        before = y
    return points


@register.simple_tag
def ahead(curve: Any) -> SafeString:
    """Draw a curve (`creditrisk.monitoring.forward`) with its limit; put the table of its steps below it."""
    days = curve.days
    totals, bounds = [d.total for d in days], [d.limit for d in days]
    most = max([*totals, *(b for b in bounds if b is not None)], default=ZERO) * Decimal("1.08")
    if len(days) < 2 or most <= 0:
        return SafeString("")
    line = steps(totals, most)
    words = _("Exposure expected: %(now)s today, most %(peak)s on %(day)s") % {
        "now": money(days[0].total, curve.currency), "peak": money(curve.peak.total, curve.currency),
        "day": date_format(curve.peak.day, "d M Y"),
    }  # fmt: skip
    breach = ""
    if curve.breach is not None:
        where = _WIDTH * (curve.breach.day - days[0].day).days / (len(days) - 1)
        said = _("over the limit from %(day)s") % {"day": date_format(curve.breach.day, "d M Y")}
        words = f"{words}; {said}"
        breach = format_html(
            '<line class="ahead__breach" x1="{0}" x2="{0}" y1="0" y2="100"><title>{1}</title></line>',
            f"{where:.2f}",
            said,
        )
    bound = steps(bounds, most)
    return format_html(
        '<svg class="chart ahead" width="100%" height="170" role="img" aria-label="{}"><title>{}</title>'
        '<svg x="0" y="16" width="100%" height="132" viewBox="0 0 1000 100" preserveAspectRatio="none">'
        '<polygon class="chart__area" points="0,100 {} 1000,100"></polygon><polyline class="chart__line" points="{}"></polyline>'
        '{}{}</svg><line class="chart__base" x1="0" x2="100%" y1="148" y2="148"></line>'
        '<text class="chart__word" x="0" y="11">{}</text><text class="chart__word" x="0" y="165">{}</text>'
        '<text class="chart__word" x="100%" y="165" text-anchor="end">{}</text></svg>',
        words, words, _written(line), _written(line),
        format_html('<polyline class="ahead__limit" points="{}"></polyline>', _written(bound)) if bound else "",
        breach,
        _("limit %(amount)s") % {"amount": money(bounds[0], curve.currency)} if bounds[0] is not None else _("no limit to measure by"),
        _("today"),
        date_format(days[-1].day, "d M Y"),
    )  # fmt: skip


def _written(points: list[tuple[Decimal, Decimal]]) -> str:
    return " ".join(f"{x:.2f},{y:.2f}" for x, y in points)
