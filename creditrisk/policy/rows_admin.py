"""Rule rows in the administration: by rule with its rows inline, and all of them in one list with filters."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.db.models import Count, ForeignKey, Prefetch, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from creditrisk import rules
from creditrisk.backoffice import ReferenceRows
from creditrisk.clock import business_day
from creditrisk.policy import compile as policies
from creditrisk.policy import draft
from creditrisk.policy.changes import said
from creditrisk.policy.editing import DraftPart, changed_forms, fields_changed
from creditrisk.policy.forms import ChosenCustomer, InlineRowForm, RowsFormSet, RuleRowForm
from creditrisk.policy.models import Rule, RuleRow

INLINE_MOST = 300
ROW_NAMES = ("group", "customer", "risk_class", "status", "terms")


READ = _(
    "Rows for one customer are read first, then those for its group, then those for all; inside a level blocks before"
    " exclusions. The first true row ends the reading: a block holds or warns, an exclusion lets this rule be. Blocks are"
    " true from their value on, exclusions up to it. A row without customer and group is for all."
)


class PointsOut(DraftPart):
    """A page that saves rows: those that can have no effect, or lost it by this change, are pointed out."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        request._idle_before = set(_idle_rows())  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        before: set[int] = getattr(request, "_idle_before", set())
        super().save_related(request, form, formsets, change)
        saved = self.rows_saved(form, formsets)
        for number, why in _idle_rows().items():
            if number in saved:
                sentence = _("This row, %(number)s, can have no effect. %(why)s")
            elif number not in before:
                sentence = _("By this change row %(number)s can have no effect any more. %(why)s")
            else:
                continue
            self.message_user(request, sentence % {"number": number, "why": why}, messages.WARNING)

    def rows_saved(self, form: Any, formsets: Any) -> set[int]:
        """Return the numbers of the rows that this save wrote."""
        return {form.instance.pk}


class InlineRows(ReferenceRows):
    """The rows of one rule. Whom a row is for follows from what is filled in: a customer, a group, or neither."""

    model = RuleRow
    form = InlineRowForm
    formset = RowsFormSet
    autocomplete_fields = ("customer",)
    ordering = ("pk",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        has = rules.book()[obj.code].values() if obj and obj.code in rules.book() else ()
        return [
            "kind", "action", "customer", "group", "risk_class", *has, "valid_from", "valid_to", "release_order",
        ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("group", "customer")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        widget = getattr(field, "widget", None)
        if isinstance(widget, RelatedFieldWidgetWrapper):  # groups and customers are edited on pages of their own
            widget.can_add_related = widget.can_change_related = False
            widget.can_delete_related = widget.can_view_related = False
        return field

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.autocomplete_fields:
            kwargs["widget"] = ChosenCustomer(db_field, self.admin_site)
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None and db_field.name not in self.autocomplete_fields:
            offered: Any = field.choices
            named = [(value, label) for value, label in offered if value]  # read once, not once a row
            field.choices = [("", "–"), *named]
        return field


@admin.register(Rule)
class RuleAdmin(PointsOut):
    """A rule of the book with its rows. The rules are the product's; the rows are the policy's."""

    class Media:
        css = {"all": ("css/backoffice.css",)}

    change_form_template = "admin/policy/rule.html"
    list_display = ("label", "looks_for", "row_count", "says")
    list_display_links = ("label",)
    list_per_page = 50
    ordering = ("place",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        first = RuleRow.objects.select_related(*ROW_NAMES).order_by("pk")[:3]
        rules_with: QuerySet = super().get_queryset(request).annotate(number_of_rows=Count("rows"))
        return rules_with.prefetch_related(Prefetch("rows", first, to_attr="first_rows"))

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        return [] if obj is None or _too_many(obj) else [InlineRows]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return [(None, {"fields": self.get_readonly_fields(request, obj), "description": READ})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["looks_for", "elsewhere"] if obj is not None and _too_many(obj) else ["looks_for"]

    @admin.display(description=_("rule"), ordering="place")
    def label(self, rule: Rule) -> str:
        return str(rule)

    @admin.display(description=_("what it does"))
    def looks_for(self, rule: Rule) -> str:
        return rules.sentence(rule.code) if rule.code in rules.book() else str(_("This rule is no more."))

    @admin.display(description=_("rows"), ordering="number_of_rows")
    def row_count(self, rule: Any) -> int:
        count: int = rule.number_of_rows
        return count

    @admin.display(description=_("what the first rows say"))
    def says(self, rule: Any) -> str:
        return ". ".join(capfirst(said(policies.content_of(row))) for row in rule.first_rows) or "–"

    @admin.display(description=_("rows"))
    def elsewhere(self, rule: Any) -> SafeString:
        return format_html(
            "{} <a href='{}?rule__code={}'>{}</a>",
            _("More than %d: they are edited one by one.") % INLINE_MOST,
            reverse("admin:policy_rulerow_changelist"), rule.code, _("Show them"),
        )  # fmt: skip

    def rows_saved(self, form: Any, formsets: Any) -> set[int]:
        return {
            row.pk for formset in formsets for row in (*formset.new_objects, *(r for r, _f in formset.changed_objects))
        }

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save the rows, each with a line in its own history, as if it had been edited by itself."""
        super().save_formset(request, form, formset, change)
        for row in formset.new_objects:
            self.log_addition(request, row, [{"added": {}}])
        for one in changed_forms(formset):
            self.log_change(request, one.instance, [{"changed": {"fields": fields_changed(one)}}])
        self.log_deletions(request, formset.deleted_objects)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _too_many(rule: Rule) -> bool:
    return rule.rows.count() > INLINE_MOST


class EffectFilter(admin.SimpleListFilter):
    """Rows that can have an effect, and those that cannot."""

    title = _("effect")
    parameter_name = "effect"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("none", _("without effect")), ("some", _("with effect"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() is None:
            return queryset
        numbers = _idle_rows().keys()
        return queryset.filter(pk__in=numbers) if self.value() == "none" else queryset.exclude(pk__in=numbers)


def _idle_rows() -> dict[int, str]:
    today = business_day(timezone.now())  # noqa: TID251 - a front door
    return {one.row.id: one.why for one in draft.look().idle(today=today) if one.row.id is not None}


@admin.register(RuleRow)
class RuleRowAdmin(PointsOut):
    """A rule put to work. Read for the customer first, then its group, then all; block before exclusion."""

    form = RuleRowForm
    list_filter = ("rule", "kind", "scope", "action", EffectFilter, "group", "risk_class")
    list_select_related = ("rule", *ROW_NAMES)
    search_fields = ("customer__code", "customer__name", "group__code")
    autocomplete_fields = ("customer",)
    ordering = ("rule", "pk")
    list_per_page = 50
    fieldsets = (
        (_("What"), {
            "fields": ("rule", "kind", "action", "release_order"),
            "description": _("A block holds (or warns) when it is true. A true exclusion ends that rule's reading: the"
            " blocks after it do not count."),
        }),
        (_("For whom"), {
            "fields": ("scope", "group", "customer", "risk_class"),
            "description": _("Rows for one customer are read first, then those for its group, then those for all; inside a"
            " level blocks before exclusions. The first true row ends the reading. With a risk class the row speaks only"
            " of customers of that class."),
        }),
        (_("How much"), {
            "fields": ("days", "amount", "currency", "percent", "count", "status", "terms"),
            "description": _("Fill in the values that the rule has, leave the others blank. Blocks are true from the value"
            " on, exclusions up to it."),
        }),
        (_("When"), {"fields": ("valid_from", "valid_to"), "description": _("Both days included. Blank: always.")}),
    )  # fmt: skip

    class Media:
        js = ("js/rule-row.js",)

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        idle, in_force = _idle_rows(), _rows_in_force()
        return ["number", "rule", _told, _state(in_force), _effect(idle)]

    @admin.display(description=_("row"), ordering="pk")
    def number(self, row: RuleRow) -> int:
        return row.pk


@admin.display(description=_("what it says"))
def _told(row: RuleRow) -> str:
    return capfirst(said(policies.content_of(row)))


def _rows_in_force() -> dict[int, Any]:
    active = policies.newest_version()
    return {row["id"]: row for row in active.content["rules"]} if active else {}


def _state(in_force: dict[int, Any]) -> Callable[[RuleRow], str]:
    @admin.display(description=_("in the draft"))
    def state(row: RuleRow) -> str:
        if row.pk not in in_force:
            return str(_("new"))
        return str(_("changed") if in_force[row.pk] != policies.content_of(row) else "–")

    return state


def _effect(idle: dict[int, str]) -> Callable[[RuleRow], SafeString | str]:
    @admin.display(description=_("effect"))
    def effect(row: RuleRow) -> SafeString | str:
        if row.pk not in idle:
            return "–"
        return format_html("<strong>{}</strong> {}", _("None."), idle[row.pk])

    return effect
