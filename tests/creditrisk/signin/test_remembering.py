"""What signing in remembers stands in the database: no broker is needed to come in, or to be counted."""

import re
import threading
import time
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse

from creditrisk.signin.models import Remembered
from creditrisk.takeover import progress
from tests.cast import Cast
from tests.creditrisk.signin.test_signing_in import LOGIN, signed_in
from tests.pages import words

NOWHERE = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}


@pytest.fixture
def no_broker(settings: Any) -> None:
    settings.CACHES = {**settings.CACHES, "passing": NOWHERE}


def age(seconds: int) -> None:
    """Let so much time go by for all that is remembered."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE signin_remembered SET until = until - make_interval(secs => %s)", [seconds])


@pytest.mark.usefixtures("no_broker")
def test_people_come_in_and_guesses_are_counted_without_a_broker(cast: Cast, client: Client) -> None:
    client.post("/login/", {**LOGIN, "login": "sara"})
    assert signed_in(client)
    assert client.get(reverse("orders")).status_code == 200
    client.post("/logout/")

    for _ in range(5):
        client.post("/login/", {**LOGIN, "password": "wrong"})

    assert "Too many failed login attempts" in words(client.post("/login/", LOGIN))
    assert not signed_in(client)
    age(301)
    client.post("/login/", LOGIN)
    assert signed_in(client)


@pytest.mark.usefixtures("no_broker")
def test_whoever_was_locked_out_before_the_clock_was_set_back_is_not_for_an_hour_more(
    cast: Cast, client: Client
) -> None:
    for _ in range(5):
        client.post("/login/", {**LOGIN, "password": "wrong"})
    an_hour_ahead = [time.time() + 3600] * 5
    for row in Remembered.objects.all():
        row.value = an_hour_ahead
        row.save(update_fields=["value"])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE signin_remembered SET since = since + interval '1 h', until = until + interval '1 h'")

    client.post("/login/", LOGIN)

    assert signed_in(client)


@pytest.mark.usefixtures("no_broker")
def test_an_import_does_without_telling_how_far_it_is(caplog: pytest.LogCaptureFixture) -> None:
    assert progress.tell(1, 50, 100) is False
    assert progress.told(1) == (0, 0)
    progress.end(1)

    assert [record.getMessage().split(":")[0] for record in caplog.records] == [
        f"The progress of an import was not {what}" for what in ("told", "read", "ended")
    ]


@pytest.mark.django_db
def test_it_keeps_what_a_cache_keeps() -> None:
    assert cache.get("a", "nothing") == "nothing"
    cache.set("a", [1.5, 2], 60)
    assert (cache.get("a"), cache.add("a", "late", 60), cache.touch("a", 600)) == ([1.5, 2], False, True)
    age(120)
    assert cache.get("a") == [1.5, 2]
    age(600)
    assert (cache.get("a"), cache.add("a", True, 60), cache.get("a")) == (None, True, True)
    cache.set("b", 1, None)
    assert (cache.add("b", 2, 60), cache.touch("c", 60), cache.delete("b"), cache.delete("b")) == (
        False,
        False,
        True,
        False,
    )
    age(120)
    cache.set("d", 1)
    assert Remembered.objects.count() == 1  # what nobody needs any more is gone


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_is_told_that_it_was_the_first() -> None:
    told = []

    def ask() -> None:
        told.append(cache.add("a", True, 60))
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(told) == [False] * 5 + [True]


def test_what_is_remembered_names_nobody(cast: Cast, client: Client) -> None:
    client.post("/login/", {**LOGIN, "password": "wrong"}, REMOTE_ADDR="192.0.2.7")

    kept = list(Remembered.objects.values_list("key", "value"))
    assert kept
    assert all(re.fullmatch(r"[0-9a-f]{64}", key) for key, _value in kept)
    assert not any(what in str(kept) for what in ("carla", "192.0.2.7", "wrong"))
