"""Addresses as attackers write them: quotes, other alphabets, huge numbers, arrays, marks of other lists. No page breaks or shows more."""

import base64
import itertools
import json
import os
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
from django.urls import NoReverseMatch, reverse

from creditrisk.lists import keyset
from tests.cast import TODAY
from tests.doors import DOORS_OF_PAGES
from tests.filling import administered, forms_open_to
from tests.forms import forms_of
from tests.pages import as_user
from tests.scene import Scene
from tests.test_foreign_objects import Stage, stage

__all__ = ["stage"]


def mark(*values: Any) -> str:
    """Write a mark after which a page begins, as nobody's list would."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


# Percent-encoded already: what is sent is what stands here.
VALUES = [
    quote("' OR 1=1 --"), quote('"; DROP TABLE customers_customer; --'), quote("%' ESCAPE '\\"), "a%00b", "%ff%fe", "%ed%a0%80",
    quote("\U0001f986 ǅ\u202e١٢٣"), "-1", "0", "9" * 19, "9" * 5000, "1e999999", "NaN", "-Infinity", "2026-02-30", "0001-01-01",
    "9999-12-31", "0001-01-01T00:00:00%2b14:00,5", quote("<script>"), quote("../../etc/passwd"), "true", "[]", "{}", quote("a&b[]=1"),
    mark("1e999999", 5), mark("1E+999999"), mark("NaN", 5), mark("x", 2**62), mark(None, None), mark([], {}), mark("2026-01-01", "x"),
    mark("2026-01-01T00:00:00", 1), mark("\ud800", 1), mark(True, True), mark(*[1] * 9), mark("0001-01-01", 1), mark(-(2**62), 0), mark("a\0b", 1), mark("x", 10**30), mark(1.5, 1), mark([1], 1), mark({"a": 1}, 1), mark("x", None),
    "W10", "====", "bnVsbA", "//[::1", "http://[x]/",
]  # fmt: skip
ALWAYS = (
    "sort",
    "columns",
    "after",
    "before",
    "page",
    "per_page",
    "view",
    "q",
    "state",
    "as",
    "next",
    "at",
    "all",
    "customer",
)
# Of each list's parameters every one gets so many of the values; `make chaos` tries all.
TRIES = int(os.environ.get("HOSTILE", "1"))
# The one sign that no text in the database can hold, wherever words are asked for.
NULS = "&".join(f"{name}=a%00b" for name in ("q", "after", "before", "customer", "view", "next", "at"))
SEVERAL = [
    "sort=name&sort=-name&sort=;drop",
    "sort=-pk&sort=id__gt",
    "sort=password",
    "sort=customer__company__code&columns=password",
]


def pages_without_argument() -> list[str]:
    found = []
    for name, (methods, _roles) in DOORS_OF_PAGES.items():
        if "GET" not in methods:
            continue
        try:
            reverse(name)
        except NoReverseMatch:
            continue
        found.append(name)
    return found


def test_no_address_breaks_a_page_or_shows_what_is_another_companys(stage: Stage) -> None:
    broken = []
    values = itertools.cycle(VALUES)
    asked = 0
    clients = {person: as_user(getattr(stage.cast, person).user) for person in ("dario", "carla", "ada")}

    for name in pages_without_argument():
        roles = DOORS_OF_PAGES[name][1]
        person = next(
            p for p, r in (("dario", "credit_manager"), ("carla", "credit_clerk"), ("ada", "admin")) if r in roles
        )
        client = clients[person]
        client.raise_request_exception = False
        address = reverse(name)
        fields = {f for form in forms_of(client, address) if form.method == "get" for f in form.fields}
        names = sorted(fields | {*ALWAYS})
        queries = ["&".join(f"{field}={next(values)}" for field in names if field != "as") for _ in range(TRIES)]
        queries.append(f"{SEVERAL[asked % len(SEVERAL)]}&as={('csv', 'xlsx', 'exe')[asked % 3]}&{NULS}")
        for query in queries:
            asked += 1
            answer = client.get(f"{address}?{query}")
            body = b"".join(answer) if answer.streaming else answer.content
            shows = person != "ada" and (b"STRANGER" in body or b"Stranger" in body)
            if answer.status_code not in (200, 302, 400, 404, 422) or shows:
                broken.append((name, answer.status_code, shows, query[:300]))

    assert broken == []
    assert asked > 80


def test_no_address_breaks_a_page_of_the_administration(scene: Scene) -> None:
    """Filters, orders and searches of its lists, what its forms are filled in with, where its search fields look."""
    client, broken, asked = scene.client("ada", raise_request_exception=False), [], 0
    values = itertools.cycle(VALUES)
    addresses = {one.form.action: {*one.form.fields} for one in forms_open_to(scene) if one.page.endswith("_filters")}
    for name, page, row in administered():
        fields = {field.name for field in page.model._meta.get_fields()}
        addresses[reverse(f"{name}_add")] = fields
        if row is not None:
            addresses[reverse(f"{name}_change", args=[row.pk])] = set()
            addresses[reverse(f"{name}_history", args=[row.pk])] = set()
    beside = {"_to_field", "_popup", "_changelist_filters", "app_label", "model_name", "field_name", "term", "next"}
    addresses |= {reverse(f"admin:{name}"): set() for name in ("index", "autocomplete", "jsi18n", "login")}

    for address, fields in addresses.items():
        queries = ["&".join(f"{field}={next(values)}" for field in sorted(fields | {"p", "q"})) for _ in range(TRIES)]
        queries += ["&".join(f"{field}=a%00b" for field in sorted(fields | {"q", "p", "o"}))]
        queries += ["&".join(f"{field}={next(values)}" for field in sorted(beside))]
        for query in queries:
            asked += 1
            if (status := client.get(f"{address}?{query}").status_code) not in (200, 302, 400, 403, 404):
                broken.append((address, status, query[:300]))

    assert broken == []
    assert asked >= 3 * len([*administered()])


# Of the values those that are marks of a list by amount, with what the page begins after.
MARKS = {mark(None, None): (Decimal("Infinity"), 0), mark(True, True): (1, 1)}


@pytest.mark.parametrize("token", [v for v in VALUES if "%" not in v])
def test_a_mark_that_is_none_begins_at_the_first(scene: Scene, token: str) -> None:
    from ledger.models import OpenItem

    for amount in ("0.50", "1.00", "1.20", "7.00"):
        scene.cast.item(scene.cast.rossi, amount, due=TODAY, reference=f"I{amount}")
    found = OpenItem.objects.order_by("open_amount", "pk")
    first = keyset.page(found, [keyset.Key("open_amount")], size=3).rows

    rows = keyset.page(found, [keyset.Key("open_amount")], after=token, size=3).rows

    if (after := MARKS.get(token)) is None:
        assert rows == first
    else:
        assert rows == [row for row in found if (row.open_amount, row.pk) > after][:3]
    for field in ("reference", "due", "customer__name"):
        by_field = OpenItem.objects.order_by(field, "pk")
        for way in ("after", "before"):
            assert len(keyset.page(by_field, [keyset.Key(field)], **{way: token}, size=3).rows) <= 3
