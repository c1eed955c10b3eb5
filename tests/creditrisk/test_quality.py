"""Data quality: what looks wrong is found, worked off or set aside; two customers that are one are merged to the cent."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import translation

from approvals import booking, gate
from creditrisk.exposure import ledger as exposure
from creditrisk.exposure.models import Entry as ExposureEntry
from creditrisk.quality import looking, merging
from creditrisk.quality.models import Finding, Merge
from creditrisk.refusal import InvalidState, Refused
from customers.models import Customer, Limit, Region, Security, Segment
from documents.drafts import NewDocument
from documents.models import Document
from ledger.models import Effect, ExchangeRate, OpenItem
from tests.cast import NOW, TODAY, Cast, after
from tests.pages import as_user, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def dario(cast: Cast) -> Client:
    return as_user(cast.dario.user)


def found(what: str) -> list[str]:
    """Look, and return what was found, which is told in Italian to an Italian."""
    looking.look(now=NOW)
    with translation.override("it"):
        assert [one.sentence for one in Finding.objects.all() if one.told == one.sentence] == []
    return list(
        Finding.objects.filter(what=what, aside_at__isnull=True).order_by("pk").values_list("sentence", flat=True)
    )


def twin(cast: Cast, code: str = "ROSSI2", name: str = "Rossi", **more: Any) -> Customer:
    made = cast.customer(code, "500")
    for field, value in {"name": name, **more}.items():
        setattr(made, field, value)
    made.save()
    return made


# -- finding -------------------------------------------------------------------------------------------------------


def test_customers_with_names_alike_are_found_and_others_not(cast: Cast) -> None:
    Customer.objects.filter(code="ROSSI").update(name="Rossi Pompe Industriali S.r.l.")
    twin(cast, name="ROSSI POMPE INDUSTRIALI SRL")

    (sentence,) = found("DUPLICATE")

    assert sentence.startswith("ROSSI Rossi Pompe Industriali S.r.l. and ROSSI2 ROSSI POMPE INDUSTRIALI SRL")


def test_numbers_that_differ_by_zeros_and_equal_tax_numbers_are_found(cast: Cast) -> None:
    twin(cast, "00123", "Alfa")
    twin(cast, "123", "Beta")
    twin(cast, "X1", "Gamma", tax_number="IT 0074 3110157")
    twin(cast, "X2", "Delta", tax_number="it00743110157")

    said = " ".join(found("DUPLICATE"))

    assert "00123 Alfa and 123 Beta: the number is the same but for leading zeros." in said
    assert "X1 Gamma and X2 Delta: the tax number is the same." in said


def test_customers_without_terms_or_limit_are_found_where_it_matters(cast: Cast) -> None:
    bare = cast.customer("BARE", None)
    Customer.objects.filter(pk=bare.pk).update(terms=None)
    idle = cast.customer("IDLE", None)
    cast.item(bare, "100", due=TODAY)

    assert found("TERMS") == ["BARE Bare has no payment terms: invoices fall due at once."]
    assert found("LIMIT") == ["BARE Bare owes and has no limit of any kind."]
    assert not Finding.objects.filter(what="LIMIT", customer=idle).exists()


@pytest.mark.parametrize("where", ["region", "segment"])
def test_terms_of_a_region_or_segment_are_terms(cast: Cast, where: str) -> None:
    owner = (Region if where == "region" else Segment).objects.create(code="X", terms=cast.terms)
    Customer.objects.filter(pk=cast.rossi.pk).update(terms=None, **{where: owner})

    assert found("TERMS") == []


def test_a_missing_rate_is_found_until_it_is_there(cast: Cast) -> None:
    booking.item(customer=cast.rossi, amount=Decimal(5), reference="U1", currency="USD", by=cast.carla, now=NOW)

    before = found("RATE")
    ExchangeRate.objects.create(source="EUR", target="USD", day=TODAY, rate=1)

    assert before == ["No rate from USD to EUR: 1 customers cannot be judged, among them ROSSI."]
    assert found("RATE") == []


def test_impossible_dates_are_found(cast: Cast) -> None:
    cast.item(cast.rossi, "5", due=TODAY + timedelta(730), reference="FINE")
    cast.item(cast.rossi, "5", due=TODAY + timedelta(731), reference="ODD")
    cast.order(cast.rossi, "5", ship_date=TODAY + timedelta(731))
    Customer.objects.filter(code="NERI").update(customer_since=TODAY + timedelta(1))

    said = found("DATE")

    assert len(said) == 3
    assert "Item ODD falls due" in " ".join(said)


def test_holes_in_a_dense_series_are_found_and_none_in_a_thin_one(cast: Cast) -> None:
    for n in (1, 2, 3, 4, 5, 7, 8, 9, 10, 11):
        cast.item(cast.rossi, "5", due=TODAY, reference=f"F-{n:03d}")
    for n in (100, 900, 5000, 70000, 800000):
        cast.item(cast.neri, "5", due=TODAY, reference=f"S{n}")

    assert found("NUMBERS") == ["Between F-005 and F-007 one number is missing."]


def test_drafts_that_were_thrown_away_leave_no_hole_and_credit_notes_have_a_series_too(cast: Cast) -> None:
    for n in range(8):
        new = NewDocument(kind="INVOICE", customer=cast.rossi, amount=Decimal(5))
        draft = gate.submit(new, "enter", by=cast.sara, now=NOW).document
        if n != 3:
            gate.submit(draft, "cancel", by=cast.sara, now=NOW)
    for n in (1, 2, 3, 4, 5, 7, 8, 9, 10, 11):
        booking.item(
            customer=cast.rossi, amount=Decimal(5), kind="CREDIT_NOTE", reference=f"C-{n:03d}", by=cast.carla, now=NOW
        )

    assert found("NUMBERS") == ["Between C-005 and C-007 one number is missing."]


def test_a_hole_in_time_is_found(cast: Cast) -> None:
    for n in range(60):
        if not 30 <= n < 44:
            cast.item(cast.rossi, "5", due=TODAY, reference=f"D{n * 37}", now=NOW - timedelta(n))

    (sentence,) = found("TIME")

    assert "15 days, where 1.3 are usual" in sentence


def test_what_is_mended_goes_and_what_was_set_aside_stays_so(cast: Cast, dario: Client) -> None:
    bare = cast.customer("BARE")
    other = cast.customer("OTHER")
    Customer.objects.filter(pk__in=[bare.pk, other.pk]).update(terms=None)
    looking.look(now=NOW)
    one = Finding.objects.get(customer=bare, what="TERMS")
    two = Finding.objects.get(customer=other, what="TERMS")

    nothing = dario.post(reverse("quality_aside", args=[two.pk]), {"reason": ""}, follow=True)
    dario.post(reverse("quality_aside", args=[two.pk]), {"reason": "pays in advance"})
    dario.post(reverse("quality_terms", args=[one.pk]), {"terms": cast.terms.pk})

    assert "Say why it is right as it is." in words(nothing)
    assert found("TERMS") == []
    assert Finding.objects.get(pk=two.pk).aside_reason == "pays in advance"
    assert Customer.objects.get(code="BARE").terms == cast.terms


def test_the_page_shows_what_waits_by_kind(cast: Cast, dario: Client) -> None:
    cast.item(cast.customer("BARE", None), "100", due=TODAY)
    empty = dario.get(reverse("quality"))

    page = dario.post(reverse("quality_look"), follow=True)

    assert "Nothing of this kind looks wrong." in words(empty)
    assert "Looked through everything" in words(page)
    assert "owes and has no limit" in words(dario.get(reverse("quality"), {"what": "LIMIT"}))


# -- merging -------------------------------------------------------------------------------------------------------


def lived(cast: Cast) -> Customer:
    """Make a second Rossi with a life: order, invoice, items, payment, effect, security, limit, branch."""
    other = twin(cast)
    cast.confirmed(other, "120")
    gate.submit(NewDocument(kind="INVOICE", customer=other, amount=Decimal(60)), "invoice", by=cast.sara, now=NOW)
    first = cast.item(other, "100", due=TODAY, reference="A1")
    second = cast.item(other, "40", due=TODAY, reference="A2")
    booking.pay(customer=other, amount=Decimal(70), items=[(first, None)], reference="P1", by=cast.carla, now=NOW)
    booking.issue_effect(
        customer=other,
        amount=Decimal(40),
        due=TODAY + timedelta(30),
        items=[second],
        number="E1",
        by=cast.carla,
        now=NOW,
    )
    Security.objects.create(customer=other, kind="GUARANTEE", amount=10, currency="EUR")
    return other


def total(customer: Customer, day: Any = None) -> Decimal:
    rows = exposure.as_of([customer.pk], day=day or after(1).date())
    return sum((row[-1] for row in rows), Decimal(0))


def test_a_merge_moves_every_euro_and_keeps_all_history(cast: Cast) -> None:
    other = lived(cast)
    cast.item(cast.rossi, "15", due=TODAY, reference="B1")
    before, mine = total(other), total(cast.rossi)
    decisions, grants = other.decisions.count(), Limit.objects.filter(customer=other).count()
    entries = ExposureEntry.objects.filter(customer_id=other.pk).count()

    merging.merge(other, cast.rossi, reason="same tax number", by=cast.dario, now=after(1))

    assert before == 250
    assert (total(other), total(cast.rossi)) == (0, before + mine)
    assert total(other, TODAY) == before
    for model in (Document, OpenItem, Effect, Security):
        assert not model._default_manager.filter(customer=other).exists()
    assert not Document.objects.filter(debtor=other).exists()
    assert (other.decisions.count(), Limit.objects.filter(customer=other).count()) == (decisions, grants)
    assert ExposureEntry.objects.filter(customer_id=other.pk).count() > entries
    assert exposure.audit().total == 0


def test_a_merged_number_is_known_as_the_one_who_stayed(cast: Cast) -> None:
    other = twin(cast)
    merging.merge(other, cast.rossi, reason="twice", by=cast.dario, now=NOW)

    suggested = words(as_user(cast.sara.user).get(reverse("customer_suggest"), {"customer": "ROSSI"}))
    booked = as_user(cast.carla.user).post(
        reverse("payment_new"),
        {"customer": "ROSSI2", "amount": "5", "day": TODAY.isoformat(), "allocation": "later", "token": "a" * 32},
    )

    assert "ROSSI2" not in suggested
    assert booked.status_code == 302
    assert OpenItem.objects.get().customer == cast.rossi


def test_references_that_both_have_tell_whose_they_were(cast: Cast) -> None:
    other = twin(cast)
    cast.item(cast.rossi, "10", due=TODAY, reference="A1")
    cast.item(other, "10", due=TODAY, reference="A1")
    shown = merging.preview(other, cast.rossi)

    merging.merge(other, cast.rossi, reason="twice", by=cast.dario, now=NOW)

    assert shown.clashes == ["A1"]
    assert set(OpenItem.objects.values_list("reference", flat=True)) == {"A1", "A1/ROSSI2"}
    assert exposure.audit().total == 0


def test_branches_bill_to_and_groups_follow(cast: Cast) -> None:
    other = twin(cast)
    branch = cast.customer("BRANCH", parent=other)
    Customer.objects.filter(pk=cast.neri.pk).update(bill_to=other)

    merging.merge(other, cast.rossi, reason="twice", by=cast.dario, now=NOW)

    branch.refresh_from_db()
    cast.neri.refresh_from_db()
    assert (branch.parent, cast.neri.bill_to) == (cast.rossi, cast.rossi)


def test_a_head_merged_into_its_branch_leaves_no_ring(cast: Cast) -> None:
    head = twin(cast)
    Customer.objects.filter(pk=cast.rossi.pk).update(parent=head)

    merging.merge(head, cast.rossi, reason="twice", by=cast.dario, now=NOW)

    cast.rossi.refresh_from_db()
    assert cast.rossi.parent is None


@pytest.mark.parametrize(("currency", "reason", "error"), [("USD", "x", "two currencies"), ("EUR", " ", "Say why")])
def test_what_cannot_be_merged_is_refused(cast: Cast, currency: str, reason: str, error: str) -> None:
    other = twin(cast, currency=currency)

    with pytest.raises(Refused, match=error):
        merging.merge(other, cast.rossi, reason=reason, by=cast.dario, now=NOW)
    with pytest.raises(Refused, match="same customer"):
        merging.merge(cast.rossi, cast.rossi, reason="x", by=cast.dario, now=NOW)
    assert not Merge.objects.exists()


def test_nobody_is_merged_twice(cast: Cast) -> None:
    other = twin(cast)
    merging.merge(other, cast.rossi, reason="twice", by=cast.dario, now=NOW)

    with pytest.raises(InvalidState, match="was merged before"):
        merging.merge(other, cast.neri, reason="again", by=cast.dario, now=NOW)
    with pytest.raises(InvalidState, match="was merged before"):
        merging.merge(cast.neri, other, reason="again", by=cast.dario, now=NOW)


def test_a_merge_is_never_edited(cast: Cast) -> None:
    made = merging.merge(twin(cast), cast.rossi, reason="twice", by=cast.dario, now=NOW)

    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE quality_merge SET reason = 'other' WHERE id = %s", [made.pk])


def test_two_customers_are_looked_at_side_by_side_and_merged(cast: Cast, dario: Client) -> None:
    twin(cast)
    address = reverse("quality_merge", args=["ROSSI", "ROSSI2"])

    page = words(dario.get(address))
    without = dario.post(address, {"stays": "ROSSI", "reason": ""})
    done = dario.post(address, {"stays": "ROSSI", "reason": "same people"}, follow=True)

    assert "Are these one customer?" in page
    assert without.status_code == 422
    assert "ROSSI2 is known as ROSSI Rossi from now on." in words(done)
    assert Merge.objects.get().into == cast.rossi
