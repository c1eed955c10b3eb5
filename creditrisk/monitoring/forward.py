"""What the exposure of a customer, or of those who share a limit, will be, day by day, from what is booked today; and the limit of each of those days.

Nothing new is supposed but that goods go out and money comes in as usual. An order weighs from the day on which it enters
the horizon; after its ship day it is paid like an invoice of that day, under the customer's usual terms. A debt leaves
on its due day, or so many days later as the customer's money usually comes. What is later than that already is not
counted on any more: it stays. Money on account goes with the debts that leave first. Effects leave when they mature.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import pairwise

from approvals import context
from approvals.context import Picture
from creditrisk.exposure import read
from creditrisk.exposure.read import Reading, Slot
from creditrisk.facts import BUCKETS, EffectiveLimit, LimitState
from creditrisk.money import ZERO, MissingRate, Rates
from creditrisk.policy import compile as policies
from creditrisk.policy.compile import Policy
from customers import limits, terms
from customers.limits import Granted
from customers.models import SharedLimit
from ledger import behaviour, delays

AHEAD_DAYS = 90
_DAY = timedelta(days=1)

_ORDERS = ("ORDERS_ENTERED", "ORDERS_CONFIRMED", "ORDERS_DRAFTED")
_GOODS = frozenset({*_ORDERS, "DELIVERED", "DELIVERED_DRAFTED", "INVOICES_DRAFT", "INVOICES_ISSUED"})
_DUE = ("ITEMS", "ITEMS_PROVISIONAL")
_CREDITS = ("CREDITS", "CREDITS_PROVISIONAL")


@dataclass(frozen=True)
class Habit:
    """How a customer turns goods into money: the days of its usual terms, and how late it pays, by currency.

    The delay that somebody kept says so for every currency; without one whoever never paid, or pays early, is expected
    on the due day.
    """

    terms_days: int = 0
    late: Mapping[str, int] | None = None
    kept: int | None = None

    def late_days(self, currency: str) -> int:
        if self.kept is not None:
            return self.kept
        known = self.late or {}
        return max(known.get(currency, max(known.values(), default=0)), 0)


@dataclass(frozen=True)
class Stay:
    """An amount that weighs in a bucket from the day `first` on, until the day before `gone`; None: as far as one sees."""

    owner: tuple[int, int, str]  # customer, company, currency
    bucket: str
    first: date
    gone: date | None
    amount: Decimal
    by_money: bool = False

    @property
    def currency(self) -> str:
        return self.owner[2]


def stays(slots: Iterable[Slot], *, reading: Reading, habits: Mapping[int, Habit], today: date) -> list[Stay]:
    """Return from when until when each balance will weigh. Balances keep their days (`read.days`)."""
    found: list[Stay] = []
    credits: list[Stay] = []
    for slot in slots:
        stay = _stay(slot, reading=reading, habit=habits.get(slot.customer_id, Habit()), today=today)
        if stay is not None and (stay.gone is None or stay.gone > stay.first):
            (credits if stay.bucket == "credits" else found).append(stay)
    return [*found, *_with_what_they_pay(credits, found)]


def _stay(slot: Slot, *, reading: Reading, habit: Habit, today: date) -> Stay | None:
    bucket, first = read.visible_bucket(slot.bucket, slot.day, reading=reading, today=today), today
    if bucket is None and slot.bucket in _ORDERS and read.beyond(slot.day, reading=reading, today=today):
        first = slot.day - timedelta(days=reading.order_horizon_days or 0)
        bucket = read.visible_bucket(slot.bucket, slot.day, reading=reading, today=first)
    if bucket is None:
        return None
    late = timedelta(days=habit.late_days(slot.currency))
    gone, by_money = None, False
    if slot.bucket in _GOODS:
        start = max(slot.day, today) if slot.bucket in _ORDERS else slot.day
        gone, by_money = start + timedelta(days=habit.terms_days) + late + _DAY, True
    elif slot.bucket in _DUE:
        gone, by_money = slot.day + late + _DAY, True
    elif slot.bucket in ("EFFECTS_ISSUED", "EFFECTS_SBF", "EFFECTS_DISCOUNT"):
        gone = slot.day + timedelta(days=reading.sbf_grace_days)
    elif slot.bucket == "EFFECTS_COLLECTION":
        gone = slot.day + timedelta(days=reading.collection_grace_days)
    if gone is not None and gone <= today:
        gone = None
    owner = (slot.customer_id, slot.company_id, slot.currency)
    return Stay(owner, bucket, first, gone, slot.amount, by_money and slot.amount > 0)


def _with_what_they_pay(credits: Iterable[Stay], debts: Iterable[Stay]) -> list[Stay]:
    """Return money on account, cut into what goes with each debt of the same owner, the first to leave first."""
    waiting: defaultdict[tuple[int, int, str], list[tuple[date, Decimal]]] = defaultdict(list)
    for debt in debts:
        if debt.by_money and debt.gone is not None:
            waiting[debt.owner].append((debt.gone, debt.amount))
    for of_owner in waiting.values():
        of_owner.sort()
    found = []
    for credit in credits:
        left, queue = -credit.amount, waiting[credit.owner]
        while left > 0 and queue:
            gone, amount = queue.pop(0)
            part = min(left, amount)
            if part < amount:
                queue.insert(0, (gone, amount - part))
            found.append(replace(credit, amount=-part, gone=gone))
            left -= part
        if left:
            found.append(replace(credit, amount=-left))
    return found


@dataclass(frozen=True)
class Day:
    """One day ahead: what is expected to weigh by bucket, in the account's currency, and the limit; None: none to exceed."""

    day: date
    buckets: Mapping[str, Decimal]
    total: Decimal
    limit: Decimal | None

    @property
    def over(self) -> bool:
        return self.limit is not None and self.total > self.limit

    @property
    def free(self) -> Decimal | None:
        return None if self.limit is None else self.limit - self.total


@dataclass(frozen=True)
class Curve:
    """The exposure of a customer, or under a shared limit, from today on. The first day is today, as it stands.

    `days` are all of them, or those alone on which something changes: today alone where it can only fall.
    """

    owner_id: int
    code: str
    currency: str
    days: tuple[Day, ...]
    at_worst: Decimal = ZERO  # what would be owed with everything that is booked and no payment at all
    turns: frozenset[date] = frozenset()  # the days on which an expected payment is missed when it does not come
    beyond: frozenset[date] = frozenset()  # the days after the last one on which an order would enter

    @cached_property
    def breach(self) -> Day | None:
        """Return the first day ahead on which the exposure passes the limit, having kept to it the day before."""
        return next((after for before, after in pairwise(self.days) if after.over and not before.over), None)

    @cached_property
    def by_limit(self) -> bool:
        """Return whether the breach comes from a limit that falls, and would not come without that."""
        for before, after in pairwise(self.days):
            if after is self.breach:
                return before.limit is None or after.total <= before.limit
        return False

    @property
    def peak(self) -> Day:
        """Return the day on which most is owed, the first of several."""
        return max(self.days, key=lambda d: (d.total, -d.day.toordinal()))

    @property
    def lowest(self) -> Day:
        """Return the day on which least is owed, the first of several."""
        return min(self.days, key=lambda d: (d.total, d.day))

    @property
    def steps(self) -> list[Day]:
        """Return the days on which something changes, today among them: the table behind the picture."""
        changed = [b for a, b in pairwise(self.days) if (a.buckets, a.limit) != (b.buckets, b.limit)]
        return [*self.days[:1], *changed]


def curve(
    found: Sequence[Stay], *, currency: str, counted: frozenset[str], rates: Rates, today: date, days: int,
    bounds: Sequence[tuple[date, EffectiveLimit]],
) -> tuple[Day, ...]:  # fmt: skip
    """Return each day from `today` to `days` ahead; see `turning`."""
    on = {
        day.day: day
        for day in turning(
            found, currency=currency, counted=counted, rates=rates, today=today, days=days, bounds=bounds
        )
    }
    drawn = [on[today]]
    for ahead in range(1, days + 1):
        day = today + timedelta(days=ahead)
        drawn.append(on.get(day) or replace(drawn[-1], day=day))
    return tuple(drawn)


def turning(
    found: Sequence[Stay], *, currency: str, counted: frozenset[str], rates: Rates, today: date, days: int,
    bounds: Sequence[tuple[date, EffectiveLimit]],
) -> tuple[Day, ...]:  # fmt: skip
    """Return `today` and each day up to `days` ahead on which something moves or another limit begins.

    `bounds` are the limits in force from their days on, the first today's. Buckets are summed by currency, converted at
    today's rates and rounded once, as `read.fold` does. Raises MissingRate where a currency cannot be converted.
    """
    moves: defaultdict[date, list[tuple[str, str, Decimal]]] = defaultdict(list)
    for stay in found:
        moves[stay.first].append((stay.bucket, stay.currency, stay.amount))
        if stay.gone is not None:
            moves[stay.gone].append((stay.bucket, stay.currency, -stay.amount))
    limits_from = {max(since, today): limit for since, limit in bounds}
    held: defaultdict[str, defaultdict[str, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
    amounts: Mapping[str, Decimal] = dict.fromkeys(BUCKETS, ZERO)
    total, limit, last = ZERO, limits_from[today], today + timedelta(days=days)
    drawn = []
    for day in sorted({today, *moves, *limits_from}):
        if day > last:
            break
        if moved := moves.get(day):
            for bucket, unit, amount in moved:
                held[bucket][unit] += amount
            touched = {bucket for bucket, _unit, _amount in moved}
            becomes = {bucket: rates.convert(held[bucket], currency) for bucket in touched}
            total += sum((becomes[bucket] - amounts[bucket] for bucket in touched & counted), ZERO)
            amounts = {**amounts, **becomes}
        limit = limits_from.get(day, limit)
        bounded = limit.state in (LimitState.AMOUNT, LimitState.NONE)
        drawn.append(Day(day, amounts, total, limit.amount if bounded else None))
    return tuple(drawn)


def _rises(found: Iterable[Stay], today: date) -> bool:
    """Return whether anything lets the exposure rise: what begins later, and money on account that goes."""
    return any(stay.first > today if stay.amount > 0 else stay.gone is not None for stay in found)


def _at_worst(found: Sequence[Stay], *, counted: frozenset[str], currency: str, rates: Rates) -> Decimal:
    summed: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    for stay in found:
        if stay.bucket in counted and stay.amount > 0:
            summed[stay.currency] += stay.amount
    return rates.convert(summed, currency)


@dataclass(frozen=True)
class Sight:
    """What was read to look ahead of some customers: how all around them stand, what will be granted, how they pay."""

    seen: Picture
    today: date
    days: int
    granted: Mapping[int, Sequence[tuple[date, Granted]]]
    shared: Mapping[int, Sequence[tuple[date, Granted]]]
    habits: Mapping[int, Habit]
    every_day: bool = True  # otherwise curves have those days alone that are asked to find a breach

    def of_customer(self, customer_id: int) -> Curve | None:
        """Return what lies ahead of a customer, branches included; None where a currency cannot be converted."""
        seen, account = self.seen, self.seen.accounts.get(customer_id)
        if account is None:
            return None
        company = None if account.summed else account.company
        slots = [slot for slot in seen.around(customer_id).slots if company in (None, slot.company_id)]
        shared = [seen.shared[s] for s in seen.family.shared.get(customer_id, ()) if s in seen.shared]
        return self._curve(
            account, slots, self.granted.get(customer_id, ()),
            lambda granted: limits.effective(granted, shared=shared, has_head=bool(granted.parent), rates=seen.rates),
        )  # fmt: skip

    def of_shared(self, shared_id: int) -> Curve | None:
        """Return what lies ahead of a shared limit, of all its members in all companies."""
        owner = self.seen.shared.get(shared_id)
        if owner is None:
            return None
        slots = [s for member in self.seen.family.members.get(shared_id, ()) for s in self.seen.alone(member).slots]
        return self._curve(
            owner, slots, self.shared.get(shared_id, ()),
            lambda granted: limits.effective(granted, shared=(), has_head=False, rates=self.seen.rates),
        )  # fmt: skip

    def _curve(
        self, owner: Granted, slots: Sequence[Slot], ahead: Sequence[tuple[date, Granted]],
        limit_of: Callable[[Granted], EffectiveLimit],
    ) -> Curve | None:  # fmt: skip
        policy, last = self.seen.policy, self.today + timedelta(days=self.days)
        staying = stays(slots, reading=policy, habits=self.habits, today=self.today)
        draw, days = (
            (curve, self.days)
            if self.every_day
            else (turning, self.days if ahead or _rises(staying, self.today) else 0)
        )
        try:
            bounds = [(day, limit_of(granted)) for day, granted in [(self.today, owner), *ahead]]
            drawn = draw(
                staying, currency=owner.currency, counted=policy.counts, rates=self.seen.rates, today=self.today, days=days,
                bounds=bounds,
            )  # fmt: skip
            at_worst = _at_worst(staying, counted=policy.counts, currency=owner.currency, rates=self.seen.rates)
        except MissingRate:
            return None
        return Curve(
            owner.id, owner.code, owner.currency, drawn, at_worst=at_worst,
            turns=frozenset(stay.gone for stay in staying if stay.by_money and stay.gone is not None),
            beyond=frozenset(stay.first for stay in staying if stay.first > last),
        )  # fmt: skip


def sight(
    customer_ids: Sequence[int], *, today: date, days: int = AHEAD_DAYS, policy: Policy | None = None,
    every_day: bool = True,
) -> Sight:  # fmt: skip
    """Return what there is to see ahead of these customers and of the limits that they share: a fixed number of queries."""
    policy, family = policy or policies.active(), limits.family(customer_ids)
    everybody, last = family.everybody, today + timedelta(days=days)
    ahead = limits.granted_ahead(customer_ids, today=today, last=last)
    shared = limits.shared_ahead(family.members, today=today, last=last) if family.members else {}
    grants = [granted for turns in (*ahead.values(), *shared.values()) for _day, granted in turns]
    units = {unit for granted in grants for unit in granted.currencies}
    seen = context.picture(family, policy=policy, today=today, currencies=units, by_day=True)
    terms_days, late = terms.usual_days(everybody), behaviour.days_late(everybody, day=today)
    kept = delays.kept(everybody)
    habits = {pk: Habit(terms_days.get(pk, 0), late.get(pk), kept.get(pk)) for pk in everybody}
    return Sight(seen, today, days, ahead, shared, habits, every_day)


def look(
    customer_ids: Sequence[int], *, today: date, days: int = AHEAD_DAYS, policy: Policy | None = None,
    every_day: bool = True,
) -> dict[int, Curve]:  # fmt: skip
    """Return what lies ahead of these customers, branches included, by id: a fixed number of queries.

    A customer whose currency cannot be converted is left out.
    """
    if not customer_ids:
        return {}
    seen = sight(customer_ids, today=today, days=days, policy=policy, every_day=every_day)
    return {pk: found for pk in customer_ids if (found := seen.of_customer(pk)) is not None}


def look_shared(
    shared_ids: Sequence[int], *, today: date, days: int = AHEAD_DAYS, policy: Policy | None = None,
    every_day: bool = True,
) -> dict[int, Curve]:  # fmt: skip
    """Return what lies ahead of these shared limits, by id: a fixed number of queries.

    One that has no members, or whose currency cannot be converted, is left out.
    """
    members = list(
        SharedLimit.members.through.objects.filter(sharedlimit__in=shared_ids).values_list("customer", flat=True)
    )
    if not members:
        return {}
    seen = sight(members, today=today, days=days, policy=policy, every_day=every_day)
    return {pk: found for pk in shared_ids if (found := seen.of_shared(pk)) is not None}
