"""Document numbers: a series a company, kind and year; invoices take theirs when they are issued."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from approvals import gate
from documents.drafts import NewDocument
from documents.models import Document, DocumentType
from tests.cast import NOW, Cast, policy


def invoice(cast: Cast, step: str = "invoice", *, amount: str = "100", now: datetime = NOW, **more: Any) -> Document:
    new = NewDocument(kind="INVOICE", customer=more.pop("customer", cast.rossi), amount=Decimal(amount), **more)
    return gate.submit(new, step, by=cast.sara, now=now).document


def test_numbers_follow_each_other_by_kind_and_year(cast: Cast) -> None:
    orders = [cast.order(cast.rossi, "1") for _ in range(2)]
    next_year = cast.order(cast.rossi, "1", now=datetime(2027, 1, 1, 9, tzinfo=UTC))

    assert [o.number for o in orders] == ["MAIN-SO-2026-00001", "MAIN-SO-2026-00002"]
    assert next_year.number == "MAIN-SO-2027-00001"
    assert invoice(cast).number == "MAIN-IN-2026-00001"


def test_a_draft_invoice_takes_its_number_when_it_is_issued(cast: Cast) -> None:
    draft = invoice(cast, "enter")
    before = draft.number

    issued = gate.submit(draft, "issue", by=cast.sara, now=NOW).document

    assert before.startswith("draft ")
    assert issued.number == "MAIN-IN-2026-00001"


def test_a_draft_that_is_cancelled_leaves_no_hole(cast: Cast) -> None:
    gate.submit(invoice(cast, "enter"), "cancel", by=cast.sara, now=NOW)

    assert invoice(cast).number == "MAIN-IN-2026-00001"


def test_an_invoice_that_is_held_gives_its_number_back(cast: Cast) -> None:
    held = invoice(cast, amount="1500", customer=cast.bianchi)
    other = invoice(cast)

    held.refresh_from_db()
    assert (held.state, held.number.startswith("draft ")) == ("DRAFT", True)
    assert other.number == "MAIN-IN-2026-00001"


def test_advice_on_a_draft_takes_no_number(cast: Cast) -> None:
    policy(checkpoints={"invoice": {"on": True}})
    draft = invoice(cast, "enter")

    draft.refresh_from_db()
    assert draft.number.startswith("draft ")


def test_a_year_of_issue_counts_and_not_the_year_of_the_draft(cast: Cast) -> None:
    draft = invoice(cast, "enter")

    issued = gate.submit(draft, "issue", by=cast.sara, now=datetime(2027, 1, 2, 9, tzinfo=UTC)).document

    assert issued.number == "MAIN-IN-2027-00001"


def test_a_type_with_letters_of_its_own_has_its_own_series(cast: Cast) -> None:
    export = DocumentType.objects.create(code="EXPORT", of="INVOICE", prefix="EX")

    assert invoice(cast, type=export).number == "MAIN-EX-2026-00001"
    assert invoice(cast).number == "MAIN-IN-2026-00001"


def test_a_number_that_was_typed_stays(cast: Cast) -> None:
    draft = invoice(cast, "enter", number="A-7")

    assert gate.submit(draft, "issue", by=cast.sara, now=NOW).document.number == "A-7"


def test_the_database_knows_no_issued_invoice_without_a_number(cast: Cast) -> None:
    issued = invoice(cast)

    with pytest.raises(IntegrityError), transaction.atomic():
        Document.objects.filter(pk=issued.pk).update(numbered=False)
