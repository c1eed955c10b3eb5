"""What may be typed: the parts of the draft, the note of an activation, two versions to compare."""

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from creditrisk import rules
from creditrisk.policy.models import BUCKET_CHOICES, PolicyVersion
from ledger import statement


class ParametersForm(forms.ModelForm):
    """The parameters of the draft."""

    counts = forms.MultipleChoiceField(
        label=gettext_lazy("Buckets that count"), choices=BUCKET_CHOICES, widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Summed into the exposure that is compared with the limit."),
        error_messages={"required": gettext_lazy("Choose at least one: else no customer would ever owe anything.")},
    )  # fmt: skip

    def clean_release_scope(self) -> str:
        scope: str = self.cleaned_data["release_scope"]
        if scope == "UNTIL":
            raise ValidationError(_("A release until a day needs the releaser to say which: choose one of the others."))
        return scope

    def clean_warn_at_percent(self) -> list[int]:
        return sorted(set(self.cleaned_data["warn_at_percent"]))


ROW_HELP = {
    "kind": "A block stands in the way when it is true. An exclusion keeps the later blocks of the same rule from doing so.",
    "action": "What a true block does: the document is held until somebody releases it, or passes with a warning.",
    "scope": "A looser block for one customer does not relax a stricter one for all: that takes an exclusion.",
    "risk_class": "Blank: customers of every class.",
    "days": "A block is true from so many days on, an exclusion up to so many. “Unpaid effects” looks back so many days.",
    "amount": "A block is true from this amount on, an exclusion up to it.",
    "percent": "Of the limit in use, the document included; 0 to 1000.",
    "count": "How many effects came back unpaid.",
    "status": "The account status that the row looks for.",
    "terms": "The payment terms of the document that the row looks for.",
}


class RuleRowForm(forms.ModelForm):
    """A row; the script beside the form hides what its rule does not have."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, words in ROW_HELP.items():
            if name in self.fields:
                self.fields[name].help_text = words
        if "rule" in self.fields:
            has = {code: {"values": rule.values(), "says": rules.sentence(code)} for code, rule in rules.book().items()}
            self.fields["rule"].widget.attrs["data-rules"] = json.dumps(has)
            self.fields["rule"].help_text = _("What each rule looks for stands in the rule book.")

    def clean_currency(self) -> str:
        currency: str = self.cleaned_data["currency"]
        if currency and not statement.knows_currency(currency):
            raise ValidationError(
                _("Nobody here has the currency %s: no company, no customer, no exchange rate.") % currency
            )
        return currency

    def clean(self) -> dict[str, Any] | None:
        """An exclusion has no action of its own: what stands there is put right, not complained about."""
        cleaned = super().clean()
        if cleaned and cleaned.get("kind") == "EXCLUDE":
            cleaned["action"] = "HOLD"
        return cleaned


class ActivationForm(forms.Form):
    """Why the policy changes, and which draft the person looked at."""

    saw = forms.CharField(widget=forms.HiddenInput)
    note = forms.CharField(
        label=gettext_lazy("Why"), max_length=300, widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("Kept with the version for everybody who asks why a document was held."),
        error_messages={"required": gettext_lazy("Say why the policy changes; it is kept with the version.")},
    )  # fmt: skip


class CompareForm(forms.Form):
    """Two versions."""

    before = forms.ChoiceField(label=gettext_lazy("From"))
    after = forms.ChoiceField(label=gettext_lazy("To"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        numbers = PolicyVersion.objects.order_by("-number").values_list("number", "note")
        choices = [(str(number), f"{number}: {note}" if note else str(number)) for number, note in numbers]
        self.fields["before"].choices = choices  # type: ignore[attr-defined]
        self.fields["after"].choices = [("draft", _("the draft")), *choices]  # type: ignore[attr-defined]
