"""Of which company and day, or days, figures are asked for."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from creditrisk.forms import DayField, in_order
from customers import queries as customer_queries
from customers.forms import CodeField
from customers.models import Company


class OfCompany(forms.Form):
    """One of the reader's companies; without a choice the first."""

    company = CodeField(queryset=None, label=gettext_lazy("Company"), required=False, empty_label=None)

    def __init__(self, *args: Any, user: Any, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today
        self.companies = customer_queries.companies(user)
        companies: Any = self.fields["company"]
        companies.queryset = self.companies

    def chosen(self) -> Company | None:
        """Return the company that is asked for; None where the reader has none."""
        self.is_valid()
        found: Company | None = getattr(self, "cleaned_data", {}).get("company") or self.companies.first()
        return found

    def value(self, name: str, default: date) -> date:
        """Return a day that was typed, or the usual one."""
        self.is_valid()
        typed: date | None = getattr(self, "cleaned_data", {}).get(name)
        return typed or default

    def not_ahead(self, name: str) -> date | None:
        """Return a day that was typed; one that lies ahead has no figures."""
        typed: date | None = self.cleaned_data.get(name)
        if typed and typed > self.today:
            raise forms.ValidationError(_("This day lies ahead: there are no figures of it yet."))
        return typed


class SheetForm(OfCompany):
    """All figures of a company on a day."""

    day = DayField(label=gettext_lazy("At the end of"), required=False)

    def clean_day(self) -> date | None:
        return self.not_ahead("day")


class CourseForm(OfCompany):
    """The course of a figure over a period."""

    since = DayField(label=gettext_lazy("From"), required=False)
    until = DayField(label=gettext_lazy("To"), required=False)

    def clean_until(self) -> date | None:
        return self.not_ahead("until")

    def clean(self) -> dict[str, Any]:
        typed: dict[str, Any] = super().clean() or self.cleaned_data
        in_order(self, "since", "until")
        return typed

    def period(self, usual: timedelta) -> tuple[date, date]:
        """Return the first and the last day."""
        until = self.value("until", self.today)
        return self.value("since", until - usual), until
