"""What the log of decisions, and what a try-out found, can be narrowed by."""

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from creditrisk.decisions.models import Decision, Direction, TryOutChange, Verdict
from creditrisk.forms import DayFilter
from creditrisk.templatetags.credit import reason_label


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


class ChangeFilter(django_filters.FilterSet):
    """Changes of a try-out: document or customer, direction, and the rule that made the difference."""

    q = django_filters.CharFilter(
        method="matching",
        label=_("Document or customer"),
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    direction = django_filters.ChoiceFilter(choices=Direction.choices, label=_("Change"), empty_label=_("any"))
    rule = django_filters.ChoiceFilter(method="of_rule", label=_("Rule"), empty_label=_("any"))

    class Meta:
        model = TryOutChange
        fields: list[str] = []

    def __init__(self, *args: Any, codes: list[str], **values: Any) -> None:
        super().__init__(*args, **values)
        self.filters["rule"].extra["choices"] = [(code, reason_label(code)) for code in codes]

    def matching(self, found: QuerySet[TryOutChange], _name: str, text: str) -> Any:
        return found.filter(
            Q(decision__document__number__icontains=text)
            | Q(decision__customer__code__iexact=text)
            | Q(decision__customer__name__icontains=text)
        )

    def of_rule(self, found: QuerySet[TryOutChange], _name: str, code: str) -> Any:
        return found.filter(Q(gained__contains=[code]) | Q(lost__contains=[code]))
