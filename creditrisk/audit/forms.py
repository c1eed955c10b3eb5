"""By what the audit trail, and the releases of approvers, can be narrowed."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from approvals.models import Release
from creditrisk.audit.models import Kind
from creditrisk.forms import DayField
from creditrisk.roles import companies_of
from customers.models import Company

NOBODY = "0"
LISTED = [(value, str(label).capitalize()) for value, label in Kind.choices if value != Kind.ORIGIN]


class TrailForm(forms.Form):
    """Period, kind, person, customer, document, address and words."""

    q = forms.CharField(
        label=gettext_lazy("Words"),
        required=False,
        max_length=200,
        strip=True,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    since = DayField(label=gettext_lazy("From"), required=False)
    until = DayField(label=gettext_lazy("To"), required=False)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), required=False)
    person = forms.ChoiceField(label=gettext_lazy("Who"), required=False)
    customer = forms.CharField(label=gettext_lazy("Customer"), required=False, max_length=120)
    document = forms.CharField(label=gettext_lazy("Document"), required=False, max_length=40)
    address = forms.CharField(label=gettext_lazy("Address"), required=False, max_length=60)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"auto_id": "trail-%s", **options})
        self.fields["kind"].choices = [("", _("any")), *LISTED]  # type: ignore[attr-defined]
        people = User.objects.order_by("username").values_list("pk", "username")
        self.fields["person"].choices = [  # type: ignore[attr-defined]
            ("", _("anybody")), (NOBODY, _("nobody (the product itself)")), *((str(pk), name) for pk, name in people),
        ]  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", ValidationError(_("The last day lies before the first.")))
        return cleaned


class OverridesForm(forms.Form):
    """A period, and one of our companies."""

    since = DayField(label=gettext_lazy("Released from"))
    until = DayField(label=gettext_lazy("to"))
    company = forms.ModelChoiceField(
        label=gettext_lazy("Company"), queryset=Company.objects.none(), required=False, empty_label=gettext_lazy("all")
    )
    approver = forms.ModelChoiceField(
        label=gettext_lazy("Approver"), queryset=User.objects.none(), required=False, empty_label=gettext_lazy("all")
    )

    def __init__(self, *args: Any, user: Any, **options: Any) -> None:
        super().__init__(*args, **{"auto_id": "overrides-%s", **options})
        companies = Company.objects.order_by("code")
        if (theirs := companies_of(user)) is not None:
            companies = companies.filter(pk__in=theirs)
        self.fields["company"].queryset = companies  # type: ignore[attr-defined]
        approvers = User.objects.filter(pk__in=Release.objects.values("released_by")).order_by("username")
        self.fields["approver"].queryset = approvers  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", ValidationError(_("The last day lies before the first.")))
        return cleaned
