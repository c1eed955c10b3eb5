"""The payment history of customers: by month or quarter what was invoiced and paid, how late, limit and peak use."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from approvals import context
from creditrisk.clock import months_after
from creditrisk.money import HUNDRED, ZERO, MissingRate, Rates
from creditrisk.reports.sheets import AMOUNT, DAY, DAYS, NUMBER, PERCENT, Column, Content, Table
from creditrisk.templatetags.charts import spark
from customers.models import Company, Customer, Limit, LimitKind, LimitState
from ledger import behaviour, rates

_ONE_DAY = timedelta(days=1)
MONTHS = {"MONTH": 1, "QUARTER": 3}

_INVOICED = """
    SELECT customer_id, currency, COALESCE(booked_on, item_date), SUM(amount) FROM ledger_openitem
    WHERE customer_id = ANY (%(customers)s) AND company_id = %(company)s AND kind IN ('INVOICE', 'CREDIT_NOTE') AND NOT provisional
      AND COALESCE(booked_on, item_date) BETWEEN %(since)s AND %(until)s GROUP BY 1, 2, 3
"""

_UNPAID = """
    SELECT customer_id, currency, unpaid_on, COUNT(*), SUM(amount) FROM ledger_effect
    WHERE customer_id = ANY (%(customers)s) AND company_id = %(company)s AND unpaid_on BETWEEN %(since)s AND %(until)s
    GROUP BY 1, 2, 3
"""

# What the exposure moved by day: entries of the buckets that can weigh, whatever the policy of the day counted.
_MOVED = """
    SELECT customer_id, currency, effective_on, SUM(amount) FROM exposure_entry
    WHERE customer_id = ANY (%(customers)s) AND company_id = %(company)s AND effective_on <= %(until)s AND bucket = ANY (%(buckets)s)
    GROUP BY 1, 2, 3 ORDER BY 1, 3
"""
_BUCKETS = (
    "ORDERS_CONFIRMED", "ORDERS_DRAFTED", "DELIVERED", "DELIVERED_DRAFTED", "INVOICES_ISSUED", "ITEMS", "ITEMS_DISPUTED", "CREDITS",
    "EFFECTS_ISSUED", "EFFECTS_SBF", "EFFECTS_DISCOUNT", "EFFECTS_COLLECTION", "EFFECTS_UNPAID",
)  # fmt: skip


@dataclass
class Period:
    """One customer in one period, in the currency of the company. `limit` is what was granted on its last day."""

    first: date
    last: date
    invoiced: Decimal = ZERO
    paid: Decimal = ZERO
    on_time: Decimal = ZERO
    weighted: Decimal = ZERO
    unpaid_count: int = 0
    unpaid: Decimal = ZERO
    limit: Decimal | None = None
    limit_words: str = ""
    peak: Decimal = ZERO
    peak_on: date | None = None

    @property
    def late(self) -> Decimal:
        return self.paid - self.on_time

    @property
    def on_time_percent(self) -> Decimal | None:
        return self.on_time / self.paid * HUNDRED if self.paid else None

    @property
    def days_late(self) -> Decimal | None:
        """Return the days beyond terms weighed by amount, below zero before the due day; None where nothing was paid."""
        return self.weighted / self.paid if self.paid else None

    @property
    def peak_percent(self) -> Decimal | None:
        return self.peak / self.limit * HUNDRED if self.limit else None


@dataclass(frozen=True)
class _Scope:
    company: Company
    rates: Rates
    starts: Sequence[date] = field(default=())

    def worth(self, amount: Decimal, currency: str) -> Decimal:
        return amount * self.rates.rate(currency, self.company.currency)

    def place(self, day: date) -> int:
        """Return in which period a day lies; -1 before the first."""
        return bisect_right(self.starts, day) - 1


def starts(day: date, *, grain: str, periods: int) -> list[date]:
    """Return the first days of the last `periods` months or quarters up to the one of `day`, the oldest first."""
    months = MONTHS[grain]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    return [months_after(first, -months * back) for back in reversed(range(periods))]


def largest(company: Company, *, day: date, most: int) -> list[Customer]:
    """Return the company's customers with the largest exposure today, the largest first; a fixed number of queries."""
    every = list(Customer.objects.filter(company=company, merged_into=None).order_by("code"))
    if not every:
        return []
    seen = context.look([c.pk for c in every], today=day)
    known = rates.on(day, {c.currency for c in every} | {company.currency})

    def exposure(customer: Customer) -> Decimal:
        try:
            found = seen.around(customer.pk).standing(customer.pk).exposure
            return found.total * known.rate(found.currency, company.currency)
        except MissingRate:
            return ZERO

    sized = [(exposure(c), c) for c in every if c.pk in seen.accounts]
    return [c for _size, c in sorted(sized, key=lambda one: (-one[0], one[1].code))[:most]]


def content(
    company: Company,
    customers: Sequence[Customer],
    *,
    day: date,
    grain: str,
    periods: int,
    grace: int = 0,
    so_far: bool = False,
) -> Content:
    """Return the report on these customers up to the end of `day`; on time is up to `grace` days after due. A fixed number of queries.

    Amounts at the rates of the day. Raises MissingRate.
    """
    found = histories(company, customers, day=day, grain=grain, periods=periods, grace=grace)
    columns = _columns()
    return Content(
        title=_("Payment history"), company=company.name, currency=company.currency, day=day, so_far=so_far,
        tables=[
            Table(
                f"{c.code} {c.name}", columns, [_row(p, grain) for p in found[c.pk]],
                note=_note(grace),
                picture=spark([p.peak for p in found[c.pk]], _("Peak exposure"), company.currency), total=_total(found[c.pk]),
            )
            for c in customers
        ],
        book=[
            Table(
                _("Payment history"), [Column(_("Customer")), Column(_("Name")), Column(_("From"), DAY), Column(_("To"), DAY), *columns[1:]],
                [[c.code, c.name, p.first, p.last, *_row(p, grain)[1:]] for c in customers for p in found[c.pk]],
            )
        ],
        warnings=() if customers else [_("There is no customer to tell of.")],
    )  # fmt: skip


def _note(grace: int) -> str:
    on_time = ngettext(
        "On time is up to %(n)d day after the due day.", "On time is up to %(n)d days after the due day.", grace
    )
    return _("%(on_time)s Days late are beyond terms, weighed by amount. The curve is the peak exposure.") % {
        "on_time": on_time % {"n": grace}
    }


def _columns() -> list[Column]:
    return [
        Column(_("Period")), Column(_("Invoiced"), AMOUNT), Column(_("Paid"), AMOUNT), Column(_("on time"), AMOUNT), Column(_("late"), AMOUNT),
        Column(_("On time %"), PERCENT), Column(_("Days late"), DAYS), Column(_("Unpaid effects"), NUMBER), Column(_("their amount"), AMOUNT),
        Column(_("Limit"), AMOUNT), Column(_("Peak exposure"), AMOUNT), Column(_("Peak of limit %"), PERCENT),
    ]  # fmt: skip


def _row(p: Period, grain: str) -> list[Any]:
    name = f"{p.first:%Y-%m}" if grain == "MONTH" else f"{p.first.year} Q{(p.first.month - 1) // 3 + 1}"
    return [
        name, p.invoiced, p.paid, p.on_time, p.late, p.on_time_percent, p.days_late, p.unpaid_count, p.unpaid,
        p.limit if p.limit is not None else p.limit_words, p.peak, p.peak_percent,
    ]  # fmt: skip


def _total(found: Sequence[Period]) -> list[Any]:
    whole = Period(found[0].first, found[-1].last)
    for p in found:
        whole.invoiced, whole.paid, whole.on_time = (
            whole.invoiced + p.invoiced,
            whole.paid + p.paid,
            whole.on_time + p.on_time,
        )
        whole.weighted, whole.unpaid = whole.weighted + p.weighted, whole.unpaid + p.unpaid
        whole.unpaid_count += p.unpaid_count
    peak = max((p.peak for p in found), default=ZERO)
    return [
        _("All"), whole.invoiced, whole.paid, whole.on_time, whole.late, whole.on_time_percent, whole.days_late, whole.unpaid_count,
        whole.unpaid, None, peak, max((p.peak_percent for p in found if p.peak_percent is not None), default=None),
    ]  # fmt: skip


def histories(
    company: Company, customers: Sequence[Customer], *, day: date, grain: str, periods: int, grace: int = 0
) -> dict[int, list[Period]]:
    """Return the periods of each customer by its id, the oldest first; the last is as far as `day`."""
    first_days = starts(day, grain=grain, periods=periods)
    ids = [c.pk for c in customers]
    values = {
        "customers": ids, "company": company.pk, "since": first_days[0], "until": day, "buckets": list(_BUCKETS),
    }  # fmt: skip
    invoiced, unpaid, moved = _read(_INVOICED, values), _read(_UNPAID, values), _read(_MOVED, values)
    paid = behaviour.by_day(ids, company_id=company.pk, since=first_days[0] - _ONE_DAY, day=day)
    limits = list(Limit.objects.filter(customer__in=ids, valid_from__lte=day).order_by("valid_from", "pk"))
    currencies = (
        {row[1] for row in (*invoiced, *unpaid, *moved)} | {p.currency for p in paid} | {g.currency for g in limits}
    )
    scope = _Scope(company, rates.on(day, currencies | {company.currency}), first_days)
    ends = [*(one - _ONE_DAY for one in first_days[1:]), day]
    found = {pk: [Period(a, z) for a, z in zip(first_days, ends, strict=True)] for pk in ids}
    for pk, currency, on, amount in invoiced:
        found[pk][scope.place(on)].invoiced += scope.worth(amount, currency)
    for part in paid:
        period, worth = found[part.customer][scope.place(part.day)], scope.worth(part.amount, part.currency)
        period.paid += worth
        period.on_time += worth if part.late <= grace else ZERO
        period.weighted += worth * part.late
    for pk, currency, on, many, amount in unpaid:
        found[pk][scope.place(on)].unpaid_count += many
        found[pk][scope.place(on)].unpaid += scope.worth(amount, currency)
    _limits(scope, found, limits)
    _peaks(scope, found, moved)
    return found


def _limits(scope: _Scope, found: Mapping[int, Sequence[Period]], grants: Iterable[Limit]) -> None:
    """Say what was granted on the last day of each period: a temporary limit that covers it, else the newest base one."""
    of: defaultdict[int, list[Limit]] = defaultdict(list)
    for grant in grants:
        if grant.customer_id is not None:
            of[grant.customer_id].append(grant)
    for pk, periods in found.items():
        for p in periods:
            begun = [g for g in of[pk] if g.valid_from <= p.last]
            covering = [
                g for g in begun if g.kind == LimitKind.TEMPORARY and g.valid_to is not None and g.valid_to >= p.last
            ]
            base = [g for g in begun if g.kind == LimitKind.BASE]
            newest = max(covering, key=lambda g: g.pk) if covering else base[-1] if base else None
            if newest is None or newest.state == LimitState.INHERIT:
                p.limit_words = _("none of its own")
            elif newest.state == LimitState.UNLIMITED or newest.amount is None:
                p.limit_words = _("unlimited")
            else:
                p.limit = scope.worth(newest.amount, newest.currency)


def _peaks(scope: _Scope, found: Mapping[int, Sequence[Period]], moved: Iterable[Sequence[Any]]) -> None:
    """Find the highest exposure of each period: as it began, and after each day on which something moved."""
    by_customer: defaultdict[int, dict[date, Decimal]] = defaultdict(dict)
    for pk, currency, on, amount in moved:
        by_customer[pk][on] = by_customer[pk].get(on, ZERO) + scope.worth(amount, currency)
    for pk, periods in found.items():
        level, days = ZERO, sorted(by_customer[pk].items())
        at = 0
        for p in periods:
            while at < len(days) and days[at][0] < p.first:
                level += days[at][1]
                at += 1
            p.peak, p.peak_on = max(level, ZERO), p.first
            while at < len(days) and days[at][0] <= p.last:
                level += days[at][1]
                if level > p.peak:
                    p.peak, p.peak_on = level, days[at][0]
                at += 1


def _read(sql: str, values: Mapping[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows: list[Any] = cursor.fetchall()
    return rows
