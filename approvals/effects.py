"""The door for effects beyond one: issued in masses, credited by the bank, the outcome of a list, replaced."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from approvals import booking as bookings
from approvals import context
from approvals.booking import Booking
from creditrisk.clock import business_day
from creditrisk.exposure.ledger import Touched
from creditrisk.language import sentence as _
from creditrisk.refusal import Refused
from creditrisk.roles import Actor
from ledger import effects as ledger_effects
from ledger.effects import Return
from ledger.models import Effect, OpenItem, Presentation
from ledger.portfolio import Proposal


@dataclass(frozen=True)
class Outcome:
    """What became of an effect of a list: paid, or back unpaid."""

    effect: Effect
    paid: bool
    posted: bool = False
    how: Return | None = None


@transaction.atomic
def issue(proposals: Sequence[Proposal], *, kind: str, by: Actor, now: datetime) -> list[Effect]:
    """Issue an effect for each of these proposals, all or none, with numbers of their own.

    Raises Stale where an item moved since they were proposed, Refused, InvalidState.
    """
    if not proposals:
        raise Refused(_("Choose at least one effect to issue."), field="proposal")
    context.lock({p.customer_id for p in proposals})
    items = OpenItem.objects.select_related("customer", "company").in_bulk([pk for p in proposals for pk in p.item_ids])
    made = []
    for proposal in proposals:
        mine = [items[pk] for pk in proposal.item_ids if pk in items]
        if sum(i.open_amount for i in mine) != proposal.amount or len(mine) != len(proposal.item_ids):
            raise Refused(
                _("Items of %(customer)s changed since the list was drawn; look at it again.")
                % {"customer": proposal.customer_name},
                code="stale",
            )
        made.append(
            bookings.issue_effect(
                customer=mine[0].customer, company=mine[0].company, amount=proposal.amount, due=proposal.due, items=mine,
                kind=kind, by=by, now=now,
            )
        )  # fmt: skip
    return made


@transaction.atomic
def credit(presentation: Presentation, *, day: date | None = None, by: Actor, now: datetime) -> Presentation:
    """The bank credited a list. Nothing of the exposure moves: the bank may still send effects back.

    Raises InvalidState, Refused.
    """
    today = business_day(now)
    if day is not None and day > today:
        raise Refused(_("That day lies ahead."), field="day")
    return ledger_effects.credit(presentation, day=day or today, by=by.user, now=now)


@transaction.atomic
def withdraw(
    presentation: Presentation, effects: Sequence[Effect], *, reason: str, day: date | None = None, by: Actor,
    now: datetime,
) -> list[Effect]:  # fmt: skip
    """Take effects out of a list, all or none: list and bank's line have them no more, the portfolio has them again.

    Raises InvalidState, Refused.
    """
    debtors = sorted({e.customer_id for e in effects})
    context.lock(debtors)
    rows = ledger_effects.withdraw(
        presentation, effects, reason=reason, day=day or business_day(now), by=by.user, now=now
    )
    for customer_id in debtors:
        booking = Booking.begin(customer_id, by=by, now=now, day=day)
        mine = frozenset(e.pk for e in rows if e.customer_id == customer_id)
        booking.post(Touched(effects=mine), booking.lock(), cause="effects withdrawn")
    return rows


@transaction.atomic
def settle(outcomes: Sequence[Outcome], *, day: date | None = None, by: Actor, now: datetime) -> list[Effect]:
    """Book what became of effects, all or none. Raises InvalidState, Refused."""
    if not outcomes:
        raise Refused(_("Choose at least one effect."), field="effect")
    context.lock({o.effect.customer_id for o in outcomes})
    return [
        bookings.collect(o.effect, day=day, by=by, now=now)
        if o.paid
        else bookings.unpaid(o.effect, posted=o.posted, how=o.how, day=day, by=by, now=now)
        for o in sorted(outcomes, key=lambda o: o.effect.pk)
    ]


@transaction.atomic
def replace(
    effect: Effect, *, kind: str, due: date, number: str = "", day: date | None = None, by: Actor, now: datetime
) -> Effect:
    """Issue a new effect in place of one that came back unpaid; return the new one.

    Raises InvalidState, Refused, Duplicate.
    """
    opened = Booking.begin(effect.customer_id, by=by, now=now, day=day)
    family = opened.lock()
    old, new, items = ledger_effects.replace(
        effect, number=number, kind=kind, due=due, day=opened.day, by=by.user, now=now
    )
    touched = Touched(items=frozenset(i.pk for i in items), effects=frozenset({old.pk, new.pk}))
    opened.post(touched, family, cause="effect replaced")
    return new
