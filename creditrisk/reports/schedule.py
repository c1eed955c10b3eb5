"""When a report is due. Pure but for the time zone: moments in, moments out."""

import calendar
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Protocol

from django.utils import timezone

from creditrisk.clock import business_day

_WEEK = 7


class Timed(Protocol):
    """What says when: weekly on a weekday (1 is Monday), or monthly on a day (31 is the last), at a full hour."""

    every: str
    weekday: int | None
    month_day: int | None
    hour: int


def latest(timed: Timed, now: datetime) -> datetime:
    """Return the last moment up to `now` at which it was due."""
    return next(moment for moment in _backwards(timed, business_day(now)) if moment <= now)


def following(timed: Timed, now: datetime) -> datetime:
    """Return the first moment after `now` at which it is due."""
    ahead = business_day(now) + timedelta(days=2 * LONGEST)
    found = None
    for moment in _backwards(timed, ahead):
        if moment <= now:
            break
        found = moment
    assert found is not None
    return found


LONGEST = 31


def _backwards(timed: Timed, day: date) -> Iterator[datetime]:
    """Return the moments at which it is due, from `day` back, the latest first."""
    if timed.weekday is not None:
        at = day - timedelta(days=(day.isoweekday() - timed.weekday) % _WEEK)
        while True:
            yield _moment(at, timed.hour)
            at -= timedelta(days=_WEEK)
    first = day.replace(day=1)
    while True:
        length = calendar.monthrange(first.year, first.month)[1]
        yield _moment(first.replace(day=min(timed.month_day or 1, length)), timed.hour)
        first = (first - timedelta(days=1)).replace(day=1)


def _moment(day: date, hour: int) -> datetime:
    """Return a full hour of a day in the installation's time zone; one that a change of clocks skips comes an hour later."""
    return timezone.make_aware(datetime.combine(day, time(hour)))
