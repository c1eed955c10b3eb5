"""Receivables from files: what is taken, what is refused and with which sentence, and that nothing is taken twice."""

import csv
import json
from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from creditrisk.exposure import ledger as exposure
from creditrisk.takeover.parties import round_figure
from customers.models import Company, CreditAccount, Customer, Limit, PaymentTerms
from ledger.imports import mapping, values
from ledger.models import Allocation, OpenItem

pytestmark = pytest.mark.django_db

HEADER = "customer,name,company,reference,date,due,currency,amount,terms,settled,disputed"
COLUMNS = {name: name for name in HEADER.split(",")}


def file(folder: Path, *rows: str, header: str = HEADER, name: str = "items.csv") -> Path:
    """Write a small file of receivables."""
    path = folder / name
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def mapped(folder: Path, **settings: object) -> str:
    """Write a mapping for it and return its path."""
    path = folder / "mapping.json"
    path.write_text(json.dumps({"source": "test", "columns": COLUMNS, **settings}))
    return str(path)


def imported(path: Path, **options: object) -> str:
    """Run the command and return what it said."""
    said = StringIO()
    options.setdefault("mapping", mapped(path.parent))
    call_command("import_receivables", path, stdout=said, verbosity=0, **options)
    return said.getvalue()


def row(reference: str = "A1", customer: str = "0001234", amount: str = "100.00", **other: str) -> str:
    cells = {
        "customer": customer, "name": "Rossi", "company": "C1", "reference": reference, "date": "2024-01-10",
        "due": "2024-02-09", "currency": "EUR", "amount": amount, "terms": "N30", "settled": "", "disputed": "",
    } | other  # fmt: skip
    return ",".join(cells[name] for name in HEADER.split(","))


def open_total() -> Decimal:
    return sum((item.open_amount for item in OpenItem.objects.all()), Decimal(0))


def test_items_come_with_their_customers_companies_terms_and_credit_accounts(tmp_path: Path) -> None:
    imported(file(tmp_path, row("A1"), row("A2", amount="50.5")))

    customer = Customer.objects.get()
    assert (customer.code, customer.name, customer.currency, customer.company.code) == ("1234", "Rossi", "EUR", "C1")
    assert customer.terms == PaymentTerms.objects.get(code="N30", days=30)
    assert CreditAccount.objects.filter(customer=customer).exists()
    assert not Limit.objects.exists()
    assert open_total() == Decimal("150.5")
    assert exposure.audit().total == 0


def test_customer_numbers_with_and_without_leading_zeros_are_one_customer_and_names_make_no_new_ones(
    tmp_path: Path,
) -> None:
    said = imported(
        file(
            tmp_path,
            row("A1", "000123"), row("A2", "123", name="Rossi Srl"), row("A3", "123", name="Rossi Srl"),
            row("A4", "CC0123", name="Bianchi"),
        )
    )  # fmt: skip

    assert dict(Customer.objects.values_list("code", "name")) == {"123": "Rossi Srl", "CC0123": "Bianchi"}
    assert "3 spellings of customer numbers are 2 customers" in said
    assert "1 customers have more than one name" in said


def test_a_customer_that_is_there_with_zeros_is_found(tmp_path: Path) -> None:
    company = Company.objects.create(code="C1", currency="EUR")
    Customer.objects.create(code="0000123", name="Rossi", company=company, currency="EUR")

    imported(file(tmp_path, row("A1", "123")))

    assert OpenItem.objects.get().customer.code == "0000123"


def test_a_second_import_doubles_nothing(tmp_path: Path) -> None:
    path = file(tmp_path, row("A1"), row("A2", settled="2024-03-01"))
    imported(path)

    said = imported(path)

    assert "there already: 2 items" in said
    assert OpenItem.objects.count() == 3
    assert open_total() == 100


def test_what_changed_since_is_refused_with_the_reason(tmp_path: Path) -> None:
    imported(file(tmp_path, row("A1"), row("A2")))

    said = imported(file(tmp_path, row("A1", amount="120"), row("A2", settled="2024-03-01")))

    assert "row 2: A1 was imported before with another amount, currency or due date." in said
    assert "row 3: A2 was imported open and is paid now: book the payment." in said
    assert open_total() == 200


def test_settled_items_are_paid_on_their_day(tmp_path: Path) -> None:
    imported(file(tmp_path, row("A1", settled="2024-03-01")))

    assert Allocation.objects.get().day == date(2024, 3, 1)
    before = exposure.as_of(None, day=date(2024, 2, 29))
    assert [(bucket, amount) for *_, bucket, _day, _currency, amount in before] == [("ITEMS", Decimal(100))]
    assert exposure.as_of(None, day=date(2024, 3, 1)) == []


def test_duplicates_are_reported_and_the_first_is_taken(tmp_path: Path) -> None:
    said = imported(file(tmp_path, row("A1"), row("A1"), row("A1", "1234", amount="7")))

    assert "row 3: A1 of customer 1234 stands in row 2 already." in said
    assert "row 4: A1 of customer 1234 stands in row 2 already, with another amount; that one was taken." in said
    assert open_total() == 100


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        (row(amount="-5"), "The amount -5 is negative; a mapping with “credits = true” takes credits over."),
        (row(amount="0"), "The amount is zero: nothing is owed."),
        (row(amount="99999999999"), "The amount 99999999999 is absurd: more than 10,000,000,000 EUR."),
        (row(amount="1e30"), "“1e30” is not an amount."),
        (row(amount="NaN"), "“NaN” is not an amount."),
        (row(amount=""), "The amount is missing."),
        (row(amount="10.005"), "The amount 10.005 has more decimals than EUR has (2)."),
        (row(amount="10.5", currency="JPY"), "The amount 10.5 has more decimals than JPY has (0)."),
        (row(currency="XXQ"), "“XXQ” is not a currency known to ISO 4217."),
        (row(currency=""), "The currency is missing."),
        (row(date="10/01/2024"), "“10/01/2024” is not a date for the invoice date; expected is YYYY-MM-DD."),
        (row(date="2024-02-30"), "“2024-02-30” is not a date for the invoice date; expected is YYYY-MM-DD."),
        (row(due=""), "The due date is missing."),
        (row(due="0024-02-09"), "The due date 0024-02-09 lies outside 1990 to 2099."),
        (row(date="2098-01-01"), "The invoice date 2098-01-01 lies in the future."),
        (row(settled="2024-01-09"), "It was paid on 2024-01-09, before it was issued on 2024-01-10."),
        (row(customer=""), "The customer number is missing."),
        (row(reference=""), "The reference is missing."),
        (row(company=""), "No company is named; give one with --company."),
        (row() + ",more", "The row has 12 cells, the header 11."),
    ],
)  # fmt: skip
def test_a_bad_row_is_refused_with_a_sentence_and_its_number(tmp_path: Path, bad: str, sentence: str) -> None:
    said = imported(file(tmp_path, row("OK"), bad))

    assert f"row 3: {sentence}" in said
    assert [item.reference for item in OpenItem.objects.all()] == ["OK"]


def test_strict_imports_nothing_when_a_row_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="nothing was imported"):
        imported(file(tmp_path, row("OK"), row("A1", amount="-5")), strict=True)

    assert not Customer.objects.exists()


def test_a_dry_run_reports_and_leaves_nothing(tmp_path: Path) -> None:
    said = imported(file(tmp_path, row("A1")), dry_run=True)

    assert "1 invoices" in said
    assert "all of it was undone" in said
    assert not Customer.objects.exists()
    assert not OpenItem.objects.exists()


def test_the_report_is_written_as_csv(tmp_path: Path) -> None:
    imported(file(tmp_path, row("A1"), row("A2", amount="-5")), report=tmp_path / "refused.csv")

    (refused,) = csv.DictReader((tmp_path / "refused.csv").open())
    assert (refused["row"], refused["reason"], refused["key"]) == ("3", "unreadable", "A2")
    assert "negative" in refused["sentence"]


def test_a_wrong_file_is_refused_whole(tmp_path: Path) -> None:
    workbook = tmp_path / "items.xlsx"
    workbook.write_bytes(b"PK\x03\x04rest")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "latin.csv").write_bytes((HEADER + "\n" + row(name="Citt\xe0")).encode("latin-1"))

    for path, sentence in (
        (tmp_path / "none.csv", "There is no file"),
        (tmp_path, "is a folder"),
        (workbook, "is a workbook or an archive; save it as CSV first"),
        (tmp_path / "empty.csv", "empty.csv is empty"),
        (tmp_path / "latin.csv", "is not written in utf-8-sig"),
        (file(tmp_path), "has a header and no rows"),
    ):
        with pytest.raises(CommandError, match=sentence):
            imported(path, mapping="generic" if path == tmp_path else mapped(tmp_path))
    assert not Customer.objects.exists()


def test_wrong_columns_are_named_with_the_mapping_that_fits(tmp_path: Path) -> None:
    header = ",".join(mapping.BUILT_IN["ibm"].wanted())

    with pytest.raises(CommandError, match=r"lacks the column\(s\) customer, .*It fits the mapping ibm\."):
        imported(file(tmp_path, "x", header=header))


def test_a_mapping_reads_other_dates_decimal_marks_and_credits(tmp_path: Path) -> None:
    columns = {"customer": "Kunde", "reference": "Beleg", "amount": "Betrag", "date": "Datum", "due": "Faellig"}
    (tmp_path / "sap.toml").write_text(
        'source = "sap"\ndates = ["%d.%m.%Y"]\ndecimal_mark = ","\ndelimiter = ";"\ncurrency = "EUR"\n'
        'company = "1000"\ncredits = true\n[columns]\n' + "\n".join(f'{k} = "{v}"' for k, v in columns.items())
    )
    path = file(
        tmp_path, "77;R1;1.234,50;31.01.2024;01.03.2024", "77;R2;-34,50;31.01.2024;01.03.2024",
        header=";".join(columns.values()),
    )  # fmt: skip

    imported(path, mapping=str(tmp_path / "sap.toml"))

    assert dict(OpenItem.objects.values_list("kind", "amount")) == {
        "INVOICE": Decimal("1234.5"), "CREDIT_NOTE": Decimal("-34.5")
    }  # fmt: skip
    assert Customer.objects.get().terms == PaymentTerms.objects.get(code="NET30")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"columns": {"customer": "a"}}, "names no column for: reference, amount, date, due"),
        ({"columns": COLUMNS | {"colour": "c"}}, "columns nobody asks for: colour"),
        ({"colour": "red"}, "unknown settings: colour"),
        ({"source": "x" * 30}, "at most 20 characters"),
    ],
)
def test_a_bad_mapping_is_refused_with_a_sentence(tmp_path: Path, settings: dict[str, object], sentence: str) -> None:
    with pytest.raises(mapping.BadMapping, match=sentence):
        mapping.find(mapped(tmp_path, **settings))


def test_limits_from_history_are_the_peak_and_a_tenth_as_a_round_figure(tmp_path: Path) -> None:
    path = file(tmp_path, row("A1", amount="1000", settled="2024-03-01"), row("A2", amount="700", date="2024-02-01"))

    imported(path, limit_from_history=True)

    granted = Limit.objects.get()
    assert (granted.amount, granted.currency, granted.valid_from) == (Decimal(1900), "EUR", date(2024, 1, 10))


@pytest.mark.parametrize(("peak", "figure"), [("1870", "1900"), ("9.5", "10"), ("101000", "110000"), ("0", "0")])
def test_round_figures_have_two_digits(peak: str, figure: str) -> None:
    assert round_figure(Decimal(peak)) == Decimal(figure)


def test_disputed_items_stand_in_their_own_bucket(tmp_path: Path) -> None:
    imported(file(tmp_path, row("A1", disputed="Yes")))

    assert [bucket for *_, bucket, _day, _currency, _amount in exposure.as_of(None)] == ["ITEMS_DISPUTED"]


def test_amounts_with_grouped_thousands_are_understood() -> None:
    assert values.amount("1,234,567.89", "EUR", most=Decimal(10**9)) == Decimal("1234567.89")
    with pytest.raises(values.Unreadable):
        values.amount("12,34", "EUR", most=Decimal(10**9))
