"""What the figures of a company are made of, as of the end of a day, in the currency of the company."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from creditrisk.figures.formulas.days_sales import Month
from creditrisk.figures.formulas.portfolio import TOP
from creditrisk.money import ZERO

YEAR_MONTHS = 12
MONTH_DAYS, QUARTER_DAYS = 30, 90


@dataclass(frozen=True)
class Ages:
    """What is open by days past due, credits that are not allocated yet taken off where their own day puts them."""

    current: Decimal = ZERO
    late_30: Decimal = ZERO
    late_60: Decimal = ZERO
    late_90: Decimal = ZERO
    older: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        return self.current + self.late_30 + self.late_60 + self.late_90 + self.older

    @property
    def late(self) -> Decimal:
        return self.total - self.current


@dataclass(frozen=True)
class Debtor:
    """A customer that heads its family: exposure, limit (None: unlimited or not its own), insured amount."""

    exposure: Decimal
    limit: Decimal | None = None
    insured: Decimal = ZERO


@dataclass(frozen=True)
class Debtors:
    """Debtors added up, however many they are: all that the figures ask of them. Who owes nothing is lent nothing."""

    owing: int = 0  # how many
    lent: Decimal = ZERO
    squares: Decimal = ZERO  # of what is lent to each
    largest: tuple[Decimal, ...] = ()  # what is lent to the ten largest, the largest first
    insured: Decimal = ZERO  # of what is lent, so far as it is insured
    used: Decimal = ZERO  # what those owe who have a limit, credits taken off
    limits: Decimal = ZERO

    @classmethod
    def of(cls, debtors: Iterable[Debtor]) -> "Debtors":
        """Return these debtors added up."""
        return sum((cls._one(debtor) for debtor in debtors), cls())

    @classmethod
    def _one(cls, debtor: Debtor) -> "Debtors":
        owed = debtor.exposure
        used, limits = (ZERO, ZERO) if debtor.limit is None else (owed, debtor.limit)
        if owed <= 0:
            return cls(used=used, limits=limits)
        return cls(1, owed, owed**2, (owed,), min(owed, debtor.insured), used, limits)

    def __add__(self, other: "Debtors") -> "Debtors":
        """Return the debtors of both together."""
        return Debtors(
            self.owing + other.owing, self.lent + other.lent, self.squares + other.squares,
            tuple(sorted(self.largest + other.largest, reverse=True)[:TOP]), self.insured + other.insured,
            self.used + other.used, self.limits + other.limits,
        )  # fmt: skip


@dataclass(frozen=True)
class Orders:
    """Orders that a check was asked about, and those that credit turned away."""

    asked: int = 0
    asked_value: Decimal = ZERO
    rejected: int = 0
    rejected_value: Decimal = ZERO


@dataclass(frozen=True)
class Sales:
    """Credit sales: invoices less credit notes, with tax as they are owed. `months` have the latest first."""

    months: tuple[Month, ...] = ()
    lately: Decimal = ZERO  # thirty days
    twelve_months: Decimal = ZERO
    days: int = 0  # of the twelve months, or since the first sale
    year: Decimal = ZERO  # since the first of January
    term_days: Decimal | None = None


@dataclass(frozen=True)
class Inputs:
    """Everything that the figures of one company rest on. `missing` names what could not be converted."""

    day: date
    currency: str
    ages: Ages = Ages()
    ages_before: Ages = Ages()  # thirty days earlier
    sales: Sales = Sales()
    days_to_pay: Decimal | None = None
    days_late: Decimal | None = None
    effects_due: Decimal = ZERO
    effects_unpaid: Decimal = ZERO
    orders: Orders = Orders()
    closed: int = 0  # holds, in the quarter
    released: int = 0  # of them, by a person
    waits: tuple[timedelta, ...] = ()  # how long those were open that are in the middle: one, or two of an even number
    breaches: int = 0
    debtors: Debtors = Debtors()
    invoices: int = 0
    invoices_kept: int = 0
    missing: tuple[str, ...] = field(default=(), compare=False)
