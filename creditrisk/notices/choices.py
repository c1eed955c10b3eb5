"""How somebody hears of each kind of alert: as chosen, else as is usual in the role."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from approvals.alert_kinds import KINDS, AlertKind, Way
from creditrisk.notices.models import Channel, Choice, Notice, NoticeState, Reader
from creditrisk.roles import roles_of

_BY_STRENGTH = (Way.NONE, Way.INBOX, Way.DIGEST, Way.MAIL)


@dataclass(frozen=True)
class Chosen:
    """One kind as the page of choices shows it: how the reader hears of it, and how is usual."""

    kind: AlertKind
    way: Way
    usual: Way


def usual(roles: frozenset[str], kind: AlertKind) -> Way:
    """Return how people with these roles hear of a kind: of several roles the strongest way."""
    return max((kind.usual.get(role, Way.NONE) for role in roles), key=_BY_STRENGTH.index, default=Way.NONE)


def of(user: Any) -> Mapping[str, Way]:
    """Return how the reader hears of each kind; read once a request."""
    known: Mapping[str, Way] | None = getattr(user, "_creditrisk_ways", None)
    if known is None:
        chosen = dict(Choice.objects.filter(user=user).values_list("kind", "way"))
        known = ways(roles_of(user), chosen)
        user._creditrisk_ways = known
    return known


def ways(roles: frozenset[str], chosen: Mapping[str, str]) -> dict[str, Way]:
    """Return how people with these roles, who chose this, hear of each kind."""
    return {code: Way(chosen[code]) if code in chosen else usual(roles, kind) for code, kind in KINDS.items()}


def page(user: Any) -> list[Chosen]:
    """Return every kind that is usual in one of the reader's roles, or that the reader chose, in the order of the catalogue."""
    roles, now = roles_of(user), of(user)
    found = [Chosen(kind, now[code], usual(roles, kind)) for code, kind in KINDS.items()]
    return [one for one in found if one.usual != Way.NONE or one.way != Way.NONE or roles & set(one.kind.usual)]


def reader(user: Any) -> Reader:
    """Return how somebody wants to be told; as is usual where nothing was said."""
    return Reader.objects.filter(user=user).first() or Reader(user=user)


@transaction.atomic
def choose(user: Any, wanted: Mapping[str, Way], *, digest_hour: int, now: datetime) -> None:
    """Keep how the reader wants to hear of each kind; what is as usual in the role is left to the role."""
    roles = roles_of(user)
    for code, way in wanted.items():
        if way == usual(roles, KINDS[code]):
            Choice.objects.filter(user=user, kind=code).delete()
        else:
            Choice.objects.update_or_create(user=user, kind=code, defaults={"way": way})
    Reader.objects.update_or_create(user=user, defaults={"digest_hour": digest_hour})
    growing = Notice.objects.filter(user=user, channel=Channel.DIGEST, state=NoticeState.WAITING, attempts=0)
    growing.update(due_at=next_digest(digest_hour, now=now))
    if hasattr(user, "_creditrisk_ways"):
        del user._creditrisk_ways


def next_digest(hour: int, *, now: datetime) -> datetime:
    """Return when the next digest leaves that comes at this hour of the installation's time zone."""
    local = timezone.localtime(now)
    today = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    return today if today > local else today + timedelta(days=1)
