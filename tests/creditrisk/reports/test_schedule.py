"""When a report is due: the last time and the next, whatever the moment."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from creditrisk.reports import schedule


@dataclass
class Timed:
    every: str
    weekday: int | None
    month_day: int | None
    hour: int


LAW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
TIMED = st.builds(
    lambda weekly, weekday, day, hour: Timed("WEEK" if weekly else "MONTH", weekday if weekly else None, None if weekly else day, hour),
    st.booleans(), st.integers(1, 7), st.integers(1, 31), st.integers(0, 23),
)  # fmt: skip
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)).map(lambda m: m.replace(tzinfo=UTC))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("timed", "now", "latest", "following"),
    [
        (Timed("WEEK", 1, None, 7), "2026-11-28T12:00", "2026-11-23T07:00", "2026-11-30T07:00"),
        (Timed("WEEK", 6, None, 12), "2026-11-28T12:00", "2026-11-28T12:00", "2026-12-05T12:00"),
        (Timed("WEEK", 6, None, 13), "2026-11-28T12:00", "2026-11-21T13:00", "2026-11-28T13:00"),
        (Timed("MONTH", None, 31, 18), "2026-03-01T00:00", "2026-02-28T18:00", "2026-03-31T18:00"),
        (Timed("MONTH", None, 30, 6), "2024-02-29T06:00", "2024-02-29T06:00", "2024-03-30T06:00"),
        (Timed("MONTH", None, 1, 0), "2026-01-01T00:00", "2026-01-01T00:00", "2026-02-01T00:00"),
    ],
)
def test_due_by_hand(timed: Timed, now: str, latest: str, following: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)

    assert schedule.latest(timed, moment) == datetime.fromisoformat(latest).replace(tzinfo=UTC)
    assert schedule.following(timed, moment) == datetime.fromisoformat(following).replace(tzinfo=UTC)


@LAW
@given(TIMED, MOMENTS, st.sampled_from(["UTC", "Europe/Rome", "America/New_York", "Pacific/Auckland"]))
def test_now_lies_between_the_last_time_and_the_next(timed: Timed, now: datetime, zone: str) -> None:
    with timezone.override(zone):
        latest, following = schedule.latest(timed, now), schedule.following(timed, now)

        assert latest <= now < following
        assert schedule.latest(timed, following) == following
        assert schedule.latest(timed, following - timedelta(seconds=1)) == latest
        assert following - latest <= timedelta(days=31, hours=1)
