"""Alerts reach people whatever dies: the worker by kill -9 at any moment, the mail server, the broker with all its messages.

Two senders never take the same notice.
"""

import os
import random
import time
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.utils import timezone

from approvals import alerts
from creditrisk.notices import sending, spreading
from creditrisk.notices.models import NewAlert, Notice
from tests.cast import TODAY, Cast, assemble
from tests.races.together import at_once
from tests.races.worker import Broker, Worker
from tests.sink import Sink

pytestmark = pytest.mark.django_db(transaction=True)

TIMES = int(os.environ.get("RACES") or 20)
ALERTS = 10 * int(os.environ.get("RACES") or 4)
VALUES = {"effect": "E1", "customer": "Rossi", "amount": {"amount": "100", "currency": "EUR"}}


def raise_alerts(cast: Cast, count: int) -> None:
    now = timezone.now()
    for _time in range(count):
        alerts.write([("effect_unpaid", VALUES)], customer_id=cast.rossi.pk, day=TODAY, now=now)


def time_passes() -> None:
    """What the lease and the pauses wait for; nobody is sending now."""
    Notice.objects.filter(state="SENDING").update(claimed_at=timezone.now() - 2 * sending.LEASE)
    Notice.objects.filter(state="WAITING").update(due_at=timezone.now() - timedelta(seconds=1))


def some_wait() -> bool:
    return NewAlert.objects.exists() or Notice.objects.exclude(state="SENT").exists()


def when_some_arrived(sink: Sink, count: int) -> None:
    """Wait for so many more mails, or as long as nobody would; then a moment, so that the next one is at any point."""
    target, patience = len(sink.mails) + count, time.monotonic() + 20
    while len(sink.mails) < target and time.monotonic() < patience and some_wait():
        time.sleep(0.01)
    time.sleep(random.uniform(0, 0.05))


def test_every_alert_arrives_though_the_worker_is_killed_and_servers_go_down(
    environment: dict[str, str], broker: Broker, ends: Counter[str]
) -> None:
    cast = assemble()
    User.objects.filter(username="carla").update(email="carla@main.example")
    sink = Sink(slow=0.04 if ALERTS <= 100 else 0.004).up()
    ours = {**environment, "EMAIL_URL": sink.address, "REDIS_URL": broker.url}
    written = kills = broken = restarts = 0
    deadline = time.monotonic() + 900 + ALERTS / 5
    try:
        while written < ALERTS or some_wait():
            assert time.monotonic() < deadline, Counter(Notice.objects.values_list("state", "error"))
            worker = Worker(ours)
            part = min(ALERTS - written, max(ALERTS // 20, 25))
            raise_alerts(cast, part)
            written += part
            broker.ask()
            if kills % 4 == 1:
                when_some_arrived(sink, random.randint(1, 5))
                sink.down()
                time.sleep(0.5)
                sink.up()
                broken += 1
            if kills % 4 == 2:
                broker.down()
                broker.up()
                broker.ask()
                restarts += 1
            when_some_arrived(sink, random.randint(1, max(ALERTS // 12, 20)))
            worker.kill()
            kills += 1
            time_passes()
    finally:
        sink.down()
        connections.close_all()

    arrived, repeats = sink.counted, {f"<{n.key}@localhost>": n.repeats for n in Notice.objects.all()}
    assert len(arrived) == Notice.objects.count() == ALERTS
    twice = {key: times for key, times in arrived.items() if times > 1}
    assert all(times - 1 <= repeats[key] for key, times in twice.items()), twice
    assert sum(repeats.values()) <= kills + broken
    ends["arrived once"] += ALERTS - len(twice)
    ends["arrived twice, under one id, counted"] += len(twice)
    ends["workers killed"] += kills
    ends["times that the mail server was down"] += broken
    ends["times that the broker lost everything"] += restarts


def test_two_senders_never_take_the_same_notice(ends: Counter[str]) -> None:
    cast = assemble()
    User.objects.filter(username="carla").update(email="carla@main.example")
    now = timezone.now()

    for _time in range(TIMES):
        raise_alerts(cast, 1)
        spreading.spread(now=now)

        took: list[Any] = at_once(*[lambda: sending.claim(now=timezone.now())] * 2)

        assert sum(notice is not None for notice in took) == 1
        ends["one took it, the other found nothing"] += 1


def test_two_who_spread_at_once_make_each_notice_once(ends: Counter[str]) -> None:
    cast = assemble()
    User.objects.filter(username="carla").update(email="carla@main.example")

    for _time in range(TIMES):
        raise_alerts(cast, 2)

        done = at_once(*[lambda: spreading.spread(now=timezone.now())] * 2)

        assert sorted(done) == [0, 2]
        ends["one spread them, the other did nothing"] += 1

    assert Notice.objects.count() == 2 * TIMES
