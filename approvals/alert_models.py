"""Alerts, who has looked at them, and what is known of the days ahead."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from approvals.alert_kinds import AlertKind, kind_of, sentence
from customers.models import Customer, SharedLimit
from documents.models import Document


class Alert(models.Model):
    """Something that somebody should know, written in the transaction that caused it. Append-only.

    It is of a customer, of a shared limit, or of neither.
    `code` is one of `alert_kinds`; `values` are what its sentence needs. `text` is the sentence of an alert from the time
    before values were kept.
    """

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="alerts")
    shared = models.ForeignKey(
        SharedLimit, on_delete=models.PROTECT, null=True, blank=True, related_name="alerts", db_index=False
    )
    document = models.ForeignKey(Document, on_delete=models.PROTECT, null=True, blank=True, related_name="alerts")
    code = models.CharField(_("code"), max_length=20)
    values = models.JSONField(_("values"), null=True, blank=True)
    text = models.CharField(_("text"), max_length=300, blank=True, default="")
    raised_at = models.DateTimeField(_("raised at"))
    day = models.DateField(_("business day"))

    class Meta:
        indexes = [
            models.Index(fields=["-id"], name="approvals_newest_alerts"),
            models.Index(fields=["customer", "-id"], name="approvals_alerts_of_customer"),
            models.Index(
                fields=["shared", "-id"], name="approvals_alerts_of_shared", condition=models.Q(shared__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.customer_id}"

    @property
    def kind(self) -> AlertKind | None:
        return kind_of(self.code)

    @property
    def sentence(self) -> str:
        """What the alert says, in the language that is active now."""
        return self.text if self.values is None else sentence(self.code, self.values)


class AlertSeen(models.Model):
    """A user has looked at the alerts up to this one."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    last_alert = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.user_id} {self.last_alert}"


class Outlook(models.Model):
    """What the sweep knows of a customer's days ahead: when to look again, and the breach that it told of.

    `again_on` is the first day on which something that is expected may fail to come, or a breach comes near; empty is
    not before something is booked. `breach_on` is empty where none lies ahead, so that the next one is told.
    """

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, primary_key=True, related_name="+")
    again_on = models.DateField(_("looked at again on"), null=True, blank=True)
    breach_on = models.DateField(_("breach told of"), null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["again_on"], name="approvals_outlook_again")]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.breach_on}"


class SharedOutlook(models.Model):
    """What the sweep knows of the days ahead of a shared limit; as of a customer's."""

    shared = models.OneToOneField(SharedLimit, on_delete=models.CASCADE, primary_key=True, related_name="+")
    again_on = models.DateField(_("looked at again on"), null=True, blank=True)
    breach_on = models.DateField(_("breach told of"), null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.shared_id} {self.breach_on}"
