"""What lists of documents can be narrowed by."""

from typing import Any

import django_filters
from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from creditrisk.forms import DayFilter
from customers import queries as customer_queries
from documents.models import (
    GOODS_STATES,
    INVOICE_STATES,
    ORDER_STATES,
    Document,
    DocumentQuerySet,
    Kind,
    State,
)


class DocumentFilter(django_filters.FilterSet):
    """Number or customer, state, company, held, and days from and to."""

    q = django_filters.CharFilter(method="matching", label=_("Number or customer"))
    state = django_filters.ChoiceFilter(choices=State.choices, label=_("State"), empty_label=_("any"))
    company = django_filters.ModelChoiceFilter(
        queryset=None, to_field_name="code", label=_("Company"), empty_label=_("all")
    )
    held = django_filters.ChoiceFilter(
        method="only_held",
        label=_("Held"),
        choices=[("yes", _("held")), ("no", _("not held"))],
        empty_label=_("any"),
    )
    since = DayFilter(field_name="document_date", lookup_expr="gte", label=_("From"))
    until = DayFilter(field_name="document_date", lookup_expr="lte", label=_("To"))

    states: tuple[State, ...] = ()

    class Meta:
        model = Document
        fields: list[str] = []

    def __init__(self, *args: Any, user: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.filters["company"].queryset = customer_queries.companies(user)
        self.filters["q"].field.widget = forms.TextInput(attrs={"type": "search", "autocomplete": "off"})
        self.filters["state"].extra["choices"] = [(s.value, s.label) for s in self.states]

    def matching(self, documents: DocumentQuerySet, _name: str, text: str) -> DocumentQuerySet:
        return documents.filter(
            Q(number__icontains=text) | Q(customer__code__iexact=text) | Q(customer__name__icontains=text)
        )

    def only_held(self, documents: DocumentQuerySet, _name: str, value: str) -> DocumentQuerySet:
        return documents.filter(holds__open=True) if value == "yes" else documents.exclude(holds__open=True)


class OrderFilter(DocumentFilter):
    states = ORDER_STATES


class NoteFilter(DocumentFilter):
    states = GOODS_STATES
    kind = django_filters.ChoiceFilter(
        choices=[(k.value, k.label) for k in (Kind.DELIVERY, Kind.RETURN)],
        label=_("Kind"),
        empty_label=_("any"),
    )


class InvoiceFilter(DocumentFilter):
    states = INVOICE_STATES
    kind = django_filters.ChoiceFilter(
        choices=[(k.value, k.label) for k in (Kind.INVOICE, Kind.CREDIT_NOTE)],
        label=_("Kind"),
        empty_label=_("any"),
    )
