"""Bank statements: what came in, to whom it was matched, what became of it; and what RiBa lists need to be sent."""

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from creditrisk import language
from customers.models import Company, Customer, amount_field, currency_field
from ledger.models import OpenItem


class Statement(models.Model):
    """One statement of one account. A file read twice brings nothing new: its entries are known."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT)
    name = models.CharField(_("file"), max_length=200)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    number = models.CharField(_("statement"), max_length=60)
    account = models.CharField(_("account"), max_length=40)
    currency = currency_field()
    day = models.DateField(_("day"), null=True, blank=True)
    opening = amount_field(_("opening balance"), null=True, blank=True)
    closing = amount_field(_("closing balance"), null=True, blank=True)
    loaded_at = models.DateTimeField(_("loaded at"))
    loaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "account", "number"], name="bank_a_statement_once"),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.number}"


class EntryState(models.TextChoices):
    OPEN = "OPEN", _("to be settled")
    BOOKED = "BOOKED", _("booked")
    LEFT = "LEFT", _("left alone")


class Entry(models.Model):
    """One movement of an account, with the match that was proposed for it. `amount` is signed: money in is positive."""

    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="entries")
    key = models.CharField(_("key"), max_length=120, unique=True)
    position = models.PositiveIntegerField()
    day = models.DateField(_("booking day"))
    currency = currency_field()
    amount = amount_field(_("amount"))
    payer = models.CharField(_("payer"), max_length=200, blank=True, default="")
    payer_account = models.CharField(_("payer's account"), max_length=40, blank=True, default="")
    text = models.CharField(_("text"), max_length=1000, blank=True, default="")
    bank_reference = models.CharField(_("reference of the bank"), max_length=60, blank=True, default="")
    state = models.CharField(_("state"), max_length=6, choices=EntryState, default=EntryState.OPEN)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    confidence = models.PositiveSmallIntegerField(_("confidence"), default=0, help_text=_("In per cent."))
    why = models.CharField(_("why"), max_length=300, blank=True, default="")
    payment = models.OneToOneField(OpenItem, on_delete=models.PROTECT, null=True, blank=True, related_name="bank_entry")
    note = models.CharField(_("why left alone"), max_length=200, blank=True, default="")
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(confidence__lte=100), name="bank_confidence_in_per_cent"),
            models.CheckConstraint(
                condition=Q(state="BOOKED", payment__isnull=False) | (~Q(state="BOOKED") & Q(payment__isnull=True)),
                name="bank_booked_has_a_payment",
            ),
        ]
        indexes = [
            models.Index(fields=["day", "id"], condition=Q(state="OPEN"), name="bank_worklist"),
            models.Index(fields=["payer_account"], condition=Q(state="BOOKED"), name="bank_known_payers"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.currency} {self.amount}"

    @property
    def why_shown(self) -> str:
        """Why this match was proposed, in the reader's language."""
        return language.say(self.why) if self.why else ""


class Proposal(models.Model):
    """How much of which item an entry would settle."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="proposals")
    item = models.ForeignKey(OpenItem, on_delete=models.PROTECT, related_name="+")
    amount = amount_field(_("amount"))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "item"], name="bank_an_item_once_an_entry"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="bank_proposal_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.item_id} {self.amount}"


_FIVE = RegexValidator(r"^[0-9A-Z]{5}$", _("Five letters or digits."))
_FIVE_DIGITS = RegexValidator(r"^[0-9]{5}$", _("Five digits."))


class CollectingAccount(models.Model):
    """An account of ours at which RiBa are presented, as the CBI records name it."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT)
    bank = models.CharField(_("bank"), max_length=80)
    sia = models.CharField(_("SIA code"), max_length=5, validators=[_FIVE])
    abi = models.CharField(_("ABI"), max_length=5, validators=[_FIVE_DIGITS])
    cab = models.CharField(_("CAB"), max_length=5, validators=[_FIVE_DIGITS])
    account = models.CharField(
        _("account number"), max_length=12, validators=[RegexValidator(r"^[0-9A-Z]{1,12}$", _("Letters and digits."))]
    )
    name = models.CharField(_("name on the receipts"), max_length=24)
    address = models.CharField(_("address"), max_length=24, blank=True, default="")
    town = models.CharField(_("postcode and town"), max_length=24, blank=True, default="")
    tax_code = models.CharField(_("tax code"), max_length=16)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "abi", "cab", "account"], name="bank_one_account")]

    def __str__(self) -> str:
        return f"{self.bank} {self.abi}-{self.cab}-{self.account}"


class DrawnOn(models.Model):
    """Where a customer pays RiBa: the bank on which they are drawn, and the address on them."""

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, primary_key=True, related_name="riba_details")
    abi = models.CharField(_("ABI"), max_length=5, validators=[_FIVE_DIGITS])
    cab = models.CharField(_("CAB"), max_length=5, validators=[_FIVE_DIGITS])
    bank = models.CharField(_("bank and branch"), max_length=50, blank=True, default="")
    tax_code = models.CharField(_("VAT number or tax code"), max_length=16)
    address = models.CharField(_("address"), max_length=30)
    postcode = models.CharField(_("postcode"), max_length=5, validators=[_FIVE_DIGITS])
    town = models.CharField(_("town"), max_length=23)
    province = models.CharField(
        _("province"), max_length=2, validators=[RegexValidator(r"^[A-Z]{2}$", _("Two capital letters."))]
    )

    def __str__(self) -> str:
        return f"{self.abi}-{self.cab}"
