"""What the worker does for the figures: keeps those of the day that is over."""

import logging
from typing import Any

from celery import shared_task
from django.utils import timezone

from creditrisk.figures import snapshots

log = logging.getLogger(__name__)


@shared_task(name="creditrisk.figures.tasks.keep")
def keep(**kwargs: Any) -> int:
    """Keep the figures of every day that is over and has none; return how many companies could not be reckoned."""
    failed = snapshots.take_missing(now=timezone.now())
    for sentence in failed:
        log.warning("Figures not kept: %s", sentence)
    return len(failed)
