"""From a moment to a business day. Nobody here asks what time it is: moments are handed in."""

from datetime import date, datetime

from django.utils import timezone


def business_day(now: datetime) -> date:
    """Return the day of `now` (aware) in the installation's time zone."""
    return timezone.localdate(now)
