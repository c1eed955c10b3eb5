"""The debtors of a company added up by the database, whatever their number, and those of one customer by its own picture."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q

from creditrisk.figures.formulas.portfolio import TOP
from creditrisk.figures.inputs import Debtor, Debtors
from creditrisk.money import ZERO, MissingRate, Rates, percent_of
from creditrisk.monitoring import past, standings
from creditrisk.monitoring.asked import Asked
from customers.models import Company, Customer, Security, SecurityKind

# Those who owe the company something, and its own customers with a limit, in its currency at the rates of the day. Percents
# are multiplied by a hundredth: a quotient would be cut off after some digits, a product never is.
_PARTS = """
SELECT * FROM (WITH insurance AS (
    SELECT z.customer_id, z.currency, SUM(z.amount * z.percent * 0.01) AS amount FROM customers_security z
    WHERE z.kind = 'INSURANCE' AND (z.valid_from IS NULL OR z.valid_from <= %(day)s) AND (z.valid_to IS NULL OR z.valid_to >= %(day)s)
    GROUP BY z.customer_id, z.currency
), insured AS (
    SELECT i.customer_id, SUM(i.amount * u.rate) AS amount FROM insurance i JOIN unit u ON u.source = i.currency AND u.target = %(unit)s
    GROUP BY i.customer_id
), theirs AS MATERIALIZED (
    SELECT s.id, s.code, s.segment, s.currency, s.total, s."limit", u.rate
    FROM stood s LEFT JOIN unit u ON u.source = s.currency AND u.target = %(unit)s
    WHERE s.lacks IS NULL AND (s.total <> 0 OR s.company = %(own)s)
), lent AS MATERIALIZED (
    SELECT t.segment, t.total * t.rate AS owed, t."limit" * t.rate AS bound, COALESCE(i.amount, 0) AS insured
    FROM theirs t LEFT JOIN insured i ON i.customer_id = t.id WHERE t.rate IS NOT NULL
), ranked AS (
    SELECT segment, owed, row_number() OVER (PARTITION BY segment ORDER BY owed DESC) AS place FROM lent WHERE owed > 0
)
SELECT 'lent', to_jsonb(x)::text FROM (
    SELECT segment, COUNT(*) FILTER (WHERE owed > 0) AS owing, COALESCE(SUM(owed) FILTER (WHERE owed > 0), 0) AS lent,
           COALESCE(SUM(owed * owed) FILTER (WHERE owed > 0), 0) AS squares,
           COALESCE(SUM(LEAST(owed, insured)) FILTER (WHERE owed > 0), 0) AS insured,
           COALESCE(SUM(owed) FILTER (WHERE bound IS NOT NULL), 0) AS used, COALESCE(SUM(bound), 0) AS limits
    FROM lent GROUP BY segment
) x
UNION ALL SELECT 'largest', to_jsonb(x)::text FROM (SELECT segment, owed FROM ranked WHERE place <= %(top)s ORDER BY owed DESC) x
UNION ALL SELECT 'unrated', to_jsonb(x)::text FROM (
    SELECT currency FROM insurance i WHERE NOT EXISTS (SELECT FROM unit u WHERE u.source = i.currency AND u.target = %(unit)s) LIMIT 1) x
UNION ALL SELECT 'missing', to_jsonb(x)::text FROM (
    SELECT code, lacks, currency AS into FROM stood WHERE lacks IS NOT NULL
    UNION ALL SELECT code, currency, %(unit)s FROM theirs WHERE rate IS NULL ORDER BY code LIMIT %(most)s) x
) found
"""
# So many customers that cannot be converted are named; where a rate is missing, it may be missing for all.
_MOST_NAMED = 20


def of_company(company: Company, *, day: date) -> tuple[dict[str, Debtors], tuple[str, ...]]:
    """Return the debtors of a company by segment, each family once, by its head; and whom a missing rate leaves out.

    Raises MissingRate for an insurance that cannot be converted. As many statements as for one customer.
    """
    values = {"unit": company.currency, "own": company.code, "top": TOP, "most": _MOST_NAMED}
    found = standings.read_parts(None, Asked(day=day, company=company, heads=True), _PARTS, values)
    for row in found.get("unrated", ()):
        raise MissingRate(row["currency"], company.currency, day)
    largest: dict[str, list[Decimal]] = {}
    for row in found.get("largest", ()):
        largest.setdefault(row["segment"], []).append(Decimal(row["owed"]))
    summed = {row["segment"]: _summed(row, largest.get(row["segment"], ())) for row in found.get("lent", ())}
    missing = (f"{row['code']}: {MissingRate(row['lacks'], row['into'], day)}" for row in found.get("missing", ()))
    return summed, tuple(missing)


def _summed(row: Mapping[str, Any], largest: Iterable[Decimal]) -> Debtors:
    amounts = {name: Decimal(row[name]) for name in ("lent", "squares", "insured", "used", "limits")}
    return Debtors(owing=row["owing"], largest=tuple(sorted(largest, reverse=True)), **amounts)


def of_customer(company: Company, customer: Customer, *, day: date, rates: Rates) -> tuple[Debtors, tuple[str, ...]]:
    """Return the same of one customer with all below it."""
    rows, missing = past.stood([customer], Asked(day=day, company=company))
    found = []
    for row in rows:
        if not row.total and customer.company_id != company.pk:
            continue
        try:
            rate = rates.rate(row.currency, company.currency)
        except MissingRate as error:
            missing.append(f"{row.code}: {error}")
        else:
            limit = None if row.limit is None else row.limit * rate
            found.append(Debtor(row.total * rate, limit, _insured(customer, day, rates, company.currency)))
    return Debtors.of(found), tuple(missing)


def _insured(customer: Customer, day: date, rates: Rates, into: str) -> Decimal:
    """Return what of a customer is insured on the day."""
    valid = Security.objects.filter(
        Q(valid_from=None) | Q(valid_from__lte=day), Q(valid_to=None) | Q(valid_to__gte=day), customer=customer,
        kind=SecurityKind.INSURANCE,
    )  # fmt: skip
    rows = valid.values_list("amount", "percent", "currency")
    return sum((percent_of(amount, percent) * rates.rate(unit, into) for amount, percent, unit in rows), ZERO)
