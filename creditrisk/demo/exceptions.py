"""What was let through in the demo company's two years: holds of orders, released by whom the amount asked for."""

from collections.abc import Mapping
from datetime import datetime, time
from decimal import Decimal
from random import Random
from typing import Any

from django.utils import timezone

from approvals.models import Authority, Hold, HoldClosing, HoldReview, HowClosed, Release, ReleaseReason
from creditrisk.money import ZERO, rounded
from creditrisk.policy.models import Scope
from creditrisk.roles import Actor
from documents.models import Document, Kind, State

ONE_IN = 24  # so many orders were held once
APPROVERS = ("carla", "dario", "fiona")


def let_through(people: Mapping[str, Any]) -> int:
    """This will let some orders of the past have been held and released; return how many."""
    rng = Random("exceptions")
    orders = Document.objects.filter(kind=Kind.ORDER).exclude(state=State.DRAFT).order_by("document_date", "pk")
    chosen = [
        order for order in orders.select_related("debtor__credit_account__risk_class") if rng.randrange(ONE_IN) == 0
    ]
    bounds = {login: _bound(people[login]) for login in APPROVERS}
    reasons: dict[int, list[ReleaseReason]] = {}
    for reason in ReleaseReason.objects.filter(needs_note=False).order_by("pk"):
        reasons.setdefault(reason.company_id, []).append(reason)
    zone = timezone.get_current_timezone()
    moments = [datetime.combine(order.document_date, time(9, rng.randrange(60)), tzinfo=zone) for order in chosen]
    holds = Hold.objects.bulk_create(
        Hold(
            document=order, customer=order.debtor, step="confirm", checkpoint="confirmation", amount=order.total,
            currency=order.currency, opened_at=at, opened_on=order.document_date, opened_by=people["sara"], open=False,
        )
        for order, at in zip(chosen, moments, strict=True)
    )  # fmt: skip
    reviews, closings, releases = [], [], []
    for hold, order, at in zip(holds, chosen, moments, strict=True):
        able = [login for login in APPROVERS if bounds[login] is None or order.total <= bounds[login]]
        by = Actor(people[able[0] if rng.random() < 0.8 else rng.choice(able)], address="192.0.2.20", channel="demo")
        held_by = _held_by(order, rng)
        share = rng.randint(10, 90)
        excess = rounded(order.total * share / 100, order.debtor.currency) if "over_limit" in held_by else ZERO
        why = rng.choice(reasons[order.company_id])
        until_noon = at.replace(hour=11)
        reviews.append(HoldReview(hold=hold, reasons=held_by, excess=excess, amount=order.total, reviewed_at=at))
        closings.append(
            HoldClosing(
                hold=hold, how=HowClosed.RELEASED, reason=why.name, closed_at=until_noon, closed_by=by.user,
                actor=by.as_record(),
            )
        )  # fmt: skip
        releases.append(
            Release(
                hold=hold, document=order, step="confirm", scope=Scope.REMAINING_STEPS, cap=order.total,
                amount=order.total, currency=order.currency, released_on=order.document_date, reason=why.name,
                reason_code=why, with_posting=True, released_at=until_noon, released_by=by.user,
                saw={"amount": str(order.total), "excess": str(excess), "reasons": held_by},
            )
        )  # fmt: skip
    HoldReview.objects.bulk_create(reviews)
    HoldClosing.objects.bulk_create(closings)
    return len(Release.objects.bulk_create(releases))


def _held_by(order: Document, rng: Random) -> list[str]:
    """Return what held an order: of those who pay late often that they did."""
    account = order.debtor.credit_account
    pays_late = account.risk_class is not None and account.risk_class.code in ("C", "D")
    if rng.random() < (0.7 if pays_late else 0.15):
        return ["days_overdue", "over_limit"] if rng.random() < 0.3 else ["days_overdue"]
    return ["limit_used"] if rng.random() < 0.3 else ["over_limit"]


def _bound(user: Any) -> Decimal | None:
    """Return up to which amount somebody releases by their role; None is without bound."""
    found = Authority.objects.filter(group__in=user.groups.all()).first()
    return found.release_up_to if found else ZERO
