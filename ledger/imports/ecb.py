"""Reads the euro's daily reference rates as the European Central Bank publishes them: CSV, zipped CSV, or XML.

Layouts: eurofxref.csv and eurofxref-hist.csv (a column a currency, "N/A" where none), eurofxref-daily.xml and -hist.xml
(`Cube time`, `Cube currency rate`). One euro is so many units of the currency.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from creditrisk import language
from creditrisk.language import say
from ledger.imports import guarded
from ledger.imports.delimited import BadFile
from ledger.imports.values import shown

BASE = "EUR"
_NOTHING = {"", "N/A", "-"}
_DAYS = ("%Y-%m-%d", "%d %B %Y", "%d %b %Y")


@dataclass(frozen=True, slots=True)
class Rate:
    """Units of `currency` for one euro, from `day` on."""

    day: date
    currency: str
    rate: Decimal


def read(content: bytes, name: str) -> list[Rate]:
    """Read every rate of the file. Raises BadFile: then the whole file is of no use."""
    guarded.checked_size(len(content), name)
    if content.startswith(b"PK"):
        content = guarded.unzipped(content, name, ending=".csv")
    if content.lstrip().startswith(b"<"):
        found = list(_xml(content, name))
    else:
        found = list(_csv(guarded.text(content, name), name))
    if not found:
        raise BadFile(say("%(name)s holds no exchange rate.", name=name))
    return found


def _xml(content: bytes, name: str) -> Iterator[Rate]:
    for of_day in guarded.xml(content, name).iterfind(".//{*}Cube[@time]"):
        day = _day(of_day.attrib["time"], name)
        for cube in of_day.iterfind("{*}Cube[@currency]"):
            yield Rate(day, _currency(cube.attrib["currency"], name), _rate(cube.attrib.get("rate", ""), name, day))


def _csv(text: str, name: str) -> Iterator[Rate]:
    rows = _lines(text, name)
    header = [cell.strip() for cell in next(rows, [])]
    if not header or header[0] != "Date":
        raise BadFile(say("%(name)s is not a list of reference rates: its first column must be “Date”.", name=name))
    currencies = [(at, _currency(cell, name)) for at, cell in enumerate(header) if at and cell]
    for cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        day = _day(cells[0], name)
        for at, currency in currencies:
            if at < len(cells) and cells[at].strip() not in _NOTHING:
                yield Rate(day, currency, _rate(cells[at], name, day))


def _lines(text: str, name: str) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(text))
    try:
        yield from reader
    except csv.Error as error:
        raise BadFile(
            say("%(name)s is not a CSV file: %(error)s in line %(line)s.", name=name, error=error, line=reader.line_num)
        ) from error


def _currency(text: str, name: str) -> str:
    # Withdrawn currencies stand in the history too (ROL, TRL); three letters are enough here.
    code = text.strip()
    if len(code) != 3 or not (code.isascii() and code.isupper()):
        raise BadFile(
            say(
                "%(name)s names a currency “%(currency)s”, which has not three letters.",
                name=name,
                currency=shown(code),
            )
        )
    return code


def _day(text: str, name: str) -> date:
    for pattern in _DAYS:
        try:
            return datetime.strptime(text.strip(), pattern).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise BadFile(say("%(name)s has “%(written)s” where a day is wanted.", name=name, written=shown(text.strip())))


def _rate(text: str, name: str, day: date) -> Decimal:
    try:
        rate = Decimal(text.strip())
    except InvalidOperation:
        rate = Decimal(0)
    if not rate.is_finite() or not 0 < rate < Decimal("1e9"):
        raise BadFile(
            say(
                "%(name)s has “%(written)s” for a rate of %(day)s.",
                name=name,
                written=shown(text.strip()),
                day=language.day(day),
            )
        )
    return rate
