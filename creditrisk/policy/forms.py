"""What may be typed: the parts of the draft, the note of an activation, two versions to compare."""

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from creditrisk import rules
from creditrisk.backoffice import SearchOne
from creditrisk.policy import row_checks
from creditrisk.policy.models import PolicyVersion
from creditrisk.policy.names import BUCKET_CHOICES
from creditrisk.policy.threshold_models import LATE_MOST
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


class NumbersField(forms.CharField):
    """Whole numbers with commas between them, from 1 to `most`; blank is None."""

    def __init__(self, *, most: int, **options: Any) -> None:
        self.most = most
        super().__init__(required=False, **options)

    def to_python(self, value: Any) -> Any:
        parts = [part.strip() for part in str(value or "").split(",") if part.strip()]
        if not all(part.isdecimal() and len(part) < 10 and 1 <= int(part) <= self.most for part in parts):
            raise ValidationError(
                _("Write whole numbers from 1 to %(most)d, with commas between them.") % {"most": self.most}
            )
        return sorted({int(part) for part in parts}) or None

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(map(str, value)) if isinstance(value, list) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(data) != initial)
        except ValidationError:
            return True


class AlertThresholdForm(forms.ModelForm):
    """From which figures on alerts are written, for whom."""

    percents = NumbersField(
        label=gettext_lazy("Percents used"), most=1000,
        help_text=gettext_lazy("Of the limit, as in: 70, 90. Blank: as the next wider says."),
    )  # fmt: skip
    overdue_days = NumbersField(
        label=gettext_lazy("Overdue for days"), most=LATE_MOST,
        help_text=gettext_lazy("As in: 7, 30. Blank: as the next wider says; at last 30, 60, 90."),
    )  # fmt: skip


ROW_HELP = {
    "kind": gettext_lazy(
        "A block stands in the way when it is true. An exclusion keeps the later blocks of the same rule from doing so."
    ),
    "action": gettext_lazy(
        "What a true block does: the document is held until somebody releases it, or passes with a warning."
    ),
    "scope": gettext_lazy(
        "A looser block for one customer does not relax a stricter one for all: that takes an exclusion."
    ),
    "risk_class": gettext_lazy("Blank: customers of every class."),
    "days": gettext_lazy(
        "A block is true from so many days on, an exclusion up to so many. “Unpaid effects” looks back so many days."
    ),
    "amount": gettext_lazy("A block is true from this amount on, an exclusion up to it."),
    "percent": gettext_lazy("Of the limit in use, the document included; 0 to 1000."),
    "count": gettext_lazy("How many effects came back unpaid."),
    "status": gettext_lazy("The account status that the row looks for."),
    "terms": gettext_lazy("The payment terms of the document that the row looks for."),
}


class RowForm(forms.ModelForm):
    """What every form of a row asks, wherever it is typed."""

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


class RuleRowForm(RowForm):
    """A row on a page of its own; the script beside the form hides what its rule does not have."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, words in ROW_HELP.items():
            if name in self.fields:
                self.fields[name].help_text = words
        if "rule" in self.fields:
            has = {code: {"values": rule.values(), "says": rules.sentence(code)} for code, rule in rules.book().items()}
            widget = self.fields["rule"].widget
            inner: Any = getattr(widget, "widget", widget)  # the administration wraps it
            inner.attrs["data-rules"] = json.dumps(has)
            self.fields["rule"].help_text = _("What each rule looks for stands in the rule book.")


class ChosenCustomer(SearchOne):
    """A search for customers in many rows of one page: who is chosen was read with the rows, not once a row."""

    chosen: Any = None

    def optgroups(self, name: str, value: Any, attr: dict[str, Any] | None = None) -> Any:
        if self.chosen is None or [str(v) for v in value] != [str(self.chosen.pk)]:
            return super().optgroups(name, value, attr)
        options = [self.create_option(name, "", "", False, 0)]
        options.append(self.create_option(name, value[0], str(self.chosen), True, 1))
        return [(None, options, 0)]


class InlineRowForm(RowForm):
    """A row among those of its rule. Whom it is for follows from what is filled in: a customer, a group, or neither."""

    class Meta:
        labels = {"release_order": gettext_lazy("frees from all")}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.customer and "customer" in self.fields:
            self.fields["customer"].widget.widget.chosen = self.instance.customer

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if cleaned:
            customer, group = cleaned.get("customer"), cleaned.get("group")
            if customer and group:
                self.add_error("group", _("For one customer or for a credit group: leave one of the two blank."))
            self.instance.scope = "CUSTOMER" if customer else "GROUP" if group else "ALL"
        return cleaned

    def validate_unique(self) -> None:
        """The rows that are typed beside it are known to the formset alone: it compares them all."""

    def add_error(self, field: str | None, error: Any) -> None:
        """What is wrong with something that is no field of this form is said above the row."""
        told = getattr(error, "error_dict", None) if field is None else {field: error}
        for name, sentence in (told or {None: error}).items():
            super().add_error(name if name in self.fields and name != "rule" else None, sentence)


class RowsFormSet(BaseInlineFormSet):
    """The rows of one rule as they were typed together: none may say what another says."""

    def delete_existing(self, obj: Any, commit: bool = True) -> None:
        """Delete a row; what is told of it afterwards still knows its number."""
        number = obj.pk
        super().delete_existing(obj, commit)
        obj.pk = number

    def clean(self) -> None:
        super().clean()
        gone = self._should_delete_form  # type: ignore[attr-defined]  # `deleted_forms` knows none while one is wrong
        stay = [form for form in self.forms if not gone(form) and not form.errors]
        standing = [form.instance for form in stay if form.instance.pk and not form.has_changed()]
        for form in stay:
            if form.has_changed():
                for field, sentence in row_checks.twins(form.instance, standing).items():
                    form.add_error(field, sentence)
                standing.append(form.instance)


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
