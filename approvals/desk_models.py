"""What is said and done about a hold while it is open, who stands in for whom, and why people release."""

from datetime import date

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models import Company, Customer, amount_field, currency_field


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


class HoldChange(models.Model):
    """What a hold stops became something else: an amendment asked for again, a document changed, customers merged.

    Append-only. The database carries it over to the hold, which nobody can change by hand, and keeps what stood there.
    """

    hold = models.ForeignKey("approvals.Hold", on_delete=models.PROTECT, related_name="changes")
    step = models.CharField(_("step"), max_length=10)
    checkpoint = models.CharField(_("checkpoint"), max_length=12)
    payload = models.JSONField(_("what the step would have done"), default=dict)
    amount = amount_field(_("amount"))
    currency = currency_field()
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    was = models.JSONField(_("before"), default=dict, help_text=_("Written by the database."))
    made_at = models.DateTimeField(_("made at"))
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    actor = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["hold", "-id"], name="approvals_changes_of_hold")]

    def __str__(self) -> str:
        return f"{self.hold_id} {self.amount}"


class SubstitutionQuerySet(models.QuerySet["Substitution"]):
    """Substitutions that can be narrowed to a day."""

    def on(self, day: date) -> "SubstitutionQuerySet":
        """Those in force on `day`: begun, not over, not ended."""
        return self.filter(valid_from__lte=day, valid_to__gte=day, end__isnull=True)


class Substitution(models.Model):
    """Somebody is absent on these days, and somebody else may release what they may. Append-only."""

    absent = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    substitute = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    valid_from = models.DateField(_("from"))
    valid_to = models.DateField(_("last day"))
    note = models.CharField(_("note"), max_length=300, blank=True, default="")
    made_at = models.DateTimeField(_("made at"))
    actor = models.JSONField(default=dict)

    objects = SubstitutionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(valid_to__gte=models.F("valid_from")), name="approvals_substitution_days"
            ),
            models.CheckConstraint(
                condition=~models.Q(absent=models.F("substitute")), name="approvals_substitution_of_another"
            ),
        ]
        indexes = [models.Index(fields=["valid_to"], name="approvals_substitutions")]

    def __str__(self) -> str:
        return f"{self.absent_id} by {self.substitute_id}"


class SubstitutionEnd(models.Model):
    """The early end of a substitution: once."""

    substitution = models.OneToOneField(Substitution, on_delete=models.PROTECT, related_name="end")
    ended_at = models.DateTimeField(_("ended at"))
    actor = models.JSONField(default=dict)

    def __str__(self) -> str:
        return str(self.substitution_id)


class ReleaseReason(models.Model):
    """Why a company's people release: what they choose from. One that is not active stays on the releases that have it."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="release_reasons")
    code = models.CharField(_("code"), max_length=20)
    name = models.CharField(_("name"), max_length=120)
    needs_note = models.BooleanField(_("needs a note"), default=False)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "code"], name="approvals_release_reason_once"),
            models.CheckConstraint(
                condition=~models.Q(code="") & ~models.Q(name=""), name="approvals_release_reason_has_words"
            ),
        ]

    def __str__(self) -> str:
        return self.name
