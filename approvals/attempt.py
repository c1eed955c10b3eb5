"""One step of one document with all that its check rests on, read once: judged as often as one likes, under any changes.

The dry run judges it as it is; what would free a held document is found by judging it again with more paid, less
ordered, other terms, on a later day. Nothing is locked, nothing is written, and changing it reads nothing.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from approvals import case as cases
from approvals import context, deciding, holds
from approvals.case import Beside, Candidate, Question
from approvals.checkpoints import CHECKPOINT, of_kind
from approvals.context import Picture
from approvals.holds import Cover
from creditrisk.exposure import read
from creditrisk.exposure.read import Slot
from creditrisk.facts import Case, LimitState, Outcome, Standing, Verdict
from creditrisk.money import ZERO
from creditrisk.policy import compile as policies
from creditrisk.policy.compile import Policy
from customers.limits import Family
from customers.models import Company, Customer, PaymentTerms, SettlementDiscount
from documents import amending, foresight
from documents.drafts import UNSET, Changes
from documents.foresight import Part, Plan
from documents.models import Document, DocumentType, Kind, State
from ledger import rates as ledger_rates


@dataclass(frozen=True)
class Attempt:
    """A step that could be made. `seen` is the picture without the document, its balances as compact as `today` allows.

    `by_day` are the same balances by day, `own` what the document weighs now.
    """

    seen: Picture
    by_day: tuple[Slot, ...]
    own: tuple[Slot, ...]
    plan: Plan
    candidate: Candidate
    step: str
    checkpoints: tuple[str, ...]
    beside: Beside
    forced: bool = False
    document: Document | None = None
    covers: tuple[Cover, ...] = ()
    changed: bool = False

    @cached_property
    def rows(self) -> tuple[Slot, ...]:
        """What the document would weigh after the step."""
        return tuple(self.plan.weights())

    @cached_property
    def after(self) -> Picture:
        """The picture with the step carried out."""
        return self.seen.with_slots([*self.rows, *self.plan.takes()])

    @cached_property
    def before(self) -> Picture:
        """The picture as it is."""
        return self.seen.with_slots(self.own)

    def case(self, checkpoint: str) -> Case:
        """Return the case at a checkpoint. Raises MissingRate."""
        return cases.build(self.candidate, self.after, checkpoint=checkpoint, beside=self._beside, forced=self.forced)

    @property
    def _beside(self) -> Beside:
        return replace(self.beside, rows=self.rows)

    @cached_property
    def outcome(self) -> Outcome:
        """What the gate would say: the findings, and whether a release covers it. Raises MissingRate."""
        if not self.checkpoints:
            return Outcome(Verdict.PASSED)
        judgement = deciding.answer(
            Question(
                self.candidate, self.after, self.step, self.checkpoints, self.plan.total, self.forced, self._beside
            )
        )
        if judgement.may_be_covered:
            covers = [replace(cover, changed=cover.changed or self.changed) for cover in self.covers]
            judgement = deciding.covered(judgement, covers)
        return judgement.outcome

    @property
    def passes(self) -> bool:
        """Whether it would not be held."""
        return self.outcome.verdict != Verdict.HELD

    @cached_property
    def standings(self) -> tuple[Standing, ...]:
        """The debtor's own, its heads' and its shared limits', the document included. Raises MissingRate."""
        case = self.case(self.checkpoints[0])
        return (case.own, *case.heads, *case.shared)

    def excess(self, currency: str) -> Decimal:
        """Return by how much the limit that is passed most is passed, in `currency`; zero where none is."""
        over = [
            self.seen.rates.convert({s.limit.currency: s.measured - s.limit.amount}, currency)
            for s in self.standings if s.limit.state in (LimitState.AMOUNT, LimitState.NONE)
        ]  # fmt: skip
        return max([ZERO, *over])

    # -- what may be otherwise ---------------------------------------------------------------------------------------

    def of(self, amount: Decimal) -> "Attempt":
        """Return the attempt with a document of this amount, in its currency."""
        candidate = replace(self.candidate, amount=amount)
        return replace(self, plan=self.plan.of(amount), candidate=candidate, changed=True)

    def on_terms(self, terms: PaymentTerms) -> "Attempt":
        """Return the attempt on other payment terms."""
        plan = replace(self.plan, prepaid=terms.prepaid, kept=None)
        return replace(self, plan=plan, candidate=self.candidate.on_terms(terms), changed=True)

    def with_discount(self, discount: SettlementDiscount | None) -> "Attempt":
        """Return the attempt with another settlement discount."""
        return replace(self, candidate=self.candidate.with_discount(discount), changed=True)

    def shipping(self, day: date) -> "Attempt":
        """Return the attempt with goods that leave on `day`."""
        return replace(self, plan=replace(self.plan, day=day, kept=None), changed=True)

    def paid(self, credits: Iterable[Slot], *, received: Mapping[str, Decimal]) -> "Attempt":
        """Return the attempt after payments: `credits` are negative rows, `received` what is there for prepaid goods."""
        more = self.seen.rates.convert(received, self.seen.accounts[self.candidate.debtor_id].currency)
        beside = replace(self.beside, advance=(self.beside.advance or ZERO) + more)
        slots = compact([*self.seen.slots, *credits], policy=self.seen.policy, today=self.seen.today)
        return replace(self, seen=replace(self.seen, slots=slots), beside=beside)

    def with_facts(self, customer_id: int, **facts: Any) -> "Attempt":
        """Return the attempt with other master data of a customer, as `customers.limits.granted` names it."""
        owner = self.seen.accounts[customer_id]
        accounts = {**self.seen.accounts, customer_id: replace(owner, facts={**owner.facts, **facts})}
        return replace(self, seen=replace(self.seen, accounts=accounts))

    def with_shared_facts(self, shared_id: int, **facts: Any) -> "Attempt":
        """Return the attempt with other grants of a shared limit."""
        owner = self.seen.shared[shared_id]
        shared = {**self.seen.shared, shared_id: replace(owner, facts={**owner.facts, **facts})}
        return replace(self, seen=replace(self.seen, shared=shared))

    def on(self, day: date, *, granted: Picture | None = None) -> "Attempt":
        """Return the attempt on a later day with nothing else changed; `granted` is a picture of what is granted then."""
        granted = granted or self.seen
        slots = compact(self.by_day, policy=self.seen.policy, today=day)
        seen = replace(granted, today=day, slots=slots)
        return replace(self, seen=seen)


def compact(rows: Iterable[Slot], *, policy: Policy, today: date) -> tuple[Slot, ...]:
    """Sum balances between the days at which policy changes its mind; what is overdue keeps its day."""
    cuts = read.cuts(policy, today)
    sums: dict[tuple[Any, ...], list[Any]] = {}
    for row in rows:
        place: Any = bisect_right(cuts, row.day)
        if place == 0 or policy.net_credits_against_overdue:
            place = row.day
        key = (row.customer_id, row.company_id, row.bucket, row.currency, place)
        found = sums.setdefault(key, [row.day, Decimal(0)])
        found[0] = min(found[0], row.day)
        found[1] += row.amount
    return tuple(Slot(*key[:4], day, amount) for key, (day, amount) in sums.items() if amount)


@dataclass(frozen=True)
class Typed:
    """A document that is only typed so far."""

    kind: str
    debtor: Customer
    company: Company
    amount: Decimal
    currency: str
    terms: PaymentTerms | None = None
    discount: SettlementDiscount | None = None
    type: DocumentType | None = None
    ship_date: date | None = None


def of_typed(typed: Typed, *, step: str, today: date, policy: Policy | None = None) -> Attempt:
    """Return the attempt at a step of a document that is not there yet. Raises MissingRate."""
    family, policy = context.around([typed.debtor.pk], policy)
    kind = typed.type
    candidate = Candidate.typed(
        typed.debtor, company=typed.company, amount=typed.amount, currency=typed.currency, terms=typed.terms,
        discount=typed.discount, type=kind, kind=typed.kind,
    )  # fmt: skip
    plan = Plan(
        kind=typed.kind, debtor_id=typed.debtor.pk, company_id=typed.company.pk, currency=typed.currency,
        day=typed.ship_date or today, parts=(Part(typed.amount),), prepaid=candidate.prepaid,
        counts=candidate.uses_credit, sign=kind.sign if kind else 1, promised=step != "enter",
    )  # fmt: skip
    met = tuple(of_kind(typed.kind, step, company=typed.company.pk, stands_alone=True, policy=policy))
    if kind is not None and kind.sign < 0:
        met = ()
    return _read(candidate, plan, step=step, met=met, family=family, policy=policy, today=today)


def of_step(
    document: Document, step: str, *, changes: Changes | None = None, forced: bool = False, today: date,
    policy: Policy | None = None,
) -> Attempt:  # fmt: skip
    """Return the attempt at a step of a document that is there, with its changes where it is an amendment.

    Raises MissingRate; Refused for changes that make no sense.
    """
    policy = policy or policies.active()
    changes = changes or Changes()
    total = amending.new_total(document, changes)
    own = tuple(cases.own_rows(document.pk))
    plan = foresight.foresee(document, step, changes=changes, total=total, own=own)
    discount = document.settlement_discount if changes.settlement_discount is UNSET else changes.settlement_discount
    moved = replace(Candidate.of(document), debtor_id=plan.debtor_id, amount=total, currency=plan.currency)
    candidate = moved.on_terms(changes.terms or document.terms).with_discount(discount)
    candidate = candidate.of_type(changes.type or document.type)
    met: tuple[str, ...] = ()
    if not document.lowers:
        alone = document.kind == Kind.INVOICE and not any(part.earlier for part in plan.parts)
        met = tuple(of_kind(document.kind, step, company=document.company_id, stands_alone=alone, policy=policy))
        if step == "amend" and document.state != State.DRAFT and met:
            rates = ledger_rates.on(today, [document.currency, plan.currency])
            horizon = policy.order_horizon_days
            if not amending.asks_for_more(document, changes, today=today, horizon_days=horizon, rates=rates):
                met = ()
    if forced and not met:
        met = (CHECKPOINT.get(step, "confirmation"),)
    family = context.limits.family(sorted({plan.debtor_id, document.debtor_id}))
    attempt = _read(
        candidate, plan, step=step, met=met, family=family, policy=policy, today=today, own=own, forced=forced
    )
    return replace(attempt, document=document, covers=tuple(holds.covers_of(document)) if met else ())


def _read(
    candidate: Candidate, plan: Plan, *, step: str, met: tuple[str, ...], family: Family, policy: Policy,
    today: date, own: tuple[Slot, ...] = (), forced: bool = False,
) -> Attempt:  # fmt: skip
    seen = context.picture(family, policy=policy, today=today, currencies=[candidate.currency], by_day=True)
    by_day = [*seen.slots, *(replace(row, amount=-row.amount) for row in own)]
    seen = replace(seen, slots=compact(by_day, policy=policy, today=today))
    beside = cases.beside(candidate, seen, checkpoints=met, rows=(), advance="delivery" in met)
    return Attempt(
        seen=seen, by_day=tuple(by_day), own=own, plan=plan, candidate=candidate, step=step, checkpoints=met,
        beside=beside, forced=forced,
    )  # fmt: skip
