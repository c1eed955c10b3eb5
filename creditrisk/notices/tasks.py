"""What the worker does for notices: works out who hears of new alerts, and sends what is due."""

import time
from typing import Any

from celery import shared_task
from django.utils import timezone

from creditrisk.notices import sending, spreading

# Seconds that a run sends at most, so that other tasks get their turn.
A_RUN = 20.0


@shared_task(name="creditrisk.notices.tasks.send")
def send(**kwargs: Any) -> int:
    """Make notices of new alerts and send what is due; return how many were sent or tried."""
    began, post, count = time.monotonic(), sending.Post(), 0
    sending.reclaim(now=timezone.now())
    while spreading.spread(now=timezone.now()):
        pass
    try:
        while time.monotonic() - began < A_RUN and sending.send_next(clock=timezone.now, post=post):
            count += 1
    finally:
        post.close()
    if time.monotonic() - began >= A_RUN:  # there is more: another task goes on
        send.delay()
    return count
