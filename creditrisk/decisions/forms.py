"""What a try-out is asked for: which policy, on the decisions of which days."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from creditrisk.forms import DayField, in_order
from creditrisk.policy import options


class TryOutForm(forms.Form):
    """The policy and the period."""

    policy = forms.ChoiceField(label=_("Policy"))
    since = DayField(label=_("From"))
    until = DayField(label=_("To"))

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.fields["policy"].choices = options.options()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        in_order(self, "since", "until")
        return cleaned

    @property
    def label(self) -> str:
        """Return the chosen policy as people call it."""
        return dict(options.options())[self.cleaned_data["policy"]]
