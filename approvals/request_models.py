"""Who asks for limits and terms, and who decides them, level by level."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.models import (
    Customer,
    LimitKind,
    LimitState,
    PaymentTerms,
    SettlementDiscount,
    amount_field,
    currency_field,
)


class RequestState(models.TextChoices):
    OPEN = "OPEN", _("waits for approval")
    CHANGE_WANTED = "CHANGE_WANTED", _("back for a change")
    AGREED = "AGREED", _("approved, to be posted")
    APPLIED = "APPLIED", _("approved")
    REJECTED = "REJECTED", pgettext_lazy("request for a limit", "rejected")
    WITHDRAWN = "WITHDRAWN", _("withdrawn")


class ApprovalLevel(models.Model):
    """Who approves a limit: a role, up to an amount and an increase, in the account's currency. Blank: any.

    The lowest level that covers a request decides it. With `with_former` the level below decides first.
    """

    position = models.PositiveSmallIntegerField(_("position"), unique=True, help_text=_("Small decides small."))
    group = models.ForeignKey("auth.Group", on_delete=models.CASCADE, related_name="+", verbose_name=_("role"))
    amount_up_to = amount_field(_("limits up to"), null=True, blank=True)
    increase_up_to = amount_field(_("increases up to"), null=True, blank=True)
    with_former = models.BooleanField(
        _("after the level below"), default=False, help_text=_("Both decide: the level below first, then this one.")
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(Q(amount_up_to__isnull=True) | Q(amount_up_to__gte=0))
                & (Q(increase_up_to__isnull=True) | Q(increase_up_to__gte=0)),
                name="approvals_level_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.group}"

    def covers(self, amount: Decimal | None, increase: Decimal | None) -> bool:
        """Return whether this level may grant so much, so much more than before; None is without bound."""
        return _within(amount, self.amount_up_to) and _within(increase, self.increase_up_to)


def _within(value: Decimal | None, bound: Decimal | None) -> bool:
    return bound is None or (value is not None and value <= bound)


class LimitRequest(models.Model):
    """Somebody asks for a limit, base or temporary, or for other payment terms, and others decide level by level.

    What is asked for may be changed by whoever asked, while it is open. What happened to it are its events, and they
    alone move it: the database carries over what they say.
    """

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="limit_requests")
    kind = models.CharField(_("kind"), max_length=10, choices=LimitKind, default=LimitKind.BASE)
    state_wanted = models.CharField(
        _("limit"), max_length=10, choices=LimitState, blank=True, default="",
        help_text=_("Blank where only other terms are asked for."),
    )  # fmt: skip
    amount = amount_field(_("amount"), null=True, blank=True)
    currency = currency_field()
    valid_from = models.DateField(_("from"), null=True, blank=True)
    valid_to = models.DateField(_("last day"), null=True, blank=True)
    terms = models.ForeignKey(PaymentTerms, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    settlement_discount = models.ForeignKey(
        SettlementDiscount, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(_("why"), max_length=300)
    state = models.CharField(_("state"), max_length=13, choices=RequestState, default=RequestState.OPEN)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("delegated to"),
    )  # fmt: skip
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(_("requested at"))
    source_key = models.CharField(_("key of the form"), max_length=120, null=True, blank=True, unique=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state_wanted=LimitState.AMOUNT, amount__isnull=False, amount__gte=0)
                | (~Q(state_wanted=LimitState.AMOUNT) & Q(amount__isnull=True)),
                name="approvals_request_amount_where_stated",
            ),
            models.CheckConstraint(
                condition=~Q(state_wanted="") | Q(terms__isnull=False) | Q(settlement_discount__isnull=False),
                name="approvals_request_asks_for_something",
            ),
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True) | Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="approvals_request_days",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "id"], name="approvals_requests_by_state"),
            models.Index(fields=["customer", "-id"], name="approvals_requests_of_customer"),
        ]

    def __str__(self) -> str:
        return f"R{self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state in (RequestState.OPEN, RequestState.CHANGE_WANTED)

    def wanted(self) -> dict[str, str | int | None]:
        """Return what is asked for by column, as its events keep it."""
        return {
            "kind": self.kind, "state_wanted": self.state_wanted, "amount": None if self.amount is None else str(self.amount),
            "valid_from": self.valid_from and self.valid_from.isoformat(),
            "valid_to": self.valid_to and self.valid_to.isoformat(), "terms_id": self.terms_id,
            "settlement_discount_id": self.settlement_discount_id, "reason": self.reason,
        }  # fmt: skip

    @property
    def in_journal(self) -> bool:
        """Whether it is a line of a journal: then it takes effect when that is posted."""
        return getattr(self, "journal_line", None) is not None


class RequestStep(models.TextChoices):
    ASKED = "ASKED", pgettext_lazy("step of a request", "asked")
    CHANGED = "CHANGED", pgettext_lazy("step of a request", "changed")
    APPROVED = "APPROVED", pgettext_lazy("step of a request", "approved")
    APPLIED = "APPLIED", pgettext_lazy("step of a request", "took effect")
    CHANGE_WANTED = "CHANGE_WANTED", pgettext_lazy("step of a request", "asked for a change")
    DELEGATED = "DELEGATED", pgettext_lazy("step of a request", "delegated")
    ATTACHED = "ATTACHED", pgettext_lazy("step of a request", "attached evidence")
    REJECTED = "REJECTED", pgettext_lazy("step of a request", "rejected")
    WITHDRAWN = "WITHDRAWN", pgettext_lazy("step of a request", "withdrawn")
    MOVED = "MOVED", pgettext_lazy("step of a request", "went over to another customer")


# In which states a request can be after a step; where there is none, the step leaves it as it was.
STATES_AFTER = {
    RequestStep.ASKED: [RequestState.OPEN],
    RequestStep.CHANGED: [RequestState.OPEN],
    RequestStep.APPROVED: [RequestState.OPEN, RequestState.AGREED],
    RequestStep.APPLIED: [RequestState.APPLIED],
    RequestStep.CHANGE_WANTED: [RequestState.CHANGE_WANTED],
    RequestStep.DELEGATED: [RequestState.OPEN],
    RequestStep.REJECTED: [RequestState.REJECTED],
    RequestStep.WITHDRAWN: [RequestState.WITHDRAWN],
}


def _one_of_the_states_after() -> Q:
    """Return the condition that the state fits the step; rows of before it was kept have none."""
    fits = Q(state="") | Q(step__in=[RequestStep.ATTACHED, RequestStep.MOVED])
    for step, states in STATES_AFTER.items():
        fits |= Q(step=step, state__in=states)
    return fits


class RequestEvent(models.Model):
    """One step of a request: who, when, why, the figures of that day, and the state after it. Append-only.

    `wanted` is what is asked for from this step on, where the step says so, `was` what it took the place of.
    """

    request = models.ForeignKey(LimitRequest, on_delete=models.PROTECT, related_name="events")
    step = models.CharField(_("step"), max_length=13, choices=RequestStep)
    level = models.PositiveSmallIntegerField(_("level"), null=True, blank=True)
    note = models.TextField(_("note"), blank=True, default="")
    to = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(_("state"), max_length=13, choices=RequestState, blank=True, default="")
    wanted = models.JSONField(_("what is asked for"), null=True, blank=True)
    was = models.JSONField(_("before"), default=dict, help_text=_("Written by the database."))
    figures = models.JSONField(_("figures of the day"), default=dict)
    made_at = models.DateTimeField(_("made at"))
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    actor = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["request"],
                condition=Q(step__in=["APPLIED", "REJECTED", "WITHDRAWN"]),
                name="approvals_request_ends_once",
            ),
            models.UniqueConstraint(fields=["request"], condition=Q(step="ASKED"), name="approvals_request_asked_once"),
            models.CheckConstraint(condition=_one_of_the_states_after(), name="approvals_state_fits_step"),
            models.CheckConstraint(
                condition=~Q(step__in=["CHANGED", "MOVED"]) | Q(state="") | Q(wanted__isnull=False),
                name="approvals_change_says_what",
            ),
        ]
        indexes = [models.Index(fields=["request", "id"], name="approvals_events_of_request")]

    def __str__(self) -> str:
        return f"{self.request_id} {self.step}"
