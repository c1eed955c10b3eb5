"""Who buys and who sells to them: regions and segments with their defaults, customers, and the companies that a user works in."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from customers.models.reference import (
    AccountStatus,
    Company,
    PaymentTerms,
    SettlementDiscount,
    amount_field,
    currency_field,
    person_field,
)


class Control(models.TextChoices):
    """What exceeding a limit does."""

    NONE = "NONE", _("nothing")
    WARN = "WARN", _("warns")
    BLOCK = "BLOCK", _("holds")


class LimitState(models.TextChoices):
    """Zero, not set and unlimited are three things."""

    INHERIT = "INHERIT", _("inherited")
    AMOUNT = "AMOUNT", _("an amount")
    UNLIMITED = "UNLIMITED", _("unlimited")


def limit_is_whole(prefix: str) -> models.CheckConstraint:
    """Return the constraint that an amount stands exactly where the state says so, and is not negative."""
    return models.CheckConstraint(
        condition=Q(state=LimitState.AMOUNT, amount__isnull=False, amount__gte=0)
        | (~Q(state=LimitState.AMOUNT) & Q(amount__isnull=True)),
        name=f"{prefix}_amount_where_stated",
    )


class InvoicingCycle(models.TextChoices):
    """When delivered goods are invoiced."""

    DELIVERY = "DELIVERY", _("per delivery")
    WEEKLY = "WEEKLY", _("weekly")
    MONTHLY = "MONTHLY", _("monthly")


def cycle_field() -> models.CharField:
    """Return a field for an invoicing cycle that may be left to what stands above."""
    return models.CharField(_("invoiced"), max_length=8, choices=InvoicingCycle, blank=True, default="", db_default="")  # type: ignore[return-value]


class Region(models.Model):
    """Where customers are, with defaults that they inherit before those of their segment."""

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=120, blank=True, default="")
    terms = models.ForeignKey(PaymentTerms, on_delete=models.PROTECT, null=True, blank=True)
    invoicing = cycle_field()

    def __str__(self) -> str:
        return self.code


class Segment(models.Model):
    """A part of the market with defaults that its customers inherit."""

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=120, blank=True)
    state = models.CharField(_("limit"), max_length=10, choices=LimitState, default=LimitState.INHERIT)
    amount = amount_field(_("limit amount"), null=True, blank=True)
    currency = currency_field(blank=True, default="")
    control = models.CharField(_("control"), max_length=5, choices=Control, blank=True, default="")
    terms = models.ForeignKey(PaymentTerms, on_delete=models.PROTECT, null=True, blank=True)
    invoicing = cycle_field()

    class Meta:
        constraints = [limit_is_whole("customers_segment")]

    def __str__(self) -> str:
        return self.code


class CustomerQuerySet(models.QuerySet["Customer"]):
    def matching(self, text: str) -> "CustomerQuerySet":
        """Keep the customers whose code or name contains `text`."""
        return self.filter(Q(code__icontains=text) | Q(name__icontains=text)) if text else self


class Customer(models.Model):
    """Who buys, and who owes. Its credit account is what is locked when credit is used."""

    code = models.CharField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=200)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, verbose_name=_("home company"))
    currency = currency_field()
    country = models.CharField(_("country"), max_length=2, blank=True, default="")
    address = models.TextField(_("address"), max_length=400, blank=True, default="")
    tax_number = models.CharField(_("tax number"), max_length=30, blank=True, default="")
    region = models.ForeignKey(Region, on_delete=models.PROTECT, null=True, blank=True)
    invoicing = cycle_field()
    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, null=True, blank=True)
    terms = models.ForeignKey(PaymentTerms, on_delete=models.PROTECT, null=True, blank=True)
    settlement_discount = models.ForeignKey(SettlementDiscount, on_delete=models.PROTECT, null=True, blank=True)
    account_status = models.ForeignKey(AccountStatus, on_delete=models.PROTECT, null=True, blank=True)
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("corporate head"),
    )
    bill_to = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("usual bill-to"),
    )
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="merged",
        verbose_name=_("merged into"),
        help_text=_("The customer who stayed when two turned out to be one; this number is known as theirs."),
    )
    salesperson = person_field()
    email = models.EmailField(_("e-mail"), blank=True, default="")
    customer_since = models.DateField(_("customer since"), null=True, blank=True)
    business_since = models.DateField(_("in business since"), null=True, blank=True)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")),
                name="customers_not_its_own_parent",
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")),
                name="customers_not_merged_into_itself",
            ),
        ]
        indexes = [models.Index(fields=["name"], name="customers_by_name")]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class CompanyAccess(models.Model):
    """A user works in this company. A user with no row works in all of them."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="company_access",
    )
    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name_plural = _("company access")
        constraints = [models.UniqueConstraint(fields=["user", "company"], name="customers_one_access_per_company")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.company_id}"
