"""Alerts: rows written in the transaction that causes them, once a crossing."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from approvals.alert_kinds import KINDS, OF_DOCUMENTS, Way, money, percent, prefix_of
from approvals.models import Alert, AlertSeen
from creditrisk.facts import LimitState, Standing
from creditrisk.notices import choices
from creditrisk.notices.models import NewAlert
from creditrisk.roles import companies_of, roles_of
from customers import queries as customer_queries
from customers.models import SharedLimit
from documents.models import Document
from ledger.models import Effect

type Raised = tuple[str, Mapping[str, Any]]


def write(
    found: Iterable[Raised],
    *,
    customer_id: int | None,
    document_id: int | None = None,
    day: date,
    now: datetime,
) -> list[Alert]:
    """Write an alert for each code with the values of its sentence; who is to hear of it is worked out after the commit."""
    return _keep([
        Alert(customer_id=customer_id, document_id=document_id, code=code, values=dict(values), raised_at=now, day=day)
        for code, values in found
    ])  # fmt: skip


def write_of_shared(found: Mapping[int, Iterable[Raised]], *, day: date, now: datetime) -> int:
    """Write the alerts of shared limits, by id, at once; return how many."""
    rows = [
        Alert(shared_id=shared_id, code=code, values=dict(values), raised_at=now, day=day)
        for shared_id, raised in found.items()
        for code, values in raised
    ]
    return len(_keep(rows))


def write_all(found: Mapping[int, Iterable[Raised]], *, day: date, now: datetime) -> int:
    """Write the alerts of many customers, by id, at once; return how many."""
    rows = [
        Alert(customer_id=customer_id, code=code, values=dict(values), raised_at=now, day=day)
        for customer_id, raised in found.items()
        for code, values in raised
    ]
    return len(_keep(rows))


def write_of_documents(found: Iterable[tuple[int, int, Raised]], *, day: date, now: datetime) -> int:
    """Write alerts of many documents, each with the ids of its customer and document, at once; return how many."""
    rows = [
        Alert(customer_id=customer_id, document_id=document_id, code=code, values=dict(values), raised_at=now, day=day)
        for customer_id, document_id, (code, values) in found
    ]
    return len(_keep(rows))


def _keep(rows: list[Alert]) -> list[Alert]:
    if rows:
        Alert.objects.bulk_create(rows)
        NewAlert.objects.bulk_create(NewAlert(alert=row) for row in rows)
    return rows


def of_document(document: Document, **more: Any) -> dict[str, Any]:
    """Return the values that name a document and its debtor, with `more` beside them."""
    return {"document": str(document), "customer": document.debtor.name, **more}


def over(standing: Standing) -> bool:
    """Return whether the total itself is over the limit."""
    limit = standing.limit
    return limit.state in (LimitState.AMOUNT, LimitState.NONE) and standing.exposure.total > limit.amount


def may_have_crossed(after: Standing, thresholds: Iterable[int]) -> bool:
    """Return whether anything can have been crossed, so that the state before is worth reckoning."""
    used = after.used_percent
    lowest = min(thresholds, default=None)
    return over(after) or (used is not None and lowest is not None and used >= lowest)


def crossings(before: Standing | None, after: Standing, thresholds: Iterable[int]) -> list[Raised]:
    """Return the thresholds of use that were reached from below, and whether the limit was exceeded just now.

    Without a `before` nothing was owed.
    """
    found: list[Raised] = []
    was, used = before.used_percent if before else None, after.used_percent
    total = money(after.exposure.total, after.exposure.currency)
    whose = {"shared": after.code, "says": "shared"} if after.kind == "shared" else {"customer": after.code}
    for threshold in sorted(thresholds):
        if used is not None and used >= threshold and (was is None or was < threshold):
            found.append((f"usage_{threshold}", {**whose, "used": percent(used), "total": total}))
    if over(after) and not (before and over(before)):
        limit = money(after.limit.amount, after.exposure.currency)
        found.append(("over_limit", {**whose, "total": total, "limit": limit}))
    return found


def became_overdue(before: Standing, after: Standing, least: Decimal) -> list[Raised]:
    """Return the alert that so much is overdue, `least` in the account's currency, where less was before."""
    was, now_is = before.exposure.overdue, after.exposure.overdue
    if now_is > 0 and now_is >= least and not (was > 0 and was >= least):
        overdue = money(after.exposure.overdue, after.exposure.currency)
        return [("overdue", {"customer": after.code, "overdue": overdue})]
    return []


def came_back(effect: Effect) -> list[Raised]:
    """Return the alert that an effect came back unpaid; none where it was only posted back, having come back before."""
    event = effect.events.order_by("-pk").first()
    if event is None or event.step != "unpaid":
        return []
    values = {
        "effect": str(effect), "customer": effect.customer.name, "amount": money(effect.amount, effect.currency),
    }  # fmt: skip
    return [("effect_unpaid", {**values, "says": "reason", "reason": event.reason} if event.reason else values)]


def visible(user: Any) -> QuerySet[Alert]:
    """Return the alerts that the reader may see: of documents, customers and shared limits of the reader's companies.

    Sales see those of their own customers alone where the company wants it; those of a shared limit, who see a member.
    What belongs to nobody is for those who work in all companies.
    """
    companies, own = companies_of(user), customer_queries.own(user, "customer", "document__customer")
    if companies is None and not own:
        return Alert.objects.all()
    of_shared = Q(shared__in=customer_queries.visible_shared(user).values("pk"))
    if companies is None:
        return Alert.objects.filter(own | of_shared)
    of_documents = Q(code__in=OF_DOCUMENTS)
    theirs = (of_documents & Q(document__company_id__in=companies)) | (
        ~of_documents & Q(customer__in=customer_queries.visible(user).values("pk"))
    )
    return Alert.objects.filter((own & theirs) | of_shared)


def concerning(user: Any, *, ways: Iterable[Way] = (Way.INBOX, Way.DIGEST, Way.MAIL)) -> QuerySet[Alert]:
    """Return the alerts of which the reader hears in one of these ways: of what they may see, what they chose.

    Sales hear of their own customers, of what these share with others, and of documents that they entered.
    """
    chosen, wanted = choices.of(user), set(ways)
    found = visible(user)
    for code, way in chosen.items():
        if way not in wanted:
            kind = KINDS[code]
            found = found.exclude(code__startswith=prefix_of(kind)) if kind.numbered else found.exclude(code=code)
    if roles_of(user) == {"sales"}:
        mine = Q(customer__salesperson=user) | Q(document__entered_by=user) | Q(document__customer__salesperson=user)
        mine |= Q(shared__in=SharedLimit.objects.filter(members__salesperson=user).values("pk"))
        found = found.filter(mine)
    return found


def newest(user: Any, *, everything: bool = False) -> QuerySet[Alert]:
    """Return the reader's inbox, the newest first, with what a row shows; or everything that the reader may see."""
    found = visible(user) if everything else concerning(user)
    return found.select_related("customer", "document", "shared").order_by("-id")


def unseen_count(user: Any) -> int:
    """Return how many alerts came into the reader's inbox since the last look; at most 100 are counted."""
    return concerning(user).filter(pk__gt=seen_up_to(user))[:100].count()


def seen_up_to(user: Any) -> int:
    """Return the newest alert that the reader has looked at."""
    return AlertSeen.objects.filter(user=user).values_list("last_alert", flat=True).first() or 0


def mark_seen(user: Any) -> None:
    """Note that the user has looked at every alert there is."""
    newest = Alert.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    AlertSeen.objects.update_or_create(user=user, defaults={"last_alert": newest})
