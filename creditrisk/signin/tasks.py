"""What the worker does for signing in: sessions that are over are taken away."""

from typing import Any

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore


@shared_task(name="creditrisk.signin.tasks.forget")
def forget(**kwargs: Any) -> None:
    """Delete sessions that nobody can use any more."""
    SessionStore.clear_expired()
