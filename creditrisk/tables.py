"""Tables as every list draws them: lean template, one set of classes, columns for amounts, days and documents.

django-tables2 inspects the signature of a function for every cell; here each function is inspected once.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from decimal import Decimal
from functools import cached_property
from html import unescape
from typing import Any

import django_tables2 as tables
import django_tables2.utils
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.html import format_html, strip_tags
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django_tables2.rows import BoundRow

from creditrisk.export import plain
from creditrisk.roles import name_of
from creditrisk.templatetags import credit

_inspect = django_tables2.utils.signature
_seen: dict[tuple[Any, bool], Any] = {}


def _signature(fn: Callable[..., Any]) -> Any:
    """Return what `fn` takes, remembered by the function itself: bound methods are made anew for every row."""
    key = (getattr(fn, "__func__", fn), hasattr(fn, "__self__"))
    if key not in _seen:
        _seen[key] = _inspect(fn)
    return _seen[key]


django_tables2.utils.signature = _signature


class BaseTable(tables.Table):
    """A list of this product.

    With `live` its links ask htmx for the part of the page: the page names the target (`hx-target`) around the table.
    Columns named in `minor` leave where the screen is narrow; the row's page says what they say. Those in `spare` are
    shown where somebody chooses them; those in `never_chosen` are there or not by who looks, and are in no file. With a
    `source` the rows come from it, page by page (`page`) or all (`every`), ordered by keys.
    """

    live = False
    minor: tuple[str, ...] = ()
    spare: tuple[str, ...] = ()
    never_chosen: tuple[str, ...] = ()
    caption: str | Promise = ""
    hint: str | Promise = ""
    listing: Any = None
    keyset: Any = None
    shown: Any = None
    source: Any = None

    class Meta:
        template_name = "tables/table.html"
        attrs = {"class": "data rows"}
        empty_text = _("Nothing here.")
        orderable = True
        default = credit.NONE

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in self.minor:
            if name in self.exclude:
                continue
            column = self.columns[name].column
            column.cell = f"{getattr(column, 'cell', '')} minor"

    @property
    def by_key(self) -> bool:
        """Return whether the rows are read page by page from the database, each page by the key of its first row."""
        return self.source is not None or isinstance(self.data.data, QuerySet)

    def complete(self, records: list[Any]) -> None:
        """Add to the records that are shown, or written to a file, what is read for many of them at once."""

    @property
    def page_rows(self) -> Any:
        """Return the rows of this page."""
        return self.shown if self.shown is not None else self.paginated_rows

    @cached_property
    def cells(self) -> list[tuple[Any, str]]:
        """Return each column with the class of its cells: worked out once, not once a cell."""
        return [(column, getattr(column.column, "cell", "")) for column in self.columns]


def _in_files(table: BaseTable) -> list[Any]:
    return [column for column in table.columns if column.name not in table.never_chosen]


def _unit(table: BaseTable) -> Any:
    """Return the accessor of the currency that a file must name because no column of it does; None where one does."""
    columns = _in_files(table)
    if any(column.name == "currency" for column in columns):
        return None
    return next((a for c in columns if (a := getattr(c.column, "currency_accessor", None))), None)


def titles_of(table: BaseTable) -> list[str]:
    """Return the titles of a table's file: its shown columns, and the currency of its amounts where none of them says it."""
    titles = [str(column.header) for column in _in_files(table)]
    return [*titles, str(_("Currency"))] if _unit(table) else titles


def cells_of(table: BaseTable, chunks: Iterable[list[Any]]) -> Iterator[list[Any]]:
    """Return the records of a table as the rows of a file: figures and days as they are, the rest as its words."""
    columns, unit = _in_files(table), _unit(table)
    for records in chunks:
        for record in records:
            row = BoundRow(record, table=table)
            cells = [_cell(row, column, record) for column in columns]
            yield [*cells, unit.resolve(record, quiet=True) or ""] if unit else cells


def _cell(row: BoundRow, column: Any, record: Any) -> Any:
    kind = column.column
    if (plainly := getattr(kind, "plainly", None)) is not None:
        return plainly(record)
    if isinstance(kind, (AmountColumn, PercentColumn, NumberColumn, DaysColumn, DayColumn, AgoColumn)):
        value = column.accessor.resolve(record, quiet=True)
        if value is None or isinstance(value, (int, date)):
            return value
        if isinstance(value, Decimal):
            if not value.is_finite():
                return None
            code = (
                kind.currency_accessor.resolve(record)
                if isinstance(kind, AmountColumn) and kind.currency_accessor
                else ""
            )
            return plain(value, code) if code else round(value, 2)
    return unescape(strip_tags(str(row.get_cell(column.name)))).strip().removesuffix(credit.NONE).strip()


def _code(value: Any, record: Any, bound_column: Any) -> str:
    """Return the code that a cell shows: of a field with choices django-tables2 hands over the word, in the reader's language."""
    code = bound_column.accessor.resolve(record, quiet=True)
    return str(value if code is None else code)


class TextColumn(tables.Column):
    """Words; empty is a dash."""

    cell = "text"


class PersonColumn(TextColumn):
    """What a user is called. `user` names the relation, with which the rows are read and by which they are ordered."""

    def __init__(self, user: str, **options: Any) -> None:
        super().__init__(order_by=(f"{user}__first_name", f"{user}__username"), **options)

    def render(self, value: Any) -> str:
        return name_of(value)

    def value(self, value: Any) -> str:
        return name_of(value)


class LongColumn(tables.Column):
    """Long words, cut at the end when the space is short; the whole is the title."""

    cell = "long"

    def render(self, value: Any) -> SafeString:
        return format_html('<span title="{}">{}</span>', value, value)


class NumberColumn(tables.Column):
    """A whole number, right-aligned."""

    cell = "num"

    def render(self, value: Any) -> str:
        return credit.amount(value, 0)


class AmountColumn(tables.Column):
    """An amount, right-aligned. `currency` names the record's accessor for it; without one two decimals are shown."""

    cell = "num"

    def __init__(self, *args: Any, currency: str = "", show: bool = False, **options: Any) -> None:
        self.currency_accessor = tables.A(currency) if currency else None
        self.show_currency = show
        super().__init__(*args, **options)

    def render(self, value: Any, record: Any) -> str:
        code = self.currency_accessor.resolve(record) if self.currency_accessor else ""
        if not code:
            return credit.amount(value)
        return credit.money(value, code) if self.show_currency else credit.amount(value, code)


class PercentColumn(tables.Column):
    """A percentage, right-aligned; the value is in per cent."""

    cell = "num"

    def render(self, value: Any) -> str:
        return credit.percent(value)


class DaysColumn(tables.Column):
    """A count of days, right-aligned; with `late` how late, or when due."""

    cell = "num"

    def __init__(self, *args: Any, late: bool = False, **options: Any) -> None:
        self.kind = "late" if late else ""
        super().__init__(*args, **options)

    def render(self, value: Any) -> str:
        words = credit.days(value, self.kind)
        return format_html('<span class="late">{}</span>', words) if self.kind and value > 0 else words


class DayColumn(tables.Column):
    """A day."""

    cell = "day"

    def render(self, value: Any) -> str:
        return credit.day(value)


class AgoColumn(tables.Column):
    """A moment, as how long ago it was."""

    cell = "day"

    def render(self, value: Any) -> str:
        return credit.ago(value)


class DocumentColumn(tables.Column):
    """The number of a document, as the row's link: give `linkify`. It is what j, k and Enter go by."""

    cell = "doc"


class StateColumn(tables.Column):
    """The badge of a document's state. With `held` as the accessor of a truth, a held document says so instead."""

    cell = "state"

    def __init__(self, *args: Any, held: str = "", **options: Any) -> None:
        self.held_accessor = tables.A(held) if held else None
        super().__init__(*args, **options)

    def render(self, value: Any, record: Any, bound_column: Any) -> SafeString:
        if self.held_accessor and self.held_accessor.resolve(record, quiet=True):
            return credit.state_badge("held")
        return credit.state_badge(_code(value, record, bound_column))


class OutcomeColumn(tables.Column):
    """The badge of a decision."""

    cell = "state"

    def render(self, value: Any, record: Any, bound_column: Any) -> SafeString:
        return credit.outcome_badge(_code(value, record, bound_column))


class ReasonColumn(tables.Column):
    """Why a document is held, in words."""

    cell = "text"

    def render(self, value: Any, record: Any, bound_column: Any) -> Any:
        return credit.reason_label(_code(value, record, bound_column))
