"""Keeping the delay that a customer's history proposes: chosen by a person, under the account's lock."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from approvals import context
from creditrisk.audit.attribution import acting
from creditrisk.clock import business_day
from creditrisk.roles import Actor
from customers.models import CreditAccount
from ledger import delays


@transaction.atomic
def keep(chosen: Mapping[int, int], *, by: Actor, now: datetime) -> tuple[list[int], list[int]]:
    """Keep the delays (days, by customer) that a page proposed; return whose were kept, and whose history says otherwise by now.

    Customers that the actor may not see are passed over.
    """
    context.lock(sorted(chosen))
    found = delays.proposals(by.user, day=business_day(now), least=1, customer_ids=sorted(chosen))
    still = {p.customer_id: p for p in found}
    kept, moved = [], []
    for pk in sorted(chosen.keys() & still.keys()):
        if still[pk].proposed != chosen[pk]:
            moved.append(pk)
            continue
        with acting(by, reason=f"{still[pk].cases} debts paid in a year, {still[pk].days:.1f} days late on average"):
            CreditAccount.objects.filter(pk=pk).update(usual_delay=chosen[pk])
        kept.append(pk)
    return kept, moved
