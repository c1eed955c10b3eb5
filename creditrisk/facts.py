"""The frozen values that are handed around: exposures, standings, cases, findings, outcomes. No Django here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple

from creditrisk.language import marked, say
from creditrisk.money import HUNDRED, ZERO, Rates

# The eight summed buckets, in the order people see them. A euro sits in exactly one.
BUCKETS = (
    "open_orders",
    "delivered_not_invoiced",
    "unposted_invoices",
    "receivables",
    "credits",
    "effects_issued",
    "effects_presented",
    "effects_unpaid",
)
# Shown beside them, never summed.
BESIDE = ("overdue", "disputed", "beyond_horizon", "posted_unpaid", "provisional")

CHECKPOINTS = ("entry", "confirmation", "picking", "delivery", "invoice")


class Control(StrEnum):
    """What exceeding a limit does."""

    NONE = "NONE"
    WARN = "WARN"
    BLOCK = "BLOCK"


class LimitState(StrEnum):
    """Zero, not set and unlimited are three things. DEFERRED: the shared limit's or the head's alone."""

    AMOUNT = "AMOUNT"
    UNLIMITED = "UNLIMITED"
    NONE = "NONE"
    DEFERRED = "DEFERRED"


class Verdict(StrEnum):
    """What became of a step."""

    PASSED = "passed"
    WARNED = "warned"
    HELD = "held"


_SOURCES = frozenset({
    marked("own limit"), marked("temporary limit"), marked("segment"), marked("shared limit or head alone"),
    marked("first limit, not approved yet"), marked("insurance"), marked("guarantee"),
})  # fmt: skip


def source_in_words(source: str) -> str:
    """Return where a limit comes from in the reader's language; decisions keep it in English."""
    if source.startswith("segment "):
        return say("segment %(code)s", code=source.removeprefix("segment "))
    return say(source) if source in _SOURCES else source


@dataclass(frozen=True)
class Part:
    """One component of an effective limit: where it comes from and how much, in the account's currency."""

    source: str
    amount: Decimal | None
    detail: str = ""

    @property
    def source_in_words(self) -> str:
        return source_in_words(self.source)


@dataclass(frozen=True)
class EffectiveLimit:
    """The limit of a customer or shared limit on a day, in its currency, with the parts it is made of."""

    state: LimitState
    amount: Decimal
    currency: str
    last_day: date | None = None
    parts: tuple[Part, ...] = ()

    @property
    def source(self) -> str:
        """Name where the limit comes from, for the decision's record."""
        return " + ".join(part.source for part in self.parts) or self.state.value.lower()


@dataclass(frozen=True)
class Exposure:
    """What a customer (with all below it) or a shared limit owes and is promised, in `currency`.

    `buckets` holds the eight summed buckets; `counted` names those that policy sums into the total.
    """

    currency: str
    buckets: Mapping[str, Decimal]
    counted: frozenset[str] = frozenset(BUCKETS)
    overdue: Decimal = ZERO
    days_overdue: int = 0
    disputed: Decimal = ZERO
    beyond_horizon: Decimal = ZERO
    posted_unpaid: Decimal = ZERO
    provisional: Decimal = ZERO
    oldest_due: date | None = None

    @cached_property
    def total(self) -> Decimal:
        """Return the sum of the counted buckets, and nothing else."""
        return sum(
            (amount for name, amount in self.buckets.items() if name in self.counted),
            ZERO,
        )


@dataclass(frozen=True)
class Standing:
    """An exposure against a limit: the debtor's own, a head's, or a shared limit's.

    `measured` is the total that is compared with the limit: the document at hand always in it, once.
    """

    code: str
    kind: str  # own | head | shared
    exposure: Exposure
    limit: EffectiveLimit
    control: Control
    measured: Decimal

    @property
    def available(self) -> Decimal | None:
        """Return limit less total, negative when exceeded; None where there is no own limit to compare with."""
        if self.limit.state in (LimitState.UNLIMITED, LimitState.DEFERRED):
            return None
        return self.limit.amount - self.exposure.total

    def as_record(self) -> dict[str, str]:
        """Return the figures of the day as text, as a grant or an approval keeps them."""
        exposure, limit = self.exposure, self.limit
        return {
            "currency": exposure.currency, "total": str(exposure.total), "overdue": str(exposure.overdue),
            "days_overdue": str(exposure.days_overdue), "limit": str(limit.amount), "limit_state": limit.state.value,
            "source": limit.source,
        }  # fmt: skip

    @property
    def used_percent(self) -> Decimal | None:
        """Return total / limit x 100, unrounded; None for unlimited, deferred and a limit of zero."""
        return self._used(self.exposure.total)

    @property
    def measured_percent(self) -> Decimal | None:
        """Return what rules compare: infinite where there is no credit and something is used; None for unlimited."""
        if self.limit.state in (LimitState.UNLIMITED, LimitState.DEFERRED):
            return None
        if not self.limit.amount:
            return Decimal("Infinity") if self.measured > 0 else ZERO
        return self._used(self.measured)

    def _used(self, total: Decimal) -> Decimal | None:
        if self.limit.state != LimitState.AMOUNT or not self.limit.amount:
            return None
        return total / self.limit.amount * HUNDRED

    @property
    def exceeded(self) -> bool:
        """Return whether the measured total is over the limit, strictly."""
        if self.limit.state in (LimitState.UNLIMITED, LimitState.DEFERRED):
            return False
        return self.measured > self.limit.amount


@dataclass(frozen=True)
class UnpaidEffect:
    """An effect returned unpaid: the day and the amount in the account's currency."""

    day: date
    amount: Decimal


@dataclass(frozen=True)
class MemberOverdue:
    """How late another member of a shared limit is that answers for this one."""

    code: str
    shared: str
    days_overdue: int
    overdue: Decimal


@dataclass(frozen=True)
class Case:
    """All that a rule may look at: one document at one checkpoint, with the debtor's figures. Frozen and complete."""

    today: date
    checkpoint: str
    document_kind: str
    amount: Decimal
    currency: str
    customer: str
    own: Standing
    rates: Rates
    heads: tuple[Standing, ...] = ()
    shared: tuple[Standing, ...] = ()
    sub_limits: Mapping[str, Decimal] = field(default_factory=dict)
    joining: Mapping[str, Decimal] = field(default_factory=dict)  # what the document adds to a bucket that lacks it yet
    credit_group: str | None = None
    risk_class: str | None = None
    account_status: str | None = None
    terms: str | None = None
    terms_rank: int | None = None
    usual_terms_rank: int | None = None
    prepaid: bool = False
    discount: str | None = None
    discount_rank: int | None = None
    usual_discount: str | None = None
    usual_discount_rank: int | None = None
    excluded: bool = False
    uses_credit: bool = True
    never_blocked: bool = False
    blocked_orders: bool = False
    blocked_deliveries: bool = False
    authorise_orders: bool = False
    authorise_deliveries: bool = False
    suspended: bool = False
    forced: bool = False
    next_review: date | None = None
    unpaid_effects: tuple[UnpaidEffect, ...] = ()
    members_overdue: tuple[MemberOverdue, ...] = ()
    advance_needed: Decimal = ZERO
    advance_received: Decimal = ZERO
    limit_last_day: date | None = None
    blank_expiry_is_expired: bool = False
    check_terms: bool = False
    check_discount: bool = False

    @property
    def is_order(self) -> bool:
        return self.document_kind == "ORDER"

    @cached_property
    def used_percent(self) -> Decimal | None:
        """Return the used % of the own or a checked shared limit, whichever is higher; None where none can be used up.

        A customer that has only its head's limit is measured against that one; an unlimited one never.
        """
        if self.own.limit.state == LimitState.UNLIMITED:
            return None
        standings = [self.own, *self.shared]
        if self.own.limit.state == LimitState.DEFERRED:
            standings += self.heads
        return max(
            (used for s in standings if (used := s.measured_percent) is not None),
            default=None,
        )


class Measured(NamedTuple):
    """What a rule measured against its threshold, and whether that is true. `unit` is days, percent or a currency."""

    value: Any
    threshold: Any
    unit: str
    true: bool
    subject: str = ""


class Finding(NamedTuple):
    """One rule row (or built-in rule) asked: what it measured, and what came of it.

    `counts` says whether it stands in the way; `excluded_by` names the row that kept it from doing so.
    """

    code: str
    kind: str  # block | exclude | limit
    action: str  # HOLD | WARN | NONE
    measured: Measured | None
    true: bool
    counts: bool
    row: int | None = None
    scope: str = ""
    excluded_by: int | None = None


@dataclass(frozen=True)
class Outcome:
    """The verdict with every finding, those that passed too."""

    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    freed_by: int | None = None
