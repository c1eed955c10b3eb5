"""Holds: opened once, refreshed by every check, closed once; who may release them, and how far a release reaches."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from approvals.models import (
    Hold,
    HoldChange,
    HoldClosing,
    HoldEvent,
    HoldReview,
    HoldStep,
    HowClosed,
    Release,
)
from creditrisk import clock
from creditrisk.facts import Case, LimitState
from creditrisk.language import sentence as _
from creditrisk.money import ZERO, percent_of, rounded
from creditrisk.policy.compile import Policy
from creditrisk.refusal import (
    AlreadyClosed,
    AlreadyReleased,
    FourEyes,
    NotPermitted,
    Refused,
)
from creditrisk.roles import Actor, companies_of, may, name_of
from documents.models import Document


def open_hold(document: Document) -> Hold | None:
    """Return the document's open hold, if any."""
    return Hold.objects.filter(document=document, open=True).first()


def excess_of(case: Case | None) -> Decimal:
    """Return by how much the case is over the debtor's limit or the head's or shared one, whichever is most."""
    if case is None:
        return ZERO
    found = [
        s.measured - s.limit.amount
        for s in (case.own, *case.heads, *case.shared)
        if s.limit.state in (LimitState.AMOUNT, LimitState.NONE)
    ]
    return max([ZERO, *found])


def open_or_refresh(
    document: Document,
    *,
    step: str,
    checkpoint: str,
    payload: dict[str, Any],
    amount: Decimal,
    currency: str,
    by: Actor,
    day: date,
    now: datetime,
) -> tuple[Hold, bool]:
    """Return the document's open hold, opened now where there was none; a held amendment replaces the one kept.

    `amount` and `currency` are those of the document as it would stand after the step.
    """
    hold = open_hold(document)
    if hold is not None:
        forced_next = hold.step == "next"
        asked = (payload, amount, currency, document.debtor_id)
        if forced_next or asked != (hold.payload, hold.amount, hold.currency, hold.customer_id):
            hold.step = step if forced_next else hold.step
            hold.checkpoint = checkpoint if forced_next else hold.checkpoint
            hold.payload, hold.amount, hold.currency, hold.customer_id = asked
            changed(hold, by=by, now=now).save()
        return hold, False
    return (
        Hold.objects.create(
            document=document, customer_id=document.debtor_id, step=step, checkpoint=checkpoint, payload=payload,
            amount=amount, currency=currency, opened_at=now, opened_on=day, opened_by=by.user,
        ),
        True,
    )  # fmt: skip


def follow(hold: Hold, document: Document, *, by: Actor, now: datetime) -> None:
    """Let an open hold say what its document is now: its amount, its currency and who owes it."""
    is_now = (document.total, document.currency, document.debtor_id)
    if is_now != (hold.amount, hold.currency, hold.customer_id):
        hold.amount, hold.currency, hold.customer_id = is_now
        changed(hold, by=by, now=now).save()


def changed(hold: Hold, *, by: Actor, now: datetime) -> HoldChange:
    """Return the row, unsaved, that lets a hold become what it says here; adding it is what changes the hold."""
    return HoldChange(
        hold=hold, step=hold.step, checkpoint=hold.checkpoint, payload=hold.payload, amount=hold.amount,
        currency=hold.currency, customer_id=hold.customer_id, made_at=now, made_by=by.user, actor=by.as_record(),
    )  # fmt: skip


def review(
    hold: Hold,
    *,
    reasons: Sequence[str],
    excess: Decimal,
    decision_id: int | None,
    now: datetime,
    by: Actor | None = None,
) -> HoldReview:
    """Keep which reasons of a hold are true now; `by` is who held it by hand."""
    return HoldReview.objects.create(
        hold=hold,
        decision_id=decision_id,
        reasons=list(reasons),
        excess=excess,
        amount=hold.amount,
        reviewed_at=now,
        actor=by.as_record() if by is not None else {},
    )


def latest(hold: Hold) -> HoldReview | None:
    """Return the newest review: the reasons still true, as of the last check."""
    return hold.reviews.order_by("-pk").first()


def close(hold: Hold, *, how: str, by: Actor, now: datetime, reason: str = "", note: str = "") -> HoldClosing:
    """Close a hold, once. Raises AlreadyReleased or AlreadyClosed where somebody did before."""
    try:
        with transaction.atomic():
            closing = HoldClosing.objects.create(
                hold=hold,
                how=how,
                reason=reason,
                note=note,
                closed_at=now,
                closed_by=by.user,
                actor=by.as_record(),
            )
    except IntegrityError as error:
        refuse_closed(hold)
        raise AlreadyClosed(_("This hold was decided before.")) from error
    hold.open = False  # as the closing has made the row
    return closing


def refuse_closed(hold: Hold) -> None:
    """Raise AlreadyReleased or AlreadyClosed for a hold that is closed, with who did it."""
    closing = HoldClosing.objects.filter(hold=hold).select_related("closed_by").first()
    if closing is None:
        return
    who = name_of(closing.closed_by) or _("the system")
    when = clock.told(closing.closed_at)
    if closing.how in (HowClosed.RELEASED, HowClosed.AUTOMATIC):
        raise AlreadyReleased(_("%(who)s released this hold on %(when)s.") % {"who": who, "when": when})
    raise AlreadyClosed(
        _("This hold was closed on %(when)s by %(who)s: %(how)s.")
        % {"when": when, "who": who, "how": HowClosed(closing.how).label}
    )


def refuse_person(hold: Hold, *, by: Actor, door: str = "release_hold") -> None:
    """Raise NotPermitted where the person's roles or companies do not reach this hold."""
    if by.user is None or not may(by.user, door):
        raise NotPermitted(_("Your roles do not release holds."))
    companies = companies_of(by.user)
    if companies is not None and hold.document.company_id not in companies:
        raise NotPermitted(_("This document belongs to a company that is not yours."))


def refuse_own(hold: Hold, *, by: Actor, policy: Policy) -> None:
    """Raise FourEyes for who entered or ever amended the document, or asked for the held amendment."""
    if policy.four_eyes and by.user_id in authors(hold):
        raise FourEyes(_("You entered or changed this document; somebody else has to release it."))


def authors(hold: Hold) -> set[int]:
    """Return who entered or ever amended the document, changed it while it was held, or asked for the held amendment."""
    document = hold.document
    found = {document.entered_by_id, document.amended_by_id, *(document.amended_before or ()), *_changers(hold)}
    if hold.step == "amend" and not hold.forced_reason:  # whoever held it by hand asked for nothing
        found.add(hold.opened_by_id)
    return {pk for pk in found if pk is not None}


def asker(hold: Hold) -> Any:
    """Return who asked last for what is held: whoever changed it while it was held, or else ran into it."""
    change = hold.events.filter(step=HoldStep.CHANGED).select_related("made_by").order_by("-pk").first()
    return change.made_by if change is not None else hold.opened_by


def _changers(hold: Hold) -> Iterable[int | None]:
    """Return who changed the document while it was held; from the hold where its row was read with them."""
    known: Iterable[int | None] | None = getattr(hold, "changed_by", None)
    if known is not None:
        return known
    events = HoldEvent.objects.filter(hold__document=hold.document_id, step=HoldStep.CHANGED)
    return events.values_list("made_by", flat=True)


def fingerprint(document: Document) -> list[str]:
    """Return what of a document counts as a change after a release."""
    return [
        str(value)
        for value in (
            document.total.normalize(), document.currency, document.terms_id, document.settlement_discount_id,
            document.ship_date, document.debtor_id, document.type_id,
        )
    ]  # fmt: skip


def default_cap(amount: Decimal, currency: str, policy: Policy) -> Decimal:
    """Return up to which amount a release is good when the releaser names none: the amount plus the tolerance.

    Both tolerances must be exceeded to be checked again, so the larger one is granted.
    """
    percent = percent_of(amount, policy.release_tolerance_percent)
    return rounded(amount + max(percent, policy.release_tolerance_amount), currency)


def checked_release(*, reason: str, scope: str, until: date | None, cap: Decimal | None, day: date) -> None:
    """Raise Refused for a release that says too little or nonsense."""
    if not reason.strip():
        raise Refused(_("Say why you release it."), field="reason")
    if scope == "UNTIL" and until is None:
        raise Refused(_("Say until which day."), field="until")
    if until is not None and until < day:
        raise Refused(_("That day has passed."), field="until")
    if cap is not None and (not cap.is_finite() or cap <= 0):
        raise Refused(_("The amount must be more than zero."), field="cap")


@dataclass(frozen=True)
class Cover:
    """A release as far as it says what it covers. `changed`: its document is not as the releaser saw it."""

    id: int
    document_id: int
    step: str
    scope: str
    until: date | None
    cap: Decimal
    released_on: date
    changed: bool
    currency: str = ""  # of the cap; unknown in decisions of before it was kept


def covering(
    covers: Sequence[Cover], *, document_id: int, company_id: int, step: str, checkpoint: str, amount: Decimal,
    currency: str, day: date, policy: Policy,
) -> Cover | None:  # fmt: skip
    """Return the release that lets this step pass without a check, if any. Source: scenarios/FORMAT.md, "After a release"."""
    grace = policy.at(checkpoint, company=company_id).grace_days
    for cover in covers:
        if policy.recheck_after_release == "ALWAYS":
            if grace and cover.released_on <= day <= cover.released_on + timedelta(days=grace):
                return cover
        elif _reaches(cover, document_id, step=step, day=day, policy=policy) and _amount_fits(
            cover, amount=amount, currency=currency, policy=policy
        ):
            return cover
    return None


def _reaches(cover: Cover, document_id: int, *, step: str, day: date, policy: Policy) -> bool:
    if cover.scope == "UNTIL":
        return cover.until is not None and day <= cover.until
    valid = policy.release_valid_days
    if valid is not None and day > cover.released_on + timedelta(days=valid):
        return False
    if cover.scope == "THIS_STEP":
        same = {"invoice", "issue"}
        return cover.document_id == document_id and (cover.step == step or {cover.step, step} <= same)
    return True


def _amount_fits(cover: Cover, *, amount: Decimal, currency: str, policy: Policy) -> bool:
    if policy.recheck_after_release == "NEVER":
        return True
    if amount > cover.cap or cover.currency not in ("", currency):
        return False
    return not (policy.recheck_after_release == "ON_ANY_CHANGE" and cover.changed)


def covers_of(document: Document) -> list[Cover]:
    """Return the releases that may cover a document: its own, and those of what it was made from; newest first."""
    ids = {document.pk}
    if document.kind != "ORDER":
        ids |= set(document.orders.values_list("pk", flat=True))
        ids |= {pk for pk in document.lines.values_list("source__document_id", flat=True).distinct() if pk is not None}
    found = Release.objects.filter(document_id__in=ids).select_related("document").order_by("-pk")
    return [cover(r, fingerprint=fingerprint(document if r.document_id == document.pk else r.document)) for r in found]


def cover(release: Release, *, fingerprint: Sequence[str]) -> Cover:
    """Return what a release covers, with its document now as `fingerprint` says."""
    return Cover(
        release.pk, release.document_id, release.step, release.scope, release.until, release.cap, release.released_on,
        release.saw.get("fingerprint") != list(fingerprint), release.currency,
    )  # fmt: skip
