"""Reads a table, whatever it means, from a CSV file or a workbook (XLSX): a header and rows of cells."""

import csv
import io
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zipfile import BadZipFile

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from creditrisk import language
from creditrisk.language import say
from ledger.imports import guarded
from ledger.imports.delimited import BadFile
from ledger.imports.styles import Cell
from ledger.imports.values import shown

DELIMITERS = ",;\t|"
MOST_COLUMNS = 200
MOST_ROWS = 200_000
LAST_ROW = 1_048_576  # No sheet has a row below it.
MOST_CELLS = 20_000_000  # The empty ones up to a row's last cell count too: they are made, and cost as much as others.
FIRST_LINE = 50_000  # So much of it tells by what cells are parted; the reader takes no cell that is longer.
LONGEST_CELL = 2_000


@dataclass(frozen=True, slots=True)
class Row:
    """One row; `number` counts as a spreadsheet does: the header is row 1."""

    number: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Sheet:
    """A table of a file. Rows may be shorter or longer than the header: that is for those who take them."""

    header: tuple[str, ...]
    rows: tuple[Row, ...]

    def column(self, name: str) -> list[Cell]:
        """Return the cells below a header."""
        at = self.header.index(name)
        return [row.cells[at] for row in self.rows if at < len(row.cells)]

    def picked(self, columns: Mapping[str, str]) -> Iterator[tuple[Row, dict[str, Cell]]]:
        """Return the rows, each with its cells by the names that columns are given; a cell that is not there is empty."""
        at = {name: self.header.index(column) for name, column in columns.items()}
        for row in self.rows:
            yield row, {name: row.cells[n] if n < len(row.cells) else "" for name, n in at.items()}


def read(content: bytes, name: str, *, encoding: str = "utf-8") -> Sheet:
    """Read the table of a CSV file or of a workbook's first sheet. Raises BadFile."""
    guarded.checked_size(len(content), name)
    if content.startswith(b"PK\x03\x04"):
        rows = _workbook(content, name)
    elif content.startswith((b"\xd0\xcf\x11\xe0", b"%PDF", b"PAR1", b"\x1f\x8b", b"PK")):
        raise BadFile(say("%(name)s is neither a CSV file nor an XLSX workbook; save it as one of them.", name=name))
    else:
        rows = _delimited(guarded.text(content, name, encoding=encoding), name)
    return _sheet(rows, name)


def _sheet(rows: Iterable[tuple[int, list[Cell]]], name: str) -> Sheet:
    found = iter(rows)
    first = next(((number, cells) for number, cells in found if any(_filled(c) for c in cells)), None)
    if first is None:
        raise BadFile(say("%(name)s has no row with anything in it.", name=name))
    header = [str(cell).strip() for cell in first[1]]
    while header and not header[-1]:
        header.pop()
    if len(header) > MOST_COLUMNS:
        raise BadFile(
            say(
                "%(name)s has %(header)s columns; at most %(most)s are taken.",
                name=name,
                header=language.number(len(header)),
                most=MOST_COLUMNS,
            )
        )
    if twice := sorted({shown(n) for n in header if n and header.count(n) > 1}):
        raise BadFile(say("%(name)s has two columns named %(twice)s.", name=name, twice=", ".join(twice)))
    kept: list[Row] = []
    for number, cells in found:
        end = len(cells)
        while end > len(header) and not _filled(cells[end - 1]):
            end -= 1
        if any(_filled(cell) for cell in cells[:end]):
            kept.append(Row(number, tuple(cells[:end])))
        if len(kept) > MOST_ROWS:
            raise BadFile(
                say("%(name)s has more than %(most)s rows; split the file.", name=name, most=language.number(MOST_ROWS))
            )
    if not kept:
        raise BadFile(say("%(name)s has a header and no rows.", name=name))
    return Sheet(tuple(n or f"column {at}" for at, n in enumerate(header, 1)), tuple(kept))


def _filled(cell: Cell) -> bool:
    return bool(cell.strip()) if isinstance(cell, str) else True


def _delimited(text: str, name: str) -> Iterator[tuple[int, list[Cell]]]:
    first = next((line for line in text.splitlines() if line.strip()), "")[:FIRST_LINE]
    mark = max(DELIMITERS, key=lambda d: (len(next(csv.reader([first], delimiter=d), [])), -DELIMITERS.index(d)))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    try:
        for number, cells in enumerate(reader, 1):
            if any(len(cell) > LONGEST_CELL for cell in cells):
                raise BadFile(
                    say(
                        "%(name)s has a cell of more than %(most)s letters in row %(number)s.",
                        name=name,
                        most=language.number(LONGEST_CELL),
                        number=number,
                    )
                )
            yield number, list(cells)
    except csv.Error as error:
        raise BadFile(
            say("%(name)s is not a CSV file: %(error)s in line %(line)s.", name=name, error=error, line=reader.line_num)
        ) from error


def _workbook(content: bytes, name: str) -> Iterator[tuple[int, list[Cell]]]:
    parts = {part.filename for part in guarded.archive(content, name).infolist()}
    if "xl/workbook.xml" not in parts:
        raise BadFile(say("%(name)s is an archive, not an XLSX workbook.", name=name))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Styles and extensions that it does not know are none of ours.
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            visible: list[Any] = [s for s in book.worksheets if getattr(s, "sheet_state", "visible") == "visible"]
            if not visible:
                raise BadFile(say("%(name)s has no sheet to be seen.", name=name))
            visible[0].reset_dimensions()
            # Rows that a file leaves out are made up to the one it names, so they end where a sheet does.
            made = 0
            for number, cells in enumerate(visible[0].iter_rows(values_only=True, max_row=LAST_ROW + 1), 1):
                if number > LAST_ROW:
                    raise BadFile(
                        say(
                            "%(name)s names a row below row %(last)s, the last that a sheet can have.",
                            name=name,
                            last=language.number(LAST_ROW),
                        )
                    )
                made += len(cells)
                if made > MOST_CELLS:
                    raise BadFile(
                        say(
                            "%(name)s has more than %(most)s cells, empty ones among them; split the file.",
                            name=name,
                            most=language.number(MOST_CELLS),
                        )
                    )
                if len(cells) > MOST_COLUMNS * 10:
                    raise BadFile(
                        say(
                            "%(name)s has %(cells)s columns in row %(number)s; at most %(most)s are taken.",
                            name=name,
                            cells=language.number(len(cells)),
                            number=number,
                            most=MOST_COLUMNS,
                        )
                    )
                yield number, [_cell(cell) for cell in cells]
    except (InvalidFileException, BadZipFile, KeyError, ValueError, TypeError, AttributeError, EOFError) as error:
        if isinstance(error, BadFile):
            raise
        raise BadFile(say("%(name)s is a damaged workbook.", name=name)) from error
    except Exception as error:  # defusedxml's and expat's own: the workbook's parts are XML.
        raise BadFile(say("%(name)s is a workbook that cannot be read safely.", name=name)) from error


def _cell(value: object) -> Cell:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int():
            return Decimal(value)
        case float():
            return Decimal(repr(round(value, 10)))
        case datetime():
            return value.date()
        case date():
            return value
        case time():
            return value.isoformat()
    return str(value)
