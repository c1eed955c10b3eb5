"""How settlement discounts are kept: what invoices offer whoever pays early against what was kept back when they were paid."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection, models
from django.utils.translation import gettext_lazy as _

from creditrisk.money import EXPONENTS, ZERO
from creditrisk.roles import companies_of
from customers.models import Customer

# A rest of at most so many per cent of an instalment is a discount that somebody took; more of it is a payment in part.
MOST_PERCENT = 10
# Below so many per cent it is a rounding.
LEAST_PERCENT = Decimal("0.1")


class Outcome(models.TextChoices):
    """How the discount of an instalment ended."""

    IN_TIME = "in_time", _("as agreed")
    LATE = "late", _("taken late")
    TOO_MUCH = "too_much", _("more than agreed")
    NOT_AGREED = "not_agreed", _("not agreed")
    NOT_TAKEN = "not_taken", _("not taken")


LOST = (Outcome.LATE, Outcome.TOO_MUCH, Outcome.NOT_AGREED)

# Of every instalment whose last money came in the period: what its document offers (a settlement discount before its terms;
# an item that came without a document has what is agreed with the customer), by which day, and what was kept back of it,
# written off or still open. What is open, not due and more than was offered may still come.
_JUDGED = """
    WITH touched AS (
        SELECT a.debit_id AS item FROM ledger_allocation a JOIN ledger_openitem c ON c.id = a.credit_id AND c.kind = 'PAYMENT'
        WHERE c.item_date BETWEEN %(since)s AND %(until)s AND a.reverses_id IS NULL
        UNION
        SELECT p.item_id FROM ledger_effectitem p JOIN ledger_effect e ON e.id = p.effect_id AND e.state = 'COLLECTED'
        WHERE e.collected_on BETWEEN %(since)s AND %(until)s
    ), live AS (
        SELECT a.debit_id AS item, a.amount, c.kind, c.item_date AS day
        FROM ledger_allocation a JOIN touched t ON t.item = a.debit_id JOIN ledger_openitem c ON c.id = a.credit_id
        WHERE c.kind IN ('PAYMENT', 'WRITE_OFF') AND a.reverses_id IS NULL
          AND NOT EXISTS (SELECT FROM ledger_allocation u WHERE u.reverses_id = a.id)
        UNION ALL
        SELECT p.item_id, p.amount, 'PAYMENT', e.collected_on
        FROM ledger_effectitem p JOIN touched t ON t.item = p.item_id
        JOIN ledger_effect e ON e.id = p.effect_id AND e.state = 'COLLECTED'
    ), settled AS (
        SELECT item, MAX(day) FILTER (WHERE kind = 'PAYMENT') AS paid_on,
               COALESCE(SUM(amount) FILTER (WHERE kind = 'WRITE_OFF'), 0) AS given
        FROM live GROUP BY item
    ), offered AS (
        SELECT i.id, i.customer_id, i.document_id, i.reference, i.instalment, i.currency, i.amount, i.item_date, i.due, i.open_amount,
               i.disputed, s.paid_on, s.given, o.percent, i.item_date + o.days AS last_day,
               COALESCE(ROUND(i.amount * o.percent / 100, COALESCE((%(places)s::jsonb ->> i.currency)::int, 2)), 0) AS agreed
        FROM settled s JOIN ledger_openitem i ON i.id = s.item AND i.kind = 'INVOICE'
        JOIN customers_customer c ON c.id = i.customer_id
        LEFT JOIN customers_region r ON r.id = c.region_id
        LEFT JOIN customers_segment g ON g.id = c.segment_id
        LEFT JOIN documents_document d ON d.id = i.document_id
        LEFT JOIN customers_settlementdiscount z
          ON z.id = CASE WHEN d.id IS NULL THEN c.settlement_discount_id ELSE d.settlement_discount_id END
        LEFT JOIN customers_paymentterms t
          ON t.id = CASE WHEN d.id IS NULL THEN COALESCE(c.terms_id, r.terms_id, g.terms_id) ELSE d.terms_id END
        LEFT JOIN LATERAL (
            SELECT z.percent, z.days WHERE z.id IS NOT NULL
            UNION ALL
            SELECT t.discount_percent, t.discount_days
            WHERE z.id IS NULL AND t.discount_percent > 0 AND t.discount_days IS NOT NULL
        ) o ON true
        WHERE s.paid_on <= %(until)s AND (%(companies)s::bigint[] IS NULL OR i.company_id = ANY (%(companies)s))
          AND (%(customer)s::bigint IS NULL OR i.customer_id = %(customer)s)
    ), kept AS (
        SELECT o.*, o.given + CASE WHEN o.disputed THEN 0 ELSE o.open_amount END AS back
        FROM offered o
        WHERE o.open_amount = 0 OR o.disputed OR o.open_amount <= o.agreed OR o.due < %(today)s
    ), judged AS (
        SELECT k.id, k.customer_id, k.document_id, k.reference, k.instalment, k.currency, k.amount, k.item_date, k.paid_on, k.last_day, k.percent,
               k.agreed, k.taken, k.outcome,
               CASE k.outcome WHEN 'in_time' THEN 0 WHEN 'not_taken' THEN 0 WHEN 'too_much' THEN k.taken - k.agreed ELSE k.taken END AS lost
        FROM (SELECT k.*, CASE WHEN k.back < k.amount * %(least)s / 100 THEN 0 ELSE k.back END AS taken,
                     CASE WHEN k.back < k.amount * %(least)s / 100 THEN 'not_taken' WHEN k.agreed = 0 THEN 'not_agreed'
                          WHEN k.paid_on > k.last_day THEN 'late' WHEN k.back > k.agreed THEN 'too_much' ELSE 'in_time' END AS outcome
              FROM kept k WHERE k.back <= GREATEST(k.amount * %(most)s / 100, k.agreed)) k
        WHERE k.agreed > 0 OR k.taken > 0
    )
"""

_BY_CUSTOMER = (
    _JUDGED
    + """
    SELECT c.code, c.name, j.currency, COUNT(*), SUM(j.amount), SUM(j.agreed), SUM(j.taken),
           COALESCE(SUM(j.taken) FILTER (WHERE j.outcome = 'in_time'), 0),
           COALESCE(SUM(j.taken) FILTER (WHERE j.outcome = 'late'), 0),
           COALESCE(SUM(j.lost) FILTER (WHERE j.outcome = 'too_much'), 0),
           COALESCE(SUM(j.taken) FILTER (WHERE j.outcome = 'not_agreed'), 0),
           COALESCE(SUM(j.agreed) FILTER (WHERE j.outcome = 'not_taken'), 0), SUM(j.lost),
           COUNT(*) FILTER (WHERE j.lost > 0)
    FROM judged j JOIN customers_customer c ON c.id = j.customer_id
    GROUP BY c.id, c.code, c.name, j.currency ORDER BY SUM(j.lost) DESC, SUM(j.taken) DESC, c.code, j.currency
"""
)

_ONE_BY_ONE = (
    _JUDGED
    + """
    SELECT j.id, j.reference || CASE WHEN j.instalment > 1 THEN '/' || j.instalment ELSE '' END, j.document_id, d.number, j.currency,
           j.amount, j.item_date, j.paid_on, j.last_day, j.percent, j.agreed, j.taken, j.outcome, j.lost
    FROM judged j LEFT JOIN documents_document d ON d.id = j.document_id
    ORDER BY j.lost DESC, j.paid_on DESC, j.id DESC
"""
)


@dataclass(frozen=True)
class Discounts:
    """One customer in one currency: the instalments paid in a period that offered a discount, or of which something was kept back.

    `in_time` was taken as agreed; `too_much` is what was taken above that. `lost` is what was late, too much or not agreed.
    `not_taken` was offered to money that came in full.
    """

    code: str
    name: str
    currency: str
    count: int
    total: Decimal
    agreed: Decimal
    taken: Decimal
    in_time: Decimal
    late: Decimal
    too_much: Decimal
    not_agreed: Decimal
    not_taken: Decimal
    lost: Decimal
    losses: int


@dataclass(frozen=True)
class Discount:
    """The discount of one instalment. `last_day` and `percent` are empty where none was agreed."""

    item_id: int
    item: str
    document_id: int | None
    document: str | None
    currency: str
    amount: Decimal
    item_date: date
    paid_on: date
    last_day: date | None
    percent: Decimal | None
    agreed: Decimal
    taken: Decimal
    outcome: Outcome
    lost: Decimal

    @property
    def days_late(self) -> int:
        """How many days after the last day of the discount the last money came."""
        return max((self.paid_on - self.last_day).days, 0) if self.last_day else 0


def of_period(user: Any, *, since: date, until: date, today: date) -> list[Discounts]:
    """Return by customer how discounts were kept of what was paid in a period, the most money lost first: one query."""
    return [Discounts(*row) for row in _read(_BY_CUSTOMER, user, since=since, until=until, today=today)]


def of_customer(user: Any, customer: Customer, *, since: date, until: date, today: date) -> list[Discount]:
    """Return the same of one customer by instalment, the most money lost first: one query."""
    rows = _read(_ONE_BY_ONE, user, since=since, until=until, today=today, customer=customer.pk)
    return [Discount(*row[:12], outcome=Outcome(row[12]), lost=row[13]) for row in rows]


def _read(
    sql: str, user: Any, *, since: date, until: date, today: date, customer: int | None = None
) -> list[tuple[Any, ...]]:
    values = {
        "since": since, "until": until, "today": today, "companies": companies_of(user), "customer": customer,
        "places": "{" + ", ".join(f'"{code}": {n}' for code, n in EXPONENTS.items()) + "}",
        "least": LEAST_PERCENT, "most": MOST_PERCENT,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def pictures(rows: Iterable[Discounts]) -> list[tuple[str, list[tuple[str, Any, Decimal]]]]:
    """Return by currency what was taken as agreed and otherwise, and what was not taken, as parts of a bar."""
    sums: dict[str, dict[Outcome, Decimal]] = {}
    for row in rows:
        of = sums.setdefault(row.currency, dict.fromkeys(Outcome, ZERO))
        # What was taken up to the agreement by those who took more was agreed all the same.
        of[Outcome.IN_TIME] += row.taken - row.lost
        for outcome, value in (
            (Outcome.LATE, row.late), (Outcome.TOO_MUCH, row.too_much), (Outcome.NOT_AGREED, row.not_agreed),
            (Outcome.NOT_TAKEN, row.not_taken),
        ):  # fmt: skip
            of[outcome] += value
    return [
        (currency, [(code.value, code.label, value) for code, value in of.items()])
        for currency, of in sorted(sums.items())
    ]
