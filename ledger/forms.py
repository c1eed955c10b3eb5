"""What may be typed about the ledger: payments and what they settle, marks, corrections, an effect."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from creditrisk.forms import AmountField, DayField, Once, whole_cents
from creditrisk.money import ZERO, figure
from customers import queries as customer_queries
from customers.forms import CodeField, CustomerField
from ledger import statement
from ledger.imports import guarded
from ledger.imports.delimited import BadFile
from ledger.models import EffectKind, Mark
from ledger.statement import ItemRow

# How a file writes amounts and days, where a person has to say it.
WRITTEN = {
    "point": gettext_lazy("1,234.50 (decimal point)"),
    "comma": gettext_lazy("1.234,50 (decimal comma)"),
    "ymd": gettext_lazy("2026-03-31 (year first)"),
    "dmy": gettext_lazy("31/03/2026 (day first)"),
    "mdy": gettext_lazy("03/31/2026 (month first)"),
}


class CurrencyField(forms.CharField):
    """A currency that is known here: three letters, cleaned to capitals; empty where it is left to the customer."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", gettext_lazy("Currency"))
        options.setdefault("required", False)
        super().__init__(max_length=3, **options)

    def clean(self, value: Any) -> Any:
        code = str(super().clean(value)).upper()
        if not code:
            return ""
        if len(code) != 3 or not (code.isascii() and code.isalpha()):
            raise forms.ValidationError(_("Type the three letters of a currency, for example EUR."), code="invalid")
        if not statement.knows_currency(code):
            raise forms.ValidationError(
                _("We do not know the currency “%(code)s”: nobody has it, and there is no exchange rate for it.")
                % {"code": code},
                code="unknown",
            )
        return code


class FileField(forms.FileField):
    """A file that is neither empty nor larger than we take."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", gettext_lazy("File"))
        options.setdefault("error_messages", {"empty": gettext_lazy("The file is empty.")})
        super().__init__(**options)

    def clean(self, data: Any, initial: Any = None) -> Any:
        found = super().clean(data, initial)
        try:
            guarded.checked_size(found.size, found.name)
        except BadFile as error:
            raise forms.ValidationError(str(error), code="size") from error
        return found


class SettlesItems(forms.Form):
    """A form with an amount field for each debt that it may settle."""

    rows: list[ItemRow]

    def add_amounts(self, rows: list[ItemRow]) -> None:
        """Give each of these debts a field for the part of it that is settled."""
        self.rows = rows
        for row in rows:
            self.fields[f"item_{row.id}"] = AmountField(
                label=_("Settles of %(item)s") % {"item": row.reference}, required=False
            )

    def item_fields(self) -> list[tuple[ItemRow, forms.BoundField]]:
        """Return each debt with its field."""
        return [(row, self[f"item_{row.id}"]) for row in self.rows]

    def parts(self) -> list[tuple[int, Decimal]]:
        """Return the debts that were given an amount, by id."""
        return [(row.id, part) for row in self.rows if (part := self.cleaned_data.get(f"item_{row.id}"))]

    def check_parts(self, currency: str, most: Decimal | None) -> None:
        """Put an error where more is settled than is open, or than there is."""
        for row in self.rows:
            part = self.cleaned_data.get(f"item_{row.id}")
            if not part:
                continue
            if row.currency != currency:
                self.add_error(
                    f"item_{row.id}",
                    _("This item is in %(currency)s.") % {"currency": row.currency},
                )
            elif part > row.open_amount:
                self.add_error(
                    f"item_{row.id}",
                    _("Only %(open)s is open.") % {"open": figure(row.open_amount, row.currency)},
                )
            whole_cents(self, f"item_{row.id}", currency)
        total = sum((part for _id, part in self.parts()), ZERO)
        if most is not None and total > most:
            self.add_error(
                None,
                _("%(total)s is allocated, but only %(most)s is there.")
                % {"total": figure(total, currency), "most": figure(most, currency)},
            )


class PaymentForm(Once, SettlesItems):
    """Money that came in: oldest debts first, by hand, or not allocated yet."""

    OLDEST, BY_HAND, LATER = "oldest", "by_hand", "later"

    customer = CustomerField()
    amount = AmountField(label=gettext_lazy("Amount"), above=ZERO, minimum=None)
    currency = CurrencyField()
    day = DayField(label=gettext_lazy("Day"))
    reference = forms.CharField(label=gettext_lazy("Reference"), max_length=60, required=False)
    company = CodeField(queryset=None, label=gettext_lazy("Company"), required=False)
    allocation = forms.ChoiceField(
        label=gettext_lazy("Settles"), widget=forms.RadioSelect, initial=OLDEST,
        choices=[
            (OLDEST, gettext_lazy("the oldest items first")),
            (BY_HAND, gettext_lazy("what is typed below")),
            (LATER, gettext_lazy("nothing yet: it stays on account")),
        ],
    )  # fmt: skip

    def __init__(self, *args: Any, user: Any, rows: list[ItemRow], today: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today
        self.fields["customer"].user = user
        self.fields["customer"].widget.attrs["list"] = "customers"
        self.fields["company"].queryset = customer_queries.companies(user)
        self.fields["company"].empty_label = _("the customer's")
        self.add_amounts(rows)

    def clean_day(self) -> Any:
        day = self.cleaned_data["day"]
        if day > self.today:
            raise forms.ValidationError(_("Money cannot have arrived on a day to come."), code="future")
        return day

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        customer = typed.get("customer")
        currency = typed.get("currency") or (customer.currency if customer else "")
        typed["currency"] = currency
        whole_cents(self, "amount", currency)
        if typed.get("allocation") == self.BY_HAND:
            self.check_parts(currency, typed.get("amount"))
            if not self.errors and not self.parts():
                self.add_error(
                    "allocation",
                    _("Type at least one amount below, or choose another way."),
                )
        elif self.parts():
            self.add_error("allocation", _("You typed amounts below: choose “what is typed below”, or clear them."))
        return typed


class AllocateForm(SettlesItems):
    """What a credit settles. `seen` is what of it was open on the page, so that a second sending is noticed."""

    seen = AmountField(widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        rows: list[ItemRow],
        currency: str,
        left: Decimal,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.currency, self.left = currency, left
        self.add_amounts(rows)

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        if "seen" not in self.errors and typed.get("seen") != self.left:
            self.add_error(
                None,
                _("This credit has changed since the page was drawn. Here is how it stands now."),
            )
        self.check_parts(self.currency, self.left)
        if not self.errors and not self.parts():
            self.add_error(None, _("Type how much of which item is settled."))
        return typed


class UndoForm(forms.Form):
    """Which allocation of a credit is undone."""

    debit = forms.IntegerField(min_value=1)


class DisputeForm(forms.Form):
    """A dispute begins with its reason, or ends."""

    disputed = forms.TypedChoiceField(choices=[("1", "1"), ("0", "0")], coerce=lambda value: value == "1")
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        if typed.get("disputed") and not typed.get("reason"):
            self.add_error("reason", _("Say what is disputed."))
        return typed


class MarkForm(forms.Form):
    """An item leaves credit control or comes back, or becomes provisional or definitive: with a reason."""

    mark = forms.ChoiceField(choices=[(m, m.label) for m in (Mark.EXCLUDED, Mark.PROVISIONAL)])
    on = forms.TypedChoiceField(choices=[("1", "1"), ("0", "0")], coerce=lambda value: value == "1")
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=200,
        error_messages={"required": gettext_lazy("Say why.")},
    )


class WriteOffForm(forms.Form):
    """How much of a small rest is written off, and why. Blank: all that is open."""

    amount = AmountField(label=gettext_lazy("Amount"), above=ZERO, minimum=None, required=False)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=200,
        error_messages={"required": gettext_lazy("Say why it is written off.")},
    )

    def __init__(self, *args: Any, currency: str, left: Decimal, **options: Any) -> None:
        super().__init__(*args, **options)
        self.currency, self.left = currency, left

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        amount = typed.get("amount")
        if amount is not None and amount > self.left:
            self.add_error("amount", _("Only %(open)s is open.") % {"open": figure(self.left, self.currency)})
        whole_cents(self, "amount", self.currency)
        return typed


class ReverseForm(forms.Form):
    """Why a payment, a write-off or a charge is taken back."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=200,
        error_messages={"required": gettext_lazy("Say why it is reversed.")},
    )


class EffectForm(Once):
    """An effect issued from open items."""

    customer = CustomerField()
    number = forms.CharField(
        label=gettext_lazy("Number"), max_length=60, required=False, help_text=gettext_lazy("Blank: the next one.")
    )
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=EffectKind.choices, initial=EffectKind.RIBA)
    due = DayField(label=gettext_lazy("Due"))
    amount = AmountField(
        label=gettext_lazy("Amount"), above=ZERO, minimum=None, required=False,
        help_text=gettext_lazy("Blank: all that is open of the items chosen."),
    )  # fmt: skip
    items = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Closes"), coerce=int, widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one item that it closes.")},
    )  # fmt: skip

    def __init__(self, *args: Any, user: Any, rows: list[ItemRow], **options: Any) -> None:
        super().__init__(*args, **options)
        self.rows = {row.id: row for row in rows}
        self.fields["customer"].user = user
        self.fields["customer"].widget.attrs["list"] = "customers"
        self.fields["items"].choices = [(row.id, row.reference) for row in rows]

    @property
    def chosen(self) -> set[int]:
        """Return the items that were ticked, to be drawn again."""
        ticked = self.data.getlist("items") if hasattr(self.data, "getlist") else []
        return {int(pk) for pk in ticked if pk.isascii() and pk.isdigit() and len(pk) < 19}

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        chosen = [self.rows[pk] for pk in typed.get("items") or ()]
        if len({row.currency for row in chosen}) > 1:
            self.add_error("items", _("One effect closes items of one currency."))
        elif chosen:
            carried = sum((row.open_amount for row in chosen), ZERO)
            if typed.get("amount") is not None and typed["amount"] > carried:
                self.add_error(
                    "amount",
                    _("The items chosen carry %(sum)s.") % {"sum": figure(carried, chosen[0].currency)},
                )
            whole_cents(self, "amount", chosen[0].currency)
            typed["amount"] = typed.get("amount") or carried
        return typed


class RatesForm(forms.Form):
    """A file of reference rates."""

    file = FileField(
        help_text=gettext_lazy("eurofxref.csv, eurofxref-hist.zip, or the XML of the same names."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.zip,.xml"}),
    )
