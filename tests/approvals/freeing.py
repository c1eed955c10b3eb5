"""Carrying out for real what would free a held document, and a cent less."""

from decimal import Decimal as D
from typing import Any

from django.db import transaction

from approvals import booking, gate, remedies
from approvals.models import Hold
from approvals.remedies.remedy import Remedies, Remedy
from creditrisk.facts import Verdict
from documents.drafts import Changes
from documents.models import Document
from ledger.models import OpenItem
from tests.cast import NOW, TODAY, Cast

CENT = D("0.01")


def held(cast: Cast, customer: Any, amount: str, step: str = "confirm", **more: Any) -> Hold:
    order = cast.order(customer, amount, **more)
    hold = gate.submit(order, step, by=cast.sara, now=NOW).hold
    assert hold is not None
    return hold


def freeing(hold: Hold) -> Remedies:
    return remedies.of_hold(Hold.objects.get(pk=hold.pk), today=TODAY)


def way(found: Remedies, kind: str) -> Remedy:
    (remedy,) = [r for r in (found.ways or found.together) if r.kind == kind]
    return remedy


def kinds(found: Remedies) -> set[str]:
    return {r.kind for r in found.ways}


def passes(cast: Cast, hold: Hold, *, now: Any = NOW, step: str = "", changes: Changes | None = None) -> bool:
    """Repeat the held step for real, and take it back; a change is made first, as a person would."""
    point = transaction.savepoint_create()
    document = Document.objects.get(pk=hold.document_id)
    if changes is not None:
        gate.submit(document, "amend", by=cast.sara, now=now, changes=changes)
        document.refresh_from_db()
    result = gate.submit(document, step or hold.step, by=cast.sara, now=now)
    transaction.savepoint_rollback(point)
    return result.outcome.verdict != Verdict.HELD


def pay(cast: Cast, remedy: Remedy, *, less: D = D(0), customer: Any = None) -> None:
    """Pay what a remedy names, item by item; `less` is kept back of the last part."""
    assert remedy.payment is not None
    parts = list(remedy.payment.parts)
    for n, part in enumerate(parts):
        amount = part.amount - (less if n == len(parts) - 1 else 0)
        if amount <= 0:
            continue
        item = OpenItem.objects.get(pk=part.item_id) if part.item_id else None
        owner = item.customer if item else customer
        booking.pay(
            customer=owner, amount=amount, items=[(item, amount)] if item else (), reference=f"P{OpenItem.objects.count()}",
            currency=part.currency, by=cast.carla, now=NOW,
        )  # fmt: skip


def proves_payment(cast: Cast, hold: Hold, remedy: Remedy, customer: Any, cent: D = CENT) -> None:
    point = transaction.savepoint_create()
    pay(cast, remedy, less=cent, customer=customer)
    assert not passes(cast, hold)
    transaction.savepoint_rollback(point)
    point = transaction.savepoint_create()
    pay(cast, remedy, customer=customer)
    assert passes(cast, hold)
    transaction.savepoint_rollback(point)


def proves_amount(cast: Cast, hold: Hold, remedy: Remedy, cent: D = CENT) -> None:
    assert passes(cast, hold, changes=Changes(amount=remedy.amount))
    assert not passes(cast, hold, changes=Changes(amount=remedy.amount + cent))


def grant(cast: Cast, amount: D, **owner: Any) -> None:
    booking.grant_limit(amount=amount, valid_from=TODAY, by=cast.dario, now=NOW, **owner)


def proves_limit(cast: Cast, hold: Hold, remedy: Remedy, cent: D = CENT, **owner: Any) -> None:
    for less, expected in ((cent, False), (D(0), True)):
        point = transaction.savepoint_create()
        grant(cast, remedy.amount - less, **owner)
        assert passes(cast, hold) is expected
        transaction.savepoint_rollback(point)
