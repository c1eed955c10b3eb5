"""Handling a hold until it is decided: saying something, taking it, handing it on, asking for a change or its release,
withdrawing a held change.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from approvals import alerts, context, holds, locking
from approvals.models import Hold, HoldEvent, HoldStep, HowClosed
from creditrisk.clock import business_day
from creditrisk.policy import compile as policies
from creditrisk.policy.names import step_name
from creditrisk.refusal import FourEyes, NotPermitted, Refused
from creditrisk.roles import Actor, companies_of, may, name_of

# What ends or begins a wish for a change; a comment does neither.
TURNS = (
    HoldStep.TAKEN, HoldStep.DELEGATED, HoldStep.CHANGE_WANTED, HoldStep.CHANGED, HoldStep.RELEASE_ASKED,
)  # fmt: skip


@transaction.atomic
def comment(hold: Hold, *, by: Actor, now: datetime, note: str) -> HoldEvent:
    """Say something about an open hold. Raises NotPermitted, AlreadyReleased, AlreadyClosed, Refused."""
    hold = _open(hold)
    holds.refuse_person(hold, by=by, door="comment_hold")
    return _note(hold, HoldStep.COMMENT, by=by, now=now, note=_said(note, _("Say something.")))


@transaction.atomic
def take(hold: Hold, *, by: Actor, now: datetime) -> HoldEvent:
    """Take a hold, so that others see who is at it; also from somebody else. Raises as `delegate`."""
    hold = _decidable(hold, by=by)
    if assignee(hold) == by.user:
        raise Refused(_("You have it already."))
    return _note(hold, HoldStep.TAKEN, by=by, now=now)


@transaction.atomic
def delegate(hold: Hold, *, to: Any, by: Actor, now: datetime, note: str = "") -> HoldEvent:
    """Let somebody else decide it; never who entered or changed the document.

    Raises NotPermitted, FourEyes, AlreadyReleased, AlreadyClosed, Refused.
    """
    hold = _decidable(hold, by=by)
    if to.pk in holds.authors(hold):
        raise FourEyes(_("Whoever entered or changed the document cannot decide it."), field="to")
    if not may(to, "release_hold"):
        raise Refused(_("The roles of %(to)s do not release holds.") % {"to": name_of(to)}, field="to")
    companies = companies_of(to)
    if companies is not None and hold.document.company_id not in companies:
        raise Refused(_("%(to)s does not work in the company of this document.") % {"to": name_of(to)}, field="to")
    if assignee(hold) == to:
        raise Refused(_("%(to)s has it already.") % {"to": name_of(to)}, field="to")
    return _note(hold, HoldStep.DELEGATED, by=by, now=now, note=note.strip(), to=to)


@transaction.atomic
def ask_change(hold: Hold, *, by: Actor, now: datetime, note: str) -> HoldEvent:
    """Send a held document back for a change, with what is wanted; whoever may amend it is told. Raises as `delegate`."""
    hold = _decidable(hold, by=by)
    event = _note(hold, HoldStep.CHANGE_WANTED, by=by, now=now, note=_said(note, _("Say what should be changed.")))
    _tell(hold, "change_wanted", event, by=by, now=now)
    return event


@transaction.atomic
def ask_release(hold: Hold, *, by: Actor, now: datetime, note: str) -> HoldEvent:
    """Ask for the release of what one has entered or changed, with the reason.

    Raises NotPermitted, AlreadyReleased, AlreadyClosed, Refused.
    """
    hold = _open(hold)
    holds.refuse_person(hold, by=by, door="comment_hold")
    if by.user_id not in holds.authors(hold):
        raise NotPermitted(_("Only who entered or changed the document asks for its release."))
    last = hold.events.filter(step__in=TURNS).order_by("-pk").first()
    if last is not None and last.step == HoldStep.RELEASE_ASKED:
        raise Refused(_("Its release is asked for already; a comment can say more."))
    event = _note(hold, HoldStep.RELEASE_ASKED, by=by, now=now, note=_said(note, _("Say why it should be released.")))
    _tell(hold, "release_asked", event, by=by, now=now)
    return event


@transaction.atomic
def withdraw(hold: Hold, *, by: Actor, now: datetime) -> None:
    """Take a held change of a document back, by whoever asked for it; the document stays as it is.

    Raises NotPermitted, AlreadyReleased, AlreadyClosed, Refused.
    """
    hold = _open(hold)
    holds.refuse_person(hold, by=by, door="comment_hold")
    if by.user_id not in holds.authors(hold):
        raise NotPermitted(_("Only who entered or changed the document takes the change back."))
    if hold.step != "amend":
        raise Refused(
            _("It is the step %(step)s that is held: cancel the document instead.") % {"step": step_name(hold.step)}
        )
    holds.close(hold, how=HowClosed.CANCELLED, by=by, now=now, reason="The change was withdrawn")


def changed(hold: Hold, *, by: Actor, now: datetime) -> HoldEvent:
    """Note that a held document was amended and is held still. The caller holds the locks."""
    return _note(hold, HoldStep.CHANGED, by=by, now=now)


def assignee(hold: Hold) -> Any:
    """Return who has a hold: who took it last or was given it; None where nobody has."""
    event = hold.events.filter(step__in=[HoldStep.TAKEN, HoldStep.DELEGATED]).select_related("to", "made_by")
    last = event.order_by("-pk").first()
    return None if last is None else last.to or last.made_by


def delegators(holders: dict[int, int]) -> dict[int, list[int]]:
    """Return who handed each hold on until it came to its holder (hold: user), the last one first."""
    found: dict[int, list[int]] = {}
    wanted = dict(holders)
    events = HoldEvent.objects.filter(hold__in=holders, step__in=[HoldStep.TAKEN, HoldStep.DELEGATED]).order_by("-pk")
    for hold_id, to, made_by in events.values_list("hold", "to", "made_by"):
        if wanted.get(hold_id) is None:
            continue
        if to == wanted[hold_id]:
            found.setdefault(hold_id, []).append(made_by)
            wanted[hold_id] = made_by
        else:
            wanted.pop(hold_id)
    return found


def may_ask_release(hold: Hold, *, user: Any) -> bool:
    """Return whether this user may ask for release now, for pages; the refusals say why not."""
    if not hold.open or not may(user, "comment_hold") or user.pk not in holds.authors(hold):
        return False
    last = hold.events.filter(step__in=TURNS).order_by("-pk").values_list("step", flat=True).first()
    return last != HoldStep.RELEASE_ASKED


def may_withdraw(hold: Hold, *, user: Any) -> bool:
    """Return whether this user may take the held change back, for pages."""
    return hold.open and hold.step == "amend" and may(user, "comment_hold") and user.pk in holds.authors(hold)


def _open(hold: Hold) -> Hold:
    """Return the hold, locked with its debtor's account and its document; refused where it was decided."""
    context.lock([hold.customer_id])
    hold = Hold.objects.select_for_update(of=("self",)).get(pk=hold.pk)
    hold.document = locking.document(hold.document_id)
    holds.refuse_closed(hold)
    return hold


def _decidable(hold: Hold, *, by: Actor) -> Hold:
    hold = _open(hold)
    holds.refuse_person(hold, by=by)
    holds.refuse_own(hold, by=by, policy=policies.active())
    return hold


def _said(note: str, otherwise: str) -> str:
    if not note.strip():
        raise Refused(otherwise, field="note")
    return note.strip()


def _note(hold: Hold, step: str, *, by: Actor, now: datetime, note: str = "", to: Any = None) -> HoldEvent:
    return HoldEvent.objects.create(
        hold=hold, step=step, note=note, to=to, made_at=now, made_by=by.user, actor=by.as_record()
    )


def _tell(hold: Hold, code: str, event: HoldEvent, *, by: Actor, now: datetime) -> None:
    values = alerts.of_document(hold.document, who=name_of(by.user), note=event.note)
    alerts.write(
        [(code, values)], customer_id=hold.customer_id, document_id=hold.document_id, day=business_day(now), now=now
    )
