"""The draft of the credit policy as administrators edit it. Saving changes nothing at the gate: activating does."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from creditrisk.backoffice import ReadOnly, ReferenceRows
from creditrisk.policy import compile as policies
from creditrisk.policy import rows_admin  # noqa: F401 - rules and their rows are registered there
from creditrisk.policy.editing import DraftPart
from creditrisk.policy.forms import AlertThresholdForm, ParametersForm
from creditrisk.policy.models import AlertThreshold, Checkpoint, CompanyCheckpoint, Parameters, PolicyVersion
from creditrisk.policy.words import HELP, SECTIONS


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


@admin.register(AlertThreshold)
class AlertThresholdAdmin(DraftPart):
    """From which figures on alerts are written, where somebody wants others. The nearest counts."""

    form = AlertThresholdForm
    list_display = ("__str__", "percents", "overdue_amount", "overdue_days")
    list_select_related = ("company", "segment", "customer")
    autocomplete_fields = ("customer",)
    fieldsets = (
        (_("For whom"), {
            "fields": ("company", "segment", "customer"),
            "description": _("One of them. A customer's own come before its segment's, those before its company's. Blank: for all."),
        }),
        (_("Alerts from"), {"fields": ("percents", "overdue_amount", "overdue_days")}),
    )  # fmt: skip


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
