"""What every page does alike: the page of a list, the part for htmx, and back to where the reader came from."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.encoding import iri_to_uri
from django.utils.http import url_has_allowed_host_and_scheme
from django_tables2 import Table

from creditrisk.money import MissingRate
from creditrisk.refusal import Refused

PER_PAGE = 25
TYPED_MAX = 200
KEPT_MAX = 2000

# What a service may refuse: views turn these into sentences and nothing else.
REFUSALS = (Refused, MissingRate)


def is_part(request: HttpRequest) -> bool:
    """Return whether htmx asks for the part of a page that changed, not for the page (boosted or from history)."""
    htmx: Any = getattr(request, "htmx", None)
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def show(
    request: HttpRequest,
    page: str,
    part: str,
    context: dict[str, Any],
    *,
    status: int | None = None,
) -> HttpResponse:
    """Return the page, or its part alone where htmx asks for it."""
    return render(request, part if is_part(request) else page, context, status=status)


def asked(request: HttpRequest, name: str) -> str:
    """Return what the address says under a name: trimmed, cut, and without the one character that no text can hold."""
    return request.GET.get(name, "").replace("\0", "").strip()[:TYPED_MAX]


def without(request: HttpRequest, *names: str) -> str:
    """Return the query of the address without some of its names."""
    query = request.GET.copy()
    for name in names:
        query.pop(name, None)
    return query.urlencode()


def listed(request: HttpRequest, table: Table, *, per_page: int = PER_PAGE) -> Table:
    """Sort and page a table as the address says; a page that does not exist becomes the nearest that does."""
    table.request = request
    asked_order = request.GET.getlist(table.prefixed_order_by_field)
    known = [name for name in asked_order if name.removeprefix("-") in table.columns.names()]
    if known:
        table.order_by = known
    table.paginate(per_page=per_page)
    table.page = table.paginator.get_page(request.GET.get(table.prefixed_page_field))
    return table


def ids(request: HttpRequest, name: str) -> list[int]:
    """Return the keys that a form names; what cannot be one is passed over, and so is what no column can hold."""
    typed = request.POST.getlist(name)
    return [int(text) for text in typed if text.isascii() and text.isdigit() and len(text) < 19]


def keep_typed(request: HttpRequest, name: str, text: str) -> None:
    """Keep what was typed into a form that is drawn by another page, until that page is drawn."""
    request.session["typed"] = {name: text[:KEPT_MAX]}


def kept_typed(request: HttpRequest, name: str) -> str:
    """Return what was kept under this name, once."""
    if name not in request.session.get("typed", {}):
        return ""
    return str(request.session.pop("typed")[name])


def is_ours(address: str) -> bool:
    """Whether an address is a page of ours, as pages write it: a path, no longer than browsers go."""
    try:
        return address.startswith("/") and url_has_allowed_host_and_scheme(iri_to_uri(address), allowed_hosts=None)
    except ValueError:  # no address at all
        return False


def back(request: HttpRequest, fallback: str, *args: Any) -> HttpResponse:
    """Return to the page named in `next`, when it is one of ours, else to `fallback`."""
    target = request.POST.get("next", "")
    return HttpResponseRedirect(target) if is_ours(target) else redirect(fallback, *args)


def tell_refusal(request: HttpRequest, error: Exception) -> None:
    """Flash the sentence of a refusal."""
    messages.error(request, str(error))
