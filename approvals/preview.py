"""What the gate would say of a document that is still being typed, as the live panel shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from approvals import dryrun, remedies
from approvals.evidence import standings_of
from approvals.remedies import words
from approvals.remedies.words import Advice
from creditrisk.decisions import story
from creditrisk.decisions.queries import names_in
from creditrisk.decisions.story import Told
from creditrisk.facts import BUCKETS, LimitState, Standing, Verdict
from creditrisk.money import ZERO, MissingRate
from creditrisk.refusal import Refused
from customers.models import Customer
from documents.models import Kind

CHECKPOINT = {
    Kind.ORDER: "confirmation",
    Kind.DELIVERY: "delivery",
    Kind.INVOICE: "invoice",
}


@dataclass(frozen=True)
class Bucket:
    """One bucket before and after the document."""

    code: str
    before: Decimal
    after: Decimal

    @property
    def change(self) -> Decimal:
        return self.after - self.before


@dataclass(frozen=True)
class Preview:
    """The panel: who is debited, how they stand, what this document would do, and what would hold it.

    `sentence` stands there instead of figures where nothing can be said yet.
    """

    sentence: str = ""
    debtor: Customer | None = None
    currency: str = ""
    amount: Decimal = ZERO
    amounts: tuple[Decimal, ...] = ()
    account_currency: str = ""
    before: Standing | None = None
    after: Standing | None = None
    shared: tuple[Standing, ...] = ()
    heads: tuple[Standing, ...] = ()
    buckets: tuple[Bucket, ...] = ()
    verdict: str = ""
    told: tuple[Told, ...] = ()
    advice: Advice | None = None
    checkpoint: str = ""

    @property
    def is_unlimited(self) -> bool:
        return self.before is not None and self.before.limit.state == LimitState.UNLIMITED

    @property
    def is_deferred(self) -> bool:
        return self.before is not None and self.before.limit.state == LimitState.DEFERRED

    @property
    def adding(self) -> Decimal:
        """What the document adds to the exposure, in the account's currency."""
        if self.before is None or self.after is None:
            return ZERO
        return self.after.exposure.total - self.before.exposure.total

    @property
    def would_hold(self) -> bool:
        return self.verdict == Verdict.HELD


def preview(
    customer: Customer,
    *,
    amounts: Sequence[Decimal],
    kind: str,
    currency: str,
    today: date,
    checkpoint: str = "",
    **typed: Any,
) -> Preview:
    """Return what would come of a document of these lines' amounts (with tax, in `currency`); nothing is written.

    `checkpoint` is where it is asked, by default the one that the document meets first.
    """
    debtor = typed.get("bill_to") or customer.bill_to or customer
    total = sum(amounts, ZERO)
    company = typed.get("company") or customer.company
    checkpoint = checkpoint or CHECKPOINT[Kind(kind)]
    known: dict[str, Any] = {
        "checkpoint": checkpoint, "debtor": debtor, "currency": currency, "amount": total, "amounts": tuple(amounts),
        "account_currency": debtor.currency,
    }  # fmt: skip
    if total <= 0:
        standing, heads, shared, missing = standings_of(debtor.pk, company_id=company.pk, today=today)
        buckets = _buckets(standing, standing) if standing else ()
        return Preview(
            sentence=missing,
            before=standing,
            after=standing,
            heads=heads,
            shared=shared,
            buckets=buckets,
            **known,
        )
    try:
        trial = dryrun.check(
            customer,
            amount=total,
            currency=currency,
            checkpoint=checkpoint,
            today=today,
            **typed,
        )
    except (Refused, MissingRate) as error:
        return Preview(sentence=str(error), **known)
    return Preview(
        before=trial.before,
        after=trial.after,
        heads=trial.heads,
        shared=trial.shared,
        buckets=_buckets(trial.before, trial.after),
        verdict=trial.outcome.verdict.value,
        told=_in_the_way(trial, debtor),
        advice=_advice(trial, debtor) if trial.outcome.verdict == Verdict.HELD else None,
        **known,
    )


def _in_the_way(trial: dryrun.Trial, debtor: Customer) -> tuple[Told, ...]:
    if trial.outcome.verdict == Verdict.PASSED:
        return ()
    findings = trial.outcome.findings
    return tuple(
        story.standing_in_the_way(story.tell_all(findings, currency=debtor.currency, names=names_in(findings)))
    )


def _advice(trial: dryrun.Trial, debtor: Customer) -> Advice:
    found = remedies.while_typing(trial.attempt)
    return words.tell(found, debtor=debtor.code, kind=trial.attempt.plan.kind, grants=False)


def _buckets(before: Standing, after: Standing) -> tuple[Bucket, ...]:
    return tuple(
        Bucket(
            code,
            before.exposure.buckets.get(code, ZERO),
            after.exposure.buckets.get(code, ZERO),
        )
        for code in BUCKETS
    )
