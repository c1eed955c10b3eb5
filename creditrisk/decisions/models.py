"""The log of every evaluation at the gate, with the facts that it rested on."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models import Customer, amount_field, currency_field
from documents.models import Document


class Verdict(models.TextChoices):
    PASSED = "passed", _("passed")
    WARNED = "warned", _("warned")
    HELD = "held", _("held")


class Decision(models.Model):
    """One evaluation: figures as read, limit and its source, every finding. Append-only.

    With `entry_position` (the last entry of the debtor that it saw) the balances of that moment can be rebuilt in
    full. Amounts are in the account's currency.
    """

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="decisions")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="decisions")
    step = models.CharField(_("step"), max_length=10)
    checkpoint = models.CharField(_("checkpoint"), max_length=12)
    verdict = models.CharField(_("verdict"), max_length=6, choices=Verdict)
    reasons = models.JSONField(_("reasons"), default=list)
    warnings = models.JSONField(_("warnings"), default=list)
    policy_number = models.PositiveIntegerField(_("policy version"))
    entry_position = models.BigIntegerField(_("position in the entry ledger"))
    day = models.DateField(_("business day"))
    decided_at = models.DateTimeField(_("decided at"))
    microseconds = models.PositiveIntegerField(_("took, microseconds"), default=0)
    document_amount = amount_field(_("document amount"))
    document_currency = currency_field()
    currency = currency_field()
    total = amount_field(_("exposure"))
    limit = amount_field(_("limit"), null=True)
    facts = models.JSONField(_("facts"), help_text=_("Exposures, limits and their sources, findings."))
    covered_by = models.BigIntegerField(_("covered by release"), null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    actor = models.JSONField(_("actor"), default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["document", "-id"], name="decisions_of_document"),
            models.Index(fields=["customer", "-id"], name="decisions_of_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.document_id} {self.step} {self.verdict}"
