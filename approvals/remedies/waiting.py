"""Waiting: the first day ahead on which a document passes by itself. Effects mature, stops end, limits begin."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from approvals.attempt import Attempt
from approvals.remedies.remedy import Remedy
from creditrisk.money import ZERO, MissingRate
from customers import limits, turns
from ledger import rates as ledger_rates

AHEAD = timedelta(days=366)
MOST_DAYS = 120


def wait(attempt: Attempt) -> Remedy | None:
    """Return the first day on which the attempt passes with nothing else done, if one lies within a year."""
    for later in _later(attempt):
        try:
            passes = later.passes
        except MissingRate:
            continue
        if passes:
            day = later.seen.today
            return Remedy("wait", day=day, matures=_matured(attempt, day))
    return None


def _later(attempt: Attempt) -> Iterator[Attempt]:
    """Return the attempt on each day ahead that may free it by itself, the first one first."""
    seen = attempt.seen
    until = seen.today + AHEAD
    accounts, shared = seen.family.accounts, sorted(seen.family.members)
    granted_on = turns.ahead(accounts, shared, today=seen.today, until=until)
    days = {d for row in attempt.by_day if (d := _matures_on(attempt, row.bucket, row.day))} | set(granted_on)
    for row in seen.policy.rows:
        days |= {row.valid_from} if row.valid_from else set()
        days |= {row.valid_to + timedelta(days=1)} if row.valid_to else set()
        if row.rule.code == "unpaid_effects":
            reach = timedelta(days=row.rule.days + 1)  # type: ignore[attr-defined]
            days |= {effect.day + reach for effect in attempt.beside.unpaid or ()}
    pictures = {}
    for day in sorted(d for d in days if seen.today < d <= until)[:MOST_DAYS]:
        turned = max((d for d in granted_on if d <= day), default=None)
        if turned is not None and turned not in pictures:
            then, shared_then = limits.granted(accounts, shared, day=turned)
            currencies = {c for o in (*then.values(), *shared_then.values()) for c in o.currencies}
            currencies |= {row.currency for row in attempt.by_day} | {attempt.plan.currency}
            rates = ledger_rates.on(seen.today, currencies)
            pictures[turned] = replace(seen, accounts=then, shared=shared_then, rates=rates)
        yield attempt.on(day, granted=pictures.get(turned) if turned else None)


def _matures_on(attempt: Attempt, bucket: str, due: date) -> date | None:
    policy = attempt.seen.policy
    if bucket in ("EFFECTS_SBF", "EFFECTS_DISCOUNT"):
        return due + timedelta(days=policy.sbf_grace_days)
    return due + timedelta(days=policy.collection_grace_days) if bucket == "EFFECTS_COLLECTION" else None


def _matured(attempt: Attempt, day: date) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for row in attempt.by_day:
        on = _matures_on(attempt, row.bucket, row.day)
        if on is not None and attempt.seen.today < on <= day:
            found[row.currency] = found.get(row.currency, ZERO) + row.amount
    return found
