"""Judging a document at its checkpoints and keeping the decision with everything that it rested on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from psycopg.types.json import Jsonb

from approvals import case as cases
from approvals import holds
from approvals.context import Picture
from approvals.models import Release
from creditrisk.exposure.ledger import Posted
from creditrisk.facts import (
    Case,
    Exposure,
    Finding,
    LimitState,
    Outcome,
    Standing,
    Verdict,
)
from creditrisk.roles import Actor
from creditrisk.rules import evaluate
from documents.models import Document, State


@dataclass(frozen=True)
class Judgement:
    """What was found at the checkpoints of one step, and the release that covers it, if any."""

    outcome: Outcome
    case: Case
    checkpoint: str
    release: Release | None = None

    @property
    def held(self) -> bool:
        return self.outcome.verdict == Verdict.HELD

    @property
    def excess(self) -> Decimal:
        return holds.excess_of(self.case)


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
    rows = None
    if not cases.everything_counts(seen) or document.state == State.DRAFT:
        rows = cases.own_rows(document.pk)
    found = []
    for checkpoint in checkpoints:
        case = cases.build(candidate, seen, checkpoint=checkpoint, rows=rows, forced=forced)
        found.append((case, evaluate(case, seen.policy.rows)))
    outcome = merged([o for _, o in found])
    release = None
    if outcome.verdict == Verdict.HELD and not forced:
        release = holds.covering(
            holds.releases_of(document), document, step=step, checkpoint=checkpoints[-1],
            amount=document.total if amount is None else amount, day=seen.today, policy=seen.policy,
        )  # fmt: skip
        if release is not None:
            outcome = Outcome(Verdict.PASSED, outcome.findings, (), outcome.warnings, outcome.freed_by)
    return Judgement(outcome, found[-1][0], checkpoints[-1], release)


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
_INSERT = (
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
        own.limit.amount if own.limit.state == LimitState.AMOUNT else None, Jsonb(facts_of(judgement, candidate)),
        judgement.release.pk if judgement.release else None, by.user_id, Jsonb(by.as_record()),
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, values)
        return int(cursor.fetchone()[0])


def facts_of(judgement: Judgement, candidate: Sequence[Posted]) -> dict[str, Any]:
    """Return what a decision rested on, as JSON: amounts as text."""
    case = judgement.case
    return {
        "own": _standing(case.own),
        "heads": [_standing(s) for s in case.heads],
        "shared": [_standing(s) for s in case.shared],
        "sub_limits": {name: str(amount) for name, amount in case.sub_limits.items()},
        "terms": case.terms,
        "usual_terms_rank": case.usual_terms_rank,
        "account_status": case.account_status,
        "advance": {"needed": str(case.advance_needed), "received": str(case.advance_received)},
        "findings": [_finding(f) for f in judgement.outcome.findings],
        "freed_by": judgement.outcome.freed_by,
        "candidate": [
            {
                "customer": p.customer_id, "company": p.company_id, "bucket": p.bucket, "day": p.day.isoformat(),
                "currency": p.currency, "amount": str(p.amount),
            }
            for p in candidate
        ],
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


def _text(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_text(v) for v in value]
    return str(value) if isinstance(value, Decimal) else value


def _finding(finding: Finding) -> dict[str, Any]:
    measured = finding.measured
    return {
        "code": finding.code,
        "kind": finding.kind,
        "action": finding.action,
        "true": finding.true,
        "counts": finding.counts,
        "row": finding.row,
        "scope": finding.scope,
        "excluded_by": finding.excluded_by,
        "value": _text(measured.value) if measured else None,
        "threshold": _text(measured.threshold) if measured else None,
        "unit": measured.unit if measured else "",
        "subject": measured.subject if measured else "",
    }
