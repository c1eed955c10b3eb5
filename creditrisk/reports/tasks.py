"""What the worker does for reports: makes those that are due, and sends what waits."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from creditrisk.reports import making, sending


@shared_task(name="creditrisk.reports.tasks.make")
def make(**kwargs: Any) -> int:
    """Make every report that is due, once each."""
    return making.make_due(now=timezone.now())


@shared_task(name="creditrisk.reports.tasks.send")
def send(**kwargs: Any) -> int:
    """Send what waits to be sent."""
    return sending.send_waiting(now=timezone.now())
