"""What is asked about findings: why one is set aside, which terms a customer gets, why two customers are one."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from customers.models import PaymentTerms


class AsideForm(forms.Form):
    """Why a finding is set aside."""

    reason = forms.CharField(label=gettext_lazy("Why it is right as it is"), max_length=200)


class TermsForm(forms.Form):
    """Which terms a customer gets."""

    terms = forms.ModelChoiceField(queryset=PaymentTerms.objects.order_by("code"), label=gettext_lazy("Terms"))


class MergeForm(forms.Form):
    """Who stays, and why the two are one."""

    stays = forms.ChoiceField(label=gettext_lazy("Who stays"), widget=forms.RadioSelect)
    reason = forms.CharField(label=gettext_lazy("Why they are one"), max_length=300)

    def __init__(self, *args: Any, customers: list[Any], **options: Any) -> None:
        super().__init__(*args, **options)
        stays: Any = self.fields["stays"]
        stays.choices = [(c.code, f"{c.code} · {c.name}") for c in customers]
