"""One document at one step, on its way through the gate: lock, write, measure, ask every rule, settle, record.

`submit` carries a document through a step, or holds it. `record` takes history over. Everything happens in one
transaction; a refusal leaves nothing behind.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction

from approvals import alerts, context, deciding, holds
from approvals.deciding import Judgement
from approvals.models import Hold, HowClosed
from creditrisk.clock import business_day
from creditrisk.exposure import ledger
from creditrisk.exposure.ledger import Posted, Touched
from creditrisk.exposure.read import Slot
from creditrisk.facts import Outcome, Verdict
from creditrisk.money import MissingRate
from creditrisk.policy import compile as policies
from creditrisk.refusal import CustomerStopped, HoldOpen, InvalidState, Refused, Stale
from creditrisk.roles import Actor
from customers.models import Stops
from documents import amending, steps, writing
from documents.drafts import Changes, NewDocument
from documents.models import Document, Kind, State
from documents.steps import Moment
from ledger import rates as ledger_rates

CHECKPOINT = {"enter": "entry", "confirm": "confirmation", "pick": "picking", "deliver": "delivery",
              "invoice": "invoice", "issue": "invoice"}  # fmt: skip
# What a person may do with a held document without deciding its hold first.
BESIDE_A_HOLD = ("amend", "cancel", "close")
FIRST_STEP = {Kind.ORDER: ("enter",), Kind.DELIVERY: ("deliver", "enter"), Kind.RETURN: ("return",),
              Kind.INVOICE: ("invoice", "enter"), Kind.CREDIT_NOTE: ("invoice", "enter")}  # fmt: skip
NEXT_STEP = {Kind.ORDER: "confirm", Kind.DELIVERY: "deliver", Kind.RETURN: "return", Kind.INVOICE: "issue",
             Kind.CREDIT_NOTE: "issue"}  # fmt: skip
RELATED = (
    "type",
    "company",
    "customer",
    "debtor",
    "terms",
    "settlement_discount",
    "origin",
)


@dataclass(frozen=True)
class Result:
    """What became of a step. `advice` says what confirmation would say, where entry itself is not checked."""

    document: Document
    outcome: Outcome
    hold: Hold | None = None
    decision_id: int | None = None
    advice: Outcome | None = None


PASSED = Outcome(Verdict.PASSED)


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


def lock_document(pk: int) -> Document:
    """Return the document, locked, with what the gate needs of it."""
    return Document.objects.select_for_update(of=("self",)).select_related(*RELATED).get(pk=pk)


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

    def __post_init__(self) -> None:
        self.day: date = business_day(self.now)
        self.kept: list[Posted] = []

    @property
    def moment(self) -> Moment:
        return Moment(self.day, self.now, self.by.user)

    def run(self, target: Document | NewDocument, *, revision: int | None = None) -> Result:
        """Lock, write, judge, settle."""
        new = target if isinstance(target, NewDocument) else None
        if new is not None and self.step not in FIRST_STEP.get(Kind(new.kind), ()):
            raise InvalidState(f"A new document cannot begin with this step: {self.step}.")
        debtor_id = writing.debtor_of(new).pk if new else target.debtor_id  # type: ignore[union-attr]
        more = [self.changes.bill_to.pk] if self.changes and self.changes.bill_to else []
        self.family = context.lock([debtor_id, *more])
        self.policy = policies.active()
        document = self._enter(new) if new else self._found(target, revision)  # type: ignore[arg-type]
        if document.debtor_id not in self.family.accounts:
            raise Stale("The document changed its debtor meanwhile; look at it again.")
        hold = None if new else self._open_hold(document)
        if self.step == "amend":
            return self._amend(document, hold)
        return self._step(document, hold)

    # -- finding and entering --------------------------------------------------------------------------------------

    def _found(self, target: Document, revision: int | None) -> Document:
        document = lock_document(target.pk)
        if revision is not None and revision != document.revision:
            raise Stale(f"{document} was changed meanwhile; look at it again.")
        _lock_upstream(document)
        if self.step in ("deliver", "invoice", "issue"):
            _refuse_stopped(document.debtor.account_status, lowers=document.lowers, new=False)
        return document

    def _enter(self, new: NewDocument) -> Document:
        debtor = writing.debtor_of(new)
        lowers = new.kind in (Kind.RETURN, Kind.CREDIT_NOTE) or bool(new.type and new.type.sign < 0)
        _refuse_stopped(debtor.account_status, lowers=lowers, new=new.kind == Kind.ORDER)
        pks = sorted({d.pk for d in (*new.sources, *([new.origin] if new.origin else []))})
        if pks:
            fresh = {d.pk: d for d in Document.objects.select_for_update(of=("self",)).select_related(*RELATED)
                     .filter(pk__in=pks).order_by("pk")}  # fmt: skip
            new = _with_fresh(new, fresh)
            held = Hold.objects.filter(document_id__in=[s.pk for s in new.sources], open=True).first()
            if held is not None:
                raise HoldOpen(f"{fresh[held.document_id]} is held; decide the hold first.")
        document = writing.write_draft(new, day=self.day, by=self.by.user, now=self.now)
        touched = Touched(documents=frozenset({document.pk}))
        if document.kind in (Kind.INVOICE, Kind.CREDIT_NOTE):
            touched = steps.draw_up(document, self.moment)
        if document.kind not in (Kind.DELIVERY, Kind.RETURN):
            self.kept += self._post(touched)
        return document

    def _open_hold(self, document: Document) -> Hold | None:
        hold = holds.open_hold(document)
        if hold is None or self.unchecked:
            return hold
        same = self.step == hold.step or {self.step, hold.step} <= {"invoice", "issue"} or hold.step == "next"
        if not same and self.step not in BESIDE_A_HOLD:
            raise HoldOpen(f"{document} is held; decide the hold first.")
        return hold

    def _post(self, touched: Touched) -> list[Posted]:
        return ledger.post(touched, day=self.day, now=self.now)

    # -- the step --------------------------------------------------------------------------------------------------

    def checkpoints(self, document: Document, step: str) -> list[str]:
        """Return the checkpoints that this step meets and that are on."""
        if self.unchecked or document.lowers:
            return []
        if step == "enter":
            wanted = ["entry"] if document.kind == Kind.ORDER else []
        else:
            wanted = [CHECKPOINT[step]] if step in CHECKPOINT else []
        if wanted == ["invoice"] and document.kind == Kind.INVOICE and not document.lines.filter(
            source__isnull=False
        ).exists():  # fmt: skip
            wanted = ["delivery", "invoice"]
        return [c for c in wanted if self.policy.checks(c)]

    def _step(self, document: Document, hold: Hold | None) -> Result:
        checkpoints = self.checkpoints(document, self.step)
        forced = bool(hold and hold.forced_reason) and self.step not in BESIDE_A_HOLD and not self.unchecked
        if forced and not checkpoints:
            checkpoints = [CHECKPOINT.get(self.step, "confirmation")]
        point = transaction.savepoint_create()
        posted = self._perform(document, self.step, self.changes)
        judgement = self._judge(document, self.step, checkpoints, forced=forced) if checkpoints else None
        if judgement is not None and judgement.held:
            transaction.savepoint_rollback(point)
            return self._held(document, hold, judgement, posted, payload={})
        transaction.savepoint_commit(point)
        self.kept += posted
        if hold is not None:
            how = HowClosed.CANCELLED if self.step in ("cancel", "close") else HowClosed.HEALED
            holds.close(hold, how=how, by=self.by, now=self.now)
        decision_id = self._record(document, judgement, posted)
        self._tell(document)
        advice = self._advice(document) if self.step == "enter" and judgement is None else None
        return Result(
            document,
            judgement.outcome if judgement else PASSED,
            None,
            decision_id,
            advice,
        )

    def _perform(self, document: Document, step: str, changes: Changes | None) -> list[Posted]:
        if step == "enter":
            return []
        if step == "amend":
            author = self.on_behalf_of or self.by.user
            return self._post(amending.amend(document, changes or Changes(), self.moment, by=author))
        if step not in steps.STEPS:
            raise InvalidState(f"There is no step {step}.")
        return self._post(steps.STEPS[step](document, self.moment))

    def _judge(self, document: Document, step: str, checkpoints: Sequence[str], *, forced: bool) -> Judgement:
        self.seen = context.picture(
            self.family,
            policy=self.policy,
            today=self.day,
            currencies=[document.currency],
        )
        return deciding.judge(document, self.seen, step=step, checkpoints=checkpoints, forced=forced)

    def _held(
        self,
        document: Document,
        hold: Hold | None,
        judgement: Judgement,
        posted: Sequence[Posted],
        *,
        payload: dict[str, object],
    ) -> Result:
        amount = document.total
        document.refresh_from_db()
        hold, new = holds.open_or_refresh(
            document, step=self.step, checkpoint=judgement.checkpoint, payload=payload, amount=amount, by=self.by,
            day=self.day, now=self.now,
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
        if new:
            text = f"{document} of {document.debtor.name}, {document.currency} {amount:,.2f}, is held."
            alerts.write(
                [("held", text)],
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
        ).pk  # fmt: skip

    # -- amendments and trials -------------------------------------------------------------------------------------

    def _amend(self, document: Document, hold: Hold | None) -> Result:
        changes = self.changes or Changes()
        amending.refuse_unless_amendable(document)
        if document.state != State.DRAFT:
            return self._amend_promised(document, hold, changes)
        self.kept += self._perform(document, "amend", changes)
        step = hold.step if hold and hold.step != "next" else NEXT_STEP[Kind(document.kind)]
        if hold is None:
            checkpoints = self.checkpoints(document, "enter")
            step = "enter"
        else:
            checkpoints = self.checkpoints(document, step)
        judgement = None
        if checkpoints:
            judgement, posted = self.trial(
                document,
                step,
                None,
                checkpoints,
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
        self._tell(document)
        advice = self._advice(document) if document.kind == Kind.ORDER and hold is None and judgement is None else None
        return Result(
            document,
            judgement.outcome if judgement else PASSED,
            None,
            decision_id,
            advice,
        )

    def _amend_promised(self, document: Document, hold: Hold | None, changes: Changes) -> Result:
        """Amend a confirmed order: what asks for more credit meets confirmation, and where held the old values stand."""
        rates = ledger_rates.on(self.day, [document.currency, changes.currency or document.currency])
        more = not self.unchecked and not document.lowers and amending.asks_for_more(
            document, changes, today=self.day, horizon_days=self.policy.order_horizon_days, rates=rates
        )  # fmt: skip
        if more and hold is not None and hold.step not in ("amend", "next"):
            raise HoldOpen(f"{document} is held; decide the hold first.")
        checkpoints = ["confirmation"] if more and self.policy.checks("confirmation") else []
        point = transaction.savepoint_create()
        posted = self._perform(document, "amend", changes)
        forced = bool(hold and hold.forced_reason) and more
        judgement = self._judge(document, "amend", checkpoints, forced=forced) if checkpoints else None
        if judgement is not None and judgement.held:
            transaction.savepoint_rollback(point)
            return self._held(document, hold, judgement, posted, payload=changes.as_record())
        transaction.savepoint_commit(point)
        self.kept += posted
        if hold is not None and hold.step == "amend" and not self.unchecked:
            holds.close(hold, how=HowClosed.HEALED, by=self.by, now=self.now)
        decision_id = self._record(document, judgement, posted)
        self._tell(document)
        return Result(document, judgement.outcome if judgement else PASSED, None, decision_id)

    def trial(
        self,
        document: Document,
        step: str,
        changes: Changes | None,
        checkpoints: Sequence[str],
        *,
        forced: bool = False,
    ) -> tuple[Judgement, list[Posted]]:
        """Judge a step as if it happened, and roll it back whatever comes of it."""
        point = transaction.savepoint_create()
        before = {name: getattr(document, name) for name in ("state", "revision", "issued_on")}
        try:
            posted = self._perform(document, step, changes)
            judgement = self._judge(document, step, checkpoints, forced=forced)
        finally:
            transaction.savepoint_rollback(point)
            for name, value in before.items():
                setattr(document, name, value)
        return judgement, posted

    def _advice(self, document: Document) -> Outcome | None:
        """Return what the next step would meet; nothing where that cannot be said, for want of a rate."""
        step = NEXT_STEP[Kind(document.kind)]
        checkpoints = self.checkpoints(document, step)
        if document.state != State.DRAFT or not checkpoints:
            return None
        try:
            return self.trial(document, step, None, checkpoints)[0].outcome
        except (MissingRate, Refused):
            return None

    # -- telling ---------------------------------------------------------------------------------------------------

    def _tell(self, document: Document) -> None:
        if self.kept and self.tells:
            tell_crossings(self.family, document.debtor_id, self.kept, self, document=document)


def tell_crossings(
    family: context.Family,
    debtor_id: int,
    posted: Sequence[Posted],
    submission: Submission,
    *,
    document: Document | None,
) -> None:
    """Write the alerts for thresholds that these entries crossed, for the debtor and its heads."""
    raised = [p for p in posted if p.amount > 0]
    if not raised:
        return
    # A currency that the document has just left is still needed for what was before.
    currencies = {p.currency for p in posted}
    seen = context.picture(family, policy=submission.policy, today=submission.day, currencies=currencies)
    undone = [Slot(p.customer_id, p.company_id, p.bucket, p.currency, p.day, -p.amount) for p in posted]
    company = document.company_id if document else None
    before = None
    for customer_id in (debtor_id, *family.heads.get(debtor_id, ())):
        try:
            after = seen.standing(customer_id, company_id=company)
            if not alerts.may_have_crossed(after, submission.policy.warn_at_percent):
                continue
            before = before or seen.with_slots(undone)
            earlier = before.standing(customer_id, company_id=company)
        except MissingRate:
            continue
        found = alerts.crossings(earlier, after, submission.policy.warn_at_percent)
        alerts.write(
            found, customer_id=customer_id, document_id=document.pk if document else None, day=submission.day,
            now=submission.now,
        )  # fmt: skip


def _refuse_stopped(status: object, *, lowers: bool, new: bool) -> None:
    stops = getattr(status, "stops", Stops.NONE)
    if lowers or stops == Stops.NONE:
        return
    if stops == Stops.ALL or not new:
        raise CustomerStopped(f"The account's status {status} refuses this document.")


def _lock_upstream(document: Document) -> None:
    """Lock, in key order, the documents that a step of this one may change too."""
    if document.kind == Kind.ORDER:
        return
    ids = {pk for pk in document.lines.values_list("source__document_id", flat=True) if pk} | {document.pk}
    if len(ids) > 1:
        list(Document.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk").values_list("pk"))


def _with_fresh(new: NewDocument, fresh: dict[int, Document]) -> NewDocument:
    values = dict(new.__dict__)
    values["sources"] = tuple(fresh[s.pk] for s in new.sources)
    values["origin"] = fresh[new.origin.pk] if new.origin else None
    return NewDocument(**values)


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
