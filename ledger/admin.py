"""The ledger is looked at here and moved on its own pages; rates, banks and authorities are entered here."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from approvals import causes
from approvals.concerning import Concerning
from creditrisk.backoffice import ReadOnly, ReadOnlyRows, Reference
from ledger.models import (
    Allocation,
    BankAccount,
    CreditLine,
    Effect,
    EffectEvent,
    EffectItem,
    ExchangeRate,
    ItemMark,
    OpenItem,
    Presentation,
    WriteOffAuthority,
)


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


@admin.register(WriteOffAuthority)
class WriteOffAuthorityAdmin(Reference):
    """Up to which amount of one item somebody writes off. A user's own line comes before the role's."""

    list_display = ("__str__", "user", "group", "up_to")
    list_select_related = ("user", "group")
    autocomplete_fields = ("user",)


class CreditLines(ReadOnlyRows):
    model = CreditLine
    fields = ("kind", "amount", "valid_from", "valid_to", "agreed_at", "agreed_by")


@admin.register(BankAccount)
class BankAccountAdmin(Reference):
    list_display = ("code", "name", "company", "currency", "iban", "returns_within", "active")
    list_filter = ("company", "active")
    list_select_related = ("company",)
    inlines = (CreditLines,)


@admin.register(CreditLine)
class CreditLineAdmin(ReadOnly):
    """Lines are added, never edited: a newer one comes before an older one."""

    list_display = ("account", "kind", "amount", "valid_from", "valid_to", "agreed_at", "agreed_by")
    list_filter = ("account", "kind")
    list_select_related = ("account", "agreed_by")
    fields = ("account", "kind", "amount", "valid_from", "valid_to")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return Reference.has_add_permission(self, request)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.agreed_by = request.user
        obj.agreed_at = timezone.now()  # noqa: TID251 - a front door
        obj.save(force_insert=True)


class Marks(ReadOnlyRows):
    model = ItemMark


@admin.register(OpenItem)
class OpenItemAdmin(ReadOnly):
    list_display = ("__str__", "kind", "customer", "amount", "open_amount", "currency", "due", "disputed", "cleared_on")
    list_filter = ("kind", "company", "currency", "disputed", "excluded", "provisional")
    list_select_related = ("customer",)
    search_fields = ("reference", "customer__code", "customer__name")
    inlines = (SettledWith, Settles, Marks)


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
    list_display = ("__str__", "company", "mode", "bank", "day", "credited_on")
    list_filter = ("mode", "company")
    list_select_related = ("company",)
