"""What longer terms did: days of sales owed and sales, before and after, beside customers whose terms stayed.

A change of terms is read from the invoices: the first one from which on a customer's invoices bear other terms. One
invoice on other terms between two alike is an exception, not a change. Where the audit trail tells that the agreed terms
changed up to ninety days earlier, the change counts from that day.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from statistics import median_low
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from creditrisk.export import plain
from creditrisk.figures.formulas import days_sales
from creditrisk.insight import intervals
from creditrisk.insight.intervals import Estimate
from creditrisk.money import HUNDRED, ZERO
from customers import terms
from customers.models import Company, Customer, PaymentTerms
from ledger import rates

WINDOWS = (90, 180, 365)
LONGER, SAME = "longer", "same"
_AGREED_BEFORE = timedelta(days=90)
_ONE_DAY = timedelta(days=1)

# Invoices one after the other under the same terms, with the first day of each such run and how many they are.
_RUNS = """
    WITH issued AS (
        SELECT debtor_id, terms_id, issued_on, id,
               row_number() OVER (PARTITION BY debtor_id ORDER BY issued_on, id)
               - row_number() OVER (PARTITION BY debtor_id, terms_id ORDER BY issued_on, id) AS run
        FROM documents_document
        WHERE company_id = %(company)s AND kind = 'INVOICE' AND state IN ('ISSUED', 'POSTED') AND terms_id IS NOT NULL
          AND issued_on <= %(day)s
    )
    SELECT debtor_id, terms_id, MIN(issued_on), COUNT(*) FROM issued
    GROUP BY debtor_id, terms_id, run ORDER BY debtor_id, MIN(issued_on), MIN(id)
"""

_AGREED = """
    SELECT c.customer_id, (c.becomes->>'terms_id')::bigint, (c.at AT TIME ZONE %(zone)s)::date
    FROM audit_change c JOIN customers_customer k ON k.id = c.customer_id AND k.company_id = %(company)s
    WHERE c.table_name = 'customers_customer' AND c.action = 'UPDATE' AND c.becomes ? 'terms_id'
    ORDER BY c.id
"""

# By customer and currency: what was owed at the end of the days before and after, and what was sold in them. An effect in
# place of a debt is owed until it is collected; what came back of it is an item of its own.
_MEASURED = """
    WITH asked AS (
        SELECT * FROM unnest(%(customers)s::bigint[], %(days)s::date[]) AS a(customer, day)
    ), item AS MATERIALIZED (
        SELECT i.id, i.customer_id, a.day, i.currency, i.amount, i.kind, COALESCE(i.booked_on, i.item_date) AS at, i.provisional
        FROM asked a JOIN ledger_openitem i ON i.customer_id = a.customer
        WHERE i.company_id = %(company)s AND COALESCE(i.booked_on, i.item_date) < a.day + %(window)s
    ), movement AS (
        SELECT id, at, amount FROM item
        UNION ALL SELECT i.id, l.day, -l.amount FROM item i JOIN ledger_allocation l ON l.debit_id = i.id
        UNION ALL SELECT i.id, l.day, l.amount FROM item i JOIN ledger_allocation l ON l.credit_id = i.id
        UNION ALL
        SELECT i.id, CASE e.state WHEN 'COLLECTED' THEN e.collected_on WHEN 'REPLACED' THEN n.collected_on
                                  WHEN 'UNPAID_POSTED' THEN COALESCE(r.booked_on, r.item_date) END, -c.amount
        FROM item i JOIN ledger_effectitem c ON c.item_id = i.id JOIN ledger_effect e ON e.id = c.effect_id
        LEFT JOIN ledger_effect n ON n.replaces_id = e.id AND n.state = 'COLLECTED'
        LEFT JOIN LATERAL (SELECT o.booked_on, o.item_date FROM ledger_openitem o
                           WHERE o.effect_id = e.id AND o.kind = 'RETURNED' ORDER BY o.id LIMIT 1) r ON true
    ), owed AS (
        SELECT i.customer_id, i.currency, SUM(m.amount) FILTER (WHERE m.at < i.day) AS was,
               SUM(m.amount) FILTER (WHERE m.at < i.day + %(window)s) AS becomes
        FROM movement m JOIN item i USING (id) GROUP BY 1, 2
    ), sold AS (
        SELECT customer_id, currency, SUM(amount) FILTER (WHERE at < day AND at >= day - %(window)s) AS was,
               SUM(amount) FILTER (WHERE at >= day) AS becomes
        FROM item WHERE kind IN ('INVOICE', 'CREDIT_NOTE') AND NOT provisional GROUP BY 1, 2
    )
    SELECT o.customer_id, o.currency, COALESCE(o.was, 0), COALESCE(s.was, 0), COALESCE(o.becomes, 0), COALESCE(s.becomes, 0)
    FROM owed o LEFT JOIN sold s USING (customer_id, currency) ORDER BY 1, 2
"""


@dataclass(frozen=True)
class Asked:
    """Of which company, changes of terms in which days, compared over how many days before and after, known on `day`."""

    company: Company
    since: date
    until: date
    day: date
    window: int = WINDOWS[1]


@dataclass(frozen=True)
class Change:
    """The one change of a customer's terms in the period."""

    was: int
    becomes: int
    day: date


@dataclass(frozen=True)
class Measured:
    """A customer before and after: receivables and sales, in the currency of the company; terms in days."""

    code: str
    name: str
    segment: str
    day: date
    term_before: int
    term_after: int
    owed_before: Decimal = ZERO
    sold_before: Decimal = ZERO
    owed_after: Decimal = ZERO
    sold_after: Decimal = ZERO
    window: int = WINDOWS[1]

    @property
    def dso_before(self) -> Decimal | None:
        return days_sales.outstanding(self.owed_before, self.sold_before, self.window)

    @property
    def dso_after(self) -> Decimal | None:
        return days_sales.outstanding(self.owed_after, self.sold_after, self.window)

    @property
    def growth(self) -> Decimal | None:
        """Return by how many per cent sales grew; None where nothing was sold before."""
        return (self.sold_after / self.sold_before - 1) * HUNDRED if self.sold_before > 0 else None


@dataclass(frozen=True)
class Group:
    """Customers of one segment, whose terms became longer or stayed."""

    segment: str
    key: str
    customers: tuple[Measured, ...]
    window: int

    @property
    def dso_before(self) -> Decimal | None:
        return self._dso("owed_before", "sold_before")

    @property
    def dso_after(self) -> Decimal | None:
        return self._dso("owed_after", "sold_after")

    def _dso(self, owed: str, sold: str) -> Decimal | None:
        return days_sales.outstanding(self._sum(owed), self._sum(sold), self.window)

    def _sum(self, name: str) -> Decimal:
        return sum((getattr(c, name) for c in self.customers), ZERO)

    @property
    def sold_before(self) -> Decimal:
        return self._sum("sold_before")

    @property
    def sold_after(self) -> Decimal:
        return self._sum("sold_after")

    @property
    def days(self) -> Estimate | None:
        """Return by how many days the DSO grew."""
        return intervals.change_of_ratio(
            ((c.owed_before, c.sold_before, c.owed_after, c.sold_after) for c in self.customers),
            times=Decimal(self.window),
        )

    @property
    def growth(self) -> Estimate | None:
        """Return by how many per cent sales grew."""
        return intervals.ratio(((c.sold_after, c.sold_before) for c in self.customers), less=Decimal(1), times=HUNDRED)

    @property
    def term_before(self) -> Decimal | None:
        return self._term("term_before")

    @property
    def term_after(self) -> Decimal | None:
        return self._term("term_after")

    def _term(self, name: str) -> Decimal | None:
        """Return the mean of the customers' terms in days."""
        return Decimal(sum(getattr(c, name) for c in self.customers)) / len(self.customers) if self.customers else None


@dataclass(frozen=True)
class Pair:
    """A segment (empty: all of them): those with longer terms, those without a change, and the difference of the two."""

    segment: str
    name: str
    longer: Group
    same: Group

    @property
    def days(self) -> Estimate | None:
        """Return how many days more the DSO grew with longer terms than without."""
        return _less(self.longer.days, self.same.days)

    @property
    def growth(self) -> Estimate | None:
        """Return how many points more sales grew with longer terms than without."""
        return _less(self.longer.growth, self.same.growth)

    @property
    def groups(self) -> tuple[Group, Group]:
        return self.longer, self.same


@dataclass(frozen=True)
class Lengthening:
    """What is asked for: all segments together first, then each with a change. `middle`: the day the others turn on."""

    pairs: tuple[Pair, ...]
    middle: date | None
    left_out: Mapping[str, int] = field(default_factory=dict)


def _less(one: Estimate | None, other: Estimate | None) -> Estimate | None:
    return None if one is None or other is None else intervals.difference(one, other)


def look(asked: Asked, *, zone: str) -> Lengthening:
    """Return the effect of longer terms: a fixed number of queries. `zone` is the time zone of business days.

    Customers whose terms changed twice, or became shorter, those who are newer than the days before, and those whose days
    after are not over are left out and counted. Amounts at the rates of the last day known. Raises MissingRate.
    """
    known = PaymentTerms.objects.prefetch_related("instalments").in_bulk()
    lengths = {pk: terms.longest_days(one) for pk, one in known.items()}
    histories = _histories(asked, zone=zone)
    left_out: defaultdict[str, int] = defaultdict(int)
    longer: dict[int, Change] = {}
    stayed: dict[int, int] = {}
    began = {customer: day for customer, (_first, day, _changes) in histories.items()}
    for customer, (first, _day, changes) in histories.items():
        near = [c for c in changes if asked.since <= c.day <= asked.until]
        if not changes:
            stayed[customer] = first
        elif len(near) > 1 or (near and len(_around(near[0].day, changes, asked.window)) > 1):
            left_out["several"] += 1
        elif near and lengths[near[0].becomes] <= lengths[near[0].was]:
            left_out["shorter"] += 1
        elif near and near[0].day + timedelta(days=asked.window) > asked.day + _ONE_DAY:
            left_out["running"] += 1
        elif near and _is_new(began[customer], near[0].day, asked):
            left_out["new"] += 1
        elif near:
            longer[customer] = near[0]
    if not longer:
        return Lengthening((), None, left_out)
    middle = median_low(c.day for c in longer.values())
    fresh = [pk for pk in stayed if _is_new(began[pk], middle, asked)]
    if fresh:
        left_out["new"] += len(fresh)
        stayed = {pk: one for pk, one in stayed.items() if pk not in fresh}
    turns = {pk: c.day for pk, c in longer.items()} | dict.fromkeys(stayed, middle)
    spans = {pk: (lengths[c.was], lengths[c.becomes]) for pk, c in longer.items()}
    spans |= {pk: (lengths[one], lengths[one]) for pk, one in stayed.items()}
    measured = _measured(asked, turns, spans)
    return Lengthening(tuple(_pairs(measured, longer, asked.window)), middle, left_out)


def _is_new(began: date, day: date, asked: Asked) -> bool:
    """Return whether somebody bought for the first time within the days before, which then tell only a part."""
    return began > day - timedelta(days=asked.window)


def _around(day: date, changes: Iterable[Change], window: int) -> list[Change]:
    return [c for c in changes if abs((c.day - day).days) < window]


def _histories(asked: Asked, *, zone: str) -> dict[int, tuple[int, date, list[Change]]]:
    """Return by customer the first terms, their first day, and every change, as invoices and the trail tell it."""
    values: dict[str, Any] = {"company": asked.company.pk, "day": asked.day, "zone": zone}
    runs: defaultdict[int, list[tuple[int, date, int]]] = defaultdict(list)
    agreed: defaultdict[tuple[int, int], list[date]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_RUNS, values)
        for customer, terms_id, first, many in cursor.fetchall():
            runs[customer].append((terms_id, first, many))
        cursor.execute(_AGREED, values)
        for customer, terms_id, day in cursor.fetchall():
            agreed[customer, terms_id].append(day)
    return {customer: _history(found, customer, agreed) for customer, found in runs.items()}


def _history(
    runs: Sequence[tuple[int, date, int]], customer: int, agreed: Mapping[tuple[int, int], Sequence[date]]
) -> tuple[int, date, list[Change]]:
    """Return the first terms, their first day, and the changes; a single invoice between two runs of the same terms is none."""
    usual: list[tuple[int, date]] = []
    for n, (terms_id, first, many) in enumerate(runs):
        exception = many == 1 and 0 < n < len(runs) - 1 and runs[n - 1][0] == runs[n + 1][0]
        if not exception and (not usual or usual[-1][0] != terms_id):
            usual.append((terms_id, first))
    changes = []
    for (was, _first), (becomes, first) in itertools.pairwise(usual):
        told = [day for day in agreed.get((customer, becomes), ()) if first - _AGREED_BEFORE <= day <= first]
        changes.append(Change(was, becomes, max(told, default=first)))
    return (*usual[0], changes)


def _measured(asked: Asked, turns: Mapping[int, date], spans: Mapping[int, tuple[int, int]]) -> dict[int, Measured]:
    company = asked.company
    with connection.cursor() as cursor:
        cursor.execute(_MEASURED, {
            "customers": list(turns), "days": list(turns.values()), "company": company.pk, "window": asked.window,
        })  # fmt: skip
        rows = cursor.fetchall()
    known = rates.on(asked.day, {row[1] for row in rows} | {company.currency})
    sums: defaultdict[int, list[Decimal]] = defaultdict(lambda: [ZERO] * 4)
    for pk, currency, *amounts in rows:
        rate = known.rate(currency, company.currency)
        sums[pk] = [a + b * rate for a, b in zip(sums[pk], amounts, strict=True)]
    people = Customer.objects.filter(pk__in=turns).order_by("code").values_list("pk", "code", "name", "segment__code")
    found = {}
    for pk, code, name, segment in people:
        (term_before, term_after), (owed, sold, owed_after, sold_after) = spans[pk], sums[pk]
        if sold > 0 or sold_after > 0:  # who bought nothing before and after tells nothing of either
            found[pk] = Measured(
                code,
                name,
                segment or "",
                turns[pk],
                term_before,
                term_after,
                owed,
                sold,
                owed_after,
                sold_after,
                asked.window,
            )
    return found


def _pairs(measured: Mapping[int, Measured], longer: Mapping[int, Change], window: int) -> Iterator[Pair]:
    every = [*measured.items()]
    segments = sorted({m.segment for pk, m in every if pk in longer})
    for segment in ("*", *segments) if len(segments) > 1 else segments:
        of = [(pk, m) for pk, m in every if segment in ("*", m.segment)]
        name = _("All segments") if segment == "*" else segment or _("no segment")
        yield Pair(
            segment, name, Group(segment, LONGER, tuple(m for pk, m in of if pk in longer), window),
            Group(segment, SAME, tuple(m for pk, m in of if pk not in longer), window),
        )  # fmt: skip


def header() -> list[str]:
    """Return the titles of the file: a row a customer."""
    return [
        _("customer"), _("name"), _("segment"), _("terms"), _("turns on"), _("days of terms before"), _("days of terms after"),
        _("currency"), _("owed before"), _("sold before"), _("DSO before"), _("owed after"), _("sold after"), _("DSO after"),
        _("growth of sales in %"),
    ]  # fmt: skip


def cells(groups: Iterable[Group], currency: str) -> Iterator[list[Any]]:
    """Return the customers of these groups as rows of a file."""
    words = {LONGER: _("longer"), SAME: _("unchanged")}
    for group in groups:
        for c in group.customers:
            yield [
                c.code, c.name, c.segment, words[group.key], c.day, c.term_before, c.term_after, currency,
                plain(c.owed_before, currency), plain(c.sold_before, currency), _short(c.dso_before),
                plain(c.owed_after, currency), plain(c.sold_after, currency), _short(c.dso_after), _short(c.growth),
            ]  # fmt: skip


def _short(value: Decimal | None) -> Decimal | None:
    return None if value is None else round(value, 2)
