"""Reads receivables from a delimited text file (CSV) under a column mapping."""

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from ledger.imports import values
from ledger.imports.mapping import BUILT_IN, ColumnMapping
from ledger.imports.report import Report


class BadFile(ValueError):
    """The file as a whole cannot be imported; the text is a sentence for people. Nothing was imported."""


@dataclass(frozen=True, slots=True)
class Receivable:
    """One row of the file, understood. A negative amount is a credit."""

    row: int
    key: str
    company: str
    customer: str
    spelled: str
    name: str
    country: str
    reference: str
    currency: str
    amount: Decimal
    item_date: date
    due: date
    terms: str
    settled_on: date | None
    disputed: bool


def _untouched(rows: Iterable[list[str]]) -> Iterable[list[str]]:
    return rows


def read(
    path: Path,
    mapping: ColumnMapping,
    report: Report,
    *,
    today: date,
    progress: Callable[[Iterable[list[str]]], Iterable[list[str]]] = _untouched,
) -> list[Receivable]:
    """This will read all rows of the file; those that cannot be understood are refused in `report`.

    A row whose key was read before is refused as a duplicate. Raises BadFile.
    """
    found: dict[str, Receivable] = {}
    lines = _rows(path, mapping)
    header = [cell.strip() for cell in next(lines)]
    _check_columns(path, header, mapping)
    for number, cells in enumerate(progress(lines), 2):
        if not any(cells):
            continue
        report.rows += 1
        if len(cells) != len(header):
            report.refuse(number, "wrong_columns", f"The row has {len(cells)} cells, the header {len(header)}.")
            continue
        row = dict(zip(header, cells, strict=True))
        if any(row[column].strip() not in allowed for column, allowed in mapping.only.items()):
            report.already["rows left out by the mapping"] += 1
            continue
        try:
            receivable = _receivable(number, row, mapping, today=today)
        except values.Unreadable as error:
            report.refuse(number, "unreadable", str(error), key=row[mapping.columns["reference"]].strip())
            continue
        if first := found.get(receivable.key):
            report.refuse(number, "duplicate", _same_key(first, receivable), key=receivable.key)
            continue
        found[receivable.key] = receivable
    if not report.rows:
        raise BadFile(f"{path.name} has a header and no rows.")
    return list(found.values())


def _rows(path: Path, mapping: ColumnMapping) -> Iterator[list[str]]:
    if not path.exists():
        raise BadFile(f"There is no file {path}.")
    if not path.is_file():
        raise BadFile(f"{path} is a folder; a file is wanted.")
    start = path.open("rb").read(4096)
    if not start.strip():
        raise BadFile(f"{path.name} is empty.")
    if start.startswith(b"PK"):
        raise BadFile(f"{path.name} is a workbook or an archive; save it as CSV first.")
    if start.startswith(b"PAR1") or b"\0" in start:
        raise BadFile(f"{path.name} is not a text file; a CSV file is wanted.")
    return _decoded(path, mapping)


def _decoded(path: Path, mapping: ColumnMapping) -> Iterator[list[str]]:
    with path.open(newline="", encoding=mapping.encoding) as lines:
        try:
            yield from csv.reader(lines, delimiter=mapping.delimiter)
        except UnicodeDecodeError as error:
            raise BadFile(
                f"{path.name} is not written in {mapping.encoding}; the mapping may name its encoding."
            ) from error
        except csv.Error as error:
            raise BadFile(f"{path.name} is not a CSV file: {error}.") from error


def _check_columns(path: Path, header: list[str], mapping: ColumnMapping) -> None:
    if missing := [column for column in mapping.wanted() if column not in header]:
        others = [name for name, other in BUILT_IN.items() if set(other.wanted()) <= set(header)]
        advice = f" It fits the mapping {' or '.join(others)}." if others else ""
        seen = values.shown(", ".join(header), most=300)
        raise BadFile(f"{path.name} lacks the column(s) {', '.join(missing)}; it has: {seen}.{advice}")
    if twice := sorted({column for column in mapping.wanted() if header.count(column) > 1}):
        raise BadFile(f"{path.name} has two columns named {', '.join(twice)}.")


def _receivable(number: int, row: dict[str, str], mapping: ColumnMapping, *, today: date) -> Receivable:
    def cell(name: str) -> str:
        column = mapping.columns.get(name)
        return row[column].strip() if column else ""

    spelled = cell("customer")
    reference = cell("reference")
    company = cell("company") or mapping.company
    if not company:
        raise values.Unreadable("No company is named; give one with --company.")
    for what, text, most in (("customer number", spelled, 40), ("reference", reference, 60), ("company", company, 20),
                             ("payment terms", cell("terms"), 20)):  # fmt: skip
        if not text and what != "payment terms":
            raise values.Unreadable(f"The {what} is missing.")
        if len(text) > most:
            raise values.Unreadable(f"The {what} “{values.shown(text)}” is longer than {most} characters.")
    customer = values.customer_code(spelled)
    unit = values.currency(cell("currency") or mapping.currency)
    amount = _amount(cell("amount"), unit, mapping)
    item_date, due, settled_on = _days(cell, mapping, today=today)
    key = f"{mapping.source}:{company}:{customer}:{reference}"
    if len(key) > 115:
        raise values.Unreadable("Company, customer and reference together are too long for a key.")
    return Receivable(
        row=number, key=key, company=company, customer=customer, spelled=spelled, name=values.name(cell("name"))[:200],
        country=(cell("country") or mapping.country), reference=reference, currency=unit, amount=amount,
        item_date=item_date, due=due, terms=cell("terms"), settled_on=settled_on,
        disputed=cell("disputed").lower() in mapping.yes,
    )  # fmt: skip


def _amount(text: str, unit: str, mapping: ColumnMapping) -> Decimal:
    amount = values.amount(text, unit, decimal_mark=mapping.decimal_mark, most=mapping.most)
    if not amount:
        raise values.Unreadable("The amount is zero: nothing is owed.")
    if amount < 0 and not mapping.credits:
        raise values.Unreadable(f"The amount {text} is negative; a mapping with “credits = true” takes credits over.")
    return amount


def _days(cell: Callable[[str], str], mapping: ColumnMapping, *, today: date) -> tuple[date, date, date | None]:
    item_date = values.day(cell("date"), mapping.dates, what="invoice date")
    due = values.day(cell("due"), mapping.dates, what="due date")
    settled_on = values.day(cell("settled"), mapping.dates, what="day of payment") if cell("settled") else None
    if item_date > today:
        raise values.Unreadable(f"The invoice date {item_date.isoformat()} lies in the future.")
    if settled_on and settled_on < item_date:
        raise values.Unreadable(
            f"It was paid on {settled_on.isoformat()}, before it was issued on {item_date.isoformat()}."
        )
    if settled_on and settled_on > today:
        raise values.Unreadable(f"The day of payment {settled_on.isoformat()} lies in the future.")
    return item_date, due, settled_on


def _same_key(first: Receivable, again: Receivable) -> str:
    facts = ("amount", "currency", "item_date", "due", "settled_on")
    differs = [name.replace("_", " ") for name in facts if getattr(first, name) != getattr(again, name)]
    if not differs:
        return f"{again.reference} of customer {again.customer} stands in row {first.row} already."
    return (
        f"{again.reference} of customer {again.customer} stands in row {first.row} already,"
        f" with another {' and '.join(differs)}; that one was taken."
    )
