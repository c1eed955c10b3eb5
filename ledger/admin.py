"""The ledger is looked at here and moved on its own pages; exchange rates are entered here."""

from django.contrib import admin

from approvals import causes
from approvals.concerning import Concerning
from creditrisk.backoffice import ReadOnly, ReadOnlyRows
from ledger.models import Allocation, Effect, EffectEvent, EffectItem, ExchangeRate, OpenItem, Presentation


@admin.register(ExchangeRate)
class ExchangeRateAdmin(Concerning):
    list_display = ("source", "target", "day", "rate")
    list_filter = ("source", "target")
    date_hierarchy = "day"

    def concerned(self, obj: ExchangeRate) -> set[int]:
        return causes.rate(obj.source, obj.target)


class SettledWith(ReadOnlyRows):
    model = Allocation
    fk_name = "debit"
    verbose_name_plural = "settled with"
    fields = ("credit", "amount", "day", "reverses", "made_at")


class Settles(ReadOnlyRows):
    model = Allocation
    fk_name = "credit"
    verbose_name_plural = "settles"
    fields = ("debit", "amount", "day", "reverses", "made_at")


@admin.register(OpenItem)
class OpenItemAdmin(ReadOnly):
    list_display = ("__str__", "kind", "customer", "amount", "open_amount", "currency", "due", "disputed", "cleared_on")
    list_filter = ("kind", "company", "currency", "disputed", "excluded", "provisional")
    list_select_related = ("customer",)
    search_fields = ("reference", "customer__code", "customer__name")
    inlines = (SettledWith, Settles)


class EffectEvents(ReadOnlyRows):
    model = EffectEvent


class EffectItems(ReadOnlyRows):
    model = EffectItem


@admin.register(Effect)
class EffectAdmin(ReadOnly):
    list_display = ("number", "kind", "state", "customer", "amount", "currency", "due", "presentation")
    list_filter = ("state", "kind", "company")
    list_select_related = ("customer", "presentation")
    search_fields = ("number", "customer__code", "customer__name")
    inlines = (EffectItems, EffectEvents)


@admin.register(Presentation)
class PresentationAdmin(ReadOnly):
    list_display = ("__str__", "company", "mode", "bank", "day")
    list_filter = ("mode", "company")
    list_select_related = ("company",)
