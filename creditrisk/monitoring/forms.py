"""What is asked of the portfolio as of a day."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from creditrisk.forms import DayField
from creditrisk.monitoring.past import Asked
from customers import queries as customer_queries
from customers.forms import CodeField


class PastForm(forms.Form):
    """As of which business day, known by the end of which day, in which company, all or those over their limit."""

    q = forms.CharField(
        label=_("Code or name"), required=False, max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )  # fmt: skip
    day = DayField(label=_("As of the business day"), required=False)
    known = DayField(label=_("As known at the end of"), required=False)
    company = CodeField(queryset=None, label=_("Company"), required=False, empty_label=_("as limits are measured"))
    only = forms.ChoiceField(
        label=_("Show"), required=False, choices=[("", _("everybody who owes")), ("over", _("over the limit"))]
    )

    def __init__(self, *args: Any, user: Any, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today
        companies: Any = self.fields["company"]
        companies.queryset = customer_queries.companies(user)

    def asked(self) -> Asked:
        """Return what is asked for; a field that is wrong asks for nothing and keeps its sentence."""
        self.is_valid()
        typed: dict[str, Any] = getattr(self, "cleaned_data", {})
        known = typed.get("known")
        return Asked(
            day=typed.get("day") or known or self.today,
            known_on=known,
            company=typed.get("company"),
            text=typed.get("q") or "",
            only=typed.get("only") or "",
        )
