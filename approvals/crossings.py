"""Telling what a change crossed: the thresholds of use, and the limit itself, of the debtor, of its heads, of what they share."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from approvals import alerts, context
from approvals.alerts import Raised
from approvals.context import Family, Picture
from approvals.models import Alert
from creditrisk.clock import business_day
from creditrisk.exposure.ledger import Posted
from creditrisk.exposure.read import Slot
from creditrisk.money import MissingRate
from creditrisk.policy.compile import Policy
from customers import limits
from customers.models import Customer, SharedLimit
from documents.models import Document

# So many shared limits are read at once when a day begins, with all their members.
AT_ONCE = 50


def tell(
    posted: Sequence[Posted], *, document: Document, family: Family, policy: Policy, seen: Picture | None, day: date,
    now: datetime,
) -> None:  # fmt: skip
    """Write the alerts for thresholds that these entries crossed.

    `seen` is the picture with all of them in it, where one was read already.
    """
    if not any(p.amount > 0 for p in posted):
        return
    # A currency that the document has just left is still needed for what was before.
    currencies = {p.currency for p in posted}
    if seen is None or not currencies <= seen.currencies:
        seen = context.picture(family, policy=policy, today=day, currencies=currencies)
    before = seen.with_slots(undone(posted))
    for customer_id in (document.debtor_id, *family.heads.get(document.debtor_id, ())):
        try:
            after = seen.standing(customer_id, company_id=document.company_id)
            percents = seen.alerting(customer_id).percents
            if not alerts.may_have_crossed(after, percents):
                continue
            earlier = before.standing(customer_id, company_id=document.company_id)
        except MissingRate:
            continue
        found = alerts.crossings(earlier, after, percents)
        alerts.write(found, customer_id=customer_id, document_id=document.pk, day=day, now=now)
    tell_of_shared(shared_by(posted, family), before=before, after=seen, day=day, now=now)


def undone(posted: Iterable[Posted]) -> list[Slot]:
    """Return what takes these entries out of a picture."""
    return [Slot(p.customer_id, p.company_id, p.bucket, p.currency, p.day, -p.amount) for p in posted]


def shared_by(posted: Iterable[Posted], family: Family) -> set[int]:
    """Return the shared limits, by id, of which these entries may use more."""
    return {shared for p in posted if p.amount > 0 for shared in family.shared.get(p.customer_id, ())}


def tell_of_shared(
    shared_ids: Iterable[int], *, before: Picture, after: Picture, day: date, now: datetime, but: Iterable[tuple[int, str]] = ()
) -> int:  # fmt: skip
    """Write an alert for each threshold that is crossed from the one picture to the other; return how many.

    One whose currency cannot be converted is passed over. `but` names alerts, by shared limit and code, that were told.
    """
    told, found = set(but), {}
    for pk in sorted(shared_ids):
        raised = _crossed(pk, before=before, after=after)
        if new := [(code, values) for code, values in raised if (pk, code) not in told]:
            found[pk] = new
    return alerts.write_of_shared(found, day=day, now=now)


def _crossed(shared_id: int, *, before: Picture, after: Picture) -> list[Raised]:
    percents = after.policy.percents_of_shared
    if shared_id not in after.shared:
        return []
    try:
        later = after.shared_standing(shared_id)
        if not alerts.may_have_crossed(later, percents):
            return []
        earlier = before.shared_standing(shared_id) if shared_id in before.shared else None
    except MissingRate:
        return []
    return alerts.crossings(earlier, later, percents)


def before_joining(shared_id: int | None, joining: Iterable[Customer], *, now: datetime) -> Picture:
    """Lock the accounts of who shares a limit and of who is to join; return how they stand before that."""
    members = SharedLimit.members.through.objects.filter(sharedlimit=shared_id).values_list("customer", flat=True)
    ids = sorted({*members, *(customer.pk for customer in joining)})
    context.lock(ids)
    return context.look(ids, today=business_day(now))


def tell_of_members(shared_id: int, *, before: Picture, now: datetime) -> int:
    """Write the alerts of what a shared limit crosses since `before`, where others share it now; return how many."""
    day = business_day(now)
    after = context.look(sorted(before.family.below), today=day)
    return tell_of_shared([shared_id], before=before, after=after, day=day, now=now)


def tell_of_a_day(
    shared_ids: Iterable[Sequence[int]], *, last: date, today: date, policy: Policy, now: datetime
) -> int:
    """Write the alerts of what the days after `last` crossed of shared limits, slice by slice; return how many."""
    shares, told = SharedLimit.members.through.objects, 0
    for some in shared_ids:
        family = limits.family(list(shares.filter(sharedlimit__in=some).values_list("customer", flat=True)))
        before = context.picture(family, policy=policy, today=last)
        after = context.picture(family, policy=policy, today=today)
        # What was booked meanwhile told what it crossed itself.
        already = Alert.objects.filter(shared__in=some, day__gt=last).values_list("shared", "code")
        told += tell_of_shared(some, before=before, after=after, day=today, now=now, but=already)
    return told
