"""What the list of alerts can be narrowed by."""

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from approvals.alert_kinds import KINDS, About, AlertKind, Severity, prefix_of
from approvals.models import Alert
from creditrisk.forms import DayFilter


def of_kinds(found: QuerySet[Alert], kinds: list[AlertKind]) -> QuerySet[Alert]:
    """Keep the alerts of these kinds; of one that counts whatever its number."""
    wanted = Q(code__in=[kind.code for kind in kinds])
    for kind in kinds:
        if kind.numbered:
            wanted |= Q(code__startswith=prefix_of(kind))
    return found.filter(wanted)


class AlertFilter(django_filters.FilterSet):
    """Customer or document, what it is about, its kind, how grave it is, whether it is new, days from and to, and whose alerts."""

    q = django_filters.CharFilter(method="matching", label=_("Number or customer"))
    about = django_filters.ChoiceFilter(
        method="about_it", choices=About.choices, label=_("About"), empty_label=_("any")
    )
    kind = django_filters.ChoiceFilter(
        method="of_kind",
        choices=[(kind.code, kind.title) for kind in KINDS.values()],
        label=_("Kind"),
        empty_label=_("any"),
    )
    severity = django_filters.ChoiceFilter(
        method="so_grave", choices=Severity.choices, label=_("How grave"), empty_label=_("any")
    )
    new = django_filters.ChoiceFilter(
        method="not_seen", choices=[("yes", _("new"))], label=_("Show"), empty_label=_("all")
    )
    since = DayFilter(field_name="day", lookup_expr="gte", label=_("From"))
    until = DayFilter(field_name="day", lookup_expr="lte", label=_("To"))
    all = django_filters.ChoiceFilter(
        method="as_it_is", choices=[("1", _("all that you may see"))], label=_("Whose"), empty_label=_("your inbox")
    )

    class Meta:
        model = Alert
        fields: list[str] = []

    def __init__(self, *args: Any, seen: int, **options: Any) -> None:
        super().__init__(*args, **options)
        self.seen = seen
        self.filters["q"].field.widget = forms.TextInput(attrs={"type": "search", "autocomplete": "off"})

    def matching(self, rows: QuerySet[Alert], _name: str, text: str) -> QuerySet[Alert]:
        return rows.filter(
            Q(document__number__icontains=text) | Q(customer__code__iexact=text) | Q(customer__name__icontains=text)
            | Q(document__customer__code__iexact=text) | Q(document__customer__name__icontains=text)
            | Q(shared__code__iexact=text) | Q(shared__name__icontains=text)
        )  # fmt: skip

    def about_it(self, rows: QuerySet[Alert], _name: str, value: str) -> QuerySet[Alert]:
        return of_kinds(rows, [kind for kind in KINDS.values() if kind.about == value])

    def of_kind(self, rows: QuerySet[Alert], _name: str, value: str) -> QuerySet[Alert]:
        return of_kinds(rows, [KINDS[value]])

    def so_grave(self, rows: QuerySet[Alert], _name: str, value: str) -> QuerySet[Alert]:
        return of_kinds(rows, [kind for kind in KINDS.values() if kind.severity == value])

    def not_seen(self, rows: QuerySet[Alert], _name: str, _value: str) -> QuerySet[Alert]:
        return rows.filter(pk__gt=self.seen)

    def as_it_is(self, rows: QuerySet[Alert], _name: str, _value: str) -> QuerySet[Alert]:
        return rows
