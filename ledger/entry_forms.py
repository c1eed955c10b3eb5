"""What may be typed about an item that is entered by hand: whose it is, how much, when it falls due, its marks."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from approvals.opening import Entry
from creditrisk.forms import AmountField, DayField, Once, whole_cents
from creditrisk.money import ZERO
from customers import queries as customer_queries
from customers import terms as customer_terms
from customers.forms import CodeField, CustomerField
from customers.models import PaymentTerms
from ledger.forms import CurrencyField
from ledger.models import ItemKind


class ItemForm(Once):
    """A debt or a credit that no document here stands behind. A debt falls due on a day, or by terms."""

    OPENING_CREDIT = "OPENING_CREDIT"

    kind = forms.ChoiceField(
        label=gettext_lazy("What it is"), initial=ItemKind.INVOICE,
        choices=[
            (ItemKind.INVOICE, gettext_lazy("an invoice")),
            (ItemKind.CREDIT_NOTE, gettext_lazy("a credit note")),
            (ItemKind.OPENING, gettext_lazy("an opening balance that is owed")),
            (OPENING_CREDIT, gettext_lazy("an opening balance in the customer's favour")),
        ],
    )  # fmt: skip
    customer = CustomerField()
    reference = forms.CharField(label=gettext_lazy("Number"), max_length=60)
    day = DayField(label=gettext_lazy("Date"))
    amount = AmountField(label=gettext_lazy("Amount"), above=ZERO, minimum=None)
    currency = CurrencyField()
    company = CodeField(queryset=None, label=gettext_lazy("Company"), required=False)
    terms = CodeField(
        queryset=PaymentTerms.objects.order_by("code"), label=gettext_lazy("Payment terms"), required=False,
    )  # fmt: skip
    due = DayField(
        label=gettext_lazy("Due"),
        required=False,
        help_text=gettext_lazy("Blank: by the payment terms, in instalments."),
    )
    provisional = forms.BooleanField(label=gettext_lazy("Provisional"), required=False)
    excluded = forms.BooleanField(label=gettext_lazy("Left out of credit control"), required=False)
    disputed = forms.BooleanField(label=gettext_lazy("Disputed"), required=False)
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=200, required=False,
        help_text=gettext_lazy("Needed where it is disputed or left out of credit control."),
    )  # fmt: skip

    def __init__(self, *args: Any, user: Any, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today
        self.fields["customer"].user = user
        self.fields["customer"].widget.attrs["list"] = "customers"
        self.fields["company"].queryset = customer_queries.companies(user)
        for name in ("company", "terms"):
            self.fields[name].empty_label = _("the customer's")

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        if day > self.today:
            raise forms.ValidationError(_("That day lies ahead."), code="future")
        return day

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        customer, due, day = typed.get("customer"), typed.get("due"), typed.get("day")
        typed["currency"] = typed.get("currency") or (customer.currency if customer else "")
        whole_cents(self, "amount", typed["currency"])
        if due and day and due < day:
            self.add_error("due", _("The due day lies before the date."))
        if due and typed.get("terms"):
            self.add_error("due", _("Leave the due day blank, or the payment terms."))
        if self.is_credit(typed):
            if due or typed.get("terms"):
                self.add_error("due" if due else "terms", _("A credit does not fall due: leave it blank."))
            if typed.get("disputed"):
                self.add_error("disputed", _("Only debts are disputed."))
        if (typed.get("disputed") or typed.get("excluded")) and not typed.get("reason"):
            self.add_error("reason", _("Say why it is disputed or left out of credit control."))
        return typed

    def is_credit(self, typed: dict[str, Any]) -> bool:
        """Return whether what was typed stands in the customer's favour."""
        return typed.get("kind") in (ItemKind.CREDIT_NOTE, self.OPENING_CREDIT)

    def entry(self) -> Entry:
        """Return what is to be opened. The form is valid."""
        typed = self.cleaned_data
        customer, credit = typed["customer"], self.is_credit(typed)
        return Entry(
            customer=customer, company=typed["company"] or customer.company, credit=credit,
            kind=ItemKind.OPENING if typed["kind"] == self.OPENING_CREDIT else typed["kind"],
            reference=typed["reference"], day=typed["day"], amount=typed["amount"], currency=typed["currency"],
            due=typed["due"], terms=typed["terms"] or customer_terms.usual(customer),
            disputed=typed["disputed"], excluded=typed["excluded"], provisional=typed["provisional"],
            reason=typed["reason"], source_key=self.key,
        )  # fmt: skip
