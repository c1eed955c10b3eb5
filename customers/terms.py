"""Due dates and instalments of payment terms: one function."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from creditrisk.money import shares
from customers.models import PaymentTerms


@dataclass(frozen=True)
class Instalment:
    """One part of an invoice: its due day and amount in the invoice's currency."""

    position: int
    due: date
    amount: Decimal


def _due(issued_on: date, days: int, *, end_of_month: bool) -> date:
    due = issued_on + timedelta(days=days)
    if end_of_month:
        due = due.replace(day=calendar.monthrange(due.year, due.month)[1])
    return due


def instalments(terms: PaymentTerms | None, *, issued_on: date, amount: Decimal, currency: str) -> list[Instalment]:
    """Return what falls due when; days run from the day of issue, then to the month's end where the terms say so.

    Parts are rounded and sum to `amount`; without terms everything is due at once.
    Source: the custom "data fattura fine mese" and net terms as in scenarios/FORMAT.md.
    """
    parts = list(terms.instalments.order_by("position")) if terms else []
    end_of_month = bool(terms and terms.end_of_month)
    if not parts:
        return [
            Instalment(
                1,
                _due(issued_on, terms.days if terms else 0, end_of_month=end_of_month),
                amount,
            )
        ]
    amounts = shares(amount, [p.percent for p in parts], currency)
    return [
        Instalment(n, _due(issued_on, p.days, end_of_month=end_of_month), part)
        for n, (p, part) in enumerate(zip(parts, amounts, strict=True), start=1)
        if part
    ]
