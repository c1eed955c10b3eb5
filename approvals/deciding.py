"""Judging a document at its checkpoints and keeping the decision with everything that it rested on."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from django.db import connection
from psycopg.types.json import Jsonb

from approvals import case as cases
from approvals import holds, records
from approvals.case import Question
from approvals.context import Picture
from approvals.holds import Cover
from approvals.records import Judgement
from creditrisk.exposure.ledger import Posted
from creditrisk.facts import LimitState, Outcome, Verdict
from creditrisk.prepared import Prepared
from creditrisk.roles import Actor
from creditrisk.rules import evaluate
from documents.models import Document

__all__ = ["Judgement", "answer", "covered", "judge", "merged", "position", "record"]


def judge(
    document: Document,
    seen: Picture,
    *,
    step: str,
    checkpoints: Sequence[str],
    forced: bool,
    amount: Decimal | None = None,
) -> Judgement:
    """Ask every rule at each checkpoint of the step; a release that covers it lets it pass, with the findings kept.

    Raises MissingRate.
    """
    candidate = cases.Candidate.of(document)
    beside = cases.beside(candidate, seen, checkpoints=checkpoints, state=document.state)
    amount = document.total if amount is None else amount
    found = answer(Question(candidate, seen, step, tuple(checkpoints), amount, forced, beside))
    found = replace(found, fingerprint=tuple(holds.fingerprint(document)))
    return covered(found, holds.covers_of(document)) if found.may_be_covered else found


def answer(question: Question) -> Judgement:
    """Return what the rules say at each checkpoint. Pure; the gate, a replay and a try-out ask here alike.

    Raises MissingRate.
    """
    seen = question.seen
    found = []
    for checkpoint in question.checkpoints:
        case = cases.build(
            question.candidate, seen, checkpoint=checkpoint, beside=question.beside, forced=question.forced
        )
        found.append((case, evaluate(case, seen.policy.rows)))
    return Judgement(merged([o for _, o in found]), found[-1][0], question.checkpoints[-1], question)


def covered(judgement: Judgement, covers: Sequence[Cover]) -> Judgement:
    """Return the judgement with the release that covers the step, if one does: then it passes."""
    question, outcome = judgement.question, judgement.outcome
    release = holds.covering(
        covers, document_id=question.candidate.document_id or 0, company_id=question.candidate.company_id,
        step=question.step, checkpoint=judgement.checkpoint, amount=question.amount,
        currency=question.candidate.currency, day=question.seen.today,
        policy=question.seen.policy,
    )  # fmt: skip
    if release is not None:
        outcome = Outcome(Verdict.PASSED, outcome.findings, (), outcome.warnings, outcome.freed_by)
    return replace(judgement, outcome=outcome, release=release, covers=tuple(covers))


def merged(outcomes: Sequence[Outcome]) -> Outcome:
    """Return one outcome of several checkpoints: the sterner verdict, every reason once."""
    if len(outcomes) == 1:
        return outcomes[0]
    reasons = tuple(dict.fromkeys(r for o in outcomes for r in o.reasons))
    warnings = tuple(dict.fromkeys(w for o in outcomes for w in o.warnings))
    verdict = Verdict.HELD if reasons else Verdict.WARNED if warnings else Verdict.PASSED
    findings = tuple(f for o in outcomes for f in o.findings)
    return Outcome(
        verdict,
        findings,
        reasons,
        warnings,
        next((o.freed_by for o in outcomes if o.freed_by), None),
    )


def position(candidate: Sequence[Posted]) -> int:
    """Return the last entry of the exposure ledger before the step's own.

    Under the debtor's lock all of its entries up to here are seen; with the step's own, which the decision keeps, the
    balances of that moment can be rebuilt in full.
    """
    if candidate:
        return min(p.id for p in candidate) - 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT COALESCE(max(id), 0) FROM exposure_entry")
        return int(cursor.fetchone()[0])


# One statement that is always the same: building it anew from a model's fields costs more than running it.
_COLUMNS = (
    "document_id", "customer_id", "step", "checkpoint", "verdict", "reasons", "warnings", "policy_number",
    "entry_position", "day", "decided_at", "microseconds", "document_amount", "document_currency", "currency", "total",
    '"limit"', "facts", "covered_by", "by_id", "actor",
)  # fmt: skip
_INSERT = Prepared(
    f"INSERT INTO decisions_decision ({', '.join(_COLUMNS)}) VALUES ({', '.join(['%s'] * len(_COLUMNS))}) RETURNING id"
)


def record(
    document: Document, judgement: Judgement, seen: Picture, *, step: str, by: Actor, day: date, now: datetime,
    at_position: int, candidate: Sequence[Posted], microseconds: int,
) -> int:  # fmt: skip
    """Keep a decision: append-only, with what it rested on; return its id."""
    own, outcome = judgement.case.own, judgement.outcome
    values = [
        document.pk, document.debtor_id, step, judgement.checkpoint, outcome.verdict.value,
        Jsonb(outcome.reasons), Jsonb(outcome.warnings), seen.policy.number, at_position, day, now, microseconds,
        judgement.case.amount, judgement.case.currency, own.exposure.currency, own.measured,
        own.limit.amount if own.limit.state == LimitState.AMOUNT else None, Jsonb(records.of(judgement, candidate)),
        judgement.release.id if judgement.release else None, by.user_id, Jsonb(by.as_record()),
    ]  # fmt: skip
    with connection.cursor() as cursor:
        _INSERT.execute(cursor, values)
        return int(cursor.fetchone()[0])
