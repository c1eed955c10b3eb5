"""Signs of life, and what the worker could not do."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Heartbeat(models.Model):
    """When a part was last seen at work."""

    class Part(models.TextChoices):
        BEAT = "beat", _("schedule")
        WORKER = "worker", _("worker")

    part = models.CharField(_("part"), max_length=10, choices=Part.choices, primary_key=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name, verbose_name_plural = _("heartbeat"), _("heartbeats")
        constraints = [
            models.CheckConstraint(condition=models.Q(part__in=["beat", "worker"]), name="running_heartbeat_part")
        ]

    def __str__(self) -> str:
        return f"{self.part} {self.at}"


class SetAside(models.Model):
    """Work that failed, or a message that nobody can read: taken off the queue, which goes on. One row a kind of failure."""

    task = models.CharField(_("task"), max_length=200, blank=True)
    error = models.CharField(_("kind of failure"), max_length=200)
    told = models.CharField(_("what was said"), max_length=500, blank=True)
    message = models.CharField(_("message"), max_length=2000, blank=True)
    times = models.PositiveIntegerField(_("times"), default=1)
    first_at = models.DateTimeField(_("first"))
    last_at = models.DateTimeField(_("last"), db_index=True)

    class Meta:
        verbose_name, verbose_name_plural = _("work set aside"), _("work set aside")
        constraints = [models.UniqueConstraint(fields=["task", "error"], name="running_setaside_once_a_kind")]

    def __str__(self) -> str:
        return f"{self.task or '?'}: {self.error}"
