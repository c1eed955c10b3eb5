"""The exposure ledger, to be looked at: entries as they were posted, and drifts that an audit found."""

from django.contrib import admin

from creditrisk.backoffice import ReadOnly
from creditrisk.exposure.models import Drift, Entry


@admin.register(Entry)
class EntryAdmin(ReadOnly):
    list_display = ("id", "origin", "source_id", "customer_id", "bucket", "day", "amount", "currency", "effective_on",
                    "recorded_at")  # fmt: skip
    list_filter = ("origin", "bucket", "currency")
    search_fields = ("=source_id", "=customer_id")
    ordering = ("-id",)


@admin.register(Drift)
class DriftAdmin(ReadOnly):
    list_display = ("found_at", "customer_id", "origin", "source_id", "bucket", "day", "formula", "ledger", "repaired")
    list_filter = ("repaired", "bucket")
    ordering = ("-id",)
