"""What may be typed when a hold is decided."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from approvals.attachment_forms import FilesField
from approvals.dryrun import KIND
from approvals.models import ReleaseReason
from creditrisk.forms import AmountField, DayField, whole_cents
from creditrisk.money import ZERO
from creditrisk.policy.models import Scope
from customers import queries as customer_queries
from customers.forms import CodeField
from customers.models import Customer, PaymentTerms, SettlementDiscount
from documents.models import DocumentType, Kind
from ledger.forms import CurrencyField

# Where a document can be checked, as people say it.
STEPS = [
    ("entry", gettext_lazy("entering an order")), ("confirmation", gettext_lazy("confirming an order")),
    ("picking", gettext_lazy("picking")), ("delivery", gettext_lazy("delivering")),
    ("invoice", gettext_lazy("invoicing")),
]  # fmt: skip


class SawField(forms.CharField):
    """What the page showed: amount, currency, excess and reasons, as they came with it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=forms.HiddenInput, **options)

    def prepare_value(self, value: Any) -> Any:
        return json.dumps(value) if isinstance(value, dict) else value

    def to_python(self, value: Any) -> Any:
        try:
            saw = json.loads(super().to_python(value) or "null")
            if saw is None:
                return None
            amount, excess = Decimal(str(saw["amount"])), Decimal(str(saw["excess"]))
            if not amount.is_finite() or not excess.is_finite():
                raise ValueError(f"{amount}, {excess}")
            return {
                "amount": str(amount),
                "currency": str(saw.get("currency", "")),
                "excess": str(excess),
                "reasons": [str(code) for code in saw["reasons"]],
            }
        except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError):
            raise forms.ValidationError(_("This page is not complete; look at the hold again."), code="saw") from None

    def validate(self, value: Any) -> None:
        if value is None:
            raise forms.ValidationError(_("This page is not complete; look at the hold again."), code="saw")

    def run_validators(self, value: Any) -> None:
        """It is no text."""


def reason_field(names: dict[str, str]) -> forms.Field:
    """Return the field for why people release: chosen where the company has a table of reasons, else typed."""
    missing = {"required": gettext_lazy("Say why you release it.")}
    if not names:
        return forms.CharField(label=gettext_lazy("Reason"), max_length=120, error_messages=missing)
    choices = [("", gettext_lazy("choose …")), *names.items()]
    return forms.ChoiceField(label=gettext_lazy("Reason"), choices=choices, error_messages=missing)


class ReleaseForm(forms.Form):
    """A release: why, up to which amount, for which steps, until when, and what the releaser saw."""

    saw = SawField()
    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    cap = AmountField(label=gettext_lazy("Up to"), above=ZERO, minimum=None, required=False)
    scope = forms.ChoiceField(
        label=gettext_lazy("Covers"),
        choices=Scope.choices,
        initial=Scope.REMAINING_STEPS,
    )
    until = DayField(label=gettext_lazy("Until"), required=False)
    with_posting = forms.BooleanField(label=gettext_lazy("Carry the step out at once"), required=False)

    def __init__(self, *args: Any, currency: str, reasons: Sequence[ReleaseReason], **options: Any) -> None:
        super().__init__(*args, **options)
        self.currency = currency
        self.fields["reason"] = reason_field({r.code: r.name for r in reasons})
        self.by_code = {r.code: r for r in reasons}
        self.order_fields(["reason"])

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        if typed.get("scope") == Scope.UNTIL and typed.get("until") is None and "until" not in self.errors:
            self.add_error("until", _("Say until which day."))
        chosen = typed["code"] = self.by_code.get(typed.get("reason", ""))
        if chosen is not None:
            typed["reason"] = chosen.name
            if chosen.needs_note and not (typed.get("note") or "").strip():
                self.add_error("note", _("Say why, in a few words."))
        whole_cents(self, "cap", self.currency)
        return typed


class MassForm(forms.Form):
    """One reason and one note for every hold of a selection."""

    note = forms.CharField(label=gettext_lazy("Note"), required=False, max_length=2000)

    def __init__(self, *args: Any, reasons: dict[str, str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.names = reasons
        self.fields["reason"] = reason_field(reasons)
        self.order_fields(["reason", "note"])

    @property
    def reason_name(self) -> str:
        """The reason in words: as typed, or the name of the chosen code."""
        typed: str = self.cleaned_data["reason"]
        return self.names.get(typed, typed)


class RejectForm(forms.Form):
    """A rejection, with its reason."""

    reason = forms.CharField(
        label=gettext_lazy("Why it is rejected"), max_length=120,
        error_messages={"required": gettext_lazy("Say why you reject it.")},
    )  # fmt: skip
    note = forms.CharField(label=gettext_lazy("Note"), required=False, max_length=2000)


class ForceForm(forms.Form):
    """A hold by hand, with its reason."""

    reason = forms.CharField(
        label=gettext_lazy("Why it is held"), max_length=300,
        error_messages={"required": gettext_lazy("Say why you hold it.")},
    )  # fmt: skip


class EventForm(forms.Form):
    """A word on a hold, and to whom it goes."""

    note = forms.CharField(
        label=gettext_lazy("Comment"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )
    to = forms.CharField(label=gettext_lazy("To"), required=False, max_length=150)
    files = FilesField(label=gettext_lazy("Files"))


class AbsenceForm(forms.Form):
    """Who stands in, on which days."""

    substitute = forms.ModelChoiceField(
        queryset=None, label=gettext_lazy("Who stands in"), to_field_name="username",
        error_messages={"required": gettext_lazy("Choose who stands in for you.")},
    )  # fmt: skip
    valid_from = DayField(label=gettext_lazy("From"))
    valid_to = DayField(label=gettext_lazy("Last day"))
    note = forms.CharField(label=gettext_lazy("Note"), required=False, max_length=300)

    def __init__(self, *args: Any, people: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["substitute"].queryset = people
        self.fields["substitute"].empty_label = _("choose …")
        self.fields["substitute"].label_from_instance = lambda user: user.get_full_name() or user.get_username()


class DeskFilter(forms.Form):
    """How the desk is narrowed and sorted. What makes no sense is left aside."""

    q = forms.CharField(
        label=gettext_lazy("Document or customer"), required=False,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )  # fmt: skip
    reason = forms.ChoiceField(label=gettext_lazy("Reason"), required=False)
    state = forms.ChoiceField(
        label=gettext_lazy("Show"), required=False,
        choices=[
            ("", gettext_lazy("everything")), ("ready", gettext_lazy("ready to release")),
            ("held", gettext_lazy("with a reason left")), ("mine", gettext_lazy("for me")),
        ],
    )  # fmt: skip
    sort = forms.ChoiceField(
        label=gettext_lazy("First"), required=False,
        choices=[
            ("age", gettext_lazy("the oldest")), ("-amount", gettext_lazy("the biggest")),
            ("-age", gettext_lazy("the newest")), ("customer", gettext_lazy("by customer")),
        ],
    )  # fmt: skip

    def __init__(self, *args: Any, reasons: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["reason"].choices = [("", _("any")), *reasons]

    def chosen(self) -> dict[str, str]:
        """Return what was chosen."""
        self.is_valid()
        typed = self.cleaned_data
        return {
            "text": typed.get("q", ""),
            "reason": typed.get("reason", ""),
            "state": typed.get("state", ""),
            "sort": typed.get("sort") or "age",
        }


class CheckForm(forms.Form):
    """A document that is only thought of: what would come of it at a checkpoint. Blank is the customer's usual."""

    amount = AmountField(
        label=gettext_lazy("Amount, with tax"), above=ZERO, minimum=None,
        error_messages={"required": gettext_lazy("Say how much.")},
    )  # fmt: skip
    currency = CurrencyField()
    checkpoint = forms.ChoiceField(
        label=gettext_lazy("When"), choices=STEPS, initial="confirmation", required=False
    )  # fmt: skip
    terms = CodeField(
        queryset=PaymentTerms.objects.order_by("code"), label=gettext_lazy("Payment terms"), required=False
    )
    ship_date = DayField(label=gettext_lazy("Ship date"), required=False)
    settlement_discount = CodeField(
        queryset=SettlementDiscount.objects.order_by("code"), label=gettext_lazy("Settlement discount"), required=False
    )
    type = CodeField(
        queryset=DocumentType.objects.order_by("of", "code"), label=gettext_lazy("Document type"), required=False
    )
    company = CodeField(queryset=None, label=gettext_lazy("Company"), required=False)

    def __init__(self, *args: Any, user: Any, customer: Customer, **options: Any) -> None:
        super().__init__(*args, **options)
        self.customer = customer
        self.fields["company"].queryset = customer_queries.companies(user)
        for name in ("terms", "settlement_discount", "company"):
            self.fields[name].empty_label = _("the customer's")
        self.fields["type"].empty_label = _("standard")

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        typed["checkpoint"] = typed.get("checkpoint") or "confirmation"
        kind, of = KIND[typed["checkpoint"]], typed.get("type")
        if of is not None and of.of != kind:
            self.add_error("type", _("That is no type of %(kind)s.") % {"kind": Kind(kind).label})
        debtor = self.customer.bill_to or self.customer
        whole_cents(self, "amount", typed.get("currency") or debtor.currency)
        return typed
