"""Who may open which page: one line a URL, with the roles that may. A URL without a line fails."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from creditrisk.roles import DOORS, may
from ledger.bank.models import CollectingAccount
from tests.cast import PEOPLE
from tests.doors import DOORS_OF_PAGES, OPEN, OWN
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


def logged_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def opened(scene: Scene, name: str, method: str, user: Any, *, by: Client | None = None) -> HttpResponse:
    client = by or logged_in(user)
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


@pytest.mark.parametrize("name", DOORS_OF_PAGES)
def test_a_page_opens_to_its_roles_and_to_no_others(scene: Scene, name: str) -> None:
    methods, roles = DOORS_OF_PAGES[name]

    for person, role in PEOPLE.items():
        user = getattr(scene.cast, person).user
        client = logged_in(user)
        for method in ("GET", "POST"):
            response = opened(scene, name, method, user, by=client)
            if role not in roles:
                assert response.status_code == 403, (name, method, person)
                assert "It is open to" in response.content.decode()
            elif method not in methods:
                assert response.status_code == 405, (name, method, person)
            else:
                # What is a person's own is not there for others.
                theirs = person in OWN.get(name, PEOPLE)
                assert response.status_code in ((200, 302, 422) if theirs else (404,)), (name, method, person)
                if method == "GET":
                    assert response.status_code == 200, (name, person)


@pytest.mark.parametrize("name", DOORS_OF_PAGES)
def test_who_is_not_logged_in_is_asked_to(scene: Scene, name: str, client: Client) -> None:
    response = client.get(reverse(name, args=scene.arguments.get(name, [])))

    assert response.status_code == 302
    assert response.headers["Location"].startswith("/login/")


def test_an_anonymous_user_and_one_without_a_role_have_no_door(scene: Scene, django_user_model: Any) -> None:
    nobody = django_user_model.objects.create(username="nobody")

    assert not any(may(AnonymousUser(), name) or may(nobody, name) for name in DOORS)
    assert opened(scene, "start", "GET", nobody).status_code == 403
