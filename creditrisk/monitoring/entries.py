"""The entries behind one customer's exposure, and what it was as of a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from creditrisk.clock import end_of
from creditrisk.exposure import ledger, read
from creditrisk.exposure.models import Entry, Origin
from creditrisk.exposure.read import Slot
from creditrisk.facts import Exposure
from creditrisk.money import MissingRate
from creditrisk.policy import compile as policies
from customers.models import Customer
from documents.models import Document
from ledger import rates
from ledger.models import Effect, OpenItem


@dataclass(frozen=True)
class ExposurePage:
    """The exposure of one customer alone (without branches), now or as it stood, and its entries."""

    exposure: Exposure | None
    missing: str
    is_past: bool
    entries: QuerySet[Entry]


def of(customer: Customer, *, today: date, day: date | None, known_on: date | None) -> ExposurePage:
    """Return the entries of a customer, and its exposure as of a business day or as known at the end of a day."""
    known_at = end_of(known_on) if known_on else None
    found = Entry.objects.filter(customer_id=customer.pk).order_by("-id")
    if day is not None:
        found = found.filter(effective_on__lte=day)
    if known_at is not None:
        found = found.filter(recorded_at__lte=known_at)
    exposure, missing = _folded(customer, day=day, known_at=known_at, on=day or known_on or today)
    return ExposurePage(exposure, missing, bool(day or known_on), found)


def _folded(
    customer: Customer, *, day: date | None, known_at: datetime | None, on: date
) -> tuple[Exposure | None, str]:
    slots = [
        Slot(owner, company, bucket, currency, due, amount)
        for owner, company, bucket, due, currency, amount in ledger.as_of([customer.pk], day=day, known_at=known_at)
    ]
    known = rates.on(on, {customer.currency, *(s.currency for s in slots)})
    try:
        return read.fold(slots, currency=customer.currency, reading=policies.active(), today=on, rates=known), ""
    except MissingRate as error:
        return None, str(error)


def named(entries: Sequence[Any]) -> None:
    """Give entries the names of the sources that caused them, as `source`: one query an origin."""
    names: dict[tuple[str, int], str] = {}
    for origin, model in ((Origin.DOCUMENT, Document), (Origin.ITEM, OpenItem), (Origin.EFFECT, Effect)):
        ids = {e.source_id for e in entries if e.origin == origin}
        names.update({(origin, row.pk): str(row) for row in model.objects.filter(pk__in=ids)} if ids else {})
    for e in entries:
        e.source = names.get((e.origin, e.source_id), f"{e.origin}{e.source_id}")
