"""Who may open which page: one line a URL, with the roles that may. A URL without a line fails."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from creditrisk.roles import DOORS, may
from ledger.bank.models import CollectingAccount
from tests.cast import PEOPLE
from tests.doors import DOORS_OF_PAGES, OPEN, OWN
from tests.pages import as_user
from tests.scene import Scene


def _names(patterns: list[Any], prefix: str = "") -> list[str]:
    found: list[str] = []
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if pattern.namespace is None:
                found += _names(pattern.url_patterns)
        elif isinstance(pattern, URLPattern):
            found.append(pattern.name or str(pattern.pattern))
    return found


def opened(scene: Scene, name: str, method: str, client: Client) -> HttpResponse:
    """Open a page with what the scene has for it."""
    query = {}
    if name in ("delivery_from", "invoice_from"):
        query = {"source": scene.arguments["hold_force"][0]}
    if name == "list_views":
        query = {"at": "/customers/?q=rossi"}
    if name == "bank_flow":
        query = {"account": CollectingAccount.objects.get().pk}
    address = reverse(name, args=scene.arguments.get(name, []))
    return client.get(address, query) if method == "GET" else client.post(address, query)


def test_every_url_has_a_line() -> None:
    names = set(_names(get_resolver().url_patterns))

    assert names - OPEN == set(DOORS_OF_PAGES)


@pytest.mark.parametrize("person", PEOPLE)
def test_a_page_opens_to_its_roles_and_to_no_others(scene: Scene, settings: Any, person: str) -> None:
    """Each page is opened and sent to, and what came of it taken back."""
    settings.ROOT_URLCONF = "tests.refusing"
    client, wrong = scene.client(person), []

    for name, (methods, roles) in DOORS_OF_PAGES.items():
        for method in ("GET", "POST"):
            with transaction.atomic():
                response = opened(scene, name, method, client)
                transaction.set_rollback(True)
            if PEOPLE[person] not in roles:
                right = response.status_code == 403 and "It is open to" in response.content.decode()
            elif method not in methods:
                right = response.status_code == 405
            elif person not in OWN.get(name, PEOPLE):  # What is a person's own is not there for others.
                right = response.status_code == 404
            else:
                right = response.status_code in ({200} if method == "GET" else {200, 302, 422})
            if not right:
                wrong.append((name, method, response.status_code))

    assert wrong == []


@pytest.mark.parametrize("person", PEOPLE)
def test_a_refusal_is_a_page_that_says_to_whom_it_is_open(scene: Scene, person: str) -> None:
    name = next(name for name, (_methods, roles) in DOORS_OF_PAGES.items() if PEOPLE[person] not in roles)

    response = opened(scene, name, "GET", scene.client(person))

    assert response.status_code == 403
    assert "It is open to" in response.content.decode() and "<nav" in response.content.decode()


def test_who_is_not_logged_in_is_asked_to(scene: Scene, client: Client) -> None:
    let_in = []

    for name in DOORS_OF_PAGES:
        for method in ("GET", "POST"):
            response = opened(scene, name, method, client)
            if response.status_code != 302 or not response.headers["Location"].startswith("/login/"):
                let_in.append((name, method, response.status_code))

    assert let_in == []


def test_an_anonymous_user_and_one_without_a_role_have_no_door(scene: Scene, django_user_model: Any) -> None:
    nobody = django_user_model.objects.create(username="nobody")

    assert not any(may(AnonymousUser(), name) or may(nobody, name) for name in DOORS)
    assert opened(scene, "start", "GET", as_user(nobody)).status_code == 403
