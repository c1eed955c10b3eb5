"""How well money comes in: collection effectiveness, days to pay, roll rates, effects that came back."""

from collections.abc import Iterable
from decimal import Decimal

from creditrisk.money import HUNDRED, ZERO


def effectiveness(*, opening: Decimal, sales: Decimal, closing: Decimal, not_due: Decimal) -> Decimal | None:
    """Return the collection effectiveness index in per cent: what was collected of what could have been.

    (receivables at the start + sales - receivables at the end) / (start + sales - what is not due yet) x 100. None where
    nothing could be collected. Source: Credit Research Foundation.
    """
    collectable = opening + sales - not_due
    if collectable <= 0:
        return None
    return (opening + sales - closing) / collectable * HUNDRED


def weighted_days(parts: Iterable[tuple[Decimal, int]]) -> Decimal | None:
    """Return the average of days weighed by amount: sum of amount x days / sum of amounts; None where nothing weighs.

    With days from invoice to payment: average days to pay; from due day to payment: days late (days beyond terms).
    """
    rows = list(parts)
    return ratio(sum((amount * days for amount, days in rows), ZERO), sum((amount for amount, _days in rows), ZERO))


def ratio(part: Decimal, whole: Decimal) -> Decimal | None:
    """Return `part` / `whole`; None where the whole is not positive."""
    return part / whole if whole > 0 else None


def rate(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    """Return how much of the whole a part is, in per cent; None where there is no whole.

    Unpaid effects: amount returned unpaid / amount that fell due.
    """
    return Decimal(part) / Decimal(whole) * HUNDRED if whole > 0 else None


def roll(before: Decimal, after: Decimal) -> Decimal | None:
    """Return the roll rate between two neighbouring ageing buckets of thirty days, in per cent.

    What lies in the older one now / what lay in the younger one thirty days ago x 100; None where nothing lay there.
    """
    return rate(after, before)
