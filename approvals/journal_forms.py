"""What may be typed about journals of limits: the journal, lines by hand, a selection with its formula, a file."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from approvals.journal_filling import Days, Formula, Selection
from approvals.models import JournalState
from creditrisk.forms import AmountField, DayField, Once, in_order
from creditrisk.roles import name_of
from customers import queries as customer_queries
from customers.forms import CodeField, CustomerField
from customers.models import CreditGroup, LimitKind, Region, RiskClass, Segment, SharedLimit
from ledger.forms import WRITTEN, FileField
from ledger.imports import guarded

_WRITTEN_AMOUNTS = [("", gettext_lazy("as it shows by itself")), *((s, WRITTEN[s]) for s in ("point", "comma"))]
_WRITTEN_DAYS = [("", gettext_lazy("as they show by themselves")), *((s, WRITTEN[s]) for s in ("ymd", "dmy", "mdy"))]


class JournalForm(Once):
    """A new journal."""

    text = forms.CharField(
        label=gettext_lazy("What it is for"), max_length=120,
        widget=forms.TextInput(attrs={"placeholder": gettext_lazy("Yearly review of retail")}),
    )  # fmt: skip
    company = CodeField(queryset=None, label=gettext_lazy("Customers of"), required=False)

    def __init__(self, *args: Any, user: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        companies: Any = self.fields["company"]
        companies.queryset = customer_queries.companies(user)
        companies.empty_label = _("all companies")


class JournalFilter(forms.Form):
    """Which journals are listed."""

    state = forms.ChoiceField(
        label=gettext_lazy("State"), required=False, widget=forms.Select(attrs={"data-submits": ""}),
        choices=[("", gettext_lazy("not posted yet")), *JournalState.choices, ("all", gettext_lazy("all"))],
    )  # fmt: skip


class CommonForm(forms.Form):
    """What the new limits have in common."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=LimitKind.choices, initial=LimitKind.BASE)
    valid_from = DayField(label=gettext_lazy("From"), required=False)
    valid_to = DayField(label=gettext_lazy("Last day"), required=False)
    reason = forms.CharField(
        label=gettext_lazy("Why"), max_length=300, required=False, help_text=gettext_lazy("Blank: as the journal says.")
    )

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        if typed.get("kind") == LimitKind.TEMPORARY and not typed.get("valid_to") and "valid_to" not in self.errors:
            self.add_error("valid_to", _("A temporary limit needs a last day."))
        in_order(self, "valid_from", "valid_to")
        return typed

    @property
    def common(self) -> Days:
        typed = self.cleaned_data
        return Days(typed["kind"], typed["valid_from"], typed["valid_to"], typed["reason"])


class HandForm(CommonForm):
    """One line typed by hand."""

    customer = CustomerField()
    amount = AmountField(label=gettext_lazy("New limit"))

    field_order = ("customer", "amount")

    def __init__(self, *args: Any, user: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        who: Any = self.fields["customer"]
        who.user = user


class SelectionForm(CommonForm):
    """Which customers, and how their new limits follow from those they have."""

    company = CodeField(queryset=None, label=gettext_lazy("Company"), required=False)
    segment = CodeField(queryset=Segment.objects.order_by("code"), label=gettext_lazy("Segment"), required=False)
    risk_class = CodeField(
        queryset=RiskClass.objects.order_by("code"), label=gettext_lazy("Risk class"), required=False
    )
    credit_group = CodeField(
        queryset=CreditGroup.objects.order_by("code"), label=gettext_lazy("Credit group"), required=False
    )
    region = CodeField(queryset=Region.objects.order_by("code"), label=gettext_lazy("Region"), required=False)
    shared = CodeField(
        queryset=SharedLimit.objects.order_by("code"), label=gettext_lazy("Shared limit"), required=False
    )
    salesperson = forms.ModelChoiceField(
        queryset=None, to_field_name="username", label=gettext_lazy("Salesperson"), required=False
    )
    used_from = AmountField(label=gettext_lazy("Used from %"), required=False, shown=0, digits=4)
    used_to = AmountField(label=gettext_lazy("Used to %"), required=False, shown=0, digits=4)
    limit_from = AmountField(label=gettext_lazy("Limit from"), required=False)
    limit_to = AmountField(label=gettext_lazy("Limit to"), required=False)
    overdue_most = forms.IntegerField(
        label=gettext_lazy("Days late up to"), required=False, min_value=0, max_value=9999
    )
    by = forms.ChoiceField(
        label=gettext_lazy("Change"),
        choices=[
            ("percent", gettext_lazy("by percent")),
            ("amount", gettext_lazy("by an amount")),
            ("set", gettext_lazy("to an amount")),
        ],
    )
    up = forms.ChoiceField(
        label=gettext_lazy("Which way"), choices=[("up", gettext_lazy("up")), ("down", gettext_lazy("down"))]
    )
    value = AmountField(label=gettext_lazy("By or to how much"))
    step = AmountField(
        label=gettext_lazy("Rounded to"), required=False, above=Decimal(0), initial=Decimal(100), shown=0,
        help_text=gettext_lazy("A multiple of this. Blank: cents."),
    )  # fmt: skip
    rounding = forms.ChoiceField(
        label=gettext_lazy("Rounding"),
        choices=[("nearest", gettext_lazy("nearest")), ("up", gettext_lazy("up")), ("down", gettext_lazy("down"))],
    )

    # What of the form is a field of the customer.
    WHICH = {
        "company": "company", "segment": "segment", "risk_class": "credit_account__risk_class", "credit_group": "credit_account__credit_group",
        "region": "region", "shared": "shared_limits", "salesperson": "salesperson",
    }  # fmt: skip

    def __init__(self, *args: Any, user: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        companies: Any = self.fields["company"]
        companies.queryset = customer_queries.companies(user)
        people: Any = self.fields["salesperson"]
        sellers = get_user_model().objects.filter(groups__name="sales", is_active=True)
        people.queryset = sellers.order_by("first_name", "username")
        people.label_from_instance = name_of
        for name in self.WHICH:
            choice: Any = self.fields[name]
            choice.empty_label = _("any")

    @property
    def selection(self) -> Selection:
        typed = self.cleaned_data
        return Selection(
            {path: typed[name] for name, path in self.WHICH.items() if typed[name] is not None},
            *(typed[name] for name in ("used_from", "used_to", "limit_from", "limit_to", "overdue_most")),
        )

    @property
    def formula(self) -> Formula:
        typed = self.cleaned_data
        return Formula(typed["by"], typed["value"], typed["up"] == "up", typed["step"] or Decimal(0), typed["rounding"])


class LinesFileForm(CommonForm):
    """A file of limits; what its rows say of days and reasons comes first."""

    file = FileField(
        help_text=gettext_lazy("CSV or XLSX with a column for the customer and one for the limit, as for imports."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.xlsx"}),
    )
    encoding = forms.ChoiceField(
        label=gettext_lazy("Written in"),
        choices=[(code, gettext_lazy(name)) for code, name in guarded.ENCODINGS.items()],
        initial="utf-8",
    )
    amount = forms.ChoiceField(label=gettext_lazy("Amounts are written"), choices=_WRITTEN_AMOUNTS, required=False)
    day = forms.ChoiceField(label=gettext_lazy("Days are written"), choices=_WRITTEN_DAYS, required=False)

    field_order = ("file", "encoding", "amount", "day")


class LineForm(forms.Form):
    """The amount of a line that is there, and the customer where the file named none."""

    customer = CustomerField(required=False)
    amount = AmountField(label=gettext_lazy("New limit"), required=False)

    def __init__(self, *args: Any, user: Any, number: int, **options: Any) -> None:
        super().__init__(*args, prefix=f"line-{number}", **options)
        who: Any = self.fields["customer"]
        who.user = user
        who.widget.attrs["size"] = 9
        for name in ("customer", "amount"):
            self.fields[name].label = f"{self.fields[name].label} {number}"


class DecisionForm(forms.Form):
    """A word on lines of a journal."""

    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )
