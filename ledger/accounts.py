"""The statement of account of a customer, as of any day: what it owed, what moved, what it owes, what is open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection
from django.utils.translation import gettext as _

from creditrisk.money import ZERO
from customers.models import Customer
from ledger import queries
from ledger.models import ItemKind, ItemMark, Mark, OpenItem

# Settling moves nothing between us and the customer: what counts are items, and effects that took their place.
_MOVEMENTS = """
    SELECT COALESCE(i.booked_on, i.item_date) AS day, i.currency, i.kind,
           CASE WHEN i.instalment > 1 THEN i.reference || '/' || i.instalment ELSE i.reference END,
           i.id, NULL::bigint, i.due, i.amount, i.reason
    FROM ledger_openitem i
    WHERE i.customer_id = %(customer)s AND COALESCE(i.booked_on, i.item_date) <= %(day)s
      AND (%(all_companies)s OR i.company_id = ANY (%(companies)s))
    UNION ALL
    SELECT e.issued_on, e.currency, 'EFFECT', e.number, NULL, e.id, e.due, -SUM(c.amount), ''
    FROM ledger_effect e
    JOIN ledger_effectitem c ON c.effect_id = e.id
    WHERE e.customer_id = %(customer)s AND e.issued_on <= %(day)s
      AND (%(all_companies)s OR e.company_id = ANY (%(companies)s))
    GROUP BY e.id
    ORDER BY 2, 1, 8 DESC, 4
"""


@dataclass(frozen=True)
class Movement:
    """One line: what the customer owed more (positive) or less, and what it owed after it."""

    day: date
    kind: str
    reference: str
    item_id: int | None
    effect_id: int | None
    due: date
    amount: Decimal
    balance: Decimal
    reason: str

    @property
    def debit(self) -> Decimal | None:
        return self.amount if self.amount > 0 else None

    @property
    def credit(self) -> Decimal | None:
        return -self.amount if self.amount < 0 else None

    @property
    def label(self) -> str:
        return _("effect") if self.kind == "EFFECT" else str(ItemKind(self.kind).label)


@dataclass(frozen=True)
class OpenLine:
    """An item with what was open of it at the end of the day."""

    id: int
    reference: str
    kind: str
    day: date
    due: date
    days_late: int
    amount: Decimal
    open_amount: Decimal
    disputed: bool
    excluded: bool

    @property
    def is_late(self) -> bool:
        return self.days_late > 0 and self.open_amount > 0


@dataclass(frozen=True)
class Account:
    """The statement in one currency. `excluded` is what of the closing balance is left out of credit control."""

    currency: str
    opening: Decimal
    movements: tuple[Movement, ...]
    closing: Decimal
    overdue: Decimal
    excluded: Decimal
    open: tuple[OpenLine, ...]


def statement(
    customer: Customer, *, first: date, last: date, company_ids: Sequence[int] | None = None
) -> list[Account]:
    """Return the customer's account from the beginning of `first` to the end of `last`, one a currency.

    The closing balance is what the receivables and credits of the exposure come to that day, provisional ones and those
    left out of credit control included. None asks for all companies. Four queries.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _MOVEMENTS,
            {
                "customer": customer.pk,
                "day": last,
                "all_companies": company_ids is None,
                "companies": list(company_ids or []),
            },
        )
        rows = cursor.fetchall()
    open_lines = _open_lines(customer, day=last, company_ids=company_ids)
    currencies = sorted({row[1] for row in rows})
    return [_account(c, [r for r in rows if r[1] == c], open_lines.get(c, []), first=first) for c in currencies]


def _account(currency: str, rows: Sequence[tuple], open_lines: Sequence[OpenLine], *, first: date) -> Account:  # type: ignore[type-arg]
    balance = opening = ZERO
    movements = []
    for day, _currency, kind, reference, item, effect, due, amount, reason in rows:
        balance += amount
        if day < first:
            opening = balance
        else:
            movements.append(Movement(day, kind, reference, item, effect, due, amount, balance, reason))
    return Account(
        currency=currency, opening=opening, movements=tuple(movements), closing=balance,
        overdue=sum((line.open_amount for line in open_lines if line.is_late), ZERO),
        excluded=sum((line.open_amount for line in open_lines if line.excluded), ZERO), open=tuple(open_lines),
    )  # fmt: skip


def _open_lines(customer: Customer, *, day: date, company_ids: Sequence[int] | None) -> dict[str, list[OpenLine]]:
    amounts = queries.open_amounts(day=day, customer_ids=[customer.pk], company_ids=company_ids)
    later = {}  # the first change after the day tells how it stood before
    for m in ItemMark.objects.filter(item__in=amounts, day__gt=day).order_by("-day", "-pk"):
        later[m.item_id, m.mark] = not m.on
    found: dict[str, list[OpenLine]] = {}
    for i in OpenItem.objects.filter(pk__in=amounts).order_by("due", "pk"):
        found.setdefault(i.currency, []).append(
            OpenLine(
                id=i.pk, reference=str(i), kind=i.get_kind_display(), day=i.item_date, due=i.due,
                days_late=(day - i.due).days, amount=i.amount, open_amount=amounts[i.pk],
                disputed=later.get((i.pk, Mark.DISPUTED), i.disputed),
                excluded=later.get((i.pk, Mark.EXCLUDED), i.excluded),
            )
        )  # fmt: skip
    return found
