"""What may be typed about customers: which one is meant, and a new limit."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from creditrisk.forms import AmountField, DayField, in_order, whole_cents
from customers import queries
from customers.models import Customer, LimitKind, LimitState


class CodeField(forms.ModelChoiceField):
    """A choice by code, so that the address and a script can name it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, to_field_name="code", **options)

    def label_from_instance(self, row: Any) -> str:
        name = getattr(row, "name", "")
        return f"{row.code} · {name}" if name and name != row.code else str(row.code)


class CustomerField(forms.CharField):
    """A customer, typed by code or by name; cleans to the Customer. The reader's own customers alone are known.

    `user` is set by the form that holds the field.
    """

    def __init__(self, **options: Any) -> None:
        self.user: Any = None
        self.known: Customer | None = None  # stands there already, whoever's it is
        options.setdefault("label", gettext_lazy("Customer"))
        options.setdefault(
            "widget",
            forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        )
        super().__init__(max_length=240, **options)

    def prepare_value(self, value: Any) -> Any:
        return value.code if isinstance(value, Customer) else value

    def clean(self, value: Any) -> Any:
        text = super().clean(value).strip()
        if not text:
            return None
        if self.known is not None and text.casefold() == self.known.code.casefold():
            return self.known
        mine = queries.visible(self.user).select_related("merged_into")
        found = mine.filter(code__iexact=text).first() or mine.filter(code__iexact=text.split()[0]).first()
        if found is not None:
            return found.merged_into or found
        close = list(mine.filter(merged_into__isnull=True).matching(text).order_by("code")[:6])
        if len(close) == 1:
            return close[0]
        if not close:
            raise forms.ValidationError(
                _("There is no customer “%(typed)s”. Type the code, or a part of the name.") % {"typed": text},
                code="unknown",
            )
        raise forms.ValidationError(
            _("“%(typed)s” fits several customers: %(codes)s%(more)s. Type the code.")
            % {
                "typed": text,
                "codes": ", ".join(c.code for c in close[:5]),
                "more": " …" if len(close) > 5 else "",
            },
            code="several",
        )


class GrantForm(forms.Form):
    """A new limit. `seen` is the newest grant that the page showed (0: none), so that a second sending is noticed."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=LimitKind.choices, initial=LimitKind.BASE)
    state = forms.ChoiceField(
        label=gettext_lazy("Limit"),
        choices=LimitState.choices,
        initial=LimitState.AMOUNT,
    )
    amount = AmountField(label=gettext_lazy("Amount"), required=False)
    valid_from = DayField(label=gettext_lazy("From"))
    valid_to = DayField(label=gettext_lazy("Last day"), required=False)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300)
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, *args: Any, customer: Customer, **options: Any) -> None:
        super().__init__(*args, **options)
        self.customer = customer

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        states_amount = typed.get("state") == LimitState.AMOUNT
        if states_amount and typed.get("amount") is None and "amount" not in self.errors:
            self.add_error("amount", _("Say how much. 0 means no credit."))
        if not states_amount and typed.get("amount") is not None:
            self.add_error("amount", _("Leave the amount blank, or choose “an amount”."))
        if typed.get("kind") == LimitKind.TEMPORARY:
            if typed.get("valid_to") is None and "valid_to" not in self.errors:
                self.add_error("valid_to", _("A temporary limit needs a last day."))
            if not states_amount:
                self.add_error("state", _("A temporary limit is an amount."))
        in_order(self, "valid_from", "valid_to")
        whole_cents(self, "amount", self.customer.currency)
        return typed


class AsOfForm(forms.Form):
    """Which moment an exposure is asked for: a business day, or what was known at the end of a day."""

    day = DayField(label=gettext_lazy("As of the business day"), required=False)
    known = DayField(label=gettext_lazy("As known at the end of"), required=False)


class DayForm(forms.Form):
    """Of which day a limit is explained."""

    day = DayField(label=gettext_lazy("On the day"), required=False)
