"""What lists of the ledger can be narrowed by."""

from datetime import date
from typing import Any

import django_filters
from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from creditrisk.forms import DayFilter
from customers import queries as customer_queries
from customers.models import PaymentTerms
from ledger import portfolio
from ledger.models import EffectKind, EffectState, ItemKind, PresentationMode


class _LedgerFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(method="matching", label=_("Number or customer"))
    company = django_filters.ModelChoiceFilter(
        queryset=None, to_field_name="code", label=_("Company"), empty_label=_("all")
    )

    own = "reference"

    def __init__(self, *args: Any, user: Any, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today
        self.filters["company"].queryset = customer_queries.companies(user)
        self.filters["q"].field.widget = forms.TextInput(attrs={"type": "search", "autocomplete": "off"})

    def matching(self, rows: Any, _name: str, text: str) -> Any:
        return rows.filter(
            Q(**{f"{self.own}__icontains": text}) | Q(customer__code__iexact=text) | Q(customer__name__icontains=text)
        )


class ItemFilter(_LedgerFilter):
    """Open items: by kind, what is late, disputed or settled, and when they fall due."""

    kind = django_filters.ChoiceFilter(choices=ItemKind.choices, label=_("Kind"), empty_label=_("any"))
    show = django_filters.ChoiceFilter(
        method="showing", label=_("Show"), empty_label=_("open"),
        choices=[
            ("overdue", _("overdue")), ("disputed", _("disputed")), ("credits", _("credits")),
            ("settled", _("settled")), ("all", _("all")),
        ],
    )  # fmt: skip
    due_from = DayFilter(field_name="due", lookup_expr="gte", label=_("Due from"))
    due_to = DayFilter(field_name="due", lookup_expr="lte", label=_("Due to"))

    def filter_queryset(self, queryset: Any) -> Any:
        rows = super().filter_queryset(queryset)
        return rows if self.form.cleaned_data.get("show") in ("settled", "all") else rows.exclude(open_amount=0)

    def showing(self, rows: Any, _name: str, value: str) -> Any:
        match value:
            case "overdue":
                return rows.filter(open_amount__gt=0, due__lt=self.today)
            case "disputed":
                return rows.filter(disputed=True)
            case "credits":
                return rows.filter(open_amount__lt=0)
            case "settled":
                return rows.filter(open_amount=0)
        return rows


class EffectFilter(_LedgerFilter):
    """Effects: by state and kind, and when they fall due."""

    own = "number"

    state = django_filters.ChoiceFilter(choices=EffectState.choices, label=_("State"), empty_label=_("any"))
    kind = django_filters.ChoiceFilter(choices=EffectKind.choices, label=_("Kind"), empty_label=_("any"))
    due_from = DayFilter(field_name="due", lookup_expr="gte", label=_("Due from"))
    due_to = DayFilter(field_name="due", lookup_expr="lte", label=_("Due to"))


class PresentFilter(_LedgerFilter):
    """Which effects are put on a list: by kind, and when they fall due."""

    own = "number"

    kind = django_filters.ChoiceFilter(choices=EffectKind.choices, label=_("Kind"), empty_label=_("any"))
    due_from = DayFilter(field_name="due", lookup_expr="gte", label=_("Due from"))
    due_to = DayFilter(field_name="due", lookup_expr="lte", label=_("Due to"))


class ListFilter(django_filters.FilterSet):
    """Lists that went to banks: by account, way and day."""

    q = django_filters.CharFilter(method="matching", label=_("Number or bank"))
    account = django_filters.ModelChoiceFilter(queryset=None, label=_("Account"), empty_label=_("all"))
    mode = django_filters.ChoiceFilter(choices=PresentationMode.choices, label=_("Way"), empty_label=_("any"))
    day_from = DayFilter(field_name="day", lookup_expr="gte", label=_("From"))
    day_to = DayFilter(field_name="day", lookup_expr="lte", label=_("To"))

    def __init__(self, *args: Any, user: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.filters["account"].queryset = portfolio.visible_accounts(user)
        self.filters["q"].field.widget = forms.TextInput(attrs={"type": "search", "autocomplete": "off"})

    def matching(self, rows: Any, _name: str, text: str) -> Any:
        return rows.filter(Q(number__icontains=text) | Q(bank__icontains=text))


class IssueFilter(_LedgerFilter):
    """Which open items become effects: by terms, and when they fall due."""

    terms = django_filters.ModelChoiceFilter(
        queryset=PaymentTerms.objects.order_by("code"), method="having", label=_("Customer's terms"),
        to_field_name="code", empty_label=_("any"),
    )  # fmt: skip
    due_from = DayFilter(field_name="due", lookup_expr="gte", label=_("Due from"))
    due_to = DayFilter(field_name="due", lookup_expr="lte", label=_("Due to"))
    grouped = django_filters.ChoiceFilter(
        method="kept", label=_("Effects"), choices=[("no", _("one an item"))],
        empty_label=_("one a customer and due date"),
    )  # fmt: skip

    def having(self, rows: Any, _name: str, terms: PaymentTerms) -> Any:
        return rows.filter(
            Q(document__terms=terms) | Q(document__isnull=True, customer__terms=terms)
            | Q(document__isnull=True, customer__terms__isnull=True, customer__region__terms=terms)
            | Q(document__isnull=True, customer__terms__isnull=True, customer__region__terms__isnull=True,
                customer__segment__terms=terms)
        )  # fmt: skip

    def kept(self, rows: Any, _name: str, _value: str) -> Any:
        return rows

    @property
    def is_grouped(self) -> bool:
        return bool(self.form.cleaned_data.get("grouped") != "no") if self.form.is_valid() else True
