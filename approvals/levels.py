"""Who decides what is asked for, level by level, and the figures that it is judged by: read once for many customers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from approvals import context
from approvals.models import ApprovalLevel, Attachment, LimitRequest, RequestEvent, RequestStep
from creditrisk.facts import EffectiveLimit, Standing
from creditrisk.facts import LimitState as Found
from creditrisk.money import ZERO, MissingRate
from creditrisk.refusal import AboveAuthority, Refused
from creditrisk.roles import Actor, role_in_words, roles_of
from customers import limits
from customers.limits import Granted
from customers.models import Customer, LimitState

# What a limit is without the grants that a new one would replace.
_UNGRANTED: dict[str, Any] = {"base": None, "temporary": None, "awaits_approval": False}


@dataclass(frozen=True)
class Figures:
    """How one customer stands when something is decided about it; a sentence instead where a rate is missing.

    `before` is what was granted or is inherited, without securities, which a new limit leaves as they are; `inherited` is
    what would be without a grant. In the account's currency; None is without bound. `awaits_first`: the company wants the
    first limit approved, and none was.
    """

    standing: Standing | None
    before: Decimal | None
    inherited: Decimal | None
    missing: str = ""
    awaits_first: bool = False

    def as_record(self) -> dict[str, str]:
        """Return the figures of the day as text, as an event keeps them."""
        if self.standing is None:
            return {"missing": self.missing}
        return {**self.standing.as_record(), "before": "" if self.before is None else str(self.before)}


@dataclass(frozen=True)
class Seen:
    """What deciding rests on: the levels, the figures of each customer (by id), and which requests have evidence.

    Evidence is looked for with new customers alone.
    """

    levels: tuple[ApprovalLevel, ...]
    figures: Mapping[int, Figures]
    proven: frozenset[int] = frozenset()


def see(customers: Iterable[Customer], *, day: date) -> Seen:
    """Read the levels and how these customers stand on `day`: a fixed number of queries."""
    ids = sorted({customer.pk for customer in customers})
    levels = tuple(ApprovalLevel.objects.select_related("group").order_by("position"))
    picture = context.look(ids, today=day)
    figures = {pk: _figures(picture, pk) for pk in ids if pk in picture.accounts}
    return Seen(levels, figures, _proven([pk for pk, found in figures.items() if found.awaits_first]))


def _proven(customer_ids: list[int]) -> frozenset[int]:
    """Return the requests of these customers that have evidence of third parties: one query, none for nobody."""
    if not customer_ids:
        return frozenset()
    found = Attachment.objects.filter(request_event__request__customer__in=customer_ids)
    return frozenset(found.values_list("request_event__request_id", flat=True).distinct())


def _figures(picture: context.Picture, pk: int) -> Figures:
    awaits_first = bool(picture.accounts[pk].facts.get("awaits_approval"))
    try:
        return Figures(
            picture.around(pk).standing(pk),
            _bound(_effective(picture, pk)),
            _bound(_effective(picture, pk, **_UNGRANTED)),
            awaits_first=awaits_first,
        )
    except MissingRate as error:
        return Figures(None, ZERO, ZERO, str(error), awaits_first)


def _effective(picture: context.Picture, pk: int, **otherwise: Any) -> EffectiveLimit:
    """Return the limit without securities, and with the facts about the customer that are given `otherwise`."""
    account = picture.accounts[pk]
    owner = Granted(pk, {**account.facts, "securities": None, **otherwise})
    shared = [picture.shared[s] for s in picture.family.shared.get(pk, ()) if s in picture.shared]
    return limits.effective(owner, shared=shared, has_head=bool(account.parent), rates=picture.rates)


def _bound(limit: EffectiveLimit) -> Decimal | None:
    """Return a limit as an amount; None for unlimited, and what is deferred to another is 0."""
    if limit.state == Found.UNLIMITED:
        return None
    return limit.amount if limit.state == Found.AMOUNT else ZERO


@dataclass(frozen=True)
class Turn:
    """The levels that a request needs, in order; those still to agree; `free` where no levels are set up."""

    needed: tuple[ApprovalLevel, ...]
    pending: tuple[ApprovalLevel, ...]
    free: bool = False

    @property
    def next(self) -> ApprovalLevel | None:
        return self.pending[0] if self.pending else None


def turn(request: LimitRequest, *, seen: Seen) -> Turn:
    """Return whose turn it is: the lowest level that covers amount and increase, and the one below where both decide.

    What lowers the limit, and what asks for terms alone, is for the lowest level.
    """
    agreed = agreements(request)
    if not seen.levels:
        return Turn((), () if agreed else (ApprovalLevel(position=0),), free=True)
    needed = _needed(seen.levels, request, seen.figures.get(request.customer_id))
    done = {event.level for event in agreed}
    return Turn(tuple(needed), tuple(level for level in needed if level.position not in done))


def _needed(levels: Sequence[ApprovalLevel], request: LimitRequest, found: Figures | None) -> Sequence[ApprovalLevel]:
    if not request.state_wanted or found is None:
        return levels[:1]
    wanted = wanted_amount(request, found)
    if wanted is not None and found.before is not None and wanted <= found.before:
        return levels[:1]
    if wanted is None and found.before is None:
        return levels[:1]
    increase = None if wanted is None else wanted - (found.before or ZERO)
    at = next((n for n, level in enumerate(levels) if level.covers(wanted, increase)), len(levels) - 1)
    first = at
    while first > 0 and levels[first].with_former:
        first -= 1
    return levels[first : at + 1]


def refuse_beyond(request: LimitRequest, *, by: Actor, seen: Seen) -> ApprovalLevel | None:
    """Return the level at which this person decides; raises AboveAuthority where the turn is a higher one's.

    What all have agreed to is for the last of them to take back.
    """
    found = turn(request, seen=seen)
    level = found.next or (found.needed[-1] if found.needed else None)
    if found.free or level is None or by.user_id == request.assigned_to_id:
        return None if found.free else level
    mine = roles_of(by.user)
    if any(step.group.name in mine for step in seen.levels if step.position >= level.position):
        return level
    raise AboveAuthority(_("This is for the %(role)s to decide, or above.") % {"role": role_in_words(level.group.name)})


def refuse_unproven(request: LimitRequest, *, seen: Seen) -> None:
    """Raise Refused where credit would be opened to a new customer without the evidence of third parties."""
    if lacks_evidence(request, seen=seen):
        raise Refused(_("It is a new customer: attach the evidence of third parties first."))


def lacks_evidence(request: LimitRequest, *, seen: Seen) -> bool:
    """Return whether it would open credit to a new customer, and nothing of third parties is attached."""
    found = seen.figures.get(request.customer_id)
    if found is None or not found.awaits_first or not request.state_wanted or request.amount == ZERO:
        return False
    return request.pk not in seen.proven


def wanted_amount(request: LimitRequest, found: Figures) -> Decimal | None:
    """Return how high the limit would be; None without bound. What is to be inherited counts as what it gives."""
    if request.state_wanted == LimitState.AMOUNT:
        return request.amount
    return found.inherited if request.state_wanted == LimitState.INHERIT else None


def agreements(request: LimitRequest) -> list[RequestEvent]:
    """Return the approvals since what is asked for was last changed; from the events at hand where they were read."""
    found: list[RequestEvent] = []
    for event in sorted(request.events.all(), key=lambda e: e.pk):
        if event.step == RequestStep.CHANGED:
            found = []
        elif event.step == RequestStep.APPROVED:
            found.append(event)
    return found
