"""Recomputing everybody's exposure on demand: a run of slices, each a transaction, so that a worker may die between two."""

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from approvals import recompute
from creditrisk.clock import lapsed
from creditrisk.monitoring.models import Recompute
from customers.models import Customer

SLICE = 500
# A slice that nobody finished for so long is somebody else's.
LEASE = timedelta(minutes=5)


def start(*, by: Any, now: datetime) -> tuple[Recompute, bool]:
    """Start a run over all customers and return it with whether it is new; while one is under way it is that one."""
    try:
        with transaction.atomic():
            return Recompute.objects.create(asked_by=by, asked_at=now, total=Customer.objects.count()), True
    except IntegrityError:
        return Recompute.objects.filter(finished_at__isnull=True).get(), False


def last() -> Recompute | None:
    """Return the newest run."""
    return Recompute.objects.select_related("asked_by").order_by("-pk").first()


def work(*, now: datetime) -> bool:
    """Look at the next slice of the run under way; return whether there is more. What differs is repaired and kept as evidence."""
    free = Q(worked_at__isnull=True) | lapsed("worked_at", lease=LEASE, now=now)
    with transaction.atomic():
        run = (
            Recompute.objects.select_for_update(skip_locked=True).filter(finished_at__isnull=True).filter(free).first()
        )
        if run is None:
            return False
        run.worked_at = now
        run.save(update_fields=["worked_at"])
    ids = list(Customer.objects.filter(pk__gt=run.upto).order_by("pk").values_list("pk", flat=True)[:SLICE])
    with transaction.atomic():
        found = recompute.recompute(ids, now=now) if ids else None
        began, run = run.upto, Recompute.objects.select_for_update().get(pk=run.pk)
        if run.upto != began:  # it took so long that somebody else looked at them
            return run.finished_at is None
        if found is not None:
            run.upto, run.done = ids[-1], run.done + len(ids)
            run.differences += len(found.differences) + len(found.balances)
            run.amount += found.total
        if len(ids) < SLICE:
            run.finished_at = now
        run.worked_at = None
        run.save()
    return run.finished_at is None
