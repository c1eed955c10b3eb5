"""The Celery app, and the beat schedule: all that happens by itself, at a glance."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "creditrisk.settings")

SECOND = 1.0
HOUR = 3600 * SECOND

app = Celery("creditrisk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# Celery's own with a sign of life, and with a place for messages that nobody can read.
app.conf.beat_scheduler = "creditrisk.running.tasks:Scheduler"
app.conf.worker_consumer = "creditrisk.running.tasks:Reader"
app.conf.broker_connection_max_retries = None  # Whoever waits for a broker waits until it comes.

# Whoever wakes the worker waits a moment at most for a broker that does not answer (creditrisk/nudge.py).
app.conf.broker_transport_options = {
    "max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0, "socket_connect_timeout": 2,
}  # fmt: skip

app.conf.beat_schedule = {
    "a sign of life": {"task": "creditrisk.running.tasks.pulse", "schedule": 10 * SECOND},
    "holds whose reason may be gone": {
        "task": "approvals.tasks.evaluate_holds",
        "schedule": 10 * SECOND,
    },
    "what a new day changes": {"task": "approvals.tasks.sweep_day", "schedule": HOUR},
    "alerts to be told": {"task": "creditrisk.notices.tasks.send", "schedule": 10 * SECOND},
    "uploads that wait": {"task": "creditrisk.takeover.tasks.work_off", "schedule": 10 * SECOND},
    "what looks wrong in the data": {"task": "creditrisk.quality.tasks.look", "schedule": 24 * HOUR},
    "figures of the day that is over": {"task": "creditrisk.figures.tasks.keep", "schedule": HOUR},
    "reports that are due": {"task": "creditrisk.reports.tasks.make", "schedule": 60 * SECOND},
    "reports that wait to be sent": {"task": "creditrisk.reports.tasks.send", "schedule": 30 * SECOND},
    "what the audit trail has not sealed": {"task": "creditrisk.audit.tasks.seal", "schedule": 15 * SECOND},
    "the whole audit trail": {"task": "creditrisk.audit.tasks.verify", "schedule": 24 * HOUR},
    "a slice of the ledger against the formula": {
        "task": "approvals.tasks.audit_slice",
        "schedule": HOUR,
    },
    "what of the limits was used": {"task": "creditrisk.monitoring.tasks.keep_utilisation", "schedule": HOUR},
    "a recomputing that nobody goes on with": {
        "task": "creditrisk.monitoring.tasks.recompute",
        "schedule": 60 * SECOND,
    },
    "sessions that are over": {"task": "creditrisk.signin.tasks.forget", "schedule": 24 * HOUR},
    "try-outs that nobody works on": {"task": "approvals.tasks.resume_tryouts", "schedule": 60 * SECOND},
}
# What nobody took up until it is asked for again is asked for again: a worker that was away finds no heap of old messages.
for entry in app.conf.beat_schedule.values():
    entry["options"] = {"expires": entry["schedule"]}
