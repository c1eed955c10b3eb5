"""Telling what a change crossed: the thresholds of use, and the limit itself, of the debtor and of its heads."""

from collections.abc import Sequence
from datetime import date, datetime

from approvals import alerts, context
from approvals.context import Family, Picture
from creditrisk.exposure.ledger import Posted
from creditrisk.exposure.read import Slot
from creditrisk.money import MissingRate
from creditrisk.policy.compile import Policy
from documents.models import Document


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
    before = None
    for customer_id in (document.debtor_id, *family.heads.get(document.debtor_id, ())):
        try:
            after = seen.standing(customer_id, company_id=document.company_id)
            percents = seen.alerting(customer_id).percents
            if not alerts.may_have_crossed(after, percents):
                continue
            before = before or seen.with_slots(
                Slot(p.customer_id, p.company_id, p.bucket, p.currency, p.day, -p.amount) for p in posted
            )
            earlier = before.standing(customer_id, company_id=document.company_id)
        except MissingRate:
            continue
        found = alerts.crossings(earlier, after, percents)
        alerts.write(found, customer_id=customer_id, document_id=document.pk, day=day, now=now)
