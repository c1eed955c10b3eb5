"""The lists of documents: what they cost, how they are narrowed, and what they say of nonsense."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from approvals import gate
from customers.models import Customer
from documents.drafts import NewDocument
from tests.cast import Cast
from tests.pages import queries_of, words


@pytest.mark.parametrize(("name", "budget"), [("orders", 11), ("deliveries", 11), ("invoices", 11)])
def test_a_list_costs_the_same_however_long(cast: Cast, sara: Client, name: str, budget: int) -> None:
    def some(count: int) -> None:
        for number in range(count):
            customer = cast.customer(f"{name}{Customer.objects.count()}", None)
            kind, step = {
                "orders": ("ORDER", "enter"), "deliveries": ("DELIVERY", "deliver"), "invoices": ("INVOICE", "invoice"),
            }[name]  # fmt: skip
            new = NewDocument(kind=kind, customer=customer, amount=Decimal(number + 1))
            gate.submit(new, step, by=cast.sara, now=timezone.now())

    some(2)
    few = queries_of(sara, reverse(name))
    some(8)

    assert queries_of(sara, reverse(name)) == few <= budget


def test_lists_are_narrowed_and_a_wrong_day_is_told(cast: Cast, sara: Client) -> None:
    cast.order(cast.rossi, "100", now=timezone.now())
    held = cast.order(cast.bianchi, "1500", now=timezone.now())
    gate.submit(held, "confirm", by=cast.sara, now=timezone.now())
    address = reverse("orders")

    only_held = words(sara.get(address, {"held": "yes"}))
    of_rossi = words(sara.get(address, {"q": "rossi"}))
    wrong = sara.get(address, {"since": "yesterday"})

    assert "1 row" in only_held
    assert held.number in only_held
    assert held.number not in of_rossi
    assert "That is not a day" in words(wrong)


def test_a_page_that_does_not_exist_becomes_the_nearest(cast: Cast, sara: Client) -> None:
    cast.order(cast.rossi, "100", now=timezone.now())

    assert sara.get(reverse("orders"), {"page": "99"}).status_code == 200
    assert sara.get(reverse("orders"), {"page": "x", "sort": "nonsense"}).status_code == 200


def test_htmx_gets_the_list_alone(cast: Cast, sara: Client) -> None:
    response = sara.get(reverse("orders"), headers={"HX-Request": "true"})

    assert "<html" not in response.content.decode()
    assert "<table" in response.content.decode()
