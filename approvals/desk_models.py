"""What is said and done about a hold while it is open."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class HoldStep(models.TextChoices):
    COMMENT = "COMMENT", _("commented")
    TAKEN = "TAKEN", _("took it")
    DELEGATED = "DELEGATED", _("delegated it")
    CHANGE_WANTED = "CHANGE_WANTED", _("asked for a change")
    CHANGED = "CHANGED", _("changed the document")
    RELEASE_ASKED = "RELEASE_ASKED", _("asked for release")


class HoldEvent(models.Model):
    """One thing that somebody said or did about a hold. Append-only.

    The newest of taken and delegated says who has it; whether a change is still wanted, the newest of all but comments.
    """

    hold = models.ForeignKey("approvals.Hold", on_delete=models.PROTECT, related_name="events")
    step = models.CharField(_("step"), max_length=13, choices=HoldStep)
    note = models.TextField(_("note"), blank=True, default="")
    to = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    made_at = models.DateTimeField(_("made at"))
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    actor = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(step="DELEGATED") | models.Q(to__isnull=False),
                name="approvals_delegated_to_somebody",
            ),
            models.CheckConstraint(
                condition=~models.Q(step__in=["COMMENT", "CHANGE_WANTED", "RELEASE_ASKED"]) | ~models.Q(note=""),
                name="approvals_hold_event_says_something",
            ),
        ]
        indexes = [models.Index(fields=["hold", "-id"], name="approvals_events_of_hold")]

    def __str__(self) -> str:
        return f"{self.hold_id} {self.step}"
