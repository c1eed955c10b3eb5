"""Who the customers are and what they were granted: master data, credit accounts, limits and securities."""

from datetime import date

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


class Stops(models.TextChoices):
    """What an account status refuses outright."""

    NONE = "NONE", _("nothing")
    INVOICE = "INVOICE", _("deliveries and invoices")
    ALL = "ALL", _("every new document")


class Control(models.TextChoices):
    """What exceeding a limit does."""

    NONE = "NONE", _("nothing")
    WARN = "WARN", _("warns")
    BLOCK = "BLOCK", _("holds")


class Company(models.Model):
    """A legal entity of ours that sells."""

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=120)
    currency = currency_field()
    address = models.TextField(_("address"), max_length=400, blank=True, default="")
    tax_number = models.CharField(_("tax number"), max_length=30, blank=True, default="")

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
    salesperson = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
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
        ]
        indexes = [models.Index(fields=["name"], name="customers_by_name")]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


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
    next_review = models.DateField(_("next review"), null=True, blank=True)

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
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    granted_at = models.DateTimeField(_("granted at"))

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
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
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
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    ended_at = models.DateTimeField(_("ended at"))
    note = models.CharField(_("note"), max_length=300, blank=True, default="")

    def __str__(self) -> str:
        return str(self.block_id)


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
