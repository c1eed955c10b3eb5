"""The credit policy as administrators edit it. Every save makes a new version, in the same transaction."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from creditrisk import rules
from creditrisk.backoffice import ReadOnly, Reference
from creditrisk.policy import compile as policies
from creditrisk.policy.changes import changes, described
from creditrisk.policy.models import BUCKET_CHOICES, Checkpoint, Parameters, PolicyVersion, RuleRow

PARAMETER_HELP = {
    "orders_count_from": "From entry: as soon as an order is typed. From confirmation: once it is a promise.",
    "invoices_count_from": "Whether a draft invoice weighs as an invoice, or what it was made from goes on weighing.",
    "collection_grace_days": "The same for effects presented after collection.",
    "include_provisional": "Items of documents that are not final yet.",
    "overdue_grace_days": "An item so many days past due is not late yet.",
    "overdue_ignore_below": "In the account's currency: customers who owe less than this are not late.",
    "disputed_items": "What the customer disputes is shown apart; say here whether it weighs and whether it is late.",
    "net_credits_against_overdue": "Payments on account and credit notes are set against what is overdue.",
    "blank_limit_expiry": "What a limit without a last day means to the rule “Limit expired”.",
    "check_shared_limit": "Members of a shared limit are held by it too.",
    "check_terms_increase": "An order on longer terms than the customer usually has is held.",
    "check_discount_increase": "An order with a bigger settlement discount than usual is held.",
    "recheck_after_release": "Whether a released document meets the rules again at its next step.",
    "release_scope": "What a release covers when the releaser does not say.",
    "release_valid_days": "Blank: without end.",
    "release_tolerance_percent": "A released document may grow by so much before it is held again.",
    "release_tolerance_amount": "The same as an amount; the larger of the two counts.",
    "auto_release": "What happens by itself when money arrives or a limit is raised.",
    "warn_at_percent": "Percents of the limit, with commas between them. Crossing one writes an alert.",
}


class VersionedForm(forms.ModelForm):
    """A part of the policy, with a word on why it is changed."""

    version_note = forms.CharField(
        label="Why", max_length=300, required=False, help_text="Kept with the new version of the policy."
    )


class ParametersForm(VersionedForm):
    counts = forms.MultipleChoiceField(
        label="Buckets that count", choices=BUCKET_CHOICES, widget=forms.CheckboxSelectMultiple,
        help_text="Summed into the exposure that is compared with the limit.",
    )  # fmt: skip


class PolicyPart(Reference):
    """Rows of the policy: saving or deleting one makes a new version."""

    form = VersionedForm

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        self._new_version(request, form.cleaned_data.get("version_note") or self._about(form.instance))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        note = f"{self._about(obj)} deleted"
        super().delete_model(request, obj)
        self._new_version(request, note)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        with transaction.atomic():
            note = f"{queryset.count()} {self.opts.verbose_name_plural} deleted"
            super().delete_queryset(request, queryset)
            self._new_version(request, note)

    def _about(self, obj: Any) -> str:
        return f"{capfirst(str(self.opts.verbose_name))}: {obj}"[:300]

    def _new_version(self, request: HttpRequest, note: str) -> None:
        version = policies.save_version(by=request.user, note=note[:300], now=timezone.now())  # noqa: TID251 - a front door
        self.message_user(request, f"The policy is now version {version.number}.")


@admin.register(Parameters)
class ParametersAdmin(PolicyPart):
    """One row: the list leads straight to it."""

    form = ParametersForm
    fieldsets = (
        ("What counts as exposure", {"fields": (
            "counts", "orders_count_from", "order_horizon_days", "invoices_count_from", "include_provisional",
            "sbf_grace_days", "collection_grace_days",
        )}),
        ("What is overdue", {"fields": (
            "overdue_grace_days", "overdue_ignore_below", "disputed_items", "net_credits_against_overdue",
        )}),
        ("What is checked", {"fields": (
            "check_shared_limit", "blank_limit_expiry", "check_terms_increase", "check_discount_increase",
        )}),
        ("Releases", {"fields": (
            "four_eyes", "release_scope", "release_valid_days", "recheck_after_release", "release_tolerance_percent",
            "release_tolerance_amount", "auto_release",
        )}),
        ("Alerts", {"fields": ("warn_at_percent",)}),
        ("This change", {"fields": ("version_note",)}),
    )  # fmt: skip

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change=change, help_texts=PARAMETER_HELP, **kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_permission(request):
            return super().changelist_view(request, extra_context)
        policies.ensure_defaults(now=timezone.now())  # noqa: TID251 - a front door
        return redirect(reverse("admin:policy_parameters_change", args=[1]))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Checkpoint)
class CheckpointAdmin(PolicyPart):
    """Where documents are checked. The steps are the product's; whether they check is the policy's."""

    list_display = ("code", "on", "grace_days")
    readonly_fields = ("code",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _book() -> str:
    """Return which values each rule has, for the head of the form."""
    parts = [f"{rule.label} ({', '.join(rule.values()) or 'none'})" for rule in rules.book().values()]
    return "Fill in the values that the rule has, leave the others blank. " + "; ".join(parts) + "."


@admin.register(RuleRow)
class RuleRowAdmin(PolicyPart):
    """A rule put to work. Read for the customer first, then its group, then all; block before exclusion."""

    list_display = ("rule", "kind", "scope", "whom", "values", "action", "valid_from", "valid_to")
    list_filter = ("rule", "kind", "scope", "action", "group", "risk_class")
    list_select_related = ("group", "customer", "risk_class", "status", "terms")
    search_fields = ("customer__code", "customer__name", "group__code")
    autocomplete_fields = ("customer",)
    ordering = ("rule", "pk")
    fieldsets = (
        ("What", {
            "fields": ("rule", "kind", "action", "release_order"),
            "description": "A block holds (or warns) when it is true. A true exclusion ends that rule's reading: the"
            " blocks after it do not count.",
        }),
        ("For whom", {
            "fields": ("scope", "group", "customer", "risk_class"),
            "description": "Name the group or the customer that the scope speaks of, and nothing else.",
        }),
        ("How much", {
            "fields": ("days", "amount", "currency", "percent", "count", "status", "terms"),
            "description": _book(),
        }),
        ("When", {"fields": ("valid_from", "valid_to"), "description": "Blank: always."}),
        ("This change", {"fields": ("version_note",)}),
    )  # fmt: skip

    @admin.display(description="whom")
    def whom(self, row: RuleRow) -> str:
        of = f" of class {row.risk_class}" if row.risk_class else ""
        return f"{row.customer or row.group or 'all'}{of}"

    @admin.display(description="values")
    def values(self, row: RuleRow) -> str:
        return ", ".join(f"{name} {value:f}" if name in ("amount", "percent") else f"{name} {value}"
                         for name, value in row.given().items())  # fmt: skip


@admin.register(PolicyVersion)
class PolicyVersionAdmin(ReadOnly):
    """Every policy there ever was, with what it changed."""

    list_display = ("number", "note", "saved_by", "saved_at")
    list_filter = ("saved_by",)
    list_select_related = ("saved_by",)
    ordering = ("-number",)
    fields = ("number", "note", "saved_by", "saved_at", "what_changed", "rule_rows", "content")

    @admin.display(description="What changed")
    def what_changed(self, version: PolicyVersion) -> SafeString:
        before = PolicyVersion.objects.filter(number__lt=version.number).order_by("-number").first()
        return _list(changes(before.content if before else None, version.content))

    @admin.display(description="Rule rows")
    def rule_rows(self, version: PolicyVersion) -> SafeString:
        return _list([described(row) for row in version.content["rules"]] or ["None."])


def _list(sentences: list[str]) -> SafeString:
    return format_html_join("", "<p>{}</p>", ((sentence,) for sentence in sentences))
