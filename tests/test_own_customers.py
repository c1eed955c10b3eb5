"""Where a company wants it sales see their own customers alone: lists, pages, search, the panel, orders. Others: 404."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from approvals import gate
from creditrisk.decisions.models import Decision
from customers import queries
from customers.models import Customer
from documents.drafts import NewDocument
from documents.models import Document
from tests.cast import Cast
from tests.doors import DOORS_OF_PAGES
from tests.pages import as_user, words
from tests.scene import Scene

# What has an argument, opens to sales, and belongs to no customer.
NOBODYS = {"policy_version", "list_view_drop", "list_view_first"}
THEIRS = sorted(
    name for name, (_methods, roles) in DOORS_OF_PAGES.items() if "sales" in roles and name not in NOBODYS
)  # fmt: skip
LISTS = ("start", "orders", "deliveries", "invoices", "customers", "decisions", "alerts", "limit_requests", "stopped",
         "invoices_collective")  # fmt: skip


@pytest.fixture
def closed(scene: Scene) -> Scene:
    """The company wants it; every customer is somebody else's but Neri, who is Sara's."""
    scene.cast.company.own_customers_only = True
    scene.cast.company.save()
    Customer.objects.update(salesperson=scene.cast.carla.user)
    Customer.objects.filter(code="NERI").update(salesperson=scene.cast.sara.user)
    return scene


@pytest.fixture
def sara(closed: Scene) -> Client:
    return as_user(closed.cast.sara.user)


def opened(scene: Scene, client: Client, name: str, method: str) -> Any:
    address = reverse(name, args=scene.arguments[name])
    return client.get(address) if method == "GET" else client.post(address)


def test_every_page_of_another_salespersons_customer_is_not_there(closed: Scene, sara: Client) -> None:
    walked = [name for name in THEIRS if closed.arguments.get(name)]

    found = {
        (name, method): opened(closed, sara, name, method).status_code
        for name in walked for method in DOORS_OF_PAGES[name][0]
    }  # fmt: skip

    assert {at: status for at, status in found.items() if status != 404} == {}
    assert len(found) > 30


def test_the_same_pages_of_an_own_customer_are_there(closed: Scene, sara: Client) -> None:
    Customer.objects.update(salesperson=closed.cast.sara.user)
    walked = [n for n in THEIRS if n in closed.arguments and closed.arguments[n] and "GET" in DOORS_OF_PAGES[n][0]]

    found = {name: opened(closed, sara, name, "GET").status_code for name in walked}

    assert {name: status for name, status in found.items() if status != 200} == {}


@pytest.mark.parametrize("name", ["delivery_from", "invoice_from"])
def test_nothing_is_made_from_another_salespersons_document(closed: Scene, sara: Client, name: str) -> None:
    before = Document.objects.count()

    page = words(sara.post(reverse(name), {"source": closed.arguments["hold_force"][0]}, follow=True))

    assert "Rossi" not in page
    assert Document.objects.count() == before


def test_no_list_names_another_salespersons_customer(closed: Scene, sara: Client) -> None:
    pages = {name: sara.get(reverse(name), {"state": "all"} if name == "limit_requests" else {}) for name in LISTS}

    named = re.compile(r"\b(rossi|bianchi|verdi)\b", re.IGNORECASE)
    assert {name for name, page in pages.items() if named.search(page.content.decode())} == set()
    assert {page.status_code for page in pages.values()} == {200}


def test_neither_search_nor_suggestions_know_them(closed: Scene, sara: Client) -> None:
    found = words(sara.get(reverse("search"), {"q": "rossi"}, follow=True))
    suggested = sara.get(reverse("customer_suggest"), {"q": "r"}).content.decode()

    assert "ROSSI" not in found
    assert "NERI" in suggested
    assert "ROSSI" not in suggested


def test_an_order_for_them_cannot_be_typed_and_the_panel_shows_nothing(closed: Scene, sara: Client) -> None:
    data = {"customer": "ROSSI"}

    typed = sara.post(reverse("order_new"), data)
    panel = sara.post(reverse("order_new"), data, headers={"HX-Request": "true", "HX-Target": "panel"})

    assert typed.status_code == 422
    assert "There is no customer “ROSSI”" in words(typed)
    assert "Free credit" not in words(panel)
    assert "10,000.00" not in words(panel)


def test_own_customers_are_there_as_ever(closed: Scene, sara: Client) -> None:
    cast = closed.cast
    cast.neri.refresh_from_db()
    order = cast.order(cast.neri, "10", now=timezone.now())

    assert sara.get(reverse("customer", args=["NERI"])).status_code == 200
    assert sara.get(reverse("document", args=[order.pk])).status_code == 200


def test_others_see_everybody_and_so_does_sales_with_a_second_role(closed: Scene, cast_codes: set[str]) -> None:
    clerk = set(queries.visible(closed.cast.carla.user).values_list("code", flat=True))
    closed.cast.sara.user.groups.add(Group.objects.get(name="credit_clerk"))
    both = type(closed.cast.sara.user).objects.get(pk=closed.cast.sara.user.pk)

    assert clerk == cast_codes
    assert set(queries.visible(both).values_list("code", flat=True)) == cast_codes


@pytest.fixture
def cast_codes() -> set[str]:
    return {"ROSSI", "BIANCHI", "VERDI", "NERI"}


def test_a_company_that_does_not_want_it_shows_everybody(closed: Scene, cast_codes: set[str]) -> None:
    closed.cast.company.own_customers_only = False
    closed.cast.company.save()

    assert set(queries.visible(closed.cast.sara.user).values_list("code", flat=True)) == cast_codes


def test_a_customer_of_nobody_is_nobodys(closed: Scene) -> None:
    Customer.objects.filter(code="NERI").update(salesperson=None)

    assert not queries.visible(closed.cast.sara.user).exists()


def test_what_is_billed_to_an_own_customer_is_ones_own(cast: Cast) -> None:
    cast.company.own_customers_only = True
    cast.company.save()
    cast.neri.salesperson = cast.sara.user
    cast.neri.save()
    new = NewDocument(kind="ORDER", customer=cast.rossi, bill_to=cast.neri, amount=Decimal(10))
    order = gate.submit(new, "enter", by=cast.dario, now=timezone.now()).document

    assert as_user(cast.sara.user).get(reverse("document", args=[order.pk])).status_code == 200
    assert as_user(cast.sara.user).get(reverse("customer", args=["ROSSI"])).status_code == 404


def test_the_figure_of_a_head_is_the_same_and_hides_whose_it_is(cast: Cast) -> None:
    branch = cast.customer("BRANCH", "500", parent=cast.neri)
    other = cast.customer("OTHER", "500", parent=cast.neri)
    cast.company.own_customers_only = True
    cast.company.save()
    Customer.objects.filter(pk=branch.pk).update(salesperson=cast.sara.user)
    cast.confirmed(other, "100")
    cast.confirmed(branch, "50")
    decision = Decision.objects.filter(customer=branch).latest("pk")

    page = words(as_user(cast.sara.user).get(reverse("decision_behind", args=[decision.pk, 1, "open_orders"])))

    assert "150.00" in page
    assert "Other" not in page.replace("Other companies", "")
