"""From a moment to a business day. Nobody here asks what time it is: moments are handed in."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from django.db.models import Q
from django.utils import timezone

from creditrisk import language

APART = timedelta(minutes=1)  # The clocks of two machines differ by less.


def business_day(now: datetime) -> date:
    """Return the day of `now` (aware) in the installation's time zone."""
    return timezone.localdate(now)


def beginning_of(day: date) -> datetime:
    """Return the first moment of a day in the installation's time zone."""
    return timezone.make_aware(datetime.combine(day, time.min))


def end_of(day: date) -> datetime:
    """Return the last moment of a day in the installation's time zone."""
    return beginning_of(day + timedelta(days=1)) - timedelta(microseconds=1)


def lapsed(field: str, *, lease: timedelta, now: datetime) -> Q:
    """Return the condition that a claim has run out: long ago, or further ahead than any clock of ours goes wrong.

    What was claimed before the clock was set back an hour would otherwise wait until it is that late again.
    """
    return Q(**{f"{field}__lt": now - lease}) | Q(**{f"{field}__gt": now + lease})


def put_off_too_far(field: str, *, pauses: Sequence[timedelta], now: datetime) -> Q:
    """Return the condition that a next attempt is further ahead than its pause is long: the clock was set back since.

    `pauses[n]` is how long at most is waited after `n` attempts, which the row counts as `attempts`.
    """
    found = Q(pk__in=[])
    for attempts, pause in enumerate(pauses):
        found |= Q(**{"attempts": attempts, f"{field}__gt": now + pause + APART})
    return found


def told(moment: datetime) -> str:
    """Return a moment (aware) as a sentence says it: `24 Nov 2026 14:05`, in the installation's time zone."""
    local = timezone.localtime(moment)
    return f"{language.day(local)} {local:%H:%M}"


def months_after(day: date, months: int) -> date:
    """Return the same day so many months later, or the last day of that month where it has no such day."""
    at = day.month - 1 + months
    year, month = day.year + at // 12, at % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
