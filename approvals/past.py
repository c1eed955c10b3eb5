"""What history leaves behind, in memory: documents, items and effects in their last state so far."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from creditrisk.money import ZERO
from ledger.models import EffectState


class Impossible(ValueError):
    """History says something that cannot have happened: more delivered than ordered, more paid than owed."""


@dataclass(frozen=True, slots=True)
class Party:
    """Whose history it is: ids of the debtor and of who ordered, the company that sold, the currency and terms."""

    customer: int
    company: int
    currency: str
    debtor: int
    terms: int | None = None
    prepaid: bool = False


@dataclass(slots=True)
class PastLine:
    """A line in its last state so far."""

    id: int
    document: int
    position: int
    text: str
    quantity: Decimal
    price: Decimal
    tax_percent: Decimal
    amount: Decimal
    settled: Decimal = ZERO
    source: int | None = None

    @property
    def left(self) -> Decimal:
        return self.amount - self.settled


@dataclass(slots=True)
class PastDocument:
    """A document in its last state so far."""

    id: int
    kind: str
    number: str
    party: Party
    document_date: date
    ship_date: date | None
    state: str
    lines: list[PastLine]
    source_key: str | None = None
    issued_on: date | None = None
    orders: list["PastDocument"] = field(default_factory=list)
    notes: list["PastDocument"] = field(default_factory=list)
    note: str = ""

    @property
    def day(self) -> date:
        """Return the day under which it weighs, as the formula has it."""
        return self.ship_date or self.document_date

    @property
    def left(self) -> Decimal:
        return sum((line.left for line in self.lines), ZERO)


@dataclass(slots=True)
class PastItem:
    """An open item in its last state so far; `open` is signed like `amount`."""

    id: int
    customer: int
    company: int
    kind: str
    reference: str
    currency: str
    amount: Decimal
    open: Decimal
    day: date
    due: date
    instalment: int = 1
    document: int | None = None
    effect: int | None = None
    source_key: str | None = None
    disputed: bool = False
    dispute_reason: str = ""
    disputed_on: date | None = None
    cleared_on: date | None = None
    reason: str = ""

    @property
    def bucket(self) -> str:
        return "CREDITS" if self.amount < 0 else "ITEMS_DISPUTED" if self.disputed else "ITEMS"


@dataclass(slots=True)
class PastEffect:
    """An effect in its last state so far, with the steps of its life."""

    id: int
    customer: int
    company: int
    number: str
    kind: str
    currency: str
    amount: Decimal
    due: date
    issued_on: date
    bucket: str = "EFFECTS_ISSUED"
    state: str = EffectState.ISSUED
    presentation: int | None = None
    unpaid_on: date | None = None
    collected_on: date | None = None
    closes: list[tuple[int, Decimal]] = field(default_factory=list)
    events: list[tuple[str, date]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PastPresentation:
    id: int
    company: int
    mode: str
    bank: str
    day: date


# A line as it is told: text, quantity, unit price, tax percent, amount with tax.
Told = tuple[str, Decimal, Decimal, Decimal, Decimal]
# How much of a line goes on to the next document.
Taken = tuple[PastLine, Decimal]
