"""What is asked of the portfolio: of whom, as of which day, grouped by what."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from creditrisk.forms import AmountField, DayField, SearchField, in_order
from creditrisk.money import ZERO
from creditrisk.monitoring.asked import Asked
from creditrisk.monitoring.standings import GROUPS, NOBODY
from customers import queries as customer_queries
from customers.forms import CodeField
from customers.models import Customer, RiskClass, Segment

GROUP_LABELS = {
    "company": gettext_lazy("company"), "segment": gettext_lazy("segment"), "country": gettext_lazy("country"),
    "risk_class": gettext_lazy("risk class"), "salesperson": gettext_lazy("salesperson"),
}  # fmt: skip


class PortfolioForm(forms.Form):
    """Whose exposure, which of them, and grouped by what."""

    q = SearchField(label=gettext_lazy("Code or name"), max_length=100)
    only = forms.ChoiceField(
        label=gettext_lazy("Show"), required=False,
        choices=[
            ("", gettext_lazy("everybody")), ("owing", gettext_lazy("who owes")), ("near", gettext_lazy("80% used, or more")),
            ("over", gettext_lazy("over the limit")), ("overdue", gettext_lazy("overdue")),
        ],
    )  # fmt: skip
    by = forms.ChoiceField(
        label=gettext_lazy("One row a"), required=False,
        choices=[("", gettext_lazy("customer")), *((name, GROUP_LABELS[name]) for name in GROUPS)],
    )  # fmt: skip
    home = forms.ChoiceField(label=gettext_lazy("Kept by"), required=False)
    segment = forms.ChoiceField(label=gettext_lazy("Segment"), required=False)
    country = forms.ChoiceField(label=gettext_lazy("Country"), required=False)
    risk_class = forms.ChoiceField(label=gettext_lazy("Risk class"), required=False)
    salesperson = forms.ChoiceField(label=gettext_lazy("Salesperson"), required=False)

    def __init__(self, *args: Any, user: Any, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today
        self.companies = customer_queries.companies(user)
        sellers = User.objects.filter(pk__in=Customer.objects.exclude(salesperson=None).values("salesperson"))
        countries = (
            Customer.objects.exclude(country="").order_by("country").values_list("country", flat=True).distinct()
        )
        self._offer("home", [(c.code, c.name) for c in self.companies], nobody=False)
        self._offer("segment", [(s.code, s.name or s.code) for s in Segment.objects.order_by("code")])
        self._offer("country", [(code, code) for code in countries])
        self._offer("risk_class", [(r.code, r.code) for r in RiskClass.objects.order_by("code")])
        self._offer(
            "salesperson",
            [(u.get_username(), u.get_full_name() or u.get_username()) for u in sellers.order_by("username")],
        )

    def _offer(self, name: str, choices: list[tuple[str, str]], *, nobody: bool = True) -> None:
        field: Any = self.fields[name]
        field.choices = [("", _("all")), *choices, *([(NOBODY, _("none"))] if nobody else [])]

    @property
    def said(self) -> dict[str, Any]:
        """Return what was typed; a field that is wrong says nothing and keeps its sentence."""
        self.is_valid()
        typed: dict[str, Any] = getattr(self, "cleaned_data", {})
        return typed

    @property
    def grouped_by(self) -> str:
        return str(self.said.get("by") or "")

    def asked(self) -> Asked:
        """Return what is asked for today."""
        said = self.said
        whom: dict[str, Any] = {
            name: said.get(name) or "" for name in ("home", "segment", "country", "risk_class", "salesperson")
        }
        return Asked(self.today, text=said.get("q") or "", only=said.get("only") or "", is_past=False, **whom)


class UtilisationForm(forms.Form):
    """The course of which segment, over which days, against which target."""

    segment = forms.ChoiceField(label=gettext_lazy("Course of"), required=False)
    since = DayField(label=gettext_lazy("From"), required=False)
    until = DayField(label=gettext_lazy("To"), required=False)
    target = AmountField(
        label=gettext_lazy("Target, percent"), required=False, above=ZERO, minimum=None, maximum=Decimal(1000), shown=0
    )

    def __init__(self, *args: Any, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today
        segment: Any = self.fields["segment"]
        known = [(s.code, s.name or s.code) for s in Segment.objects.order_by("code")]
        segment.choices = [("", _("the whole portfolio")), *known, (NOBODY, _("without a segment"))]

    def clean(self) -> dict[str, Any]:
        typed: dict[str, Any] = super().clean() or self.cleaned_data
        in_order(self, "since", "until")
        return typed

    def said(self, name: str, default: Any) -> Any:
        """Return what was typed, or the usual."""
        self.is_valid()
        return getattr(self, "cleaned_data", {}).get(name) or default

    def name_of(self, segment: str) -> str:
        """Return a segment's name; "" is the whole portfolio."""
        field: Any = self.fields["segment"]
        return str(dict(field.choices)[segment])


class PastForm(PortfolioForm):
    """The same as of which business day, known by the end of which day, owed to which company."""

    day = DayField(label=gettext_lazy("As of the business day"), required=False)
    known = DayField(label=gettext_lazy("As known at the end of"), required=False)
    company = CodeField(
        queryset=None, label=gettext_lazy("Owed to"), required=False, empty_label=gettext_lazy("as limits are measured")
    )

    field_order = ("day", "known", "q", "only", "by", "company")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        companies: Any = self.fields["company"]
        companies.queryset = self.companies

    def asked(self) -> Asked:
        """Return what is asked for."""
        said = self.said
        known = said.get("known")
        whom: dict[str, Any] = {
            name: said.get(name) or "" for name in ("home", "segment", "country", "risk_class", "salesperson")
        }
        return Asked(
            said.get("day") or known or self.today, known_on=known, company=said.get("company"), text=said.get("q") or "",
            only=said.get("only") or "stood", **whom,
        )  # fmt: skip
