"""Asking for evaluation: whoever changes what a hold rests on writes a request in the same transaction.

One that waits for the same customer suffices; it is locked, so that no worker takes it before this change is there.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from approvals.models import EvaluationRequest
from creditrisk import nudge
from creditrisk.exposure.ledger import Posted
from creditrisk.money import ZERO

TASK = "approvals.tasks.evaluate_holds"


def ask(customer_ids: Iterable[int], *, cause: str, now: datetime) -> int:
    """Write down that the holds of these customers may have lost their reason; return how many requests were added.

    The worker is woken after the commit.
    """
    ids = set(customer_ids)
    if not ids:
        return 0
    added = write(ids, cause=cause, now=now)
    wake()
    return added


def write(customer_ids: Iterable[int], *, cause: str, now: datetime) -> int:
    """Write the same down without waking anybody: for whoever asks in slices, and wakes the worker once."""
    ids = set(customer_ids)
    waiting = EvaluationRequest.objects.select_for_update(skip_locked=True).filter(
        customer__in=ids, done_at__isnull=True, claimed_at__isnull=True, attempts=0
    )
    ids -= set(waiting.order_by("pk").values_list("customer", flat=True))
    EvaluationRequest.objects.bulk_create(
        EvaluationRequest(customer_id=pk, cause=cause, requested_at=now) for pk in sorted(ids)
    )
    return len(ids)


def wake() -> None:
    """Wake the worker after the commit."""
    nudge.after_commit(TASK)


def freed(posted: Iterable[Posted], *, shifts: bool) -> set[int]:
    """Return the customers whose exposure fell by these entries: others' holds may rest on it.

    `shifts` where it may have fallen although their sum is nothing: to other buckets, days or terms.
    """
    sums: defaultdict[tuple[int, str], Decimal] = defaultdict(lambda: ZERO)
    for entry in posted:
        sums[entry.customer_id, entry.currency] += min(entry.amount, ZERO) if shifts else entry.amount
    return {customer_id for (customer_id, _currency), total in sums.items() if total < ZERO}
