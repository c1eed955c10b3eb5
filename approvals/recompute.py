"""Recomputing exposure online: differences are repaired by entries of their own, told, and kept as evidence."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from approvals import alerts
from creditrisk.clock import business_day
from creditrisk.exposure import ledger
from creditrisk.exposure.ledger import Audit
from creditrisk.exposure.models import AuditedSlice
from customers.models import Customer

SLICES, DAY = 24, timedelta(hours=24)


@transaction.atomic
def recompute(customer_ids: Sequence[int] | None, *, company_ids: Sequence[int] | None = None, now: datetime) -> Audit:
    """Compare ledger and formula of these customers in these companies (None: all), repair what differs and raise an alarm.

    Returns what was found.
    """
    day = business_day(now)
    found = ledger.repair(customer_ids, company_ids=company_ids, day=day, now=now)
    by_customer: dict[int, int] = {}
    for difference in (*found.differences, *found.balances):
        by_customer[difference.customer_id] = by_customer.get(difference.customer_id, 0) + 1
    known = set(Customer.objects.filter(pk__in=by_customer).values_list("pk", flat=True))
    for customer_id, count in by_customer.items():
        owner = customer_id if customer_id in known else None
        alerts.write([("drift", {"count": count})], customer_id=owner, day=day, now=now)
    return found


def audit_slice(*, now: datetime) -> Audit:
    """Recompute the customers whose hour it is, and those whose hour nobody was awake in; all of them once a day.

    Customers are sliced by the remainder of their id by 24.
    """
    slept = AuditedSlice.objects.filter(audited_at__lt=now - DAY).values_list("remainder", flat=True)
    found = Audit()
    for remainder in sorted({now.hour % SLICES, *slept}):
        found += _audited(remainder, now=now)
    return found


def _audited(remainder: int, *, now: datetime) -> Audit:
    ids = Customer.objects.extra(where=["id %% %s = %s"], params=[SLICES, remainder]).values_list("pk", flat=True)
    chosen = list(ids)
    found = recompute(chosen, now=now) if chosen else Audit()
    AuditedSlice.objects.update_or_create(remainder=remainder, defaults={"audited_at": now})
    return found
