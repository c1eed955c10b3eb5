"""Tables that leave as CSV: plain numbers, ISO days, and nothing that a spreadsheet would take for a formula."""

import csv
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.http import HttpResponse

from creditrisk import money

# A cell that begins so is run by spreadsheets; an apostrophe before it makes it text (OWASP, CSV injection).
_RUN = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_NAME = re.compile(r"[^A-Za-z0-9._-]+")


def cell(value: Any) -> str:
    """Return one value as a cell: words that a spreadsheet would run are made harmless."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return "" if value.is_nan() else f"{value:f}"
        case int():
            return str(value)
        case datetime() | date():
            return value.isoformat()
    text = str(value)
    return f"'{text}" if text.lstrip(" ").startswith(_RUN) else text


def plain(amount: Decimal | None, currency: str) -> Decimal | None:
    """Return an amount with the decimals of its currency."""
    return None if amount is None else money.rounded(amount, currency)


def csv_response(name: str, header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """Return a table as a CSV file for download. UTF-8 with its mark, so that spreadsheets read it right."""
    response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{_NAME.sub("-", name)}.csv"'
    writer = csv.writer(response)
    writer.writerow([cell(title) for title in header])
    writer.writerows([cell(value) for value in row] for row in rows)
    return response
