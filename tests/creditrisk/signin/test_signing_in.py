"""Who comes in, with a password and a second factor; who is turned away, and how that is told."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.conf import settings as ours
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from creditrisk.signin.models import Attempt
from tests.cast import Cast
from tests.pages import words

LOGIN = {"login": "carla", "password": "demo"}
OF_AN_ADDRESS = 50  # So many failures in five minutes.


def code_of(secret: str) -> str:
    """Return what an authenticator shows now."""
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_coming_and_leaving_is_noted_with_the_address(cast: Cast, client: Client) -> None:
    answer = client.post("/login/", LOGIN, REMOTE_ADDR="192.0.2.7")
    client.post("/logout/", REMOTE_ADDR="192.0.2.7")

    assert answer.headers["Location"] == "/"
    noted = Attempt.objects.order_by("pk").values_list("outcome", "user__username", "typed", "address")
    assert list(noted) == [("entered", "carla", "", "192.0.2.7"), ("left", "carla", "", "192.0.2.7")]


def test_a_name_is_locked_out_after_five_failures_and_nobody_else(cast: Cast, client: Client) -> None:
    for _ in range(5):
        assert "are not correct" in words(client.post("/login/", {**LOGIN, "password": "wrong"}))

    locked = client.post("/login/", LOGIN)

    assert "Too many failed login attempts" in words(locked)
    assert not signed_in(client)
    assert Attempt.objects.filter(outcome="refused", typed="carla").count() == 5
    client.post("/login/", {**LOGIN, "login": "sara"})
    assert signed_in(client)


def test_a_name_is_locked_out_however_it_is_written_and_by_whatever_name_we_are_called(
    cast: Cast, client: Client
) -> None:
    ways = zip(("carla", "Carla", "CARLA", " carla", "carla"), (":1", ":2", "", ":8443", ":3"), strict=True)
    for name, port in ways:
        host = f"TestServer{port}" if port else "TESTSERVER"
        client.post("/login/", {"login": name, "password": "wrong"}, HTTP_HOST=host)

    locked = client.post("/login/", LOGIN, HTTP_HOST="testserver:9")

    assert "Too many failed login attempts" in words(locked)
    assert not signed_in(client)


def test_an_address_is_slowed_down_by_whatever_name_we_are_called(cast: Cast, client: Client) -> None:
    for number in range(OF_AN_ADDRESS):
        guess = {"login": f"name{number}", "password": "guess"}
        client.post("/login/", guess, REMOTE_ADDR="192.0.2.9", HTTP_HOST=f"testserver:{number + 1}")

    client.post("/login/", LOGIN, REMOTE_ADDR="192.0.2.9", HTTP_HOST="TESTSERVER")
    assert not signed_in(client)


def test_an_office_behind_one_address_is_not_locked_out_by_thirty_who_mistype(cast: Cast, client: Client) -> None:
    for number in range(30):
        client.post("/login/", {"login": f"name{number}", "password": "guess"}, REMOTE_ADDR="192.0.2.9")

    client.post("/login/", LOGIN, REMOTE_ADDR="192.0.2.9")
    assert signed_in(client)


def test_an_address_is_slowed_down_whoever_it_names(cast: Cast, client: Client) -> None:
    for number in range(OF_AN_ADDRESS):
        client.post("/login/", {"login": f"name{number}", "password": "guess"}, REMOTE_ADDR="192.0.2.9")

    client.post("/login/", LOGIN, REMOTE_ADDR="192.0.2.9")
    assert not signed_in(client)
    client.post("/login/", LOGIN, REMOTE_ADDR="192.0.2.10")
    assert signed_in(client)


@pytest.mark.parametrize(("proxies", "claimed"), [(0, "203.0.113.{}"), (1, "203.0.113.{}, 192.0.2.9")])
def test_an_address_that_is_claimed_is_not_believed(
    cast: Cast, client: Client, settings: Any, proxies: int, claimed: str
) -> None:
    """Nobody escapes the counting by claiming another address each time; behind a proxy it is the one that the proxy saw."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies or ours.ALLAUTH_TRUSTED_PROXY_COUNT

    for number in range(OF_AN_ADDRESS):
        guess = {"login": f"name{number}", "password": "guess"}
        client.post("/login/", guess, REMOTE_ADDR="192.0.2.9", HTTP_X_FORWARDED_FOR=claimed.format(number))

    client.post("/login/", LOGIN, REMOTE_ADDR="192.0.2.9", HTTP_X_FORWARDED_FOR=claimed.format(99))
    assert not signed_in(client)


def test_a_code_of_two_minutes_ago_is_none(cast: Cast, client: Client) -> None:
    secret, _codes = with_second_factor(client)
    cache.clear()
    now = next(yield_hotp_counters_from_time())

    client.post("/login/", LOGIN)
    for steps in (-4, 4):
        client.post(reverse("mfa_authenticate"), {"code": format_hotp_value(hotp_value(secret, now + steps))})
        assert not signed_in(client)


def test_a_code_counts_once(cast: Cast, client: Client) -> None:
    """Who looked over a shoulder cannot come in with what was read there."""
    secret, _codes = with_second_factor(client)
    cache.clear()
    code = code_of(secret)

    for expected in (True, False):
        client.post("/login/", LOGIN)
        client.post(reverse("mfa_authenticate"), {"code": code})
        assert signed_in(client) is expected
        client.post("/logout/")


def test_a_link_to_a_new_password_is_asked_for_three_times_an_hour(
    cast: Cast, client: Client, mailoutbox: list[Any], settings: Any
) -> None:
    settings.SITE_URL = "https://credit.example"
    User.objects.filter(username="carla").update(email="carla@example.com")

    for number in range(6):
        client.post(reverse("account_reset_password"), {"email": "carla@example.com"}, REMOTE_ADDR=f"192.0.2.{number}")

    assert len(mailoutbox) == 3


@pytest.mark.parametrize("name", ["nobody", "x" * 5000, "a\0b", "' OR 1=1 --"])
def test_names_that_nobody_has_are_turned_away_alike(cast: Cast, client: Client, name: str) -> None:
    answer = client.post("/login/", {"login": name, "password": "demo"})

    assert answer.status_code == 200
    assert not signed_in(client)


@pytest.mark.parametrize("address", ["https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)"])
def test_the_way_on_never_leads_elsewhere(cast: Cast, client: Client, address: str) -> None:
    assert client.post(f"/login/?next={address}", {**LOGIN, "next": address}).headers["Location"] == "/"


def test_the_login_page_names_nobody_unless_the_environment_asks_for_it(
    client: Client, db: None, settings: Any
) -> None:
    told = []
    for asked in (ours.DEMO_LOGINS, True):
        settings.DEMO_LOGINS = asked
        told.append("carla" in words(client.get("/login/")))

    assert told == [False, True]


def test_the_administration_has_no_door_of_its_own(cast: Cast, client: Client) -> None:
    answer = client.get("/admin/", follow=True)

    assert answer.redirect_chain[-1][0].startswith("/login/?next=")


def test_nobody_signs_up_or_changes_an_address(cast: Cast, client: Client) -> None:
    for address in ("/signup/", "/account/signup/", "/account/email/", "/accounts/signup/"):
        assert client.get(address).status_code == 404


@pytest.mark.parametrize("weak", ["short-one", "password1234", "conticastelli1", "123456789012"])
def test_a_weak_password_is_refused_at_its_field(cast: Cast, client: Client, weak: str) -> None:
    User.objects.filter(username="carla").update(first_name="Carla", last_name="Conticastelli")
    client.post("/login/", LOGIN)

    answer = client.post(
        reverse("account_change_password"), {"oldpassword": "demo", "password1": weak, "password2": weak}
    )

    assert answer.context["form"].errors["password1" if "password1" in answer.context["form"].errors else "password2"]
    assert User.objects.get(username="carla").check_password("demo")


def test_a_password_is_changed_by_whoever_knows_the_old_one(cast: Cast, client: Client) -> None:
    client.post("/login/", LOGIN)
    new = {"password1": "six grey herons wade", "password2": "six grey herons wade"}

    wrong = client.post(reverse("account_change_password"), {"oldpassword": "guess", **new})
    right = client.post(reverse("account_change_password"), {"oldpassword": "demo", **new})

    assert wrong.context["form"].errors["oldpassword"]
    assert right.status_code == 302
    assert User.objects.get(username="carla").check_password("six grey herons wade")


def with_second_factor(client: Client) -> tuple[str, list[str]]:
    """Sign in, take a second factor, sign out; return its secret and the recovery codes."""
    client.post("/login/", LOGIN)
    assert client.get(reverse("mfa_activate_totp")).headers["Location"].startswith(reverse("account_reauthenticate"))
    client.post(reverse("account_reauthenticate"), {"password": "demo"})
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    assert client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)}).status_code == 302
    codes = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]
    client.post("/logout/")
    return secret, codes


def test_a_second_factor_is_asked_for_before_anything_else(cast: Cast, client: Client) -> None:
    secret, _codes = with_second_factor(client)
    cache.clear()  # A code counts once; the one just used belongs to this half minute.

    first = client.post("/login/", LOGIN)

    assert first.headers["Location"] == reverse("mfa_authenticate")
    assert not signed_in(client)
    assert client.get("/customers/").status_code == 302
    wrong = client.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert wrong.context["form"].errors["code"]
    assert not signed_in(client)
    client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    assert signed_in(client)


def test_a_recovery_code_counts_once(cast: Cast, client: Client) -> None:
    _secret, codes = with_second_factor(client)

    for expected in (True, False):
        client.post("/login/", LOGIN)
        client.post(reverse("mfa_authenticate"), {"code": codes[0]})
        assert signed_in(client) is expected
        client.post("/logout/")


def test_a_password_is_set_anew_by_a_link_that_counts_once(
    cast: Cast, client: Client, mailoutbox: list[Any], settings: Any
) -> None:
    settings.SITE_URL = "https://credit.example"
    User.objects.filter(username="carla").update(email="carla@example.com")

    known = client.post(reverse("account_reset_password"), {"email": "carla@example.com"})
    unknown = client.post(reverse("account_reset_password"), {"email": "nobody@example.com"})

    assert known.headers["Location"] == unknown.headers["Location"]  # it does not tell who is known
    link = next(word for mail in mailoutbox for word in mail.body.split() if "/reset/" in word)
    form = client.get(urlsplit(link).path, follow=True)
    new = {"password1": "six grey herons wade", "password2": "six grey herons wade"}
    client.post(form.redirect_chain[-1][0], new)
    assert User.objects.get(username="carla").check_password("six grey herons wade")
    assert "password1" not in Client().get(urlsplit(link).path, follow=True).content.decode()


def test_it_takes_as_long_for_a_name_that_nobody_has(
    cast: Cast, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hasher runs for both, so the answer does not tell who exists; counted, not timed."""
    runs = []
    encode = MD5PasswordHasher.encode

    def counting(self: Any, *args: Any) -> str:
        runs.append(args)
        return encode(self, *args)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counting)
    client.post("/login/", {**LOGIN, "password": "wrong"})
    for_known = len(runs)
    client.post("/login/", {"login": "nobody", "password": "wrong"})

    assert for_known > 0
    assert len(runs) - for_known == for_known
