"""Tables from CSV and XLSX, and how their columns are written: found out, or asked."""

import io
import zipfile
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from ledger.imports import styles, tabular
from ledger.imports.delimited import BadFile
from ledger.imports.values import Unreadable
from tests.ledger.test_guarded import packed


def book(*rows: list[Any], hidden: bool = False) -> bytes:
    """Make a workbook of these rows."""
    made = openpyxl.Workbook()
    if hidden:
        made.active.sheet_state = "hidden"
        made.create_sheet("shown")
        made.active = 1
    for row in rows:
        made.active.append(row)
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_mark_between_cells_is_found(mark: str) -> None:
    sheet = tabular.read(f"a{mark}b\n1{mark}2\n".encode(), "t.csv")

    assert sheet.header == ("a", "b")
    assert sheet.rows[0] == tabular.Row(2, ("1", "2"))


def test_rows_are_numbered_as_a_spreadsheet_does_and_empty_ones_left_out() -> None:
    sheet = tabular.read(b"\na,b\n\n1,2\n,\n3,4\n", "t.csv")

    assert [row.number for row in sheet.rows] == [4, 6]


def test_a_workbook_gives_numbers_and_days_as_they_are() -> None:
    sheet = tabular.read(
        book(["a", "b", "c"], [1234.5, datetime.fromisoformat("2026-03-04T12:00"), True], [7, "1.234", None]), "t.xlsx"
    )

    assert sheet.rows[0].cells == (Decimal("1234.5"), date(2026, 3, 4), "yes")
    assert sheet.rows[1].cells[:2] == (Decimal(7), "1.234")


def test_a_hidden_sheet_is_not_read() -> None:
    assert tabular.read(book(["a"], ["x"], hidden=True), "t.xlsx").header == ("a",)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"a,b\n", "a header and no rows"),
        (b"\n\n", "no row with anything in it"),
        (b"a,a\n1,2\n", "two columns named a"),
        (b'a,b\n"1,2\n', "is not a CSV file"),
        (b"a\0b\n1\n", "not a text file"),
        (b"%PDF-1.7", "neither a CSV file nor an XLSX workbook"),
        (b"\xd0\xcf\x11\xe0 old excel", "neither a CSV file nor an XLSX workbook"),
        (packed("readme.txt", b"hello"), "an archive, not an XLSX workbook"),
        (packed("xl/workbook.xml", b"<a/>"), "damaged workbook|cannot be read safely"),
        (packed("xl/workbook.xml", b"0" * 30_000_000), "would unpack to"),
        (b"a\n" + b"x" * 3000 + b"\n", "a cell of more than 2,000 letters"),
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(BadFile, match=sentence):
        tabular.read(content, "t.csv")


def test_entities_inside_a_workbook_are_not_read() -> None:
    source = io.BytesIO(book(["a"], ["x"]))
    target = io.BytesIO()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for part in old.namelist():
            content = old.read(part)
            if part.endswith("sheet1.xml"):
                content = b'<!DOCTYPE a [<!ENTITY b "x">]>' + content
            new.writestr(part, content)

    with pytest.raises(BadFile, match="cannot be read safely|damaged"):
        tabular.read(target.getvalue(), "t.xlsx")


@pytest.mark.parametrize(
    ("cells", "sure"),
    [
        (["1,234.50", "12"], "point"),
        (["1.234,50", "12"], "comma"),
        (["12,5"], "comma"),
        (["12.5"], "point"),
        (["1 234,50"], "comma"),
        (["1'234.50"], "point"),
        (["12", "5"], "point"),
        (["1.234.567"], "comma"),
        (["12,34,567.00"], "point"),
    ],
)
def test_how_amounts_are_written_is_found(cells: list[str], sure: str) -> None:
    assert styles.fit(cells, "amount").sure == sure


@pytest.mark.parametrize("cells", [["1,234"], ["1.234", "5"], ["1.234", "2,500"]])
def test_an_amount_that_can_be_read_in_two_ways_is_asked(cells: list[str]) -> None:
    found = styles.fit(cells, "amount")

    assert found.sure == ""
    assert found.example == cells[0]


def test_one_clear_cell_decides_for_the_column() -> None:
    assert styles.fit(["1.234", "7,50"], "amount").sure == "comma"


@pytest.mark.parametrize(
    ("cells", "sure"),
    [
        (["2026-03-04"], "ymd"),
        (["20260304"], "ymd"),
        (["13/03/2026", "04/03/2026"], "dmy"),
        (["03/13/2026", "03/04/2026"], "mdy"),
        (["04.03.2026"], "dmy"),
        (["05/05/2026"], "dmy"),
        (["2026-03-04T12:00:00Z"], "ymd"),
    ],
)
def test_how_days_are_written_is_found(cells: list[str], sure: str) -> None:
    assert styles.fit(cells, "day").sure == sure


def test_a_day_that_can_be_read_in_two_ways_is_asked() -> None:
    assert styles.fit(["04/03/2026", "05/06/2026"], "day").sure == ""


@pytest.mark.parametrize(
    ("cell", "style", "amount"),
    [
        ("(1,234.50)", "point", "-1234.50"), ("1.234,50-", "comma", "-1234.50"), ("−5", "point", "-5"),
        (Decimal("1.234"), "comma", "1.234"),
    ],
)  # fmt: skip
def test_minus_signs_and_numbers_of_workbooks_are_understood(cell: Any, style: str, amount: str) -> None:
    assert styles.amount(cell, style) == Decimal(amount)


@pytest.mark.parametrize("cell", ["1,2.3", "abc", "1e5", "--5", "NaN"])
def test_what_is_no_amount_is_refused(cell: str) -> None:
    with pytest.raises(Unreadable, match="is not an amount"):
        styles.amount(cell, "point")


@pytest.mark.parametrize("cell", ["31/02/2026", "2026-13-01", "1899-01-01", "tomorrow"])
def test_what_is_no_day_is_refused(cell: str) -> None:
    with pytest.raises(Unreadable, match="is not a date for the due date"):
        styles.day(cell, "dmy" if "/" in cell else "ymd", what="due date")
