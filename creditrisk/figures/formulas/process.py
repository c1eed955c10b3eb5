"""How the checks work on the business: rejection, time in hold, releases, breaches."""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

from creditrisk.figures.formulas.collecting import rate

HOUR = Decimal(3600)


def rejection(rejected: Decimal | int, asked: Decimal | int) -> Decimal | None:
    """Return the order rejection due to credit in per cent, by count or by value: rejected / all that were asked about."""
    return rate(rejected, asked)


def median_hours(waits: Iterable[timedelta]) -> Decimal | None:
    """Return the middle of how long holds were open, in hours; of an even number the mean of the two in the middle."""
    ordered = sorted(Decimal(wait // timedelta(seconds=1)) / HOUR for wait in waits)
    if not ordered:
        return None
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def breaches_per_hundred(breaches: int, debtors: int) -> Decimal | None:
    """Return how often a limit was broken in thirty days for every hundred customers who owe something."""
    return rate(breaches, debtors)
