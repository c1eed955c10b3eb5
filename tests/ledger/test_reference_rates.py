"""The central bank's rates: read from CSV, zip and XML, kept once, and never half."""

from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from creditrisk.money import MissingRate
from ledger import rates, reference_rates
from ledger.imports import ecb
from ledger.imports.delimited import BadFile
from ledger.models import ExchangeRate
from tests.ledger.test_guarded import packed

pytestmark = pytest.mark.django_db

CSV = b"Date, USD, JPY, CYP, \n2026-03-02, 1.0421, 160.55, N/A, \n2026-02-27, 1.0400, 159.9, 0.58, \n"
DAILY = b"Date, USD, JPY, \n02 March 2026, 1.0421, 160.55, \n"
XML = b"""<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
<gesmes:subject>Reference rates</gesmes:subject><Cube><Cube time='2026-03-02'><Cube currency='USD' rate='1.0421'/>
<Cube currency='JPY' rate='160.55'/></Cube></Cube></gesmes:Envelope>"""


@pytest.mark.parametrize("content", [DAILY, packed("eurofxref.csv", DAILY), XML])
def test_every_layout_says_the_same(content: bytes) -> None:
    found = ecb.read(content, "rates")

    assert found == [
        ecb.Rate(date(2026, 3, 2), "USD", Decimal("1.0421")), ecb.Rate(date(2026, 3, 2), "JPY", Decimal("160.55")),
    ]  # fmt: skip


def test_the_history_is_kept_by_day_and_what_is_not_available_left_out() -> None:
    kept = reference_rates.keep(ecb.read(CSV, "hist.csv"))

    assert (kept.new, kept.alike) == (5, 0)
    assert rates.on(date(2026, 3, 1), ["EUR", "USD"]).rate("EUR", "USD") == Decimal("1.0400")
    assert rates.on(date(2026, 3, 2), ["EUR", "USD"]).rate("EUR", "USD") == Decimal("1.0421")


def test_a_missing_rate_names_the_pair_and_the_day() -> None:
    reference_rates.keep(ecb.read(CSV, "hist.csv"))

    with pytest.raises(MissingRate, match="from USD to EUR on or before 26 Feb 2026"):
        rates.on(date(2026, 2, 26), ["EUR", "USD"]).rate("USD", "EUR")


def test_a_second_file_changes_nothing_that_is_there() -> None:
    reference_rates.keep(ecb.read(CSV, "hist.csv"))

    kept = reference_rates.keep(ecb.read(CSV.replace(b"1.0421", b"9.9"), "hist.csv"))

    assert (kept.new, kept.alike, [r.currency for r in kept.other]) == (0, 4, ["USD"])
    assert ExchangeRate.objects.get(target="USD", day=date(2026, 3, 2)).rate == Decimal("1.0421")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"Currency,USD\n2026-03-02,1\n", "its first column must be “Date”"),
        (b"Date,USD\n2026-03-02,abc\n", "“abc” for a rate of 02 Mar 2026"),
        (b"Date,USD\n2026-03-02,-1\n", "“-1” for a rate"),
        (b"Date,USD\nsoon,1\n", "“soon” where a day is wanted"),
        (b"Date,dollars\n2026-03-02,1\n", "has not three letters"),
        (b"Date,USD\n", "holds no exchange rate"),
        (b"<a/>", "holds no exchange rate"),
        (b"<a>", "not well-formed"),
    ],
)
def test_a_file_that_is_wrong_is_refused_whole(content: bytes, sentence: str) -> None:
    with pytest.raises(BadFile, match=sentence):
        ecb.read(content, "rates")


def test_the_command_tells_what_it_did(tmp_path: Path) -> None:
    (tmp_path / "eurofxref.csv").write_bytes(DAILY)
    said = StringIO()

    call_command("import_rates", tmp_path / "eurofxref.csv", stdout=said)

    assert "2 rates are new, 0 were here already." in said.getvalue()


def test_the_command_imports_nothing_of_a_bad_file(tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_bytes(b"Date,USD\n2026-03-02,1\n2026-03-03,x\n")

    with pytest.raises(CommandError, match="Nothing was imported"):
        call_command("import_rates", tmp_path / "bad.csv")
    assert not ExchangeRate.objects.exists()
