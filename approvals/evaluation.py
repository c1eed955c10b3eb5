"""Evaluating open holds again: when money came, a date passed or a limit changed. The worker's functions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Q, QuerySet

from approvals import alerts, causes, context, evaluation_requests, holds, locking, releasing
from approvals.models import EvaluationRequest, Hold, HowClosed, Looked
from approvals.submission import Submission
from creditrisk import nudge
from creditrisk.clock import business_day, lapsed, put_off_too_far
from creditrisk.money import MissingRate
from creditrisk.policy import compile as policies
from creditrisk.refusal import Refused
from creditrisk.roles import Actor
from documents.models import Document


@transaction.atomic
def evaluate_hold(hold: Hold, *, now: datetime) -> Looked:
    """Look again whether a hold's reasons are true, and do what policy says when none is; return what came of it.

    An automatic release covers nothing further: a repeated step is checked. Raises MissingRate, Refused.
    """
    by = Actor.system()
    family = context.lock(releasing.debtors(hold))
    found = Hold.objects.select_for_update(of=("self",)).filter(pk=hold.pk, open=True).first()
    if found is None:
        return Looked.CLOSED
    hold = found
    hold.document = locking.document(hold.document_id)
    judgement = releasing.judge_again(hold, by=by, now=now, family=family)
    reasons = list(judgement.outcome.reasons) if judgement else (["forced"] if hold.forced_reason else [])
    excess = judgement.excess if judgement else Decimal(0)
    newest = holds.latest(hold)
    if newest is None or (newest.reasons, newest.excess) != (reasons, excess):
        holds.review(hold, reasons=reasons, excess=excess, decision_id=None, now=now)
    policy = policies.active()
    if reasons:
        return Looked.HELD
    if policy.auto_release == "OFF":
        return Looked.READY
    holds.close(hold, how=HowClosed.AUTOMATIC, by=by, now=now, reason="reasons gone")
    alerts.write(
        [("released", alerts.of_document(hold.document, says="by_itself"))],
        customer_id=hold.customer_id,
        document_id=hold.document_id,
        day=business_day(now),
        now=now,
    )
    if policy.auto_release == "WITH_POSTING":
        step = releasing.held_step(hold)
        if step is not None and step != "enter":
            submission = Submission(
                step,
                by=by,
                now=now,
                changes=releasing.held_changes(hold),
                on_behalf_of=holds.asker(hold),
            )
            submission.run(hold.document)
    return Looked.RELEASED


@dataclass(frozen=True)
class Seen:
    """How many holds were looked at, and what could not be judged: those stay held."""

    holds: int
    errors: tuple[str, ...] = ()


def _each(found: Iterable[Hold], *, now: datetime) -> Seen:
    """Evaluate each hold in a transaction of its own; what cannot be judged stays held."""
    count, errors = 0, []
    for hold in found:
        try:
            evaluate_hold(hold, now=now)
        except (Refused, MissingRate) as error:
            errors.append(said(error))
        else:
            count += 1
    return Seen(count, tuple(dict.fromkeys(errors)))


def said(error: Exception) -> str:
    """Return an error as it is kept: the sentence of a refusal, the name and text of anything else."""
    return str(error) if isinstance(error, Refused | MissingRate) else f"{type(error).__name__}: {error}"


def evaluate_document(document: Document, *, now: datetime) -> Seen:
    """Evaluate the document's open hold."""
    return _each(Hold.objects.filter(document=document, open=True), now=now)


def hanging_on(customer_id: int) -> Q:
    """Return the condition that a hold rests on the credit of a customer, or of one that stands with it."""
    family = context.limits.family([customer_id])
    heads = family.heads.get(customer_id, ())
    near = {customer_id, *family.everybody, *heads}
    if heads:
        near |= set(context.limits.family(heads).everybody)
    return Q(customer_id__in=near) | Q(payload__bill_to__in=sorted(near))


def evaluate_customer(customer_id: int, *, now: datetime) -> Seen:
    """Evaluate the open holds of a customer and of all whose credit hangs on its, oldest first."""
    return _each(Hold.objects.filter(hanging_on(customer_id), open=True).order_by("opened_at", "pk"), now=now)


def work_off(*, now: datetime, most: int = 100) -> int:
    """Claim and do up to `most` requests; return how many. May run many times at once."""
    causes.ask_for_policy(now=now)
    done = 0
    while done < most and (request := _claim(now=now)) is not None:
        _do(request, now=now)
        done += 1
    return done


ATTEMPTS = 5
# A worker that has not finished after so long is lost, and what it had claimed is anybody's again.
LEASE = timedelta(minutes=10)
FIRST_PAUSE = timedelta(seconds=30)
_PAUSES = (timedelta(0), *(FIRST_PAUSE * 4**n for n in range(ATTEMPTS)))  # After so many attempts.


def _claim(*, now: datetime) -> EvaluationRequest | None:
    """Take one request that nobody has, or whose worker was lost; one that failed waits longer each time."""
    too_far = put_off_too_far("retry_at", pauses=_PAUSES, now=now)
    with transaction.atomic():
        request = (
            EvaluationRequest.objects.select_for_update(skip_locked=True)
            .filter(done_at__isnull=True, attempts__lt=ATTEMPTS)
            .filter(Q(claimed_at__isnull=True) | lapsed("claimed_at", lease=LEASE, now=now))
            .filter(Q(retry_at__isnull=True) | Q(retry_at__lte=now) | too_far)
            .order_by("pk").first()
        )  # fmt: skip
        if request is not None:
            request.attempts += 1
            request.claimed_at = now
            request.save(update_fields=["attempts", "claimed_at"])
    return request


def _do(request: EvaluationRequest, *, now: datetime) -> None:
    try:
        errors = evaluate_customer(request.customer_id, now=now).errors
    except Exception as error:  # kept, visible, tried again: nothing is lost
        errors = (said(error),)
    request.error = "\n".join(errors)
    if errors:
        request.claimed_at = None
        request.retry_at = now + _PAUSES[request.attempts]
    else:
        request.done_at = now
    request.save(update_fields=["claimed_at", "retry_at", "done_at", "error"])


def failing() -> QuerySet[EvaluationRequest]:
    """Return the requests that could not be done so far, the newest first."""
    return (
        EvaluationRequest.objects.filter(done_at__isnull=True, attempts__gt=0).exclude(error="")
        .select_related("customer").order_by("-pk")
    )  # fmt: skip


def try_again(*, now: datetime) -> int:
    """Have every failing request tried at once; return how many."""
    with transaction.atomic():
        many = failing().update(attempts=0, retry_at=None, claimed_at=None)
        nudge.after_commit(evaluation_requests.TASK)
    return many
