"""Payment terms: whose hold, when goods are invoiced, and due dates and instalments, by one function each."""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db import connection

from creditrisk.money import shares
from customers.models import Customer, InvoicingCycle, PaymentTerms

DAYS_TO_INVOICE = timedelta(days=12)


@dataclass(frozen=True)
class Instalment:
    """One part of an invoice: its due day and amount in the invoice's currency."""

    position: int
    due: date
    amount: Decimal


def usual(customer: Customer) -> PaymentTerms | None:
    """Return the customer's payment terms: their own, else their region's, else their segment's."""
    for owner in (customer, customer.region, customer.segment):
        if owner is not None and owner.terms is not None:
            return owner.terms
    return None


_DAYS = """
    SELECT c.id, GREATEST(t.days, COALESCE((SELECT max(i.days) FROM customers_termsinstalment i WHERE i.terms_id = t.id), 0))
                 + CASE WHEN t.end_of_month THEN 30 + t.days_after_month_end ELSE 0 END
    FROM customers_customer c
    LEFT JOIN customers_region r ON r.id = c.region_id
    LEFT JOIN customers_segment s ON s.id = c.segment_id
    JOIN customers_paymentterms t ON t.id = COALESCE(c.terms_id, r.terms_id, s.terms_id)
    WHERE c.id = ANY (%s)
"""


def usual_days(customer_ids: Sequence[int]) -> dict[int, int]:
    """Return the days from the invoice to the last instalment under each customer's usual terms: one query.

    A month's end counts as thirty, as in `longest_days`; who has no terms is left out.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DAYS, [list(customer_ids)])
        return dict(cursor.fetchall())


def usual_cycle(customer: Customer) -> str:
    """Return when the customer's deliveries are invoiced: as they want, else as in their region or segment."""
    for owner in (customer, customer.region, customer.segment):
        if owner is not None and owner.invoicing:
            return owner.invoicing
    return InvoicingCycle.DELIVERY


def invoice_day(delivered_on: date, cycle: str) -> date:
    """Return the day from which goods delivered on `delivered_on` are to be invoiced: the cycle's last day.

    Weeks end on Sunday (ISO 8601), months on their last day.
    """
    match cycle:
        case InvoicingCycle.WEEKLY:
            return delivered_on + timedelta(days=7 - delivered_on.isoweekday())
        case InvoicingCycle.MONTHLY:
            return delivered_on.replace(day=calendar.monthrange(delivered_on.year, delivered_on.month)[1])
    return delivered_on


def last_invoice_day(delivered_on: date, cycle: str) -> date:
    """Return the day after which the invoice for goods delivered on `delivered_on` is late.

    A cycle ends with its last day. Goods that are invoiced by themselves have the twelve days that the law gives (Italy:
    DPR 633/1972, article 21, paragraph 4).
    """
    alone = cycle not in (InvoicingCycle.WEEKLY, InvoicingCycle.MONTHLY)
    return delivered_on + DAYS_TO_INVOICE if alone else invoice_day(delivered_on, cycle)


def more_generous(new: PaymentTerms, old: PaymentTerms | None) -> bool:
    """Return whether `new` gives more credit than `old`: by rank where both have one, else by days to the last part."""
    if old is None or new.pk == old.pk:
        return old is None
    if new.prepaid != old.prepaid:
        return not new.prepaid
    if new.rank is not None and old.rank is not None:
        return new.rank > old.rank
    return longest_days(new) > longest_days(old)


def longest_days(terms: PaymentTerms) -> int:
    """Return the days to the last instalment, a month's end counted as thirty."""
    parts = [i.days for i in terms.instalments.all()]
    return max(parts or [terms.days]) + (30 + terms.days_after_month_end if terms.end_of_month else 0)


def _due(issued_on: date, days: int, terms: PaymentTerms | None) -> date:
    due = issued_on + timedelta(days=days)
    if terms is not None and terms.end_of_month:
        due = due.replace(day=calendar.monthrange(due.year, due.month)[1])
        due += timedelta(days=terms.days_after_month_end)
    return due


def instalments(terms: PaymentTerms | None, *, issued_on: date, amount: Decimal, currency: str) -> list[Instalment]:
    """Return what falls due when: days run from the day of issue, then to the month's end and on where the terms say so.

    Parts are rounded and sum to `amount`; without terms everything is due at once. Source: the custom "data fattura fine
    mese" (with its "+ 10" the tenth of the month after) and net terms as in scenarios/FORMAT.md.
    """
    parts = list(terms.instalments.order_by("position")) if terms else []
    if not parts:
        return [Instalment(1, _due(issued_on, terms.days if terms else 0, terms), amount)]
    amounts = shares(amount, [p.percent for p in parts], currency)
    return [
        Instalment(n, _due(issued_on, p.days, terms), part)
        for n, (p, part) in enumerate(zip(parts, amounts, strict=True), start=1)
        if part
    ]
