"""What the list of customers can be narrowed by."""

from typing import Any

import django_filters
from django import forms
from django.utils.translation import gettext_lazy as _

from customers import queries
from customers.models import Customer, CustomerQuerySet, Segment


class CustomerFilter(django_filters.FilterSet):
    """Code or name, company and segment."""

    q = django_filters.CharFilter(
        method="matching",
        label=_("Code or name"),
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    company = django_filters.ModelChoiceFilter(
        queryset=None, to_field_name="code", label=_("Company"), empty_label=_("all")
    )
    segment = django_filters.ModelChoiceFilter(
        queryset=Segment.objects.order_by("code"),
        to_field_name="code",
        label=_("Segment"),
        empty_label=_("any"),
    )
    mine = django_filters.BooleanFilter(
        method="my_own",
        label=_("Mine"),
        widget=forms.Select(choices=[("", _("all")), ("true", _("mine"))]),
    )

    class Meta:
        model = Customer
        fields: list[str] = []

    def __init__(self, *args: Any, user: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.user = user
        self.filters["company"].queryset = queries.companies(user)

    def matching(self, customers: CustomerQuerySet, _name: str, text: str) -> CustomerQuerySet:
        return customers.matching(text)

    def my_own(self, customers: CustomerQuerySet, _name: str, value: bool) -> CustomerQuerySet:
        return customers.filter(salesperson=self.user) if value else customers
