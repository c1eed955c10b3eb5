"""Deciding holds: release, reject, hold by hand. Who may, up to how much, and what they saw."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from approvals import alerts, authority, context, holds, locking
from approvals.checkpoints import NEXT_STEP
from approvals.deciding import Judgement
from approvals.models import Hold, HowClosed, Release, ReleaseReason
from approvals.submission import Result, Submission
from creditrisk import rules
from creditrisk.clock import business_day
from creditrisk.money import figure
from creditrisk.policy import compile as policies
from creditrisk.refusal import HoldOpen, InvalidState, NotPermitted, Refused, Stale
from creditrisk.roles import Actor, may, name_of
from documents import amending
from documents.drafts import Changes
from documents.models import Document, Kind, State


def _locked(hold: Hold) -> Hold:
    """Return the hold, locked, with its document; refused where it is closed already."""
    hold = (
        Hold.objects.select_for_update(of=("self",))
        .select_related("document", "opened_by", "customer__credit_account__risk_class")
        .get(pk=hold.pk)
    )
    hold.document = locking.document(hold.document_id)
    return hold


def held_step(hold: Hold) -> str | None:
    """Return the step that a hold stopped; for one held by hand beforehand, the next one."""
    if hold.step != "next":
        return hold.step
    return NEXT_STEP[Kind(hold.document.kind)] if hold.document.state == State.DRAFT else None


def held_changes(hold: Hold) -> Changes | None:
    """Return the changes that a held amendment would have made."""
    return Changes.from_record(hold.payload) if hold.step == "amend" else None


def judge_again(hold: Hold, *, by: Actor, now: datetime, family: context.Family) -> Judgement | None:
    """Return what the held step would meet now, without carrying it out; None where nothing checks it.

    The caller holds the locks. Raises MissingRate; InvalidState where the step makes no sense any more.
    """
    submission = Submission(held_step(hold) or "confirm", by=by, now=now)
    submission.family, submission.policy = family, policies.active()
    step = held_step(hold)
    if step is None:
        return None
    changes = held_changes(hold)
    checkpoints = ["confirmation"] if step == "amend" else submission.met(hold.document, step)
    checkpoints = [c for c in checkpoints if submission.policy.checks(c, company=hold.document.company_id)]
    if not checkpoints:
        return None
    return submission.trial(hold.document, step, changes, checkpoints, forced=bool(hold.forced_reason))[0]


def _refuse_grown(hold: Hold, saw: dict[str, Any], judgement: Judgement | None) -> None:
    """Raise Stale where amount, excess or reasons grew since the page was drawn, or the currency is another."""
    if saw.get("currency") not in (None, "", hold.currency):
        raise Stale(
            _("The document came to be %(currency)s %(amount)s since this page was drawn.")
            % {"currency": hold.currency, "amount": figure(hold.amount, hold.currency)}
        )
    if Decimal(str(saw.get("amount", hold.amount))) < hold.amount:
        raise Stale(
            _("The document grew to %(currency)s %(amount)s since this page was drawn.")
            % {"currency": hold.currency, "amount": figure(hold.amount, hold.currency)}
        )
    if judgement is None:
        return
    excess = judgement.excess
    if "excess" in saw and Decimal(str(saw["excess"])) < excess:
        raise Stale(
            _("It is now %(excess)s over the limit, more than this page showed.")
            % {"excess": figure(excess, judgement.case.own.exposure.currency)}
        )
    if "reasons" in saw and not set(judgement.outcome.reasons) <= set(saw["reasons"]):
        more = ", ".join(rules.label(code) for code in judgement.outcome.reasons if code not in saw["reasons"])
        raise Stale(_("There are new reasons since this page was drawn: %(more)s.") % {"more": more})


@transaction.atomic
def release(
    hold: Hold,
    *,
    by: Actor,
    now: datetime,
    reason: str,
    note: str = "",
    scope: str | None = None,
    until: date | None = None,
    cap: Decimal | None = None,
    with_posting: bool = False,
    saw: dict[str, Any] | None = None,
    code: ReleaseReason | None = None,
) -> Result | None:
    """Let a held step pass: up to `cap` (in the document's currency), for `scope`, and carry it out where asked to.

    `saw` holds the amount, excess and reasons that the page showed; `code` is the reason out of the company's table, of
    which `reason` is the name. Raises NotPermitted, AlreadyReleased,
    AlreadyClosed, FourEyes, AboveAuthority, Stale, Refused. Returns the result of the step where it was carried out.
    """
    day = business_day(now)
    holds.refuse_person(hold, by=by)
    family = context.lock(debtors(hold))
    hold = _locked(hold)
    holds.refuse_closed(hold)
    if hold.customer_id not in family.accounts:
        raise Stale(_("The document changed its debtor meanwhile; look at it again."))
    policy = policies.active()
    scope = scope or policy.release_scope
    holds.checked_release(reason=reason, scope=scope, until=until, cap=cap, day=day)
    _refuse_reason(hold, code, note=note)
    holds.refuse_own(hold, by=by, policy=policy)
    _refresh_amount(hold, by=by, now=now)
    judgement = judge_again(hold, by=by, now=now, family=family) if saw is not None else None
    newest = holds.latest(hold)
    excess = judgement.excess if judgement else newest.excess if newest else Decimal(0)
    default = holds.default_cap(hold.amount, hold.currency, policy)
    more = cap - hold.amount if cap is not None and cap > default else Decimal(0)
    authority.refuse_above(hold, user=by.user, excess=excess, day=day, four_eyes=policy.four_eyes, more=more)
    if saw is not None:
        _refuse_grown(hold, saw, judgement)
    document = hold.document
    made = Release.objects.create(
        hold=hold,
        document=document,
        step=held_step(hold) or hold.step,
        scope=scope,
        until=until if scope == "UNTIL" else None,
        cap=cap if cap is not None else default,
        amount=hold.amount,
        currency=hold.currency,
        released_on=day,
        reason=reason.strip(),
        reason_code=code,
        note=note,
        with_posting=with_posting,
        saw={**(saw or {}), "fingerprint": holds.fingerprint(document)},
        released_at=now,
        released_by=by.user,
    )
    holds.close(hold, how=HowClosed.RELEASED, by=by, now=now, reason=reason.strip(), note=note)
    values = alerts.of_document(document, who=name_of(by.user), reason=made.reason)
    alerts.write(
        [("released", values)],
        customer_id=hold.customer_id,
        document_id=document.pk,
        day=day,
        now=now,
    )
    return carry_out(hold, by=by, now=now) if with_posting else None


def _refuse_reason(hold: Hold, code: ReleaseReason | None, *, note: str) -> None:
    if code is None:
        return
    if code.company_id != hold.document.company_id or not code.active:
        raise Refused(_("“%(code)s” is no reason of this company.") % {"code": code}, field="reason")
    if code.needs_note and not note.strip():
        raise Refused(_("Say why, in a few words."), field="note")


def debtors(hold: Hold) -> list[int]:
    ids = [hold.customer_id]
    if hold.payload.get("bill_to"):
        ids.append(hold.payload["bill_to"])
    return ids


def _refresh_amount(hold: Hold, *, by: Actor, now: datetime) -> None:
    """A held document may have been amended since: the amount in question is today's."""
    document = hold.document
    if hold.step != "amend" and (hold.amount, hold.currency) != (document.total, document.currency):
        holds.follow(hold, document, by=by, now=now)


def carry_out(hold: Hold, *, by: Actor, now: datetime) -> Result | None:
    """Carry the held step out, without a check: the release let it pass. None where there is nothing to carry out."""
    step = held_step(hold)
    if step is None or step == "enter":
        return None
    submission = Submission(
        step,
        by=by,
        now=now,
        changes=held_changes(hold),
        unchecked=True,
        on_behalf_of=holds.asker(hold),
    )
    return submission.run(hold.document)


@transaction.atomic
def reject(hold: Hold, *, by: Actor, now: datetime, reason: str, note: str = "") -> None:
    """Close a hold without letting its step pass; the document stays as it was and the next attempt is checked.

    Raises NotPermitted, AlreadyReleased, AlreadyClosed, Refused.
    """
    holds.refuse_person(hold, by=by)
    context.lock([hold.customer_id])
    hold = _locked(hold)
    holds.refuse_closed(hold)
    if not reason.strip():
        raise Refused(_("Say why you reject it."), field="reason")
    holds.close(hold, how=HowClosed.REJECTED, by=by, now=now, reason=reason.strip(), note=note)
    document = hold.document
    values = alerts.of_document(document, who=name_of(by.user), reason=reason.strip())
    alerts.write(
        [("rejected", values)], customer_id=hold.customer_id, document_id=document.pk, day=business_day(now), now=now
    )


@transaction.atomic
def force(document: Document, *, by: Actor, now: datetime, reason: str) -> Hold:
    """Hold the next step of a document by hand, until somebody releases it.

    Raises NotPermitted, HoldOpen, InvalidState, Refused.
    """
    if by.user is None or not may(by.user, "force_hold"):
        raise NotPermitted(_("Your roles do not hold documents by hand."))
    if not reason.strip():
        raise Refused(_("Say why you hold it."), field="reason")
    context.lock([document.debtor_id])
    document = locking.document(document.pk)
    if document.state in (State.CANCELLED, State.CLOSED, State.POSTED, State.INVOICED):
        raise InvalidState(
            _("%(document)s is %(state)s: it has no next step.")
            % {"document": document, "state": document.get_state_display()}
        )
    if holds.open_hold(document) is not None:
        raise HoldOpen(_("%(document)s is held already.") % {"document": document})
    day = business_day(now)
    hold = Hold.objects.create(
        document=document, customer_id=document.debtor_id, step="next", checkpoint="confirmation", payload={},
        amount=document.total, currency=document.currency, forced_reason=reason.strip(), opened_at=now, opened_on=day,
        opened_by=by.user,
    )  # fmt: skip
    holds.review(hold, reasons=["forced"], excess=Decimal(0), decision_id=None, now=now, by=by)
    alerts.write(
        [("held", alerts.of_document(document, says="by_hand", reason=reason.strip()))],
        customer_id=document.debtor_id,
        document_id=document.pk,
        day=day,
        now=now,
    )
    return hold


def amended_total(hold: Hold) -> Decimal:
    """Return the document's total as the held amendment would make it, in its currency."""
    changes = held_changes(hold)
    return amending.new_total(hold.document, changes) if changes else hold.document.total
