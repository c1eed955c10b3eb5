"""What programs and administrators are told of a running installation."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from kombu import Connection

from approvals import sweep
from creditrisk import clock
from creditrisk.celery import app
from creditrisk.running import signs, state, tasks
from creditrisk.running.models import SetAside
from tests.cast import Cast

pytestmark = pytest.mark.django_db

WITHOUT = {"HTTP_HOST": "10.0.0.7:8000", "headers": {"cookie": "sessionid=stale"}}


def is_told(**more: Any) -> tuple[int, dict[str, Any]]:
    answer = Client().get("/ready/", **more)
    return answer.status_code, answer.json()


def test_health_asks_nothing_of_the_database_and_knows_no_hosts(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        answer = Client().get("/health/", **WITHOUT)

    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})
    assert "no-store" in answer["Cache-Control"]
    assert Client().post("/health/").status_code == 405


def test_ready_says_part_by_part_what_runs(cast: Cast, settings: Any, django_assert_max_num_queries: Any) -> None:
    settings.BEHIND_TLS = settings.SECURE_SSL_REDIRECT = True
    now = timezone.now()

    code, told = is_told(**WITHOUT)

    assert (code, told["status"]) == (200, "degraded")
    assert told["parts"]["worker"] == {
        "status": "degraded",
        "says": "It was never seen at work. It is asked for a sign of life by the schedule, so it may be well.",
    }

    signs.beat("beat", now=now)
    signs.beat("worker", now=now - timedelta(minutes=3))
    sweep.sweep(now=now)

    assert is_told()[1]["parts"]["worker"]["says"] == (
        "It was last seen 3 minutes ago. Mails, imports and evaluations wait."
    )

    signs.beat("worker", now=now + timedelta(seconds=30))  # As far as two machines' clocks may differ.

    with django_assert_max_num_queries(4):
        code, told = is_told(**WITHOUT)
    assert (code, told["status"]) == (200, "ready"), told
    assert told["parts"]["beat"] == {"status": "ok", "says": "It runs."}


def test_a_sign_of_life_from_before_the_clock_was_set_back_is_none_of_this_moment(cast: Cast) -> None:
    now = timezone.now()
    ahead = now + timedelta(hours=1)
    for part in ("beat", "worker"):
        signs.beat(part, now=ahead)

    code, answered = is_told()

    assert (code, answered["status"]) == (200, "degraded")
    set_back = f"Its last sign of life says {clock.told(ahead)}, which is still to come: the clock was set back, or those of two machines differ."
    assert answered["parts"]["beat"] == {
        "status": "degraded", "says": f"{set_back} Nothing happens by itself until it runs again.",
    }  # fmt: skip
    assert answered["parts"]["worker"]["says"].startswith(set_back)

    signs.beat("beat", now=now)

    assert is_told()[1]["parts"]["beat"]["status"] == "ok"


def test_a_broker_that_is_away_is_told_and_no_reason_to_send_people_away(cast: Cast, settings: Any) -> None:
    settings.REDIS_URL = "unix:///nowhere/valkey.sock?db=0"

    code, told = is_told()

    assert (code, told["status"], told["parts"]["broker"]["status"]) == (200, "degraded", "degraded")
    assert "nowhere" not in str(told)


def test_tables_of_another_version_are_no_ground_to_work_on(cast: Cast) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'running'")

    code, told = is_told()

    assert (code, told["status"]) == (503, "not ready")
    assert "migrate" in told["parts"]["database"]["says"]


def test_little_room_and_days_without_a_sweep_are_told(cast: Cast, monkeypatch: Any) -> None:
    now = timezone.now()
    sweep.sweep(now=now - timedelta(days=3))
    monkeypatch.setattr(state, "LITTLE", 10**18)

    told = is_told()[1]["parts"]

    assert told["disk"]["status"] == "degraded"
    assert "was not done for 3 days" in told["sweep"]["says"]


def test_a_worker_outlives_a_broker_that_goes_while_a_task_is_under_way() -> None:
    with tasks.careful(Connection(app.conf.broker_url)) as connection:
        queue = connection.SimpleQueue("goes")
        queue.put({"task": "under way"})
        queue.get(timeout=5)  # Taken, and not done.

        connection.collect()  # What Celery does with a connection that broke, before it closes it.
        connection.close()

        assert connection.connected is False


def test_the_administrator_reads_what_does_not_run_and_what_was_set_aside(cast: Cast, client: Client) -> None:
    now = timezone.now()
    for told in ("no such column", "a\0b" + "x" * 600):
        signs.set_aside("approvals.tasks.sweep_day", "ProgrammingError", told=told, message="{}", now=now)
    signs.set_aside("", "DecodeError", told="not JSON", message="\\x01", now=now - timedelta(days=31))

    client.force_login(cast.ada.user)
    page = client.get("/running/").content.decode()

    assert SetAside.objects.get(error="ProgrammingError").times == 2
    for words in ("Is everything running?", "People can work", "never seen at work", "1 kind of work failed",
                  "approvals.tasks.sweep_day", "a message that nobody can read"):  # fmt: skip
        assert words in page, words
    signs.forget_old(now=now)
    assert [row.error for row in SetAside.objects.all()] == ["ProgrammingError"]
    assert "Not everything runs as it should: Schedule, Worker, Work set aside." in client.get("/").content.decode()
    client.force_login(cast.sara.user)
    assert client.get("/running/").status_code == 403
