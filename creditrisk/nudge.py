"""Waking the worker at once: by name, after the commit. Where no broker answers, its schedule comes a little later."""

import logging
from functools import partial
from typing import Any

from celery import current_app
from django.db import transaction

logger = logging.getLogger(__name__)


def after_commit(task: str, **values: Any) -> None:
    """Have a task run as soon as what was written here is there to be seen; never fails for want of a broker."""
    transaction.on_commit(partial(_send, task, values), robust=True)


def _send(task: str, values: dict[str, Any]) -> None:
    try:
        current_app.send_task(task, kwargs=values, retry=False, ignore_result=True)
    except Exception as error:  # whatever the broker's library raises: the row is there, and the schedule finds it
        logger.warning("The worker was not woken for %s: %s", task, error)
