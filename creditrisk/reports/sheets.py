"""A report as data: titles, tiles and tables with typed columns, for the page, for paper and for a workbook alike."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from creditrisk.export import plain_value
from creditrisk.money import decimals, rounded

TEXT, NUMBER, AMOUNT, CHANGE, PERCENT, DAYS, DAY = "text", "number", "amount", "change", "percent", "days", "day"
NUMERIC = frozenset({NUMBER, AMOUNT, CHANGE, PERCENT, DAYS})
_TITLE_MAX = 31  # what a workbook allows
_NOT_IN_TITLES = str.maketrans(dict.fromkeys("[]:*?/\\", " "))

type Words = str | Promise


@dataclass(frozen=True)
class Column:
    title: Words
    kind: str = TEXT

    @property
    def is_number(self) -> bool:
        return self.kind in NUMERIC


@dataclass(frozen=True)
class Table:
    """Rows under typed columns. `picture` is an SVG above them, `total` the last row, `empty` what is said without rows."""

    title: Words
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    note: Words = ""
    picture: SafeString | str = ""
    total: Sequence[Any] | None = None
    empty: Words = ""

    @property
    def every_row(self) -> list[Sequence[Any]]:
        return [*self.rows, self.total] if self.total is not None and self.rows else [*self.rows]


@dataclass(frozen=True)
class Tile:
    """A figure at the top, with what it was before; both in words."""

    label: Words
    value: str
    note: str = ""


@dataclass(frozen=True)
class Content:
    """What a report tells: amounts in `currency`, as of the end of `day`. `book` are the workbook's tables, if others."""

    title: str
    company: str
    currency: str
    day: date
    so_far: bool
    tiles: Sequence[Tile] = ()
    tables: Sequence[Table] = ()
    book: Sequence[Table] = ()
    warnings: Sequence[str] = field(default=())

    @property
    def as_of(self) -> str:
        return _("today so far") if self.so_far else _("at the end of the day")


def page(content: Content) -> str:
    """Return the pages as HTML without a frame, in the language of the moment."""
    return render_to_string("reports/_body.html", {"content": content})


def book(content: Content) -> bytes:
    """Return the workbook: a sheet a table, numbers as numbers, days as days, words never as formulas."""
    made = Workbook(write_only=True)
    for table in content.book or content.tables:
        title = str(table.title).translate(_NOT_IN_TITLES)[:_TITLE_MAX].strip() or _("table")
        _fill(made.create_sheet(title), table, content)
    if not made.worksheets:
        made.create_sheet("1")
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def _fill(sheet: Any, table: Table, content: Content) -> None:
    sheet.freeze_panes = "A2"
    for index, column in enumerate(table.columns):
        sheet.column_dimensions[chr(ord("A") + index)].width = 26 if not index else 16 if column.is_number else 20
    titles = []
    for column in table.columns:
        money = column.kind in (AMOUNT, CHANGE)
        cell = WriteOnlyCell(sheet, value=plain_value(f"{column.title} {content.currency}" if money else column.title))
        cell.font = Font(bold=True)
        titles.append(cell)
    sheet.append(titles)
    for row in table.every_row:
        cells = []
        for value, column in zip(row, table.columns, strict=True):
            cell = WriteOnlyCell(sheet, value=_value(value, column.kind, content.currency))
            if (form := _form(column.kind, content.currency)) and value is not None:
                cell.number_format = form
            cells.append(cell)
        sheet.append(cells)


def _value(value: Any, kind: str, currency: str) -> Any:
    if isinstance(value, Decimal):
        return rounded(value, currency) if kind in (AMOUNT, CHANGE) else round(value, 2)
    return plain_value(value)


def _form(kind: str, currency: str) -> str:
    """Return how a workbook writes a kind of value."""
    match kind:
        case "amount" | "change":
            return "#,##0" + (f".{'0' * decimals(currency)}" if decimals(currency) else "")
        case "percent" | "days":
            return "0.0"
        case "number":
            return "#,##0"
        case "day":
            return "yyyy-mm-dd"
    return ""
