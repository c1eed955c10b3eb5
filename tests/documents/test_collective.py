"""Collective invoices: what goes together, when it is due, and that nothing is invoiced twice."""

from datetime import date, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from approvals import gate, invoicing
from creditrisk.clock import business_day
from creditrisk.exposure import ledger
from customers.models import Company, CompanyAccess, PaymentTerms
from documents import collective
from documents.drafts import NewDocument
from documents.models import Document
from tests.cast import NOW, Cast, after, policy
from tests.pages import words

MONDAY = NOW  # 2 March 2026


def delivered(cast: Cast, amount: str, *, now: Any = MONDAY, customer: Any = None, **more: Any) -> Document:
    new = NewDocument(kind="DELIVERY", customer=customer or cast.rossi, amount=Decimal(amount), **more)
    return gate.submit(new, "deliver", by=cast.sara, now=now).document


def weekly(cast: Cast) -> None:
    cast.rossi.invoicing = "WEEKLY"
    cast.rossi.save()


def test_a_weeks_deliveries_go_together_and_the_next_weeks_apart(cast: Cast) -> None:
    weekly(cast)
    for amount, day in (("100", 0), ("50", 6), ("70", 7)):
        delivered(cast, amount, now=after(day))

    found = collective.waiting()

    assert [(w.invoice_by, w.total, w.count) for w in found] == [
        (date(2026, 3, 8), Decimal(150), 2),
        (date(2026, 3, 15), Decimal(70), 1),
    ]


def test_what_is_invoiced_by_itself_stays_by_itself(cast: Cast) -> None:
    weekly(cast)
    delivered(cast, "100")
    delivered(cast, "50", invoicing="DELIVERY")

    assert sorted((w.cycle, w.total) for w in collective.waiting()) == [
        ("DELIVERY", Decimal(50)),
        ("WEEKLY", Decimal(100)),
    ]


def test_other_terms_make_another_invoice(cast: Cast) -> None:
    weekly(cast)
    delivered(cast, "100")
    delivered(cast, "50", terms=PaymentTerms.objects.create(code="N60", days=60))

    assert sorted((w.terms, w.total) for w in collective.waiting()) == [("N30", Decimal(100)), ("N60", Decimal(50))]


def test_a_note_follows_the_cycle_of_its_order(cast: Cast) -> None:
    order = cast.confirmed(cast.rossi, "80", invoicing="MONTHLY")
    gate.submit(NewDocument(kind="DELIVERY", sources=(order,)), "deliver", by=cast.sara, now=MONDAY)

    (found,) = collective.waiting()

    assert (found.cycle, found.invoice_by) == ("MONTHLY", date(2026, 3, 31))


def test_it_is_due_on_its_last_day_and_late_the_day_after(cast: Cast) -> None:
    weekly(cast)
    delivered(cast, "100")

    (found,) = collective.waiting()
    sunday = date(2026, 3, 8)

    assert [(found.is_due(day), found.is_late(day)) for day in (sunday - timedelta(days=1), sunday)] == [
        (False, False),
        (True, False),
    ]
    assert found.is_late(sunday + timedelta(days=1))


def test_one_invoice_takes_over_all_its_notes_to_the_cent(cast: Cast) -> None:
    weekly(cast)
    notes = [delivered(cast, amount) for amount in ("100.01", "0.99")]

    (made,) = invoicing.produce(collective.waiting(), post=True, by=cast.carla, now=after(7))

    assert made.invoice is not None
    assert (made.invoice.state, made.invoice.total) == ("POSTED", Decimal(101))
    assert {d.state for d in Document.objects.filter(pk__in=[n.pk for n in notes])} == {"INVOICED"}
    assert collective.waiting() == []
    assert ledger.audit().total == 0


def test_what_was_invoiced_meanwhile_is_refused_and_not_invoiced_twice(cast: Cast) -> None:
    weekly(cast)
    delivered(cast, "100")
    seen = collective.waiting()
    invoicing.produce(seen, post=False, by=cast.carla, now=after(7))

    (again,) = invoicing.produce(seen, post=False, by=cast.carla, now=after(7))

    assert again.refused
    assert Document.objects.filter(kind="INVOICE").count() == 1


def test_one_that_is_held_stops_no_other(cast: Cast) -> None:
    policy(checkpoints={"invoice": {"on": True}})
    delivered(cast, "100")
    delivered(cast, "900", customer=cast.bianchi)
    cast.item(cast.bianchi, "500", due=date(2026, 5, 1))

    made = invoicing.produce(collective.waiting(), post=False, by=cast.carla, now=MONDAY)

    assert sorted((m.waiting.customer_code, m.held) for m in made) == [("BIANCHI", True), ("ROSSI", False)]


def test_the_command_makes_what_is_due_and_nothing_more(cast: Cast) -> None:
    now = timezone.now()
    delivered(cast, "100", now=now)
    delivered(cast, "50", now=now, invoicing="MONTHLY", customer=cast.neri)
    is_last = business_day(now) == collective.waiting()[-1].invoice_by
    out = StringIO()

    call_command("invoice_deliveries", "--dry-run", stdout=out)
    before = Document.objects.filter(kind="INVOICE").count()
    call_command("invoice_deliveries", "--post", stdout=out)
    call_command("invoice_deliveries", stdout=out)

    said = out.getvalue().splitlines()
    count = 2 if is_last else 1
    assert before == 0
    assert f"{count} invoices would be made." in said
    assert said[-2:] == [f"{count} invoices made, 0 held, 0 refused.", "0 invoices made, 0 held, 0 refused."]
    assert Document.objects.filter(kind="INVOICE", state="POSTED").count() == count


def test_the_command_refuses_a_day_ahead_and_an_unknown_company(cast: Cast) -> None:
    with pytest.raises(CommandError, match="lies ahead"):
        call_command("invoice_deliveries", "--day", "2099-01-01")
    with pytest.raises(CommandError, match="There is no company NOWHERE"):
        call_command("invoice_deliveries", "--company", "NOWHERE")


def test_the_page_makes_the_chosen_ones_once(cast: Cast, sara: Client) -> None:
    delivered(cast, "100", now=timezone.now())
    address = reverse("invoices_collective")
    page = words(sara.get(address))
    (waiting,) = collective.waiting()

    first = words(sara.post(address, {"key": waiting.key}, follow=True))
    second = words(sara.post(address, {"key": waiting.key}, follow=True))
    nothing = words(sara.post(address, {}, follow=True))

    assert "1 invoice is due" in page
    assert "1 invoice was made" in first
    assert "invoiced meanwhile" in second
    assert "Choose at least one" in nothing
    assert Document.objects.filter(kind="INVOICE").count() == 1


def test_other_companies_deliveries_are_not_there(cast: Cast, sara: Client) -> None:
    delivered(cast, "100", now=timezone.now())
    other = Company.objects.create(code="OTHER", name="Other", currency="EUR")
    CompanyAccess.objects.create(user=cast.sara.user, company=other)

    assert "Nothing is due" in words(sara.get(reverse("invoices_collective")))
