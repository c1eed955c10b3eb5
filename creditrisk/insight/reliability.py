"""Do customers with lower limits pay more reliably? What fell due in a period, by the limit that stood on its first day."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from creditrisk.audit import endings
from creditrisk.clock import months_after
from creditrisk.export import plain
from creditrisk.insight import intervals
from creditrisk.insight.intervals import Estimate
from creditrisk.money import HUNDRED, ZERO
from creditrisk.templatetags.credit import NBSP, percent, written
from customers.models import Company, Customer, LimitState
from ledger import rates

BANDS = {"relative": 3, "amount": 4}
NONE, UNLIMITED, UNKNOWN = "none", "unlimited", "unknown"

# By customer and currency: instalments, those paid in time, what was to be paid, in time, late, not; amount times days.
# A part counts as `outcomes.outcome` says; days within the grace count as in time, and what is not due yet is left out.
_PAID = f"""
    WITH part AS ({endings.OF_INSTALMENTS}),
    judged AS (
        SELECT invoice AS item, amount, CASE
            WHEN how = 'OPEN' AND %(day)s::date - due > %(grace)s THEN 'UNPAID'
            WHEN how = 'OPEN' THEN 'NOT_DUE'
            WHEN how = 'EFFECT' AND by = 'UNPAID' THEN 'UNPAID'
            WHEN how = 'EFFECT' AND by IN ('ISSUED', 'PRESENTED') AND day >= %(day)s THEN 'NOT_DUE'
            WHEN how = 'EFFECT' AND by = 'ISSUED' THEN 'UNPAID'
            WHEN how = 'SETTLED' AND by = 'WRITE_OFF' THEN 'UNPAID'
            WHEN how = 'SETTLED' AND by IN ('CREDIT_NOTE', 'REVERSAL') THEN 'CANCELLED'
            WHEN day - due > %(grace)s THEN 'LATE'
            ELSE 'ON_TIME' END AS way, CASE
            WHEN how = 'OPEN' OR by IN ('UNPAID', 'WRITE_OFF') OR (how = 'EFFECT' AND by = 'ISSUED') THEN %(day)s::date - due
            ELSE day - due END AS days
        FROM part
    ), item AS (
        SELECT item, SUM(amount) AS due,
               COALESCE(SUM(amount) FILTER (WHERE way = 'ON_TIME'), 0) AS on_time,
               COALESCE(SUM(amount) FILTER (WHERE way = 'LATE'), 0) AS late,
               COALESCE(SUM(amount) FILTER (WHERE way = 'UNPAID'), 0) AS unpaid,
               COALESCE(SUM(amount * GREATEST(days, 0)) FILTER (WHERE way IN ('LATE', 'UNPAID')), 0) AS weighted
        FROM judged WHERE way IN ('ON_TIME', 'LATE', 'UNPAID') GROUP BY item
    )
    SELECT i.customer_id, i.currency, COUNT(*), COUNT(*) FILTER (WHERE p.late = 0 AND p.unpaid = 0),
           SUM(p.due), SUM(p.on_time), SUM(p.late), SUM(p.unpaid), SUM(p.weighted)
    FROM item p JOIN ledger_openitem i ON i.id = p.item WHERE p.due > 0 GROUP BY 1, 2 ORDER BY 1, 2
"""

_SOLD = """
    SELECT customer_id, currency, SUM(amount) FROM ledger_openitem
    WHERE company_id = %(company)s AND kind IN ('INVOICE', 'CREDIT_NOTE') AND NOT provisional
      AND COALESCE(booked_on, item_date) > %(before)s AND COALESCE(booked_on, item_date) < %(since)s
    GROUP BY 1, 2
"""

_LIMITS = """
    SELECT DISTINCT ON (l.customer_id) l.customer_id, l.state, l.amount, l.currency
    FROM customers_limit l
    WHERE l.customer_id = ANY (%(customers)s) AND l.kind = 'BASE' AND l.valid_from <= %(since)s
    ORDER BY l.customer_id, l.valid_from DESC, l.id DESC
"""


@dataclass(frozen=True)
class Asked:
    """Of which company, what fell due in which days, judged how: banded by `relative` or `amount`, with days of grace."""

    company: Company
    since: date
    until: date
    day: date  # what was paid until then is known
    by: str = "relative"
    grace: int = 0


@dataclass(frozen=True)
class Payer:
    """How one customer paid what fell due, in the currency of the company."""

    code: str
    name: str
    limit: Decimal | None
    limit_words: str
    turnover: Decimal
    debts: int = 0
    debts_on_time: int = 0
    due: Decimal = ZERO
    on_time: Decimal = ZERO
    late: Decimal = ZERO
    unpaid: Decimal = ZERO
    weighted: Decimal = ZERO

    @property
    def relative(self) -> Decimal | None:
        """Return the limit in per cent of a year's turnover; None where either is missing."""
        return None if self.limit is None or self.turnover <= 0 else self.limit / self.turnover * HUNDRED

    @property
    def on_time_percent(self) -> Decimal | None:
        return self.on_time / self.due * HUNDRED if self.due else None

    @property
    def days_late(self) -> Decimal | None:
        return self.weighted / self.due if self.due else None


@dataclass(frozen=True)
class Band:
    """Customers with limits from here to there, and how they paid. `key` names it in an address."""

    key: str
    name: str
    payers: tuple[Payer, ...]

    @property
    def debts(self) -> int:
        return sum(p.debts for p in self.payers)

    @property
    def due(self) -> Decimal:
        return sum((p.due for p in self.payers), ZERO)

    @property
    def unpaid(self) -> Decimal:
        return sum((p.unpaid for p in self.payers), ZERO)

    @property
    def by_count(self) -> Estimate | None:
        return intervals.share(((Decimal(p.debts_on_time), Decimal(p.debts)) for p in self.payers), most=self.debts)

    @property
    def by_amount(self) -> Estimate | None:
        return intervals.share((p.on_time, p.due) for p in self.payers)

    @property
    def days_late(self) -> Estimate | None:
        return intervals.ratio((p.weighted, p.due) for p in self.payers)


@dataclass(frozen=True)
class Reliability:
    """The bands from the lowest limits to the highest, then those without; and the answer to the question."""

    bands: tuple[Band, ...]
    others: tuple[Band, ...]
    difference: Estimate | None  # lowest less highest, in points of the share by count

    @property
    def every(self) -> tuple[Band, ...]:
        return (*self.bands, *self.others)


def look(asked: Asked) -> Reliability:
    """Return how what fell due in the period was paid, by the limit on its first day: six queries.

    Amounts in the currency of the company at the rates of the last day. Raises MissingRate.
    """
    payers = _payers(asked)
    measured = [(value, p) for p in payers if (value := _measure(p, asked.by)) is not None]
    cuts = bands([value for value, _p in measured], BANDS[asked.by])
    found = tuple(
        Band(str(n), _named(low, high, n, len(cuts), asked), tuple(p for v, p in measured if low <= v <= high))
        for n, (low, high) in enumerate(cuts, 1)
    )
    rest = [p for p in payers if _measure(p, asked.by) is None]
    others = [Band(key, name, tuple(p for p in rest if _why(p) == key)) for key, name in _rests()]
    return Reliability(found, tuple(b for b in others if b.payers), _difference(found))


def _rests() -> list[tuple[str, str]]:
    return [
        (UNKNOWN, _("a limit, but no turnover in the year before")), (UNLIMITED, _("unlimited")),
        (NONE, _("no limit of their own")),
    ]  # fmt: skip


def _why(payer: Payer) -> str:
    """Return why a customer is in no band."""
    if payer.limit is not None:
        return UNKNOWN
    return UNLIMITED if payer.limit_words == UNLIMITED else NONE


def _measure(payer: Payer, by: str) -> Decimal | None:
    return payer.relative if by == "relative" else payer.limit


def bands(values: Sequence[Decimal], count: int) -> list[tuple[Decimal, Decimal]]:
    """Return `count` ranges with about as many values each, the lowest first; what is equal stays together.

    Fewer ranges where there are fewer different values.
    """
    ordered = sorted(values)
    found: list[tuple[Decimal, Decimal]] = []
    at = 0
    for n in range(1, count + 1):
        end = max(len(ordered) * n // count, at + 1)
        if at >= len(ordered):
            break
        while end < len(ordered) and ordered[end] == ordered[end - 1]:
            end += 1
        found.append((ordered[at], ordered[min(end, len(ordered)) - 1]))
        at = end
    return found


def _named(low: Decimal, high: Decimal, n: int, count: int, asked: Asked) -> str:
    """Return what a band is called, by its ends."""
    if asked.by == "relative":
        first, last = percent(low, 1), percent(high, 1)
    else:
        first, last = written(low, 0), f"{written(high, 0)}{NBSP}{asked.company.currency}"
    place = _("lowest limits") if n == 1 else _("highest limits") if n == count else _("in between")
    return _("%(first)s to %(last)s: %(place)s") % {"first": first, "last": last, "place": place}


def _difference(found: Sequence[Band]) -> Estimate | None:
    if len(found) < 2 or (low := found[0].by_count) is None or (high := found[-1].by_count) is None:
        return None
    return intervals.difference(low, high)


def _payers(asked: Asked) -> list[Payer]:
    company = asked.company
    values = {
        "company": company.pk, "since": asked.since, "until": asked.until, "day": asked.day, "grace": asked.grace,
        "before": months_after(asked.since, -12),
    }  # fmt: skip
    paid, sold = _read(_PAID, values), _read(_SOLD, values)
    ids = sorted({row[0] for row in paid})
    limits = {
        pk: (state, amount, currency) for pk, state, amount, currency in _read(_LIMITS, values | {"customers": ids})
    }
    currencies = {row[1] for row in (*paid, *sold)} | {one[2] for one in limits.values()} | {company.currency}
    known = rates.on(asked.until, currencies)

    def worth(amount: Decimal, currency: str) -> Decimal:
        return amount * known.rate(currency, company.currency)

    turnover: defaultdict[int, Decimal] = defaultdict(lambda: ZERO)
    for pk, currency, amount in sold:
        turnover[pk] += worth(amount, currency) if pk in limits else ZERO
    found: dict[int, Payer] = {}
    for pk, code, name in Customer.objects.filter(pk__in=ids).values_list("pk", "code", "name"):
        state, amount, currency = limits.get(pk, (LimitState.INHERIT, None, company.currency))
        limit = worth(amount, currency) if state == LimitState.AMOUNT else None
        words = UNLIMITED if state == LimitState.UNLIMITED else NONE if limit is None else ""
        found[pk] = Payer(code, name, limit, words, turnover[pk])
    for pk, currency, debts, in_time, *amounts in paid:
        due, on_time, late, unpaid, weighted = (worth(amount, currency) for amount in amounts)
        p = found[pk]
        found[pk] = replace(
            p, debts=p.debts + debts, debts_on_time=p.debts_on_time + in_time, due=p.due + due, on_time=p.on_time + on_time,
            late=p.late + late, unpaid=p.unpaid + unpaid, weighted=p.weighted + weighted,
        )  # fmt: skip
    return sorted(found.values(), key=lambda p: p.code)


def _read(sql: str, values: Mapping[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows: list[Any] = cursor.fetchall()
    return rows


def header() -> list[str]:
    """Return the titles of the file: a row a customer."""
    return [
        _("band"), _("customer"), _("name"), _("currency"), _("limit"), _("turnover in the year before"), _("limit in % of turnover"),
        _("instalments due"), _("of them paid on time"), _("amount due"), _("paid on time"), _("paid late"), _("unpaid"),
        _("days late, weighted"),
    ]  # fmt: skip


def cells(bands: Iterable[Band], currency: str) -> Iterator[list[Any]]:
    """Return the customers of these bands as rows of a file."""
    for band in bands:
        for p in band.payers:
            yield [
                band.name, p.code, p.name, currency, plain(p.limit, currency), plain(p.turnover, currency), _short(p.relative),
                p.debts, p.debts_on_time, *(plain(a, currency) for a in (p.due, p.on_time, p.late, p.unpaid)), _short(p.days_late),
            ]  # fmt: skip


def _short(value: Decimal | None) -> Decimal | None:
    return None if value is None else round(value, 2)
