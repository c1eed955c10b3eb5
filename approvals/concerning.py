"""Admin pages of what holds rest on: saving or deleting a row asks for the holds that it concerns, in one transaction."""

from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from approvals import evaluation_requests
from creditrisk.backoffice import Reference
from customers.models import Customer


class Concerning(Reference):
    """A reference table on which holds rest. `concerned` names, by what is saved now, the customers with open holds."""

    def concerned(self, obj: Any) -> set[int]:
        raise NotImplementedError

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        request.concerned_before = self.concerned(obj) if change else set()  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if form.has_changed() or any(formset.has_changed() for formset in formsets):
            before: set[int] = getattr(request, "concerned_before", set())
            self._ask(before | self.concerned(form.instance), form.instance)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        ids = self.concerned(obj)
        super().delete_model(request, obj)
        self._ask(ids, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        with transaction.atomic():
            for obj in queryset:
                self.delete_model(request, obj)

    def _ask(self, ids: set[int], obj: Any) -> None:
        there = Customer.objects.filter(pk__in=ids).values_list("pk", flat=True)
        evaluation_requests.ask(there, cause=f"{self.opts.verbose_name} {obj}"[:80], now=timezone.now())  # noqa: TID251 - a front door
