"""How long somebody is let in: until the browser, the day, the person or an administrator ends it, wherever it was opened."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings as ours
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from creditrisk.signin import sessions, tasks
from tests.cast import Cast
from tests.creditrisk.signin.test_signing_in import LOGIN, signed_in


@pytest.fixture
def after(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return what sets the clock so many hours on from now."""
    began = timezone.now()
    return lambda hours: monkeypatch.setattr(timezone, "now", lambda: began + timedelta(hours=hours))


def test_a_session_ends_with_the_browser_and_with_the_day(cast: Cast, client: Client) -> None:
    answer = client.post("/login/", LOGIN)

    assert answer.cookies["sessionid"]["expires"] == ""
    assert answer.cookies["sessionid"]["httponly"]
    assert ours.SESSION_COOKIE_AGE == 12 * 3600
    assert client.session.get_expiry_age() <= 12 * 3600


def test_no_use_of_a_session_moves_its_end(cast: Cast, client: Client, after: Callable[[float], None]) -> None:
    """It ends as one that was left alone does: a part of a page says so, a page leads to the login and back."""
    client.post("/login/", LOGIN)

    for hours in (3, 6, 9, 11.9):
        after(hours)
        client.post("/language/", {"language": "en"})  # keeps something in the session
        assert client.get("/customers/").status_code == 200
    after(12.1)
    part = client.get("/customers/", headers={"HX-Request": "true"})
    page = client.get("/customers/")

    assert (part.status_code, part.content.decode()) == (401, "You are logged out.")
    assert (page.status_code, page.headers["Location"]) == (302, "/login/?next=/customers/")


def assert_it_ends_after_21_hours(client: Client, after: Callable[[float], None]) -> None:
    still = []
    for hours in (20.9, 21.1):
        after(hours)
        still.append(client.get("/customers/").status_code)
    assert still == [200, 302]


def test_who_signs_in_again_has_all_the_hours_again(cast: Cast, client: Client, after: Callable[[float], None]) -> None:
    client.get(reverse("account_login"))
    client.post("/login/", LOGIN)
    after(9)
    client.post("/logout/")
    client.post("/login/", LOGIN)

    assert_it_ends_after_21_hours(client, after)


def test_the_hours_count_from_the_login_and_not_from_what_went_before(
    cast: Cast, client: Client, after: Callable[[float], None]
) -> None:
    client.session.save()  # Whoever set out for the directory has one, or is asked for a code.
    after(9)
    client.post("/login/", LOGIN)

    assert_it_ends_after_21_hours(client, after)


def test_a_session_that_says_no_beginning_begins_when_it_is_saved(
    cast: Cast, client: Client, after: Callable[[float], None]
) -> None:
    """Sessions of an earlier version are such."""
    client.post("/login/", LOGIN)
    before = client.session
    del before[sessions.BEGAN]
    before.save()

    still = []
    for hours in (6, 11.9, 12.1):
        after(hours)
        client.post("/language/", {"language": "en"})
        still.append(client.get("/customers/").status_code)

    assert still == [200, 200, 302]


def test_who_is_sent_away_or_has_another_password_is_out_at_once(cast: Cast, client: Client) -> None:
    """Sessions lie in the database, so what an administrator changes ends them, wherever they were opened."""
    elsewhere = Client()
    for browser in (client, elsewhere):
        browser.post("/login/", LOGIN)
    new = {"password1": "six grey herons wade", "password2": "six grey herons wade"}

    client.post(reverse("account_change_password"), {"oldpassword": "demo", **new})
    still = [browser.get("/customers/").status_code for browser in (client, elsewhere)]
    User.objects.filter(username="carla").update(is_active=False)
    gone = client.get("/customers/")

    assert still == [200, 302]
    assert (gone.status_code, gone.headers["Location"]) == (302, "/login/?next=/customers/")


def test_a_cookie_is_no_session_once_its_person_left(cast: Cast, client: Client) -> None:
    """Somebody who copied the cookie has nothing after the logout, and nothing after the day."""
    client.post("/login/", LOGIN)
    stolen = Client()
    stolen.cookies["sessionid"] = client.cookies["sessionid"].value
    assert stolen.get("/customers/").status_code == 200

    client.post("/logout/")

    assert stolen.get("/customers/").status_code == 302


def test_a_session_that_is_over_opens_nothing_and_is_taken_away(cast: Cast, client: Client) -> None:
    client.post("/login/", LOGIN)
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))

    assert client.get("/customers/").status_code == 302
    client.post("/login/", LOGIN)
    tasks.forget()
    assert Session.objects.filter(expire_date__lt=timezone.now()).count() == 0
    assert client.get("/customers/").status_code == 200


def test_nobody_is_signed_out_by_a_link(cast: Cast, client: Client) -> None:
    client.post("/login/", LOGIN)

    client.get("/logout/")

    assert signed_in(client)
