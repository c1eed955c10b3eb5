"""From alerts to notices: who hears of a new alert by mail, digest or webhook. Done by the worker, each alert once."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Q

from approvals import alerts
from approvals.alert_kinds import OF_DOCUMENTS, Way, kind_of
from approvals.models import Alert
from creditrisk.notices import choices
from creditrisk.notices.models import Channel, Endpoint, NewAlert, Notice, NoticeLine, NoticeState
from creditrisk.roles import roles_of
from customers.models import SharedLimit

_LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('notices: who hears of new alerts'))"


@transaction.atomic
def spread(*, now: datetime, most: int = 500) -> int:
    """Make the notices of up to `most` new alerts; return how many alerts. One worker does it at a time, others go on."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK)
        if not cursor.fetchone()[0]:
            return 0
    ids = list(NewAlert.objects.order_by("pk").values_list("alert_id", flat=True)[:most])
    if not ids:
        return 0
    fresh = Alert.objects.in_bulk(ids)
    kinds = {kind.code for alert in fresh.values() if (kind := kind_of(alert.code)) is not None}
    for user in _people():
        ways = choices.of(user)
        by_way = {way: any(ways[code] == way for code in kinds) for way in (Way.MAIL, Way.DIGEST)}
        if by_way[Way.MAIL]:
            _mail(user, _heard(user, Way.MAIL, ids), now=now)
        if by_way[Way.DIGEST]:
            _add_to_digest(user, _heard(user, Way.DIGEST, ids), now=now)
    for endpoint in Endpoint.objects.filter(active=True):
        _call(endpoint, _of_endpoint(endpoint, ids, fresh), now=now)
    NewAlert.objects.filter(alert__in=ids).delete()
    return len(ids)


def _people() -> Iterable[Any]:
    """Return who can be written to: active, with an address and a role."""
    found = User.objects.filter(is_active=True).exclude(email="").prefetch_related("groups", "company_access")
    return [user for user in found.order_by("pk") if roles_of(user)]


def _heard(user: Any, way: Way, ids: Sequence[int]) -> list[int]:
    return list(alerts.concerning(user, ways=[way]).filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))


def _of_endpoint(endpoint: Endpoint, ids: Sequence[int], fresh: dict[int, Alert]) -> list[int]:
    found = Alert.objects.filter(pk__in=ids)
    if endpoint.company_id is not None:
        of_documents = Q(code__in=OF_DOCUMENTS)
        found = found.filter(
            (of_documents & Q(document__company=endpoint.company_id))
            | (~of_documents & Q(customer__company=endpoint.company_id))
            | Q(shared__in=SharedLimit.objects.filter(members__company=endpoint.company_id).values("pk"))
        )
    wanted = set(endpoint.kinds)
    return [
        pk for pk in found.order_by("pk").values_list("pk", flat=True)
        if not wanted or ((kind := kind_of(fresh[pk].code)) is not None and kind.code in wanted)
    ]  # fmt: skip


def _mail(user: Any, ids: Sequence[int], *, now: datetime) -> None:
    notices = [Notice(channel=Channel.MAIL, user=user, made_at=now, due_at=now) for _id in ids]
    Notice.objects.bulk_create(notices)
    NoticeLine.objects.bulk_create(
        NoticeLine(notice=notice, alert_id=pk, user=user) for notice, pk in zip(notices, ids, strict=True)
    )


def _add_to_digest(user: Any, ids: Sequence[int], *, now: datetime) -> None:
    """Add to the digest that grows until its hour; one that is on its way already grows no more."""
    if not ids:
        return
    growing = Notice.objects.select_for_update().filter(
        user=user, channel=Channel.DIGEST, state=NoticeState.WAITING, attempts=0
    )
    digest = growing.first()
    if digest is None:
        due = choices.next_digest(choices.reader(user).digest_hour, now=now)
        digest = Notice.objects.create(channel=Channel.DIGEST, user=user, made_at=now, due_at=due)
    NoticeLine.objects.bulk_create(NoticeLine(notice=digest, alert_id=pk, user=user) for pk in ids)


def _call(endpoint: Endpoint, ids: Sequence[int], *, now: datetime) -> None:
    notices = [Notice(channel=Channel.WEBHOOK, endpoint=endpoint, made_at=now, due_at=now) for _id in ids]
    Notice.objects.bulk_create(notices)
    NoticeLine.objects.bulk_create(
        NoticeLine(notice=notice, alert_id=pk, endpoint=endpoint) for notice, pk in zip(notices, ids, strict=True)
    )
