"""Evaluation that people ask for: a run keeps every hold that it looks at, so that it can be watched, stopped, resumed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from approvals import evaluation
from approvals.evaluation_requests import TASK
from approvals.models import EvaluationRun, EvaluationRunHold, Looked
from creditrisk import nudge
from creditrisk.clock import lapsed

# So many holds are looked at while the person waits; more are left to the worker.
AT_ONCE = 5


@dataclass(frozen=True)
class Progress:
    """How far a run is: of all its holds, how many are done, and what came of them."""

    total: int
    held: int
    ready: int
    released: int
    closed: int
    failed: int

    @property
    def done(self) -> int:
        return self.held + self.ready + self.released + self.closed + self.failed

    @property
    def percent(self) -> int:
        return self.done * 100 // self.total if self.total else 100


_RESULTS = {
    "held": Looked.HELD, "ready": Looked.READY, "released": Looked.RELEASED, "closed": Looked.CLOSED,
    "failed": Looked.FAILED,
}  # fmt: skip


def start(hold_ids: Iterable[int], *, scope: str, by: Any, now: datetime) -> EvaluationRun:
    """Start a run over these holds: a handful is done at once, many by the worker after the commit."""
    ids = sorted(set(hold_ids))
    with transaction.atomic():
        run = EvaluationRun.objects.create(scope=scope[:120], asked_at=now, asked_by=by)
        EvaluationRunHold.objects.bulk_create((EvaluationRunHold(run=run, hold_id=pk) for pk in ids), batch_size=2000)
        if len(ids) > AT_ONCE:
            nudge.after_commit(TASK)
    if len(ids) <= AT_ONCE:
        work_off(now=now, run=run)
        run.refresh_from_db()
    return run


def again(run: EvaluationRun, *, now: datetime) -> int:
    """Put what could not be judged back to be looked at; return how many."""
    with transaction.atomic():
        failed = run.holds.filter(result=Looked.FAILED).update(done_at=None, claimed_at=None, result="", error="")
        if failed:
            EvaluationRun.objects.filter(pk=run.pk).update(finished_at=None)
            nudge.after_commit(TASK)
    if failed and failed <= AT_ONCE:
        work_off(now=now, run=run)
    return failed


def work_off(*, now: datetime, most: int = 100, run: EvaluationRun | None = None) -> int:
    """Look at up to `most` holds of runs; return how many. May run many times at once, and be stopped at any point."""
    done = 0
    while done < most and (row := _claim(now=now, run=run)) is not None:
        _look(row, now=now)
        done += 1
    waiting = EvaluationRunHold.objects.filter(run=OuterRef("pk"), done_at__isnull=True)
    EvaluationRun.objects.filter(~Exists(waiting), finished_at__isnull=True).update(finished_at=now)
    return done


def progress(run: EvaluationRun) -> Progress:
    """Return how far a run is."""
    counts = {name: Count("pk", filter=Q(result=result)) for name, result in _RESULTS.items()}
    return Progress(**run.holds.aggregate(total=Count("pk"), **counts))


def _claim(*, now: datetime, run: EvaluationRun | None) -> EvaluationRunHold | None:
    """Take one hold that nobody has, or whose worker was lost."""
    waiting = EvaluationRunHold.objects.filter(done_at__isnull=True)
    if run is not None:
        waiting = waiting.filter(run=run)
    with transaction.atomic():
        row = (
            waiting.select_for_update(skip_locked=True, of=("self",))
            .filter(Q(claimed_at__isnull=True) | lapsed("claimed_at", lease=evaluation.LEASE, now=now))
            .select_related("hold__document").order_by("pk").first()
        )  # fmt: skip
        if row is not None:
            row.claimed_at = now
            row.save(update_fields=["claimed_at"])
    return row


def _look(row: EvaluationRunHold, *, now: datetime) -> None:
    try:
        row.result, row.error = evaluation.evaluate_hold(row.hold, now=now), ""
    except Exception as error:  # kept and shown; the others go on
        row.result, row.error = Looked.FAILED, evaluation.said(error)
    row.done_at = now
    row.save(update_fields=["result", "error", "done_at"])


def chosen(holds: Any) -> list[int]:
    """Return the ids of the open ones among these holds, the oldest first."""
    return list(holds.filter(open=True).order_by("opened_at", "pk").values_list("pk", flat=True))


def counted(some: QuerySet[EvaluationRun]) -> QuerySet[EvaluationRun]:
    """Return these runs, the newest first, each with how many holds it has and how they came out, as `n_`."""
    counts = {f"n_{name}": Count("holds", filter=Q(holds__result=result)) for name, result in _RESULTS.items()}
    return some.select_related("asked_by").annotate(n_total=Count("holds"), **counts).order_by("-pk")
