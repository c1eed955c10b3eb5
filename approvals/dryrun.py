"""What would happen? A pure calculation over balances plus the candidate's difference: no locks, no writes."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from approvals import case as cases
from approvals import context
from approvals.context import Picture
from creditrisk.exposure.read import Slot
from creditrisk.facts import Case, Outcome, Standing, Verdict
from creditrisk.policy import compile as policies
from creditrisk.refusal import CustomerStopped, Refused
from creditrisk.rules import evaluate
from customers import terms as customer_terms
from customers.models import Company, Customer, PaymentTerms, SettlementDiscount, Stops
from documents.models import Document, DocumentType, Kind

KIND = {"entry": Kind.ORDER, "confirmation": Kind.ORDER, "picking": Kind.ORDER, "delivery": Kind.DELIVERY,
        "invoice": Kind.INVOICE}  # fmt: skip


@dataclass(frozen=True)
class Trial:
    """What would happen: the outcome, and how the debtor, its heads and shared limits stand before and after."""

    outcome: Outcome
    before: Standing
    after: Standing
    heads: tuple[Standing, ...]
    shared: tuple[Standing, ...]
    case: Case


def check(
    customer: Customer,
    *,
    amount: Decimal,
    currency: str | None = None,
    terms: PaymentTerms | None = None,
    settlement_discount: SettlementDiscount | None = None,
    ship_date: date | None = None,
    checkpoint: str = "confirmation",
    company: Company | None = None,
    bill_to: Customer | None = None,
    type: DocumentType | None = None,
    document: Document | None = None,
    today: date,
) -> Trial:
    """Say what `submit` would do with a document of this amount (with tax) at this checkpoint.

    With `document` its present weight is taken out first. Raises Refused, CustomerStopped, MissingRate.
    """
    if not amount.is_finite() or amount <= 0:
        raise Refused("The amount must be more than zero.", field="amount")
    debtor = bill_to or customer.bill_to or customer
    status = debtor.account_status
    kind = KIND[checkpoint]
    if status is not None and status.stops == Stops.ALL and (type is None or type.sign > 0):
        raise CustomerStopped(f"The account's status {status} refuses this document.")
    policy = policies.active()
    unit = currency or debtor.currency
    seller = company or customer.company
    seen = context.picture(
        context.limits.family([debtor.pk]),
        policy=policy,
        today=today,
        currencies=[unit],
    )
    candidate = cases.Candidate.typed(
        debtor, company=seller, amount=amount, currency=unit, terms=terms or customer_terms.usual(debtor),
        discount=settlement_discount or debtor.settlement_discount, type=type, kind=kind,
    )  # fmt: skip
    before = seen.standing(debtor.pk, company_id=seller.pk)
    row = _weight(candidate, day=ship_date or today, sign=type.sign if type else 1)
    seen = _without(document, seen).with_slots([row] if row else [])
    beside = cases.beside(candidate, seen, checkpoints=[checkpoint], rows=[row] if row else [])
    case = cases.build(candidate, seen, checkpoint=checkpoint, beside=beside)
    outcome = evaluate(case, policy.rows)
    if not policy.checks(checkpoint, company=seller.pk) or (type is not None and type.sign < 0):
        outcome = Outcome(Verdict.PASSED, outcome.findings)
    after = seen.standing(debtor.pk, company_id=seller.pk)
    return Trial(outcome, before, after, case.heads, case.shared, case)


def _weight(candidate: cases.Candidate, *, day: date, sign: int) -> Slot | None:
    """Return the row of the formula that the document would be."""
    if not candidate.uses_credit:
        return None
    if candidate.kind == Kind.ORDER:
        bucket = "ORDERS_PREPAID" if candidate.prepaid else "ORDERS_CONFIRMED"
    else:
        bucket = "DELIVERED" if candidate.kind == Kind.DELIVERY else "INVOICES_ISSUED"
    return Slot(
        candidate.debtor_id,
        candidate.company_id,
        bucket,
        candidate.currency,
        day,
        sign * candidate.amount,
    )


def _without(document: Document | None, seen: Picture) -> Picture:
    if document is None:
        return seen
    return seen.with_slots(
        Slot(s.customer_id, s.company_id, s.bucket, s.currency, s.day, -s.amount) for s in cases.own_rows(document.pk)
    )
