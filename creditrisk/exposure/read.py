"""Reading exposure: one query over balances, whatever the history; then pure folding under a policy."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

from django.db import connection

from creditrisk.facts import BUCKETS, Exposure
from creditrisk.money import ZERO, Rates
from creditrisk.prepared import Prepared, Query, Rows

FAR = timedelta(days=36500)


class Reading(Protocol):
    """What of a policy says how facts are read. (The policy stands above; it is known here by its shape.)"""

    @property
    def counts(self) -> frozenset[str]: ...
    @property
    def orders_count_from(self) -> str: ...
    @property
    def order_horizon_days(self) -> int | None: ...
    @property
    def invoices_count_from(self) -> str: ...
    @property
    def sbf_grace_days(self) -> int: ...
    @property
    def collection_grace_days(self) -> int: ...
    @property
    def include_provisional(self) -> bool: ...
    @property
    def overdue_grace_days(self) -> int: ...
    @property
    def overdue_ignore_below(self) -> Decimal: ...
    @property
    def disputed_items(self) -> str: ...
    @property
    def net_credits_against_overdue(self) -> bool: ...


@dataclass(frozen=True)
class Slot:
    """Balances of one bucket summed between two of the dates that policy asks about; `day` is their earliest."""

    customer_id: int
    company_id: int
    bucket: str
    currency: str
    day: date
    amount: Decimal


def cuts(reading: Reading, today: date) -> list[date]:
    """Return the days at which a balance changes its meaning, each the first day of a new slot."""
    return sorted(
        {
            today - timedelta(days=reading.overdue_grace_days),
            today - timedelta(days=reading.sbf_grace_days) + timedelta(days=1),
            today - timedelta(days=reading.collection_grace_days) + timedelta(days=1),
            today + timedelta(days=(reading.order_horizon_days or 0) + 1),
        }
    )


_SLOTS = Prepared("""
    SELECT customer_id, company_id, bucket, currency, min(day) FILTER (WHERE amount <> 0), SUM(amount)
    FROM exposure_balance
    WHERE customer_id = ANY (%s::bigint[])
    GROUP BY customer_id, company_id, bucket, currency, width_bucket(day, %s::date[])
    HAVING bool_or(amount <> 0)
""")

# The same from the entries, as of a day or a moment of recording. The cut keeps what falls together apart.
_SLOTS_AS_OF = """
    SELECT customer_id, company_id, bucket, currency, min(day), SUM(amount)
    FROM (SELECT customer_id, company_id, bucket, currency, day, SUM(amount) AS amount FROM exposure_entry
          WHERE (%(all)s OR customer_id = ANY (%(ids)s::bigint[]))
            AND (%(day)s::date IS NULL OR effective_on <= %(day)s)
            AND (%(known)s::timestamptz IS NULL OR recorded_at <= %(known)s)
          GROUP BY customer_id, company_id, bucket, currency, day HAVING SUM(amount) <> 0) e
    GROUP BY customer_id, company_id, bucket, currency,
             CASE WHEN %(by_day)s THEN day - DATE '1900-01-01' ELSE width_bucket(day, %(cuts)s::date[]) END
    ORDER BY 5
"""

_DAYS = Prepared("""
    SELECT customer_id, company_id, bucket, currency, day, amount
    FROM exposure_balance WHERE customer_id = ANY (%s::bigint[]) AND amount <> 0
    ORDER BY day
""")


def owed(customer_ids: Sequence[int], *, reading: Reading, today: date, by_day: bool = False) -> Query[list[Slot]]:
    """Return the query for the balances of these customers, summed between the dates that policy asks about: a few dozen rows.

    Where credits are netted against what is overdue, oldest first, the days themselves are needed; so they are for
    looking ahead (`by_day`): at most buckets x days rows.
    """
    if by_day or reading.net_credits_against_overdue:
        return Query(_DAYS, [list(customer_ids)], _slots)
    return Query(_SLOTS, [list(customer_ids), cuts(reading, today)], _slots)


def _slots(rows: Rows) -> list[Slot]:
    return [Slot(*row) for row in rows]


def slots_as_of(
    customer_ids: Sequence[int] | None, *, reading: Reading, today: date, day: date | None, known_at: datetime | None
) -> list[Slot]:
    """Return what `owed` would have found as of a business day, or as it was known at a moment (None: not asked).

    `today` is the day on which it is read; no customers named: all of them.
    """
    values: dict[str, Any] = {
        "all": customer_ids is None,
        "ids": list(customer_ids or []),
        "day": day,
        "known": known_at,
        "by_day": reading.net_credits_against_overdue,
        "cuts": cuts(reading, today),
    }
    with connection.cursor() as cursor:
        cursor.execute(_SLOTS_AS_OF, values)
        return [Slot(*row) for row in cursor.fetchall()]


def visible_bucket(bucket: str, day: date, *, reading: Reading, today: date) -> str | None:
    """Return the bucket of the eight in which a ledger bucket of that day weighs today, or None where it does not."""
    match bucket:
        case "ORDERS_ENTERED" | "ORDERS_CONFIRMED" | "ORDERS_DRAFTED":
            if bucket == "ORDERS_ENTERED" and reading.orders_count_from != "ENTRY":
                return None
            if bucket == "ORDERS_DRAFTED" and reading.invoices_count_from == "ENTRY":
                return None
            return None if beyond(day, reading=reading, today=today) else "open_orders"
        case "DELIVERED":
            return "delivered_not_invoiced"
        case "DELIVERED_DRAFTED":
            return "delivered_not_invoiced" if reading.invoices_count_from == "ISSUE" else None
        case "INVOICES_DRAFT":
            return "unposted_invoices" if reading.invoices_count_from == "ENTRY" else None
        case "INVOICES_ISSUED":
            return "unposted_invoices"
        case "ITEMS":
            return "receivables"
        case "ITEMS_DISPUTED":
            return None if reading.disputed_items == "SKIP" else "receivables"
        case "ITEMS_PROVISIONAL":
            return "receivables" if reading.include_provisional else None
        case "CREDITS":
            return "credits"
        case "CREDITS_PROVISIONAL":
            return "credits" if reading.include_provisional else None
        case "EFFECTS_ISSUED":
            return "effects_issued"
        case "EFFECTS_SBF" | "EFFECTS_DISCOUNT":
            return "effects_presented" if day + timedelta(days=reading.sbf_grace_days) > today else None
        case "EFFECTS_COLLECTION":
            return "effects_presented" if day + timedelta(days=reading.collection_grace_days) > today else None
        case "EFFECTS_UNPAID":
            return "effects_unpaid"
    return None


def beyond(day: date, *, reading: Reading, today: date) -> bool:
    """Return whether an order shipping on `day` lies beyond the horizon."""
    return reading.order_horizon_days is not None and day > today + timedelta(days=reading.order_horizon_days)


def _late(bucket: str, reading: Reading) -> bool:
    return (
        bucket == "ITEMS"
        or (bucket == "ITEMS_PROVISIONAL" and reading.include_provisional)
        or (bucket == "ITEMS_DISPUTED" and reading.disputed_items == "COUNT")
    )


def fold(rows: Iterable[Slot], *, currency: str, reading: Reading, today: date, rates: Rates) -> Exposure:
    """Return the exposure that these balances are today, in `currency`, under the policy's reading.

    Amounts are summed by currency and converted and rounded once, at the end.
    Raises MissingRate where a currency cannot be converted.
    """
    summed: defaultdict[str, defaultdict[str, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
    late: list[Slot] = []
    credits: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    overdue_before = today - timedelta(days=reading.overdue_grace_days)
    for row in rows:
        visible = visible_bucket(row.bucket, row.day, reading=reading, today=today)
        if visible is not None:
            summed[visible][row.currency] += row.amount
        elif row.bucket in (
            "ORDERS_ENTERED",
            "ORDERS_CONFIRMED",
            "ORDERS_DRAFTED",
        ) and _would_count(row, reading):
            summed["beyond_horizon"][row.currency] += row.amount
        if row.bucket == "ITEMS_DISPUTED":
            summed["disputed"][row.currency] += row.amount
        elif row.bucket == "POSTED_UNPAID":
            summed["posted_unpaid"][row.currency] += row.amount
        elif row.bucket.endswith("_PROVISIONAL"):
            summed["provisional"][row.currency] += row.amount
        if _late(row.bucket, reading) and row.day < overdue_before:
            late.append(row)
        elif visible == "credits":
            credits[row.currency] += row.amount
    if reading.net_credits_against_overdue:
        late = _netted(late, credits, currency, rates)
    for row in late:
        summed["overdue"][row.currency] += row.amount
    amounts = {name: rates.convert(by_currency, currency) for name, by_currency in summed.items()}
    overdue = amounts.get("overdue", ZERO)
    oldest = min((row.day for row in late if row.amount > 0), default=None)
    if overdue <= 0 or overdue < reading.overdue_ignore_below:
        overdue, oldest = ZERO, None
    return Exposure(
        currency=currency,
        buckets={name: amounts.get(name, ZERO) for name in BUCKETS},
        counted=reading.counts,
        overdue=overdue,
        days_overdue=(today - oldest).days if oldest else 0,
        disputed=amounts.get("disputed", ZERO),
        beyond_horizon=amounts.get("beyond_horizon", ZERO),
        posted_unpaid=amounts.get("posted_unpaid", ZERO),
        provisional=amounts.get("provisional", ZERO),
        oldest_due=oldest,
    )


def _would_count(row: Slot, reading: Reading) -> bool:
    return not (row.bucket == "ORDERS_ENTERED" and reading.orders_count_from != "ENTRY") and not (
        row.bucket == "ORDERS_DRAFTED" and reading.invoices_count_from == "ENTRY"
    )


def is_read(bucket: str, day: date, *, reading: Reading, today: date) -> bool:
    """Return whether `fold` asks for the rate of a ledger bucket of that day: it weighs, or is shown beside."""
    if visible_bucket(bucket, day, reading=reading, today=today) is not None:
        return True
    if bucket in ("ITEMS_DISPUTED", "POSTED_UNPAID") or bucket.endswith("_PROVISIONAL"):
        return True
    if bucket not in ("ORDERS_ENTERED", "ORDERS_CONFIRMED", "ORDERS_DRAFTED"):
        return False
    return _would_count(Slot(0, 0, bucket, "", day, ZERO), reading)


def _netted(late: list[Slot], credits: Mapping[str, Decimal], currency: str, rates: Rates) -> list[Slot]:
    """Take unallocated credits off what is overdue, oldest first."""
    left = -rates.convert(credits, currency)
    result = []
    for row in sorted(late, key=lambda r: r.day):
        amount = row.amount * rates.rate(row.currency, currency)
        taken = min(max(left, ZERO), amount)
        left -= taken
        if amount > taken:
            result.append(
                Slot(
                    row.customer_id,
                    row.company_id,
                    row.bucket,
                    currency,
                    row.day,
                    amount - taken,
                )
            )
    return result


def is_overdue(bucket: str, day: date, *, reading: Reading, today: date) -> bool:
    """Return whether a ledger bucket of that day is overdue today, so far as `fold` counts it."""
    return _late(bucket, reading) and day < today - timedelta(days=reading.overdue_grace_days)
