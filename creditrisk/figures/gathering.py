"""What feeds the figures of a company as of the end of a day: a fixed number of statements, whatever it holds."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Q

from approvals.models import Alert, HoldClosing, HowClosed
from creditrisk.clock import end_of
from creditrisk.figures.catalogue import twelve_months_before
from creditrisk.figures.formulas import collecting
from creditrisk.figures.formulas.days_sales import Month
from creditrisk.figures.inputs import MONTH_DAYS, QUARTER_DAYS, Ages, Debtor, Inputs, Orders, Sales
from creditrisk.money import ZERO, MissingRate, Rates, percent_of
from creditrisk.monitoring import past
from creditrisk.monitoring.asked import Asked
from customers.models import Company, Customer, Security, SecurityKind
from documents import compliance
from ledger import behaviour, queries, rates

# How far counting back looks.
_HISTORY_MONTHS = 36

_SALES = """
    WITH sold AS (
        SELECT i.currency, i.amount, i.kind, COALESCE(i.booked_on, i.item_date) AS day, i.due - i.item_date AS term
        FROM ledger_openitem i
        WHERE i.company_id = %(company)s AND i.kind IN ('INVOICE', 'CREDIT_NOTE') AND NOT i.provisional
          AND COALESCE(i.booked_on, i.item_date) <= %(day)s
    )
    SELECT currency, date_trunc('month', day)::date, MIN(day), SUM(amount),
           COALESCE(SUM(amount) FILTER (WHERE day > %(lately)s), 0),
           COALESCE(SUM(amount) FILTER (WHERE day > %(year)s), 0),
           COALESCE(SUM(amount) FILTER (WHERE kind = 'INVOICE' AND day > %(year)s), 0),
           COALESCE(SUM(amount * term) FILTER (WHERE kind = 'INVOICE' AND day > %(year)s), 0)
    FROM sold GROUP BY 1, 2 ORDER BY 2 DESC, 1
"""

_EFFECTS = """
    SELECT currency, SUM(amount), COALESCE(SUM(amount) FILTER (WHERE unpaid_on <= %(day)s), 0)
    FROM ledger_effect
    WHERE company_id = %(company)s AND due > %(year)s AND due <= %(day)s AND issued_on <= %(day)s GROUP BY currency
"""

# The last word on each order. It was turned away where that was a hold that somebody ended without letting it through.
_ORDERS = """
    WITH asked AS (
        SELECT DISTINCT ON (e.document_id) e.document_id, e.verdict, e.document_amount AS amount, e.document_currency AS currency
        FROM decisions_decision e JOIN documents_document d ON d.id = e.document_id
        WHERE d.kind = 'ORDER' AND d.company_id = %(company)s AND e.day > %(quarter)s AND e.day <= %(day)s
        ORDER BY e.document_id, e.id DESC
    ), judged AS (
        SELECT currency, amount, verdict = 'held' AND EXISTS (
            SELECT FROM approvals_hold h JOIN approvals_holdclosing c ON c.hold_id = h.id
            WHERE h.document_id = asked.document_id AND c.how IN ('REJECTED', 'CANCELLED') AND c.closed_at <= %(until)s
        ) AS rejected FROM asked
    )
    SELECT currency, COUNT(*), SUM(amount), COUNT(*) FILTER (WHERE rejected), COALESCE(SUM(amount) FILTER (WHERE rejected), 0)
    FROM judged GROUP BY currency
"""


@dataclass(frozen=True)
class _Scope:
    """A company and a day, with the days that periods begin after, and the rates of the day."""

    company: Company
    day: date
    rates: Rates

    def read(self, sql: str) -> list[Any]:
        """Return the rows of a statement about the company."""
        values: dict[str, Any] = {
            "company": self.company.pk, "day": self.day, "year": twelve_months_before(self.day),
            "lately": self.day - timedelta(days=MONTH_DAYS), "quarter": self.day - timedelta(days=QUARTER_DAYS),
            "until": end_of(self.day),
        }  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            rows: list[Any] = cursor.fetchall()
        return rows

    def worth(self, amount: Decimal, currency: str) -> Decimal:
        """Return an amount in the currency of the company at the rate of the day, not rounded. Raises MissingRate."""
        return amount * self.rates.rate(currency, self.company.currency)


def gather(company: Company, *, day: date) -> Inputs:
    """Return what the figures of the company rest on at the end of `day`, in its currency at the rates of that day.

    Raises MissingRate where what is owed or sold cannot be converted; customers whose own currency cannot are left out
    and named.
    """
    scope = _Scope(company, day, rates.on(day, _currencies(company)))
    due, unpaid = _effects(scope)
    taken, late = _paid(scope)
    waits, released = _holds(scope)
    debtors, missing = _debtors(scope)
    invoices, kept = _terms(scope)
    return Inputs(
        day=day, currency=company.currency, ages=_ages(scope, day), ages_before=_ages(scope, day - timedelta(days=MONTH_DAYS)),
        sales=_sales(scope), days_to_pay=taken, days_late=late, effects_due=due, effects_unpaid=unpaid, orders=_orders(scope),
        waits=waits, released=released, breaches=_breaches(scope), debtors=debtors, invoices=invoices, invoices_kept=kept,
        missing=tuple(missing),
    )  # fmt: skip


def _currencies(company: Company) -> set[str]:
    """Return the currencies that anybody has to do with: of customers and of items."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT currency FROM customers_customer UNION SELECT source FROM ledger_exchangerate"
            " UNION SELECT target FROM ledger_exchangerate"
        )
        return {company.currency, *(row[0] for row in cursor.fetchall())}


def _ages(scope: _Scope, day: date) -> Ages:
    cells = [ZERO] * len(queries.AGEING_BUCKETS)
    for row in queries.ageing(day=day, company_ids=[scope.company.pk], by=("currency",)):
        for index, name in enumerate(queries.AGEING_BUCKETS):
            cells[index] += scope.worth(row.buckets[name], str(row.key[0]))
    return Ages(*cells)


def _sales(scope: _Scope) -> Sales:
    by_month: defaultdict[date, Decimal] = defaultdict(lambda: ZERO)
    lately = year = this_year = invoiced = weighed = ZERO
    first = scope.day
    for currency, month, earliest, *amounts in scope.read(_SALES):
        sold, near, in_year, terms_of, terms_weight = (scope.worth(a, currency) for a in amounts)
        by_month[month] += sold
        lately, year, first = lately + near, year + in_year, min(first, earliest)
        invoiced, weighed = invoiced + terms_of, weighed + terms_weight
        this_year += sold if month.year == scope.day.year else ZERO
    return Sales(
        months=tuple(_months(by_month, scope.day)), lately=lately, twelve_months=year,
        days=(scope.day - max(twelve_months_before(scope.day), first - timedelta(days=1))).days, year=this_year,
        term_days=collecting.ratio(weighed, invoiced),
    )  # fmt: skip


def _months(by_month: dict[date, Decimal], day: date) -> Iterable[Month]:
    """Return the months from the one of `day`, so far as it is over, back to the first with sales."""
    if not by_month:
        return
    at, days = day.replace(day=1), day.day
    for _count in range(_HISTORY_MONTHS):
        yield Month(days, by_month.get(at, ZERO))
        if at <= min(by_month):
            return
        last = at - timedelta(days=1)
        at, days = last.replace(day=1), last.day


def _paid(scope: _Scope) -> tuple[Decimal | None, Decimal | None]:
    """Return the days to pay and the days late."""
    paid = [(scope.worth(p.amount, p.currency), p) for p in behaviour.of_company(scope.company.pk, day=scope.day)]
    return (
        collecting.weighted_days((amount, p.taken) for amount, p in paid),
        collecting.weighted_days((amount, p.late) for amount, p in paid),
    )


def _effects(scope: _Scope) -> tuple[Decimal, Decimal]:
    """Return what fell due and what of it came back."""
    rows = scope.read(_EFFECTS)
    return (
        sum((scope.worth(due, currency) for currency, due, _unpaid in rows), ZERO),
        sum((scope.worth(unpaid, currency) for currency, _due, unpaid in rows), ZERO),
    )


def _orders(scope: _Scope) -> Orders:
    rows = scope.read(_ORDERS)
    return Orders(
        asked=sum(r[1] for r in rows), asked_value=sum((scope.worth(r[2], r[0]) for r in rows), ZERO),
        rejected=sum(r[3] for r in rows), rejected_value=sum((scope.worth(r[4], r[0]) for r in rows), ZERO),
    )  # fmt: skip


def _holds(scope: _Scope) -> tuple[tuple[timedelta, ...], int]:
    """Return how long the holds closed in the quarter were open, and how many of them a person released."""
    closed = HoldClosing.objects.filter(
        hold__document__company=scope.company,
        closed_at__gt=end_of(scope.day - timedelta(days=QUARTER_DAYS)), closed_at__lte=end_of(scope.day),
    ).values_list("how", "hold__opened_at", "closed_at")  # fmt: skip
    rows = list(closed)
    waits = tuple(until - since for _how, since, until in rows)
    return waits, sum(1 for how, _since, _until in rows if how == HowClosed.RELEASED)


def _breaches(scope: _Scope) -> int:
    return Alert.objects.filter(
        customer__company=scope.company, code="over_limit", day__gt=scope.day - timedelta(days=MONTH_DAYS), day__lte=scope.day
    ).count()  # fmt: skip


def _debtors(scope: _Scope) -> tuple[tuple[Debtor, ...], list[str]]:
    """Return those who owe the company something, and its own customers with a limit; each family once, by its head."""
    heads = list(Customer.objects.filter(parent=None, merged_into=None).order_by("code"))
    rows, missing = past.stood(heads, Asked(day=scope.day, company=scope.company))
    own = {c.code for c in heads if c.company_id == scope.company.pk}
    insured = _insured(scope)
    found = []
    for row in rows:
        if not row.total and row.code not in own:
            continue
        try:
            found.append(Debtor(
                exposure=scope.worth(row.total, row.currency),
                limit=None if row.limit is None else scope.worth(row.limit, row.currency),
                insured=insured.get(row.code, ZERO),
            ))  # fmt: skip
        except MissingRate as error:
            missing.append(f"{row.code}: {error}")
    return tuple(found), missing


def _insured(scope: _Scope) -> dict[str, Decimal]:
    """Return what is insured on the day, by the code of the customer."""
    valid = Security.objects.filter(
        Q(valid_from=None) | Q(valid_from__lte=scope.day), Q(valid_to=None) | Q(valid_to__gte=scope.day), kind=SecurityKind.INSURANCE
    ).values_list("customer__code", "amount", "percent", "currency")  # fmt: skip
    found: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    for code, amount, percent, currency in valid:
        found[code] += scope.worth(percent_of(amount, percent), currency)
    return found


def _terms(scope: _Scope) -> tuple[int, int]:
    """Return how many invoices there were in twelve months, and how many of them kept the terms."""
    since = twelve_months_before(scope.day) + timedelta(days=1)
    rows = compliance.of_companies([scope.company.pk], since=since, until=scope.day)
    return sum(r.invoices for r in rows), sum(r.as_agreed for r in rows)
