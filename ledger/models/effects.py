"""Effects: bills that take the place of debts, the lists in which they go to a bank, and every step of their life."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from creditrisk import language
from customers.models import Company, Customer, amount_field, currency_field
from ledger.models.banks import BankAccount
from ledger.models.items import OpenItem


class EffectKind(models.TextChoices):
    RIBA = "RIBA", _("RiBa")
    SDD = "SDD", _("SEPA direct debit")
    DRAFT = "DRAFT", pgettext_lazy("kind of effect", "draft")
    PROMISSORY_NOTE = "PROMISSORY_NOTE", _("promissory note")
    CHEQUE = "CHEQUE", _("cheque")


class EffectState(models.TextChoices):
    ISSUED = "ISSUED", _("in portfolio")
    PRESENTED = "PRESENTED", _("presented")
    COLLECTED = "COLLECTED", _("collected")
    UNPAID = "UNPAID", _("unpaid, not posted")
    UNPAID_POSTED = "UNPAID_POSTED", _("unpaid, posted back")
    REPLACED = "REPLACED", _("replaced by another")


class PresentationMode(models.TextChoices):
    SBF = "SBF", _("subject to collection")
    COLLECTION = "COLLECTION", _("after collection")
    DISCOUNT = "DISCOUNT", _("discount")


class Presentation(models.Model):
    """A list of effects handed to a bank."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT)
    number = models.CharField(_("number"), max_length=40, blank=True, default="", db_default="")
    account = models.ForeignKey(
        BankAccount, on_delete=models.PROTECT, null=True, blank=True, related_name="presentations"
    )
    mode = models.CharField(_("mode"), max_length=10, choices=PresentationMode)
    bank = models.CharField(_("bank"), max_length=80, blank=True, default="")
    day = models.DateField(_("day"))
    credited_on = models.DateField(_("credited on"), null=True, blank=True)
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
            models.UniqueConstraint(
                fields=["company", "number"], condition=~Q(number=""), name="ledger_one_list_per_number"
            ),
            models.CheckConstraint(
                condition=Q(credited_on__isnull=True) | Q(credited_on__gte=models.F("day")),
                name="ledger_credited_after_presented",
            ),
        ]
        indexes = [models.Index(fields=["account", "day"], name="ledger_lists_of_account")]

    def __str__(self) -> str:
        return self.number or f"{self.get_mode_display()} {language.day(self.day)}"


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
    unpaid_on = models.DateField(
        _("returned unpaid on"),
        null=True,
        blank=True,
        help_text=_("The last time; it stays when the effect is represented, collected or replaced."),
    )
    collected_on = models.DateField(_("collected on"), null=True, blank=True)
    replaces = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by")
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
                condition=~Q(state__in=["UNPAID", "UNPAID_POSTED", "REPLACED"]) | Q(unpaid_on__isnull=False),
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


STEPS = {
    "issued": pgettext_lazy("step of an effect", "issued"),
    "presented": pgettext_lazy("step of an effect", "presented"),
    "withdrawn": pgettext_lazy("step of an effect", "withdrawn"),
    "credited": pgettext_lazy("step of an effect", "credited"),
    "collected": pgettext_lazy("step of an effect", "collected"),
    "unpaid": pgettext_lazy("step of an effect", "unpaid"),
    "posted back": pgettext_lazy("step of an effect", "posted back"),
    "replaced": pgettext_lazy("step of an effect", "replaced"),
    "matured": pgettext_lazy("step of an effect", "matured"),
}


class EffectEvent(models.Model):
    """One step of an effect's life: issued, presented, withdrawn, credited, collected, unpaid, posted back, replaced, matured.

    Append-only. `presentation` is the list in which it was presented, or from which it came back or was withdrawn; a
    list's effects are those presented in it and not withdrawn, wherever they went afterwards. `cost` is what the bank
    took for a return.
    """

    effect = models.ForeignKey(Effect, on_delete=models.PROTECT, related_name="events")
    step = models.CharField(_("step"), max_length=14)
    day = models.DateField(_("day"))
    presentation = models.ForeignKey(
        Presentation, on_delete=models.PROTECT, null=True, blank=True, related_name="events"
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True, default="", db_default="")
    cost = amount_field(_("bank's cost"), default=0, db_default=0)
    charged = models.BooleanField(_("cost charged to the customer"), default=False, db_default=False)
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
                condition=Q(cost__gte=0) & (Q(charged=False) | Q(cost__gt=0)), name="ledger_charged_what_it_cost"
            ),
            models.UniqueConstraint(
                fields=["effect", "presentation"],
                condition=Q(step="presented"),
                name="ledger_effect_once_in_a_list",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.effect_id} {self.step}"

    @property
    def step_shown(self) -> str:
        return str(STEPS.get(self.step, self.step))
