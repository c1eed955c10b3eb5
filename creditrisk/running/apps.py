from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RunningConfig(AppConfig):
    name = "creditrisk.running"
    label = "running"
    verbose_name = _("What runs")

    def ready(self) -> None:
        """Celery tells of what fails and of what nobody knows by signals; a message nobody can read, by its consumer."""
        from celery import signals

        from creditrisk.running import tasks

        signals.task_failure.connect(tasks.failed, dispatch_uid="running.failed")
        signals.task_unknown.connect(tasks.unknown, dispatch_uid="running.unknown")
        signals.task_rejected.connect(tasks.rejected, dispatch_uid="running.rejected")
