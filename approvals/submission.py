"""One document at one step, on its way through the gate: lock, write, measure, ask every rule, settle, record.

`submit` carries a document through a step, or holds it. `record` takes history over. Everything happens in one
transaction; a refusal leaves nothing behind.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction

from approvals import (
    alerts,
    checkpoints,
    context,
    crossings,
    deciding,
    evaluation_requests,
    hold_events,
    holds,
    locking,
)
from approvals.context import Picture
from approvals.deciding import Judgement
from approvals.models import Hold, HowClosed
from creditrisk.clock import business_day
from creditrisk.exposure import ledger
from creditrisk.exposure.ledger import Posted, Touched
from creditrisk.facts import BUCKETS, Outcome, Verdict
from creditrisk.language import sentence as _
from creditrisk.money import MissingRate
from creditrisk.policy import compile as policies
from creditrisk.prepared import ask
from creditrisk.refusal import CustomerStopped, HoldOpen, InvalidState, Refused, Stale
from creditrisk.roles import Actor
from customers.models import Stops
from documents import amending, steps, writing
from documents.drafts import Changes, NewDocument
from documents.models import Document, Kind, State
from documents.steps import Moment
from ledger import rates as ledger_rates


@dataclass(frozen=True)
class Result:
    """What became of a step. `advice` says what confirmation would say, where entry itself is not checked."""

    document: Document
    outcome: Outcome
    hold: Hold | None = None
    decision_id: int | None = None
    advice: Outcome | None = None


PASSED = Outcome(Verdict.PASSED)
_BEFORE = "before_the_step"


@transaction.atomic
def submit(
    target: Document | NewDocument,
    step: str,
    *,
    by: Actor,
    now: datetime,
    changes: Changes | None = None,
    revision: int | None = None,
) -> Result:
    """Carry a document through `step`, or hold it; a new document is saved as a draft first and stays saved.

    `revision` is the one that the page showed. Raises Refused (with its codes) and MissingRate: then nothing happened.
    """
    return Submission(step, by=by, now=now, changes=changes).run(target, revision=revision)


@dataclass
class Submission:
    """One document at one step, on its way through the gate."""

    step: str
    by: Actor
    now: datetime
    changes: Changes | None = None
    unchecked: bool = False
    tells: bool = True
    on_behalf_of: object = None
    began: float = field(default_factory=time.perf_counter)
    point: str = ""

    def __post_init__(self) -> None:
        self.day: date = business_day(self.now)
        self.kept: list[Posted] = []

    @property
    def moment(self) -> Moment:
        return Moment(self.day, self.now, self.by.user)

    def run(self, target: Document | NewDocument, *, revision: int | None = None) -> Result:
        """Lock, write, judge, settle."""
        new = target if isinstance(target, NewDocument) else None
        if new is not None and self.step not in checkpoints.FIRST_STEP.get(Kind(new.kind), ()):
            raise InvalidState(_("A new document cannot begin with this step: %(step)s.") % {"step": self.step})
        document = self._enter(target) if isinstance(target, NewDocument) else self._found(target, revision)
        if document.debtor_id not in self.family.accounts:
            raise Stale(_("The document changed its debtor meanwhile; look at it again."))
        hold = None if new else self._open_hold(document)
        if self.step == "amend":
            return self._amend(document, hold)
        return self._step(document, hold)

    # -- finding and entering --------------------------------------------------------------------------------------

    def _found(self, target: Document, revision: int | None) -> Document:
        more = [self.changes.bill_to.pk] if self.changes and self.changes.bill_to else []
        debtors = [target.debtor_id, *more]
        self.family, self.policy, found = ask(
            context.locking(debtors), policies.NEWEST, locking.locking([target.pk]), then=f"SAVEPOINT {_BEFORE}"
        )
        self.point = _BEFORE
        document = locking.the_one(target.pk, found)
        if revision is not None and revision != document.revision:
            raise Stale(_("%(document)s was changed meanwhile; look at it again.") % {"document": document})
        locking.upstream(document)
        if self.step in ("deliver", "invoice", "issue"):
            _refuse_stopped(document.debtor.account_status, lowers=document.lowers, new=False)
        return document

    def _enter(self, new: NewDocument) -> Document:
        debtor = writing.debtor_of(new)
        self.family, self.policy = ask(context.locking([debtor.pk]), policies.NEWEST)
        lowers = new.kind in (Kind.RETURN, Kind.CREDIT_NOTE) or bool(new.type and new.type.sign < 0)
        _refuse_stopped(debtor.account_status, lowers=lowers, new=new.kind == Kind.ORDER)
        new = locking.sources_of(new)
        if held := next((s for s in new.sources if s.held), None):
            raise HoldOpen(_("%(document)s is held; decide the hold first.") % {"document": held})
        document = writing.write_draft(new, day=self.day, by=self.by.user, now=self.now)
        touched = Touched(documents=frozenset({document.pk}))
        if document.kind in (Kind.INVOICE, Kind.CREDIT_NOTE):
            touched = steps.draw_up(document, self.moment)
        if document.kind not in (Kind.DELIVERY, Kind.RETURN):
            self.kept += self._post(touched)
        return document

    def _open_hold(self, document: Document) -> Hold | None:
        hold = holds.open_hold(document) if document.held else None
        if hold is None or self.unchecked:
            return hold
        same = self.step == hold.step or {self.step, hold.step} <= {"invoice", "issue"} or hold.step == "next"
        if not same and self.step not in checkpoints.BESIDE_A_HOLD:
            raise HoldOpen(_("%(document)s is held; decide the hold first.") % {"document": document})
        return hold

    def _post(self, touched: Touched) -> list[Posted]:
        return ledger.post(touched, day=self.day, now=self.now)

    # -- the step --------------------------------------------------------------------------------------------------

    def met(self, document: Document, step: str) -> list[str]:
        """Return the checkpoints that this step meets and that are on."""
        return [] if self.unchecked else checkpoints.met(document, step, policy=self.policy)

    def _step(self, document: Document, hold: Hold | None) -> Result:
        met = self.met(document, self.step)
        forced = bool(hold and hold.forced_reason) and self.step not in checkpoints.BESIDE_A_HOLD and not self.unchecked
        if forced and not met:
            met = [checkpoints.CHECKPOINT.get(self.step, "confirmation")]
        point = self._point() if met else None
        touched = self._perform(document, self.step, self.changes)
        posted, judgement = self._settled(document, self.step, touched, met, forced=forced)
        if judgement and point and judgement.held:
            transaction.savepoint_rollback(point)
            return self._held(document, hold, judgement, posted, payload={})
        # What is kept needs no word to the server: the end of the transaction releases the savepoint.
        self.kept += posted
        if hold is not None:
            how = HowClosed.CANCELLED if self.step in ("cancel", "close") else HowClosed.HEALED
            holds.close(hold, how=how, by=self.by, now=self.now)
        decision_id = self._record(document, judgement, posted)
        self._tell(document, self.seen if judgement else None)
        advice = self._advice(document) if self.step == "enter" and judgement is None else None
        return Result(document, judgement.outcome if judgement else PASSED, None, decision_id, advice)

    def _point(self) -> str:
        """Return the savepoint before the step: what was found has one from its first message on."""
        return self.point or transaction.savepoint_create()

    def _perform(self, document: Document, step: str, changes: Changes | None) -> Touched:
        if step == "enter":
            return Touched()
        if step == "amend":
            author = self.on_behalf_of or self.by.user
            return amending.amend(document, changes or Changes(), self.moment, by=author)
        if step not in steps.STEPS:
            raise InvalidState(_("There is no step %(step)s.") % {"step": step})
        return steps.STEPS[step](document, self.moment)

    def _settled(
        self, document: Document, step: str, touched: Touched, met: Sequence[str], *, forced: bool
    ) -> tuple[list[Posted], Judgement | None]:
        """Post what the step touched, and judge what is there then where it meets a checkpoint."""
        if not met:
            return self._post(touched), None
        return self._judged(document, step, touched, met, forced=forced)

    def _judged(
        self, document: Document, step: str, touched: Touched, met: Sequence[str], *, forced: bool
    ) -> tuple[list[Posted], Judgement]:
        posted, self.seen = context.picture_after(
            touched, self.family, policy=self.policy, today=self.day, now=self.now, currencies=[document.currency]
        )
        return posted, deciding.judge(document, self.seen, step=step, checkpoints=met, forced=forced)

    def _held(
        self,
        document: Document,
        hold: Hold | None,
        judgement: Judgement,
        posted: Sequence[Posted],
        *,
        payload: dict[str, object],
    ) -> Result:
        amount, currency = document.total, document.currency
        document.refresh_from_db()
        hold, new = holds.open_or_refresh(
            document, step=self.step, checkpoint=judgement.checkpoint, payload=payload, amount=amount,
            currency=currency, by=self.by, day=self.day, now=self.now,
        )  # fmt: skip
        decision_id = self._record(document, judgement, posted)
        reasons = judgement.outcome.reasons
        holds.review(
            hold,
            reasons=reasons,
            excess=judgement.excess,
            decision_id=decision_id,
            now=self.now,
        )
        if not new and self.changes is not None:
            hold_events.changed(hold, by=self.by, now=self.now)
        if new:
            alerts.write(
                [("held", alerts.of_document(document, amount=alerts.money(amount, currency)))],
                customer_id=document.debtor_id,
                document_id=document.pk,
                day=self.day,
                now=self.now,
            )
        self._tell(document)
        return Result(document, judgement.outcome, hold, decision_id)

    def _record(self, document: Document, judgement: Judgement | None, posted: Sequence[Posted]) -> int | None:
        if judgement is None:
            return None
        took = int((time.perf_counter() - self.began) * 1_000_000)
        return deciding.record(
            document, judgement, self.seen, step=self.step, by=self.by, day=self.day, now=self.now,
            at_position=deciding.position(posted), candidate=posted, microseconds=took,
        )  # fmt: skip

    # -- amendments and trials -------------------------------------------------------------------------------------

    def _amend(self, document: Document, hold: Hold | None) -> Result:
        changes = self.changes or Changes()
        amending.refuse_unless_amendable(document)
        if document.state != State.DRAFT:
            return self._amend_promised(document, hold, changes)
        self.kept += self._post(self._perform(document, "amend", changes))
        step = hold.step if hold and hold.step != "next" else checkpoints.NEXT_STEP[Kind(document.kind)]
        if hold is None:
            met = self.met(document, "enter")
            step = "enter"
        else:
            met = self.met(document, step)
        judgement = None
        if met:
            judgement, posted = self.trial(
                document,
                step,
                None,
                met,
                forced=bool(hold and hold.forced_reason),
            )
            if judgement.held:
                self.step = step
                return self._held(document, hold, judgement, posted, payload={})
            decision_id = self._record(document, judgement, posted)
        else:
            decision_id = None
        if hold is not None and not hold.forced_reason:
            holds.close(hold, how=HowClosed.HEALED, by=self.by, now=self.now)
        elif hold is not None:
            holds.follow(hold, document, by=self.by, now=self.now)
        self._tell(document)
        advice = self._advice(document) if document.kind == Kind.ORDER and hold is None and judgement is None else None
        return Result(document, judgement.outcome if judgement else PASSED, None, decision_id, advice)

    def _amend_promised(self, document: Document, hold: Hold | None, changes: Changes) -> Result:
        """Amend a confirmed order: what asks for more credit meets confirmation, and where held the old values stand."""
        rates = ledger_rates.on(self.day, [document.currency, changes.currency or document.currency])
        more = not self.unchecked and not document.lowers and amending.asks_for_more(
            document, changes, today=self.day, horizon_days=self.policy.order_horizon_days, rates=rates
        )  # fmt: skip
        if more and hold is not None and hold.step not in ("amend", "next"):
            raise HoldOpen(_("%(document)s is held; decide the hold first.") % {"document": document})
        checked = self.policy.checks("confirmation", company=document.company_id)
        met = ["confirmation"] if more and checked else []
        point = self._point() if met else None
        touched = self._perform(document, "amend", changes)
        forced = bool(hold and hold.forced_reason) and more
        posted, judgement = self._settled(document, "amend", touched, met, forced=forced)
        if judgement and point and judgement.held:
            transaction.savepoint_rollback(point)
            return self._held(document, hold, judgement, posted, payload=changes.as_record())
        self.kept += posted
        if hold is not None and not self.unchecked:
            if hold.step == "amend":
                holds.close(hold, how=HowClosed.HEALED, by=self.by, now=self.now)
            else:
                holds.follow(hold, document, by=self.by, now=self.now)
        decision_id = self._record(document, judgement, posted)
        self._tell(document, self.seen if judgement else None)
        return Result(document, judgement.outcome if judgement else PASSED, None, decision_id)

    def trial(
        self,
        document: Document,
        step: str,
        changes: Changes | None,
        met: Sequence[str],
        *,
        forced: bool = False,
    ) -> tuple[Judgement, list[Posted]]:
        """Judge a step as if it happened, and roll it back whatever comes of it."""
        point = transaction.savepoint_create()
        before = {name: getattr(document, name) for name in ("state", "revision", "issued_on", "number", "numbered")}
        try:
            touched = self._perform(document, step, changes)
            posted, judgement = self._judged(document, step, touched, met, forced=forced)
        finally:
            transaction.savepoint_rollback(point)
            for name, value in before.items():
                setattr(document, name, value)
        return judgement, posted

    def _advice(self, document: Document) -> Outcome | None:
        """Return what the next step would meet; nothing where that cannot be said, for want of a rate."""
        step = checkpoints.NEXT_STEP[Kind(document.kind)]
        met = self.met(document, step)
        if document.state != State.DRAFT or not met:
            return None
        try:
            return self.trial(document, step, None, met)[0].outcome
        except (MissingRate, Refused):
            return None

    # -- telling ---------------------------------------------------------------------------------------------------

    def _tell(self, document: Document, seen: Picture | None = None) -> None:
        """Tell what was crossed; `seen` is the picture of the state that stays, where one was read."""
        if self.kept and self.tells:
            crossings.tell(
                self.kept, document=document, family=self.family, policy=self.policy, seen=seen, day=self.day,
                now=self.now,
            )  # fmt: skip
            shifts = self.step == "amend" or len(self.policy.counts) < len(BUCKETS)
            evaluation_requests.ask(evaluation_requests.freed(self.kept, shifts=shifts), cause=self.step, now=self.now)


def _refuse_stopped(status: object, *, lowers: bool, new: bool) -> None:
    stops = getattr(status, "stops", Stops.NONE)
    if lowers or stops == Stops.NONE:
        return
    if stops == Stops.ALL or not new:
        raise CustomerStopped(_("The account's status %(status)s refuses this document.") % {"status": status})


@transaction.atomic
def record(
    target: Document | NewDocument,
    step: str,
    *,
    by: Actor,
    day: date,
    now: datetime,
    changes: Changes | None = None,
) -> Document:
    """Take history over: carry a document through a step on business day `day`, recorded now, without judging it.

    Raises Refused where the step makes no sense.
    """
    submission = Submission(step, by=by, now=now, changes=changes, unchecked=True)
    submission.day = day
    submission.tells = False
    return submission.run(target).document
