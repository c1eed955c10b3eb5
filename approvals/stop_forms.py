"""What may be typed when a customer is stopped or suspended."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from creditrisk.forms import DayField


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
    """Why credit is suspended, or given back."""

    reason = forms.CharField(
        label=gettext_lazy("Why"), max_length=200, error_messages={"required": gettext_lazy("Say why.")}
    )
