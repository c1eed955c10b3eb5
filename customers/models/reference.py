"""Reference tables that administrators keep: companies, terms, groups, classes, statuses; and the fields all models share."""

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

CURRENCY = RegexValidator(r"^[A-Z]{3}$", _("Enter the three capital letters of a currency, for example EUR."))


def amount_field(verbose_name: object = None, **options: object) -> models.DecimalField:
    """Return a field for an amount of money: 18 digits, four of them decimals (no currency has more than three)."""
    return models.DecimalField(verbose_name, max_digits=18, decimal_places=4, **options)  # type: ignore[arg-type]


def currency_field(verbose_name: object = None, **options: object) -> models.CharField:
    """Return a field for an ISO 4217 code."""
    return models.CharField(verbose_name or _("currency"), max_length=3, validators=[CURRENCY], **options)  # type: ignore[arg-type]


def person_field() -> models.ForeignKey:
    """Return a field for one of our people, whose login is then never deleted; empty is nobody, or the product itself."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )


class Company(models.Model):
    """A legal entity of ours that sells."""

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=120)
    currency = currency_field()
    address = models.TextField(_("address"), max_length=400, blank=True, default="")
    tax_number = models.CharField(_("tax number"), max_length=30, blank=True, default="")
    first_limit_approved = models.BooleanField(
        _("first limits are approved"),
        default=False,
        db_default=False,
        help_text=_("A new customer gets no credit before a limit, or inheriting one, is approved."),
    )
    own_customers_only = models.BooleanField(
        _("sales sees its own customers only"),
        default=False,
        db_default=False,
        help_text=_("For people who have no other role; own is who names them as salesperson."),
    )

    class Meta:
        verbose_name_plural = _("companies")

    def __str__(self) -> str:
        return self.code


class PaymentTerms(models.Model):
    """When an invoice falls due. Days run from the day the invoice was issued."""

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=120, blank=True)
    days = models.PositiveIntegerField(_("days"), default=0)
    end_of_month = models.BooleanField(_("end of month"), default=False)
    days_after_month_end = models.PositiveIntegerField(
        _("days after the month's end"), default=0,
        help_text=_("With “end of month”: 30 days, end of month, and 10 here fall due on the 10th of the month after."),
    )  # fmt: skip
    rank = models.PositiveIntegerField(
        _("rank"),
        null=True,
        blank=True,
        help_text=_("A higher rank is more generous. Blank: never compared."),
    )
    prepaid = models.BooleanField(_("prepaid"), default=False, help_text=_("Goods leave when the money is there."))
    discount_days = models.PositiveIntegerField(_("discount days"), null=True, blank=True)
    discount_percent = models.DecimalField(_("discount percent"), max_digits=5, decimal_places=2, null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("payment terms")
        constraints = [
            models.CheckConstraint(
                condition=Q(end_of_month=True) | Q(days_after_month_end=0),
                name="customers_days_after_a_month_end",
                violation_error_message=_("Days after the month's end are for terms that run to the end of the month."),
            )
        ]

    def __str__(self) -> str:
        return self.code


class TermsInstalment(models.Model):
    """One part of an invoice with days of its own."""

    terms = models.ForeignKey(PaymentTerms, on_delete=models.CASCADE, related_name="instalments")
    position = models.PositiveSmallIntegerField()
    percent = models.DecimalField(max_digits=7, decimal_places=4)
    days = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["terms", "position"],
                name="customers_one_instalment_per_position",
            ),
            models.CheckConstraint(
                condition=Q(percent__gt=0, percent__lte=100),
                name="customers_instalment_percent",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.percent}% after {self.days} days"


class SettlementDiscount(models.Model):
    """A discount for paying early."""

    code = models.CharField(_("code"), max_length=20, unique=True)
    percent = models.DecimalField(_("percent"), max_digits=5, decimal_places=2)
    days = models.PositiveIntegerField(_("days"))
    rank = models.PositiveIntegerField(_("rank"), null=True, blank=True)

    def __str__(self) -> str:
        return self.code


class Stops(models.TextChoices):
    """What an account status refuses outright."""

    NONE = "NONE", _("nothing")
    INVOICE = "INVOICE", _("deliveries and invoices")
    ALL = "ALL", _("every new document")


class AccountStatus(models.Model):
    """The standing of an account, and what it refuses."""

    code = models.CharField(_("code"), max_length=20, unique=True)
    stops = models.CharField(_("stops"), max_length=8, choices=Stops, default=Stops.NONE)

    class Meta:
        verbose_name_plural = _("account statuses")

    def __str__(self) -> str:
        return self.code


class CreditGroup(models.Model):
    """A grouping of customers by which rules are scoped."""

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=120, blank=True)

    def __str__(self) -> str:
        return self.code


class RiskClass(models.Model):
    """A range of scores with a name."""

    code = models.CharField(_("code"), max_length=20, unique=True)
    score_from = models.IntegerField(_("from score"))
    score_to = models.IntegerField(_("to score"))
    review_months = models.PositiveSmallIntegerField(
        _("months to the next review"),
        null=True,
        blank=True,
        help_text=_("A limit that is granted sets the next review so far ahead. Blank: it stays as it is."),
    )

    class Meta:
        verbose_name_plural = _("risk classes")
        constraints = [
            models.CheckConstraint(
                condition=Q(score_from__lte=F("score_to")),
                name="customers_risk_class_range",
            )
        ]

    def __str__(self) -> str:
        return self.code
