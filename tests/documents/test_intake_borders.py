"""Messages between companies: nobody moves what another company's numbers name, and nobody is told what is not theirs."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from creditrisk.decisions.models import Decision
from creditrisk.refusal import Refused
from creditrisk.roles import Actor
from customers.models import Company, CompanyAccess, Customer
from documents.intake import receiving
from documents.intake.models import Message, PartyKey
from documents.models import Document
from tests.cast import Cast, policy
from tests.documents.test_intake import LATER, received, ubl
from tests.pages import as_user, words

pytestmark = pytest.mark.django_db

KEY = "IT00743110157"


@pytest.fixture
def other(cast: Cast) -> Company:
    """Another company, in which Fiona works, while Dario goes on working in all."""
    made = Company.objects.create(code="OTHER", name="Other", currency="EUR")
    CompanyAccess.objects.create(user=cast.fiona.user, company=made)
    vars(cast.fiona.user).pop("_creditrisk_companies", None)
    return made


@pytest.fixture
def theirs(cast: Cast, other: Company) -> Customer:
    """A customer of the other company."""
    made = cast.customer("THEIRS")
    Customer.objects.filter(pk=made.pk).update(company=other)
    made.refresh_from_db()
    return made


def sent(content: bytes, *, by: Actor, company: Company | None = None) -> Message:
    return receiving.receive(content, "m.xml", company=company, by=by, now=LATER)[0]


def told(key: str, customer: Customer) -> None:
    PartyKey.objects.create(key=key, customer=customer)


# -- whom a number names -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["told", "tax number"])
def test_a_number_of_a_foreign_customer_is_not_moved(cast: Cast, other: Company, theirs: Customer, way: str) -> None:
    """The message names two, so it asks who the buyer is; whoever sees one of them alone does not decide of the other."""
    if way == "told":
        told(KEY, cast.rossi)
    else:
        Customer.objects.filter(pk=cast.rossi.pk).update(tax_number=KEY)
    told("OURS", theirs)
    message = Message.objects.create(
        name="m.xml", sha256="0" * 64, content=ubl(), company=other, error="x", received_at=LATER,
        received_by=cast.fiona.user, buyer={"name": "Nobody", "keys": ["OURS", KEY]},
    )  # fmt: skip

    with pytest.raises(Refused, match="belongs to a customer whom you do not see") as refusal:
        receiving.assign(message, theirs, by=cast.fiona, now=LATER)

    assert cast.rossi.name not in str(refusal.value) and cast.rossi.code not in str(refusal.value)
    assert list(PartyKey.objects.filter(key=KEY).values_list("customer", flat=True)) == [cast.rossi.pk] * (
        way == "told"
    )
    assert received(cast, ubl("INV-9")).documents.get().customer == cast.rossi
    assert not Document.objects.filter(customer=theirs).exists()


def test_the_page_says_so_beside_the_field(cast: Cast, other: Company, theirs: Customer) -> None:
    message = sent(ubl(buyer="Unheard"), by=cast.fiona, company=other)
    told(KEY, cast.rossi)

    page = as_user(cast.fiona.user).post(reverse("message_assign", args=[message.pk]), {"customer": "THEIRS"})

    assert page.status_code == 422
    assert "belongs to a customer whom you do not see" in words(page)
    assert "ROSSI" not in words(page)


def test_whoever_sees_both_takes_the_message_in_and_the_number_stays(cast: Cast, theirs: Customer) -> None:
    message = received(cast, ubl(buyer="Unheard"))
    told(KEY, cast.rossi)
    Customer.objects.filter(pk=cast.bianchi.pk).update(tax_number="T-2")
    both = Message.objects.create(
        name="b.xml", sha256="0" * 64, content=ubl("INV-2").replace(KEY.encode(), b"T-2"), company=cast.company, error="x",
        received_at=LATER, buyer={"name": "Rossi", "keys": ["T-2"]},
    )  # fmt: skip

    for one in (message, both):
        assert receiving.assign(one, theirs, by=cast.dario, now=LATER).documents.get().customer == theirs

    assert PartyKey.objects.get().customer == cast.rossi
    assert received(cast, ubl("INV-3", buyer="Unheard")).documents.get().customer == cast.rossi
    assert received(cast, ubl("INV-4", buyer="Unheard", key="T-2")).documents.get().customer == cast.bianchi


def test_a_message_that_names_two_is_taken_in_for_the_one_who_is_said(cast: Cast) -> None:
    told("A", cast.rossi)
    told("B", cast.bianchi)
    scheme = b"</cac:PartyTaxScheme>"
    second = scheme + b"<cac:PartyTaxScheme><cbc:CompanyID>B</cbc:CompanyID>" + scheme
    message = received(cast, ubl(buyer="Unheard", key="A").replace(scheme, second))

    done = receiving.assign(message, cast.bianchi, by=cast.dario, now=LATER)

    assert (done.state, done.documents.get().customer) == ("DONE", cast.bianchi)
    assert dict(PartyKey.objects.values_list("key", "customer")) == {"A": cast.rossi.pk, "B": cast.bianchi.pk}


def test_a_tax_number_of_two_is_told_for_good_by_whoever_sees_both(
    cast: Cast, other: Company, theirs: Customer
) -> None:
    Customer.objects.filter(pk__in=[cast.rossi.pk, theirs.pk]).update(tax_number=KEY)
    bound = sent(ubl("INV-1", buyer="Unheard"), by=cast.fiona, company=other)
    free = received(cast, ubl("INV-2", buyer="Unheard"))

    bound = receiving.assign(bound, theirs, by=cast.fiona, now=LATER)
    before = PartyKey.objects.count()
    free = receiving.assign(free, cast.rossi, by=cast.dario, now=LATER)

    assert (bound.state, bound.documents.get().customer, before) == ("DONE", theirs, 0)
    assert free.documents.get().customer == cast.rossi
    assert PartyKey.objects.get().customer == cast.rossi


def test_a_name_that_was_told_takes_nothing_from_whoever_is_called_so(
    cast: Cast, other: Company, theirs: Customer
) -> None:
    """Without numbers a name is all there is: “Rossi Srl” is told to be theirs, and “Rossi” does not become theirs by it."""
    receiving.assign(
        sent(ubl(buyer="Rossi Srl", key=""), by=cast.fiona, company=other), theirs, by=cast.fiona, now=LATER
    )
    Customer.objects.filter(pk=cast.rossi.pk).update(tax_number=KEY)

    by_number = received(cast, ubl("INV-2"))
    by_name = received(cast, ubl("INV-3", key=""))

    assert by_number.documents.get().customer == cast.rossi
    assert by_name.buyer["name"] == "Rossi"
    assert receiving.assign(by_name, cast.rossi, by=cast.dario, now=LATER).documents.get().customer == cast.rossi
    assert PartyKey.objects.get().customer == theirs


def test_a_name_in_other_letters_is_nobody_elses(cast: Cast) -> None:
    message = received(cast, ubl(buyer="Насосы", key=""))
    receiving.assign(message, cast.rossi, by=cast.dario, now=LATER)

    same, other = (
        received(cast, ubl(number, buyer=name, key="")) for number, name in (("A", "НАСОСЫ"), ("B", "Клапаны"))
    )

    assert same.documents.get().customer == cast.rossi
    assert (other.state, other.buyer["name"]) == ("DEAD", "Клапаны")


# -- the very same file --------------------------------------------------------------------------------------------


def test_what_a_stranger_sent_first_is_taken_in_for_whoever_may(cast: Cast, other: Company) -> None:
    """They learn of each other nothing: each has a message, and what became of it."""
    fiona, dario = as_user(cast.fiona.user), as_user(cast.dario.user)
    CompanyAccess.objects.create(user=cast.dario.user, company=cast.company)

    first = fiona.post(reverse("messages"), {"file": SimpleUploadedFile("m.xml", ubl())}, follow=True)
    second = dario.post(reverse("messages"), {"file": SimpleUploadedFile("m.xml", ubl())}, follow=True)
    again = fiona.post(reverse("messages"), {"file": SimpleUploadedFile("m.xml", ubl())}, follow=True)

    assert (first.status_code, second.status_code, again.status_code) == (200, 200, 200)
    assert "belongs to a company that you do not work in" in words(first)
    assert "The message is taken in." in words(second) and "here already" not in words(second)
    assert "here already" in words(again) and "belongs to a company that you do not work in" in words(again)
    assert "Invoice INV-1" not in words(again)
    assert list(Message.objects.order_by("pk").values_list("received_by__username", "state")) == [
        ("fiona", "DEAD"), ("dario", "DONE"),
    ]  # fmt: skip
    assert Document.objects.count() == 1


def test_a_stranger_is_not_told_that_a_file_was_taken_in(cast: Cast, other: Company) -> None:
    received(cast, ubl())
    fresh = ubl("INV-2")

    pages = [
        words(
            as_user(cast.fiona.user).post(
                reverse("messages"), {"file": SimpleUploadedFile("m.xml", content)}, follow=True
            )
        )
        for content in (ubl(), fresh)
    ]

    assert pages[0].replace("INV-1", "INV-2") == pages[1]
    assert "belongs to a company that you do not work in" in pages[0]


def test_whoever_sees_what_was_not_taken_in_may_send_and_try_it_again(cast: Cast, other: Company) -> None:
    mine = sent(ubl(), by=cast.fiona)

    same, tried = receiving.receive(ubl(), "m.xml", company=None, by=cast.dario, now=LATER)
    done = receiving.attempt(same, by=cast.dario, now=LATER)

    assert (same, tried, done.state) == (mine, False, "DONE")


def test_what_was_dropped_is_tried_when_it_is_sent_again(cast: Cast) -> None:
    message = received(cast, ubl(buyer="Nuova"))
    receiving.drop(message)
    cast.customer("NUOVA")

    same, tried = receiving.receive(ubl(buyer="Nuova"), "m.xml", company=cast.company, by=cast.dario, now=LATER)

    assert (same, tried, same.state) == (message, True, "DONE")


# -- who decided ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["sent", "again", "assigned"])
def test_behind_a_proxy_the_address_is_that_of_the_person(cast: Cast, settings: Any, way: str) -> None:
    policy(checkpoints={"entry": {"on": True}})
    settings.BEHIND_TLS = True
    behind = {"X-Forwarded-For": "198.51.100.7, 203.0.113.9", "X-Forwarded-Proto": "https"}
    dario = as_user(cast.dario.user)
    content = ubl("PO-1", root="Order", buyer="Rossi" if way == "sent" else "Nuova")

    dario.post(reverse("messages"), {"file": SimpleUploadedFile("m.xml", content)}, headers=behind)
    if way != "sent":
        cast.customer("NUOVA" if way == "again" else "ALTRA")
        dario.post(reverse(f"message_{'again' if way == 'again' else 'assign'}", args=[Message.objects.get().pk]),
                   {"customer": "ALTRA"}, headers=behind)  # fmt: skip

    actors = list(Decision.objects.values_list("actor", flat=True))
    assert [(a["user"], a["address"], a["channel"]) for a in actors] == [("dario", "203.0.113.9", "message")]
