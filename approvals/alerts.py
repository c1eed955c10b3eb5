"""Alerts: rows written in the transaction that causes them, once a crossing."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet

from approvals.models import Alert, AlertSeen
from creditrisk.facts import LimitState, Standing
from creditrisk.money import figure
from creditrisk.roles import companies_of
from customers import queries as customer_queries
from ledger.models import Effect

# What is told of a document itself; everything else is told of its customer, whatever document brought it about.
OF_DOCUMENTS = ("held", "held_long", "released", "rejected", "release_asked", "change_wanted")


def write(
    codes: Iterable[tuple[str, str]],
    *,
    customer_id: int | None,
    document_id: int | None = None,
    day: date,
    now: datetime,
) -> list[Alert]:
    """Write one alert for each (code, text)."""
    rows = [
        Alert(
            customer_id=customer_id,
            document_id=document_id,
            code=code,
            text=text[:300],
            raised_at=now,
            day=day,
        )
        for code, text in codes
    ]
    return Alert.objects.bulk_create(rows) if rows else []


def over(standing: Standing) -> bool:
    """Return whether the total itself is over the limit."""
    limit = standing.limit
    return limit.state in (LimitState.AMOUNT, LimitState.NONE) and standing.exposure.total > limit.amount


def may_have_crossed(after: Standing, thresholds: Iterable[int]) -> bool:
    """Return whether anything can have been crossed, so that the state before is worth reckoning."""
    used = after.used_percent
    lowest = min(thresholds, default=None)
    return over(after) or (used is not None and lowest is not None and used >= lowest)


def crossings(before: Standing, after: Standing, thresholds: Iterable[int]) -> list[tuple[str, str]]:
    """Return the thresholds of use that were reached from below, and whether the limit was exceeded just now."""
    found = []
    was, used = before.used_percent, after.used_percent
    total = f"{after.exposure.currency} {figure(after.exposure.total, after.exposure.currency)}"
    for threshold in sorted(thresholds):
        if used is not None and used >= threshold and (was is None or was < threshold):
            found.append(
                (
                    f"usage_{threshold}",
                    f"{after.code} uses {used:.1f} % of its limit: {total}.",
                )
            )
    if over(after) and not over(before):
        limit = figure(after.limit.amount, after.exposure.currency)
        found.append(("over_limit", f"{after.code} is over its limit: {total} against {limit}."))
    return found


def became_overdue(before: Standing, after: Standing) -> list[tuple[str, str]]:
    """Return the alert that something is overdue where nothing was before."""
    if after.exposure.overdue > 0 and not before.exposure.overdue > 0:
        exposure = after.exposure
        return [
            (
                "overdue",
                f"{after.code} has {exposure.currency} {figure(exposure.overdue, exposure.currency)} overdue.",
            )
        ]
    return []


def came_back(effect: Effect) -> list[tuple[str, str]]:
    """Return the alert that an effect came back unpaid; none where it was only posted back, having come back before."""
    event = effect.events.order_by("-pk").first()
    if event is None or event.step != "unpaid":
        return []
    why = f": {event.reason}" if event.reason else "."
    amount = figure(effect.amount, effect.currency)
    text = f"Effect {effect} of {effect.customer.name}, {effect.currency} {amount}, came back unpaid{why}"
    return [("effect_unpaid", text)]


def visible(user: Any) -> QuerySet[Alert]:
    """Return the alerts that the reader may see: of documents and customers of the reader's companies.

    Sales see those of their own customers alone where the company wants it. What belongs to no customer is for those
    who work in all companies.
    """
    companies = companies_of(user)
    found = Alert.objects.filter(customer_queries.own(user, "customer", "document__customer"))
    if companies is None:
        return found
    of_documents = Q(code__in=OF_DOCUMENTS)
    return found.filter(
        (of_documents & Q(document__company_id__in=companies))
        | (~of_documents & Q(customer__in=customer_queries.visible(user).values("pk")))
    )


def newest(user: Any) -> QuerySet[Alert]:
    """Return the alerts that the reader may see, the newest first, with what a row of theirs shows."""
    return visible(user).select_related("customer", "document").order_by("-id")


def unseen_count(user: Any) -> int:
    """Return how many alerts the reader may see that were written since the last look; at most 100 are counted."""
    return visible(user).filter(pk__gt=seen_up_to(user))[:100].count()


def seen_up_to(user: Any) -> int:
    """Return the newest alert that the reader has looked at."""
    return AlertSeen.objects.filter(user=user).values_list("last_alert", flat=True).first() or 0


def mark_seen(user: Any) -> None:
    """Note that the user has looked at every alert there is."""
    newest = Alert.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    AlertSeen.objects.update_or_create(user=user, defaults={"last_alert": newest})
