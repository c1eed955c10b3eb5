"""How many days of sales are still owed: days sales outstanding in its variants."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from creditrisk.money import ZERO


@dataclass(frozen=True)
class Month:
    """The credit sales of one calendar month, or of the part of it that is over, and its real days."""

    days: int
    sales: Decimal


@dataclass(frozen=True)
class Countback:
    """Days of sales found by counting back. With `at_least` the receivables are older than all the sales known."""

    days: Decimal
    at_least: bool = False


def outstanding(receivables: Decimal, sales: Decimal, days: int) -> Decimal | None:
    """Return days sales outstanding: receivables / credit sales of a period x its days. None without sales.

    Source: Dynamics 365, credit statistics: real days of the period, shortened where business began in it.
    """
    if sales <= 0 or days <= 0:
        return None
    return receivables / sales * days


def counted_back(receivables: Decimal, months: Sequence[Month]) -> Countback | None:
    """Return days sales outstanding by exhaustion: the months' sales, the latest first, are taken off the receivables.

    A month that is used up adds its real days, the last one the share of its days that is left over. A month without
    sales, or with more credited than sold, adds its days and what was credited. None where no month is known; zero
    where nothing is owed.
    """
    if not months:
        return None
    left, days = receivables, ZERO
    for month in months:
        if left <= 0:
            return Countback(days)
        if month.sales > left:
            return Countback(days + left / month.sales * month.days)
        left -= month.sales
        days += month.days
    return Countback(days, at_least=left > 0)


def delinquent(outstanding_days: Decimal | None, best_possible: Decimal | None) -> Decimal | None:
    """Return average days delinquent: days sales outstanding less the best possible, both by the same method."""
    if outstanding_days is None or best_possible is None:
        return None
    return outstanding_days - best_possible
