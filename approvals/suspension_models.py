"""When a customer's credit was suspended and when it was given back."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models import Customer


class SuspensionChange(models.Model):
    """A customer was suspended, or the suspension lifted: who, when, why. Append-only; the account says how it is now."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="suspension_changes")
    suspended = models.BooleanField(_("suspended"))
    until = models.DateField(_("last day"), null=True, blank=True)
    source = models.CharField(_("where the flag came from"), max_length=60, blank=True, default="")
    reason = models.CharField(_("reason"), max_length=200)
    made_at = models.DateTimeField(_("made at"))
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    actor = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~models.Q(reason=""), name="approvals_suspension_has_a_reason"),
            models.CheckConstraint(
                condition=models.Q(suspended=True) | models.Q(until__isnull=True), name="approvals_lifted_without_day"
            ),
        ]
        indexes = [models.Index(fields=["customer", "-id"], name="approvals_suspensions")]

    def __str__(self) -> str:
        return f"{self.customer_id} {'suspended' if self.suspended else 'lifted'}"
