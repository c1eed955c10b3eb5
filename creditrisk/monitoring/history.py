"""How the exposure of one customer, with all below it, came to be what it is: by bucket at the end of each month, and its limit then."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db import connection

from creditrisk.clock import months_after
from creditrisk.exposure import read
from creditrisk.exposure.read import Slot
from creditrisk.facts import BUCKETS
from creditrisk.money import ZERO, MissingRate
from creditrisk.policy import compile as policies
from customers import limits
from customers.models import Customer
from ledger import rates

MONTHS = 12

# Every difference once, under the first of the days at whose end it was there.
_ENTRIES = """
    SELECT customer_id, company_id, bucket, currency, day, GREATEST(width_bucket(effective_on - 1, %(days)s::date[]), 0), SUM(amount)
    FROM exposure_entry WHERE customer_id = ANY (%(ids)s) AND effective_on <= %(last)s
    GROUP BY 1, 2, 3, 4, 5, 6 HAVING SUM(amount) <> 0
"""
_GRANTED = """
    SELECT d.day, g.id, g.facts FROM unnest(%(days)s::date[]) AS d(day),
           LATERAL credit_granted(ARRAY[%(id)s]::bigint[], '{}'::bigint[], d.day) g WHERE g.owner = 'customer'
"""


@dataclass(frozen=True)
class Moment:
    """How a customer stood at the end of a day. `limit` is None where nothing bounded it by itself."""

    day: date
    buckets: tuple[Decimal, ...]
    total: Decimal
    limit: Decimal | None
    overdue: Decimal

    @property
    def used_percent(self) -> Decimal | None:
        return self.total / self.limit * 100 if self.limit else None


@dataclass(frozen=True)
class History:
    """The moments of a year, oldest first, in the customer's currency at the rates of today."""

    currency: str
    moments: tuple[Moment, ...] = ()
    missing: str = ""

    @property
    def is_told(self) -> bool:
        """Whether there ever was anything to draw."""
        return any(m.total or any(m.buckets) for m in self.moments)


def days(today: date, *, months: int = MONTHS) -> list[date]:
    """Return the last days of the months before, and today."""
    first = today.replace(day=1)
    ends = [months_after(first, -n) - timedelta(days=1) for n in range(months - 1, -1, -1)]
    return [*ends, today]


def of(customer: Customer, members: Sequence[int], *, today: date) -> History:
    """Return the year of a customer: three queries, however long it has been one. `members` are all that roll up to it."""
    when = days(today)
    with connection.cursor() as cursor:
        cursor.execute(_ENTRIES, {"days": when, "ids": list(members), "last": today})
        entries = cursor.fetchall()
        cursor.execute(_GRANTED, {"days": when, "id": customer.pk})
        granted = {row[0]: limits.granted_from(row[1], row[2]) for row in cursor.fetchall()}
    currencies = {customer.currency, *(row[3] for row in entries)}
    for owner in granted.values():
        currencies |= owner.currencies
    known, reading = rates.on(today, currencies), policies.active()
    shared = bool(customer.shared_limits.filter(mandatory=False).exists()) if customer.pk else False
    account = granted.get(today)
    held: defaultdict[tuple[int, int, str, str, date], Decimal] = defaultdict(lambda: ZERO)
    found = []
    try:
        for index, day in enumerate(when):
            for owner_id, company, bucket, currency, due, at, amount in entries:
                if at == index:
                    held[owner_id, company, bucket, currency, due] += amount
            slots = [
                Slot(owner_id, company, bucket, currency, due, amount)
                for (owner_id, company, bucket, currency, due), amount in held.items()
                if amount and (account is None or account.summed or company == account.company)
            ]
            exposure = read.fold(slots, currency=customer.currency, reading=reading, today=day, rates=known)
            limit = None
            if day in granted:
                effective = limits.effective(
                    granted[day], shared=(), has_head=bool(customer.parent_id) or shared, rates=known
                )
                limit = effective.amount if effective.state in ("AMOUNT", "NONE") else None
            buckets = tuple(exposure.buckets[b] for b in BUCKETS)
            found.append(Moment(day, buckets, exposure.total, limit, exposure.overdue))
    except MissingRate as error:
        return History(customer.currency, missing=str(error))
    return History(customer.currency, tuple(found))
