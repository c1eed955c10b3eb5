"""The log of every evaluation at the gate, with the facts that it rested on; policies tried on it."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from creditrisk.policy.names import step_name
from customers.models import Customer, amount_field, currency_field
from documents.models import Document


class Verdict(models.TextChoices):
    PASSED = "passed", _("passed")
    WARNED = "warned", _("warned")
    HELD = "held", _("held")


class Decision(models.Model):
    """One evaluation: figures as read, limit and its source, every finding. Append-only.

    `facts` are enough to ask the rules again (`approvals.records`). With `entry_position` (the last entry of the debtor
    that it saw) the balances of that moment can be rebuilt by any day. Amounts are in the account's currency.
    """

    document = models.ForeignKey(Document, on_delete=models.PROTECT, db_index=False, related_name="decisions")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, db_index=False, related_name="decisions")
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
    facts = models.JSONField(
        _("facts"), help_text=_("Exposures, limits and their sources, findings, all that was read.")
    )
    covered_by = models.BigIntegerField(_("covered by release"), null=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    actor = models.JSONField(_("actor"), default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["document", "-id"], name="decisions_of_document"),
            models.Index(fields=["customer", "-id"], name="decisions_of_customer"),
            # Days come in the order of the rows, so that ranges of pages find a period at next to no cost a row.
            BrinIndex(fields=["day"], name="decisions_by_day", pages_per_range=32),
        ]

    def __str__(self) -> str:
        return f"{self.document_id} {self.step} {self.verdict}"

    @property
    def step_name(self) -> str:
        return step_name(self.step)

    @property
    def checkpoint_name(self) -> str:
        return step_name(self.checkpoint)


class TryOut(models.Model):
    """A policy tried on the decisions of a period, each by itself; nothing else is changed by it.

    `content` is the policy as a version's content, `unseen` how many documents of the period nothing was decided
    about, by checkpoint that the policy has on.
    """

    label = models.CharField(_("policy"), max_length=120)
    content = models.JSONField(_("content"))
    since = models.DateField(_("from"))
    until = models.DateField(_("to"))
    decisions = models.PositiveIntegerField(_("decisions"))
    unseen = models.JSONField(_("not looked at"), default=dict)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField(_("asked at"))

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(since__lte=F("until")), name="decisions_tryout_days_in_order"),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def unseen_steps(self) -> list[tuple[str, int]]:
        """Return the checkpoints at which documents were not looked at, by name, with how many."""
        return [(step_name(code), count) for code, count in self.unseen.items()]


class TryOutPart(models.Model):
    """A handful of decisions that one worker judges at a time. Written with the try-out, claimed by the worker."""

    tryout = models.ForeignKey(TryOut, on_delete=models.CASCADE, related_name="parts")
    decision_ids = ArrayField(models.BigIntegerField())
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    error = models.TextField(_("error"), blank=True, default="")
    judged = models.PositiveIntegerField(_("judged"), default=0)
    unasked = models.PositiveIntegerField(_("no longer checked"), default=0)
    missing = models.JSONField(_("rates missing"), default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["id"], condition=Q(done_at__isnull=True), name="decisions_tryout_parts_to_do"),
        ]

    def __str__(self) -> str:
        return f"{self.tryout_id} {self.pk}"


class Direction(models.TextChoices):
    """How a decision would have come out otherwise."""

    HELD = "HELD", _("held instead")
    FREED = "FREED", _("no longer held")
    WARNED = "WARNED", _("with a warning")
    UNWARNED = "UNWARNED", _("without a warning")
    REASONS = "REASONS", _("for other reasons")


class TryOutChange(models.Model):
    """A decision that would have come out otherwise. `amount` is the document's, in the account's currency."""

    tryout = models.ForeignKey(TryOut, on_delete=models.CASCADE, related_name="changes")
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="+")
    direction = models.CharField(_("change"), max_length=8, choices=Direction)
    was = models.CharField(_("was"), max_length=6, choices=Verdict)
    would = models.CharField(_("would be"), max_length=6, choices=Verdict)
    gained = ArrayField(models.CharField(max_length=30), default=list)
    lost = ArrayField(models.CharField(max_length=30), default=list)
    amount = amount_field(_("amount"))
    currency = currency_field()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tryout", "decision"], name="decisions_tryout_changes_once"),
        ]

    def __str__(self) -> str:
        return f"{self.decision_id} {self.was} {self.would}"
