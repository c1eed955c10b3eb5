"""What would happen? A pure calculation over balances plus the candidate's difference: no locks, no writes."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from approvals import attempt as attempts
from approvals.attempt import Attempt, Typed
from approvals.checkpoints import NEXT_STEP
from creditrisk.facts import Outcome, Standing
from creditrisk.money import rounded
from creditrisk.refusal import CustomerStopped, Refused
from customers import terms as customer_terms
from customers.models import Company, Customer, PaymentTerms, SettlementDiscount, Stops
from documents.drafts import Changes, NewLine
from documents.models import Document, DocumentType, Kind, State

KIND = {"entry": Kind.ORDER, "confirmation": Kind.ORDER, "picking": Kind.ORDER, "delivery": Kind.DELIVERY,
        "invoice": Kind.INVOICE}  # fmt: skip
STEP = {"entry": "enter", "confirmation": "confirm", "picking": "pick", "delivery": "deliver",
        "invoice": "invoice"}  # fmt: skip


@dataclass(frozen=True)
class Trial:
    """What would happen: the outcome, and how the debtor, its heads and shared limits stand before and after."""

    outcome: Outcome
    before: Standing
    after: Standing
    heads: tuple[Standing, ...]
    shared: tuple[Standing, ...]
    attempt: Attempt


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
    lines: tuple[NewLine, ...] = (),
    today: date,
) -> Trial:
    """Say what `submit` would do with a document of this amount (with tax) at this checkpoint.

    With `document` it is that one, changed to what is given (`lines` say what they are made from): one that is promised
    already meets its checkpoint only where it asks for more. Raises Refused, CustomerStopped, MissingRate.
    """
    if not amount.is_finite() or amount <= 0:
        raise Refused(_("The amount must be more than zero."), field="amount")
    if document is not None:
        changes = Changes(
            amount=None if lines else amount, lines=lines or None, traced=bool(lines), currency=currency, terms=terms, settlement_discount=settlement_discount,
            ship_date=ship_date, bill_to=bill_to, type=type,
        )  # fmt: skip
        step = STEP[checkpoint] if document.state == State.DRAFT else "amend"
        return check_step(document, step, changes=changes, today=today)
    debtor = bill_to or customer.bill_to or customer
    unit = currency or debtor.currency
    if amount != rounded(amount, unit):
        raise Refused(
            _("%(currency)s has no amounts as fine as %(amount)s.") % {"currency": unit, "amount": amount},
            field="amount",
        )
    kind = KIND[checkpoint]
    _refuse_stopped(debtor, lowers=type is not None and type.sign < 0, promised=kind == Kind.ORDER)
    typed = Typed(
        kind, debtor, company or customer.company, amount, unit, terms or customer_terms.usual(debtor),
        settlement_discount or debtor.settlement_discount, type, ship_date,
    )  # fmt: skip
    return _trial(attempts.of_typed(typed, step=STEP[checkpoint], today=today))


def check_step(document: Document, step: str | None = None, *, changes: Changes | None = None, today: date) -> Trial:
    """Say what `submit` would do with a step of a document that is there, its next one where none is named.

    Raises Refused, CustomerStopped, MissingRate.
    """
    step = step or NEXT_STEP[Kind(document.kind)]
    if step in ("deliver", "invoice", "issue"):
        _refuse_stopped(document.debtor, lowers=document.lowers, promised=False)
    return _trial(attempts.of_step(document, step, changes=changes, today=today))


def _trial(attempt: Attempt) -> Trial:
    debtor, company = attempt.plan.debtor_id, attempt.plan.company_id
    return Trial(
        outcome=attempt.outcome,
        before=attempt.before.standing(debtor, company_id=company),
        after=attempt.after.standing(debtor, company_id=company),
        heads=attempt.after.heads(debtor, company_id=company),
        shared=attempt.after.shared_standings(debtor),
        attempt=attempt,
    )


def _refuse_stopped(debtor: Customer, *, lowers: bool, promised: bool) -> None:
    status = debtor.account_status
    if status is None or lowers or status.stops == Stops.NONE:
        return
    if status.stops == Stops.ALL or not promised:
        raise CustomerStopped(_("The account's status %(status)s refuses this document.") % {"status": status})
