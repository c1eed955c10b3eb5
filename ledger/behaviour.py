"""How customers pay: when their debts were settled against the due days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db import connection

from creditrisk.money import HUNDRED
from ledger.models import Effect

YEAR, LATELY = timedelta(days=365), timedelta(days=90)

# Money that settled a debt, on the day on which it came, however late it was matched; effects on the day on which they
# were collected. What was undone never happened.
SETTLED = """
    WITH settled AS (
        SELECT {more} d.currency, a.amount, c.item_date AS day, c.item_date - d.due AS late, c.item_date - d.item_date AS taken
        FROM ledger_openitem d
        JOIN ledger_allocation a ON a.debit_id = d.id AND a.reverses_id IS NULL
        JOIN ledger_openitem c ON c.id = a.credit_id AND c.kind = 'PAYMENT'
        WHERE {whose} AND c.item_date > %(since)s AND c.item_date <= %(day)s
          AND NOT EXISTS (SELECT 1 FROM ledger_allocation u WHERE u.reverses_id = a.id)
        UNION ALL
        SELECT {more} d.currency, p.amount, e.collected_on, e.collected_on - d.due, e.collected_on - d.item_date
        FROM ledger_openitem d
        JOIN ledger_effectitem p ON p.item_id = d.id
        JOIN ledger_effect e ON e.id = p.effect_id AND e.state = 'COLLECTED'
        WHERE {whose} AND e.collected_on > %(since)s AND e.collected_on <= %(day)s
    )
"""

_OF_CUSTOMERS = (
    SETTLED.format(more="", whose="d.customer_id = ANY (%(customers)s)")
    + """
    SELECT currency, SUM(amount), COALESCE(SUM(amount) FILTER (WHERE late <= 0), 0), SUM(amount * late) / SUM(amount),
           MAX(late), SUM(amount * late) FILTER (WHERE day > %(lately)s) / SUM(amount) FILTER (WHERE day > %(lately)s)
    FROM settled GROUP BY currency ORDER BY currency
"""
)

_OF_COMPANY = (
    SETTLED.format(
        more="d.customer_id,",
        whose="d.company_id = %(company)s AND (%(customers)s::bigint[] IS NULL OR d.customer_id = ANY (%(customers)s))",
    )
    + """
    SELECT s.currency, s.taken, s.late, SUM(s.amount), COALESCE(g.code, '')
    FROM settled s JOIN customers_customer c ON c.id = s.customer_id LEFT JOIN customers_segment g ON g.id = c.segment_id
    GROUP BY GROUPING SETS ((1, 5, 2), (1, 5, 3))
"""
)

_BY_DAY = (
    SETTLED.format(more="d.customer_id,", whose="d.customer_id = ANY (%(customers)s) AND d.company_id = %(company)s")
    + """
    SELECT customer_id, currency, day, late, SUM(amount) FROM settled GROUP BY customer_id, currency, day, late
"""
)


@dataclass(frozen=True)
class PaidOn:
    """What a customer paid in one currency on a day, so many days after the due day."""

    customer: int
    currency: str
    day: date
    late: int
    amount: Decimal


_LATE = (
    SETTLED.format(more="d.customer_id,", whose="d.customer_id = ANY (%(customers)s)")
    + """
    SELECT customer_id, currency, ceil(SUM(amount * late) / SUM(amount))::int FROM settled GROUP BY customer_id, currency
"""
)


@dataclass(frozen=True)
class Settled:
    """What customers of a segment paid in one currency so many days after the invoice, or so many after the due day.

    One of the two is given: each euro stands once under the one, and once under the other.
    """

    currency: str
    taken: int | None
    late: int | None
    amount: Decimal
    segment: str = ""


@dataclass(frozen=True)
class Behaviour:
    """How a year's debts in one currency were paid.

    `days` are those beyond terms, weighed by amount: below zero is before the due day. `lately` is the same of the last
    ninety days; None where nothing was paid in them.
    """

    currency: str
    paid: Decimal
    on_time: Decimal
    days: Decimal
    worst: int
    lately: Decimal | None

    @property
    def on_time_percent(self) -> Decimal:
        return HUNDRED * self.on_time / self.paid

    @property
    def beyond(self) -> int:
        """The days as people say them: whole ones."""
        return round(self.days)

    @property
    def beyond_lately(self) -> int | None:
        return None if self.lately is None else round(self.lately)


def of_customers(customer_ids: Sequence[int], *, day: date) -> list[Behaviour]:
    """Return how these customers paid in the year up to `day`, by currency: one query.

    Source: days beyond terms as trade-credit agencies reckon them, the sum of amount times days over the sum of amounts.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _OF_CUSTOMERS, {"customers": list(customer_ids), "day": day, "since": day - YEAR, "lately": day - LATELY}
        )
        return [Behaviour(*row) for row in cursor.fetchall()]


def days_late(customer_ids: Sequence[int], *, day: date) -> dict[int, dict[str, int]]:
    """Return how many days after the due day each customer paid in the year up to `day`, by customer and currency: one query.

    Weighed by amount and rounded up to whole days; early is below zero. Who paid nothing is left out.
    """
    found: dict[int, dict[str, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_LATE, {"customers": list(customer_ids), "day": day, "since": day - YEAR})
        for customer, currency, late in cursor.fetchall():
            found.setdefault(customer, {})[currency] = late
    return found


def of_company(company_id: int, *, day: date, customer_ids: Sequence[int] | None = None) -> list[Settled]:
    """Return what a company was paid in the year up to `day`, by these customers or all, by the days that it took: one query."""
    values = {"company": company_id, "day": day, "since": day - YEAR}
    with connection.cursor() as cursor:
        cursor.execute(_OF_COMPANY, {**values, "customers": None if customer_ids is None else list(customer_ids)})
        return [Settled(*row) for row in cursor.fetchall()]


def by_day(customer_ids: Sequence[int], *, company_id: int, since: date, day: date) -> list[PaidOn]:
    """Return what these customers paid a company after `since` up to `day`, by day and lateness: one query."""
    with connection.cursor() as cursor:
        cursor.execute(_BY_DAY, {"customers": list(customer_ids), "company": company_id, "day": day, "since": since})
        return [PaidOn(*row) for row in cursor.fetchall()]


def came_back(customer_ids: Sequence[int], *, day: date) -> int:
    """Return how many effects came back unpaid in the year up to `day`."""
    return Effect.objects.filter(customer__in=customer_ids, unpaid_on__gt=day - YEAR, unpaid_on__lte=day).count()
