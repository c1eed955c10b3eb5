"""The master data that an import needs: found where it is there, made where it is not."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_CEILING, Decimal

from django.db import connection

from creditrisk.money import ZERO, rounded
from creditrisk.roles import Actor
from customers.models import Company, CreditAccount, Customer, Limit, LimitState, PaymentTerms
from ledger.imports.values import customer_code


@dataclass(frozen=True)
class Wanted:
    """A customer as a file knows it."""

    code: str
    name: str
    company: str
    currency: str
    terms: str = ""
    country: str = ""
    since: date | None = None


def commonest(values: Iterable[str]) -> str:
    """Return the value that occurs most, the first of the alphabet among equals; nothing of nothing."""
    counted = Counter(values)
    return min(counted, key=lambda value: (-counted[value], value)) if counted else ""


def companies(
    currencies: Mapping[str, str], *, names: Mapping[str, str] | None = None
) -> tuple[dict[str, Company], int]:
    """This will return the companies of these codes and how many were made, each in the currency given for it."""
    known = {company.code: company for company in Company.objects.filter(code__in=currencies)}
    made = Company.objects.bulk_create(
        Company(code=code, name=(names or {}).get(code, code), currency=currency)
        for code, currency in sorted(currencies.items())
        if code not in known
    )
    return known | {company.code: company for company in made}, len(made)


def terms(days: Mapping[str, int], *, names: Mapping[str, str] | None = None) -> tuple[dict[str, PaymentTerms], int]:
    """This will return the payment terms of these codes and how many were made, each with the days given for it."""
    known = {found.code: found for found in PaymentTerms.objects.filter(code__in=days)}
    made = PaymentTerms.objects.bulk_create(
        PaymentTerms(code=code, name=(names or {}).get(code, f"{count} days"), days=count)
        for code, count in sorted(days.items())
        if code not in known
    )
    return known | {found.code: found for found in made}, len(made)


def customers(
    wanted: Iterable[Wanted], companies: Mapping[str, Company], terms: Mapping[str, PaymentTerms]
) -> tuple[dict[str, Customer], int]:
    """This will return the customers of these codes and how many were made, each new one with a credit account.

    A customer number is the same with and without leading zeros, so that one spelled otherwise here is found too.
    """
    everybody = Customer.objects.select_related("merged_into")
    known = {customer_code(customer.code): customer.merged_into or customer for customer in everybody}
    asked = list(wanted)
    made = Customer.objects.bulk_create(
        Customer(
            code=w.code, name=w.name or w.code, company=companies[w.company], currency=w.currency,
            terms=terms.get(w.terms), country=w.country, customer_since=w.since,
        )
        for w in asked
        if w.code not in known
    )  # fmt: skip
    CreditAccount.objects.bulk_create(CreditAccount(customer=customer) for customer in made)
    known |= {customer.code: customer for customer in made}
    return {w.code: known[w.code] for w in asked}, len(made)


def round_figure(amount: Decimal) -> Decimal:
    """Return the next amount up that has two digits and zeros: what people write when they grant a limit."""
    if amount <= 0:
        return ZERO
    return amount.quantize(Decimal(1).scaleb(max(amount.adjusted() - 1, 0)), rounding=ROUND_CEILING) + ZERO


_PEAKS = """
    SELECT customer_id, max(running), min(effective_on)
    FROM (SELECT customer_id, effective_on,
                 SUM(SUM(amount)) OVER (PARTITION BY customer_id ORDER BY effective_on) AS running
          FROM exposure_entry e JOIN customers_customer c ON c.id = e.customer_id AND c.currency = e.currency
          WHERE customer_id = ANY (%s) AND bucket <> 'POSTED_UNPAID'
          GROUP BY customer_id, effective_on) AS days
    GROUP BY customer_id
"""


def limits_from_history(customers: Iterable[Customer], *, by: Actor, now: datetime) -> int:
    """This will grant each customer that has no limit its highest exposure so far and a tenth more, as a round figure.

    Returns how many were granted. The limit begins with the customer's history.
    """
    by_id = {customer.pk: customer for customer in customers}
    have = set(Limit.objects.filter(customer__in=by_id).values_list("customer_id", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(_PEAKS, [[pk for pk in by_id if pk not in have]])
        peaks = cursor.fetchall()
    granted = [
        Limit(
            customer=by_id[pk], state=LimitState.AMOUNT, amount=round_figure(peak * Decimal("1.1")),
            currency=by_id[pk].currency, valid_from=first, granted_by=by.user, granted_at=now,
            reason=f"From history: highest exposure {rounded(peak, by_id[pk].currency):,}, and a tenth more",
        )
        for pk, peak, first in peaks
    ]  # fmt: skip
    return len(Limit.objects.bulk_create(granted))
