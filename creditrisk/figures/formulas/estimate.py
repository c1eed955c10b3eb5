"""What limit a customer's business asks for: the estimated limit."""

from decimal import Decimal

from creditrisk.money import ZERO

YEAR_DAYS = 365


def estimated_limit(
    turnover: Decimal, term_days: Decimal | None, *, multiplier: Decimal = Decimal(1)
) -> Decimal | None:
    """Return turnover of twelve months / 365 x multiplier x average days of deferral, not rounded.

    The days are weighed by amount over the due dates of the invoices of twelve months. None where nothing was sold.
    Source: Fluentis, "Fido stimato".
    """
    if term_days is None or turnover <= ZERO:
        return None
    return turnover / YEAR_DAYS * multiplier * term_days
