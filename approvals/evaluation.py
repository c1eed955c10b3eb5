"""Evaluating open holds again: when money came, a date passed or a limit changed. The worker's functions."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from approvals import alerts, context, holds, locking, releasing
from approvals.models import EvaluationRequest, Hold, HowClosed
from approvals.submission import Submission
from creditrisk.clock import business_day
from creditrisk.money import MissingRate
from creditrisk.policy import compile as policies
from creditrisk.refusal import Refused
from creditrisk.roles import Actor
from documents.models import Document


@transaction.atomic
def evaluate_hold(hold: Hold, *, now: datetime) -> bool:
    """Look again whether a hold's reasons are true, and do what policy says when none is; return whether it is open.

    An automatic release covers nothing further: a repeated step is checked.
    """
    by = Actor.system()
    family = context.lock(releasing.debtors(hold))
    found = Hold.objects.select_for_update(of=("self",)).filter(pk=hold.pk, open=True).first()
    if found is None:
        return False
    hold = found
    hold.document = locking.document(hold.document_id)
    judgement = releasing.judge_again(hold, by=by, now=now, family=family)
    reasons = list(judgement.outcome.reasons) if judgement else (["forced"] if hold.forced_reason else [])
    excess = judgement.excess if judgement else Decimal(0)
    newest = holds.latest(hold)
    if newest is None or (newest.reasons, newest.excess) != (reasons, excess):
        holds.review(hold, reasons=reasons, excess=excess, decision_id=None, now=now)
    policy = policies.active()
    if reasons or policy.auto_release == "OFF":
        return True
    holds.close(hold, how=HowClosed.AUTOMATIC, by=by, now=now, reason="reasons gone")
    text = f"{hold.document} of {hold.document.debtor.name} was released: its reasons are gone."
    alerts.write(
        [("released", text)],
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
                on_behalf_of=hold.opened_by,
            )
            submission.run(hold.document)
    return False


def _each(found: Iterable[Hold], *, now: datetime) -> int:
    """Evaluate each hold in a transaction of its own; what cannot be judged stays held."""
    count = 0
    for hold in found:
        try:
            evaluate_hold(hold, now=now)
        except (Refused, MissingRate):
            continue
        count += 1
    return count


def evaluate_document(document: Document, *, now: datetime) -> int:
    """Evaluate the document's open hold; return how many were looked at."""
    return _each(Hold.objects.filter(document=document, open=True), now=now)


def evaluate_customer(customer_id: int, *, now: datetime) -> int:
    """Evaluate the open holds of a customer and of all whose credit hangs on its, oldest first."""
    family = context.limits.family([customer_id])
    near = {customer_id, *family.everybody, *family.heads.get(customer_id, ())}
    heads = family.heads.get(customer_id, ())
    if heads:
        near |= set(context.limits.family(heads).everybody)
    return _each(
        Hold.objects.filter(customer_id__in=near, open=True).order_by("opened_at", "pk"),
        now=now,
    )


def evaluate_all(*, now: datetime) -> int:
    """Evaluate every open hold, oldest first."""
    return _each(Hold.objects.filter(open=True).order_by("opened_at", "pk").iterator(), now=now)


def ask(customer_ids: Iterable[int], *, cause: str, now: datetime) -> None:
    """Write down that the holds of these customers may have lost their reason; the worker takes it from there."""
    EvaluationRequest.objects.bulk_create(
        EvaluationRequest(customer_id=pk, cause=cause, requested_at=now) for pk in sorted(set(customer_ids))
    )


def work_off(*, now: datetime, most: int = 100) -> int:
    """Claim and do up to `most` requests; return how many. May run many times at once."""
    done = 0
    while done < most and _work_off_one(now=now):
        done += 1
    return done


ATTEMPTS = 5


def _work_off_one(*, now: datetime) -> bool:
    with transaction.atomic():
        request = (
            EvaluationRequest.objects.select_for_update(skip_locked=True)
            .filter(done_at__isnull=True, attempts__lt=ATTEMPTS)
            .order_by("pk")
            .first()
        )
        if request is None:
            return False
        request.attempts += 1
        try:
            with transaction.atomic():
                evaluate_customer(request.customer_id, now=now)
            request.done_at = now
            request.error = ""
        except Exception as error:  # kept, visible, tried again: nothing is lost
            request.error = f"{type(error).__name__}: {error}"
        request.save(update_fields=["attempts", "done_at", "error"])
    return True
