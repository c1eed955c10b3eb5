"""What the log of decisions can be narrowed by."""

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from creditrisk.decisions.models import Decision, Verdict
from creditrisk.forms import DayField


class DayFilter(django_filters.DateFilter):
    field_class = DayField


class DecisionFilter(django_filters.FilterSet):
    """Document or customer, verdict, and days from and to."""

    q = django_filters.CharFilter(
        method="matching",
        label=_("Document or customer"),
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    verdict = django_filters.ChoiceFilter(choices=Verdict.choices, label=_("Verdict"), empty_label=_("any"))
    since = DayFilter(field_name="day", lookup_expr="gte", label=_("From"))
    until = DayFilter(field_name="day", lookup_expr="lte", label=_("To"))

    class Meta:
        model = Decision
        fields: list[str] = []

    def matching(self, found: QuerySet[Decision], _name: str, text: str) -> Any:
        return found.filter(
            Q(document__number__icontains=text) | Q(customer__code__iexact=text) | Q(customer__name__icontains=text)
        )
