"""By what the audit trail, and the releases of approvers, can be narrowed."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from approvals.models import Release
from creditrisk.audit.models import Kind
from creditrisk.forms import DayField, in_order
from creditrisk.roles import name_of
from customers import queries as customer_queries
from customers.models import Company

NOBODY = "0"


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
        kind: Any = self.fields["kind"]
        kind.choices = [
            ("", _("any")),
            *((value, capfirst(label)) for value, label in Kind.choices if value != Kind.ORIGIN),
        ]
        people = User.objects.order_by("username").values_list("pk", "username")
        person: Any = self.fields["person"]
        person.choices = [
            ("", _("anybody")), (NOBODY, _("nobody (the product itself)")), *((str(pk), name) for pk, name in people),
        ]  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        in_order(self, "since", "until")
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
        company: Any = self.fields["company"]
        company.queryset = customer_queries.companies(user)
        approver: Any = self.fields["approver"]
        approver.queryset = User.objects.filter(pk__in=Release.objects.values("released_by")).order_by(
            "first_name", "username"
        )
        approver.label_from_instance = name_of

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        in_order(self, "since", "until")
        return cleaned
