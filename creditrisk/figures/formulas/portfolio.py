"""What the risk is made of: use of the limits, concentration, insured share."""

from collections.abc import Iterable
from decimal import Decimal

from creditrisk.figures.formulas.collecting import rate
from creditrisk.money import HUNDRED, ZERO

TOP = 10


def utilisation(exposure: Decimal, limit: Decimal | None) -> Decimal | None:
    """Return how much of a limit is used, in per cent; None for an unlimited or missing limit and for a limit of 0."""
    return None if limit is None else rate(exposure, limit)


def top_share(exposures: Iterable[Decimal], *, count: int = TOP) -> Decimal | None:
    """Return the share of the largest `count` debtors in all that is lent, in per cent. Negative exposures lend nothing."""
    lent = sorted((e for e in exposures if e > 0), reverse=True)
    return rate(sum(lent[:count], ZERO), sum(lent, ZERO))


def herfindahl(exposures: Iterable[Decimal]) -> Decimal | None:
    """Return the Herfindahl-Hirschman index of the debtors' shares in per cent: 10,000 / n where n owe the same, 10,000 for one.

    Sum of the squared percentages. Above 2,500 markets are called highly concentrated (US merger guidelines of 2010).
    """
    lent = [e for e in exposures if e > 0]
    whole = sum(lent, ZERO)
    return sum(((e / whole * HUNDRED) ** 2 for e in lent), ZERO) if whole > 0 else None


def concentration(squares: Decimal, whole: Decimal) -> Decimal | None:
    """Return the same index of debtors that were added up: the sum of their squares, and of what they owe."""
    return squares / whole**2 * HUNDRED**2 if whole > 0 else None


def insured_share(debtors: Iterable[tuple[Decimal, Decimal]]) -> Decimal | None:
    """Return how much of the exposure is insured, in per cent. `debtors` are pairs of exposure and insured amount.

    Nobody is insured for more than is owed: sum of min(exposure, insured) / sum of exposure.
    """
    lent = [(exposure, insured) for exposure, insured in debtors if exposure > 0]
    return rate(sum((min(e, i) for e, i in lent), ZERO), sum((e for e, _insured in lent), ZERO))
