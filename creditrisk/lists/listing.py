"""What every list offers beside its rows: an order, columns to choose, views to keep, CSV and workbook, an address to share.

A page says `show(request, table, page, part, context)` and nothing else. What is chosen stands in the address: `sort`,
`columns`, `after` and `before` (where a page begins), `as` (which file), `view` (which kept view this is).
"""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django_tables2.rows import BoundRows

from creditrisk import pages
from creditrisk.export import FILES, csv_stream, xlsx_response
from creditrisk.language import say
from creditrisk.lists import keyset, saved
from creditrisk.lists.keyset import Key
from creditrisk.lists.saved import View
from creditrisk.tables import BaseTable, cells_of, titles_of

# What is not part of a view: where in the list one is, which file, which view.
PASSING = ("after", "before", "page", "as", "view", "per_page")
WORKBOOK_ROWS = 1_048_575
CHUNK = 2_000


@dataclass(frozen=True)
class Choice:
    """One column that a list can show."""

    name: str
    label: str
    shown: bool
    fixed: bool


@dataclass(frozen=True)
class Listing:
    """What stands above a list. `query` is the address without what passes."""

    name: str
    path: str
    query: str
    columns: tuple[Choice, ...]
    views: tuple[View, ...]
    current: int | None
    kept: tuple[tuple[str, str], ...] = ()
    drawn_by_hand: bool = False

    @property
    def first(self) -> View | None:
        return next((view for view in self.views if view.is_first), None)

    @property
    def view(self) -> View | None:
        return next((view for view in self.views if view.id == self.current), None)

    @property
    def plain(self) -> str:
        """Return the address of the list as everybody sees it, whatever view opens first."""
        return f"{self.path}?view=" if self.first else self.path

    @property
    def here(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def sorted_as(self) -> str:
        return dict(self.kept).get("sort", "")

    @property
    def chosen_as(self) -> str:
        return dict(self.kept).get("columns", "")

    def file(self, kind: str) -> str:
        """Return the query of the list as a file."""
        return f"{self.query}&as={kind}" if self.query else f"as={kind}"

    @property
    def csv(self) -> str:
        return self.file("csv")

    @property
    def xlsx(self) -> str:
        return self.file("xlsx")

    @property
    def others(self) -> tuple[tuple[str, str], ...]:
        """Return what the form that chooses columns sends beside them."""
        return tuple((name, value) for name, value in self.kept if name != "columns")


def show(
    request: HttpRequest, table: BaseTable, page: str, part: str, context: dict[str, Any], *, per_page: int = pages.PER_PAGE,
    status: int | None = None,
) -> HttpResponseBase:  # fmt: skip
    """Return the page of a list, its part for htmx, or all its rows as a file; or go to the view that opens first."""
    if (other := first_view(request)) is not None:
        return other
    drawn(request, table, per_page=per_page)
    if (file := as_file(request, table)) is not None:
        return file
    return pages.show(request, page, part, {**context, "table": table, "listing": table.listing}, status=status)


def first_view(request: HttpRequest) -> HttpResponse | None:
    """Return the way to the view with which this list opens for the reader; None where the address says something."""
    if request.method != "GET" or request.GET or pages.is_part(request):
        return None
    first = next((view for view in _views(request) if view.is_first), None)
    return redirect(address(request.path, first)) if first else None


def _views(request: HttpRequest) -> tuple[View, ...]:
    """Return the views of this list that the reader sees; read once a request."""
    known: tuple[View, ...] | None = getattr(request, "list_views", None)
    if known is None:
        known = tuple(saved.of_list(request.user, name_of(request)))
        request.list_views = known  # type: ignore[attr-defined]
    return known


def address(path: str, view: Any) -> str:
    """Return the address of a list under a kept view."""
    return f"{path}?{view.query}&view={view.id}" if view.query else f"{path}?view={view.id}"


def drawn(request: HttpRequest, table: BaseTable, *, per_page: int = pages.PER_PAGE) -> BaseTable:
    """Order the table, choose its columns and its page as the address says."""
    table.request = request
    _order(request, table)
    choices = _choose(request, table)
    table.listing = _listing(request, choices)
    if request.GET.get("as") in FILES:
        return table
    if table.by_key:
        place: dict[str, Any] = {
            "after": pages.asked(request, "after"),
            "before": pages.asked(request, "before"),
            "size": per_page,
        }
        if table.source is not None:
            table.keyset = table.source.page(_keys(table), **place)
        else:
            table.keyset = keyset.page(table.data.data, _keys(table), **place)
        table.shown = BoundRows(data=table.keyset.rows, table=table)
        table.complete(table.keyset.rows)
    else:
        pages.listed(request, table, per_page=per_page)
        table.complete([row.record for row in table.page.object_list])
    return table


def beside(request: HttpRequest, table: BaseTable) -> HttpResponseBase | None:
    """Return the file of a list that its page draws by hand, or the way to the view that opens first; None: draw it."""
    if (other := first_view(request)) is not None:
        return other
    table.request = request
    table.listing = by_hand(request)
    return as_file(request, table)


def by_hand(request: HttpRequest) -> Listing:
    """Return what stands above a list that its page draws and writes to files by itself."""
    return replace(_listing(request, ()), drawn_by_hand=True)


def name_of(request: HttpRequest) -> str:
    """Return the name of the list that a request is about."""
    match = request.resolver_match
    return match.view_name if match else ""


def query_of(query: str) -> str:
    """Return a query without what passes and what is empty; a name that is said twice keeps both."""
    return urlencode([(name, value) for name, value in parse_qsl(query) if name not in PASSING])


def _listing(request: HttpRequest, choices: tuple[Choice, ...]) -> Listing:
    query = query_of(request.META.get("QUERY_STRING", ""))
    asked = pages.asked(request, "view")
    return Listing(
        name=name_of(request), path=request.path, query=query, columns=choices,
        views=_views(request),
        current=int(asked) if asked.isascii() and asked.isdigit() else None, kept=tuple(parse_qsl(query)),
    )  # fmt: skip


def _order(request: HttpRequest, table: BaseTable) -> None:
    known = [name for name in request.GET.getlist("sort") if name.removeprefix("-") in table.columns.names()]
    if known:
        table.order_by = known


def _choose(request: HttpRequest, table: BaseTable) -> tuple[Choice, ...]:
    """Show the columns that the address names, or those that are usual; what the row is opened by always."""
    asked = {name for text in request.GET.getlist("columns") for name in text.split(",")}
    offered = [c for c in table.columns.iterall() if c.name not in table.exclude and c.name not in table.never_chosen]
    usual = {c.name for c in offered if c.name not in table.spare}
    fixed = {c.name for c in offered if getattr(c.column, "cell", "").split(" ")[0] == "doc"}
    shown = (asked & {c.name for c in offered}) or usual
    shown |= fixed
    for column in offered:
        if column.name in shown:
            table.columns.show(column.name)
        else:
            table.columns.hide(column.name)
    return tuple(Choice(c.name, str(c.header), c.name in shown, c.name in fixed) for c in offered)


def _keys(table: BaseTable) -> list[Key]:
    """Return what the rows are ordered by: as the address, the table or the query itself says."""
    if table.source is not None:
        found = []
        for alias in table.order_by or ():
            column = table.columns[alias.bare].column
            keys = [Key.of(str(term)) for term in column.order_by or (column.accessor or alias.bare,)]
            found += [key.turned if alias.is_descending else key for key in keys]
        return found
    return [Key.of(str(term)) for term in table.data.data.query.order_by] or [Key("pk", descending=True)]


def as_file(request: HttpRequest, table: BaseTable) -> HttpResponseBase | None:
    """Return every row of the list, with its chosen columns, as the file that is asked for; None where none is."""
    kind = request.GET.get("as", "")
    if kind not in FILES:
        return None
    name = table.listing.name.replace("_", "-")
    if kind == "csv":
        return csv_stream(name, titles_of(table), cells_of(table, _chunks(table)))
    if table.source is None and table.by_key and table.data.data.order_by()[WORKBOOK_ROWS : WORKBOOK_ROWS + 1].exists():
        messages.error(request, _("A workbook holds 1,048,575 rows. Narrow the list, or take it as CSV."))
        return redirect(table.listing.here or table.listing.path)
    return xlsx_response(name, titles_of(table), cells_of(table, _chunks(table)))


def _chunks(table: BaseTable) -> Iterator[list[Any]]:
    """Return the records of the whole list, some thousands at a time, each with what its page would show of it."""
    rows: Iterable[Any] = table.data.data
    if table.source is not None:
        rows = table.source.every(_keys(table))
    elif table.by_key:
        rows = table.data.data.iterator(chunk_size=CHUNK)
    for chunk in itertools.batched(rows, CHUNK):
        records = list(chunk)
        table.complete(records)
        yield records


def said(query: str) -> list[tuple[str, str]]:
    """Return what a query asks for, name by name, as people read it."""
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(query):
        found.setdefault(name, []).append(value)
    known = {
        "q": _("Text"), "sort": _("Order"), "columns": _("Columns"), "company": _("Company"), "segment": _("Segment"),
        "state": _("State"), "since": _("From"), "until": _("To"), "show": _("Show"), "kind": _("Kind"),
    }  # fmt: skip
    return [
        (known.get(name, say(name.replace("_", " ").capitalize())), ", ".join(values)) for name, values in found.items()
    ]
