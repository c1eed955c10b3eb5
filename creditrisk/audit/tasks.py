"""What the worker does for the audit trail: seals every few seconds, verifies everything once a day."""

import time
from typing import Any

from celery import shared_task
from django.utils import timezone

from approvals import alerts
from creditrisk.audit import sealing, verifying
from creditrisk.clock import business_day

AT_A_TIME = 20_000


@shared_task(name="creditrisk.audit.tasks.seal")
def seal(**kwargs: Any) -> int:
    """Seal what is complete; where history is taken over, some of it each time, so that other tasks get their turn."""
    return sealing.seal(now=timezone.now(), most=AT_A_TIME)


@shared_task(name="creditrisk.audit.tasks.verify")
def verify(**kwargs: Any) -> int:
    """Verify the whole chain, keep what was found, and raise an alarm where something does not fit."""
    now, began = timezone.now(), time.monotonic()
    outcome = verifying.verify()
    verifying.record(outcome, seconds=time.monotonic() - began, now=now)
    if outcome.first is not None:
        values = {"count": outcome.breaks, "first": str(outcome.first)}
        alerts.write([("trail_broken", values)], customer_id=None, day=business_day(now), now=now)
    return outcome.breaks
