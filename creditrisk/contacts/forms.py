"""What may be typed about a talk with a customer."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from creditrisk.contacts.models import Way
from creditrisk.forms import AmountField, DayField, Once, SearchField
from creditrisk.money import ZERO


class NoteForm(Once):
    """What was said, with whom, when to talk next, what was promised."""

    way = forms.ChoiceField(label=_("How"), choices=Way.choices)
    person = forms.CharField(label=_("With whom"), required=False, max_length=120)
    text = forms.CharField(
        label=_("What was said"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Write what was said.")},
    )  # fmt: skip
    next_contact = DayField(label=_("Next contact"), required=False)
    promised_on = DayField(label=_("Promised to pay by"), required=False)
    promised = AmountField(label=_("Promised amount"), required=False, above=ZERO, minimum=None)

    def typed(self) -> dict[str, Any]:
        """Return what was typed, as a note is written."""
        names = ("way", "person", "text", "next_contact", "promised_on", "promised")
        return {name: self.cleaned_data[name] for name in names}


class DueForm(forms.Form):
    """Which notes are shown."""

    q = SearchField(label=_("Customer or words"), max_length=100)
    show = forms.ChoiceField(
        label=_("Show"), required=False,
        choices=[
            ("", _("all")), ("due", _("to contact today or earlier")), ("ahead", _("next contact ahead")),
            ("promises", _("promises that are open")), ("broken", _("promises that were not kept")),
        ],
    )  # fmt: skip
    mine = forms.BooleanField(label=_("Only mine"), required=False)

    @property
    def said(self) -> dict[str, Any]:
        self.is_valid()
        return getattr(self, "cleaned_data", {})
