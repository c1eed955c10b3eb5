"""Who lets it through: holds and their closings, releases, authority, alerts."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from approvals import cause_words
from approvals.alert_models import Alert, AlertSeen, Outlook, SharedOutlook
from approvals.attachment_models import Attachment
from approvals.desk_models import HoldChange, HoldEvent, HoldStep, ReleaseReason, Substitution, SubstitutionEnd
from approvals.journal_models import JournalEvent, JournalLine, JournalState, JournalStep, LimitJournal, LineSource
from approvals.request_models import ApprovalLevel, LimitRequest, RequestEvent, RequestState, RequestStep
from approvals.suspension_models import SuspensionChange
from creditrisk.decisions.models import Decision
from creditrisk.policy.models import Scope
from customers.models import Customer, RiskClass, amount_field, currency_field
from documents.models import Document

__all__ = [
    "Alert", "AlertSeen", "ApprovalLevel", "Attachment", "Authority", "EvaluationRequest", "Hold", "HoldChange", "HoldClosing", "HoldEvent", "HoldReview",
    "HoldStep", "HowClosed", "JournalEvent", "JournalLine", "JournalState", "JournalStep", "LimitJournal", "LimitRequest",
    "LineSource", "Outlook", "Release", "ReleaseReason", "RequestEvent", "RequestState", "RequestStep", "SharedOutlook", "Substitution", "SubstitutionEnd",
    "SuspensionChange", "SweptDay",
]  # fmt: skip


class Hold(models.Model):
    """A step that did not happen. Opened once, closed once, by a HoldClosing.

    `document` and `step` say what was stopped, `payload` what the step would have done (the new values of a held
    amendment). The latest HoldReview says which reasons are still true. Its row is moved by the database alone: by a
    HoldChange that is added, and by the closing.
    """

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="holds")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="holds")
    step = models.CharField(_("step"), max_length=10)
    checkpoint = models.CharField(_("checkpoint"), max_length=12)
    payload = models.JSONField(_("what the step would have done"), default=dict)
    amount = amount_field(_("amount"))
    currency = currency_field()
    forced_reason = models.CharField(_("why held by hand"), max_length=300, blank=True, default="")
    opened_at = models.DateTimeField(_("opened at"))
    opened_on = models.DateField(_("opened on"))
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    open = models.BooleanField(_("open"), default=True, help_text=_("The closing row ends it."))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["document"],
                condition=Q(open=True),
                name="approvals_one_open_hold",
            ),
        ]
        indexes = [
            models.Index(fields=["customer"], condition=Q(open=True), name="approvals_open_holds"),
            models.Index(
                fields=["opened_at"],
                condition=Q(open=True),
                name="approvals_open_by_age",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.document_id} {self.step}"


class HoldReview(models.Model):
    """The reasons of a hold as of one check: at its opening, a repeated step, a re-evaluation. Append-only.

    `actor` is whoever held it by hand; behind every other check stands the decision, or the worker.
    """

    hold = models.ForeignKey(Hold, on_delete=models.PROTECT, related_name="reviews")
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reasons = models.JSONField(_("reasons"), default=list)
    excess = amount_field(_("over the limit by"), default=0)
    amount = amount_field(_("amount"))
    reviewed_at = models.DateTimeField(_("reviewed at"))
    actor = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["hold", "-id"], name="approvals_latest_review")]

    def __str__(self) -> str:
        return f"{self.hold_id} {','.join(self.reasons)}"


class HowClosed(models.TextChoices):
    RELEASED = "RELEASED", _("released")
    REJECTED = "REJECTED", _("rejected")
    HEALED = "HEALED", _("reasons gone")
    AUTOMATIC = "AUTOMATIC", _("released by itself")
    CANCELLED = "CANCELLED", _("document cancelled")


class HoldClosing(models.Model):
    """The end of a hold: once, by somebody, for a reason. Append-only."""

    hold = models.OneToOneField(Hold, on_delete=models.PROTECT, related_name="closing")
    how = models.CharField(_("how"), max_length=9, choices=HowClosed)
    reason = models.CharField(_("reason"), max_length=120, blank=True, default="")
    note = models.TextField(_("note"), blank=True, default="")
    closed_at = models.DateTimeField(_("closed at"))
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    actor = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.hold_id} {self.how}"

    @property
    def reason_in_words(self) -> str:
        return cause_words.reason(self.reason)


class Release(models.Model):
    """What a releaser let through: up to which amount, for which steps, until when, and what they saw. Append-only."""

    hold = models.OneToOneField(Hold, on_delete=models.PROTECT, related_name="release")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="releases")
    step = models.CharField(_("step"), max_length=10)
    scope = models.CharField(_("covers"), max_length=15, choices=Scope)
    until = models.DateField(_("until"), null=True, blank=True)
    cap = amount_field(_("up to"))
    # The document's amount when it was released: what "any change" is measured against.
    amount = amount_field(_("amount"))
    currency = currency_field()
    released_on = models.DateField(_("released on"))
    reason = models.CharField(_("reason"), max_length=120)
    reason_code = models.ForeignKey(
        ReleaseReason, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("reason code")
    )
    note = models.TextField(_("note"), blank=True, default="")
    with_posting = models.BooleanField(_("with the step carried out"), default=False)
    saw = models.JSONField(_("what the releaser saw"), default=dict)
    released_at = models.DateTimeField(_("released at"))
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(scope="UNTIL") | Q(until__isnull=False),
                name="approvals_until_has_a_day",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="approvals_release_has_a_reason"),
        ]
        indexes = [models.Index(fields=["document", "-id"], name="approvals_release_of_document")]

    def __str__(self) -> str:
        return f"{self.document_id} up to {self.cap}"


class Authority(models.Model):
    """How far a user, or else a role, may release: up to an amount and an excess over the limit, for some risk classes.

    In the account's currency. Blank is without bound; no risk class is all of them. Reaching means within every bound.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="authority",
    )
    group = models.OneToOneField(
        "auth.Group",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="authority",
        verbose_name=_("role"),
    )
    release_up_to = amount_field(_("releases up to"), null=True, blank=True)
    excess_up_to = amount_field(
        _("up to so much over the limit"), null=True, blank=True, help_text=_("Over the limit, the document included.")
    )
    risk_classes = models.ManyToManyField(
        RiskClass, blank=True, related_name="+", verbose_name=_("risk classes"), help_text=_("None: all of them.")
    )

    class Meta:
        verbose_name_plural = _("authorities")
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=False, group__isnull=True) | Q(user__isnull=True, group__isnull=False),
                name="approvals_authority_has_one_holder",
            ),
            models.CheckConstraint(
                condition=Q(release_up_to__isnull=True) | Q(release_up_to__gte=0),
                name="approvals_authority_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(excess_up_to__isnull=True) | Q(excess_up_to__gte=0),
                name="approvals_authority_excess_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user or self.group}: {self.release_up_to}"


class EvaluationRequest(models.Model):
    """The holds of this customer may have lost their reason. Written with its cause, claimed by the worker."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    cause = models.CharField(_("cause"), max_length=80)
    requested_at = models.DateTimeField(_("requested at"))
    claimed_at = models.DateTimeField(_("claimed at"), null=True, blank=True)
    retry_at = models.DateTimeField(_("tried again from"), null=True, blank=True)
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    error = models.TextField(_("error"), blank=True, default="")

    class Meta:
        indexes = [
            models.Index(
                fields=["id"],
                condition=Q(done_at__isnull=True),
                name="approvals_evaluations_to_do",
            ),
            models.Index(
                fields=["customer"],
                condition=Q(done_at__isnull=True),
                name="approvals_evaluation_waits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.cause}"

    @property
    def cause_in_words(self) -> str:
        return cause_words.in_words(self.cause)


class EvaluationRun(models.Model):
    """Holds that somebody wants looked at again. Its rows keep the progress; the worker takes them one by one."""

    scope = models.CharField(_("what"), max_length=120)
    asked_at = models.DateTimeField(_("asked at"))
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["id"], condition=Q(finished_at__isnull=True), name="approvals_runs_to_do")]

    def __str__(self) -> str:
        return self.scope


class Looked(models.TextChoices):
    """What came of looking at a hold again."""

    HELD = "HELD", _("still held")
    READY = "READY", _("ready to release")
    RELEASED = "RELEASED", _("released by itself")
    CLOSED = "CLOSED", _("was decided meanwhile")
    FAILED = "FAILED", _("could not be judged")


class EvaluationRunHold(models.Model):
    """One hold of a run: claimed, done, with what came of it or why it could not be judged."""

    run = models.ForeignKey(EvaluationRun, on_delete=models.CASCADE, related_name="holds")
    hold = models.ForeignKey(Hold, on_delete=models.CASCADE, related_name="+")
    claimed_at = models.DateTimeField(_("claimed at"), null=True, blank=True)
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)
    result = models.CharField(_("result"), max_length=8, choices=Looked, blank=True, default="")
    error = models.TextField(_("error"), blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "hold"], name="approvals_hold_once_in_a_run"),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True, result="") | (Q(done_at__isnull=False) & ~Q(result="")),
                name="approvals_looked_when_done",
            ),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(done_at__isnull=True), name="approvals_run_holds_to_do"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.hold_id} {self.result}"


class EvaluatedPolicy(models.Model):
    """The last version of the policy whose change the holds were looked at for: one row."""

    number = models.PositiveIntegerField(_("number"))

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="approvals_one_evaluated_policy")]

    def __str__(self) -> str:
        return f"v{self.number}"


class SweptDay(models.Model):
    """The last day whose changes were swept: one row."""

    day = models.DateField(_("day"))
    swept_at = models.DateTimeField(_("swept at"))
    entry = models.BigIntegerField(_("newest entry of the exposure ledger looked at"), default=0, db_default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="approvals_one_swept_day")]

    def __str__(self) -> str:
        return str(self.day)
