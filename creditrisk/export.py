"""Tables that leave as CSV or as a workbook: plain numbers, ISO days, and nothing that a spreadsheet would take for a formula."""

import io
import itertools
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from creditrisk import money

# A cell that begins so is run by spreadsheets; an apostrophe before it makes it text (OWASP, CSV injection).
_RUN = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_BLANK = " \u00a0\u2007\u202f\u3000"
# In a CSV file a cell may end earlier than it was meant to: spreadsheets part at ";" where the comma writes decimals, or
# at tabs, and quotes count at the beginning of a cell alone. So what stands after such a mark begins a cell as well.
_PARTED = re.compile(rf'([;|\t\r\n][{_BLANK}"]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])')
_QUOTED = re.compile(r'[",;|\t\r\n]')
_QUOTE = '"'
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_NAME = re.compile(r"[^A-Za-z0-9._-]+")


def cell(value: Any) -> str:
    """Return one value as a cell of a CSV file: words that a spreadsheet would run are made harmless."""
    return parted(_shown(value))


def parted(text: str) -> str:
    """Return text none of whose parts is run by a spreadsheet that parts cells at other marks than ours."""
    return _PARTED.sub(r"\1'", text)


def line(cells: Iterable[str]) -> str:
    """Return cells as a line of a CSV file, in quotes where they hold a mark at which any spreadsheet parts cells."""
    quoted = [f'"{c.replace(_QUOTE, _QUOTE * 2)}"' if _QUOTED.search(c) else c for c in cells]
    return f"{','.join(quoted)}\r\n"


def _shown(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return _("yes") if value else _("no")
        case Decimal():
            return "" if value.is_nan() else f"{value:f}"
        case int():
            return str(value)
        case datetime() | date():
            return value.isoformat()
    text = _CONTROL.sub("", str(value))  # first: what hides behind one is run once it is gone
    return f"'{text}" if text.lstrip(_BLANK).startswith(_RUN) else text


def plain(amount: Decimal | None, currency: str) -> Decimal | None:
    """Return an amount with the decimals of its currency."""
    return None if amount is None else money.rounded(amount, currency)


def csv_response(name: str, header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """Return a table as a CSV file for download. UTF-8 with its mark, so that spreadsheets read it right."""
    response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{_NAME.sub("-", name)}.csv"'
    response.writelines(line(map(cell, row)) for row in itertools.chain([header], rows))
    return response


def csv_stream(name: str, header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """Return a table as a CSV file that is sent while it is read, however long it is."""
    parts = (line(map(cell, row)) for row in itertools.chain([header], rows))
    response = StreamingHttpResponse(itertools.chain(["\ufeff"], parts), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{_NAME.sub("-", name)}.csv"'
    return response


def xlsx_response(name: str, header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """Return a table as a workbook for download: numbers stay numbers, days days, and words never formulas."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("1")
    sheet.freeze_panes = "A2"
    titles = []
    for title in header:
        made = WriteOnlyCell(sheet, value=_shown(title))
        made.font = Font(bold=True)
        titles.append(made)
    sheet.append(titles)
    for row in rows:
        sheet.append([plain_value(value) for value in row])
    file = io.BytesIO()
    book.save(file)
    response = HttpResponse(file.getvalue(), content_type=_XLSX)
    response.headers["Content-Disposition"] = f'attachment; filename="{_NAME.sub("-", name)}.xlsx"'
    return response


def plain_value(value: Any) -> Any:
    """Return one value for a workbook, which knows no time zones and no letters below the blank but tab and newline."""
    match value:
        case bool():
            return _shown(value)
        case datetime():
            return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        case Decimal():
            return None if value.is_nan() else value
        case int() | date() | None:
            return value
    return _shown(value)


# What `as` in an address may ask for.
FILES = {"csv": csv_response, "xlsx": xlsx_response}
