"""What the worker does with uploads: checks and carries out those that wait."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from creditrisk.takeover import carrying


@shared_task(name="creditrisk.takeover.tasks.work_off")
def work_off(**kwargs: Any) -> int:
    """Check or carry out every upload that waits."""
    return sum(carrying.work(pk, now=timezone.now()) for pk in carrying.waiting(now=timezone.now()))
