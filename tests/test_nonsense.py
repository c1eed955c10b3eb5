"""Nonsense in every field of every form, in every address: a page may refuse it, never break, and change nothing."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import resolve, reverse

from approvals.models import Release
from creditrisk.exposure.models import Entry
from customers.models import Limit
from documents.models import Document
from ledger.models import Allocation, Effect, OpenItem
from tests.cast import PEOPLE
from tests.doors import DOORS_OF_PAGES
from tests.pages import as_user
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
# Django's own, and a yes that is a yes whatever it says.
CONTROL = {"csrfmiddlewaretoken", "next", "posted"}


@dataclass
class Form:
    """A form as it stands in a page: where it goes, how, and the names of its fields with what they hold."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class Forms(HTMLParser):
    """Reads the forms of a page."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address, self.forms = address, list[Form]()
        self.open: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.open = Form(urljoin(self.address, given.get("action", "")), given.get("method", "get"))
            self.forms.append(self.open)
        elif self.open and tag in {"input", "select", "textarea"} and given.get("name", "") not in {"", *CONTROL}:
            self.open.fields.setdefault(given["name"], given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.open = None


def forms_of(client: Client, address: str) -> list[Form]:
    parser = Forms(address)
    page = client.get(address)
    if not page.headers["Content-Type"].startswith("text/html"):  # a file to keep
        return []
    parser.feed(page.content.decode())
    return [form for form in parser.forms if form.fields and "log" not in form.action]


def forms_open_to(scene: Scene, role: str, user: User) -> list[Form]:
    """Return every form that somebody meets, once a page and set of fields."""
    found: dict[tuple[str, ...], Form] = {}
    for name, (methods, roles) in DOORS_OF_PAGES.items():
        if "GET" not in methods or role not in roles:
            continue
        address = reverse(name, args=scene.arguments.get(name, []))
        if name in ("delivery_from", "invoice_from"):
            address += f"?source={scene.arguments['hold_force'][0]}"
        for form in forms_of(as_user(user), address):
            key = (resolve(urlsplit(form.action).path).view_name, form.method, *sorted(form.fields))
            found.setdefault(key, form)
    return list(found.values())


def facts() -> tuple[int, ...]:
    """Count what nonsense must not add. A word is a reason, so a rejection may pass."""
    return tuple(model.objects.count() for model in (Document, OpenItem, Allocation, Effect, Limit, Release, Entry))


def send(client: Client, form: Form, values: dict[str, str]) -> Any:
    return client.post(form.action, values) if form.method == "post" else client.get(form.action, values)


def test_a_form_full_of_nonsense_is_refused_and_changes_nothing(scene: Scene) -> None:
    client = as_user(scene.cast.dario.user)  # Whose role opens nearly every form.
    client.raise_request_exception = False
    forms = forms_open_to(scene, "credit_manager", scene.cast.dario.user)
    before = facts()
    broken = []

    for what, nonsense in NONSENSE.items():
        for form in forms:
            response = send(client, form, dict.fromkeys(form.fields, nonsense))
            if response.status_code not in {200, 302, 404, 422} or facts() != before:
                broken.append((form.method, form.action, what, response.status_code))
                before = facts()

    assert broken == []
    assert len(forms) >= 15


@pytest.mark.filterwarnings("error::DeprecationWarning")
@pytest.mark.parametrize("number", ["-1", "0", "99999999999999999999", "x", "\0", "1.5"])
def test_a_page_or_an_order_of_rows_that_does_not_exist_is_the_nearest_that_does(scene: Scene, number: str) -> None:
    client = as_user(scene.cast.dario.user)

    for name in ("orders", "deliveries", "invoices", "customers", "portfolio", "items", "effects", "decisions", "desk"):
        response = client.get(reverse(name), {"page": number, "sort": f"-{number}", "per_page": number})

        assert response.status_code == 200, name


def test_an_address_of_nothing_is_not_found(scene: Scene) -> None:
    for name, arguments in scene.arguments.items():
        if not arguments:
            continue
        methods, roles = DOORS_OF_PAGES[name]
        person = next(person for person, role in PEOPLE.items() if role in roles)
        client = as_user(getattr(scene.cast, person).user)
        for key in ["N\0BODY", "\U0001f986"] if isinstance(arguments[0], str) else [0, 999_999, 2**63, 10**30]:
            address = reverse(name, args=[key, *arguments[1:]])

            response = client.get(address) if "GET" in methods else client.post(address)

            assert response.status_code == 404, address


def test_a_form_without_its_token_is_refused_in_words(scene: Scene) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(scene.cast.sara.user)

    response = client.post(reverse("order_new"), {"customer": "ROSSI"})

    assert response.status_code == 403
    assert "Nothing was changed" in response.content.decode()
