"""Every evaluation at the gate, to be looked at."""

from django.contrib import admin

from creditrisk.backoffice import ReadOnly
from creditrisk.decisions.models import Decision


@admin.register(Decision)
class DecisionAdmin(ReadOnly):
    list_display = ("id", "document", "customer", "step", "verdict", "document_amount", "total", "limit", "currency",
                    "policy_number", "decided_at")  # fmt: skip
    list_filter = ("verdict", "step", "checkpoint", "policy_number")
    list_select_related = ("document", "customer")
    search_fields = ("document__number", "customer__code", "customer__name")
    ordering = ("-id",)
