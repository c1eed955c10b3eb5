"""Every file that leaves for a spreadsheet: what somebody called themselves is never run there."""

import csv
import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone

from creditrisk import export
from customers.models import Customer
from documents.models import Document
from ledger.imports import guarded, tabular
from ledger.imports.report import Report
from ledger.models import Effect, OpenItem
from tests.cast import PEOPLE
from tests.doors import DOORS_OF_PAGES
from tests.pages import as_user
from tests.test_foreign_objects import Stage, stage
from tests.test_hostile_addresses import pages_without_argument

__all__ = ["stage"]

STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", " =", "\xa0=", "\u3000 =", "\x01=", "\x1f\x02@")
FORMULA = "cmd|' /C calc'!A0"


@pytest.mark.parametrize("start", STARTS)
def test_no_word_begins_as_a_formula(start: str) -> None:
    for harmless in (export.cell, guarded.harmless, export.plain_value):
        assert str(harmless(f"{start}{FORMULA}")).startswith("'"), (harmless, start)


MARKS = (";", "\t", "|", "\n", "\r", '; "', ';""', "; \xa0", "a;b;", ";;", '";"')


def spreadsheet(text: str, mark: str) -> list[str]:
    """Return the cells that a spreadsheet shows which parts at this mark, and knows quotes at the beginning of a cell alone."""
    return [cell for row in csv.reader(io.StringIO(text, newline=""), delimiter=mark) for cell in row]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "＝"])
@pytest.mark.parametrize("mark", MARKS)
def test_no_word_becomes_a_formula_where_cells_are_parted_otherwise(mark: str, start: str) -> None:
    typed = f"Rossi{mark}{start}{FORMULA}"

    for written in (export.line(["R1", export.cell(typed), "x"]), export.line(["R1", guarded.harmless(typed), "x"])):
        for parts_at in (",", ";", "\t", "|"):
            run = [
                c for c in spreadsheet(written, parts_at) if c.lstrip(' \xa0"').startswith(("=", "+", "-", "@", "＝"))
            ]
            assert run == [], (parts_at, written)
        (cells,) = csv.reader(io.StringIO(written, newline=""))
        assert (cells[0], cells[1].replace("'", ""), cells[2]) == ("R1", typed.replace("'", ""), "x")
        assert export.cell(cells[1]) == cells[1], "once is enough"


def test_a_cell_with_any_mark_stands_in_quotes_and_a_workbook_is_told_words_as_they_are() -> None:
    written = export.line(["a;b", "a\tb", "a|b", 'a"b', "a,b", "a b", ""])

    assert written == '"a;b","a\tb","a|b","a""b","a,b",a b,\r\n'
    assert export.plain_value("Rossi;=1") == "Rossi;=1"
    assert export.cell("Rossi; -12 a=b") == "Rossi; '-12 a=b"


def test_the_report_of_an_import_is_harmless(tmp_path: Path) -> None:
    report = Report("x.csv")
    report.refuse(2, "unknown", f"Nobody is called Rossi;={FORMULA}.", key=f"@{FORMULA}")

    report.write_csv(tmp_path / "refused.csv")

    written = (tmp_path / "refused.csv").read_text()
    assert f"'@{FORMULA}" in written and f";'={FORMULA}" in written


def cells_of(body: bytes, kind: str) -> list[Any]:
    if kind == "csv":
        return [cell for row in csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")) for cell in row]
    book = openpyxl.load_workbook(io.BytesIO(body))
    found = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert [cell.coordinate for cell in found if cell.data_type == "f"] == []
    return [cell.value for cell in found]


def test_every_export_is_harmless(stage: Stage) -> None:
    """Whatever people may type is a formula: names, numbers, references."""
    Customer.objects.update(name=f"={FORMULA}")
    for model, field in ((OpenItem, "reference"), (Effect, "number"), (Document, "number")):
        for row in model.objects.all():
            model.objects.filter(pk=row.pk).update(**{field: f"{'=+-@'[row.pk % 4]}{FORMULA}{row.pk}"})
    run, seen, files = [], 0, 0

    for name in [*pages_without_argument(), "customer_account"]:
        arguments = ["OWNED"] if name == "customer_account" else []
        roles = DOORS_OF_PAGES[name][1]
        person = next(p for p in ("dario", "fiona", *PEOPLE) if PEOPLE[p] in roles)
        client = as_user(getattr(stage.cast, person).user)
        for kind in ("csv", "xlsx"):
            answer = client.get(reverse(name, args=arguments), {"as": kind})
            if "attachment" not in answer.headers.get("Content-Disposition", ""):
                continue
            files += 1
            body = b"".join(answer) if answer.streaming else answer.content
            for cell in cells_of(body, kind):
                seen += FORMULA in str(cell)
                if isinstance(cell, str) and cell.lstrip()[:1] in ("=", "+", "-", "@") and FORMULA in cell:
                    run.append((name, kind, cell))

    assert run == []
    assert files >= 20, files
    assert seen > 50, seen


def test_refused_rows_are_harmless_and_keep_numbers(stage: Stage) -> None:
    from creditrisk.takeover import carrying

    now = timezone.now()
    rows = f'customer,reference,amount,date,due\n"={FORMULA}","A;@{FORMULA}",-5.00,2026-01-10,2026-02-10\n'
    upload = carrying.keep(
        rows.encode(), "x.csv", what="ITEMS", encoding="utf-8", company=None, currency="", by=stage.cast.dario, now=now
    )
    written = {name: fit.sure for name, fit in carrying.fits(upload, carrying.sheet_of(upload), upload.columns).items()}
    carrying.name_columns(upload, columns=upload.columns, written=written, keep_as="", by=stage.cast.dario, now=now)
    carrying.work(upload.pk, now=now)

    written = carrying.rejected_csv(upload)

    cells = cells_of(written.encode(), "csv")
    assert f"'={FORMULA}" in cells and f"A;'@{FORMULA}" in cells and "-5.00" in cells
    again = tabular.read(written.encode(), "x.csv")  # What comes back is parted as it was.
    assert again.header[:5] == ("customer", "reference", "amount", "date", "due")
    assert again.rows[0].cells[1:5] == (f"A;'@{FORMULA}", "-5.00", "2026-01-10", "2026-02-10")
