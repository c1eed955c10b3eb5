"""What feeds the figures of a company, its segments or a customer at the end of a day: a fixed number of statements."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, fields
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import Count

from approvals.models import Alert
from creditrisk.clock import end_of
from creditrisk.figures import debtors
from creditrisk.figures.catalogue import twelve_months_before
from creditrisk.figures.formulas import collecting
from creditrisk.figures.formulas.days_sales import Month
from creditrisk.figures.inputs import MONTH_DAYS, QUARTER_DAYS, Ages, Debtors, Inputs, Orders, Sales
from creditrisk.money import ZERO, Rates
from customers import queries as customer_queries
from customers.models import Company, Customer, Segment
from documents import compliance
from ledger import behaviour, queries, rates
from ledger.behaviour import Settled

# How far counting back looks.
_HISTORY_MONTHS = 36

_SALES = """
    WITH sold AS (
        SELECT COALESCE(g.code, '') AS segment, i.currency, i.amount, i.kind, COALESCE(i.booked_on, i.item_date) AS day,
               i.due - i.item_date AS term
        FROM ledger_openitem i JOIN customers_customer c ON c.id = i.customer_id
        LEFT JOIN customers_segment g ON g.id = c.segment_id
        WHERE i.company_id = %(company)s AND (%(customers)s::bigint[] IS NULL OR i.customer_id = ANY (%(customers)s)) AND i.kind IN ('INVOICE', 'CREDIT_NOTE') AND NOT i.provisional
          AND COALESCE(i.booked_on, i.item_date) <= %(day)s
    )
    SELECT segment, currency, date_trunc('month', day)::date, MIN(day), SUM(amount),
           COALESCE(SUM(amount) FILTER (WHERE day > %(lately)s), 0),
           COALESCE(SUM(amount) FILTER (WHERE day > %(year)s), 0),
           COALESCE(SUM(amount) FILTER (WHERE kind = 'INVOICE' AND day > %(year)s), 0),
           COALESCE(SUM(amount * term) FILTER (WHERE kind = 'INVOICE' AND day > %(year)s), 0)
    FROM sold GROUP BY 1, 2, 3
"""

_EFFECTS = """
    SELECT COALESCE(g.code, ''), e.currency, SUM(e.amount), COALESCE(SUM(e.amount) FILTER (WHERE e.unpaid_on <= %(day)s), 0)
    FROM ledger_effect e JOIN customers_customer c ON c.id = e.customer_id LEFT JOIN customers_segment g ON g.id = c.segment_id
    WHERE e.company_id = %(company)s AND (%(customers)s::bigint[] IS NULL OR e.customer_id = ANY (%(customers)s))
      AND e.due > %(year)s AND e.due <= %(day)s AND e.issued_on <= %(day)s
    GROUP BY 1, 2
"""

# The last word on each order. It was turned away where that was a hold that somebody ended without letting it through.
_ORDERS = """
    WITH asked AS (
        SELECT DISTINCT ON (e.document_id) e.document_id, e.verdict, e.document_amount AS amount, e.document_currency AS currency,
               COALESCE(g.code, '') AS segment
        FROM decisions_decision e JOIN documents_document d ON d.id = e.document_id
        JOIN customers_customer c ON c.id = d.debtor_id LEFT JOIN customers_segment g ON g.id = c.segment_id
        WHERE d.kind = 'ORDER' AND d.company_id = %(company)s
          AND (%(customers)s::bigint[] IS NULL OR d.debtor_id = ANY (%(customers)s)) AND e.day > %(quarter)s AND e.day <= %(day)s
        ORDER BY e.document_id, e.id DESC
    ), judged AS (
        SELECT segment, currency, amount, verdict = 'held' AND EXISTS (
            SELECT FROM approvals_hold h JOIN approvals_holdclosing c ON c.hold_id = h.id
            WHERE h.document_id = asked.document_id AND c.how IN ('REJECTED', 'CANCELLED') AND c.closed_at <= %(until)s
        ) AS rejected FROM asked
    )
    SELECT segment, currency, COUNT(*), SUM(amount), COUNT(*) FILTER (WHERE rejected), COALESCE(SUM(amount) FILTER (WHERE rejected), 0)
    FROM judged GROUP BY 1, 2
"""

# Of each segment and of all together: how many, how many a person released, and the one or two in the middle of the waits.
_HOLDS = """
    WITH closed AS (
        SELECT COALESCE(g.code, '') AS segment, c.how = 'RELEASED' AS released, c.closed_at - h.opened_at AS wait
        FROM approvals_holdclosing c JOIN approvals_hold h ON h.id = c.hold_id
        JOIN documents_document d ON d.id = h.document_id JOIN customers_customer o ON o.id = h.customer_id
        LEFT JOIN customers_segment g ON g.id = o.segment_id
        WHERE d.company_id = %(company)s AND (%(customers)s::bigint[] IS NULL OR h.customer_id = ANY (%(customers)s))
          AND c.closed_at > %(quarter_end)s AND c.closed_at <= %(until)s
    ), of AS (
        SELECT segment, released, wait FROM closed UNION ALL SELECT NULL, released, wait FROM closed
    ), placed AS (
        SELECT segment, released, wait, row_number() OVER (PARTITION BY segment ORDER BY wait) AS place,
               COUNT(*) OVER (PARTITION BY segment) AS n FROM of
    )
    SELECT segment, MIN(n), COUNT(*) FILTER (WHERE released), array_agg(wait ORDER BY place) FILTER (WHERE place IN ((n + 1) / 2, n / 2 + 1))
    FROM placed GROUP BY segment
"""

# Everybody: the key of the figures of a whole company beside those of its segments ("": without one).
WHOLE = None


@dataclass(frozen=True)
class _Scope:
    """A company and a day, the rates of the day, and whose figures: `customers` (None: everybody's), a head and all below it."""

    company: Company
    day: date
    rates: Rates
    customers: tuple[int, ...] | None = None
    head: Customer | None = None

    def read(self, sql: str) -> list[Any]:
        """Return the rows of a statement about the company."""
        values: dict[str, Any] = {
            "company": self.company.pk, "day": self.day, "year": twelve_months_before(self.day),
            "lately": self.day - timedelta(days=MONTH_DAYS), "quarter": self.day - timedelta(days=QUARTER_DAYS),
            "until": end_of(self.day), "quarter_end": end_of(self.day - timedelta(days=QUARTER_DAYS)), "customers": None if self.customers is None else list(self.customers),
        }  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            rows: list[Any] = cursor.fetchall()
        return rows

    def worth(self, amount: Decimal, currency: str) -> Decimal:
        """Return an amount in the currency of the company at the rate of the day, not rounded. Raises MissingRate."""
        return amount * self.rates.rate(currency, self.company.currency)


class _Rows:
    """What was read of a scope, each row with the segment of its customer; each source once, when it is first asked for."""

    def __init__(self, scope: _Scope) -> None:
        self.scope = scope

    @cached_property
    def segments(self) -> dict[int, str]:
        return {0: "", **dict(Segment.objects.values_list("pk", "code"))}

    @cached_property
    def ages(self) -> list[tuple[str, Ages]]:
        return self._aged(self.scope.day)

    @cached_property
    def ages_before(self) -> list[tuple[str, Ages]]:
        return self._aged(self.scope.day - timedelta(days=MONTH_DAYS))

    def _aged(self, day: date) -> list[tuple[str, Ages]]:
        scope = self.scope
        rows = queries.ageing(
            day=day, company_ids=[scope.company.pk], customer_ids=scope.customers, by=("segment", "currency")
        )
        return [
            (
                self.segments[int(row.key[0])],
                Ages(*(scope.worth(row.buckets[name], str(row.key[1])) for name in queries.AGEING_BUCKETS)),
            )
            for row in rows
        ]

    @cached_property
    def sales(self) -> list[Any]:
        return self.scope.read(_SALES)

    @cached_property
    def paid(self) -> list[tuple[str, Decimal, Settled]]:
        """What was paid: the amount in the company's currency, and how late."""
        scope = self.scope
        found = behaviour.of_company(scope.company.pk, day=scope.day, customer_ids=scope.customers)
        return [(p.segment, scope.worth(p.amount, p.currency), p) for p in found]

    @cached_property
    def effects(self) -> list[tuple[str, Decimal, Decimal]]:
        """What fell due and what of it came back."""
        worth = self.scope.worth
        return [(s, worth(due, unit), worth(unpaid, unit)) for s, unit, due, unpaid in self.scope.read(_EFFECTS)]

    @cached_property
    def orders(self) -> list[tuple[str, Orders]]:
        worth = self.scope.worth
        return [
            (s, Orders(asked, worth(value, unit), rejected, worth(lost, unit)))
            for s, unit, asked, value, rejected, lost in self.scope.read(_ORDERS)
        ]

    @cached_property
    def holds(self) -> list[tuple[str | None, int, int, list[timedelta]]]:
        """How many holds were closed in the quarter and released by a person, and how long those in the middle were open.

        Of each segment, and of all (WHOLE): a middle is no sum.
        """
        return self.scope.read(_HOLDS)

    @cached_property
    def breaches(self) -> list[tuple[str, int]]:
        scope = self.scope
        found = Alert.objects.filter(
            customer__company=scope.company, code="over_limit", day__gt=scope.day - timedelta(days=MONTH_DAYS), day__lte=scope.day
        )  # fmt: skip
        return [(s or "", n) for s, n in found.values_list("customer__segment__code").annotate(n=Count("pk"))]

    @cached_property
    def debtors(self) -> tuple[list[tuple[str, Debtors]], tuple[str, ...]]:
        """Those who owe the company something, and its own customers with a limit; each family once, by its head."""
        scope, head = self.scope, self.scope.head
        if head is None:
            summed, missing = debtors.of_company(scope.company, day=scope.day)
            return list(summed.items()), missing
        found, missing = debtors.of_customer(scope.company, head, day=scope.day, rates=scope.rates)
        return [("", found)], missing

    @cached_property
    def terms(self) -> list[tuple[str, int, int]]:
        """How many invoices there were in twelve months, and how many of them kept the terms."""
        scope = self.scope
        since = twelve_months_before(scope.day) + timedelta(days=1)
        rows = compliance.kept([scope.company.pk], since=since, until=scope.day, customer_ids=scope.customers)
        return [(r.segment, r.invoices, r.as_agreed) for r in rows]


class Gathered:
    """What the figures of a company, of one of its segments, or of one customer rest on: as `Inputs`, each read when it is used."""

    def __init__(self, rows: _Rows, segment: str | None = WHOLE) -> None:
        self._rows, self._segment, self._scope = rows, segment, rows.scope
        self.day, self.currency = rows.scope.day, rows.scope.company.currency

    def _mine[Row: tuple[Any, ...]](self, rows: Iterable[Row]) -> list[Row]:
        return [row for row in rows if self._segment in (WHOLE, row[0])]

    @cached_property
    def ages(self) -> Ages:
        return _summed(ages for _s, ages in self._mine(self._rows.ages))

    @cached_property
    def ages_before(self) -> Ages:
        return _summed(ages for _s, ages in self._mine(self._rows.ages_before))

    @cached_property
    def sales(self) -> Sales:
        return _sales(self._scope, self._mine(self._rows.sales))

    @cached_property
    def days_to_pay(self) -> Decimal | None:
        paid = self._mine(self._rows.paid)
        return collecting.weighted_days((amount, p.taken) for _s, amount, p in paid if p.taken is not None)

    @cached_property
    def days_late(self) -> Decimal | None:
        paid = self._mine(self._rows.paid)
        return collecting.weighted_days((amount, p.late) for _s, amount, p in paid if p.late is not None)

    @property
    def effects_due(self) -> Decimal:
        return sum((due for _s, due, _unpaid in self._mine(self._rows.effects)), ZERO)

    @property
    def effects_unpaid(self) -> Decimal:
        return sum((unpaid for _s, _due, unpaid in self._mine(self._rows.effects)), ZERO)

    @cached_property
    def orders(self) -> Orders:
        found = [one for _s, one in self._mine(self._rows.orders)]
        return Orders(
            asked=sum(o.asked for o in found), asked_value=sum((o.asked_value for o in found), ZERO),
            rejected=sum(o.rejected for o in found), rejected_value=sum((o.rejected_value for o in found), ZERO),
        )  # fmt: skip

    @property
    def closed(self) -> int:
        return sum(closed for s, closed, _released, _middle in self._rows.holds if s == self._segment)

    @property
    def released(self) -> int:
        return sum(released for s, _closed, released, _middle in self._rows.holds if s == self._segment)

    @property
    def waits(self) -> tuple[timedelta, ...]:
        return tuple(w for s, _closed, _released, middle in self._rows.holds if s == self._segment for w in middle)

    @property
    def breaches(self) -> int:
        return sum(n for _s, n in self._mine(self._rows.breaches))

    @cached_property
    def debtors(self) -> Debtors:
        return sum((found for _s, found in self._mine(self._rows.debtors[0])), Debtors())

    @property
    def missing(self) -> tuple[str, ...]:
        return self._rows.debtors[1]

    @property
    def invoices(self) -> int:
        return sum(n for _s, n, _kept in self._mine(self._rows.terms))

    @property
    def invoices_kept(self) -> int:
        return sum(kept for _s, _n, kept in self._mine(self._rows.terms))

    def whole(self) -> Inputs:
        """Return all of it, read now. Raises MissingRate."""
        return Inputs(**{one.name: getattr(self, one.name) for one in fields(Inputs)})


def gather(company: Company, *, day: date) -> Inputs:
    """Return what the figures of the company rest on at the end of `day`, in its currency at the rates of that day.

    Raises MissingRate where what is owed or sold cannot be converted; customers whose own currency cannot are left out
    and named.
    """
    return by_segment(company, day=day)[WHOLE].whole()


def by_segment(company: Company, *, day: date) -> dict[str | None, Gathered]:
    """Return the same of the company (WHOLE) and of each of its segments: as many statements as for the company alone.

    A document counts in the segment of its customer, exposure and limits in that of the customer's head.
    """
    rows = _Rows(_Scope(company, day, rates.on(day, _currencies(company))))
    return {WHOLE: Gathered(rows), **{code: Gathered(rows, code) for code in rows.segments.values()}}


def of_customer(company: Company, customer: Customer, *, days: Iterable[date]) -> Iterator[Gathered]:
    """Return the same of one customer and all below it at the end of each of these days; what is not used is not read."""
    members, currencies = tuple(customer_queries.with_branches(customer.pk)), _currencies(company)
    for day in days:
        yield Gathered(_Rows(_Scope(company, day, rates.on(day, currencies), members, customer)))


def _currencies(company: Company) -> set[str]:
    """Return the currencies that anybody has to do with: of customers and of items."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT currency FROM customers_customer UNION SELECT source FROM ledger_exchangerate"
            " UNION SELECT target FROM ledger_exchangerate"
        )
        return {company.currency, *(row[0] for row in cursor.fetchall())}


def _summed(ages: Iterable[Ages]) -> Ages:
    cells = [ZERO] * len(queries.AGEING_BUCKETS)
    for one in ages:
        for index, amount in enumerate(astuple(one)):
            cells[index] += amount
    return Ages(*cells)


def _sales(scope: _Scope, rows: Iterable[Any]) -> Sales:
    by_month: defaultdict[date, Decimal] = defaultdict(lambda: ZERO)
    lately = year = this_year = invoiced = weighed = ZERO
    first = scope.day
    for _segment, currency, month, earliest, *amounts in rows:
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
