"""What would free a held document: the smallest changes after which it passes, each judged as the gate would judge it.

A change that suffices alone is a way. Where none does, the changes that suffice together are looked for; where there
are none of these either, only a release helps.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from approvals import attempt as attempts
from approvals import releasing
from approvals.attempt import Attempt
from approvals.models import Hold
from approvals.remedies import edge, payments, waiting
from approvals.remedies.granting import lifts, raised_limits
from approvals.remedies.payments import Payable
from approvals.remedies.remedy import Remedies, Remedy
from creditrisk.money import ZERO, MissingRate, decimals
from creditrisk.refusal import Refused
from customers import terms as customer_terms
from customers.models import Customer, PaymentTerms, SettlementDiscount
from documents import foresight
from documents.models import Document, Kind


@dataclass(frozen=True)
class Choices:
    """What may be chosen otherwise, read once: items to pay, terms, the usual discount, days ahead."""

    payables: Sequence[Payable]
    terms: Sequence[PaymentTerms] = ()
    usual_terms: PaymentTerms | None = None
    usual_discount: SettlementDiscount | None = None
    changeable: bool = True
    waits: bool = True


def of_hold(hold: Hold, *, today: date) -> Remedies:
    """Return what would free a held document: a fixed number of queries, whatever is tried."""
    step = releasing.held_step(hold)
    if step is None:
        return Remedies(passes=not hold.forced_reason)
    try:
        attempt = attempts.of_step(
            hold.document, step, changes=releasing.held_changes(hold), forced=bool(hold.forced_reason), today=today
        )
        return find(attempt)
    except (MissingRate, Refused) as error:
        return Remedies(sentence=str(error))


def find(attempt: Attempt) -> Remedies:
    """Return what would free an attempt. Raises MissingRate."""
    if attempt.passes:
        return Remedies(passes=True)
    if not set(attempt.outcome.reasons) - {"forced", "authorisation_required"}:
        return Remedies()
    choices = _read(attempt)
    if ways := tuple(_ways(attempt, choices)):
        return Remedies(ways=ways)
    return Remedies(together=_together(attempt, choices))


def while_typing(attempt: Attempt) -> Remedies:
    """Return the two changes that whoever types a document can name at once: how much to order, how much to pay."""
    if attempt.passes:
        return Remedies(passes=True)
    if set(attempt.outcome.reasons) & {"forced", "authorisation_required"}:
        return Remedies()
    choices = Choices(payments.read(attempt))
    found = [w for w in (_less(attempt, choices), _pay(attempt, choices)) if w is not None]
    return Remedies(ways=tuple(found)) if found else Remedies(together=_pay_and_less(attempt, choices))


def _read(attempt: Attempt) -> Choices:
    debtor = Customer.objects.select_related("terms", "region__terms", "segment__terms", "settlement_discount").get(
        pk=attempt.plan.debtor_id
    )
    return Choices(
        payables=payments.read(attempt),
        terms=tuple(PaymentTerms.objects.order_by("code")),
        usual_terms=customer_terms.usual(debtor),
        usual_discount=debtor.settlement_discount,
        changeable=_may_change(attempt.document),
    )


def _may_change(document: Document | None) -> bool:
    return document is None or foresight.changeable(document)


# -- one change that suffices ----------------------------------------------------------------------------------------


def _ways(attempt: Attempt, choices: Choices) -> Iterator[Remedy]:
    for way in (_pay(attempt, choices), _less(attempt, choices)):
        if way is not None:
            yield way
    if choices.changeable:
        for terms in _other_terms(attempt, choices):
            if attempt.on_terms(terms).passes:
                yield Remedy("terms", terms=terms)
        if _with_usual_discount(attempt, choices).passes:
            yield Remedy("discount", discount=choices.usual_discount)
        if (day := _beyond_horizon(attempt)) and attempt.shipping(day).passes:
            yield Remedy("ship", day=day)
    if choices.waits and (wait := waiting.wait(attempt)):
        yield wait
    raised = raised_limits(attempt)
    if len(raised) == 1:
        yield raised[0]
    flips = lifts(attempt)
    if len(flips) == 1 and flips[0][1].passes:
        yield flips[0][0]


def _pay(attempt: Attempt, choices: Choices) -> Remedy | None:
    payment = payments.smallest(attempt, choices.payables)
    if payment is None:
        return None
    prepaid = "awaiting_payment" in attempt.outcome.reasons
    anything = payment.on_account and not prepaid and "receivables" in attempt.seen.policy.counts
    return Remedy("pay", payment=payment, anything=anything)


def _less(attempt: Attempt, choices: Choices) -> Remedy | None:
    """Return up to which amount the document would pass, to the cent of its currency."""
    if not choices.changeable:
        return None
    unit = Decimal(1).scaleb(-decimals(attempt.plan.currency))
    amount = largest(attempt, unit)
    document = attempt.document
    promised = document.total if attempt.step == "amend" and document else ZERO
    if amount is None or amount <= promised:  # it may have that much already
        return None
    return Remedy("amount", amount=amount, currency=attempt.plan.currency)


def largest(attempt: Attempt, unit: Decimal) -> Decimal | None:
    """Return the largest amount of the document, in steps of `unit`, that passes; None where the smallest does not."""
    room = attempt.plan.total - attempt.excess(attempt.plan.currency)
    held = edge.first(
        lambda n: not attempt.of(n * unit).passes,
        no=0,
        most=int(attempt.plan.total / unit),
        near=[int(room / unit) + 1],
    )
    return (held - 1) * unit if held is not None and held > 1 else None


def _other_terms(attempt: Attempt, choices: Choices) -> list[PaymentTerms]:
    """Return the terms that may be proposed: the usual ones, the next lower rank, prepaid."""
    now = attempt.candidate.terms
    others = [t for t in choices.terms if t.code != now]
    found = [t for t in others if choices.usual_terms is not None and t.pk == choices.usual_terms.pk]
    if (rank := attempt.candidate.terms_rank) is not None:
        lower = [t for t in others if not t.prepaid and t.rank is not None and t.rank < rank and t not in found]
        passing = [t for t in sorted(lower, key=lambda t: -(t.rank or 0)) if attempt.on_terms(t).passes]
        found += passing[:1]
    found += [t for t in others if t.prepaid and t not in found][:1]
    return found


def _with_usual_discount(attempt: Attempt, choices: Choices) -> Attempt:
    if "discount_increased" not in attempt.outcome.reasons:
        return attempt
    return attempt.with_discount(choices.usual_discount)


def _beyond_horizon(attempt: Attempt) -> date | None:
    seen = attempt.seen
    if attempt.plan.kind != Kind.ORDER or seen.policy.order_horizon_days is None:
        return None
    day = seen.today + timedelta(days=seen.policy.order_horizon_days + 1)
    return day if attempt.plan.day < day else None


# -- changes that suffice together -----------------------------------------------------------------------------------


def _together(attempt: Attempt, choices: Choices) -> tuple[Remedy, ...]:
    """Return changes that suffice together: what the credit department lifts, with one or two of the others."""
    lifted: list[Remedy] = []
    freed = attempt
    while flips := [f for f in lifts(freed) if f[0].code not in {lift.code for lift in lifted}]:
        remedy, freed = flips[0]
        lifted.append(remedy)
    if lifted and freed.passes:
        return tuple(lifted)
    if lifted and (way := next(_ways(freed, replace(choices, waits=False)), None)):
        return (*lifted, way)
    pair = _pay_and_less(freed, choices) or _pay_and_terms(freed, choices) or _less_and_terms(freed, choices)
    if pair:
        return (*lifted, *pair)
    raised = raised_limits(freed)
    return (*lifted, *raised) if len(raised) > 1 else ()


def _pay_and_less(attempt: Attempt, choices: Choices) -> tuple[Remedy, ...]:
    unit = Decimal(1).scaleb(-decimals(attempt.plan.currency))
    if not choices.changeable or attempt.plan.total <= unit:
        return ()
    payment = _pay(attempt.of(unit), choices)
    if payment is None or payment.payment is None:
        return ()
    after = payment.payment.attempt.of(attempt.plan.total)
    less = _less(after, choices)
    return (payment, less) if less else ()


def _pay_and_terms(attempt: Attempt, choices: Choices) -> tuple[Remedy, ...]:
    if choices.changeable:
        for terms in _other_terms(attempt, choices):
            if payment := _pay(attempt.on_terms(terms), choices):
                return (payment, Remedy("terms", terms=terms))
    return ()


def _less_and_terms(attempt: Attempt, choices: Choices) -> tuple[Remedy, ...]:
    if choices.changeable:
        for terms in _other_terms(attempt, choices):
            if less := _less(attempt.on_terms(terms), choices):
                return (less, Remedy("terms", terms=terms))
    return ()
