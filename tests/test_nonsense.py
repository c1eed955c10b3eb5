"""Nonsense in every field of every form, in every address: a page may refuse it, never break, and change nothing."""

import os
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.urls import resolve, reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from approvals.models import Release
from creditrisk.exposure import ledger as exposure
from creditrisk.exposure.models import Entry
from customers.models import Limit
from documents.models import Document
from ledger.models import Allocation, Effect, OpenItem
from tests.cast import PEOPLE
from tests.doors import DOORS_OF_PAGES, OWN
from tests.forms import Form, forms_of
from tests.scene import Scene

# The ways in which people, scripts and broken clients fill in a field. Each alone must not get through any amount, day,
# choice or number; as words some may (they are words).
NONSENSE = {
    "a negative": "-1",
    "an exponent": "1e999",
    "not a number": "NaN",
    "fifty digits": "9" * 50,
    "more than a bigint": "9223372036854775808",
    "a day that is none": "2026-02-30",
    "a duck": "\U0001f986" * 9,
    "a NUL byte": "a\0b",
    "very long": "x" * 9000,
    "a tag and a template": "<script>{{ request }}{% debug %}%(x)s</script>",
}


_forms: dict[str, list[tuple[str, Form]]] = {}  # By the database on which they were found: a scene is set once.


def forms_open_to(scene: Scene) -> list[tuple[str, Form]]:
    """Return every form that a page has, once a page and set of fields, and who meets it: the manager where that role may."""
    name = connection.settings_dict["NAME"]
    if name not in _forms:
        _forms[name] = _forms_open_to(scene)
    return list(_forms[name])


def _forms_open_to(scene: Scene) -> list[tuple[str, Form]]:
    found: dict[tuple[str, ...], tuple[str, Form]] = {}
    clients = {person: scene.client(person) for person in PEOPLE}
    for name, (methods, roles) in DOORS_OF_PAGES.items():
        if "GET" not in methods:
            continue
        person = "dario" if PEOPLE["dario"] in roles else next(p for p, role in PEOPLE.items() if role in roles)
        address = reverse(name, args=scene.arguments.get(name, []))
        if name in ("delivery_from", "invoice_from"):
            address += f"?source={scene.arguments['hold_force'][0]}"
        for form in forms_of(clients[person], address):
            key = (resolve(urlsplit(form.action).path).view_name, form.method, *sorted(form.fields))
            found.setdefault(key, (person, form))
    return list(found.values())


def doors_to_send_to(scene: Scene, fields: dict[str, set[str]]) -> Iterator[tuple[str, Form]]:
    """Return a form for every door that takes one, with all fields that any page sends there and some that none does."""
    for name, (methods, roles) in DOORS_OF_PAGES.items():
        if "POST" in methods and name not in OWN:
            person = "dario" if PEOPLE["dario"] in roles else next(p for p, role in PEOPLE.items() if role in roles)
            wanted = fields.get(name, set()) | {
                "hold",
                "id",
                "ids",
                "effect",
                "items",
                "line",
                "keep",
                "with_code",
                "key",
                "file",
            }
            yield (
                person,
                Form(reverse(name, args=scene.arguments.get(name, [])), "post", dict.fromkeys(sorted(wanted), "")),
            )


# Anything that travels: every letter of every alphabet, marks of direction, controls, halves of pairs left out.
TYPED = st.one_of(
    st.sampled_from([*NONSENSE.values(), "9" * 5000, "\u0661\u0662", "0x1F", "1_0", " 1 ", "+1", "--1", "1,2,3", "1:2", "a:1", "'", '"', "%", "\\"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    st.decimals(allow_nan=True, allow_infinity=True).map(str),
    st.dates().map(str), st.integers().map(str), st.uuids().map(str),
)  # fmt: skip
# As it stands in the page, left out, once, or several times.
FILLED = st.one_of(st.just(None), st.just([]), st.lists(TYPED, min_size=1, max_size=3))
COUNTED = [model._meta.db_table for model in (Document, OpenItem, Allocation, Effect, Limit, Release, Entry)]
# So many ways to fill each form in; `make chaos` says more.
WAYS = int(os.environ.get("NONSENSE", "1"))


def facts() -> tuple[int, ...]:
    """Count what nonsense must not add. A word is a reason, so a rejection may pass."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(f'(SELECT count(*) FROM {table})' for table in COUNTED)}")
        return tuple(cursor.fetchone())


def send(client: Client, form: Form, values: Mapping[str, Any]) -> Any:
    return client.post(form.action, values) if form.method == "post" else client.get(form.action, values)


def test_a_form_full_of_nonsense_is_refused_and_changes_nothing(scene: Scene) -> None:
    clients = {person: scene.client(person, raise_request_exception=False) for person in PEOPLE}
    forms = forms_open_to(scene)
    before = facts()
    broken = []

    for at, (what, nonsense) in enumerate(NONSENSE.items()):
        for number, (person, form) in enumerate(forms):
            if WAYS == 1 and (at + number) % 3:
                continue  # a third of it for each form, another third for the next
            response = send(clients[person], form, dict.fromkeys(form.fields, nonsense))
            if response.status_code not in {200, 302, 404, 422} or facts() != before:
                broken.append((form.method, form.action, what, response.status_code))
                before = facts()

    assert broken == []
    assert len(forms) >= 15


def test_whatever_is_typed_into_any_field_breaks_nothing_and_leaves_nothing_half_saved(scene: Scene) -> None:
    """Some fields as they stand, some with anything: a form may be taken or refused, the figures agree, no page breaks."""
    clients = {person: scene.client(person, raise_request_exception=False) for person in PEOPLE}
    forms = forms_open_to(scene)
    of_door: dict[str, set[str]] = {}
    for _person, form in forms:
        of_door.setdefault(resolve(urlsplit(form.action).path).view_name, set()).update(form.fields)
    forms += doors_to_send_to(scene, of_door)

    @settings(
        max_examples=WAYS * len(forms),
        derandomize=WAYS == 1,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def fill_in(data: Any) -> None:
        person, form = forms[data.draw(st.integers(0, len(forms) - 1), label="form")]
        chosen = {name: data.draw(FILLED, label=name) for name in form.fields}
        values = {name: [form.fields[name]] if typed is None else typed for name, typed in chosen.items()}

        response = send(clients[person], form, values)

        assert response.status_code in {200, 302, 403, 404, 405, 422, 503}, (response.status_code, form.action)

    fill_in()

    assert exposure.audit().total == 0


@pytest.mark.filterwarnings("error::DeprecationWarning")
@pytest.mark.parametrize("number", ["-1", "0", "99999999999999999999", "x", "\0", "1.5"])
def test_a_page_or_an_order_of_rows_that_does_not_exist_is_the_nearest_that_does(scene: Scene, number: str) -> None:
    client = scene.client("dario")

    for name in ("orders", "deliveries", "invoices", "customers", "portfolio", "items", "effects", "decisions", "desk"):
        response = client.get(reverse(name), {"page": number, "sort": f"-{number}", "per_page": number})

        assert response.status_code == 200, name


def test_an_address_of_nothing_is_not_found(scene: Scene, settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.refusing"
    clients = {person: scene.client(person) for person in PEOPLE}
    for name, arguments in scene.arguments.items():
        if not arguments:
            continue
        methods, roles = DOORS_OF_PAGES[name]
        person = next(person for person, role in PEOPLE.items() if role in roles)
        client = clients[person]
        for key in ["N\0BODY", "\U0001f986"] if isinstance(arguments[0], str) else [0, 999_999, 2**63, 10**30]:
            address = reverse(name, args=[key, *arguments[1:]])

            response = client.get(address) if "GET" in methods else client.post(address)

            assert response.status_code == 404, address


# What names rows by their keys, in a list or inside a word.
KEYS = {
    "delays_keep": ("keep", "{}:0"), "bank_answer": ("with_code", "50999:{}"), "bank_match": ("id", "{}"), "holds_decide": ("hold", "{}"),
    "evaluate": ("hold", "{}"), "effects_present": ("effect", "{}"), "effect_new": ("items", "{}"), "payment_new": ("item_{}", "1"),
    "journal_lines": ("line", "{}"), "journal_decide": ("line", "{}"), "insight_try": ("row", "{}"), "presentation_outcome": ("effect", "{}"),
    "item_undo": ("debit", "{}"), "invoices_collective": ("key", "{}"), "delivery_from": ("source", "{}"), "notices_decide": ("ids", "{}"),
    "report_new": ("people", "{}"),
}  # fmt: skip


@pytest.mark.parametrize(
    "key", ["9" * 18, "9" * 19, "9223372036854775808", "9" * 500, "-1", "\u0661\u0662", "1\0", "1e3", ""]
)
def test_a_key_that_no_row_can_have_names_nothing(scene: Scene, key: str) -> None:
    beside = {"book": "1", "decision": "take", "what": "again", "outcome": "paid", "customer": "ROSSI", "take_out": "1"}
    clients = {
        person: scene.client(person, raise_request_exception=False) for person in ("sara", "carla", "dario", "ada")
    }
    before, broken = facts(), []

    for name, (field, value) in KEYS.items():
        person = next(person for person in clients if PEOPLE[person] in DOORS_OF_PAGES[name][1])
        body = {**beside, field.format(key): value.format(key)}
        status = clients[person].post(reverse(name, args=scene.arguments.get(name, [])), body).status_code
        if status not in {200, 302, 404, 422}:
            broken.append((name, status))

    assert broken == []
    assert facts() == before


def test_a_form_without_its_token_is_refused_in_words(scene: Scene) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(scene.cast.sara.user)

    response = client.post(reverse("order_new"), {"customer": "ROSSI"})

    assert response.status_code == 403
    assert "Nothing was changed" in response.content.decode()


def test_no_address_takes_a_form_without_its_token(scene: Scene) -> None:
    """Every door that is sent to, and those before the doors; nobody is exempt, programs neither."""
    clients = {person: scene.client(person, enforce_csrf_checks=True) for person in PEOPLE}
    before, taken = facts(), []

    for name, (methods, roles) in DOORS_OF_PAGES.items():
        if "POST" in methods:
            person = next(person for person, role in PEOPLE.items() if role in roles)
            answer = clients[person].post(reverse(name, args=scene.arguments.get(name, [])))
            if answer.status_code != 403 or "Nothing was changed" not in answer.content.decode():
                taken.append((name, answer.status_code))
    for name in (
        "account_login",
        "account_logout",
        "language",
        "account_change_password",
        "account_reset_password",
        "admin:index",
    ):
        if (status := clients["ada"].post(reverse(name)).status_code) != 403:
            taken.append((name, status))

    assert taken == []
    assert facts() == before
