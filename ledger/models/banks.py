"""Our accounts with banks, and what each bank advances on effects presented to it."""

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.models import Company, amount_field, currency_field


class BankAccount(models.Model):
    """An account of ours to which effects are presented."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="bank_accounts")
    code = models.CharField(_("code"), max_length=20)
    name = models.CharField(_("bank"), max_length=80)
    iban = models.CharField(
        _("IBAN"),
        max_length=34,
        blank=True,
        default="",
        validators=[RegexValidator(r"^[A-Z]{2}[0-9]{2}[A-Z0-9]{8,30}$", _("Enter the IBAN without spaces."))],
    )
    currency = currency_field()
    returns_within = models.PositiveSmallIntegerField(
        _("returns within days"),
        default=0,
        help_text=_("So many days after the due date an effect still uses the line: the bank may send it back."),
    )
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "code"], name="ledger_one_account_per_code")]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class LineKind(models.TextChoices):
    """What a line is for."""

    ALL = "ALL", _("subject to collection and discount together")
    SBF = "SBF", _("subject to collection")
    DISCOUNT = "DISCOUNT", _("discount")


class CreditLine(models.Model):
    """What a bank advances at most. Append-only: on a day the newest line of its kind whose days contain it counts.

    A line of its own for a way of presentation comes before the common one.
    """

    account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, related_name="lines")
    kind = models.CharField(_("for"), max_length=10, choices=LineKind, default=LineKind.ALL)
    amount = amount_field(pgettext_lazy("of credit", "line"))
    valid_from = models.DateField(_("from"))
    valid_to = models.DateField(_("last day"), null=True, blank=True)
    agreed_at = models.DateTimeField(_("entered at"))
    agreed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="ledger_line_not_negative"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")), name="ledger_line_days"
            ),
        ]
        indexes = [models.Index(fields=["account", "kind", "valid_from"], name="ledger_lines_of_account")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.get_kind_display()} {self.amount}"


class Numbered(models.TextChoices):
    EFFECT = "EFFECT", _("effects")
    LIST = "LIST", _("presentation lists")


class NumberSeries(models.Model):
    """The last number given to effects or lists by company and year. Locked while the next one is taken."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=Numbered)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "kind", "year"], name="ledger_one_series")]

    def __str__(self) -> str:
        return f"{self.company_id} {self.kind} {self.year}"
