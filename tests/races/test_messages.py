"""What becomes of messages when a whole worker is killed: none comes again whose work was begun, none waits at who is busy."""

import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from kombu import Connection
from redis import Redis

from approvals.models import SweptDay
from creditrisk.clock import business_day
from creditrisk.environment import redis
from tests.cast import assemble
from tests.races.worker import Broker, Worker

pytestmark = pytest.mark.django_db(transaction=True)

SWEEP, PULSE = "approvals.tasks.sweep_day", "creditrisk.running.tasks.pulse"


def until(is_so: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def is_waited_for() -> bool:
    """Whether somebody waits for what this transaction has locked."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
        )
        return bool(cursor.fetchone()[0])


def on_the_queue(asked: "Redis[bytes]") -> list[str]:
    return [json.loads(one)["headers"]["task"] for one in asked.lrange("celery", 0, -1)]


def hand_out_again(url: str) -> None:
    """What was taken and never acknowledged goes back on the queue, as any worker does an hour after it was taken."""
    with Connection(redis(url)[0], transport_options={"visibility_timeout": 0}) as connected:
        connected.default_channel.qos.restore_visible()


def test_a_message_does_not_come_again_when_the_worker_is_killed_that_works_on_it(
    environment: dict[str, str], broker: Broker
) -> None:
    assemble()
    now = timezone.now()
    SweptDay.objects.create(pk=1, day=business_day(now) - timedelta(days=1), swept_at=now)
    worker = Worker({**environment, "REDIS_URL": broker.url}, "-c", "1")

    try:
        with Redis.from_url(broker.url) as asked, transaction.atomic():
            SweptDay.objects.select_for_update().get()
            broker.ask(SWEEP)
            until(is_waited_for, "the sweep has begun, and waits for us")
            broker.ask(PULSE)
            time.sleep(1)
            waiting, taken = on_the_queue(asked), asked.hlen("unacked")
            worker.kill()
            hand_out_again(broker.url)
            again = on_the_queue(asked)
    finally:
        if worker.process.poll() is None:
            worker.kill()

    assert again == [PULSE], "what was begun comes again"
    assert (waiting, taken) == ([PULSE], 0), "what a busy worker cannot begin is there for others"
