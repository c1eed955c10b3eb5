"""What is asked of the ledger as of a day: the days of a statement, the key and the filters of the ageing."""

from datetime import date
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from creditrisk.forms import DayField
from creditrisk.roles import name_of
from customers import queries as customer_queries
from customers.forms import CodeField, CustomerField
from customers.models import Customer, Segment
from ledger.ageing import Asked


class PersonField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return name_of(obj)


class StatementForm(forms.Form):
    """From which day to which: what is blank or wrong is left at the usual days."""

    first = DayField(label=gettext_lazy("From"), required=False)
    last = DayField(label=gettext_lazy("As of"), required=False)

    def __init__(self, *args: Any, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        first, last = typed.get("first"), typed.get("last") or self.today
        if first and first > last:
            self.add_error("first", _("The first day lies after the last."))
        return typed

    def value(self, name: str, default: date) -> date:
        """Return the day that was typed, or the usual one."""
        self.is_valid()
        typed: date | None = getattr(self, "cleaned_data", {}).get(name)
        return typed or default


class AgeingForm(forms.Form):
    """The ageing: as of which day, by what, in which currency, and of whom."""

    day = DayField(label=gettext_lazy("As of"), required=False)
    by = forms.ChoiceField(
        label=gettext_lazy("One row a"), required=False,
        choices=[
            ("customer", gettext_lazy("customer")), ("company", gettext_lazy("company")),
            ("segment", gettext_lazy("segment")), ("country", gettext_lazy("country")),
            ("salesperson", gettext_lazy("salesperson")),
        ],
    )  # fmt: skip
    amounts = forms.ChoiceField(
        label=gettext_lazy("Amounts"), required=False,
        choices=[("original", gettext_lazy("as invoiced")), ("company", gettext_lazy("in company currency"))],
    )  # fmt: skip
    customer = CustomerField(required=False)
    company = CodeField(queryset=None, label=gettext_lazy("Company"), required=False, empty_label=gettext_lazy("all"))
    segment = CodeField(
        queryset=Segment.objects.order_by("code"), label=gettext_lazy("Segment"), required=False,
        empty_label=gettext_lazy("all"),
    )  # fmt: skip
    salesperson = PersonField(
        queryset=None, label=gettext_lazy("Salesperson"), required=False, empty_label=gettext_lazy("all")
    )
    country = forms.ChoiceField(label=gettext_lazy("Country"), required=False)

    def __init__(self, *args: Any, user: Any, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today
        self.fields["customer"].user = user
        self.fields["company"].queryset = customer_queries.companies(user)
        sellers = Customer.objects.exclude(salesperson=None).values("salesperson")
        self.fields["salesperson"].queryset = User.objects.filter(pk__in=sellers).order_by("username")
        countries = (
            Customer.objects.exclude(country="").order_by("country").values_list("country", flat=True).distinct()
        )
        self.fields["country"].choices = [("", _("all")), *((code, code) for code in countries)]

    def asked(self) -> Asked:
        """Return what is asked for; a field that is wrong asks for nothing and keeps its sentence."""
        self.is_valid()
        typed: dict[str, Any] = getattr(self, "cleaned_data", {})
        return Asked(
            day=typed.get("day") or self.today,
            by=typed.get("by") or "customer",
            in_company_currency=typed.get("amounts") == "company",
            customer=typed.get("customer"),
            company=typed.get("company"),
            segment=typed.get("segment"),
            salesperson=typed.get("salesperson"),
            country=typed.get("country") or "",
        )
