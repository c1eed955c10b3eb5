"""Trying a policy before it is put into force: over the decisions of a period, handful by handful, by any worker.

Each decision is judged by itself: what would have followed from another outcome (an order that was not delivered, a
payment that came sooner) is not simulated. Only the try-out's own rows are written.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from approvals import hindsight, records
from approvals import replay as replays
from approvals.hindsight import Answer
from creditrisk.clock import APART
from creditrisk.decisions.models import Direction, TryOut, TryOutChange, TryOutPart
from creditrisk.facts import Verdict
from creditrisk.money import MissingRate
from creditrisk.policy import compile as policies
from creditrisk.policy.compile import Policy
from creditrisk.refusal import Refused
from creditrisk.roles import Actor

PART = 500
ATTEMPTS = 3
QUIET = timedelta(seconds=60)

_PARTS = """
    INSERT INTO decisions_tryoutpart (tryout_id, decision_ids, attempts, error, judged, unasked, missing)
    SELECT %(tryout)s, array_agg(k.id ORDER BY k.place), 0, '', 0, 0, '{}'
    FROM (SELECT d.id, row_number() OVER (ORDER BY d.customer_id, d.id) - 1 AS place
          FROM decisions_decision d WHERE d.day BETWEEN %(since)s AND %(until)s) k
    GROUP BY k.place / %(size)s ORDER BY k.place / %(size)s
"""

# Documents that took the step at which a checkpoint stands: their kind, the states in which they had not yet, the steps.
_PAST_THE_STEP = {
    "entry": ("ORDER", (), ("enter",)),
    "confirmation": ("ORDER", ("DRAFT", "CANCELLED"), ("confirm",)),
    "delivery": ("DELIVERY", ("DRAFT", "CANCELLED"), ("deliver",)),
    "invoice": ("INVOICE", ("DRAFT", "CANCELLED"), ("invoice", "issue")),
}


@transaction.atomic
def start(content: Mapping[str, Any], *, label: str, since: date, until: date, by: Actor, now: datetime) -> TryOut:
    """Write down that this policy is to be tried on the decisions of these business days; the workers do it.

    Raises Refused for days that make no sense.
    """
    if since > until:
        raise Refused(_("The last day lies before the first."), field="until")
    policy = policies.compiled(0, content)
    made = TryOut.objects.create(
        label=label[:120], content=content, since=since, until=until, decisions=0, unseen=_unseen(policy, since, until),
        asked_by=by.user, asked_at=now,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_PARTS, {"tryout": made.pk, "since": since, "until": until, "size": PART})
        cursor.execute(
            "SELECT COALESCE(SUM(cardinality(decision_ids)), 0) FROM decisions_tryoutpart WHERE tryout_id = %s",
            [made.pk],
        )
        made.decisions = cursor.fetchone()[0]
    made.save(update_fields=["decisions"])
    return made


def _unseen(policy: Policy, since: date, until: date) -> dict[str, int]:
    """Count the documents of the period that took a step at which the policy checks, and were not looked at there."""
    found = {}
    with connection.cursor() as cursor:
        for checkpoint, (kind, but, steps) in _PAST_THE_STEP.items():
            cursor.execute(
                "SELECT o.company_id, count(*) FROM documents_document o LEFT JOIN documents_documenttype t ON t.id = o.type_id"
                " WHERE o.kind = %s AND o.document_date BETWEEN %s AND %s AND o.state <> ALL (%s)"
                "   AND COALESCE(t.sign, 1) > 0 AND NOT EXISTS"
                "    (SELECT 1 FROM decisions_decision d WHERE d.document_id = o.id AND d.step = ANY (%s))"
                " GROUP BY o.company_id",
                [kind, since, until, list(but), list(steps)],
            )
            found[checkpoint] = sum(
                count for company, count in cursor.fetchall() if policy.checks(checkpoint, company=company)
            )
    return {checkpoint: count for checkpoint, count in found.items() if count}


def work(*, now: datetime) -> bool:
    """Claim one part of any try-out and judge it; return whether there was one. May run many times at once."""
    with transaction.atomic():
        part = (
            TryOutPart.objects.select_for_update(skip_locked=True)
            .filter(done_at__isnull=True, attempts__lt=ATTEMPTS)
            .order_by("pk")
            .first()
        )
        if part is None:
            return False
        part.attempts += 1
        try:
            with transaction.atomic():
                _judge(part)
            part.done_at, part.error = now, ""
        except Exception as error:  # kept, visible, tried again: nothing is lost
            part.error = f"{type(error).__name__}: {error}"
        part.save()
    return True


def stalled(*, now: datetime) -> bool:
    """Return whether parts wait and nobody has worked on any for a while."""
    waiting = TryOutPart.objects.filter(done_at__isnull=True, attempts__lt=ATTEMPTS)
    if not waiting.exists():
        return False
    lately = (now - QUIET, now + APART)  # What lies further ahead was written before the clock was set back.
    worked_on = TryOutPart.objects.filter(done_at__range=lately).exists()
    return not (worked_on or TryOut.objects.filter(asked_at__range=lately).exists())


@lru_cache(maxsize=8)
def _policy(tryout_id: int) -> Policy:
    content = TryOut.objects.values_list("content", flat=True).get(pk=tryout_id)
    return policies.compiled(0, content)


def _judge(part: TryOutPart) -> None:
    answers = hindsight.answers(replays.read(part.decision_ids), _policy(part.tryout_id))
    part.judged = sum(not a.missing for a in answers)
    part.unasked = sum(not a.asked for a in answers)
    part.missing = dict(Counter(a.missing for a in answers if a.missing))
    TryOutChange.objects.bulk_create(_changes(part.tryout_id, answers))


def _changes(tryout_id: int, answers: Iterable[Answer]) -> list[TryOutChange]:
    found = []
    for answer in answers:
        direction = direction_of(answer)
        if direction is None:
            continue
        gained, lost = _difference(answer, direction)
        amount, currency = _in_account_currency(answer)
        found.append(
            TryOutChange(
                tryout_id=tryout_id, decision_id=answer.past.id, direction=direction, was=answer.past.verdict,
                would=answer.verdict, gained=sorted(gained), lost=sorted(lost), amount=amount,
                currency=currency,
            )
        )  # fmt: skip
    return found


def direction_of(answer: Answer) -> Direction | None:
    """Return in which direction a decision would have come out otherwise; None where it would not."""
    was, would = answer.past.verdict, answer.verdict
    if was == would:
        return None if set(answer.past.codes) == set(answer.codes) else Direction.REASONS
    if would == Verdict.HELD:
        return Direction.HELD
    if was == Verdict.HELD:
        return Direction.FREED
    return Direction.WARNED if would == Verdict.WARNED else Direction.UNWARNED


def _difference(answer: Answer, direction: Direction) -> tuple[set[str], set[str]]:
    """Return what would stand in the way and did not, and the reverse: where sides change, what holds alone counts."""
    past = answer.past
    match direction:
        case Direction.HELD:
            return set(answer.reasons) - set(past.reasons), set()
        case Direction.FREED:
            return set(), set(past.reasons) - set(answer.reasons)
    return set(answer.codes) - set(past.codes), set(past.codes) - set(answer.codes)


def _in_account_currency(answer: Answer) -> tuple[Decimal, str]:
    past = answer.past
    currency = past.facts["own"]["exposure"]["currency"]
    try:
        return records.rates(past.facts, day=past.day).convert(
            {past.document_currency: past.document_amount}, currency
        ), currency
    except MissingRate:
        return past.document_amount, past.document_currency
