"""Of which company and day, or days, figures are asked for."""

from datetime import date, timedelta
from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from creditrisk.figures.gathering import WHOLE
from creditrisk.forms import DayField, in_order
from creditrisk.monitoring.standings import NOBODY
from customers import queries as customer_queries
from customers.forms import CodeField, CustomerField
from customers.models import Company, Customer, Segment


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


class OfSegment(OfCompany):
    """A company, or a segment of it."""

    segment = forms.ChoiceField(label=gettext_lazy("Segment"), required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        segment: Any = self.fields["segment"]
        known = [(s.code, s.name or s.code) for s in Segment.objects.order_by("code")]
        segment.choices = [("", _("the whole company")), *known, (NOBODY, _("without a segment"))]

    @property
    def segment_asked(self) -> str | None:
        """Return the code of the segment, "" for customers without one, None for the whole company."""
        self.is_valid()
        typed = getattr(self, "cleaned_data", {}).get("segment")
        return "" if typed == NOBODY else typed or WHOLE

    @property
    def whose(self) -> str:
        """Return what the segment is called; "" for the whole company."""
        segment, field = self.segment_asked, cast(Any, self.fields["segment"])
        return "" if segment is WHOLE else str(dict(field.choices)[segment or NOBODY])


class SheetForm(OfSegment):
    """All figures of a company, or of a segment of it, on a day."""

    day = DayField(label=gettext_lazy("At the end of"), required=False)

    def clean_day(self) -> date | None:
        return self.not_ahead("day")


class CourseForm(OfSegment):
    """The course of a figure over a period: of a company, a segment of it, or a customer."""

    customer = CustomerField(required=False)
    since = DayField(label=gettext_lazy("From"), required=False)
    until = DayField(label=gettext_lazy("To"), required=False)

    def __init__(self, *args: Any, user: Any, **options: Any) -> None:
        super().__init__(*args, user=user, **options)
        customer: Any = self.fields["customer"]
        customer.user = user

    @property
    def customer_asked(self) -> Customer | None:
        self.is_valid()
        found: Customer | None = getattr(self, "cleaned_data", {}).get("customer")
        return found

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
