"""The pages of journals: from a selection to the posting, bad lines mended at the line, who comes second is told."""

import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from approvals import context, journals
from approvals.journals import NewLine
from approvals.models import JournalLine, JournalState, LimitJournal, RequestState
from creditrisk.clock import business_day
from tests.cast import Cast
from tests.pages import as_user, queries_of, words


@pytest.fixture
def carla(cast: Cast) -> Client:
    return as_user(cast.carla.user)


@pytest.fixture
def dario(cast: Cast) -> Client:
    return as_user(cast.dario.user)


@pytest.fixture
def journal(cast: Cast) -> LimitJournal:
    return journals.prepare("yearly review", company=None, by=cast.carla, now=timezone.now())


def put(cast: Cast, journal: LimitJournal, *customers: Any, amount: str = "1500") -> None:
    lines = [NewLine(customer, Decimal(amount), "HAND") for customer in customers]
    journals.add(journal, lines, by=cast.carla, now=timezone.now())


def at(journal: LimitJournal, what: str = "") -> str:
    return reverse(f"journal_{what}" if what else "journal", args=[journal.pk])


def limit_of(customer: Any) -> Decimal:
    return context.standing(customer, today=business_day(timezone.now())).limit.amount


def by_percent(**more: str) -> dict[str, str]:
    return {
        "by": "percent", "up": "up", "value": "10", "step": "100", "rounding": "nearest", "kind": "BASE", **more
    }  # fmt: skip


def test_from_a_selection_to_new_limits(cast: Cast, carla: Client, dario: Client) -> None:
    data = {"token": uuid.uuid4().hex, "text": "Good payers", "company": "MAIN"}
    carla.post(reverse("journal_new"), data)
    journal = LimitJournal.objects.get()

    filled = words(carla.post(at(journal, "add_selection"), by_percent(limit_from="2000"), follow=True))
    carla.post(at(journal, "send"))
    told = words(dario.post(at(journal, "decide"), {"decision": "approve all", "note": "sound"}))
    posted = words(dario.post(at(journal, "post"), follow=True))

    assert "3 lines were put in" in filled
    assert "difference 1,700.00" in filled
    assert "What came of it" in told
    assert "is posted" in posted
    assert [limit_of(c) for c in (cast.rossi, cast.verdi, cast.neri, cast.bianchi)] == [11000, 5500, 2200, 1000]


def test_a_form_sent_twice_begins_one_journal(cast: Cast, carla: Client) -> None:
    data = {"token": uuid.uuid4().hex, "text": "Good payers", "company": ""}
    carla.post(reverse("journal_new"), data)

    page = words(carla.post(reverse("journal_new"), data, follow=True))

    assert "Nothing was done twice" in page
    assert LimitJournal.objects.count() == 1


def test_a_second_posting_is_told_so(cast: Cast, journal: LimitJournal, dario: Client) -> None:
    put(cast, journal, cast.rossi)
    journals.send(journal, by=cast.carla, now=timezone.now())
    journals.approve(journal, by=cast.fiona, now=timezone.now())
    dario.post(at(journal, "post"))

    page = words(dario.post(at(journal, "post"), follow=True))

    assert "was posted on" in page
    assert "by dario. Nothing was done twice" in page


def test_lines_are_decided_one_by_one(cast: Cast, journal: LimitJournal, dario: Client) -> None:
    put(cast, journal, cast.rossi, cast.bianchi)
    journals.send(journal, by=cast.carla, now=timezone.now())

    silent = dario.post(at(journal, "decide"), {"line": ["2"], "decision": "reject", "note": ""})
    dario.post(at(journal, "decide"), {"line": ["2"], "decision": "reject", "note": "pays late"})
    dario.post(at(journal, "decide"), {"line": ["1"], "decision": "approve", "note": ""})

    states = list(journal.lines.order_by("number").values_list("request__state", flat=True))
    assert silent.status_code == 422
    assert "Say why." in words(silent)
    assert states == [RequestState.AGREED, RequestState.REJECTED]


def test_who_prepared_it_sees_no_buttons_to_agree(cast: Cast, journal: LimitJournal, carla: Client) -> None:
    put(cast, journal, cast.rossi)
    journals.send(journal, by=cast.carla, now=timezone.now())

    page = words(carla.get(at(journal)))

    assert "Agree to" not in page
    assert "Withdraw" in page


def test_bad_rows_of_a_file_are_mended_on_the_page(cast: Cast, journal: LimitJournal, carla: Client) -> None:
    file = SimpleUploadedFile("l.csv", b"customer,limit\nROSI,100\nBIANCHI,1500\n")

    page = words(carla.post(at(journal, "add_file"), {"file": file, "encoding": "utf-8", "kind": "BASE"}, follow=True))
    still = carla.post(at(journal, "lines"), {"line-1-customer": "NOBODY", "line-1-amount": "100"})
    data = {"line-1-customer": "ROSSI", "line-1-amount": "12000", "line-2-amount": "1500", "line-2-customer": "BIANCHI"}
    carla.post(at(journal, "lines"), data)

    assert "There is no customer “ROSI”" in page
    assert "1 of them are not in order" in page
    assert still.status_code == 422
    assert "There is no customer “NOBODY”" in words(still)
    assert list(journal.lines.order_by("number").values_list("amount", "error")) == [(12000, ""), (1500, "")]


@pytest.mark.parametrize(
    ("way", "more", "sentence"),
    [
        ("selection", {"value": ""}, "required"),
        ("selection", {"value": "ten"}, "not a number"),
        ("selection", {"step": "0"}, "more than 0"),
        ("selection", {"kind": "TEMPORARY"}, "needs a last day"),
        ("selection", {"used_from": "101"}, "No customer fits"),
        ("hand", {"customer": "ROSSI", "amount": "1.005"}, "no amounts as fine"),
        ("hand", {"customer": "NOBODY", "amount": "1"}, "There is no customer"),
        ("hand", {"customer": "ROSSI", "amount": ""}, "required"),
        ("file", {}, "required"),
    ],
)
def test_bad_input_gets_a_sentence_and_puts_nothing_in(
    cast: Cast, journal: LimitJournal, carla: Client, way: str, more: dict[str, str], sentence: str
) -> None:
    response = carla.post(at(journal, f"add_{way}"), by_percent(**more) | {"encoding": "utf-8"})

    assert response.status_code == 422
    assert sentence in words(response)
    assert not JournalLine.objects.exists()


def test_a_line_by_hand_and_out_again(cast: Cast, journal: LimitJournal, carla: Client) -> None:
    carla.post(at(journal, "add_hand"), {"customer": "ROSSI", "amount": "12,000", "kind": "BASE"})
    put_in = journal.lines.get().amount

    carla.post(at(journal, "lines"), {"take_out": "1", "line": ["1"]})

    assert put_in == 12000
    assert not journal.lines.exists()


def test_a_journal_of_all_companies_is_not_there_for_who_works_in_one(cast: Cast, journal: LimitJournal) -> None:
    cast.fiona.user.company_access.create(company=cast.company)

    assert as_user(cast.fiona.user).get(at(journal)).status_code == 404


def test_many_lines_cost_a_page_no_more_queries(cast: Cast, journal: LimitJournal, dario: Client) -> None:
    put(cast, journal, cast.rossi)
    few = queries_of(dario, at(journal))
    put(cast, journal, *(cast.customer(f"C{n}", "100") for n in range(12)))

    many = queries_of(dario, at(journal))

    assert many <= few + 1


def test_the_list_shows_what_is_not_posted(cast: Cast, journal: LimitJournal, dario: Client) -> None:
    gone = journals.prepare("another", company=None, by=cast.carla, now=timezone.now())
    journals.withdraw(gone, by=cast.carla, now=timezone.now())

    page = words(dario.get(reverse("journals")))
    every = words(dario.get(reverse("journals"), {"state": "all"}))

    assert "yearly review" in page
    assert "another" not in page
    assert "another" in every
    assert LimitJournal.objects.get(pk=gone.pk).state == JournalState.WITHDRAWN


def test_a_line_that_is_no_limit_says_no_use_and_names_its_row_of_the_file(cast: Cast, carla: Client) -> None:
    journal = journals.prepare("review", company=None, by=cast.carla, now=timezone.now())
    file = SimpleUploadedFile("limits.csv", b"customer;limit\nROSSI;12000\nNERI;-5\nNOBODY;1\n")
    cast.confirmed(cast.neri, "300")

    carla.post(at(journal, "add_file"), {"file": file, "encoding": "utf-8", "kind": "BASE"})
    shown = words(carla.get(at(journal)))

    assert "A limit is zero or more." in shown
    assert "Row 4 of the file: There is no customer “NOBODY”." in shown
    assert "%" not in shown.split("NERI")[1].split("A limit is zero or more.")[0]
