"""A shared limit for its page: who shares it and what each owes, how it stands, what lies ahead, what it holds, what was told of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q

from approvals import alerts, queries
from approvals.context import Picture
from approvals.queries import AlertRow, HoldRow
from creditrisk.decisions import queries as decision_queries
from creditrisk.facts import EffectiveLimit, Exposure, Standing
from creditrisk.money import HUNDRED, ZERO, MissingRate
from creditrisk.monitoring import forward
from creditrisk.monitoring.forward import Curve, Sight
from customers import queries as customer_queries
from customers.models import SharedLimit

# So many members are listed, those who owe most; so many holds, so many alerts.
MEMBERS = 100
HOLDS = 50
ALERTS = 12
OVER, LINKED = "over_shared_limit", "linked_overdue"


@dataclass(frozen=True)
class MemberRow:
    """One who shares the limit: what is owed, in the shared limit's currency, and the limit of its own."""

    code: str
    name: str
    exposure: Exposure
    limit: EffectiveLimit
    share: Decimal | None


@dataclass(frozen=True)
class Rest:
    """Members in one line: how many, and what they owe together."""

    count: int
    total: Decimal
    overdue: Decimal


@dataclass(frozen=True)
class Story:
    """A shared limit as its page tells it; `missing` says which rate there is not.

    The sums are those of all members, whoever reads: whom the reader may not see is summed in `hidden`, who comes after
    the first in `more`; `rounding` is what the rows differ from the sum by, where currencies were converted.
    """

    shared: SharedLimit
    count: int
    standing: Standing | None
    members: tuple[MemberRow, ...]
    hidden: Rest | None
    more: Rest | None
    rounding: Decimal
    curve: Curve | None
    holds: tuple[HoldRow, ...]
    alerts: tuple[AlertRow, ...]
    missing: str = ""


def of(shared: SharedLimit, *, user: Any, today: date) -> Story:
    """Return the story of a shared limit as this reader may see it: a fixed number of queries."""
    ids = list(shared.members.order_by("pk").values_list("pk", flat=True))
    holds, told = tuple(_holds(shared, ids, user=user, today=today)), tuple(_alerts(shared, user=user))
    sight = forward.sight(ids, today=today) if ids else None
    if sight is None or shared.pk not in sight.seen.shared:
        return Story(shared, 0, None, (), None, None, ZERO, None, holds, told)
    try:
        return _with_figures(shared, ids, sight, user=user, holds=holds, told=told)
    except MissingRate as error:
        return Story(shared, len(ids), None, (), None, None, ZERO, None, holds, told, str(error))


def _with_figures(
    shared: SharedLimit, ids: Sequence[int], sight: Sight, *, user: Any, holds: tuple[HoldRow, ...], told: tuple[AlertRow, ...]
) -> Story:  # fmt: skip
    seen = sight.seen
    standing = seen.shared_standing(shared.pk)
    total = standing.exposure.total
    owed = {pk: seen.member_exposure(shared.pk, pk) for pk in ids}
    names = dict(customer_queries.visible(user).filter(pk__in=ids).values_list("pk", "name"))
    shown = sorted(names, key=lambda pk: (-owed[pk].total, seen.accounts[pk].code))
    hidden, more = [pk for pk in ids if pk not in names], shown[MEMBERS:]
    return Story(
        shared, len(ids), standing, tuple(_member(pk, seen, owed[pk], names[pk], total) for pk in shown[:MEMBERS]),
        _rest(hidden, owed), _rest(more, owed), total - sum((e.total for e in owed.values()), ZERO),
        sight.of_shared(shared.pk), holds, told,
    )  # fmt: skip


def _member(pk: int, seen: Picture, owed: Exposure, name: str, total: Decimal) -> MemberRow:
    share = owed.total * HUNDRED / total if total > 0 and owed.total > 0 else None
    return MemberRow(seen.accounts[pk].code, name, owed, seen.around(pk).standing(pk).limit, share)


def _rest(ids: Sequence[int], owed: dict[int, Exposure]) -> Rest | None:
    if not ids:
        return None
    return Rest(len(ids), sum((owed[pk].total for pk in ids), ZERO), sum((owed[pk].overdue for pk in ids), ZERO))


def _holds(shared: SharedLimit, ids: Sequence[int], *, user: Any, today: date) -> list[HoldRow]:
    """Return the open holds that rest on this limit: it is exceeded, or another of its members is late."""
    mine = queries.in_full(queries.visible(user).filter(open=True, customer__in=ids))
    reasons = Q(review_reasons__contains=[OVER]) | Q(review_reasons__contains=[LINKED])
    rows = queries.rows(mine.filter(reasons).order_by("-opened_at", "-pk")[:HOLDS], today=today)
    subjects = decision_queries.subjects(
        [row.decision_id for row in rows if row.decision_id is not None], codes=[OVER, LINKED]
    )
    members = {str(pk) for pk in ids}
    return [
        row for row in rows
        if row.decision_id not in subjects or any(
            (code == OVER and subject == shared.code) or (code == LINKED and subject in members)
            for code, subject in subjects[row.decision_id]
        )
    ]  # fmt: skip


def _alerts(shared: SharedLimit, *, user: Any) -> list[AlertRow]:
    found = alerts.newest(user, everything=True).filter(shared=shared)
    return queries.alert_rows(found[:ALERTS], user=user)
