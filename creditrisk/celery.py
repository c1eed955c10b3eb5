"""The Celery app, and the beat schedule: all that happens by itself, at a glance."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "creditrisk.settings")

SECOND = 1.0
HOUR = 3600 * SECOND

app = Celery("creditrisk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

app.conf.beat_schedule = {
    "holds whose reason may be gone": {
        "task": "approvals.tasks.evaluate_holds",
        "schedule": 10 * SECOND,
    },
    "what a new day changes": {"task": "approvals.tasks.sweep_day", "schedule": HOUR},
    "a slice of the ledger against the formula": {
        "task": "approvals.tasks.audit_slice",
        "schedule": HOUR,
    },
    "try-outs that nobody works on": {"task": "approvals.tasks.resume_tryouts", "schedule": 60 * SECOND},
}
