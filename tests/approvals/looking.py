"""Holds to be looked at again, and who is asked for."""

from typing import Any

from approvals import gate
from approvals.models import EvaluationRequest, Hold
from tests.cast import NOW, Cast


def held(cast: Cast, customer: Any, amount: str = "1500", *, now: Any = NOW, **more: Any) -> Hold:
    hold = gate.submit(cast.order(customer, amount, now=now, **more), "confirm", by=cast.sara, now=now).hold
    assert hold is not None
    return hold


def asked() -> list[tuple[str, str]]:
    """Return who is to be evaluated and why, and take it off the table."""
    found = list(EvaluationRequest.objects.filter(done_at=None).order_by("customer__code"))
    EvaluationRequest.objects.update(done_at=NOW)
    return [(r.customer.code, r.cause) for r in found]


def reasons(hold: Hold) -> list[str]:
    newest = hold.reviews.order_by("-pk").first()
    assert newest is not None
    return list(newest.reasons)
