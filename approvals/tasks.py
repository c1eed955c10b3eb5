"""What the worker does: thin tasks that claim, make one domain call, and may run twice without harm."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from approvals import evaluation, recompute, runs, sweep, tryout

AT_A_TIME = 100


@shared_task(name="approvals.tasks.evaluate_holds")
def evaluate_holds(**kwargs: Any) -> int:
    """Look again at the holds whose reason may be gone, and at those that somebody wants looked at."""
    done = evaluation.work_off(now=timezone.now(), most=AT_A_TIME) + runs.work_off(now=timezone.now(), most=AT_A_TIME)
    if done >= AT_A_TIME:  # there may be more: another task goes on, on whatever worker is free
        evaluate_holds.delay()
    return done


@shared_task(name="approvals.tasks.sweep_day")
def sweep_day(**kwargs: Any) -> int:
    """Do what a new day changes, for every day since the last sweep."""
    return sweep.sweep(now=timezone.now())


@shared_task(name="approvals.tasks.recompute_exposure")
def recompute_exposure(*, customer_id: int | None = None, **kwargs: Any) -> str:
    """Recompute one customer's exposure, or everybody's; differences are repaired, told and kept."""
    return str(recompute.recompute(None if customer_id is None else [customer_id], now=timezone.now()).total)


@shared_task(name="approvals.tasks.audit_slice")
def audit_slice(**kwargs: Any) -> str:
    """Audit the next slice of customers: a twenty-fourth an hour, everybody once a day."""
    return str(recompute.audit_slice(now=timezone.now()).total)


@shared_task(name="approvals.tasks.try_policies")
def try_policies(**kwargs: Any) -> None:
    """Judge one handful of a try-out, then ask for the next: other tasks get their turn in between."""
    if tryout.work(now=timezone.now()):
        try_policies.delay()


@shared_task(name="approvals.tasks.resume_tryouts")
def resume_tryouts(**kwargs: Any) -> None:
    """Go on with try-outs that nobody works on any more."""
    if tryout.stalled(now=timezone.now()):
        try_policies.delay()
