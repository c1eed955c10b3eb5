"""What may be typed about a report: what it tells, when, in which language, to whom."""

import re
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from creditrisk.reports.models import LAST_DAY, Every, Report, What
from creditrisk.roles import DOORS, companies_of
from customers import queries as customer_queries
from customers.models import Customer

ADDRESSES_MOST, CUSTOMERS_MOST = 100, 50
_HOURS = [(hour, f"{hour:02d}:00") for hour in range(24)]


class ReportForm(forms.ModelForm):
    """A report. Days and customers are asked for where its kind has them; the rest of what was typed is let go."""

    codes = forms.CharField(
        label=gettext_lazy("Customers"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text=gettext_lazy("For a payment history: their codes, with commas or on lines. Blank: those with the largest exposure."),
    )  # fmt: skip
    hour = forms.TypedChoiceField(label=gettext_lazy("Hour"), coerce=int, choices=_HOURS, initial=7)
    largest = forms.IntegerField(
        label=gettext_lazy("How many of the largest"), min_value=1, max_value=CUSTOMERS_MOST, initial=10
    )
    periods = forms.IntegerField(label=gettext_lazy("Periods"), min_value=1, max_value=36, initial=12)
    grace = forms.IntegerField(label=gettext_lazy("On time up to days after due"), min_value=0, max_value=60, initial=7)
    month_day = forms.IntegerField(
        label=gettext_lazy("Day of the month"), required=False, min_value=1, max_value=LAST_DAY,
        help_text=gettext_lazy("31 is the last day of every month."),
    )  # fmt: skip
    addresses = forms.CharField(
        label=gettext_lazy("Further addresses"), required=False, max_length=8000, widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=gettext_lazy("E-mail addresses of others, one a line. They get the report as it is, without a login."),
    )  # fmt: skip

    class Meta:
        model = Report
        fields = (
            "name", "what", "company", "language", "grain", "periods", "largest", "grace", "every", "weekday", "month_day", "hour", "people",
            "addresses", "active",
        )  # fmt: skip
        widgets = {"people": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, user: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.user = user
        self.named: list[Customer] = []
        company: Any = self.fields["company"]
        company.queryset, company.empty_label = customer_queries.companies(user), None
        company.label_from_instance = lambda one: f"{one.code} · {one.name}"
        people: Any = self.fields["people"]
        people.queryset = _readers(user, self.instance).distinct().order_by("username")
        people.label_from_instance = lambda one: (
            f"{one.get_full_name() or one.get_username()} · {one.email or _('no address')}"
        )
        if self.instance.pk and not self.is_bound:
            self.initial["codes"] = ", ".join(self.instance.customers.order_by("code").values_list("code", flat=True))

    def clean_addresses(self) -> str:
        lines = list(
            dict.fromkeys(
                x.strip() for x in self.cleaned_data["addresses"].replace(",", "\n").replace(";", "\n").splitlines()
            )
        )
        lines = [line for line in lines if line]
        for line in lines:
            try:
                validate_email(line)
            except ValidationError:
                raise ValidationError(_("“%(line)s” is no e-mail address.") % {"line": line}) from None
        if len(lines) > ADDRESSES_MOST:
            raise ValidationError(_("At most %(most)d addresses.") % {"most": ADDRESSES_MOST})
        return "\n".join(lines)

    def clean_codes(self) -> str:
        typed = [
            code.strip()
            for code in self.cleaned_data["codes"].replace("\n", ",").replace(";", ",").split(",")
            if code.strip()
        ]
        if any("\0" in code for code in typed):
            raise ValidationError(_("Type the codes of customers."))
        wanted = list(dict.fromkeys(code.casefold() for code in typed))
        if len(wanted) > CUSTOMERS_MOST:
            raise ValidationError(_("At most %(most)d customers.") % {"most": CUSTOMERS_MOST})
        if not wanted:
            return ""
        found = {c.code.casefold(): c for c in customer_queries.visible(self.user).filter(code__iregex=_any_of(wanted))}
        unknown = [code for code in typed if code.casefold() not in found]
        if unknown:
            raise ValidationError(
                _("There is no customer %(codes)s.") % {"codes": ", ".join(f"“{code}”" for code in unknown[:5])}
            )
        self.named = [found[code] for code in wanted]
        return ", ".join(c.code for c in self.named)

    def clean(self) -> dict[str, Any]:
        typed: dict[str, Any] = super().clean() or self.cleaned_data
        if typed.get("every") == Every.WEEK:
            typed["month_day"] = None
            self.instance.month_day = None
            if not typed.get("weekday") and "weekday" not in self.errors:
                self.add_error("weekday", _("Say on which weekday."))
        elif typed.get("every") == Every.MONTH:
            typed["weekday"] = None
            if not typed.get("month_day") and "month_day" not in self.errors:
                self.add_error("month_day", _("Say on which day of the month."))
        if typed.get("what") == What.PORTFOLIO:
            self.named = []
        if typed.get("active") and not typed.get("people") and not typed.get("addresses") and not self.errors:
            self.add_error(
                "people", _("Nobody would get it. Tick somebody, type an address, or let it not come by itself.")
            )
        return typed


def _any_of(codes: list[str]) -> str:
    """Return the pattern that is any of these codes."""
    return rf"^({'|'.join(re.escape(code) for code in codes)})$"


def _readers(user: Any, report: Report) -> QuerySet[User]:
    """Return who may get reports of the reader's companies: people with the figures' door who work in one of them."""
    found = Q(groups__name__in=DOORS["view_figures"])
    if (mine := companies_of(user)) is not None:
        found &= Q(company_access=None) | Q(company_access__company__in=mine)
    if report.pk:
        found |= Q(pk__in=report.people.values("pk"))
    return User.objects.filter(found, is_active=True)
