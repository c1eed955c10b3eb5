"""What runs and what does not, part by part, in words: for whoever asks, at the cost of a few rows and one ping."""

import logging
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Literal

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from redis import Redis, RedisError

from approvals.models import SweptDay
from creditrisk import language
from creditrisk.clock import APART, business_day, told
from creditrisk.running.models import Heartbeat, SetAside

logger = logging.getLogger(__name__)

SILENT = timedelta(seconds=60)  # Six signs of life that did not come.
LATELY = timedelta(days=1)
PATIENCE = 1.0  # Seconds that the broker has to answer.
QUEUE = "celery"
LITTLE = 512 * 1024**2  # Bytes: below it the next import or backup may not fit.

State = Literal["ok", "degraded", "down"]


@dataclass(frozen=True)
class Part:
    """One part: without it nothing works (down), pages work and something waits (degraded), or it is as it should be."""

    code: str
    state: State
    sentence: str


def look(*, now: datetime) -> list[Part]:
    """Return how every part is; what cannot be known without the database is left out where it is away."""
    try:
        database = _database()
        if database.state == "down":
            return [database, _broker(), _disk()]
        return [database, _broker(), *_at_work(now), _disk(), _set_aside(now), _swept(now)]
    except (DatabaseError, InterfaceError) as error:
        logger.warning("The database does not answer: %s", error)
        connection.close()
        return [Part("database", "down", _("It does not answer.")), _broker(), _disk()]


def worst(parts: list[Part]) -> State:
    """Return how it stands with all of it."""
    states = {part.state for part in parts}
    return "down" if "down" in states else "degraded" if "degraded" in states else "ok"


def names() -> dict[str, str]:
    """Return what people call the parts."""
    return {
        "database": _("Database"),
        "broker": _("Broker of messages"),
        "beat": _("Schedule"),
        "worker": _("Worker"),
        "disk": pgettext("volume", "Disk"),
        "set_aside": _("Work set aside"),
        "sweep": _("Daily sweep"),
    }


def _database() -> Part:
    with connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations")
        done = set(cursor.fetchall())
    if _wanted() - done:
        return Part("database", "down", _("Its tables are those of another version: run `manage.py migrate`."))
    return Part("database", "ok", _("It answers, and its tables are those of this version."))


@cache
def _wanted() -> frozenset[tuple[str, str]]:
    """The last migration of every app, as they lie on the disk."""
    return frozenset(MigrationLoader(None).graph.leaf_nodes())


def _broker() -> Part:
    try:
        with Redis.from_url(settings.REDIS_URL, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE) as broker:
            count = int(broker.llen(QUEUE))
    except (RedisError, OSError) as error:
        logger.warning("The broker does not answer: %s", error)
        return Part("broker", "degraded", _("It does not answer. Pages work; what happens by itself waits for it."))
    said = ngettext("It answers; %(count)d message waits.", "It answers; %(count)d messages wait.", count)
    return Part("broker", "ok", said % {"count": count})


def _at_work(now: datetime) -> list[Part]:
    seen = dict(Heartbeat.objects.values_list("part", "at"))
    beat, worker = seen.get(Heartbeat.Part.BEAT), seen.get(Heartbeat.Part.WORKER)
    runs = _is_lately(beat, now)
    return [
        Part("beat", "ok", _("It runs."))
        if runs
        else Part("beat", "degraded", _silent(beat, now, _("Nothing happens by itself until it runs again."))),
        Part("worker", "ok", _("It works on what is asked."))
        if _is_lately(worker, now)
        else Part("worker", "degraded", _silent(worker, now, _waits(runs))),
    ]


def _waits(runs: bool) -> str:
    if runs:
        return _("Mails, imports and evaluations wait.")
    return _("It is asked for a sign of life by the schedule, so it may be well.")


def _is_lately(at: datetime | None, now: datetime) -> bool:
    """A sign of life from the future was written before the clock was set back, and says nothing of this moment."""
    return at is not None and now - at < SILENT and at - now < APART


def _silent(at: datetime | None, now: datetime, then: str) -> str:
    if at is None:
        return _("It was never seen at work.") + " " + then
    if at - now >= APART:
        said = _(
            "Its last sign of life says %(moment)s, which is still to come: the clock was set back, or those of two machines differ."
        )
        return said % {"moment": told(at)} + " " + then
    minutes = max(1, int((now - at).total_seconds() // 60))
    said = ngettext("It was last seen %(count)d minute ago.", "It was last seen %(count)d minutes ago.", minutes)
    return said % {"count": minutes} + " " + then


def _disk() -> Part:
    """The volume on which the product writes; with the embedded database that is the database's too."""
    try:
        free = shutil.disk_usage(settings.VAR_DIR).free
    except OSError:
        return Part("disk", "ok", _("How much room there is cannot be seen from here."))
    said = _("%(megabytes)s MB are free where files are written.") % {"megabytes": language.number(free // 1024**2)}
    return Part("disk", "degraded" if free < LITTLE else "ok", said)


def _set_aside(now: datetime) -> Part:
    count = SetAside.objects.filter(last_at__gte=now - LATELY).count()
    if not count:
        return Part("set_aside", "ok", _("Nothing failed in the last day."))
    said = ngettext(
        "%(count)d kind of work failed in the last day.", "%(count)d kinds of work failed in the last day.", count
    )
    return Part("set_aside", "degraded", said % {"count": count})


def _swept(now: datetime) -> Part:
    day = SweptDay.objects.values_list("day", flat=True).first()
    if day is None:
        return Part("sweep", "ok", _("It has not run yet."))
    behind = (business_day(now) - day).days
    if behind < 2:
        return Part("sweep", "ok", _("What a new day changes is done."))
    said = _("What a new day changes was not done for %(count)d days; the next sweep makes up for all of them.")
    return Part("sweep", "degraded", said % {"count": behind})
