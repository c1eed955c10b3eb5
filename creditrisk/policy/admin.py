"""The draft of the credit policy as administrators edit it. Saving changes nothing at the gate: activating does."""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Model, QuerySet
from django.forms import BaseFormSet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from creditrisk.backoffice import ReadOnly, Reference, ReferenceRows
from creditrisk.clock import business_day
from creditrisk.policy import compile as policies
from creditrisk.policy import draft
from creditrisk.policy.changes import said
from creditrisk.policy.forms import ParametersForm, RuleRowForm
from creditrisk.policy.models import Checkpoint, CompanyCheckpoint, Parameters, PolicyVersion, RuleRow
from creditrisk.policy.words import HELP, SECTIONS


class DraftPart(Reference):
    """A part of the draft: one hand at a time, every change in the history with what was and what is."""

    change_list_template = "admin/policy/change_list.html"
    change_form_template = "admin/policy/change_form.html"

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        with transaction.atomic():
            if request.method == "POST":
                policies.lock()  # before the form is checked: nobody adds the same row in between
            return super().changeform_view(request, object_id, form_url, extra_context)

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Iterable[BaseFormSet], add: bool = False
    ) -> Any:
        """Say in the history what was and what is, not only which field changed."""
        told: Any = super().construct_change_message(request, form, formsets, add)
        for part in told:
            if "changed" in part and "name" not in part["changed"]:
                part["changed"]["fields"] = [_change(form, name) for name in form.changed_data]
        return told

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        self._tell(request)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        policies.lock()
        super().delete_model(request, obj)
        self._tell(request)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        with transaction.atomic():
            policies.lock()
            super().delete_queryset(request, queryset)
        self._tell(request)

    def _tell(self, request: HttpRequest) -> None:
        self.message_user(
            request,
            format_html(
                "{} <a href='{}'>{}</a>",
                _("Kept in the draft. Documents are still judged by the policy in force."),
                reverse("policy"),
                _("Look at the draft and activate it"),
            ),
        )


def _change(form: Any, name: str) -> str:
    field = form.fields[name]
    before, after = form.initial.get(name), form.cleaned_data.get(name)
    if isinstance(before, int) and isinstance(after, Model):
        before = type(after)._default_manager.filter(pk=before).first()
    return f"{field.label or name}: {_plain(before)} → {_plain(after)}"


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    return "–" if value in (None, "") else str(value)


@admin.register(Parameters)
class ParametersAdmin(DraftPart):
    """One row: the list leads straight to it."""

    form = ParametersForm
    fieldsets = tuple((title, {"fields": fields}) for title, fields in SECTIONS)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change=change, help_texts=HELP, **kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_permission(request):
            return super().changelist_view(request, extra_context)
        policies.ensure_defaults(now=timezone.now())  # noqa: TID251 - a front door
        return redirect(reverse("admin:policy_parameters_change", args=[1]))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class CompanyRows(ReferenceRows):
    """What single companies do otherwise, inline with what all do."""

    model = CompanyCheckpoint
    fields = ("company", "on", "grace_days")


@admin.register(Checkpoint)
class CheckpointAdmin(DraftPart):
    """Where documents are checked. The steps are the product's; whether they check is the policy's."""

    list_display = ("code", "on", "grace_days", "otherwise")
    readonly_fields = ("code",)
    inlines = (CompanyRows,)
    fieldsets = (
        (None, {
            "fields": ("code", "on", "grace_days"),
            "description": _(
                "For all companies. What a company does otherwise stands below: on or off, with grace days of its own."
            ),
        }),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).prefetch_related("companies__company").order_by("pk")

    @admin.display(description=_("companies that do otherwise"))
    def otherwise(self, checkpoint: Checkpoint) -> str:
        told = [f"{own.company}: {_('on') if own.on else _('off')}" for own in checkpoint.companies.all()]
        return ", ".join(told) or "–"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


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
class RuleRowAdmin(DraftPart):
    """A rule put to work. Read for the customer first, then its group, then all; block before exclusion."""

    form = RuleRowForm
    list_filter = ("rule", "kind", "scope", "action", EffectFilter, "group", "risk_class")
    list_select_related = ("group", "customer", "risk_class", "status", "terms")
    search_fields = ("customer__code", "customer__name", "group__code")
    autocomplete_fields = ("customer",)
    ordering = ("rule", "pk")
    list_per_page = 50
    fieldsets = (
        ("What", {
            "fields": ("rule", "kind", "action", "release_order"),
            "description": "A block holds (or warns) when it is true. A true exclusion ends that rule's reading: the"
            " blocks after it do not count.",
        }),
        ("For whom", {
            "fields": ("scope", "group", "customer", "risk_class"),
            "description": "Rows for one customer are read first, then those for its group, then those for all; inside a"
            " level blocks before exclusions. The first true row ends the reading. With a risk class the row speaks only"
            " of customers of that class.",
        }),
        ("How much", {
            "fields": ("days", "amount", "currency", "percent", "count", "status", "terms"),
            "description": "Fill in the values that the rule has, leave the others blank. Blocks are true from the value"
            " on, exclusions up to it.",
        }),
        ("When", {"fields": ("valid_from", "valid_to"), "description": "Both days included. Blank: always."}),
    )  # fmt: skip

    class Media:
        js = ("js/rule-row.js",)

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        idle, in_force = _idle_rows(), _rows_in_force()
        return ["number", "rule", _told, _state(in_force), _effect(idle)]

    @admin.display(description=_("row"), ordering="pk")
    def number(self, row: RuleRow) -> int:
        return row.pk

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        before: set[int] = getattr(request, "_idle_before", set())
        super().save_related(request, form, formsets, change)
        for number, why in _idle_rows().items():
            if number == form.instance.pk:
                sentence = _("This row, %(number)s, can have no effect. %(why)s")
            elif number not in before:
                sentence = _("By this change row %(number)s can have no effect any more. %(why)s")
            else:
                continue
            self.message_user(request, sentence % {"number": number, "why": why}, messages.WARNING)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        request._idle_before = set(_idle_rows())  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)


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


@admin.register(PolicyVersion)
class PolicyVersionAdmin(ReadOnly):
    """Every policy that ever was in force. It is read, compared and restored on a page of its own."""

    list_display = ("number", "note", "saved_by", "saved_at", "page")
    list_filter = ("saved_by",)
    list_select_related = ("saved_by",)
    search_fields = ("note",)
    ordering = ("-number",)
    fields = ("number", "note", "saved_by", "saved_at", "page")

    @admin.display(description=_("what it says"))
    def page(self, version: PolicyVersion) -> SafeString:
        return format_html('<a href="{}">{}</a>', reverse("policy_version", args=[version.number]), _("Read it"))
