"""What a decision rested on, as JSON, and back: every figure that was read, what was found, how each limit stood.

Amounts are text, so that they come back to the last digit; slots and entries are rows without names, because there are
many of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from approvals import holds
from approvals.case import Beside, Candidate, Question
from approvals.context import Picture
from approvals.holds import Cover
from creditrisk.decisions import findings
from creditrisk.exposure.ledger import Posted
from creditrisk.exposure.read import Slot
from creditrisk.facts import Case, Exposure, Outcome, Standing, UnpaidEffect, Verdict
from creditrisk.money import Rates
from creditrisk.policy.compile import Policy
from customers.limits import Family, Granted


@dataclass(frozen=True)
class Judgement:
    """What was found at the checkpoints of one step, and the release that covers it, if any.

    `covers` are the releases that were looked at; None where nobody had to look.
    """

    outcome: Outcome
    case: Case
    checkpoint: str
    question: Question
    release: Cover | None = None
    covers: tuple[Cover, ...] | None = None
    fingerprint: tuple[str, ...] = ()

    @property
    def held(self) -> bool:
        return self.outcome.verdict == Verdict.HELD

    @property
    def may_be_covered(self) -> bool:
        """Whether a release could let it pass: what is held by hand waits for its own."""
        return self.held and not self.question.forced

    @property
    def excess(self) -> Decimal:
        return holds.excess_of(self.case)


# -- to JSON -----------------------------------------------------------------------------------------------------------


def of(judgement: Judgement, entries: Iterable[Posted]) -> dict[str, Any]:
    """Return the record of a judgement: what it said, what it rested on, and the entries that the step would add."""
    return {**said(judgement), **_asked(judgement), "entries": rows(entries)}


def said(judgement: Judgement) -> dict[str, Any]:
    """Return what came out: how each limit stood, and every finding. A replay compares it."""
    case, outcome = judgement.case, judgement.outcome
    return {
        "own": _standing(case.own),
        "heads": [_standing(s) for s in case.heads],
        "shared": [_standing(s) for s in case.shared],
        "findings": [findings.kept(f) for f in outcome.findings],
        "freed_by": outcome.freed_by,
    }


def _asked(judgement: Judgement) -> dict[str, Any]:
    question = judgement.question
    seen, beside, family = question.seen, question.beside, question.seen.family
    return {
        "step": question.step,
        "checkpoints": list(question.checkpoints),
        "amount": str(question.amount),
        "forced": question.forced,
        "document": {**question.candidate.__dict__, "amount": str(question.candidate.amount)},
        "fingerprint": list(judgement.fingerprint),
        "family": [family.heads, family.below, family.shared, family.members],
        "accounts": {pk: granted.facts for pk, granted in seen.accounts.items()},
        "shares": {pk: granted.facts for pk, granted in seen.shared.items()},
        "slots": rows(seen.slots),
        "rates": [[source, target, str(rate)] for (source, target), rate in seen.rates.known.items()],
        "rows": None if beside.rows is None else rows(beside.rows),
        "unpaid": None if beside.unpaid is None else [[u.day.isoformat(), str(u.amount)] for u in beside.unpaid],
        "advance": None if beside.advance is None else str(beside.advance),
        "covers": None if judgement.covers is None else [_cover(c) for c in judgement.covers],
    }


def rows(slots: Iterable[Slot | Posted]) -> list[list[Any]]:
    """Return slots or entries as rows: customer, company, bucket, currency, day, amount."""
    return [[s.customer_id, s.company_id, s.bucket, s.currency, s.day.isoformat(), str(s.amount)] for s in slots]


def _cover(cover: Cover) -> dict[str, Any]:
    return {
        **cover.__dict__, "cap": str(cover.cap), "released_on": cover.released_on.isoformat(),
        "until": cover.until.isoformat() if cover.until else None,
    }  # fmt: skip


def _standing(standing: Standing) -> dict[str, Any]:
    limit = standing.limit
    return {
        "code": standing.code,
        "kind": standing.kind,
        "control": standing.control.value,
        "measured": str(standing.measured),
        "limit": {
            "state": limit.state.value,
            "amount": str(limit.amount),
            "currency": limit.currency,
            "source": limit.source,
            "last_day": limit.last_day.isoformat() if limit.last_day else None,
            "parts": [[p.source, None if p.amount is None else str(p.amount), p.detail] for p in limit.parts],
        },
        "exposure": _exposure(standing.exposure),
    }


def _exposure(exposure: Exposure) -> dict[str, Any]:
    return {
        "currency": exposure.currency,
        "buckets": {name: str(amount) for name, amount in exposure.buckets.items() if amount},
        "total": str(exposure.total),
        "overdue": str(exposure.overdue),
        "days_overdue": exposure.days_overdue,
        "oldest_due": exposure.oldest_due.isoformat() if exposure.oldest_due else None,
        "disputed": str(exposure.disputed),
        "beyond_horizon": str(exposure.beyond_horizon),
        "posted_unpaid": str(exposure.posted_unpaid),
        "provisional": str(exposure.provisional),
    }


# -- and back ----------------------------------------------------------------------------------------------------------


def question(facts: Mapping[str, Any], *, policy: Policy, today: date) -> Question:
    """Return what was asked, as it was read then, to be asked again under `policy`."""
    document = facts["document"]
    unpaid, advance, own = facts["unpaid"], facts["advance"], facts["rows"]
    return Question(
        candidate=Candidate(**{**document, "amount": Decimal(document["amount"])}),
        seen=Picture(
            family=Family(*(_by_id(relation) for relation in facts["family"])),
            policy=policy,
            today=today,
            accounts={int(pk): Granted(int(pk), granted) for pk, granted in facts["accounts"].items()},
            shared={int(pk): Granted(int(pk), granted) for pk, granted in facts["shares"].items()},
            slots=slots(facts["slots"]),
            rates=rates(facts, day=today),
        ),
        step=facts["step"],
        checkpoints=tuple(facts["checkpoints"]),
        amount=Decimal(facts["amount"]),
        forced=facts["forced"],
        beside=Beside(
            rows=None if own is None else slots(own),
            unpaid=None if unpaid is None else tuple(
                UnpaidEffect(date.fromisoformat(day), Decimal(amount)) for day, amount in unpaid
            ),
            advance=None if advance is None else Decimal(advance),
        ),
    )  # fmt: skip


def rates(facts: Mapping[str, Any], *, day: date) -> Rates:
    """Return the exchange rates that were known."""
    return Rates(day, {(source, target): Decimal(rate) for source, target, rate in facts["rates"]})


def slots(rows: Sequence[Sequence[Any]]) -> tuple[Slot, ...]:
    """Return rows as slots."""
    return tuple(
        Slot(customer, company, bucket, currency, date.fromisoformat(day), Decimal(amount))
        for customer, company, bucket, currency, day, amount in rows
    )


def covers(facts: Mapping[str, Any]) -> list[Cover] | None:
    """Return the releases that were looked at; None where nobody had to."""
    known = facts["covers"]
    return None if known is None else [
        Cover(**{
            **c, "cap": Decimal(c["cap"]), "released_on": date.fromisoformat(c["released_on"]),
            "until": date.fromisoformat(c["until"]) if c["until"] else None,
        }) for c in known
    ]  # fmt: skip


def _by_id(relation: Mapping[str, Sequence[int]]) -> dict[int, tuple[int, ...]]:
    return {int(pk): tuple(members) for pk, members in relation.items()}
