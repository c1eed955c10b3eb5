"""Bank statements: loaded once, matched, booked where sure, settled by hand where not; the ledger agrees to the cent."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from approvals import booking
from creditrisk.exposure import ledger as exposure
from creditrisk.refusal import InvalidState, Refused
from customers.models import Company, CompanyAccess
from ledger.bank import camt, settling
from ledger.bank.models import Entry, Statement
from ledger.imports.delimited import BadFile
from ledger.models import Allocation, OpenItem
from tests.cast import TODAY, Cast, after
from tests.ledger import realdata
from tests.pages import as_user, words

pytestmark = pytest.mark.django_db

NOW = after(30)


def entry(
    amount: str, text: str = "", payer: str = "", *, sign: str = "CRDT", ref: str = "R1", day: str = "2026-03-20",
    account: str = "", details: str = "",
) -> str:  # fmt: skip
    """Write one entry of a statement."""
    party = "Dbtr" if sign == "CRDT" else "Cdtr"
    owner = f"<{party}Acct><Id><IBAN>{account}</IBAN></Id></{party}Acct>" if account else ""
    one = details or (
        f"<TxDtls><RltdPties><{party}><Nm>{payer}</Nm></{party}>{owner}</RltdPties>"
        f"<RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls>"
    )
    return (
        f'<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd><Sts>BOOK</Sts>'
        f"<BookgDt><Dt>{day}</Dt></BookgDt><AcctSvcrRef>{ref}</AcctSvcrRef><NtryDtls>{one}</NtryDtls></Ntry>"
    )


def statement(
    *entries: str, number: str = "S1", iban: str = "IT60X0542811101000000123456", version: str = "053"
) -> bytes:
    """Write a camt.053 (or .054) of one account."""
    message, of = ("BkToCstmrStmt", "Stmt") if version == "053" else ("BkToCstmrDbtCdtNtfctn", "Ntfctn")
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{version}.001.08">'
        f"<{message}><GrpHdr><MsgId>M</MsgId></GrpHdr><{of}><Id>{number}</Id><CreDtTm>2026-03-21T06:00:00</CreDtTm>"
        f"<Acct><Id><IBAN>{iban}</IBAN></Id><Ccy>EUR</Ccy></Acct>{''.join(entries)}</{of}></{message}></Document>"
    ).encode()


def loaded(cast: Cast, *entries: str, sure: bool = False, **more: Any) -> settling.Loaded:
    return settling.load(
        statement(*entries, **more), "s.xml", company=cast.company, book_sure=sure, by=cast.carla, now=NOW
    )


def test_an_entry_is_read_with_all_that_matching_needs() -> None:
    (account,) = camt.read(statement(entry("120.50", "Fattura 41", "Rossi", account="DE02120300000000202051")), "s.xml")

    (movement,) = account.movements
    assert (movement.amount, movement.payer, movement.text) == (Decimal("120.50"), "Rossi", "Fattura 41")
    assert (movement.payer_account, movement.bank_reference) == ("DE02120300000000202051", "R1")
    assert account.account == "IT60X0542811101000000123456"


def test_money_that_goes_out_is_negative_and_pending_entries_are_not_read() -> None:
    pending = entry("5.00", ref="R2").replace("<Sts>BOOK</Sts>", "<Sts>PDNG</Sts>")

    (account,) = camt.read(statement(entry("7.00", sign="DBIT"), pending), "s.xml")

    assert [m.amount for m in account.movements] == [Decimal("-7.00")]


@pytest.mark.parametrize(("amounts", "expected"), [(("60.00", "40.00"), [60, 40]), (("60.00", "41.00"), [100])])
def test_a_collective_entry_counts_by_its_parts_where_they_add_up(amounts: Sequence[str], expected: list[int]) -> None:
    parts = "".join(f'<TxDtls><AmtDtls><TxAmt><Amt Ccy="EUR">{a}</Amt></TxAmt></AmtDtls></TxDtls>' for a in amounts)

    (account,) = camt.read(statement(entry("100.00", details=parts)), "s.xml")

    assert [m.amount for m in account.movements] == expected


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"<Document/>", "not a bank statement"),
        (b"<Document><BkToCstmrStmt/></Document>", "holds no statement"),
        (b"<Document><BkToCstmrAcctRpt/></Document>", "interim report"),
        (statement(entry("abc")), "“abc” where an amount is wanted"),
        (statement(entry("1.001")), "finer than the currency is"),
        (statement(entry("1.00", day="2026-02-31")), "where a day is wanted"),
        (statement(entry("1.00").replace("EUR", "XQX")), "ISO 4217 does not know"),
        (statement(entry("1.00"), iban=""), "without an account"),
        (statement(entry("1.00"))[:-20], "not well-formed"),
    ],
)
def test_a_statement_that_is_wrong_is_refused_whole(cast: Cast, content: bytes, sentence: str) -> None:
    with pytest.raises(BadFile, match=sentence):
        settling.load(content, "s.xml", company=cast.company, by=cast.carla, now=NOW)
    assert not Statement.objects.exists()


def test_a_statement_loaded_twice_books_once(cast: Cast) -> None:
    cast.item(cast.rossi, "100", due=TODAY, reference="FT-0041")
    first = loaded(cast, entry("100.00", "saldo FT-0041", "Rossi"), sure=True)

    again = loaded(cast, entry("100.00", "saldo FT-0041", "Rossi"), sure=True)

    assert (first.new, first.booked) == (1, 1)
    assert (again.new, again.known, again.booked) == (0, 1, 0)
    assert OpenItem.objects.filter(kind="PAYMENT").count() == 1
    assert OpenItem.objects.get(reference="FT-0041").open_amount == 0
    assert exposure.audit().total == 0


def test_the_same_movement_in_a_notification_and_in_the_statement_is_one(cast: Cast) -> None:
    loaded(cast, entry("100.00", "FT-0041", "Rossi"), number="N1", version="054")

    again = loaded(cast, entry("100.00", "FT-0041", "Rossi"), number="S1")

    assert (again.new, again.known) == (0, 1)


def test_two_movements_alike_on_one_statement_are_two(cast: Cast) -> None:
    assert loaded(cast, entry("100.00", "gift"), entry("100.00", "gift")).new == 2


def test_unsure_matches_are_proposed_and_not_booked(cast: Cast) -> None:
    cast.item(cast.rossi, "100", due=TODAY, reference="FT-0041")

    found = loaded(cast, entry("60.00", "FT-0041", "Somebody"), sure=True)

    one = Entry.objects.get()
    assert found.booked == 0
    assert (one.customer, one.state, one.confidence) == (cast.rossi, "OPEN", 75)
    assert one.proposals.get().amount == 60


def test_a_disputed_item_is_not_proposed(cast: Cast) -> None:
    item = cast.item(cast.rossi, "100", due=TODAY, reference="FT-0041")
    booking.dispute(item, disputed=True, reason="broken", by=cast.carla, now=NOW)

    loaded(cast, entry("100.00", "FT-0041", "Somebody"))

    assert not Entry.objects.get().proposals.exists()


def test_of_two_payments_of_one_item_the_second_waits(cast: Cast) -> None:
    cast.item(cast.rossi, "100", due=TODAY, reference="FT-0041")

    found = loaded(
        cast, entry("100.00", "FT-0041", "Rossi", ref="R1"), entry("100.00", "FT-0041", "Rossi", ref="R2"), sure=True
    )

    assert found.booked == 1
    assert Entry.objects.filter(state="OPEN").count() == 1
    assert exposure.audit().total == 0


def test_a_payers_account_is_learned(cast: Cast) -> None:
    cast.item(cast.rossi, "100", due=TODAY, reference="FT-0041")
    cast.item(cast.rossi, "55.55", due=TODAY, reference="FT-0042")
    loaded(cast, entry("100.00", "FT-0041", "Rossi", account="DE02120300000000202051"), sure=True)

    loaded(cast, entry("55.55", "grazie", "Zia Maria", account="DE02120300000000202051", ref="R9"), number="S2")

    assert Entry.objects.get(bank_reference="R9").customer == cast.rossi


def test_an_entry_is_booked_once_and_not_beyond_its_amount(cast: Cast) -> None:
    item = cast.item(cast.rossi, "100", due=TODAY, reference="FT-0041")
    loaded(cast, entry("80.00", "?", "?"))
    one = Entry.objects.get()

    with pytest.raises(Refused, match="Only 80.00 is left"):
        settling.book(one, customer=cast.rossi, parts=[(item, Decimal(100))], by=cast.carla, now=NOW)
    settling.book(one, customer=cast.rossi, parts=[(item, Decimal(80))], by=cast.carla, now=NOW)
    with pytest.raises(InvalidState, match="settled before"):
        settling.book(one, customer=cast.rossi, parts=[], by=cast.carla, now=NOW)
    assert Allocation.objects.get().amount == 80


def test_an_account_is_asked_for_once_and_stays_its_companys(cast: Cast) -> None:
    other = Company.objects.create(code="OTHER", name="Other", currency="EUR")
    content = statement(entry("1.00"))

    with pytest.raises(Refused, match="say whose it is"):
        settling.load(content, "s.xml", company=None, by=cast.carla, now=NOW)
    settling.load(content, "s.xml", company=cast.company, by=cast.carla, now=NOW)
    settling.load(statement(number="S2"), "s.xml", company=None, by=cast.carla, now=NOW)
    with pytest.raises(Refused, match="is MAIN's"):
        settling.load(statement(number="S3"), "s.xml", company=other, by=cast.carla, now=NOW)


# -- pages ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def carla(cast: Cast) -> Client:
    return as_user(cast.carla.user)


def upload(client: Client, content: bytes, **more: Any) -> Any:
    data = {"file": SimpleUploadedFile("s.xml", content), "company": "MAIN", **more}
    return client.post(reverse("bank"), data, follow=True)


def test_a_statement_is_loaded_and_the_sure_ones_booked_by_one_press(carla: Client, cast: Cast) -> None:
    cast.item(cast.rossi, "100", due=TODAY, reference="FT-0041")
    page = upload(carla, statement(entry("100.00", "FT-0041", "Rossi"), entry("33.00", "?", "Zia", ref="R2")))

    booked = carla.post(reverse("bank_book_sure"), follow=True)

    assert "2 new entries, 0 were here already, 0 booked." in words(page)
    assert "Book 1 sure match" in words(page)
    assert "1 payments are booked." in words(booked)
    assert "Zia" in words(booked)


def test_what_did_not_match_is_settled_on_its_page(carla: Client, cast: Cast) -> None:
    item = cast.item(cast.rossi, "100", due=TODAY, reference="FT-0041")
    upload(carla, statement(entry("33.00", "?", "Zia")))
    one = Entry.objects.get()
    address = reverse("bank_entry", args=[one.pk])

    shown = carla.post(address, {"customer": "ROSSI", "look": "1"})
    response = carla.post(address, {"customer": "ROSSI", f"item_{item.pk}": "33.00"}, follow=True)

    assert "FT-0041" in words(shown)
    assert "is booked" in words(response)
    assert OpenItem.objects.get(reference="FT-0041").open_amount == 67
    assert exposure.audit().total == 0


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"customer": ""}, "required"),
        ({"customer": "NIX"}, "There is no customer “NIX”"),
        ({"customer": "ROSSI", "amount": "33.01"}, "is allocated, but only 33.00 is there"),
        ({"customer": "ROSSI", "amount": "1.234,5"}, "could be read in two ways"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(
    carla: Client, cast: Cast, typed: dict[str, str], sentence: str
) -> None:
    item = cast.item(cast.rossi, "100", due=TODAY, reference="FT-0041")
    upload(carla, statement(entry("33.00", "?", "Zia")))
    data = {"customer": typed["customer"], f"item_{item.pk}": typed.get("amount", "")}

    response = carla.post(reverse("bank_entry", args=[Entry.objects.get().pk]), data)

    assert response.status_code == 422
    assert sentence in words(response)
    assert Entry.objects.get().state == "OPEN"


def test_an_entry_is_left_alone_with_a_reason(carla: Client) -> None:
    upload(carla, statement(entry("3.00", "charges", "Bank", sign="DBIT")))
    address = reverse("bank_leave", args=[Entry.objects.get().pk])

    without = carla.post(address, {"note": ""}, follow=True)
    carla.post(address, {"note": "charges of March"})

    assert "Say why it is left alone." in words(without)
    assert (Entry.objects.get().state, Entry.objects.get().note) == ("LEFT", "charges of March")


def test_entries_of_companies_that_are_not_yours_are_not_there(carla: Client, cast: Cast) -> None:
    upload(carla, statement(entry("33.00", "?", "Zia")))
    other = Company.objects.create(code="OTHER", name="Other", currency="EUR")
    CompanyAccess.objects.create(user=cast.fiona.user, company=other)

    assert as_user(cast.fiona.user).get(reverse("bank_entry", args=[Entry.objects.get().pk])).status_code == 404


def test_real_statements_are_read_or_refused_with_a_sentence() -> None:
    read, said = 0, []
    for path in sorted(realdata.path("messages", "iso20022").glob("*.xml")):
        try:
            read += bool(camt.read(path.read_bytes(), path.name))
        except BadFile as error:
            said.append(str(error))
    assert read == 7
    assert sorted(said)[0] == "genkgo_camt053.v2.wrong.xml holds no statement."
