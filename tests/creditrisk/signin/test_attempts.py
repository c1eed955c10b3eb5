"""What is noted of who failed to come in: a name and a password, a code, a try that nobody looked at any more."""

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from creditrisk.signin.models import Attempt
from tests.cast import Cast
from tests.creditrisk.signin.test_signing_in import LOGIN, code_of, signed_in, with_second_factor


def noted() -> list[tuple[str, str | None, str, str]]:
    return list(Attempt.objects.order_by("pk").values_list("outcome", "user__username", "typed", "address"))


def test_a_try_that_the_count_of_failures_refused_is_told_from_a_wrong_password(cast: Cast, client: Client) -> None:
    for _ in range(6):
        client.post("/login/", {**LOGIN, "password": "wrong"}, REMOTE_ADDR="192.0.2.7")

    assert noted() == [("refused", None, "carla", "192.0.2.7")] * 5 + [("locked_out", None, "carla", "192.0.2.7")]


def test_wrong_codes_are_noted_and_whom_they_lock_out(cast: Cast, client: Client) -> None:
    secret, _codes = with_second_factor(client)
    cache.clear()
    before = len(noted())

    client.post("/login/", LOGIN, REMOTE_ADDR="192.0.2.7")
    for _ in range(5):
        client.post(reverse("mfa_authenticate"), {"code": "wrong"}, REMOTE_ADDR="192.0.2.7")
    client.post(reverse("mfa_authenticate"), {"code": code_of(secret)}, REMOTE_ADDR="192.0.2.7")

    assert not signed_in(client)
    assert noted()[before:] == [("wrong_code", "carla", "", "192.0.2.7")] * 5 + [
        ("locked_out", "carla", "", "192.0.2.7")
    ]


def test_wrong_codes_of_somebody_who_is_logged_in_are_noted_too(cast: Cast, client: Client) -> None:
    secret, _codes = with_second_factor(client)
    cache.clear()
    client.post("/login/", LOGIN)
    client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    before = len(noted())

    for _ in range(6):
        client.post(reverse("mfa_reauthenticate"), {"code": "wrong"})

    assert [outcome for outcome, *_who in noted()[before:]] == ["wrong_code"] * 5 + ["locked_out"]


@pytest.mark.parametrize(
    ("language", "words"), [("en", ("wrong code", "locked out")), ("it", ("codice errato", "bloccato"))]
)
def test_the_page_of_sign_ins_tells_them_apart(
    cast: Cast, client: Client, language: str, words: tuple[str, str]
) -> None:
    with_second_factor(client)
    client.post("/login/", LOGIN)
    for _ in range(6):
        client.post(reverse("mfa_authenticate"), {"code": "wrong"})
    reader = Client(headers={"accept-language": language})
    reader.force_login(cast.ada.user)

    page = reader.get(reverse("admin:signin_attempt_changelist")).text

    assert [page.count(f'<td class="field-outcome">{told}</td>') for told in words] == [5, 1]
