"""How what was let through ended: on time, late, unpaid, not due yet, cancelled. Pure.

Days late are weighted by amount: the sum of amount times days after the due date, divided by the sum of the amounts, over
all that fell due; what was paid on time counts with zero days, what is unpaid with the days until today. That is the
dollar-weighted Days Beyond Terms (DBT) of Experian's and Dun & Bradstreet's business credit reports.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from creditrisk.money import ZERO


class Outcome(TextChoices):
    """How a part of a released document ended."""

    ON_TIME = "ON_TIME", _("on time")
    LATE = "LATE", _("late")
    UNPAID = "UNPAID", _("unpaid")
    NOT_DUE = "NOT_DUE", _("not due yet")
    CANCELLED = "CANCELLED", _("cancelled")


# The worst of its parts is what a document counts as.
WORST = (Outcome.UNPAID, Outcome.LATE, Outcome.NOT_DUE, Outcome.ON_TIME, Outcome.CANCELLED)
_DUE = frozenset({Outcome.ON_TIME, Outcome.LATE, Outcome.UNPAID})


@dataclass(frozen=True)
class Settled:
    """A part of an instalment: due when, settled how and by what, on which day."""

    due: date
    how: str
    by: str
    day: date | None
    amount: Decimal


@dataclass
class Ending:
    """How an amount ended: how much in each way, and the sum of amount times days late."""

    amounts: dict[Outcome, Decimal] = field(default_factory=dict)
    weighted: Decimal = ZERO

    def add(self, outcome: Outcome, amount: Decimal, days: int = 0) -> None:
        self.amounts[outcome] = self.amounts.get(outcome, ZERO) + amount
        self.weighted += amount * days

    def take(self, other: "Ending", share: Decimal = Decimal(1)) -> None:
        """Add a share of another ending."""
        for outcome, amount in other.amounts.items():
            self.amounts[outcome] = self.amounts.get(outcome, ZERO) + amount * share
        self.weighted += other.weighted * share

    @property
    def fallen_due(self) -> Decimal:
        return sum((amount for outcome, amount in self.amounts.items() if outcome in _DUE), ZERO)

    @property
    def days_late(self) -> Decimal | None:
        """Return the days late, weighted by amount; None where nothing has fallen due."""
        return self.weighted / self.fallen_due if self.fallen_due else None

    @property
    def parts(self) -> list[tuple[str, str, Decimal]]:
        """Return the amounts as a picture draws them: code, name, amount."""
        return [(way.value.lower(), str(way.label), self.amounts.get(way, ZERO)) for way in Outcome]

    @property
    def worst(self) -> Outcome:
        """Return what the whole counts as: the worst of what is more than nothing."""
        return next((outcome for outcome in WORST if self.amounts.get(outcome, ZERO) > ZERO), Outcome.NOT_DUE)


def outcome(part: Settled, *, today: date, grace: int = 0) -> tuple[Outcome, int]:
    """Return how a part of an instalment ended, and how many days late.

    A payment counts from the day on which the money came, however late it was matched. What was given up is unpaid; what
    was credited is cancelled. An effect that is with the bank and matured counts as paid on its due date until it comes back.
    Up to `grace` days after the due day are on time, and what is still open in them is not due yet.
    """
    late = (today - part.due).days
    match part.how, part.by:
        case "OPEN", _by:
            return (Outcome.UNPAID, late) if late > grace else (Outcome.NOT_DUE, 0)
        case "EFFECT", "UNPAID":
            return Outcome.UNPAID, max(late, 0)
        case "EFFECT", "ISSUED" | "PRESENTED" if part.day is not None and part.day >= today:
            return Outcome.NOT_DUE, 0
        case "EFFECT", "ISSUED":
            return Outcome.UNPAID, max(late, 0)
        case "SETTLED", "WRITE_OFF":
            return Outcome.UNPAID, max(late, 0)
        case "SETTLED", "CREDIT_NOTE" | "REVERSAL":
            return Outcome.CANCELLED, 0
    late = (part.day - part.due).days if part.day is not None else 0
    return (Outcome.LATE, late) if late > grace else (Outcome.ON_TIME, 0)


def ending(parts: Iterable[Settled], *, today: date, grace: int = 0) -> Ending:
    """Return how all parts of an invoice ended."""
    found = Ending()
    for part in parts:
        how, days = outcome(part, today=today, grace=grace)
        found.add(how, part.amount, days)
    return found


def own_weights(roots: Iterable[int], shares: Mapping[tuple[int, int], Decimal]) -> dict[int, Decimal]:
    """Return how much of each released document is counted by itself, where one person released several.

    `shares` says for (earlier, later) which share of the later document came from the earlier. What an earlier release
    of the same person reaches already is not counted again.
    """
    several = list(roots)
    return {
        one: max(Decimal(1) - sum((shares.get((other, one), ZERO) for other in several if other != one), ZERO), ZERO)
        for one in several
    }
