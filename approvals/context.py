"""The figures that a check rests on: locks, what was granted, exposures, standings. Reads; judges nothing."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from creditrisk.exposure import ledger, read
from creditrisk.exposure.ledger import Posted, Touched
from creditrisk.exposure.read import Slot
from creditrisk.facts import (
    Control,
    EffectiveLimit,
    Exposure,
    LimitState,
    MemberOverdue,
    Standing,
    UnpaidEffect,
)
from creditrisk.money import MissingRate, Rates
from creditrisk.policy import compile as policies
from creditrisk.policy.alerting import Alerting
from creditrisk.policy.compile import Policy
from creditrisk.prepared import Prepared, Query, ask
from customers import limits
from customers.limits import Family, Granted
from customers.models import Customer, SharedLimit
from ledger import rates as ledger_rates

type _AllGranted = tuple[dict[int, Granted], dict[int, Granted]]
type Unpaid = tuple[int, date, str, Decimal]  # an effect that came back: customer, day, currency, amount

_UNPAID = Prepared(
    "SELECT customer_id, unpaid_on, currency, amount FROM ledger_effect"
    " WHERE customer_id = ANY (%s::bigint[]) AND unpaid_on IS NOT NULL"
)


def lock(customer_ids: Iterable[int]) -> Family:
    """Lock what becomes scarcer: the accounts of these customers and of their heads, then their shared limits."""
    return limits.lock(customer_ids)


def locking(customer_ids: Iterable[int]) -> Query[Family]:
    """Return the query that locks them, to be asked beside others."""
    return limits.locking(customer_ids)


@dataclass(frozen=True)
class Picture:
    """Everything read for a set of debtors on a day: what was granted, balances in slots, rates, under one policy."""

    family: Family
    policy: Policy
    today: date
    accounts: Mapping[int, Granted]
    shared: Mapping[int, Granted]
    slots: tuple[Slot, ...]
    rates: Rates
    currencies: frozenset[str] = frozenset()  # those whose rates were looked up
    unpaid: tuple[Unpaid, ...] = ()  # where the policy asks for them

    def with_slots(self, more: Iterable[Slot]) -> "Picture":
        """Return the picture with a candidate's difference in it."""
        return replace(self, slots=(*self.slots, *more))

    @cached_property
    def _by_customer(self) -> Mapping[int, Sequence[Slot]]:
        found: defaultdict[int, list[Slot]] = defaultdict(list)
        for slot in self.slots:
            found[slot.customer_id].append(slot)
        return found

    def around(self, customer_id: int) -> "Picture":
        """Return the picture with what a customer and all below it owe alone: of many, the others are not read again."""
        below = self.family.below.get(customer_id, (customer_id,))
        return replace(self, slots=tuple(s for member in below for s in self._by_customer.get(member, ())))

    def alone(self, customer_id: int) -> "Picture":
        """Return the picture with what a customer owes itself, without its branches."""
        return replace(self, slots=tuple(self._by_customer.get(customer_id, ())))

    @cached_property
    def _exposures(self) -> dict[tuple[int, int | None], Exposure]:
        return {}

    def exposure(self, customer_id: int, *, company_id: int | None = None) -> Exposure:
        """Return the exposure of a customer with all below it; in one company unless its companies are summed."""
        account = self.accounts[customer_id]
        company = None if account.summed else company_id or account.company
        known = self._exposures.get((customer_id, company))
        if known is None:
            below = set(self.family.below.get(customer_id, (customer_id,)))
            rows = [s for s in self.slots if s.customer_id in below and company in (None, s.company_id)]
            known = self._exposures[customer_id, company] = self._fold(rows, account.currency)
        return known

    @cached_property
    def _limits(self) -> dict[int, EffectiveLimit]:
        return {}

    def limit(self, customer_id: int) -> EffectiveLimit:
        """Return the customer's own limit of the day."""
        known = self._limits.get(customer_id)
        if known is None:
            account = self.accounts[customer_id]
            shared = [self.shared[s] for s in self.family.shared.get(customer_id, ()) if s in self.shared]
            known = limits.effective(account, shared=shared, has_head=bool(account.parent), rates=self.rates)
            self._limits[customer_id] = known
        return known

    def shared_exposure(self, shared_id: int) -> Exposure:
        """Return the exposure of all members, across companies."""
        members = set(self.family.members.get(shared_id, ()))
        return self._fold(
            [s for s in self.slots if s.customer_id in members],
            self.shared[shared_id].currency,
        )

    def member_exposure(self, shared_id: int, customer_id: int) -> Exposure:
        """Return what one of the members owes, in the shared limit's currency."""
        return self._fold(self._by_customer.get(customer_id, ()), self.shared[shared_id].currency)

    def _fold(self, rows: Sequence[Slot], currency: str) -> Exposure:
        return read.fold(
            rows,
            currency=currency,
            reading=self.policy,
            today=self.today,
            rates=self.rates,
        )

    def standing(
        self, customer_id: int, *, company_id: int | None = None, kind: str = "own", control: str | None = None,
        weight: Mapping[str, Decimal] | None = None,
    ) -> Standing:  # fmt: skip
        """Return how a customer stands against its own limit; `weight` is what the document adds beside the total."""
        account = self.accounts[customer_id]
        exposure = self.exposure(customer_id, company_id=company_id)
        extra = self.rates.convert(weight or {}, account.currency)
        return Standing(
            account.code,
            kind,
            exposure,
            self.limit(customer_id),
            Control(control or self.control(customer_id)),
            exposure.total + extra,
        )

    def heads(
        self,
        customer_id: int,
        *,
        company_id: int | None = None,
        weight: Mapping[str, Decimal] | None = None,
    ) -> tuple[Standing, ...]:
        """Return how each head above the customer stands, under the customer's control."""
        control = self.control(customer_id)
        return tuple(
            self.standing(h, company_id=company_id, kind="head", control=control, weight=weight)
            for h in self.family.heads.get(customer_id, ())
        )

    def shared_standings(
        self, customer_id: int, *, weight: Mapping[str, Decimal] | None = None
    ) -> tuple[Standing, ...]:
        """Return how each shared limit stands that gives this customer credit and is checked."""
        if not self.policy.check_shared_limit or not self.family.shared.get(customer_id):
            return ()
        if self.limit(customer_id).state == LimitState.UNLIMITED:
            return ()
        account = self.accounts[customer_id]
        control = account.group_control or self.control(customer_id)
        return tuple(
            self.shared_standing(s, control=control, weight=weight) for s in self.family.shared.get(customer_id, ())
        )

    def shared_standing(
        self,
        shared_id: int,
        *,
        control: str = Control.BLOCK,
        weight: Mapping[str, Decimal] | None = None,
    ) -> Standing:
        """Return how a shared limit stands."""
        owner = self.shared[shared_id]
        limit = limits.effective(owner, shared=(), has_head=False, rates=self.rates)
        exposure = self.shared_exposure(shared_id)
        extra = self.rates.convert(weight or {}, owner.currency)
        return Standing(
            owner.code,
            "shared",
            exposure,
            limit,
            Control(control),
            exposure.total + extra,
        )

    def unpaid_effects(self, customer_id: int) -> tuple[UnpaidEffect, ...]:
        """Return the customer's effects that came back unpaid, in the account's currency. Raises MissingRate."""
        currency = self.accounts[customer_id].currency
        return tuple(
            UnpaidEffect(day, self.rates.convert({unit: amount}, currency))
            for owner, day, unit, amount in self.unpaid
            if owner == customer_id
        )

    def alerting(self, customer_id: int) -> Alerting:
        """Return from which figures on alerts of a customer are written."""
        account = self.accounts[customer_id]
        return self.policy.alerting(customer=account.code, segment=account.segment, company=account.company)

    def control(self, customer_id: int) -> str:
        """Return what exceeding the customer's own limit does: its own control."""
        account = self.accounts[customer_id]
        return str(account.control or account.segment_control or Control.BLOCK)

    def members_overdue(self, customer_id: int) -> tuple[MemberOverdue, ...]:
        """Return how late the other members are, of shared limits whose members answer for each other."""
        found = []
        for shared_id in self.family.shared.get(customer_id, ()):
            shared = self.shared[shared_id]
            if not shared.answer:
                continue
            for member in self.family.members.get(shared_id, ()):
                if member != customer_id:
                    exposure = self._fold(
                        [s for s in self.slots if s.customer_id == member],
                        shared.currency,
                    )
                    found.append(
                        MemberOverdue(
                            str(member),
                            shared.code,
                            exposure.days_overdue,
                            exposure.overdue,
                        )
                    )
        return tuple(found)


def picture(
    family: Family, *, policy: Policy, today: date, currencies: Iterable[str] = (), by_day: bool = False
) -> Picture:
    """Read what is granted and owed around these debtors: in one query, another where several currencies meet.

    With `by_day` balances keep their days, for looking ahead.
    """
    answers = ask(*_queries(family, policy=policy, today=today, by_day=by_day))
    return _drawn(family, *answers, policy=policy, day=today, currencies={*currencies, *policy.currencies})


def picture_after(
    touched: Touched, family: Family, *, policy: Policy, today: date, now: datetime, currencies: Iterable[str] = ()
) -> tuple[list[Posted], Picture]:
    """Post what was touched, and read the picture that is there then, in one message; return what was posted, too."""
    posting = ledger.posting(touched, day=today, now=now)
    posted, *answers = ask(posting, *_queries(family, policy=policy, today=today), first=touched.writes)
    wanted = {*currencies, *policy.currencies}
    return posted, _drawn(family, *answers, policy=policy, day=today, currencies=wanted)


def _queries(family: Family, *, policy: Policy, today: date, by_day: bool = False) -> list[Query[Any]]:
    """Return what a picture asks, in the order in which `_drawn` takes it."""
    owed = read.owed(family.everybody, reading=policy, today=today, by_day=by_day)
    granting = limits.granting(family.accounts, family.members.keys(), day=today)
    if not policy.needs_unpaid_effects:
        return [owed, granting]
    return [owed, granting, Query(_UNPAID, [family.accounts], list)]


def _drawn(
    family: Family,
    slots: Sequence[Slot],
    granted: _AllGranted,
    unpaid: Sequence[Unpaid] = (),
    *,
    policy: Policy,
    day: date,
    currencies: Iterable[str] = (),
) -> Picture:
    accounts, shared = granted
    wanted = {s.currency for s in slots}.union(currencies, (currency for _customer, _day, currency, _amount in unpaid))
    for owner in (*accounts.values(), *shared.values()):
        wanted |= owner.currencies
    rates = ledger_rates.on(day, wanted)
    return Picture(family, policy, day, accounts, shared, tuple(slots), rates, frozenset(wanted), tuple(unpaid))


def look(customer_ids: Sequence[int], *, today: date, policy: Policy | None = None) -> Picture:
    """Return the picture of these customers without locking anything: for pages and dry runs."""
    family, policy = around(customer_ids, policy)
    return picture(family, policy=policy, today=today)


def around(customer_ids: Iterable[int], policy: Policy | None = None) -> tuple[Family, Policy]:
    """Return who stands with these customers, and the policy: the one in force where none is given. One query."""
    if policy is not None:
        return ask(limits.relating(customer_ids))[0], policy
    return ask(limits.relating(customer_ids), policies.NEWEST)


def look_back(
    customer_ids: Sequence[int], *, day: date, known_at: datetime | None = None, many: bool = False
) -> Picture:
    """Return the picture of these customers as of a day that is over, or as it was known at a moment: for pages.

    For `many` what everybody owed is read at once, not by a list of them.
    """
    family, policy = around(customer_ids)
    whose = None if many else family.everybody
    slots = read.slots_as_of(whose, reading=policy, today=day, day=day, known_at=known_at)
    granted = limits.granted(family.accounts, family.members.keys(), day=day)
    return _drawn(family, slots, granted, policy=policy, day=day)


def standing(
    customer: Customer,
    *,
    today: date,
    policy: Policy | None = None,
    company_id: int | None = None,
) -> Standing:
    """Return how one customer stands today, for pages."""
    return look([customer.pk], today=today, policy=policy).standing(customer.pk, company_id=company_id)


def standings(customers: Iterable[Customer], *, today: date, policy: Policy | None = None) -> dict[int, Standing]:
    """Return how many customers stand today, by id: a fixed number of queries.

    A customer whose currency cannot be converted is left out: its page says which rate is missing.
    """
    ids = [c.pk for c in customers]
    return standings_in(look(ids, today=today, policy=policy), ids)


def standings_in(seen: Picture, ids: Iterable[int]) -> dict[int, Standing]:
    """Return how those of these customers stand, by id, whose currency can be converted."""
    found = {}
    for pk in ids:
        if pk in seen.accounts:
            with suppress(MissingRate):
                found[pk] = seen.around(pk).standing(pk)
    return found


def shared_standing(shared: SharedLimit, *, today: date, policy: Policy | None = None) -> Standing:
    """Return how a shared limit stands today, for pages."""
    members = tuple(shared.members.values_list("pk", flat=True))
    family = limits.family(members) if members else Family(members={shared.pk: ()})
    seen = picture(
        replace(family, members={**family.members, shared.pk: members}),
        policy=policy or policies.active(),
        today=today,
    )
    return seen.shared_standing(shared.pk)
