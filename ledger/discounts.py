"""Early-payment discounts: what of an item may be kept by whoever pays in time, and whether it was."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from creditrisk.money import ZERO, percent_of, rounded
from ledger.models import Allocation, ItemKind, OpenItem


@dataclass(frozen=True)
class Offer:
    """So much of an item, in its currency, may be kept by whoever pays the rest by the last day."""

    percent: Decimal
    amount: Decimal
    last_day: date
    is_earned: bool


def offer(item: OpenItem) -> Offer | None:
    """Return the discount that an item's document grants, by its settlement discount, else by its terms.

    Days run from the item's date. It is earned where the last money for it came in time and no more than it is open.
    """
    document: Any = item.document
    if document is None or item.amount <= 0 or item.kind != ItemKind.INVOICE:
        return None
    granted, terms = document.settlement_discount, document.terms
    if granted is not None:
        percent, days = granted.percent, granted.days
    elif terms is not None and terms.discount_percent and terms.discount_days is not None:
        percent, days = terms.discount_percent, terms.discount_days
    else:
        return None
    amount = rounded(percent_of(item.amount, percent), item.currency)
    last_day = item.item_date + timedelta(days=days)
    return Offer(percent, amount, last_day, ZERO < item.open_amount <= amount and _paid_by(item, last_day))


def _paid_by(item: OpenItem, day: date) -> bool:
    live = Allocation.objects.filter(debit=item, reverses__isnull=True, reversal__isnull=True)
    came = list(live.filter(credit__kind=ItemKind.PAYMENT).values_list("credit__item_date", flat=True))
    return bool(came) and max(came) <= day
