"""Nonsense in every field of every form, in every address: a page may refuse it, never break, and change nothing."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from approvals.models import Release
from creditrisk.exposure import ledger as exposure
from creditrisk.exposure.models import Entry
from customers.models import Limit
from documents.models import Document
from ledger.models import Allocation, Effect, OpenItem
from tests.cast import PEOPLE
from tests.doors import DOORS_OF_PAGES, OPEN, OWN
from tests.filling import (
    NO_FORM,
    OPEN_WITHOUT_FORM,
    Filled,
    administered,
    forms_open_to,
    open_forms,
    pages_of_administration,
    who_may,
)
from tests.forms import Form
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


def doors_to_send_to(scene: Scene, forms: list[Filled]) -> Iterator[Filled]:
    """Return a form for every door that takes one, with all fields that any page sends there and some that none does."""
    clients = {person: scene.client(person, raise_request_exception=False) for person in PEOPLE}
    for name, (methods, roles) in DOORS_OF_PAGES.items():
        if "POST" in methods and name not in OWN:
            beside = ("hold", "id", "ids", "effect", "items", "line", "keep", "with_code", "key", "file")
            wanted = dict.fromkeys(beside, "")
            for one in forms:
                wanted |= one.form.fields if one.page == name else {}
            address = reverse(name, args=scene.arguments.get(name, []))
            form = Form(address, "post", dict(sorted(wanted.items())))
            yield Filled(clients[who_may(roles)], form, name, taken_back=False)


# Anything that travels: every letter of every alphabet, marks of direction, controls, halves of pairs left out.
TYPED = st.one_of(
    st.sampled_from([*NONSENSE.values(), "9" * 5000, "\u0661\u0662", "0x1F", "1_0", " 1 ", "+1", "--1", "1,2,3", "1:2", "a:1", "'", '"', "%", "\\"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    st.decimals(allow_nan=True, allow_infinity=True).map(str),
    st.dates().map(str), st.integers().map(str), st.uuids().map(str),
)  # fmt: skip
COUNTED = [model._meta.db_table for model in (Document, OpenItem, Allocation, Effect, Limit, Release, Entry)]
# So many ways to fill each form in; `make chaos` says more.
WAYS = int(os.environ.get("NONSENSE", "1"))


def facts() -> tuple[int, ...]:
    """Count what nonsense must not add. A word is a reason, so a rejection may pass."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(f'(SELECT count(*) FROM {table})' for table in COUNTED)}")
        return tuple(cursor.fetchone())


@pytest.fixture(autouse=True)
def _known_by_its_address(settings: Any) -> None:
    settings.SITE_URL = "https://credit.example.com"  # without one nobody is sent a link to a new password


def answers_of(one: Filled, *, refusing: bool = False) -> set[int]:
    """Return what a page may answer: drawn, done, refused. That it is away is no answer, nor is a page that breaks."""
    answers = {200, 302, 404, 422} if refusing else {200, 302, 403, 404, 405, 422}
    return answers | ({429} if one.page in OPEN else set())  # too many failures to come in


def send(one: Filled, values: Mapping[str, Any]) -> Any:
    """Send a form; what it did is taken back where it would take the others' ground away: a person, a rule, a login."""
    body = {**values, **one.form.fixed}
    if not one.taken_back:
        return (
            one.client.post(one.form.action, body)
            if one.form.method == "post"
            else one.client.get(one.form.action, body)
        )
    with transaction.atomic():
        answer = send(replace(one, taken_back=False), values)
        transaction.set_rollback(True)
    return answer


def all_are_still_in(scene: Scene) -> bool:
    """Whether the people are known as at the start: to whoever is sent to the login a form answers nothing."""
    known = [scene.client(person).get(reverse("start")).status_code == 200 for person in PEOPLE]
    return all(known) and scene.client("ada").get(reverse("admin:index")).status_code == 200


def test_every_door_and_every_page_of_the_administration_has_its_form_here(scene: Scene) -> None:
    """What is filled in below is all there is: whoever loses a form on the way, or adds a door without one, says so here."""
    forms = forms_open_to(scene)
    sends = {one.page for one in forms if one.form.method == "post"}
    held = {(one.page, one.form.method) for one in forms}
    doors = {name for name, (methods, _roles) in DOORS_OF_PAGES.items() if "POST" in methods}

    assert doors - sends == NO_FORM
    assert doors - OWN.keys() == {one.page for one in doors_to_send_to(scene, forms)}
    for name, _address, method, has in pages_of_administration(scene):
        assert not has or (name, method) in held, name
    for name, _page, _row in administered():
        assert (f"{name}_filters", "get") in held, name
    assert OPEN - {one.page for one in [*forms, *open_forms(scene)]} == OPEN_WITHOUT_FORM


def test_a_form_full_of_nonsense_is_refused_and_changes_nothing(scene: Scene) -> None:
    forms = forms_open_to(scene) + open_forms(scene)
    before = facts()
    broken = []

    for at, (what, nonsense) in enumerate(NONSENSE.items()):
        for number, one in enumerate(forms):
            if WAYS == 1 and (at + number) % len(NONSENSE):
                continue  # one of them for each form, another for the next
            counts = {name: n for name, n in one.form.fields.items() if one.taken_back and name.endswith("_FORMS")}
            status = send(one, {**dict.fromkeys(one.form.fields, nonsense), **counts}).status_code
            if status not in answers_of(one, refusing=True) or facts() != before:
                broken.append((one.form.method, one.form.action, what, status))
                before = facts()

    assert broken == []
    assert all_are_still_in(scene)


def test_whatever_is_typed_into_any_field_breaks_nothing_and_leaves_nothing_half_saved(scene: Scene) -> None:
    """Some fields as they stand, some with anything: a form may be taken or refused, the figures agree, no page breaks."""
    found = forms_open_to(scene)
    doors = {one.page: one for one in doors_to_send_to(scene, found)}  # each with the fields of all its forms
    forms = [*doors.values(), *open_forms(scene)]
    forms += [one for one in found if one.form.method == "get" or one.page not in doors]
    filled, broken = set(), []

    def filling(number: int) -> Callable[[st.DataObject], None]:
        one = forms[number]

        def fill_in(data: st.DataObject) -> None:
            words, values = data.draw(st.lists(TYPED, min_size=6, max_size=6)), dict[str, Any]()
            for name, stands in one.form.fields.items():
                at = data.draw(st.integers(0, 9))
                stays = (at == 0 and len(one.form.fields) > 2) or name.endswith("_FORMS")
                # As it stands in the page, left out, several times, once.
                values[name] = [stands] if stays else [] if at == 1 else words[:3] if at == 2 else [words[at % 6]]
            if any(typed != [one.form.fields[name]] for name, typed in values.items()):
                filled.add(number)
                if (status := send(one, values).status_code) not in answers_of(one):
                    broken.append((status, one.form.method, one.form.action, values))

        return fill_in

    for number in range(len(forms)):
        anew = settings(  # the first of each leaves all as it stands
            max_examples=1 + WAYS, phases=[Phase.generate], database=None, deadline=None, suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        fill_in = anew(given(st.data())(filling(number)))
        (seed(number)(fill_in) if WAYS == 1 else fill_in)()

    assert broken == []
    assert [forms[number].form for number in range(len(forms)) if number not in filled] == []
    assert all_are_still_in(scene)
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
