"""Files of evidence: what a third party wrote, kept with the step that brought it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from approvals.desk_models import HoldEvent
from approvals.request_models import RequestEvent


class Attachment(models.Model):
    """One file, brought by a step of a limit request or of a hold. Append-only, the content too: evidence stays.

    The content lies in the database, so that it is in every backup with what it proves and nobody can exchange it.
    """

    request_event = models.ForeignKey(RequestEvent, on_delete=models.PROTECT, null=True, related_name="files")
    hold_event = models.ForeignKey(HoldEvent, on_delete=models.PROTECT, null=True, related_name="files")
    name = models.CharField(_("file"), max_length=120)
    content_type = models.CharField(_("type"), max_length=100)
    size = models.PositiveIntegerField(_("bytes"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    content = models.BinaryField()
    added_at = models.DateTimeField(_("added at"))
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(request_event__isnull=False, hold_event__isnull=True)
                | Q(request_event__isnull=True, hold_event__isnull=False),
                name="approvals_attachment_has_one_owner",
            ),
            models.CheckConstraint(condition=Q(size__gt=0) & ~Q(name=""), name="approvals_attachment_is_whole"),
        ]

    def __str__(self) -> str:
        return self.name
