"""The addresses of a list: another order, another page, without what belongs to the page before."""

from typing import Any

from django import template
from django.http import HttpRequest

from creditrisk.lists.listing import PASSING

register = template.Library()


def _query(request: HttpRequest, **changes: str) -> str:
    query = request.GET.copy()
    for name in PASSING:
        query.pop(name, None)
    for name, value in changes.items():
        query[name] = value
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def order_query(context: dict[str, Any], column: Any, table: Any) -> str:
    """Return the address of the list in the order of this column, the other way round where it is ordered by it; page one."""
    return _query(context["request"], **{table.prefixed_order_by_field: str(column.order_by_alias.next)})


@register.simple_tag(takes_context=True)
def key_query(context: dict[str, Any], name: str, key: str) -> str:
    """Return the address of the page of the list that begins `after` or `before` a key."""
    return _query(context["request"], **{name: key})


@register.simple_tag(takes_context=True)
def first_query(context: dict[str, Any]) -> str:
    """Return the address of the first page of the list."""
    query = _query(context["request"])
    return query if query != "?" else context["request"].path
