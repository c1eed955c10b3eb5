"""What the worker does for the portfolio: recomputes it, a slice a time; keeps what of the limits was used."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from creditrisk.monitoring import recomputing, utilisation


@shared_task(name="creditrisk.monitoring.tasks.recompute")
def recompute(**kwargs: Any) -> bool:
    """Look at one slice of the run under way, then ask for the next: other tasks get their turn in between."""
    more = recomputing.work(now=timezone.now())
    if more:
        recompute.delay()
    return more


@shared_task(name="creditrisk.monitoring.tasks.keep_utilisation")
def keep_utilisation(**kwargs: Any) -> int:
    """Keep what of the limits was used, of every day that is over and was not kept."""
    return utilisation.take_missing(now=timezone.now())
