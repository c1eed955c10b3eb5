"""Every field that takes a file, given what bursts, reads other files, lies about its kind or is none: told in words, nothing kept."""

import io
import time
import uuid
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from approvals import attachments
from approvals.attachment_forms import FilesField
from creditrisk.running.bodies import MOST as MOST_AT_ONCE
from documents.intake import recognising
from ledger.bank import camt
from ledger.forms import FileField
from ledger.imports import ecb, guarded, tabular
from ledger.imports.delimited import BadFile
from tests import bodies
from tests.documents.test_intake import CII, fattura, ubl
from tests.documents.test_signed import wrapped
from tests.ledger.test_bank import entry, statement
from tests.ledger.test_guarded import BILLION_LAUGHS
from tests.pages import as_user, words
from tests.test_foreign_objects import Stage, everything, stage

__all__ = ["stage"]

SECRET = "the-secret-of-another-file"
QUADRATIC = b"<!DOCTYPE a [<!ENTITY b '" + b"x" * 50_000 + b"'>]><a>" + b"&b;" * 50_000 + b"</a>"
PARAMETER = b'<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x.dtd"> %x;]><a/>'


STRINGS = (
    b'<Override PartName="/xl/sharedStrings.xml" '
    b'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>'
)


def external(path: Path) -> bytes:
    return f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file://{path}">]><a>&x;</a>'.encode()


def workbook(**parts: bytes) -> bytes:
    """Write a workbook of one sheet, some of whose parts are replaced."""
    import openpyxl

    book, target = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["customer", "reference", "amount", "date", "due"])
    book.active.append(["ROSSI", "X1", 5, "2026-01-10", "2026-02-10"])
    book.save(target)
    made = io.BytesIO()
    with zipfile.ZipFile(target) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            name = part.filename.rpartition("/")[2].removesuffix(".xml")
            content = parts.get(name, old.read(part.filename))
            if part.filename == "[Content_Types].xml" and "sharedStrings" in parts:
                content = content.replace(b"</Types>", STRINGS + b"</Types>")
            new.writestr(part.filename, content)
        if "sharedStrings" in parts:
            new.writestr("xl/sharedStrings.xml", parts["sharedStrings"])
    return made.getvalue()


def sheet(*rows: tuple[int, str, str]) -> bytes:
    """Write a workbook whose sheet has these rows below a header of three: the number, the last cell's column, what is in it."""
    head = "".join(f'<c r="{column}1" t="inlineStr"><is><t>{column}</t></is></c>' for column in "ABC")
    told = "".join(
        f'<row r="{number}"><c r="{column}{min(number, tabular.LAST_ROW)}">{f"<v>{value}</v>" if value else ""}</c></row>'
        for number, column, value in rows
    )
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return workbook(
        sheet1=f'<worksheet xmlns="{main}"><sheetData><row r="1">{head}</row>{told}</sheetData></worksheet>'.encode()
    )


@cache
def far() -> dict[str, bytes]:
    """Return small files that name a place far away, or that end in very many empty cells."""
    wide = range(2, 12_000)
    return {
        "far-row.xlsx": sheet((1_000_000_000_000, "A", "1")),
        "next-row.xlsx": sheet((tabular.LAST_ROW + 1, "A", "1")),
        "huge-row.xlsx": sheet((10**4000, "A", "1")),
        "last-row.xlsx": sheet((tabular.LAST_ROW, "A", "1")),
        "far-away-columns.xlsx": sheet(*((number, "XFD", "") for number in wide)),
        "empty-away-columns.xlsx": sheet(*((number, "BXX", "") for number in wide)),
        "filled-away-columns.xlsx": sheet(*((number, "BXX", "1") for number in wide)),
        "commas.csv": b"a,b\n1,2\n" + b"," * 600_000 + b"\n",
    }


def hostile(path: Path) -> dict[str, bytes]:
    """Return the files, by name; the ending is what each claims to be."""
    xml = {"laughs": BILLION_LAUGHS, "external": external(path), "quadratic": QUADRATIC, "parameter": PARAMETER}
    sheets = {
        f"{part}-{name}.xlsx": workbook(**{part: bomb})
        for name, bomb in list(xml.items())[:2] for part in ("sharedStrings", "sheet1", "workbook", "styles")
    }  # fmt: skip
    burst = io.BytesIO()
    with zipfile.ZipFile(burst, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("eurofxref-hist.csv", b"0" * 30_000_000)
    climbing = io.BytesIO()
    with zipfile.ZipFile(climbing, "w") as archive:
        archive.writestr("../../../tmp/out.csv", b"Date, USD\n")
    return {
        "long.csv": b"Date, USD\n" + b"x" * 200_000, "longer.csv": b"x" * 200_000,
        **{f"{name}.xml": bomb for name, bomb in xml.items()},
        **{f"{name}.xml.p7m": wrapped(bomb) for name, bomb in xml.items()},
        **sheets, **far(),
        "burst.zip": burst.getvalue(), "burst.xlsx": burst.getvalue(), "climbing.zip": climbing.getvalue(),
        "empty.csv": b"", "deep.xml": b"<a>" * 5_000 + b"</a>" * 5_000, "program.pdf": b"\x7fELF" + b"\0" * 500,
        "page.xml": b"<html><script>alert(1)</script></html>", "page.html": b"<script>alert(1)</script>",
        "picture.svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "noise.csv": bytes(range(256)) * 40,
        "zeros.csv": b"\0" * 4000, "wide.csv": b"a," * 60_000, "../../etc/cron.d/x.csv": b"customer\nROSSI\n",
        f"{'n' * 400}.xml": b"<a/>", "cut.p7m": b"\x30\x82\xff\xff" + b"\x06" * 200, "nested.p7m": b"\x30\x80" * 3000,
        "odd.txt": "＝1+1\r\n\u202e".encode(), "program.exe": b"MZ" + b"\0" * 300,
    }  # fmt: skip


# door: (who, the field, what else is asked)
DOORS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "imports": ("dario", "file", {"what": "ITEMS", "encoding": "utf-8"}),
    "messages": ("dario", "file", {}),
    "rates": ("dario", "file", {}),
    "bank": ("carla", "file", {"company": "MAIN"}),
    "bank_answer": ("carla", "file", {}),
    "stopped_flags": ("carla", "file", {"source": "Bureau", "encoding": "utf-8"}),
    "journal_add_file": ("carla", "file", {"kind": "BASE", "reason": "r", "encoding": "utf-8"}),
    "limit_ask": ("sara", "files", {"state": "AMOUNT", "amount": "5", "kind": "BASE", "reason": "r"}),
    "limit_request_attach": ("sara", "files", {"note": "n"}),
    "hold_comment": ("carla", "event-files", {"event-note": "n"}),
}
# Who reads workbooks: the others know them by nothing but their beginning.
TABLES = {"imports", "stopped_flags", "journal_add_file"}
# What of it is no attack where it goes: words and tables are taken as such, and what is no document is kept beside its error.
TAKEN = {
    "imports": {"takeover_upload"},
    "messages": {"intake_message", "approvals_alert", "notices_newalert"},
    "stopped_flags": set(),
    "limit_ask": None, "limit_request_attach": None, "hold_comment": None,
}  # fmt: skip


def test_no_field_of_a_file_is_burst_or_fooled(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text(SECRET)
    arguments = {
        **stage.arguments, "limit_ask": ["OWNED"], "hold_comment": [stage.own.hold.pk],
        "limit_request_attach": [stage.own.customer.limit_requests.get().pk],
    }  # fmt: skip
    files, wrong = hostile(tmp_path / "secret.txt"), []
    assert len(files) > 30

    for at, (door, (person, field, more)) in enumerate(DOORS.items()):
        client = as_user(getattr(stage.cast, person).user)
        client.raise_request_exception = False
        after = everything()
        for number, (name, content) in enumerate(files.items()):
            sheet = name.count("-") == 1 and name.endswith(".xlsx")
            if (sheet and door not in TABLES) or (not sheet and number > 9 and (number + at) % 3):
                continue  # Bombs go everywhere, sheets to whoever reads them, of the rest a third to each.
            before = after
            body = {**more, field: SimpleUploadedFile(name, content)}
            if door == "limit_ask":
                body["token"] = uuid.uuid4().hex
            answer = client.post(reverse(door, args=arguments.get(door, [])), body)
            after = everything()
            changed = {table for table in after if after[table] != before[table]}
            fooled = (TAKEN.get(door, set()) is not None and changed - TAKEN.get(door, set())) or any(
                name.endswith(ending) and changed
                for ending in (".exe", ".html", ".svg", ".pdf")
                if TAKEN.get(door, set()) is None
            )
            if answer.status_code >= 500 or fooled or SECRET in words(answer):
                wrong.append((door, name[:60], answer.status_code, sorted(changed)))

    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.parametrize("bomb", [BILLION_LAUGHS, QUADRATIC, PARAMETER])
@pytest.mark.parametrize("reader", ["camt", "message", "signed message", "rates", "sheet", "strings"])
def test_every_reader_of_xml_refuses_entities(bomb: bytes, reader: str) -> None:
    with pytest.raises(BadFile):
        match reader:
            case "camt":
                camt.read(bomb, "x.xml")
            case "message":
                recognising.read(bomb, "x.xml")
            case "signed message":
                recognising.read(wrapped(bomb), "x.xml.p7m")
            case "rates":
                list(ecb.read(bomb, "x.xml"))
            case "sheet":
                tabular.read(workbook(sheet1=bomb), "x.xlsx")
            case "strings":
                tabular.read(workbook(sharedStrings=bomb), "x.xlsx")


FAR = {
    "far-row.xlsx": "names a row below row 1,048,576", "next-row.xlsx": "names a row below row 1,048,576",
    "huge-row.xlsx": "names a row below row 1,048,576", "last-row.xlsx": "", "far-away-columns.xlsx": "16,384 columns in row 2",
    "empty-away-columns.xlsx": "more than 20,000,000 cells", "filled-away-columns.xlsx": "more than 20,000,000 cells",
    "commas.csv": "",
}  # fmt: skip


@pytest.mark.parametrize("name", FAR)
def test_a_place_far_away_is_not_walked_to(name: str) -> None:
    content, began = far()[name], time.process_time()

    if FAR[name]:
        with pytest.raises(BadFile, match=FAR[name]):
            tabular.read(content, name)
    else:
        assert len(tabular.read(content, name).rows) == 1

    assert len(content) < 700_000
    assert time.process_time() - began < 20, "seconds of a processor"


@pytest.mark.parametrize("sound", [statement(entry("1.00")), ubl(), CII, fattura("A1")])
def test_a_sound_file_with_a_document_type_is_refused(sound: bytes) -> None:
    head, mark, rest = sound.partition(b"?>")
    touched = head + mark + b"<!DOCTYPE x>" + rest if mark else b"<!DOCTYPE x>" + sound

    with pytest.raises(BadFile, match="document type"):
        guarded.xml(touched, "x.xml")
    assert guarded.xml(sound, "x.xml") is not None


def test_every_field_of_a_file_asks_how_large_it_is_before_it_is_read() -> None:
    large = SimpleUploadedFile("large.xml", b"<a/>")
    large.size = guarded.MOST + 1
    fields = {
        f"{form}.{name}": field
        for form, kind in bodies.forms_of_ours().items()
        for name, field in kind.base_fields.items()  # type: ignore[attr-defined]
        if isinstance(field, forms.FileField)
    }

    for at, field in fields.items():
        assert isinstance(field, (FileField, FilesField)), at
        if isinstance(field, FileField):
            with pytest.raises(forms.ValidationError, match="at most 25 MB"):
                field.clean(large)
    assert len(fields) > 8


def test_no_form_takes_more_than_may_be_sent_at_once() -> None:
    taken = {
        form: sum(
            attachments.MOST_FILES * attachments.MOST_BYTES if isinstance(field, FilesField) else guarded.MOST
            for field in kind.base_fields.values()  # type: ignore[attr-defined]
            if isinstance(field, forms.FileField)
        )
        for form, kind in bodies.forms_of_ours().items()
    }

    typed = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    assert max(taken.values()) + typed < MOST_AT_ONCE < 2 * max(taken.values())
