"""What is owed: open items by instalment, what settles them and how they stand; exchange rates."""

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from customers.models import Company, Customer, amount_field, currency_field


class ExchangeRate(models.Model):
    """Units of `target` for one `source`, from its day until a newer one."""

    source = currency_field(_("from currency"))
    target = currency_field(_("to currency"))
    day = models.DateField(_("day"))
    rate = models.DecimalField(_("rate"), max_digits=20, decimal_places=10)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "target", "day"], name="ledger_one_rate_a_day"),
            models.CheckConstraint(condition=Q(rate__gt=0), name="ledger_rate_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.source}/{self.target} {self.day}"


class ItemKind(models.TextChoices):
    INVOICE = "INVOICE", _("invoice")
    CREDIT_NOTE = "CREDIT_NOTE", _("credit note")
    PAYMENT = "PAYMENT", _("payment")
    OPENING = "OPENING", _("opening item")
    RETURNED = "RETURNED", _("returned effect")
    CHARGE = "CHARGE", _("charge")
    WRITE_OFF = "WRITE_OFF", _("write-off")
    REVERSAL = "REVERSAL", _("reversal")


class OpenItem(models.Model):
    """One instalment of a debt (positive) or one credit: a payment or a credit note (negative).

    `open_amount` is what is not yet settled; it only moves together with an allocation or an effect. A write-off is
    an item too: it settles the small rest of another. So is a reversal, which settles what it takes back.
    """

    company = models.ForeignKey(Company, on_delete=models.PROTECT)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="items")
    kind = models.CharField(_("kind"), max_length=12, choices=ItemKind)
    reference = models.CharField(_("reference"), max_length=60)
    instalment = models.PositiveSmallIntegerField(_("instalment"), default=1)
    document = models.ForeignKey(
        "documents.Document",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="items",
    )
    effect = models.ForeignKey(
        "ledger.Effect",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="returned_items",
    )
    currency = currency_field()
    amount = amount_field(_("amount"))
    open_amount = amount_field(_("open"))
    item_date = models.DateField(_("date"))
    booked_on = models.DateField(
        _("booked on"),
        null=True,
        blank=True,
        help_text=_("The business day on which it entered the ledger. Blank: on its date."),
    )
    due = models.DateField(_("due"))
    cleared_on = models.DateField(_("cleared on"), null=True, blank=True)
    disputed = models.BooleanField(_("disputed"), default=False)
    dispute_reason = models.CharField(_("dispute reason"), max_length=200, blank=True, default="")
    disputed_on = models.DateField(_("disputed on"), null=True, blank=True)
    excluded = models.BooleanField(_("excluded from credit control"), default=False)
    provisional = models.BooleanField(_("provisional"), default=False)
    reverses = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="reversal",
        help_text=_("What a reversal takes back, once."),
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True, default="", db_default="")
    source_key = models.CharField(
        _("key in the source"),
        max_length=120,
        null=True,
        blank=True,
        help_text=_("Makes an import repeatable."),
    )
    posted_at = models.DateTimeField(_("posted at"))
    posted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0, open_amount__gte=0, open_amount__lte=F("amount"))
                | Q(amount__lt=0, open_amount__lte=0, open_amount__gte=F("amount")),
                name="ledger_open_within_amount",
            ),
            models.CheckConstraint(
                condition=Q(open_amount=0, cleared_on__isnull=False) | (~Q(open_amount=0) & Q(cleared_on__isnull=True)),
                name="ledger_cleared_when_nothing_is_open",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["CREDIT_NOTE", "PAYMENT"], amount__lt=0)
                | Q(kind__in=["INVOICE", "RETURNED", "CHARGE"], amount__gt=0)
                | Q(kind__in=["OPENING", "WRITE_OFF", "REVERSAL"]),
                name="ledger_sign_of_kind",
            ),
            models.CheckConstraint(
                condition=Q(kind="REVERSAL", reverses__isnull=False) | (~Q(kind="REVERSAL") & Q(reverses__isnull=True)),
                name="ledger_reversal_names_what_it_reverses",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["WRITE_OFF", "REVERSAL"]) | ~Q(reason=""),
                name="ledger_correction_has_a_reason",
            ),
            models.UniqueConstraint(
                fields=["company", "kind", "customer", "reference", "instalment"],
                name="ledger_one_item_per_reference",
            ),
            models.UniqueConstraint(fields=["source_key"], name="ledger_source_key_once"),
        ]
        indexes = [
            models.Index(
                fields=["customer", "due"],
                condition=~Q(open_amount=0),
                name="ledger_open_items",
            ),
            models.Index(fields=["customer", "item_date"], name="ledger_items_of_customer"),
        ]

    def __str__(self) -> str:
        return self.reference if self.instalment == 1 else f"{self.reference}/{self.instalment}"

    @property
    def since(self) -> date:
        """Return the business day from which it counts."""
        return self.booked_on or self.item_date


class Payment(OpenItem):
    """Money received; what is not allocated is a credit."""

    class Meta:
        proxy = True


class Allocation(models.Model):
    """A credit settles part of a debt. Append-only: undone by a row with the opposite amount that names it."""

    credit = models.ForeignKey(OpenItem, on_delete=models.PROTECT, related_name="allocated_to")
    debit = models.ForeignKey(OpenItem, on_delete=models.PROTECT, related_name="allocated_from")
    amount = amount_field(_("amount"))
    day = models.DateField(_("day"))
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversal")
    made_at = models.DateTimeField(_("made at"))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(reverses__isnull=True, amount__gt=0) | Q(reverses__isnull=False, amount__lt=0),
                name="ledger_allocation_sign",
            )
        ]
        indexes = [models.Index(fields=["debit", "day"], name="ledger_allocations_of_debit")]

    def __str__(self) -> str:
        return f"{self.credit_id} -> {self.debit_id} {self.amount}"


class Mark(models.TextChoices):
    """How an item stands beside its amount."""

    DISPUTED = "DISPUTED", _("disputed")
    EXCLUDED = "EXCLUDED", _("excluded from credit control")
    PROVISIONAL = "PROVISIONAL", _("provisional")


class ItemMark(models.Model):
    """A mark set on an item or taken off it, why and when. Append-only: the item's own flags say how it stands now."""

    item = models.ForeignKey(OpenItem, on_delete=models.PROTECT, related_name="marks")
    mark = models.CharField(_("mark"), max_length=12, choices=Mark)
    on = models.BooleanField(_("set"))
    reason = models.CharField(_("reason"), max_length=200, blank=True, default="")
    day = models.DateField(_("day"))
    made_at = models.DateTimeField(_("made at"))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    class Meta:
        indexes = [models.Index(fields=["item", "mark", "day"], name="ledger_marks_of_item")]

    def __str__(self) -> str:
        return f"{self.item_id} {self.mark} {self.on}"


class WriteOffAuthority(models.Model):
    """Up to which amount of one item a user, or else a role, may write off. Blank: without bound; no row: nothing."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    group = models.OneToOneField(
        "auth.Group", on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("role")
    )
    up_to = amount_field(
        _("writes off up to"),
        null=True,
        blank=True,
        help_text=_("Of one item, in the currency of its company."),
    )

    class Meta:
        verbose_name_plural = _("write-off authorities")
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=False, group__isnull=True) | Q(user__isnull=True, group__isnull=False),
                name="ledger_write_off_authority_has_one_holder",
            ),
            models.CheckConstraint(
                condition=Q(up_to__isnull=True) | Q(up_to__gte=0), name="ledger_write_off_authority_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user or self.group}: {self.up_to}"
