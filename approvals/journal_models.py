"""Journals: many limits changed in one go, prepared line by line, approved, and posted once."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from approvals.request_models import LimitRequest
from customers.models import Company, Customer, LimitKind, amount_field, currency_field


class JournalState(models.TextChoices):
    DRAFT = "DRAFT", _("being prepared")
    SENT = "SENT", _("waits for approval")
    POSTED = "POSTED", pgettext_lazy("journal of limits", "posted")
    WITHDRAWN = "WITHDRAWN", _("withdrawn")


class LimitJournal(models.Model):
    """A batch of new limits. While it is prepared its lines may be changed; sent, each line is a limit request.

    Its events move it: the database carries over what they say.
    """

    text = models.CharField(_("what it is for"), max_length=120)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("company"))
    state = models.CharField(_("state"), max_length=9, choices=JournalState, default=JournalState.DRAFT)
    prepared_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    prepared_at = models.DateTimeField(_("prepared at"))
    source_key = models.CharField(_("key of the form"), max_length=120, null=True, blank=True, unique=True)

    class Meta:
        indexes = [models.Index(fields=["state", "-id"], name="approvals_journals_by_state")]

    def __str__(self) -> str:
        return f"J{self.pk}"


class LineSource(models.TextChoices):
    HAND = "HAND", _("by hand")
    SELECTION = "SELECTION", _("from a selection")
    FILE = "FILE", _("from a file")


class JournalLine(models.Model):
    """One new limit, in the customer's currency. With an `error` it is bad: mended or taken out before it is sent."""

    journal = models.ForeignKey(LimitJournal, on_delete=models.CASCADE, related_name="lines")
    number = models.PositiveIntegerField(_("line"))
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, related_name="+")
    typed = models.CharField(_("as typed"), max_length=60, blank=True, default="")
    kind = models.CharField(_("kind"), max_length=10, choices=LimitKind, default=LimitKind.BASE)
    amount = amount_field(_("amount"), null=True)
    currency = currency_field(blank=True, default="")
    valid_from = models.DateField(_("from"), null=True)
    valid_to = models.DateField(_("last day"), null=True)
    reason = models.CharField(_("why"), max_length=300, blank=True, default="")
    source = models.CharField(_("source"), max_length=9, choices=LineSource)
    error = models.CharField(_("what is wrong"), max_length=300, blank=True, default="")
    request = models.OneToOneField(LimitRequest, on_delete=models.PROTECT, null=True, related_name="journal_line")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["journal", "number"], name="approvals_journal_line_number"),
            models.UniqueConstraint(
                fields=["journal", "customer", "kind"], condition=Q(error=""), name="approvals_journal_customer_once"
            ),
            models.CheckConstraint(
                condition=~Q(error="") | Q(customer__isnull=False, amount__gte=0), name="approvals_good_line_is_whole"
            ),
            models.CheckConstraint(
                condition=Q(request__isnull=True) | Q(error=""), name="approvals_bad_line_is_not_asked"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.journal_id}/{self.number}"


class JournalStep(models.TextChoices):
    PREPARED = "PREPARED", _("began it")
    SENT = "SENT", _("sent it for approval")
    APPROVED = "APPROVED", _("agreed to lines")
    REJECTED = "REJECTED", _("rejected lines")
    POSTED = "POSTED", _("posted it")
    WITHDRAWN = "WITHDRAWN", _("withdrew it")


class JournalEvent(models.Model):
    """One step of a journal: who, when, how many lines, why. Append-only; a journal is posted or withdrawn once."""

    journal = models.ForeignKey(LimitJournal, on_delete=models.PROTECT, related_name="events")
    step = models.CharField(_("step"), max_length=9, choices=JournalStep)
    lines = models.PositiveIntegerField(_("lines"), default=0)
    note = models.TextField(_("note"), blank=True, default="")
    made_at = models.DateTimeField(_("made at"))
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    actor = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["journal"], condition=Q(step__in=["POSTED", "WITHDRAWN"]), name="approvals_journal_ends_once"
            ),
            models.UniqueConstraint(fields=["journal"], condition=Q(step="SENT"), name="approvals_journal_sent_once"),
        ]
        indexes = [models.Index(fields=["journal", "id"], name="approvals_events_of_journal")]

    def __str__(self) -> str:
        return f"{self.journal_id} {self.step}"
