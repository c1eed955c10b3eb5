"""Stored decisions judged under another policy, each by itself: what would have been said, with the facts as they were.

What the policy asks for beyond what was read then is rebuilt, for many decisions at once: balances by other days from
the entry ledger up to the decision's position, effects that had come back unpaid from their events, releases and rates
from those of the day. Nothing is written.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from approvals import case as cases
from approvals import deciding, holds, records, replay
from approvals.case import Question
from approvals.holds import Cover
from approvals.models import Release
from approvals.records import Judgement
from approvals.replay import Past
from creditrisk.exposure import moments, read
from creditrisk.exposure.moments import Moment
from creditrisk.exposure.read import Slot
from creditrisk.facts import UnpaidEffect, Verdict
from creditrisk.money import MissingRate, Rates
from creditrisk.policy.compile import Policy
from ledger import rates as ledger_rates

# The ledger's buckets in which a document of this kind itself weighs; a step moves those of its sources too.
OWN_BUCKETS = {"ORDER": "ORDERS_", "DELIVERY": "DELIVERED", "INVOICE": "INVOICES_"}
UNPAID_STEPS = ("unpaid", "posted back")


@dataclass(frozen=True)
class Answer:
    """What the other policy would have said of a decision's facts.

    `asked` is false where it checks at none of the decision's checkpoints; `missing` says which rate nobody knows.
    """

    past: Past
    verdict: str
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    judgement: Judgement | None = None
    asked: bool = True
    missing: str = ""

    @property
    def codes(self) -> tuple[str, ...]:
        return (*self.reasons, *self.warnings)


def answers(pasts: Sequence[Past], policy: Policy) -> list[Answer]:
    """Return what `policy` would have said of each of these decisions."""
    own = {number: replay.version(number) for number in {p.policy_number for p in pasts}}
    questions = {p.id: records.question(p.facts, policy=policy, today=p.day) for p in pasts}
    asked = [p for p in pasts if _checkpoints(questions[p.id], policy)]
    for p in asked:
        questions[p.id] = replace(questions[p.id], checkpoints=_checkpoints(questions[p.id], policy))
    _read_balances([p for p in asked if not _fine_enough(policy, own[p.policy_number])], questions)
    _read_own_rows([p for p in asked if _lacks_own_rows(questions[p.id])], questions)
    _read_rates(asked, questions)
    missing = _read_unpaid(
        [p for p in asked if policy.needs_unpaid_effects and questions[p.id].beside.unpaid is None], questions
    )
    judged = {
        p.id: Answer(p, p.verdict, missing=missing[p.id]) if p.id in missing else _judged(p, questions[p.id])
        for p in asked
    }
    _cover([a for a in judged.values() if a.judgement is not None and a.judgement.may_be_covered], judged)
    return [judged.get(p.id) or Answer(p, Verdict.PASSED.value, asked=False) for p in pasts]


def _checkpoints(question: Question, policy: Policy) -> tuple[str, ...]:
    """Return where the policy checks; what is held by hand is looked at whatever is on.

    An invoice with nothing behind it meets the delivery checkpoint too, so one that met that meets both.
    """
    wanted = question.checkpoints
    if question.step in ("invoice", "issue") and "delivery" in wanted:
        wanted = ("delivery", "invoice")
    on = tuple(c for c in wanted if policy.checks(c, company=question.candidate.company_id))
    return on or question.checkpoints[-1:] if question.forced else on


def _judged(past: Past, question: Question) -> Answer:
    try:
        return _answer(past, deciding.answer(question))
    except MissingRate as error:
        return Answer(past, past.verdict, missing=str(error))


def _answer(past: Past, judgement: Judgement) -> Answer:
    outcome = judgement.outcome
    return Answer(past, outcome.verdict.value, outcome.reasons, outcome.warnings, judgement)


# -- balances ----------------------------------------------------------------------------------------------------------


def _fine_enough(policy: Policy, own: Policy) -> bool:
    """Return whether the slots that were read tell apart every day that the policy asks about."""
    if own.net_credits_against_overdue:
        return True  # read by day
    if policy.net_credits_against_overdue:
        return False
    return _days_asked(policy) <= _days_asked(own)


def _days_asked(policy: Policy) -> frozenset[int]:
    """Return the policy's cuts as days from the business day."""
    someday = date(2000, 1, 1)
    return frozenset((cut - someday).days for cut in read.cuts(policy, someday))


def _read_balances(pasts: Sequence[Past], questions: dict[int, Question]) -> None:
    """Rebuild the balances that these decisions saw, between the days that the policy asks about."""
    by_id = {p.id: p for p in pasts}
    asked = [Moment(p.id, p.position, tuple(questions[p.id].seen.family.everybody)) for p in pasts]
    for pk, by_day in moments.balances(asked):
        question = questions[pk]
        seen = question.seen
        by_day = moments.with_entries(by_day, _entries(by_id[pk], seen.family.everybody))
        if not seen.policy.net_credits_against_overdue:
            by_day = moments.between(by_day, read.cuts(seen.policy, seen.today))
        else:
            by_day.sort(key=lambda s: s.day)
        questions[pk] = replace(question, seen=replace(seen, slots=tuple(by_day)))


def _entries(past: Past, customer_ids: Iterable[int]) -> list[Slot]:
    near = set(customer_ids)
    return [s for s in records.slots(past.facts["entries"]) if s.customer_id in near]


def _lacks_own_rows(question: Question) -> bool:
    return question.beside.rows is None and not cases.everything_counts(question.seen)


def _read_own_rows(pasts: Sequence[Past], questions: dict[int, Question]) -> None:
    """Rebuild what the documents themselves weighed, where not every bucket counts."""
    if not pasts:
        return
    found = moments.of_documents([(p.id, p.document_id, p.position) for p in pasts])
    for past in pasts:
        question = questions[past.id]
        own = OWN_BUCKETS.get(question.candidate.kind, "-")
        step = [s for s in records.slots(past.facts["entries"]) if s.bucket.startswith(own)]
        rows = moments.with_entries(found.get(past.id, ()), step)
        questions[past.id] = replace(question, beside=replace(question.beside, rows=tuple(rows)))


# -- rates, effects, releases ------------------------------------------------------------------------------------------


def _read_rates(pasts: Iterable[Past], questions: dict[int, Question]) -> None:
    """Add the day's rates of currencies in which only this policy compares; those that were read stay."""
    known: dict[tuple[date, frozenset[str]], Rates] = {}
    for past in pasts:
        question = questions[past.id]
        seen = question.seen
        wanted = seen.policy.currencies
        if not wanted:
            return
        there = _currencies(question)
        if wanted <= there:
            continue
        key = (seen.today, frozenset(there | wanted))
        if key not in known:
            known[key] = ledger_rates.on(seen.today, key[1])
        rates = Rates(seen.today, {**known[key].known, **seen.rates.known})
        questions[past.id] = replace(question, seen=replace(seen, rates=rates))


def _currencies(question: Question) -> set[str]:
    """Return the currencies that can be converted into each other already."""
    account = question.seen.accounts[question.candidate.debtor_id]
    return {account.currency, *(c for pair in question.seen.rates.known for c in pair)}


def _read_unpaid(pasts: Sequence[Past], questions: dict[int, Question]) -> dict[int, str]:
    """Rebuild which effects had come back unpaid by the moment of each decision, from the effects' events.

    Returns, by decision, the sentence about a rate that nobody knows.
    """
    missing: dict[int, str] = {}
    if not pasts:
        return missing
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT f.customer_id, f.id, f.currency, f.amount, v.step, v.day, v.made_at FROM ledger_effect f"
            " JOIN ledger_effectevent v ON v.effect_id = f.id"
            " WHERE f.customer_id = ANY (%s::bigint[]) AND EXISTS"
            "  (SELECT 1 FROM ledger_effectevent u WHERE u.effect_id = f.id AND u.step = ANY (%s))"
            " ORDER BY f.id, v.id",
            [sorted({p.customer_id for p in pasts}), list(UNPAID_STEPS)],
        )
        events = cursor.fetchall()
    lives: defaultdict[int, dict[int, list[Any]]] = defaultdict(dict)
    for customer, effect, *event in events:
        lives[customer].setdefault(effect, []).append(event)
    for past in pasts:
        question = questions[past.id]
        unpaid = _unpaid_by(past.decided_at, lives[past.customer_id].values())
        seen = question.seen
        currency = seen.accounts[past.customer_id].currency
        strange = {c for _day, amount in unpaid for c in amount} - _currencies(question)
        rates = ledger_rates.on(seen.today, strange | _currencies(question)) if strange else seen.rates
        try:
            found = tuple(UnpaidEffect(day, rates.convert(amount, currency)) for day, amount in unpaid)
        except MissingRate as error:
            missing[past.id] = str(error)
            continue
        questions[past.id] = replace(question, beside=replace(question.beside, unpaid=found))
    return missing


def _unpaid_by(moment: datetime, lives: Iterable[list[Any]]) -> list[tuple[date, Mapping[str, Decimal]]]:
    found = []
    for events in lives:
        until = _as_left([e for e in events if e[4] <= moment])
        if until and until[-1][2] in UNPAID_STEPS:
            currency, amount, _step, _day, _at = until[-1]
            day = next(e[3] for e in until if e[2] in UNPAID_STEPS)
            found.append((day, {currency: amount}))
    return found


def _as_left(events: list[list[Any]]) -> list[list[Any]]:
    """Leave out presentations that were withdrawn: the effect stands again where it stood before."""
    left: list[list[Any]] = []
    for event in events:
        if event[2] == "withdrawn":
            while left and left.pop()[2] != "presented":
                pass
        else:
            left.append(event)
    return left


def _cover(held: Sequence[Answer], judged: dict[int, Answer]) -> None:
    """Let pass what a release of that time covers: those that were looked at, else those that had been given."""
    known = {a.past.id: records.covers(a.past.facts) for a in held}
    fresh = _covers([a.past for a in held if known[a.past.id] is None])
    for answer in held:
        covers = known[answer.past.id]
        if covers is None:
            covers = fresh.get(answer.past.id, [])
        if covers and answer.judgement is not None:
            judged[answer.past.id] = _answer(answer.past, deciding.covered(answer.judgement, covers))


def _covers(pasts: Sequence[Past]) -> dict[int, list[Cover]]:
    """Return the releases that had been given for these documents and what they were made from, newest first."""
    if not pasts:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.id, d.id FROM unnest(%(ids)s::bigint[]) AS d (id)"
            " UNION SELECT o.from_document_id, o.to_document_id FROM documents_document_orders o"
            "  WHERE o.from_document_id = ANY (%(ids)s::bigint[])"
            " UNION SELECT l.document_id, s.document_id FROM documents_line l JOIN documents_line s ON s.id = l.source_id"
            "  WHERE l.document_id = ANY (%(ids)s::bigint[])",
            {"ids": sorted({p.document_id for p in pasts})},
        )
        sources: defaultdict[int, set[int]] = defaultdict(set)
        for document, source in cursor.fetchall():
            sources[document].add(source)
    every = {pk for ids in sources.values() for pk in ids}
    releases = list(Release.objects.filter(document_id__in=every).select_related("document").order_by("-pk"))
    if not releases:
        return {}
    return {
        p.id: [
            holds.cover(r, fingerprint=_fingerprint(p, r))
            for r in releases
            if r.document_id in sources[p.document_id] and r.released_at <= p.decided_at
        ]
        for p in pasts
    }


def _fingerprint(past: Past, release: Release) -> Sequence[str]:
    """Return the document as it was at the decision; of what it was made from only today's is known."""
    own = release.document_id == past.document_id
    return past.facts["fingerprint"] if own else holds.fingerprint(release.document)
