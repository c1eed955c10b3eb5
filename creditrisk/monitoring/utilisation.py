"""What of the limits is used: today, and at the end of each day that was kept; of the portfolio and of each segment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Max, QuerySet

from creditrisk.clock import business_day
from creditrisk.monitoring import standings
from creditrisk.monitoring.asked import Asked
from creditrisk.monitoring.models import Utilisation
from creditrisk.monitoring.stood import Sum, Wanted

ONE_DAY = timedelta(days=1)
# A worker that was away catches up by so many days a time; longer ago is for the command.
MOST_DAYS = 7


@dataclass(frozen=True)
class Line:
    """One segment today, or the whole, with how it went. `target` is in per cent."""

    now: Sum
    is_whole: bool
    course: tuple[Decimal, ...]
    target: Decimal

    @property
    def is_over(self) -> bool:
        used = self.now.used_percent
        return used is not None and used > self.target


def take(*, day: date, now: datetime) -> bool:
    """Keep what was used at the end of `day`; return whether it was not there yet. Twice does no harm: what is kept stays."""
    if Utilisation.objects.filter(day=day).exists():
        return False
    found = standings.look(None, Asked(day), Wanted(sums=True, by="segment"))
    Utilisation.objects.bulk_create(
        (
            Utilisation(
                day=day, whole=whole, segment=one.key, currency=one.currency, customers=one.customers, total=one.total,
                limits=one.limit, used=one.used, overdue=one.overdue, over=one.over, taken_at=now,
            )
            for whole, ones in ((True, found.sums), (False, found.groups))
            for one in ones
        ),
        ignore_conflicts=True,
    )  # fmt: skip
    return True


def take_missing(*, now: datetime) -> int:
    """Keep the days since the last one that was kept, up to yesterday: today is not over. Return how many were kept."""
    yesterday = business_day(now) - ONE_DAY
    last = Utilisation.objects.aggregate(last=Max("day"))["last"]
    day, kept = (last + ONE_DAY if last else yesterday), 0
    while day <= yesterday and kept < MOST_DAYS:
        kept += take(day=day, now=now)
        day += ONE_DAY
    return kept


def past(*, since: date, until: date, segment: str | None) -> QuerySet[Utilisation]:
    """Return what was kept of a segment (None: the whole portfolio), the newest day first."""
    found = Utilisation.objects.filter(day__gte=since, day__lte=until)
    found = found.filter(whole=True) if segment is None else found.filter(whole=False, segment=segment)
    return found.order_by("-day", "currency")


def lines(user: Any, *, today: date, since: date, target: Decimal) -> list[Line]:
    """Return every segment and the whole as they are today, each with its course: one statement and one query.

    The whole comes first within a currency.
    """
    found = standings.look(user, Asked(today, is_past=False), Wanted(sums=True, by="segment"))
    courses: dict[tuple[bool, str, str], list[Decimal]] = {}
    for one in Utilisation.objects.filter(day__gte=since).order_by("day"):
        if (percent := one.percent) is not None:
            courses.setdefault((one.whole, one.segment, one.currency), []).append(percent)
    return [
        Line(one, whole, tuple(courses.get((whole, one.key, one.currency), ())), target)
        for whole, ones in ((True, found.sums), (False, found.groups))
        for one in ones
    ]


def points(kept: Sequence[Utilisation], currency: str, words: Any) -> list[tuple[date, Decimal | None, str]]:
    """Return a course of one currency for its picture, oldest first; `words` writes a percentage."""
    mine = [one for one in reversed(kept) if one.currency == currency]
    return [(one.day, one.percent, words(one.percent, 1)) for one in mine]
