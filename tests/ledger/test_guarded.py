"""What the porter turns away: bombs, giants, wrong encodings, formulas; each with a sentence."""

import io
import struct
import tracemalloc
import zipfile
import zlib

import openpyxl
import pytest

from ledger.imports import guarded, tabular
from ledger.imports.delimited import BadFile

BILLION_LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><a>&b;</a>"""
EXTERNAL = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>"""


def packed(name: str, content: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return target.getvalue()


@pytest.mark.parametrize("bomb", [BILLION_LAUGHS, EXTERNAL, b"<!DOCTYPE a SYSTEM 'http://x/y.dtd'><a/>"])
def test_entities_and_document_types_are_never_read(bomb: bytes) -> None:
    with pytest.raises(BadFile, match="document type or entities of its own"):
        guarded.xml(bomb, "bomb.xml")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"<a><b></a>", "not well-formed XML: see line 1, column"),
        (b"", "is empty"),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "encoding that it names|not well-formed"),
        (b"<a>\xff\xfe</a>", "not well-formed"),
        (b"<a>" * 300 + b"</a>" * 300, "nested deeper than 200"),
    ],
)
def test_xml_that_is_none_is_refused_with_a_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(BadFile, match=sentence):
        guarded.xml(content, "odd.xml")


def test_a_file_of_200_megabytes_is_refused() -> None:
    with pytest.raises(BadFile, match="has 200 MB; at most 25 MB are taken"):
        guarded.checked_size(200 * guarded.MEGABYTE, "huge.csv")


def test_a_file_of_exactly_the_most_is_taken_and_one_byte_more_is_not() -> None:
    guarded.checked_size(guarded.MOST, "full.csv")

    with pytest.raises(BadFile, match="at most 25 MB"):
        guarded.checked_size(guarded.MOST + 1, "full.csv")


def test_a_zip_bomb_is_not_opened() -> None:
    bomb = packed("rates.csv", b"0" * 30_000_000)

    with pytest.raises(BadFile, match="would unpack to 29 MB"):
        guarded.unzipped(bomb, "bomb.zip", ending=".csv")


def lying(content: bytes, part: str, says: int, begins: bytes) -> bytes:
    """Return an archive one of whose parts says that it is so long, with the checksum of so much of it."""
    told = struct.pack("<I", zlib.crc32(begins[:says])), struct.pack("<I", says)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        info, at = archive.getinfo(part), archive.start_dir
    while content[at + 46 : at + 46 + len(part)] != part.encode():
        at += 46 + sum(struct.unpack("<HHH", content[at + 28 : at + 34]))
    made = bytearray(content)
    for where in (at + 16, info.header_offset + 14):
        made[where : where + 4], made[where + 8 : where + 12] = told
    return bytes(made)


def test_a_part_that_holds_more_than_it_says_is_never_unpacked() -> None:
    """Sixty megabytes in a workbook of 60 kB, whose directory says a thousand bytes, with the right checksum of those."""
    real = b"<styleSheet>" + b" " * 60_000_000
    with zipfile.ZipFile(book := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        with zipfile.ZipFile(io.BytesIO(workbook())) as sound:
            for one in sound.infolist():
                archive.writestr(one.filename, real if one.filename == "xl/styles.xml" else sound.read(one))
    bomb = lying(book.getvalue(), "xl/styles.xml", 1000, real)
    del real
    tracemalloc.start()

    for read in (tabular.read, guarded.archive):
        with pytest.raises(BadFile, match="lies about its size"):
            read(bomb, "bomb.xlsx")

    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


def workbook() -> bytes:
    content = io.BytesIO()
    openpyxl.Workbook().save(content)
    return content.getvalue()


def test_an_archive_of_thousands_of_parts_is_not_opened() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for number in range(guarded.MOST_PARTS + 1):
            archive.writestr(f"{number}.csv", b"x")

    with pytest.raises(BadFile, match="such files are not opened"):
        guarded.archive(target.getvalue(), "many.zip")


CSV = b"Date, USD\n" * 40


@pytest.mark.parametrize(
    ("damaged", "sentence"),
    [
        (lying(packed("rates.csv", CSV), "rates.csv", 5, CSV), "lies about its size"),
        (lying(packed("rates.csv", CSV), "rates.csv", len(CSV), b"others"), "damaged archive"),
        (packed("rates.csv", CSV).replace(b"\x08\0", b"\x0c\0"), "lies about its size"),
        (b"XX" + packed("rates.csv", CSV)[2:], "damaged archive"),
    ],
)
def test_an_archive_whose_part_is_not_what_it_says_is_refused_in_a_sentence(damaged: bytes, sentence: str) -> None:
    with pytest.raises(BadFile, match=sentence):
        guarded.unzipped(damaged, "cut.zip", ending=".csv")


def test_an_archive_of_an_ordinary_file_is_opened() -> None:
    assert guarded.unzipped(packed("rates.csv", b"Date, USD\n"), "rates.zip", ending=".csv") == b"Date, USD\n"


def test_a_damaged_archive_is_refused() -> None:
    with pytest.raises(BadFile, match="damaged archive"):
        guarded.archive(b"PK\x03\x04 and nothing more", "cut.zip")


def test_an_encoding_is_never_guessed() -> None:
    written = "Società Müller €".encode("cp1252")

    with pytest.raises(BadFile, match=r"not written in UTF-8 \(line 1\); choose its encoding"):
        guarded.text(written, "names.csv")
    assert guarded.text(written, "names.csv", encoding="cp1252") == "Società Müller €"


def test_a_byte_order_mark_says_the_encoding() -> None:
    assert guarded.text("à".encode("utf-16"), "a.csv") == "à"
    assert guarded.text("à".encode("utf-8-sig"), "a.csv", encoding="cp1252") == "à"


@pytest.mark.parametrize("formula", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", " =HYPERLINK(1)"])
def test_formulas_are_neutralised(formula: str) -> None:
    assert guarded.harmless(formula) == f"'{formula}"


def test_a_formula_behind_a_tab_is_neutralised_where_the_tab_parts_cells_too() -> None:
    assert guarded.harmless("\t=1") == "'\t'=1"


@pytest.mark.parametrize("plain", ["-12.50", "+39", "Rossi", "", "a=b", "-1,234.50"])
def test_numbers_and_words_stay_as_they_are(plain: str) -> None:
    assert guarded.harmless(plain) == plain
