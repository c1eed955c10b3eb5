"""How late each customer pays against the delay that is kept of it, and what its history proposes to keep instead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import ceil
from typing import Any

from django.db import connection

from customers import queries as customer_queries
from customers.models import CreditAccount
from ledger.behaviour import LATELY, SETTLED, YEAR

# The currency in which a customer pays latest speaks for it: money that is expected too early is the dearer mistake.
_PROPOSED = (
    SETTLED.format(
        more="d.customer_id, d.id AS debt,",
        whose="d.customer_id IN (SELECT id FROM customers_customer WHERE merged_into_id IS NULL)",
    )
    + """
    , paid AS (
        SELECT customer_id, currency, COUNT(DISTINCT debt) AS cases, SUM(amount) AS amount,
               SUM(amount * late) / SUM(amount) AS days, MAX(late) AS worst,
               SUM(amount * late) FILTER (WHERE day > %(lately)s) / SUM(amount) FILTER (WHERE day > %(lately)s) AS lately
        FROM settled GROUP BY customer_id, currency
    ), latest AS (
        SELECT DISTINCT ON (customer_id) * FROM paid WHERE amount > 0 AND cases >= %(least)s ORDER BY customer_id, days DESC, currency
    )
    SELECT c.id, c.code, c.name, COALESCE(g.code, ''), l.currency, l.cases, l.amount, l.days, l.lately, l.worst, a.usual_delay
    FROM latest l JOIN customers_customer c ON c.id = l.customer_id JOIN customers_creditaccount a ON a.customer_id = c.id
    LEFT JOIN customers_segment g ON g.id = c.segment_id
    WHERE {visible}
    ORDER BY abs(GREATEST(ceil(l.days), 0) - COALESCE(a.usual_delay, 0)) DESC, c.code
"""
)


@dataclass(frozen=True)
class Proposal:
    """How a customer paid in a year in the currency in which it pays latest; days are weighed by amount, below zero is early.

    `kept` is the delay that is kept of it (None: none yet), in days after the due day.
    """

    customer_id: int
    code: str
    name: str
    segment: str
    currency: str
    cases: int
    paid: Decimal
    days: Decimal
    lately: Decimal | None
    worst: int
    kept: int | None

    @property
    def proposed(self) -> int:
        """Return the delay that history proposes: whole days, rounded up; whoever pays early is expected on the due day."""
        return max(ceil(self.days), 0)

    @property
    def differs(self) -> bool:
        return self.kept != self.proposed

    @property
    def change(self) -> int | None:
        """Return by how many days the kept delay would change; None where none is kept."""
        return None if self.kept is None else self.proposed - self.kept


def proposals(user: Any, *, day: date, least: int, customer_ids: Sequence[int] | None = None) -> list[Proposal]:
    """Return how the reader's customers paid in the year up to `day`, those with at least so many debts paid: one query.

    The most that would change comes first. Source: days beyond terms, the sum of amount times days over the sum of amounts.
    """
    mine = customer_queries.visible(user)
    if customer_ids is not None:
        mine = mine.filter(pk__in=list(customer_ids))
    sql, params = mine.values("pk").query.sql_with_params()
    names = {f"see{n}": value for n, value in enumerate(params)}
    for name in names:
        sql = sql.replace("%s", f"%({name})s", 1)
    values = {"day": day, "since": day - YEAR, "lately": day - LATELY, "least": least, **names}
    with connection.cursor() as cursor:
        cursor.execute(_PROPOSED.replace("{visible}", f"c.id IN ({sql})"), values)
        return [Proposal(*row) for row in cursor.fetchall()]


def kept(customer_ids: Sequence[int]) -> Mapping[int, int]:
    """Return the delays that are kept of these customers, by id: how many days after the due day their money is expected."""
    found = CreditAccount.objects.filter(customer__in=list(customer_ids), usual_delay__isnull=False)
    return dict(found.values_list("customer_id", "usual_delay"))
