"""What may be typed when a hold is decided."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from approvals.attachment_forms import FilesField
from approvals.dryrun import KIND
from approvals.models import ReleaseReason
from approvals.queue import Wanted
from creditrisk import language
from creditrisk.decisions.story import sum_of
from creditrisk.forms import AmountField, DayField, SearchField, whole_cents
from creditrisk.money import ZERO
from creditrisk.policy.compile import Policy
from creditrisk.policy.models import Scope
from creditrisk.roles import name_of
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

    def __init__(
        self, *args: Any, currency: str, reasons: Sequence[ReleaseReason], policy: Policy, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.fields["cap"].help_text = _tolerance(policy, currency)
        self.fields["scope"].help_text = _validity(policy)
        self.currency = currency
        self.fields["reason"] = reason_field({r.code: r.name for r in reasons})
        self.fields["reason"].widget.attrs |= {"data-shortcut": "r", "data-shortcut-label": _("Release it")}
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


def _tolerance(policy: Policy, currency: str) -> str:
    """Return what the amount has in it for growth that is not checked again."""
    percent, amount = policy.release_tolerance_percent, policy.release_tolerance_amount
    if policy.recheck_after_release != "ON_INCREASE" or not (percent or amount):
        return ""
    found = [f"{percent:f}\u00a0%".replace(".", language.marks()[0])] if percent else []
    return _("With the tolerance of %s in it.") % _(" or ").join(found + ([sum_of(amount, currency)] if amount else []))


def _validity(policy: Policy) -> str:
    """Return how long a release is good, and what ends it before."""
    days = policy.release_valid_days
    match policy.recheck_after_release:
        case "ALWAYS":
            return _("Every later attempt is checked again.")
        case "NEVER":
            ends = ""
        case "ON_ANY_CHANGE":
            ends = _("Any change of the document ends it.")
        case _:
            ends = _("A larger amount ends it.")
    good = "" if days is None else ngettext("Good for %d day.", "Good for %d days.", days) % days
    return f"{good} {ends}".strip()


class MassForm(forms.Form):
    """What is done with every hold of a selection: one reason or one note for all, or somebody who shall decide."""

    note = forms.CharField(label=gettext_lazy("Note"), required=False, max_length=2000)
    to = forms.ModelChoiceField(
        queryset=None, label=gettext_lazy("To"), to_field_name="username", required=False,
        error_messages={"required": gettext_lazy("Choose who shall decide it.")},
    )  # fmt: skip

    def __init__(
        self, *args: Any, reasons: dict[str, str], people: Any, decision: str = "release", **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.names = reasons
        self.fields["reason"] = reason_field(reasons)
        self.fields["reason"].required = decision in ("release", "reject")
        self.fields["note"].required = decision == "send_back"
        self.fields["note"].error_messages["required"] = _("Say what should be changed.")
        to = self.fields["to"]
        to.queryset, to.required, to.empty_label = people, decision == "delegate", _("to whom …")
        to.label_from_instance = name_of
        self.order_fields(["reason", "note", "to"])

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
        widget=forms.TextInput(attrs={"data-shortcut": "d", "data-shortcut-label": gettext_lazy("Reject it")}),
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
        label=gettext_lazy("Comment"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(
            attrs={"rows": 2, "data-shortcut": "c", "data-shortcut-label": gettext_lazy("Comment on it")}
        ),
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
        self.fields["substitute"].label_from_instance = name_of


class DeskFilter(forms.Form):
    """How the desk is narrowed and sorted. What makes no sense is left aside."""

    q = SearchField(label=gettext_lazy("Document or customer"))
    state = forms.ChoiceField(
        label=gettext_lazy("Show"), required=False,
        choices=[
            ("", gettext_lazy("everything")), ("mine", gettext_lazy("what waits for me")),
            ("ready", gettext_lazy("ready to release")), ("held", gettext_lazy("with a reason left")),
        ],
    )  # fmt: skip
    reason = forms.ChoiceField(label=gettext_lazy("Reason"), required=False)
    checkpoint = forms.ChoiceField(
        label=gettext_lazy("Held at"), required=False, choices=[("", gettext_lazy("any step")), *STEPS]
    )
    salesperson = forms.ChoiceField(label=gettext_lazy("Sales"), required=False)
    company = forms.ChoiceField(label=gettext_lazy("Company"), required=False)
    sort = forms.ChoiceField(
        label=gettext_lazy("First"), required=False,
        choices=[
            ("age", gettext_lazy("waiting longest")), ("-age", gettext_lazy("the newest")),
            ("document", gettext_lazy("the oldest documents")), ("-amount", gettext_lazy("the largest")),
            ("-excess", gettext_lazy("most over the limit")), ("ship", gettext_lazy("the next to ship")),
            ("idle", gettext_lazy("untouched longest")), ("customer", gettext_lazy("by customer")),
        ],
    )  # fmt: skip

    def __init__(
        self,
        *args: Any,
        reasons: list[tuple[str, str]],
        sellers: Sequence[Any],
        companies: Sequence[Any],
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        names = [(user.get_username(), name_of(user)) for user in sellers]
        for field, choices in (
            ("reason", reasons), ("salesperson", names), ("company", [(c.code, c.name) for c in companies]),
        ):  # fmt: skip
            self.fields[field].choices = [("", _("any")), *choices]
        self.several = len(companies) > 1

    def chosen(self) -> Wanted:
        """Return what was chosen."""
        self.is_valid()
        typed = self.cleaned_data
        return Wanted(
            text=typed.get("q", ""), reason=typed.get("reason", ""), state=typed.get("state", ""),
            checkpoint=typed.get("checkpoint", ""), salesperson=typed.get("salesperson", ""),
            company=typed.get("company", ""), sort=typed.get("sort") or "age",
        )  # fmt: skip


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
