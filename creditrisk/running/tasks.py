"""What schedule and worker do so that one sees them at work, and what becomes of messages that cannot be worked on."""

import logging
import time
from datetime import datetime, timedelta
from typing import Any

from celery import shared_task
from celery.beat import PersistentScheduler
from celery.exceptions import NotRegistered
from celery.worker.consumer import Consumer
from django.db import connection
from django.utils import timezone
from kombu.transport import redis as broker

from creditrisk.running import signs
from creditrisk.running.away import trouble
from creditrisk.running.models import Heartbeat

logger = logging.getLogger(__name__)

EVERY = 10.0  # Seconds from one sign of life of the schedule to the next.
STEP = timedelta(seconds=1)  # A clock that is kept right goes back by less.


@shared_task(name="creditrisk.running.tasks.pulse")
def pulse(**kwargs: Any) -> None:
    """Show that what is scheduled is worked on."""
    signs.beat(Heartbeat.Part.WORKER, now=timezone.now())
    signs.forget_old(now=timezone.now())


class Scheduler(PersistentScheduler):
    """Celery's own, which also says that it is at work, and outlives that the clock is set back.

    Celery's remembers by the clock when it last sent what, on the disk too, and would send nothing until it is that late
    again. The clock is the app's.
    """

    _beaten = float("-inf")
    _seen: datetime | None = None

    def setup_schedule(self) -> None:
        """Read what was sent before; what would have been sent in the future was sent just now."""
        super().setup_schedule()
        self._start_over(self.app.now())

    def sync(self) -> None:
        """Write down what was sent when; where that cannot be written it is known here, and written down the next time.

        Celery's ends instead: a disk that is full for some minutes would end the schedule.
        """
        try:
            super().sync()
        except OSError as error:
            logger.warning("What was sent when could not be written down: %s", error)
            self._store.writeback = True  # The shelf has it off while it writes.

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due; return for how many seconds nothing is."""
        now = self.app.now()
        if self._seen is not None and now < self._seen - STEP:
            logger.warning("The clock was set back from %s to %s; what is due is counted from now on", self._seen, now)
            self._start_over(now)
            self._beaten = float("-inf")
        self._seen = now
        if time.monotonic() - self._beaten >= EVERY:
            self._beaten = time.monotonic()
            signs.beat(Heartbeat.Part.BEAT, now=now)
            connection.close()  # Nothing else in this process needs one.
        return float(min(super().tick(*args, **kwargs), EVERY))

    def _start_over(self, now: datetime) -> None:
        """Let everything be due an interval from now at the latest."""
        for entry in self.schedule.values():
            entry.last_run_at = min(entry.last_run_at, now)
        self._heap = None


class Unacknowledged(broker.QoS):
    """Kombu's own, which gives nothing back over a connection that is gone; what was taken is asked for again anyway.

    Kombu's raises AttributeError there, of which the worker dies: a message was taken when the broker went.
    """

    def restore_unacked(self, client: Any = None) -> None:
        if self.channel.connection.client is None:
            self._delivered.clear()
            return
        super().restore_unacked(client)  # type: ignore[no-untyped-call]


class Channel(broker.Channel):
    """Kombu's own, which sets aside what lies on the queue and is no message; kombu's lets the worker die of it."""

    QoS = Unacknowledged

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[no-untyped-call]
        except (ValueError, KeyError, TypeError) as error:  # It is off the queue already.
            logger.exception("What lay on the queue is no message")
            signs.set_aside("", type(error).__name__, told=str(error), message="", now=timezone.now())
            connection.close()
            return None


class Reader(Consumer):
    """Celery's own, which outlives its broker and keeps what it throws away because nobody can read it."""

    def ensure_connected(self, connection: Any) -> Any:
        """Wait until the broker answers."""
        return super().ensure_connected(careful(connection))

    def on_decode_error(self, message: Any, exc: Exception) -> None:
        """Take the message off the queue and keep how it begins."""
        super().on_decode_error(message, exc)
        _set_aside("", exc, message)


def careful(connection: Any) -> Any:
    """Return a connection, not made yet, that can be closed when its broker is gone."""
    connection.transport.Channel = Channel
    return connection


def failed(sender: Any, exception: Exception, args: Any = (), kwargs: Any = None, **rest: Any) -> None:
    """Keep that a task failed, unless the database was away: then the next run does what this one could not."""
    if trouble(exception) is not None:
        return
    values = ", ".join([*map(repr, args or ()), *(f"{name}={value!r}" for name, value in (kwargs or {}).items())])
    signs.set_aside(sender.name, type(exception).__name__, told=str(exception), message=values, now=timezone.now())


def unknown(sender: Any, message: Any, exc: Exception, name: str, **rest: Any) -> None:
    """Keep that a message names a task which there is not."""
    _set_aside(name, NotRegistered(name), message)


def rejected(sender: Any, message: Any, exc: Exception | None, **rest: Any) -> None:
    """Keep that a message is none of Celery's, or asks for what its task does not take."""
    _set_aside(str((message.headers or {}).get("task", "")), exc, message)


def _set_aside(task: str, exc: Exception | None, message: Any) -> None:
    error = type(exc).__name__ if exc else "UnknownMessage"
    signs.set_aside(task, error, told=str(exc or ""), message=_beginning(message), now=timezone.now())
    connection.close()  # Read in the worker's own process, which otherwise asks the database nothing.


def _beginning(message: Any) -> str:
    body = message.body
    return bytes(body[:2000]).decode(errors="replace") if isinstance(body, bytes | memoryview) else str(body)[:2000]
