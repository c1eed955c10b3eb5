"""What the schedule sends while the clock is set back or the disk is full, and when it starts after that."""

import errno
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import Celery, current_app

from creditrisk.running.models import Heartbeat
from creditrisk.running.tasks import Scheduler

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
OFTEN, HOURLY = "sent every ten seconds", "sent every hour"


class Stepped(Celery):
    """An app whose clock goes when it is told to, and which notes what is sent."""

    at = NOON
    sent: list[tuple[str, datetime]]

    def now(self) -> datetime:
        return self.at

    def send_task(self, name: str, *args: Any, **kwargs: Any) -> None:
        self.sent.append((name, self.at))


class Full:
    """A shelf's file on a disk without room: everything but writing goes on."""

    def __init__(self, file: Any) -> None:
        self.file = file

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)

    def __setitem__(self, key: bytes, value: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Stepped]:
    """The app; what is read from the disk asks the current one what time it is."""
    before = current_app._get_current_object()
    made = Stepped("stepped", broker="memory://")
    made.sent = []
    made.conf.beat_schedule = {
        name: {"task": name, "schedule": seconds} for name, seconds in ((OFTEN, 10.0), (HOURLY, 3600.0))
    }
    yield made
    before.set_current()


@pytest.fixture
def scheduler(app: Stepped, tmp_path: Path) -> Scheduler:
    return started(app, tmp_path)


def started(app: Stepped, folder: Path) -> Scheduler:
    return Scheduler(app=app, schedule_filename=str(folder / "beat"))


def run(scheduler: Scheduler, passes: timedelta) -> list[str]:
    """Let so much time go by; return what was sent meanwhile."""
    app = scheduler.app
    before, until = len(app.sent), app.at + passes
    while app.at < until:
        app.at += timedelta(seconds=max(scheduler.tick(), 0.01))  # Celery may look again and again in between.
    return [name for name, _at in app.sent[before:]]


def test_while_it_runs_a_clock_that_is_set_back_stops_nothing(app: Stepped, scheduler: Scheduler) -> None:
    assert run(scheduler, timedelta(minutes=1)).count(OFTEN) in {5, 6}

    app.at -= HOUR

    assert run(scheduler, timedelta(minutes=1)).count(OFTEN) in {5, 6}
    assert run(scheduler, HOUR).count(HOURLY) == 1  # An interval from then on, not two.
    assert Heartbeat.objects.get(part="beat").at <= app.at


def test_a_start_after_the_clock_was_set_back_does_not_wait_until_it_is_that_late_again(
    app: Stepped, scheduler: Scheduler, tmp_path: Path
) -> None:
    run(scheduler, timedelta(minutes=1))
    scheduler.close()

    app.at -= HOUR
    again = started(app, tmp_path)

    assert run(again, timedelta(minutes=1)).count(OFTEN) in {5, 6}
    assert run(again, HOUR).count(HOURLY) == 1
    again.close()


def test_what_was_sent_before_a_small_step_is_not_put_off(app: Stepped, scheduler: Scheduler) -> None:
    run(scheduler, timedelta(minutes=50))

    app.at -= timedelta(minutes=5)

    assert run(scheduler, timedelta(minutes=16)).count(HOURLY) == 1
    scheduler.close()


def test_a_disk_that_is_full_does_not_end_it_and_what_was_sent_is_written_down_once_there_is_room(
    app: Stepped, scheduler: Scheduler, tmp_path: Path
) -> None:
    run(scheduler, timedelta(minutes=1))
    shelf = scheduler._store
    file, shelf.dict = shelf.dict, Full(shelf.dict)

    scheduler._do_sync()  # As Celery's service does every three minutes, between two ticks.
    assert run(scheduler, timedelta(minutes=1)).count(OFTEN) in {5, 6}

    shelf.dict = file
    sent = scheduler.schedule[OFTEN].total_run_count
    scheduler.close()
    again = started(app, tmp_path)
    assert again.schedule[OFTEN].total_run_count == sent > 10
    again.close()
