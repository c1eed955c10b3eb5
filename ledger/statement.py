"""The statement of a customer: open items, payments, allocations and effects as pages show them."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField, F, Q, Value
from django.shortcuts import get_object_or_404

from creditrisk.money import ZERO
from creditrisk.roles import companies_of
from customers.models import Company, Customer
from ledger.models import Allocation, Effect, EffectState, ExchangeRate, ItemKind, OpenItem


@dataclass(frozen=True)
class ItemRow:
    """One open item, with how late it is on the day asked for (0 or less: not late)."""

    id: int
    reference: str
    kind: str
    is_credit: bool
    currency: str
    amount: Decimal
    open_amount: Decimal
    day: date
    due: date
    days_late: int
    disputed: bool
    excluded: bool
    provisional: bool
    document_id: int | None

    @property
    def is_late(self) -> bool:
        return self.days_late > 0 and not self.is_credit


@dataclass(frozen=True)
class Settlement:
    """A credit that settled part of a debt, seen from either side. `live` until it is undone."""

    id: int
    other_id: int
    other: str
    amount: Decimal
    day: date
    live: bool


@dataclass(frozen=True)
class PaymentRow:
    """Money that came in: a payment, or an effect that was collected."""

    reference: str
    day: date
    amount: Decimal
    open_amount: Decimal
    currency: str
    by_effect: bool


def visible_items(user: Any) -> Any:
    """Return the open items of the companies that the reader works in."""
    companies = companies_of(user)
    return OpenItem.objects.all() if companies is None else OpenItem.objects.filter(company_id__in=companies)


def visible_effects(user: Any) -> Any:
    """Return the effects of the companies that the reader works in."""
    companies = companies_of(user)
    return Effect.objects.all() if companies is None else Effect.objects.filter(company_id__in=companies)


def item(user: Any, pk: int) -> OpenItem:
    """Return the item; 404 where it is not the reader's."""
    found: OpenItem = get_object_or_404(
        visible_items(user).select_related("customer", "company", "document", "effect", "posted_by"),
        pk=pk,
    )
    return found


def effect(user: Any, pk: int) -> Effect:
    """Return the effect; 404 where it is not the reader's."""
    found: Effect = get_object_or_404(
        visible_effects(user).select_related("customer", "company", "presentation"),
        pk=pk,
    )
    return found


def item_by_key(source_key: str) -> OpenItem | None:
    """Return the item that a form with this key made before, if any."""
    return OpenItem.objects.filter(source_key=source_key).first()


def row(item: OpenItem, *, today: date) -> ItemRow:
    """Return an item as its line in a statement."""
    return ItemRow(
        id=item.pk, reference=str(item), kind=item.get_kind_display(), is_credit=item.amount < 0,
        currency=item.currency, amount=item.amount, open_amount=item.open_amount, day=item.item_date, due=item.due,
        days_late=(today - item.due).days, disputed=item.disputed, excluded=item.excluded,
        provisional=item.provisional, document_id=item.document_id,
    )  # fmt: skip


def open_items(customer_ids: list[int], *, today: date, limit: int = 50) -> list[ItemRow]:
    """Return what these customers have open, the oldest due first: debts and credits."""
    found = OpenItem.objects.filter(customer__in=customer_ids).exclude(open_amount=0).order_by("due", "pk")[:limit]
    return [row(i, today=today) for i in found]


def of_document(document: Any, *, today: date) -> list[ItemRow]:
    """Return the items that a posted invoice or credit note became, by instalment."""
    return [row(i, today=today) for i in OpenItem.objects.filter(document=document).order_by("due", "pk")]


def open_debts(customer: Customer, *, user: Any, today: date) -> list[ItemRow]:
    """Return the debts that a payment of the customer can settle, the oldest due first."""
    found = visible_items(user).filter(customer=customer, open_amount__gt=ZERO).order_by("due", "pk")[:200]
    return [row(i, today=today) for i in found]


def settlements(item: OpenItem) -> list[Settlement]:
    """Return what settled a debt, or what a credit settled; what was undone is told too."""
    mine, other = ("credit", "debit") if item.amount < 0 else ("debit", "credit")
    rows = (
        Allocation.objects.filter(**{mine: item}, reverses__isnull=True)
        .select_related(other, "reversal").order_by("day", "pk")
    )  # fmt: skip
    return [
        Settlement(
            a.pk,
            getattr(a, f"{other}_id"),
            str(getattr(a, other)),
            a.amount,
            a.day,
            not hasattr(a, "reversal"),
        )
        for a in rows
    ]


def last_payments(customer_ids: list[int], *, limit: int = 5) -> list[PaymentRow]:
    """Return the newest payments of these customers, effects that were collected among them: one query."""
    items = OpenItem.objects.filter(customer__in=customer_ids, kind=ItemKind.PAYMENT)
    effects = Effect.objects.filter(customer__in=customer_ids, state=EffectState.COLLECTED, collected_on__isnull=False)
    columns = ("told", "on", "paid", "left", "currency", "by_effect", "pk")
    paid = items.annotate(
        told=F("reference"), on=F("item_date"), paid=-F("amount"), left=-F("open_amount"), by_effect=Value(False)
    ).values_list(*columns)
    nothing = Value(ZERO, output_field=DecimalField(max_digits=18, decimal_places=4))
    collected = effects.annotate(
        told=F("number"), on=F("collected_on"), paid=F("amount"), left=nothing, by_effect=Value(True)
    ).values_list(*columns)
    return [PaymentRow(*row[:6]) for row in paid.union(collected, all=True).order_by("-on", "-pk")[:limit]]


def knows_currency(code: str) -> bool:
    """Return whether a company or a customer has this currency, or an exchange rate tells of it."""
    return (
        Company.objects.filter(currency=code).exists()
        or Customer.objects.filter(currency=code).exists()
        or ExchangeRate.objects.filter(Q(source=code) | Q(target=code)).exists()
    )


def effect_actions(effect: Effect) -> tuple[str, ...]:
    """Name the steps that an effect in its state can take."""
    match effect.state:
        case EffectState.ISSUED:
            return ("present", "collect", "unpaid")
        case EffectState.PRESENTED:
            return ("collect", "unpaid")
        case EffectState.COLLECTED:
            return ("unpaid",)
        case EffectState.UNPAID:
            return ("present", "collect", "post_back", "replace")
        case EffectState.UNPAID_POSTED:
            return ("replace",)
    return ()
