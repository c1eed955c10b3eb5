"""What may be typed when a customer is stopped or suspended."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from creditrisk.forms import DayField
from ledger.forms import FileField
from ledger.imports import guarded


class StopForm(forms.Form):
    """A stop: of what, on which days, why. `seen` is the newest stop that the page showed (0: none)."""

    orders = forms.BooleanField(label=gettext_lazy("Orders"), required=False)
    deliveries = forms.BooleanField(label=gettext_lazy("Deliveries"), required=False)
    valid_from = DayField(label=gettext_lazy("From"), required=False)
    valid_to = DayField(label=gettext_lazy("Last day"), required=False)
    note = forms.CharField(
        label=gettext_lazy("Why"), max_length=300, error_messages={"required": gettext_lazy("Say why.")}
    )
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        if not typed.get("orders") and not typed.get("deliveries"):
            self.add_error("orders", _("Say what is stopped: orders, deliveries or both."))
        return typed


class SuspensionForm(forms.Form):
    """Why credit is suspended, or given back; by when it ends by itself."""

    reason = forms.CharField(
        label=gettext_lazy("Why"), max_length=200, error_messages={"required": gettext_lazy("Say why.")}
    )
    until = DayField(
        label=gettext_lazy("Last day"), required=False, help_text=gettext_lazy("Blank: until somebody lifts it.")
    )
    source = forms.CharField(
        label=gettext_lazy("Flag from"), max_length=60, required=False,
        widget=forms.TextInput(attrs={"placeholder": gettext_lazy("bureau, fraud team …")}),
    )  # fmt: skip


class StoppedFilter(forms.Form):
    """Which stops are listed."""

    q = forms.CharField(
        label=gettext_lazy("Customer"), required=False, widget=forms.TextInput(attrs={"type": "search"})
    )
    what = forms.ChoiceField(
        label=gettext_lazy("What"), required=False,
        choices=[
            ("", gettext_lazy("all")), ("suspended", gettext_lazy("suspended")),
            ("stop", gettext_lazy("stopped by hand")), ("status", gettext_lazy("account status")),
        ],
    )  # fmt: skip


class FlagsForm(forms.Form):
    """A file of flags from outside."""

    file = FileField(
        help_text=gettext_lazy("CSV or XLSX: customer, reason; where wanted until, source, lift."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.xlsx"}),
    )
    source = forms.CharField(label=gettext_lazy("From"), max_length=60, required=False)
    encoding = forms.ChoiceField(
        label=gettext_lazy("Written in"),
        choices=[(code, gettext_lazy(name)) for code, name in guarded.ENCODINGS.items()],
        initial="utf-8",
    )
