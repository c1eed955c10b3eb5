"""How customers pay: when debts were settled against their due days, and what became of invoices in the end."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db import connection

from creditrisk.money import HUNDRED, ZERO
from ledger.models import Effect, EffectItem, EffectState, OpenItem

YEAR, LATELY = timedelta(days=365), timedelta(days=90)

# Money that settled a debt, and effects that were collected, on the day of it. What was undone never happened.
_SETTLED = """
    WITH settled AS (
        SELECT d.currency, a.amount, a.day, a.day - d.due AS late
        FROM ledger_openitem d
        JOIN ledger_allocation a ON a.debit_id = d.id AND a.reverses_id IS NULL
        JOIN ledger_openitem c ON c.id = a.credit_id AND c.kind = 'PAYMENT'
        WHERE d.customer_id = ANY (%(customers)s) AND a.day > %(since)s AND a.day <= %(day)s
          AND NOT EXISTS (SELECT 1 FROM ledger_allocation u WHERE u.reverses_id = a.id)
        UNION ALL
        SELECT d.currency, p.amount, e.collected_on, e.collected_on - d.due
        FROM ledger_openitem d
        JOIN ledger_effectitem p ON p.item_id = d.id
        JOIN ledger_effect e ON e.id = p.effect_id AND e.state = 'COLLECTED'
        WHERE d.customer_id = ANY (%(customers)s) AND e.collected_on > %(since)s AND e.collected_on <= %(day)s
    )
    SELECT currency, SUM(amount), COALESCE(SUM(amount) FILTER (WHERE late <= 0), 0), SUM(amount * late) / SUM(amount),
           MAX(late), SUM(amount * late) FILTER (WHERE day > %(lately)s) / SUM(amount) FILTER (WHERE day > %(lately)s)
    FROM settled GROUP BY currency ORDER BY currency
"""


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
            _SETTLED, {"customers": list(customer_ids), "day": day, "since": day - YEAR, "lately": day - LATELY}
        )
        return [Behaviour(*row) for row in cursor.fetchall()]


def came_back(customer_ids: Sequence[int], *, day: date) -> int:
    """Return how many effects came back unpaid in the year up to `day`."""
    return Effect.objects.filter(customer__in=customer_ids, unpaid_on__gt=day - YEAR, unpaid_on__lte=day).count()


@dataclass(frozen=True)
class End:
    """What became of invoices: what is open and overdue in their currency, and how late the latest was or is.

    `came_back`: an effect in their place is unpaid; `in_effects`: one is under way.
    """

    open: Decimal
    overdue: Decimal
    days_late: int
    came_back: bool
    in_effects: bool

    @property
    def is_paid(self) -> bool:
        return not self.open and not self.came_back and not self.in_effects


def ends(groups: Mapping[int, Collection[int]], *, day: date) -> dict[int, End]:
    """Return by key what became of each group of invoices (their ids); groups without items are left out."""
    wanted = {pk for ids in groups.values() for pk in ids}
    items: defaultdict[int, list[OpenItem]] = defaultdict(list)
    for item in OpenItem.objects.filter(document__in=wanted, amount__gt=0):
        items[item.document_id or 0].append(item)
    effects: defaultdict[int, list[Effect]] = defaultdict(list)
    for closing in EffectItem.objects.filter(item__document__in=wanted).select_related("effect"):
        effects[closing.item_id].append(closing.effect)
    posted_back = set(
        OpenItem.objects.filter(effect__closes__item__document__in=wanted, open_amount__gt=0).values_list(
            "effect", flat=True
        )
    )
    found = {key: [item for pk in ids for item in items[pk]] for key, ids in groups.items()}
    return {
        key: _end(of, [e for item in of for e in effects[item.pk]], effects, posted_back, day=day)
        for key, of in found.items() if of
    }  # fmt: skip


def _end(
    items: Sequence[OpenItem], closed: Sequence[Effect], effects: Mapping[int, Sequence[Effect]], posted_back: set[int | None],
    *, day: date,
) -> End:  # fmt: skip
    def settled_on(item: OpenItem) -> date:
        collected = [e.collected_on for e in effects.get(item.pk, ()) if e.collected_on]
        return max(collected, default=item.cleared_on or day)

    return End(
        open=sum((i.open_amount for i in items), ZERO),
        overdue=sum((i.open_amount for i in items if i.due < day), ZERO),
        days_late=max(0, *((settled_on(i) - i.due).days for i in items)),
        came_back=any(e.state == EffectState.UNPAID or e.pk in posted_back for e in closed),
        in_effects=any(e.state in (EffectState.ISSUED, EffectState.PRESENTED) for e in closed),
    )
