"""The credit policy as administrators edit it, and the numbered versions that decisions name."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from creditrisk import rules
from creditrisk.facts import BUCKETS, CHECKPOINTS
from creditrisk.policy import row_checks
from creditrisk.policy.names import BUCKET_CHOICES, STEPS
from creditrisk.policy.threshold_models import AlertThreshold
from customers.models import (
    AccountStatus,
    Company,
    CreditGroup,
    Customer,
    PaymentTerms,
    RiskClass,
    amount_field,
    currency_field,
)

__all__ = [
    "AlertThreshold", "AutoRelease", "BlankExpiry", "Checkpoint", "CompanyCheckpoint", "Disputed", "InvoicesFrom", "OrdersFrom",
    "Parameters", "PolicyVersion", "Recheck", "RowAction", "RowKind", "RowScope", "Rule", "RuleRow", "Scope", "open_book",
]  # fmt: skip

PERCENT_MOST = 1000
NOT_NEGATIVE = MinValueValidator(Decimal(0), _("It cannot be negative."))
PERCENTS = [NOT_NEGATIVE, MaxValueValidator(PERCENT_MOST, _("At most 1000 percent."))]


def all_buckets() -> list[str]:
    return list(BUCKETS)


def usual_thresholds() -> list[int]:
    return [80, 95, 100]


class OrdersFrom(models.TextChoices):
    ENTRY = "ENTRY", _("from entry")
    CONFIRMATION = "CONFIRMATION", _("from confirmation")


class InvoicesFrom(models.TextChoices):
    ENTRY = "ENTRY", _("from entry")
    ISSUE = "ISSUE", _("from issue")


class Disputed(models.TextChoices):
    COUNT = "COUNT", _("count like any other")
    SKIP_OVERDUE = "SKIP_OVERDUE", _("count, but are never overdue")
    SKIP = "SKIP", _("do not count at all")


class BlankExpiry(models.TextChoices):
    NEVER = "NEVER", _("never expires")
    EXPIRED = "EXPIRED", _("counts as expired")


class Recheck(models.TextChoices):
    ALWAYS = "ALWAYS", _("at every attempt")
    ON_INCREASE = "ON_INCREASE", _("when it grew")
    ON_ANY_CHANGE = "ON_ANY_CHANGE", _("when anything changed")
    NEVER = "NEVER", _("never")


class Scope(models.TextChoices):
    THIS_STEP = "THIS_STEP", _("this step")
    REMAINING_STEPS = "REMAINING_STEPS", _("this and all later steps")
    UNTIL = "UNTIL", _("every step until a day")


class AutoRelease(models.TextChoices):
    OFF = "OFF", _("nothing: the hold is marked ready")
    WITHOUT_POSTING = "WITHOUT_POSTING", _("releases the hold")
    WITH_POSTING = "WITH_POSTING", _("releases the hold and carries out the step")


class Parameters(models.Model):
    """The settings of credit control: one row, part of the draft until that is activated."""

    counts = ArrayField(
        models.CharField(max_length=30, choices=BUCKET_CHOICES), verbose_name=_("buckets that count"),
        default=all_buckets, help_text=_("Summed into the exposure that is compared with the limit."),
    )  # fmt: skip
    orders_count_from = models.CharField(
        _("orders use credit"),
        max_length=12,
        choices=OrdersFrom,
        default=OrdersFrom.CONFIRMATION,
    )
    order_horizon_days = models.PositiveIntegerField(
        _("order horizon, days"), null=True, blank=True,
        help_text=_("Orders that ship later than this are shown and not counted. Blank: all count."),
    )  # fmt: skip
    invoices_count_from = models.CharField(
        _("invoices use credit"),
        max_length=6,
        choices=InvoicesFrom,
        default=InvoicesFrom.ISSUE,
    )
    sbf_grace_days = models.PositiveIntegerField(
        _("grace after maturity, subject to collection, days"), default=0,
        help_text=_("A presented effect counts while its due date plus these days lies ahead."),
    )  # fmt: skip
    collection_grace_days = models.PositiveIntegerField(_("grace after maturity, after collection, days"), default=0)
    include_provisional = models.BooleanField(_("provisional items count"), default=False)
    overdue_grace_days = models.PositiveIntegerField(_("grace before an item is overdue, days"), default=0)
    overdue_ignore_below = amount_field(
        _("overdue below this is ignored"), default=Decimal(0), validators=[NOT_NEGATIVE]
    )
    disputed_items = models.CharField(
        _("disputed items"),
        max_length=12,
        choices=Disputed,
        default=Disputed.SKIP_OVERDUE,
    )
    net_credits_against_overdue = models.BooleanField(_("credits reduce what is overdue"), default=False)
    blank_limit_expiry = models.CharField(
        _("a limit without a last day"),
        max_length=7,
        choices=BlankExpiry,
        default=BlankExpiry.NEVER,
    )
    check_shared_limit = models.BooleanField(_("check shared limits"), default=True)
    check_terms_increase = models.BooleanField(_("check longer terms than usual"), default=False)
    check_discount_increase = models.BooleanField(_("check a bigger discount than usual"), default=False)
    recheck_after_release = models.CharField(
        _("check again after a release"),
        max_length=13,
        choices=Recheck,
        default=Recheck.ON_INCREASE,
    )
    release_scope = models.CharField(
        _("a release covers"),
        max_length=15,
        choices=Scope,
        default=Scope.REMAINING_STEPS,
    )
    release_valid_days = models.PositiveIntegerField(_("a release lasts, days"), null=True, blank=True, default=30)
    release_tolerance_percent = models.DecimalField(
        _("tolerance, percent"), max_digits=8, decimal_places=4, default=Decimal(0), validators=PERCENTS
    )
    release_tolerance_amount = amount_field(_("tolerance, amount"), default=Decimal(0), validators=[NOT_NEGATIVE])
    four_eyes = models.BooleanField(
        _("four eyes"),
        default=True,
        help_text=_("Nobody releases a document or approves a request of their own."),
    )
    auto_release = models.CharField(
        _("when all reasons of a hold are gone"),
        max_length=15,
        choices=AutoRelease,
        default=AutoRelease.OFF,
    )
    warn_at_percent = ArrayField(
        models.PositiveIntegerField(
            validators=[
                MinValueValidator(1, _("At least 1 percent.")),
                MaxValueValidator(PERCENT_MOST, _("At most 1000 percent.")),
            ]
        ),
        verbose_name=_("alert at percent used"),
        default=usual_thresholds,
    )

    class Meta:
        verbose_name = verbose_name_plural = _("parameters")
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="policy_one_row_of_parameters"),
            models.CheckConstraint(
                condition=Q(
                    overdue_ignore_below__gte=0,
                    release_tolerance_percent__gte=0,
                    release_tolerance_amount__gte=0,
                ),
                name="policy_parameters_not_negative",
            ),
            models.CheckConstraint(
                condition=~Q(release_scope="UNTIL"),
                name="policy_default_scope_needs_no_day",
            ),
        ]

    def __str__(self) -> str:
        return str(_("Parameters"))


class Checkpoint(models.Model):
    """A step at which documents are checked."""

    code = models.CharField(
        _("checkpoint"),
        max_length=12,
        unique=True,
        choices=[(c, capfirst(STEPS[c])) for c in CHECKPOINTS],
    )
    on = models.BooleanField(_("on"), default=True)
    grace_days = models.PositiveIntegerField(
        _("grace days"),
        default=0,
        help_text=_(
            "After a release there is no check here for so many days after the day of release. They count only where"
            " released documents are checked again at every attempt (Parameters, Releases)."
        ),
    )

    def __str__(self) -> str:
        return self.get_code_display()


class CompanyCheckpoint(models.Model):
    """What one company does otherwise than all the others at a checkpoint."""

    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.CASCADE, related_name="companies")
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+", verbose_name=_("company"))
    on = models.BooleanField(_("on"), default=True)
    grace_days = models.PositiveIntegerField(_("grace days"), default=0)

    class Meta:
        verbose_name = _("company that does otherwise")
        verbose_name_plural = _("companies that do otherwise")
        constraints = [
            models.UniqueConstraint(
                fields=["checkpoint", "company"],
                name="policy_one_setting_per_checkpoint_and_company",
                violation_error_message=_("This company has a setting of its own here already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.checkpoint} in {self.company}"


class RowKind(models.TextChoices):
    BLOCK = "BLOCK", _("block")
    EXCLUDE = "EXCLUDE", _("exclude")


class RowScope(models.TextChoices):
    ALL = "ALL", _("all customers")
    GROUP = "GROUP", _("a credit group")
    CUSTOMER = "CUSTOMER", _("one customer")


class RowAction(models.TextChoices):
    HOLD = "HOLD", _("holds")
    WARN = "WARN", _("warns")


class Rule(models.Model):
    """A rule of the book, with its rows. The book in code opens itself; after migrating, this table has what it has."""

    code = models.CharField(_("rule"), max_length=20, primary_key=True)
    place = models.PositiveSmallIntegerField(_("place in the book"))

    class Meta:
        verbose_name = _("rule")

    def __str__(self) -> str:
        return rules.label(self.code)


def open_book(**_told: Any) -> None:
    """Write the rules of the book into their table; one that left the book stays for the rows that name it."""
    Rule.objects.bulk_create(
        (Rule(code=code, place=rule.order) for code, rule in rules.book().items()),
        update_conflicts=True, unique_fields=["code"], update_fields=["place"],
    )  # fmt: skip


class RuleRow(models.Model):
    """A rule put to work: block or exclude, for one customer, a group or all, with the rule's own values."""

    rule = models.ForeignKey(
        Rule, on_delete=models.PROTECT, related_name="rows", db_column="rule", verbose_name=_("rule")
    )
    kind = models.CharField(_("kind"), max_length=7, choices=RowKind, default=RowKind.BLOCK)
    scope = models.CharField(_("for"), max_length=8, choices=RowScope, default=RowScope.ALL)
    group = models.ForeignKey(CreditGroup, on_delete=models.PROTECT, null=True, blank=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    risk_class = models.ForeignKey(RiskClass, on_delete=models.PROTECT, null=True, blank=True)
    release_order = models.BooleanField(
        _("frees the order from every rule"),
        default=False,
        help_text=_(
            "On an exclusion only: when it is true the document passes, whatever the other rules and limits say."
        ),
    )
    action = models.CharField(_("action"), max_length=4, choices=RowAction, default=RowAction.HOLD)
    days = models.PositiveIntegerField(_("days"), null=True, blank=True)
    amount = amount_field(_("amount"), null=True, blank=True, validators=[NOT_NEGATIVE])
    currency = currency_field(
        blank=True, default="", help_text=_("Of the amount. Blank: the currency of each customer's account.")
    )
    percent = models.DecimalField(
        _("percent"), max_digits=9, decimal_places=4, null=True, blank=True, validators=PERCENTS
    )
    count = models.PositiveIntegerField(_("count"), null=True, blank=True)
    status = models.ForeignKey(AccountStatus, on_delete=models.PROTECT, null=True, blank=True)
    terms = models.ForeignKey(PaymentTerms, on_delete=models.PROTECT, null=True, blank=True)
    valid_from = models.DateField(_("from"), null=True, blank=True)
    valid_to = models.DateField(_("last day"), null=True, blank=True)

    class Meta:
        verbose_name = _("rule row")
        constraints = [
            models.CheckConstraint(
                condition=Q(scope="ALL", group__isnull=True, customer__isnull=True)
                | Q(scope="GROUP", group__isnull=False, customer__isnull=True)
                | Q(scope="CUSTOMER", group__isnull=True, customer__isnull=False),
                name="policy_row_scope_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(release_order=False) | Q(kind="EXCLUDE"),
                name="policy_only_exclusions_free",
            ),
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True) | Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="policy_row_days",
            ),
            models.CheckConstraint(
                condition=(Q(percent__isnull=True) | Q(percent__gte=0, percent__lte=PERCENT_MOST))
                & (Q(amount__isnull=True) | Q(amount__gte=0)),
                name="policy_row_in_range",
            ),
        ]

    def __str__(self) -> str:
        whom = self.customer.code if self.customer else self.group.code if self.group else _("all customers")
        label = rules.label(self.rule_id)
        return f"{self.pk or _('new')}: {self.get_kind_display()} {label}, {whom}"

    def given(self) -> dict[str, Any]:
        """Return the values that were filled in, by the rule's names for them."""
        values: dict[str, Any] = {
            "days": self.days, "amount": self.amount, "currency": self.currency or None, "percent": self.percent,
            "count": self.count, "status": self.status and self.status.code, "terms": self.terms and self.terms.code,
        }  # fmt: skip
        return {name: value for name, value in values.items() if value is not None}

    def clean(self) -> None:
        """Refuse a row that says too little or too much, each at its field."""
        if wrong := self._wrong():
            raise ValidationError(wrong)

    def validate_unique(self, exclude: Any = None) -> None:
        """Refuse a row that says what another row of the draft says already."""
        super().validate_unique(exclude)
        others = RuleRow.objects.filter(rule=self.rule_id).exclude(pk=self.pk)
        others = others.select_related("status", "terms").order_by("pk")
        if not self._wrong() and (wrong := row_checks.twins(self, others)):
            raise ValidationError(wrong)

    def _wrong(self) -> dict[str, str]:
        return {**row_checks.scope(self), **row_checks.values(self), **row_checks.days(self)}


class PolicyVersion(models.Model):
    """A policy as it stood when it was saved. Append-only; decisions name its number."""

    number = models.PositiveIntegerField(_("number"), unique=True)
    content = models.JSONField(_("content"))
    note = models.CharField(_("note"), max_length=300, blank=True, default="")
    saved_at = models.DateTimeField(_("saved at"))
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    def __str__(self) -> str:
        return f"v{self.number}"
