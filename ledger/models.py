"""What is owed: open items by instalment, their settlements, effects and exchange rates."""

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


class OpenItem(models.Model):
    """One instalment of a debt (positive) or one credit: a payment or a credit note (negative).

    `open_amount` is what is not yet settled; it only moves together with an allocation or an effect.
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
    due = models.DateField(_("due"))
    cleared_on = models.DateField(_("cleared on"), null=True, blank=True)
    disputed = models.BooleanField(_("disputed"), default=False)
    dispute_reason = models.CharField(_("dispute reason"), max_length=200, blank=True, default="")
    disputed_on = models.DateField(_("disputed on"), null=True, blank=True)
    excluded = models.BooleanField(_("excluded from credit control"), default=False)
    provisional = models.BooleanField(_("provisional"), default=False)
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
                | Q(kind__in=["INVOICE", "RETURNED"], amount__gt=0)
                | Q(kind="OPENING"),
                name="ledger_sign_of_kind",
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


class EffectKind(models.TextChoices):
    RIBA = "RIBA", _("RiBa")
    SDD = "SDD", _("SEPA direct debit")
    DRAFT = "DRAFT", _("draft")
    PROMISSORY_NOTE = "PROMISSORY_NOTE", _("promissory note")
    CHEQUE = "CHEQUE", _("cheque")


class EffectState(models.TextChoices):
    ISSUED = "ISSUED", _("in portfolio")
    PRESENTED = "PRESENTED", _("presented")
    COLLECTED = "COLLECTED", _("collected")
    UNPAID = "UNPAID", _("unpaid, not posted")
    UNPAID_POSTED = "UNPAID_POSTED", _("unpaid, posted back")


class PresentationMode(models.TextChoices):
    SBF = "SBF", _("subject to collection")
    COLLECTION = "COLLECTION", _("after collection")
    DISCOUNT = "DISCOUNT", _("discount")


class Presentation(models.Model):
    """A list of effects handed to a bank."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT)
    mode = models.CharField(_("mode"), max_length=10, choices=PresentationMode)
    bank = models.CharField(_("bank"), max_length=80, blank=True, default="")
    day = models.DateField(_("day"))
    made_at = models.DateTimeField(_("made at"))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    def __str__(self) -> str:
        return f"{self.get_mode_display()} {self.day}"


class Effect(models.Model):
    """A bill that takes the place of the items it closes, until it is collected or comes back unpaid."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="effects")
    number = models.CharField(_("number"), max_length=60)
    kind = models.CharField(_("kind"), max_length=16, choices=EffectKind)
    state = models.CharField(_("state"), max_length=14, choices=EffectState, default=EffectState.ISSUED)
    currency = currency_field()
    amount = amount_field(_("amount"))
    due = models.DateField(_("due"))
    issued_on = models.DateField(_("issued on"))
    presentation = models.ForeignKey(
        Presentation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="effects",
    )
    unpaid_on = models.DateField(_("returned unpaid on"), null=True, blank=True)
    collected_on = models.DateField(_("collected on"), null=True, blank=True)
    swept = models.BooleanField(
        _("left the exposure"),
        default=False,
        help_text=_("Matured long enough ago; set by the daily sweep."),
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "number"], name="ledger_one_effect_per_number"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="ledger_effect_amount_positive"),
            models.CheckConstraint(
                condition=~Q(state="PRESENTED") | Q(presentation__isnull=False),
                name="ledger_presented_in_a_list",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["UNPAID", "UNPAID_POSTED"], unpaid_on__isnull=False)
                | (~Q(state__in=["UNPAID", "UNPAID_POSTED"]) & Q(unpaid_on__isnull=True)),
                name="ledger_unpaid_has_a_day",
            ),
        ]
        indexes = [
            models.Index(
                fields=["customer", "unpaid_on"],
                condition=Q(unpaid_on__isnull=False),
                name="ledger_unpaids",
            ),
            models.Index(
                fields=["due"],
                condition=Q(state="PRESENTED", swept=False),
                name="ledger_maturing",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class EffectItem(models.Model):
    """Which part of which item an effect closed."""

    effect = models.ForeignKey(Effect, on_delete=models.PROTECT, related_name="closes")
    item = models.ForeignKey(OpenItem, on_delete=models.PROTECT, related_name="closed_by")
    amount = amount_field(_("amount"))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["effect", "item"], name="ledger_effect_closes_an_item_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="ledger_effect_item_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.effect_id} {self.item_id}"


class EffectEvent(models.Model):
    """One step of an effect's life: issued, presented, collected, returned unpaid, posted back, swept."""

    effect = models.ForeignKey(Effect, on_delete=models.PROTECT, related_name="events")
    step = models.CharField(_("step"), max_length=14)
    day = models.DateField(_("day"))
    made_at = models.DateTimeField(_("made at"))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    def __str__(self) -> str:
        return f"{self.effect_id} {self.step}"
