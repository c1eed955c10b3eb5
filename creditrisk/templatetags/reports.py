"""The cells of a report, each as its column is typed."""

from collections.abc import Sequence
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from creditrisk.templatetags import credit

register = template.Library()


@register.simple_tag
def cells(row: Sequence[Any], columns: Sequence[Any], currency: str) -> SafeString:
    """Draw the cells of a row; the first is its heading. Words in a column of numbers stay words."""
    drawn = []
    for place, (value, column) in enumerate(zip(row, columns, strict=True)):
        words = _written(value, column.kind, currency)
        kind = "num" if column.is_number else column.kind
        drawn.append(
            format_html('<th scope="row" class="{}">{}</th>', kind, words)
            if not place
            else format_html('<td class="{}">{}</td>', kind, words)
        )
    return format_html_join("", "{}", ((one,) for one in drawn))


def _written(value: Any, kind: str, currency: str) -> Any:
    if value is None or value == "":
        return credit.NONE
    if isinstance(value, str):
        return value
    match kind:
        case "amount":
            return credit.amount(value, currency)
        case "change":
            return f"{'+' if value > 0 else ''}{credit.amount(value, currency)}"
        case "percent" | "days":
            return credit.amount(value, 1)
        case "number":
            return credit.amount(value, 0)
        case "day":
            return credit.day(value)
    return value
