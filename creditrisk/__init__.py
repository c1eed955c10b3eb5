"""The project, and the centre: exposure and rules."""

from creditrisk.celery import app as celery_app

__all__ = ["celery_app"]
