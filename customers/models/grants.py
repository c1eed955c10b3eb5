"""What customers were granted, and what was withdrawn: credit accounts, limits, securities, manual stops."""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from customers.models.parties import Control, Customer, LimitState, limit_is_whole
from customers.models.reference import CreditGroup, RiskClass, amount_field, currency_field, person_field


class CreditAccount(models.Model):
    """What the credit department decides about one customer. One row a customer; the row that the gate locks."""

    customer = models.OneToOneField(
        Customer,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="credit_account",
    )
    control = models.CharField(
        _("control"),
        max_length=5,
        choices=Control,
        default=Control.BLOCK,
        help_text=_("What exceeding the own limit does."),
    )
    group_control = models.CharField(
        _("group control"),
        max_length=5,
        choices=Control,
        blank=True,
        default="",
        help_text=_("The same for a shared limit. Blank: as control."),
    )
    credit_group = models.ForeignKey(CreditGroup, on_delete=models.PROTECT, null=True, blank=True)
    risk_class = models.ForeignKey(RiskClass, on_delete=models.PROTECT, null=True, blank=True)
    companies_summed = models.BooleanField(
        _("companies summed"),
        default=False,
        help_text=_("Debts to all our companies use the limit."),
    )
    excluded = models.BooleanField(_("excluded from credit control"), default=False)
    authorise_orders = models.BooleanField(_("always authorise orders"), default=False)
    authorise_deliveries = models.BooleanField(_("always authorise deliveries"), default=False)
    suspended = models.BooleanField(_("suspended"), default=False)
    suspended_reason = models.CharField(_("why suspended"), max_length=200, blank=True, default="")
    suspended_until = models.DateField(_("last day of the suspension"), null=True, blank=True, editable=False)
    next_review = models.DateField(_("next review"), null=True, blank=True)
    usual_delay = models.PositiveSmallIntegerField(
        _("usual delay"), null=True, blank=True, help_text=_("So many days after the due day its money is expected.")
    )

    def __str__(self) -> str:
        return str(self.customer_id)


class SubLimit(models.Model):
    """A ceiling on one component of the exposure, in the account's currency."""

    account = models.ForeignKey(CreditAccount, on_delete=models.CASCADE, related_name="sub_limits")
    component = models.CharField(
        _("component"),
        max_length=30,
        help_text=_("A bucket of the exposure, or “overdue”."),
    )
    amount = amount_field(_("ceiling"))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "component"],
                name="customers_one_sub_limit_per_component",
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="customers_sub_limit_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.component} {self.amount}"


class SharedLimit(models.Model):
    """One limit for several customers, across companies. Its amount stands in Limit, dated like every other."""

    code = models.CharField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120, blank=True, default="")
    currency = currency_field()
    mandatory = models.BooleanField(
        _("members need a limit of their own"),
        default=False,
        help_text=_("A member that inherits gets no credit from the shared limit."),
    )
    count_member_overdue = models.BooleanField(
        _("members answer for each other"),
        default=False,
        help_text=_("A member's days overdue hold the other members' documents too."),
    )
    members = models.ManyToManyField(Customer, related_name="shared_limits", blank=True)

    def __str__(self) -> str:
        return self.code


class LimitKind(models.TextChoices):
    BASE = "BASE", _("base")
    TEMPORARY = "TEMPORARY", _("temporary")


class Limit(models.Model):
    """One grant of credit. Append-only: a newer grant supersedes an older one, nothing is edited.

    On a day the newest temporary grant whose days contain it counts, else the newest base grant that has begun.
    The last day of a base grant changes no amount: only the rule `limit_expired` reads it.
    """

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="limits")
    shared = models.ForeignKey(
        SharedLimit,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="limits",
    )
    kind = models.CharField(_("kind"), max_length=10, choices=LimitKind, default=LimitKind.BASE)
    state = models.CharField(_("limit"), max_length=10, choices=LimitState, default=LimitState.AMOUNT)
    amount = amount_field(_("amount"), null=True, blank=True)
    currency = currency_field()
    valid_from = models.DateField(_("from"))
    valid_to = models.DateField(_("last day"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True, default="")
    granted_by = person_field()
    granted_at = models.DateTimeField(_("granted at"))
    figures = models.JSONField(_("figures of the day, before it"), null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            limit_is_whole("customers_limit"),
            models.CheckConstraint(
                condition=Q(customer__isnull=False, shared__isnull=True)
                | Q(customer__isnull=True, shared__isnull=False),
                name="customers_limit_has_one_owner",
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="customers_limit_days",
            ),
            models.CheckConstraint(
                condition=~Q(kind=LimitKind.TEMPORARY) | Q(valid_to__isnull=False, state=LimitState.AMOUNT),
                name="customers_temporary_limit_ends",
            ),
        ]
        indexes = [
            models.Index(
                fields=["customer", "kind", "valid_from"],
                name="customers_limit_of_customer",
            ),
            models.Index(
                fields=["shared", "kind", "valid_from"],
                name="customers_limit_of_shared",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.currency} {self.amount or self.get_state_display()}"


class SecurityKind(models.TextChoices):
    INSURANCE = "INSURANCE", _("credit insurance")
    GUARANTEE = "GUARANTEE", _("guarantee")


class Security(models.Model):
    """Insurance or a guarantee that adds a share of its amount to the limit on each of its days."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="securities")
    kind = models.CharField(_("kind"), max_length=10, choices=SecurityKind)
    amount = amount_field(_("amount"))
    currency = currency_field()
    percent = models.DecimalField(_("percent"), max_digits=5, decimal_places=2, default=100)
    valid_from = models.DateField(_("from"), null=True, blank=True)
    valid_to = models.DateField(_("last day"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True, default="")

    class Meta:
        verbose_name_plural = _("securities")
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gte=0, percent__gte=0, percent__lte=100),
                name="customers_security_in_range",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.currency} {self.amount}"


class CustomerBlock(models.Model):
    """A manual stop, independent of any limit, on each of its days. Append-only; it is ended by a row of its own."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="blocks")
    orders = models.BooleanField(_("stops orders"), default=False)
    deliveries = models.BooleanField(_("stops deliveries"), default=False)
    valid_from = models.DateField(_("from"), null=True, blank=True)
    valid_to = models.DateField(_("last day"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True, default="")
    placed_by = person_field()
    placed_at = models.DateTimeField(_("placed at"))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(orders=True) | Q(deliveries=True),
                name="customers_block_stops_something",
            )
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} from {self.valid_from}"

    def covers(self, day: date) -> bool:
        """Return whether the stop is in force on `day`."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


class CustomerBlockEnd(models.Model):
    """The end of a manual stop: once, by somebody."""

    block = models.OneToOneField(CustomerBlock, on_delete=models.PROTECT, related_name="end")
    ended_by = person_field()
    ended_at = models.DateTimeField(_("ended at"))
    note = models.CharField(_("note"), max_length=300, blank=True, default="")

    def __str__(self) -> str:
        return str(self.block_id)
