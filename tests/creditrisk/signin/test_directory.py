"""Who comes in from a directory; whom it does not name for certain, and what is done when it is away."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from django.conf import settings as ours
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from creditrisk import environment
from tests.cast import Cast
from tests.creditrisk.signin import directory
from tests.creditrisk.signin.test_signing_in import LOGIN, signed_in, with_second_factor
from tests.pages import words


@pytest.fixture
def company_directory(settings: Any) -> Iterator[directory.Directory]:
    with directory.opened() as server:
        app = {
            "provider_id": "directory", "name": "Company account", "client_id": directory.CLIENT,
            "secret": directory.SECRET, "settings": {"server_url": server.issuer},
        }  # fmt: skip
        settings.SOCIALACCOUNT_PROVIDERS = {
            "openid_connect": {**ours.SOCIALACCOUNT_PROVIDERS["openid_connect"], "APPS": [app]}
        }
        yield server


def sent_back(server: directory.Directory, client: Client, **claims: Any) -> str:
    """Sign in at the directory as whom the claims tell, and return the address to which it sends back."""
    server.claims = {"sub": "0815", **claims}
    away = client.post(reverse("openid_connect_login", args=["directory"]))
    back = requests.get(away.headers["Location"], allow_redirects=False, timeout=10).headers["Location"]
    parts = urlsplit(back)
    return f"{parts.path}?{parts.query}"


def through(server: directory.Directory, client: Client, **claims: Any) -> Any:
    """Sign in at the directory as whom the claims tell, and return the product's answer to what comes back."""
    return client.get(sent_back(server, client, **claims))


def test_the_login_page_offers_the_directory(cast: Cast, client: Client, company_directory: Any) -> None:
    assert "Log in with Company account" in words(client.get("/login/"))


def test_whom_the_directory_knows_by_a_verified_address_comes_in(
    cast: Cast, client: Client, company_directory: directory.Directory
) -> None:
    User.objects.filter(username="carla").update(email="Carla@example.com")

    through(company_directory, client, email="carla@example.com", email_verified=True)

    assert client.session["_auth_user_id"] == str(cast.carla.user.pk)
    client.post("/logout/")
    through(company_directory, client, email="changed@example.com", email_verified=True)
    assert client.session["_auth_user_id"] == str(cast.carla.user.pk)  # known by the directory's own number from now on


def test_the_password_stays_for_when_the_directory_is_away(
    cast: Cast, client: Client, company_directory: directory.Directory
) -> None:
    User.objects.filter(username="carla").update(email="carla@example.com")

    for _ in range(2):
        through(company_directory, client, email="carla@example.com", email_verified=True)
        assert signed_in(client)
        client.post("/logout/")

    assert User.objects.get(username="carla").has_usable_password()
    client.post("/login/", LOGIN)
    assert signed_in(client)


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "stranger@example.com", "email_verified": True},
        {"email": "carla@example.com", "email_verified": False},
        {"email": "carla@example.com"},
        {"email": "both@example.com", "email_verified": True},
        {"email": "gone@example.com", "email_verified": True},
        {},
    ],
)
def test_whom_it_does_not_name_for_certain_stays_out(
    cast: Cast, client: Client, company_directory: directory.Directory, claims: dict[str, Any]
) -> None:
    User.objects.filter(username="carla").update(email="carla@example.com")
    User.objects.filter(username__in=["sara", "dario"]).update(email="both@example.com")
    User.objects.filter(username="guido").update(email="gone@example.com", is_active=False)
    people = User.objects.count()

    answer = through(company_directory, client, **claims)

    assert answer.status_code == 403
    assert "Ask the administrator" in words(answer)
    assert not signed_in(client)
    assert User.objects.count() == people
    assert not SocialAccount.objects.exists()


def test_an_answer_that_nobody_asked_for_is_refused(
    cast: Cast, client: Client, company_directory: directory.Directory
) -> None:
    answer = client.get(
        reverse("openid_connect_callback", args=["directory"]), {"code": "one-time", "state": "guessed"}
    )

    assert "Ask the administrator" not in words(answer)
    assert not signed_in(client)


@pytest.mark.parametrize("process", ["connect", "redirect", "anything", ""])
@pytest.mark.parametrize("known", [False, True], ids=["a stranger", "somebody who is logged in"])
def test_the_way_to_the_directory_is_for_signing_in_alone(
    cast: Cast, client: Client, company_directory: directory.Directory, known: bool, process: str
) -> None:
    if known:
        client.force_login(cast.sara.user)
    address = reverse("openid_connect_login", args=["directory"])

    answers = [
        client.get(f"{address}?process={process}"),
        client.post(f"{address}?process={process}"),
        client.post(f"{address}?process=login", {"process": process}),
        client.post(address, {"process": process}),
    ]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert "socialaccount_states" not in client.session


@pytest.mark.parametrize("process", ["connect", "redirect", "anything"])
@pytest.mark.parametrize("known", [False, True], ids=["a stranger", "somebody who is logged in"])
def test_who_comes_back_for_anything_else_is_tied_to_nobody(
    cast: Cast, client: Client, company_directory: directory.Directory, known: bool, process: str
) -> None:
    User.objects.filter(username="carla").update(email="carla@example.com")
    if known:
        client.force_login(cast.sara.user)
    back = sent_back(company_directory, client, email="carla@example.com", email_verified=True)
    session = client.session
    for state, *_when in session["socialaccount_states"].values():
        state["process"] = process
    session.save()

    answer = client.get(back)

    assert answer.status_code == 404
    assert not SocialAccount.objects.exists()
    assert client.session.get("_auth_user_id") == (str(cast.sara.user.pk) if known else None)


def test_a_second_factor_is_asked_for_after_the_directory_too(
    cast: Cast, client: Client, company_directory: directory.Directory
) -> None:
    User.objects.filter(username="carla").update(email="carla@example.com")
    with_second_factor(client)

    answer = through(company_directory, client, email="carla@example.com", email_verified=True)

    assert answer.headers["Location"] == reverse("mfa_authenticate")
    assert not signed_in(client)


def test_a_directory_that_does_not_answer_is_told(
    cast: Cast, client: Client, company_directory: directory.Directory
) -> None:
    company_directory.down = True

    answer = client.post(reverse("openid_connect_login", args=["directory"]), follow=True)

    assert answer.status_code == 503
    assert "The directory does not answer." in words(answer)
    assert not signed_in(client)


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ({"OIDC_ISSUER": "http://login.example.com"}, "begins with https"),
        ({"OIDC_ISSUER": "https://login.example.com", "OIDC_CLIENT_ID": "x"}, "OIDC_CLIENT_SECRET"),
    ],
)
def test_a_directory_that_is_half_told_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, told: dict[str, str], sentence: str
) -> None:
    for name, value in told.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(environment.ImproperlyConfigured, match=sentence):
        environment.directories()
