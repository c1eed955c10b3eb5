"""What all parts of the draft have in common where administrators edit them."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Model, QuerySet
from django.forms import BaseFormSet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from creditrisk.backoffice import Reference
from creditrisk.policy import compile as policies


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
        rows = iter([one for formset in formsets or () for one in changed_forms(formset)])
        for part in told:
            if "changed" in part:
                part["changed"]["fields"] = fields_changed(next(rows) if "name" in part["changed"] else form)
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


def changed_forms(formset: Any) -> list[Any]:
    """Return the forms of the rows that were there before and that were changed, in the order of the formset's telling."""
    by_row = {id(form.instance): form for form in formset.initial_forms}
    return [by_row[id(row)] for row, _fields in formset.changed_objects]


def fields_changed(form: Any) -> list[str]:
    """Return what a form changed: each field with what was and what is."""
    return [_change(form, name) for name in form.changed_data]


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
