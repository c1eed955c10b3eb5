"""How customers stood, as pages over many of them show it: rows, sums, and what of them is wanted."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from creditrisk.facts import BUCKETS
from creditrisk.lists.keyset import Key
from creditrisk.money import HUNDRED, ZERO


@dataclass(frozen=True)
class Row:
    """One customer as the portfolio shows it, in its own currency. `limit` is None where nothing bounds it by itself."""

    id: int
    code: str
    name: str
    company: str
    segment: str
    country: str
    risk_class: str
    salesperson: str
    currency: str
    buckets: tuple[Decimal, ...]
    total: Decimal
    limit: Decimal | None
    limit_state: str
    available: Decimal | None
    used_percent: Decimal | None
    over: Decimal
    overdue: Decimal
    days_overdue: int
    rank: Decimal = ZERO

    @property
    def is_over(self) -> bool:
        return self.over > 0


@dataclass(frozen=True)
class Sum:
    """What some customers owe together in one currency. A branch's euro counts once, in its own row.

    Limits and what is used of them are of those who have one.
    """

    currency: str
    customers: int
    buckets: tuple[Decimal, ...]
    total: Decimal
    limit: Decimal
    used: Decimal
    overdue: Decimal
    over: int
    over_amount: Decimal
    key: str = ""
    label: str = ""

    @property
    def used_percent(self) -> Decimal | None:
        return self.used / self.limit * HUNDRED if self.limit else None

    @property
    def receivables(self) -> Decimal:
        return self.buckets[BUCKETS.index("receivables")]

    @property
    def net(self) -> Decimal:
        """Return the receivables less what was paid and not allocated."""
        return self.receivables + self.buckets[BUCKETS.index("credits")]


@dataclass(frozen=True)
class Picture:
    """What one statement found."""

    rows: tuple[Row, ...] = ()
    count: int = 0
    sums: tuple[Sum, ...] = ()
    groups: tuple[Sum, ...] = ()
    near: tuple[Row, ...] = ()
    largest: tuple[Row, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wanted:
    """Which parts are asked for: rows of a page in an order, sums, groups by a key, the nearest to their limit, the largest."""

    order: Key | None = None
    after: tuple[Any, int] | None = None
    backwards: bool = False
    size: int = 25
    sums: bool = False
    by: str = ""
    near: int = 0
    largest: int = 0
    missing: bool = True
