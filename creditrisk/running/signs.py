"""Writing signs of life, and what was set aside: never at the cost of the work itself."""

import logging
from datetime import datetime, timedelta

from django.db import DatabaseError, InterfaceError, transaction
from django.db.models import F

from creditrisk.running.models import Heartbeat, SetAside

logger = logging.getLogger(__name__)

KEPT = timedelta(days=30)


def beat(part: str, *, now: datetime) -> bool:
    """Note that a part is at work; return whether that could be written.

    A clock that was set back does not make the part look dead for an hour: what is written is what it says now.
    """
    try:
        Heartbeat.objects.update_or_create(part=part, defaults={"at": now})
    except (DatabaseError, InterfaceError) as error:
        logger.warning("No sign of life of %s could be written: %s", part, error)
        return False
    return True


def set_aside(task: str, error: str, *, told: str, message: str, now: datetime) -> None:
    """Note work that failed or could not be read, once a kind of failure, with how often and the last of them."""
    values = {"told": _plain(told, 500), "message": _plain(message, 2000), "last_at": now}
    try:
        with transaction.atomic():
            row, made = SetAside.objects.get_or_create(
                task=task[:200], error=error[:200], defaults={**values, "first_at": now}
            )
            if not made:
                SetAside.objects.filter(pk=row.pk).update(**values, times=F("times") + 1)
    except (DatabaseError, InterfaceError) as failure:
        logger.warning("%s of %s could not be set aside: %s", error, task or "a message", failure)


def forget_old(*, now: datetime) -> None:
    """Let go of what has not failed for a month."""
    SetAside.objects.filter(last_at__lt=now - KEPT).delete()


def _plain(text: str, most: int) -> str:
    """Return a text without what cannot be kept or shown."""
    return "".join(letter if letter.isprintable() else "�" for letter in text[:most])
