"""What may be typed about limits that are asked for."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from approvals.attachment_forms import FilesField
from approvals.limit_requests import Asked
from approvals.models import LimitRequest, RequestState
from creditrisk.forms import AmountField, DayField, Once, whole_cents
from customers.forms import CodeField
from customers.models import Customer, LimitKind, LimitState, PaymentTerms, SettlementDiscount


class AskForm(Once):
    """What is asked for: a limit, other terms, or both."""

    # What a form that may not grant hands over in the address.
    TAKEN_OVER = ("state", "amount", "kind", "valid_from", "valid_to", "reason")

    state = forms.ChoiceField(
        label=gettext_lazy("Limit"), required=False, initial=LimitState.AMOUNT,
        choices=[*LimitState.choices, ("", gettext_lazy("stays as it is"))],
    )  # fmt: skip
    amount = AmountField(label=gettext_lazy("Amount"), required=False)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=LimitKind.choices, initial=LimitKind.BASE)
    valid_from = DayField(label=gettext_lazy("From"), required=False)
    valid_to = DayField(label=gettext_lazy("Last day"), required=False)
    terms = CodeField(
        queryset=PaymentTerms.objects.order_by("code"), label=gettext_lazy("Payment terms"), required=False
    )
    settlement_discount = CodeField(
        queryset=SettlementDiscount.objects.order_by("code"), label=gettext_lazy("Settlement discount"), required=False
    )
    reason = forms.CharField(
        label=gettext_lazy("Why it is needed"), max_length=300,
        error_messages={"required": gettext_lazy("Say why it is needed.")},
    )  # fmt: skip
    files = FilesField(label=gettext_lazy("Evidence of third parties"))

    def __init__(self, *args: Any, customer: Customer, **options: Any) -> None:
        super().__init__(*args, **options)
        self.customer = customer
        for name in ("terms", "settlement_discount"):
            self.fields[name].empty_label = _("stay as they are") if name == "terms" else _("stays as it is")

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        states_amount = typed.get("state") == LimitState.AMOUNT
        if states_amount and typed.get("amount") is None and "amount" not in self.errors:
            self.add_error("amount", _("Say how much. 0 means no credit."))
        if not states_amount and typed.get("amount") is not None:
            self.add_error("amount", _("Leave the amount blank, or choose “an amount”."))
        whole_cents(self, "amount", self.customer.currency)
        return typed

    @property
    def asked(self) -> Asked:
        """What was typed, for the service."""
        typed = self.cleaned_data
        return Asked(
            state=typed["state"], amount=typed["amount"] if typed["state"] == LimitState.AMOUNT else None,
            kind=typed["kind"], valid_from=typed["valid_from"], valid_to=typed["valid_to"], terms=typed["terms"],
            settlement_discount=typed["settlement_discount"], reason=typed["reason"],
        )  # fmt: skip

    @classmethod
    def typed_before(cls, request: LimitRequest) -> dict[str, Any]:
        """Return what the form shows where a request is changed."""
        return {
            "state": request.state_wanted, "amount": request.amount, "kind": request.kind,
            "valid_from": request.valid_from, "valid_to": request.valid_to, "terms": request.terms,
            "settlement_discount": request.settlement_discount, "reason": request.reason,
        }  # fmt: skip


class DecideForm(forms.Form):
    """A word on a request, and which of its events the page showed."""

    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )
    to = forms.CharField(label=gettext_lazy("To"), required=False, max_length=150)
    saw = forms.RegexField(r"^[0-9,]*$", required=False, widget=forms.HiddenInput)

    def saw_events(self) -> list[int]:
        """Return the ids of the events that the page showed."""
        return [int(pk) for pk in self.cleaned_data["saw"].split(",") if pk]


class RequestFilter(forms.Form):
    """Which requests are listed."""

    state = forms.ChoiceField(
        label=gettext_lazy("State"), required=False,
        choices=[("", gettext_lazy("undecided")), *RequestState.choices, ("all", gettext_lazy("all"))],
    )  # fmt: skip
    q = forms.CharField(
        label=gettext_lazy("Customer"), required=False, widget=forms.TextInput(attrs={"type": "search"})
    )
