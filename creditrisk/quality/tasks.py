"""What the worker does for data quality: looks through everything once a day."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from creditrisk.quality import looking


@shared_task(name="creditrisk.quality.tasks.look")
def look(**kwargs: Any) -> int:
    """Look through everything again."""
    return looking.look(now=timezone.now())
