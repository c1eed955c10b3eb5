"""Stored decisions, asked again from the facts that they rested on. Nothing is read but the decisions, nothing is written.

Under the version that it was made by, a decision must come out as it did; under another one it shows what that version
would have said.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from approvals import deciding, records
from approvals.records import Judgement
from creditrisk.decisions import findings
from creditrisk.facts import LimitState
from creditrisk.policy import compile as policies
from creditrisk.policy.compile import Policy


@dataclass(frozen=True)
class Past:
    """One stored decision: what it said, and the facts that it rested on."""

    id: int
    document_id: int
    customer_id: int
    day: date
    decided_at: datetime
    verdict: str
    reasons: tuple[str, ...]
    warnings: tuple[str, ...]
    policy_number: int
    position: int
    document_amount: Decimal
    document_currency: str
    total: Decimal
    limit: Decimal | None
    covered_by: int | None
    facts: dict[str, Any]

    @property
    def codes(self) -> tuple[str, ...]:
        return (*self.reasons, *self.warnings)


_COLUMNS = """
    SELECT d.id, d.document_id, d.customer_id, d.day, d.decided_at, d.verdict, d.reasons::text, d.warnings::text,
           d.policy_number, d.entry_position, d.document_amount, d.document_currency, d.total, d."limit", d.covered_by,
           d.facts::text
    FROM decisions_decision d
"""


def read(ids: Sequence[int]) -> list[Past]:
    """Return these decisions, a customer's together, in the order in which they were made."""
    with connection.cursor() as cursor:
        cursor.execute(f"{_COLUMNS} WHERE d.id = ANY (%s::bigint[]) ORDER BY d.customer_id, d.id", [list(ids)])
        return [
            Past(*row[:6], tuple(json.loads(row[6])), tuple(json.loads(row[7])), *row[8:15], json.loads(row[15]))
            for row in cursor.fetchall()
        ]


def chosen(
    *, since: date | None = None, until: date | None = None, number: str | None = None, policy: int | None = None
) -> list[int]:
    """Return the ids of the decisions of these business days, about this document, made under this version."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.id FROM decisions_decision d"
            " WHERE (%(since)s::date IS NULL OR d.day >= %(since)s) AND (%(until)s::date IS NULL OR d.day <= %(until)s)"
            "   AND (%(policy)s::int IS NULL OR d.policy_number = %(policy)s)"
            "   AND (%(number)s::text IS NULL OR d.document_id IN"
            "        (SELECT o.id FROM documents_document o WHERE o.number = %(number)s))"
            " ORDER BY d.id",
            {"since": since, "until": until, "policy": policy, "number": number},
        )
        return [pk for (pk,) in cursor.fetchall()]


def version(number: int) -> Policy:
    """Return the policy of that number; 0 is the product's own, before there was any version.

    Raises PolicyVersion.DoesNotExist.
    """
    return Policy(number=0) if number == 0 else policies.version(number)


def again(past: Past, policy: Policy) -> Judgement:
    """Return what the version that a decision was made under says of its facts. Pure.

    Raises MissingRate.
    """
    question = records.question(past.facts, policy=policy, today=past.day)
    found = deciding.answer(question)
    covers = records.covers(past.facts)
    return deciding.covered(found, covers) if found.may_be_covered and covers is not None else found


def differences(past: Past, judgement: Judgement) -> list[str]:
    """Name what a judgement says otherwise than the decision did; nothing where they agree to the last digit."""
    outcome, case = judgement.outcome, judgement.case
    limit = case.own.limit
    pairs: dict[str, tuple[Any, Any]] = {
        "verdict": (past.verdict, outcome.verdict.value),
        "reasons": (past.reasons, outcome.reasons),
        "warnings": (past.warnings, outcome.warnings),
        "amount": (past.document_amount, case.amount),
        "exposure": (past.total, case.own.measured),
        "limit": (past.limit, limit.amount if limit.state == LimitState.AMOUNT else None),
        "release": (past.covered_by, judgement.release.id if judgement.release else None),
    }
    found = [f"{name}: {was} became {now}" for name, (was, now) in pairs.items() if was != now]
    for name, now in json.loads(json.dumps(records.said(judgement))).items():
        was = past.facts[name]
        if name == "findings":
            was, now = [findings.whole(f) for f in was], [findings.whole(f) for f in now]
        if was != now:
            found.append(f"{name}: {_first_difference(was, now)}")
    return found


def _first_difference(was: Any, now: Any) -> str:
    if isinstance(was, dict) and isinstance(now, dict):
        for key in was:
            if was[key] != now.get(key):
                return f"{key} {_first_difference(was[key], now.get(key))}"
    if isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        for before, after in zip(was, now, strict=True):
            if before != after:
                return f"{before.get('code', '')} {_first_difference(before, after)}" if isinstance(before, dict) else (
                    f"{before} became {after}"
                )  # fmt: skip
    return f"{was} became {now}"
