"""Filling a journal: formulas to the cent, selections of customers, files with what is wrong said at the row."""

import io
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from approvals import journal_filling, journals
from approvals.journal_filling import Days, Formula, Selection
from approvals.journals import NewLine
from approvals.models import JournalLine, LimitJournal
from creditrisk.refusal import Refused
from customers.models import Company, Customer, RiskClass, Segment
from ledger.imports.delimited import BadFile
from tests.approvals.filling import of_file
from tests.cast import NOW, TODAY, Cast


def begun(cast: Cast, **more: Any) -> LimitJournal:
    return journals.prepare("yearly review", company=more.get("company"), by=cast.carla, now=NOW)


def put(cast: Cast, journal: LimitJournal, *lines: tuple[Customer, str], **more: Any) -> list[JournalLine]:
    new = [NewLine(customer, Decimal(amount), "HAND", **more) for customer, amount in lines]
    return journals.add(journal, new, by=cast.carla, now=NOW)


def select(cast: Cast, formula: Formula, selection: Selection | None = None, **common: Any) -> dict[str, Decimal]:
    found = journal_filling.of_selection(
        begun(cast), selection or Selection(), formula, Days(**common), user=cast.carla.user, day=TODAY
    )
    return {line.customer.code: line.amount for line in found.lines if line.customer and line.amount is not None}


# -- formula and selection -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "limit", "result"),
    [
        (Formula("percent", Decimal(10)), "1000", "1100"),
        (Formula("percent", Decimal(10), up=False), "1000", "900"),
        (Formula("percent", Decimal(15), step=Decimal(100)), "1000", "1200"),
        (Formula("percent", Decimal("14.99"), step=Decimal(100)), "1000", "1100"),
        (Formula("percent", Decimal(11), step=Decimal(100), rounding="up"), "1000", "1200"),
        (Formula("percent", Decimal(19), step=Decimal(100), rounding="down"), "1000", "1100"),
        (Formula("amount", Decimal(250)), "1000", "1250"),
        (Formula("amount", Decimal(1001), up=False), "1000", "0"),
        (Formula("set", Decimal(5000)), "1000", "5000"),
        (Formula("percent", Decimal("3.333"), step=Decimal(0)), "1000", "1033.33"),
    ],
)
def test_a_formula_to_the_cent(formula: Formula, limit: str, result: str) -> None:
    assert formula.of(Decimal(limit), "EUR") == Decimal(result)


def test_a_formula_keeps_to_the_decimals_of_the_currency() -> None:
    formula = Formula("percent", Decimal("3.333"), step=Decimal(0))

    assert formula.of(Decimal(1000), "JPY") == Decimal(1033)


def test_a_selection_goes_by_master_data_use_and_limit(cast: Cast) -> None:
    retail = Segment.objects.create(code="RETAIL")
    safe = RiskClass.objects.create(code="A", score_from=0, score_to=100)
    cast.rossi.segment = retail
    cast.rossi.save()
    cast.bianchi.credit_account.risk_class = safe
    cast.bianchi.credit_account.save()
    cast.confirmed(cast.bianchi, "900")
    up = Formula("percent", Decimal(10))

    by_segment = select(cast, up, Selection({"segment": retail}))
    by_class = select(cast, up, Selection({"credit_account__risk_class": safe}))
    by_use = select(cast, up, Selection(used_from=Decimal(90)))
    elsewhere = Company.objects.create(code="OTHER", name="Other", currency="EUR")
    above = select(cast, up, Selection(limit_from=Decimal(5000)))

    assert by_segment == {"ROSSI": Decimal(11000)}
    assert by_class == {"BIANCHI": Decimal(1100)}
    assert by_use == {"BIANCHI": Decimal(1100)}
    assert above == {"ROSSI": Decimal(11000), "VERDI": Decimal(5500)}
    with pytest.raises(Refused, match="No customer fits"):
        select(cast, up, Selection({"company": elsewhere}))
    with pytest.raises(Refused, match="No customer fits"):
        select(cast, up, Selection(used_from=Decimal("90.01")))


def test_a_selection_reckons_from_what_is_granted_not_from_the_insurance(cast: Cast) -> None:
    cast.bianchi.securities.create(kind="INSURANCE", amount=5000, currency="EUR", percent=90)

    assert select(cast, Formula("percent", Decimal(10)), Selection(limit_to=Decimal(1000))) == {
        "BIANCHI": Decimal(1100)
    }


def test_a_selection_tells_whom_it_passed_over(cast: Cast) -> None:
    cast.customer("NEW", None)
    journal = begun(cast)
    put(cast, journal, (cast.rossi, "1"))
    formula = Formula("percent", Decimal(10))

    found = journal_filling.of_selection(journal, Selection(), formula, Days(), user=cast.carla.user, day=TODAY)

    assert found.passed_over == {"no limit to reckon from": 1, "in this journal already": 1}
    assert [line.customer.code for line in found.lines if line.customer] == ["BIANCHI", "NERI", "VERDI"]


# -- files -----------------------------------------------------------------------------------------------------------


def test_a_file_becomes_lines_and_what_is_wrong_stands_at_the_row(cast: Cast) -> None:
    found = of_file(
        cast,
        b"Customer;Limit;From;Last day;Currency;Reason\nrossi;12000.50;2026-04-01;2026-12-31;EUR;growth\n"
        b"NOBODY;5;;;;\nBIANCHI;much;;;;\nBIANCHI;5;;;USD;\nNERI;;;;;\n",
    )

    assert (found[0].customer, found[0].amount, found[0].reason) == (cast.rossi, Decimal("12000.50"), "growth")
    assert found[0].valid_from is not None
    assert found[0].valid_from.isoformat() == "2026-04-01"
    assert [line.error for line in found[1:]] == [
        "Row 3 of the file: There is no customer “NOBODY”.",
        "Row 4 of the file: “much” is not an amount; expected is 1,234.50.",
        "Row 5 of the file: The account of BIANCHI is kept in EUR, not USD.",
        "Row 6 of the file: Missing: Limit.",
    ]


def test_a_workbook_is_read_like_a_file(cast: Cast) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Cliente", "Fido"])
    sheet.append(["ROSSI", 12000])
    content = io.BytesIO()
    book.save(content)

    (line,) = of_file(cast, content.getvalue(), "fidi.xlsx")

    assert (line.customer, line.amount) == (cast.rossi, Decimal(12000))


def test_amounts_that_can_be_read_in_two_ways_are_asked_about(cast: Cast) -> None:
    content = b"customer;limit\nROSSI;1.234\n"

    with pytest.raises(Refused, match="two ways") as asked:
        of_file(cast, content)
    (line,) = of_file(cast, content, amount="comma")

    assert asked.value.field == "amount"
    assert line.amount == Decimal(1234)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"", "empty"), (b"a,b\n1,2\n", "no column for: Customer number, Limit"), (b"%PDF-1.7", "neither a CSV file")],
)
def test_a_file_that_is_none_is_refused(cast: Cast, content: bytes, sentence: str) -> None:
    with pytest.raises(BadFile, match=sentence):
        of_file(cast, content)
