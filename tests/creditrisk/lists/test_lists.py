"""Every list of the product: columns, order, pages by key, kept views, files."""

import csv
import io
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.paginator import Page
from django.http import HttpResponse
from django.urls import reverse
from openpyxl import load_workbook

from creditrisk.lists import keyset, saved
from creditrisk.lists.keyset import Key
from creditrisk.lists.models import FirstView, SavedView
from creditrisk.tables import BaseTable
from customers.models import Customer
from ledger.models import OpenItem
from tests.cast import NOW, PEOPLE, TODAY, Cast
from tests.doors import DOORS_OF_PAGES
from tests.pages import as_user, queries_of, words
from tests.scene import Scene

# Lists inside pages that show something else first, or that are not lists of rows.
NOT_LISTS = {"search", "alerts", "hold"}


def text_of(response: Any) -> str:
    return b"".join(response.streaming_content if response.streaming else [response.content]).decode("utf-8-sig")


def rows_of(response: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text_of(response))))


def contexts(response: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in response.context or []:
        found |= one.flatten() if hasattr(one, "flatten") else dict(one)
    return found


def test_every_list_has_columns_views_csv_and_a_workbook(scene: Scene) -> None:
    lists = 0
    for name, (methods, roles) in DOORS_OF_PAGES.items():
        if (
            "GET" not in methods
            or name in NOT_LISTS
            or name in ("delivery_from", "invoice_from", "bank_flow", "list_views")
        ):
            continue
        person = next(person for person, role in PEOPLE.items() if role in roles)
        client = as_user(getattr(scene.cast, person).user)
        address = reverse(name, args=scene.arguments.get(name, []))
        shown = contexts(client.get(address))
        listed = isinstance(shown.get("table"), BaseTable) or isinstance(shown.get("page"), Page)
        if not listed:
            continue
        lists += 1
        assert shown.get("listing"), f"{name} has nothing above its list"

        head, *rows = rows_of(client.get(address, {"as": "csv"}))
        book = load_workbook(io.BytesIO(client.get(address, {"as": "xlsx"}).content)).active
        assert book is not None
        assert [str(cell.value or "") for cell in book[1]] == head, name
        assert book.max_row == len(rows) + 1, name
        if (columns := shown["listing"].columns) and len(columns) > 1:
            last = columns[-1].name
            few = contexts(client.get(address, {"columns": last}))["table"]
            assert last in [column.name for column in few.columns], name
            assert len(list(few.columns)) < len(columns), name
            narrow = rows_of(client.get(address, {"columns": last, "as": "csv"}))
            assert len(narrow[0]) <= len(list(few.columns)) + 1, name
    assert lists > 20


def test_a_file_has_figures_and_days_as_they_are_and_the_currency(cast: Cast) -> None:
    cast.item(cast.rossi, "1234.5", due=TODAY, reference="=A1")

    head, row = rows_of(as_user(cast.carla.user).get("/items/", {"as": "csv", "show": "all"}))

    values = dict(zip(head, row, strict=True))
    assert values["Open"] == "1234.50"
    assert values["Due"] == TODAY.isoformat()
    assert values["Currency"] == "EUR"
    assert values["Reference"].startswith("'=A1")


def test_pages_by_key_show_every_row_once_and_lead_back(cast: Cast) -> None:
    for n in range(60):
        cast.item(cast.rossi, "10", due=TODAY + timedelta(days=n // 10), reference=f"I{n:02}")
    client = as_user(cast.carla.user)
    seen: list[str] = []
    address, before = "/items/?sort=due", ""

    for _page in range(3):
        shown = contexts(client.get(address))["table"]
        seen += [item.reference for item in shown.keyset.rows]
        before, address = shown.keyset.before, f"/items/?sort=due&after={shown.keyset.after}"
    back = contexts(client.get(f"/items/?sort=due&before={before}"))["table"]

    assert len(seen) == len(set(seen)) == 60
    assert shown.keyset.after == ""
    assert [item.reference for item in back.keyset.rows] == seen[25:50]
    assert back.keyset.after
    assert back.keyset.before


@pytest.mark.parametrize(
    "term", ["name", "-name", "customer_since", "-customer_since", "segment__code", "-segment__code"]
)
def test_rows_without_a_value_have_their_place_among_the_pages(cast: Cast, term: str) -> None:
    for n in range(8):
        made = cast.customer(f"C{n}", None)
        made.customer_since = date(2020, 1, 1 + n // 2) if n % 2 else None
        made.save()
    found = Customer.objects.all()
    whole = list(found.order_by(term, "-pk" if term.startswith("-") else "pk"))
    seen, after, steps = [], "", 0

    while steps == 0 or after:
        page = keyset.page(found, [Key.of(term)], after=after, size=3)
        seen, after, steps = seen + page.rows, page.after, steps + 1
        back = keyset.page(found, [Key.of(term)], before=page.before, size=3).rows if page.before else []
        assert not back or back == seen[len(seen) - len(page.rows) - len(back) : len(seen) - len(page.rows)]

    assert seen == whole


@pytest.mark.parametrize("key", ["x", "bm8", "WzFd", "W251bGwsbnVsbF0", "WyJcdTAwMDAiLDFd", "WyJhIiwiYiJd"])
def test_a_key_that_is_none_begins_at_the_first_row(cast: Cast, key: str) -> None:
    cast.item(cast.rossi, "10", due=TODAY)

    response = as_user(cast.carla.user).get("/items/", {"after": key})

    assert response.status_code == 200


def test_what_is_far_down_takes_as_many_queries_as_the_first_page(cast: Cast) -> None:
    for n in range(60):
        cast.item(cast.rossi, "10", due=TODAY + timedelta(days=n), reference=f"I{n:02}")
    client = as_user(cast.carla.user)
    after = contexts(client.get("/items/?sort=due"))["table"].keyset.after

    assert queries_of(client, f"/items/?sort=due&after={after}") == queries_of(client, "/items/?sort=due")


def keep(client: Any, at: str, **typed: str) -> HttpResponse:
    return client.post("/views/", {"at": at, "name": "Mine", "role": "", **typed})


def test_a_view_is_kept_opened_and_found_again(cast: Cast) -> None:
    client = as_user(cast.carla.user)

    went = keep(client, "/items/?q=rossi&sort=-due&columns=reference,due&after=zzz")
    shown = client.get(went.headers["Location"])

    assert went.headers["Location"].startswith("/items/?q=rossi&sort=-due&columns=reference%2Cdue&view=")
    assert "Mine" in words(shown)
    assert [c.name for c in contexts(shown)["table"].columns] == ["reference", "due"]
    assert "Mine" not in words(as_user(cast.dario.user).get("/items/"))


def test_a_list_opens_with_its_first_view_until_all_is_asked_for(cast: Cast) -> None:
    client = as_user(cast.carla.user)
    keep(client, "/items/?show=overdue", first="on")

    opened = client.get("/items/")

    assert opened.status_code == 302
    assert opened.headers["Location"].startswith("/items/?show=overdue&view=")
    assert client.get("/items/?view=").status_code == 200
    assert as_user(cast.dario.user).get("/items/").status_code == 200
    view = SavedView.objects.get()
    client.post(f"/views/{view.pk}/first/", {"plain": "1"})
    assert client.get("/items/").status_code == 200


def test_a_view_is_shared_with_a_role_and_forgotten_by_its_owner_alone(cast: Cast) -> None:
    cast.carla.user.groups.add(Group.objects.get(name="credit_manager"))
    dario, carla = as_user(cast.dario.user), as_user(cast.carla.user)
    keep(dario, "/customers/?q=r", role="credit_manager", name="Team")
    view = SavedView.objects.get()

    assert "Team" in words(carla.get("/customers/"))
    assert "Team" not in words(as_user(cast.sara.user).get("/customers/"))
    carla.post(f"/views/{view.pk}/first/")
    assert carla.get("/customers/").status_code == 302
    assert "Dario" in words(carla.post(f"/views/{view.pk}/drop/", follow=True)) or SavedView.objects.exists()
    assert SavedView.objects.exists()
    keep(dario, "/customers/?q=r", name="Team")
    assert carla.get("/customers/").status_code == 200
    assert not FirstView.objects.exists()
    dario.post(f"/views/{view.pk}/drop/")
    assert not SavedView.objects.exists()


def test_a_view_without_a_name_or_for_a_role_of_others_is_refused_where_it_was_typed(cast: Cast) -> None:
    client = as_user(cast.sara.user)

    nameless, foreign = keep(client, "/orders/", name=" "), keep(client, "/orders/", role="admin")

    assert nameless.status_code == foreign.status_code == 422
    assert "This field is required." in words(nameless)
    assert not SavedView.objects.exists()


@pytest.mark.parametrize("at", ["", "/nowhere/", "//evil.example/orders/", "/portfolio/", "/login/"])
def test_only_lists_that_one_may_open_have_views(cast: Cast, at: str) -> None:
    assert as_user(cast.sara.user).get("/views/", {"at": at}).status_code == 404


def test_a_view_of_the_same_name_takes_the_place_of_the_one_before(cast: Cast) -> None:
    client = as_user(cast.carla.user)

    keep(client, "/items/?q=a")
    keep(client, "/items/?q=b")

    assert SavedView.objects.get().query == "q=b"


def test_views_of_many_people_cost_a_list_nothing(cast: Cast) -> None:
    client = as_user(cast.carla.user)
    before = queries_of(client, "/items/?view=")
    for n in range(20):
        user = User.objects.create(username=f"u{n}")
        saved.keep(user, "items", name="x", query="", role="", first=False, now=NOW)
        saved.keep(cast.carla.user, "items", name=f"x{n}", query="", role="", first=False, now=NOW)

    assert queries_of(client, "/items/?view=") == before


def test_amounts_that_are_equal_are_told_apart_by_their_row(cast: Cast) -> None:
    for n in range(7):
        cast.item(cast.rossi, "10", due=TODAY, reference=f"I{n}")
    found = OpenItem.objects.all()

    first = keyset.page(found, [Key("amount", descending=True)], size=4)
    rest = keyset.page(found, [Key("amount", descending=True)], after=first.after, size=4)

    assert {i.pk for i in first.rows} & {i.pk for i in rest.rows} == set()
    assert first.rows[0].amount == Decimal(10)
    assert (first.count, first.counted_all) == (7, True)
