"""What could be paid around an attempt, in which order, and the smallest payment after which it passes."""

import itertools
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from approvals import advances
from approvals.advances import AdvanceInvoice
from approvals.attempt import Attempt
from approvals.remedies import edge
from creditrisk.exposure.read import Slot
from creditrisk.money import ZERO, decimals, rounded
from ledger.models import OpenItem

MOST_ITEMS = 400


@dataclass(frozen=True)
class Payable:
    """An open item, or (without an id) money that stays on account; `advance` where goods wait for its payment."""

    item_id: int | None
    reference: str
    customer: str
    due: date
    row: Slot
    advance: AdvanceInvoice | None = None

    @property
    def amount(self) -> Decimal:
        return self.row.amount


@dataclass(frozen=True)
class Paid:
    """Which part of an item a payment settles, in its currency; `item_id` None: it stays on account."""

    item_id: int | None
    reference: str
    customer: str
    due: date
    amount: Decimal
    currency: str
    in_full: bool


@dataclass(frozen=True)
class Payment:
    """A payment: what it settles, oldest first, and its sums by currency."""

    parts: tuple[Paid, ...]
    attempt: Attempt

    @property
    def sums(self) -> dict[str, Decimal]:
        """Return what is paid by currency."""
        found: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
        for part in self.parts:
            found[part.currency] += part.amount
        return dict(found)

    @property
    def on_account(self) -> bool:
        """Whether all of it stays on account."""
        return all(part.item_id is None for part in self.parts)


def read(attempt: Attempt) -> list[Payable]:
    """Return what is open around the attempt's debtor, oldest first: one query. Disputed items nobody is asked to pay."""
    policy = attempt.seen.policy
    found = OpenItem.objects.filter(
        customer__in=attempt.seen.family.everybody, open_amount__gt=0, excluded=False
    ).order_by("due", "pk")
    if policy.disputed_items != "COUNT":
        found = found.filter(disputed=False)
    if not policy.include_provisional:
        found = found.filter(provisional=False)
    rows = found.values_list(
        "pk", "reference", "instalment", "customer__code", "customer", "company", "provisional", "disputed", "currency",
        "due", "open_amount", "document",
    )  # fmt: skip
    advances = _advances(attempt)
    payables = []
    for pk, reference, part, code, customer, company, provisional, disputed, currency, due, amount, invoice in rows[
        :MOST_ITEMS
    ]:
        bucket = "ITEMS_PROVISIONAL" if provisional else "ITEMS_DISPUTED" if disputed else "ITEMS"
        name = reference if part == 1 else f"{reference}/{part}"
        payables.append(
            Payable(pk, name, code, due, Slot(customer, company, bucket, currency, due, amount), advances.get(invoice))
        )
    return payables


def _advances(attempt: Attempt) -> dict[int, AdvanceInvoice]:
    if "awaiting_payment" not in attempt.outcome.reasons or attempt.document is None:
        return {}
    return advances.advance_invoices(attempt.plan.debtor_id, document_id=attempt.document.pk)


def smallest(attempt: Attempt, payables: Sequence[Payable]) -> Payment | None:
    """Return the smallest payment after which the attempt passes: on account, or of whose items it takes."""
    found = [p for pool in _pools(attempt, payables) if (p := _smallest_of(attempt, pool)) is not None]
    currency = attempt.seen.accounts[attempt.plan.debtor_id].currency
    return min(found, key=lambda p: attempt.seen.rates.convert(p.sums, currency), default=None)


def _pools(attempt: Attempt, payables: Sequence[Payable]) -> list[list[Payable]]:
    """Return what may be paid, the nearest first: invoices in advance, nobody's items, the debtor's, its branches', its
    partners', all.
    """
    seen, debtor = attempt.seen, attempt.plan.debtor_id
    company = None if seen.accounts[debtor].summed else attempt.plan.company_id
    below = set(seen.family.below.get(debtor, (debtor,)))
    partners = {m for s in seen.family.shared.get(debtor, ()) for m in seen.family.members.get(s, ())} - {debtor}
    ours = [p for p in payables if company in (None, p.row.company_id)]
    pools: list[list[Payable]] = [
        [p for p in ours if p.advance],
        [],
        [p for p in ours if p.row.customer_id == debtor],
        [p for p in ours if p.row.customer_id in below],
        [p for p in payables if p.row.customer_id in partners],
        [p for p in payables if p.row.customer_id in below | partners],
        list(payables),
    ]
    return [pool for n, pool in enumerate(pools) if pool not in pools[:n]]


def _smallest_of(attempt: Attempt, pool: Sequence[Payable]) -> Payment | None:
    entries = [*pool, *_on_account(attempt)]
    currency = attempt.seen.accounts[attempt.plan.debtor_id].currency
    paid = list(itertools.accumulate(_in(attempt, currency, p) for p in entries))
    guess = bisect_left(paid, attempt.excess(currency)) + 1
    # So many of them, paid in full, suffice; one less does not.
    whole = edge.first(lambda n: _pay(attempt, entries[:n]).attempt.passes, no=0, most=len(entries), near=[guess])
    if whole is None:
        return None
    before, last = entries[: whole - 1], entries[whole - 1]
    unit = Decimal(1).scaleb(-decimals(last.row.currency))
    full = int(last.amount / unit)
    rest = attempt.excess(last.row.currency) - sum(_in(attempt, last.row.currency, p) for p in before)
    cents = edge.first(
        lambda n: _pay(attempt, before, last, n * unit).attempt.passes,
        no=0, most=full, near=[-int(-rest // unit), full], surely=True,
    )  # fmt: skip
    return _pay(attempt, before, last, (cents or full) * unit)


def _in(attempt: Attempt, currency: str, payable: Payable) -> Decimal:
    return attempt.seen.rates.convert({payable.row.currency: payable.amount}, currency)


def _pay(attempt: Attempt, whole: Sequence[Payable], last: Payable | None = None, amount: Decimal = ZERO) -> Payment:
    parts = [(p, p.amount) for p in whole] + ([(last, amount)] if last else [])
    credits = [Slot(p.row.customer_id, p.row.company_id, p.row.bucket, p.row.currency, p.row.day, -a) for p, a in parts]
    received: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    of_invoices: defaultdict[AdvanceInvoice, Decimal] = defaultdict(lambda: ZERO)
    for payable, paid in parts:
        if payable.item_id is None:
            received[payable.row.currency] += paid
        elif payable.advance:
            received[payable.row.currency] -= payable.advance.freed_by(of_invoices[payable.advance])
            of_invoices[payable.advance] += paid
            received[payable.row.currency] += payable.advance.freed_by(of_invoices[payable.advance])
    return Payment(
        tuple(
            Paid(p.item_id, p.reference, p.customer, p.due, a, p.row.currency, a == p.amount)
            for p, a in parts
        ),
        attempt.paid(credits, received=received),
    )  # fmt: skip


def _on_account(attempt: Attempt) -> list[Payable]:
    """Return money on account of the debtor, as much as could possibly be needed."""
    seen, plan = attempt.seen, attempt.plan
    account, company = seen.accounts[plan.debtor_id], plan.company_id
    rates, currency = seen.rates, account.currency
    most = max(rates.convert({s.exposure.currency: s.measured}, currency) for s in attempt.standings)
    needed = rates.convert({plan.currency: plan.total}, currency) - min(attempt.beside.advance or ZERO, ZERO)
    amount = rounded(max(most, needed, ZERO) + needed + 1, currency)
    row = Slot(plan.debtor_id, company, "CREDITS", currency, seen.today, amount)
    return [Payable(None, "", account.code, seen.today, row)]
