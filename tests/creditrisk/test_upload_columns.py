"""What a file is and what its columns mean: guessed, asked where two readings fit, refused where none does."""

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from creditrisk.takeover import kinds
from creditrisk.takeover.models import KeptMapping, Upload
from ledger.models import OpenItem
from tests.cast import Cast
from tests.creditrisk.test_uploads import ITEMS, carried, checked, named, outcomes, sent, why
from tests.ledger.test_tabular import book
from tests.pages import as_user, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def dario(cast: Cast) -> Client:
    return as_user(cast.dario.user)


def test_amounts_and_days_that_can_be_read_in_two_ways_are_asked(dario: Client) -> None:
    sent(dario, "customer;reference;amount;date;due\nROSSI;A1;1.234;04/03/2026;05/03/2026\n")

    asked = named(dario)
    upload = Upload.objects.latest("pk")

    assert asked.status_code == 422
    assert "“1.234” could be read in two ways: say which." in words(asked)
    assert "“04/03/2026” could be read in two ways" in words(asked)
    assert upload.state == "COLUMNS"


def test_what_was_answered_is_taken_and_kept_by_name(dario: Client) -> None:
    content = "customer;reference;amount;date;due\nROSSI;A1;1.234;04/03/2026;05/03/2026\n"
    sent(dario, content)

    named(dario, amount_written="comma", date_written="mdy", due_written="mdy", keep_as="Branch in Texas")
    upload = Upload.objects.latest("pk")
    carried(dario, upload)

    item = OpenItem.objects.get()
    assert (item.amount, item.item_date.isoformat(), item.due.isoformat()) == (1234, "2026-04-03", "2026-05-03")
    kept = KeptMapping.objects.get(name="Branch in Texas")
    sent(dario, content.replace("A1", "A2"))
    page = dario.get(reverse("import_columns", args=[Upload.objects.latest("pk").pk]), {"kept": kept.pk})
    assert '<option value="comma" selected>' in page.content.decode()


def test_a_style_that_reads_no_cell_is_refused(dario: Client) -> None:
    sent(dario, ITEMS + "ROSSI,A1,100.50,2026-01-10,2026-02-10,EUR\n")

    assert "Written so, “100.50” cannot be read." in words(named(dario, amount_written="comma"))


def test_a_needed_column_must_be_named_and_none_twice(dario: Client) -> None:
    sent(dario, "customer,a,b,c,d\nROSSI,1,2,3,4\n")

    missing = named(dario)
    twice = named(dario, reference="a", amount="a", date="c", due="d")

    assert "Say which column this is." in words(missing)
    assert "is taken for" in words(twice)


def test_a_workbook_is_read_like_a_text_file(dario: Client) -> None:
    day, due = date(2026, 1, 10), date(2026, 2, 10)
    content = book(["customer", "reference", "amount", "date", "due"], ["ROSSI", 4711, 1.234, day, due],
                   ["ROSSI", "A2", 99.5, day, due])  # fmt: skip

    upload = checked(dario, content, name="items.xlsx")

    assert outcomes(upload) == {2: "REFUSED", 3: "CREATED"}
    assert "more decimals than EUR has" in why(upload, 2)


@pytest.mark.parametrize(
    ("content", "more", "sentence"),
    [
        (b"", {}, "The file is empty."),
        (b"PK\x03\x04broken", {}, "damaged archive"),
        ("Società,x\n1,2\n".encode("cp1252"), {}, "choose its encoding"),
        (b"a\n", {}, "a header and no rows"),
        (b"a,b\n1,2\n", {"what": "SECRETS"}, "Select a valid choice"),
        (b"a,b\n1,2\n", {"company": "NIX"}, "Select a valid choice"),
        (b"a,b\n1,2\n", {"currency": "QQQ"}, "We do not know the currency"),
    ],
)
def test_a_file_that_is_none_is_refused_at_its_field(
    dario: Client, content: bytes, more: dict[str, Any], sentence: str
) -> None:
    response = sent(dario, content, **more)

    assert response.status_code == 422
    assert sentence in words(response)
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("ROSSI,A1,0,2026-01-10,2026-02-10,EUR", "nothing is owed"),
        ("ROSSI,A1,5,2026-01-10,2026-01-09,EUR", "due date lies before the date"),
        ("ROSSI,A1,5,2099-01-10,2099-02-09,EUR", "lies in the future"),
        ("ROSSI,A1,5,2026-01-10,2026-02-10,EUX", "not a currency known to ISO 4217"),
        ("ROSSI,A1,5.001,2026-01-10,2026-02-10,EUR", "more decimals than EUR has"),
        ("ROSSI,A1,99999999999,2026-01-10,2026-02-10,EUR", "absurdly much"),
        (f"ROSSI,{'x' * 61},5,2026-01-10,2026-02-10,EUR", "longer than 60 letters"),
        ("ROSSI,A1,5,2026-01-10,2026-02-10,EUR,more", "The row has 7 cells, the header 6."),
        (",A1,5,2026-01-10,2026-02-10,EUR", "Missing: Customer number."),
    ],
)
def test_a_row_that_makes_no_sense_is_refused_with_a_sentence(dario: Client, row: str, sentence: str) -> None:
    good = "ROSSI,OK1,5.00,2026-01-10,2026-02-10,EUR\n"

    upload = checked(dario, ITEMS + good + row + "\n")

    assert outcomes(upload) == {2: "CREATED", 3: "REFUSED"}
    assert sentence in why(upload, 3)


def test_a_row_that_stands_twice_is_refused_the_second_time(dario: Client) -> None:
    row = "ROSSI,A1,5,2026-01-10,2026-02-10,EUR\n"

    upload = checked(dario, ITEMS + row + row)

    assert why(upload, 3) == "The same stands in row 2 already."


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Codice cliente;Numero fattura;Importo;Data fattura;Data scadenza;Divisa",
         {"customer": "Codice cliente", "reference": "Numero fattura", "amount": "Importo", "date": "Data fattura",
          "due": "Data scadenza", "currency": "Divisa"}),
        ("Kundennummer;Rechnungsnummer;Betrag;Rechnungsdatum;Fälligkeit",
         {"customer": "Kundennummer", "reference": "Rechnungsnummer", "amount": "Betrag", "date": "Rechnungsdatum",
          "due": "Fälligkeit"}),
        ("customerID;invoiceNumber;InvoiceAmount;InvoiceDate;DueDate",
         {"customer": "customerID", "reference": "invoiceNumber", "amount": "InvoiceAmount", "date": "InvoiceDate",
          "due": "DueDate"}),
    ],
)  # fmt: skip
def test_columns_are_guessed_in_several_languages(header: str, expected: dict[str, str]) -> None:
    assert kinds.guessed(kinds.KINDS["ITEMS"], header.split(";")) == expected
