"""From a picture and a document to the frozen case that the rules are asked about."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

from approvals import advances
from approvals.context import Picture
from creditrisk.exposure import read
from creditrisk.exposure.read import Slot
from creditrisk.facts import BUCKETS, Case, UnpaidEffect
from creditrisk.money import ZERO
from customers.models import Company, Customer, PaymentTerms, SettlementDiscount
from documents.models import Document, DocumentType, Kind, State


@dataclass(frozen=True)
class Candidate:
    """The document at hand as the rules see it; for a dry run there is no row behind it."""

    kind: str
    debtor_id: int
    company_id: int
    amount: Decimal
    currency: str
    terms: str | None = None
    terms_rank: int | None = None
    prepaid: bool = False
    discount: str | None = None
    discount_rank: int | None = None
    uses_credit: bool = True
    never_blocked: bool = False
    document_id: int | None = None

    @classmethod
    def of(cls, document: Document) -> "Candidate":
        return cls._made(
            document.kind, document.debtor_id, document.company_id, document.total, document.currency, document.terms,
            document.settlement_discount, document.type, document.pk,
        )  # fmt: skip

    @classmethod
    def typed(
        cls, customer: Customer, *, company: Company, amount: Decimal, currency: str, terms: PaymentTerms | None,
        discount: SettlementDiscount | None, type: DocumentType | None, kind: str,
    ) -> "Candidate":  # fmt: skip
        return cls._made(kind, customer.pk, company.pk, amount, currency, terms, discount, type, None)

    def on_terms(self, terms: PaymentTerms | None) -> "Candidate":
        """Return the candidate on other payment terms."""
        return replace(self, **_of_terms(terms))

    def with_discount(self, discount: SettlementDiscount | None) -> "Candidate":
        """Return the candidate with another settlement discount."""
        return replace(self, **_of_discount(discount))

    def of_type(self, type: DocumentType | None) -> "Candidate":
        """Return the candidate as a document of another type."""
        return replace(self, **_of_type(type))

    @classmethod
    def _made(
        cls, kind: str, debtor_id: int, company_id: int, amount: Decimal, currency: str, terms: PaymentTerms | None,
        discount: SettlementDiscount | None, type: DocumentType | None, document_id: int | None,
    ) -> "Candidate":  # fmt: skip
        return cls(
            kind=str(kind), debtor_id=debtor_id, company_id=company_id, amount=amount, currency=currency,
            document_id=document_id, **_of_terms(terms), **_of_discount(discount), **_of_type(type),
        )  # fmt: skip


def _of_terms(terms: PaymentTerms | None) -> dict[str, Any]:
    if terms is None:
        return {"terms": None, "terms_rank": None, "prepaid": False}
    return {"terms": terms.code, "terms_rank": terms.rank, "prepaid": terms.prepaid}


def _of_discount(discount: SettlementDiscount | None) -> dict[str, Any]:
    if discount is None:
        return {"discount": None, "discount_rank": None}
    return {"discount": discount.code, "discount_rank": discount.rank}


def _of_type(type: DocumentType | None) -> dict[str, Any]:
    if type is None:
        return {"uses_credit": True, "never_blocked": False}
    return {"uses_credit": type.counts, "never_blocked": type.never_blocked}


@dataclass(frozen=True)
class Beside:
    """What is read beside the picture, where the document or the policy asks for it; None: nobody asked.

    `rows` are the document's own weights by the formula. `unpaid` and `advance` are in the account's currency: `advance` is
    what unallocated payments leave for prepaid goods, negative where more went than was paid.
    """

    rows: tuple[Slot, ...] | None = None
    unpaid: tuple[UnpaidEffect, ...] | None = None
    advance: Decimal | None = None


@dataclass(frozen=True)
class Question:
    """All that the rules are asked about one step of a document: what was read, and at which checkpoints.

    `amount` is what a release must cover, in the document's currency. It is what a decision keeps and a replay asks.
    """

    candidate: Candidate
    seen: Picture
    step: str
    checkpoints: tuple[str, ...]
    amount: Decimal
    forced: bool = False
    beside: Beside = Beside()


def own_rows(document_id: int) -> list[Slot]:
    """Return what the formula says of one document: the weight that always counts in its own check."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT customer_id, company_id, bucket, currency, day, amount FROM exposure_formula"
            " WHERE origin = 'D' AND source_id = ANY (ARRAY[%s]::bigint[])",
            [document_id],
        )
        return [Slot(*row) for row in cursor.fetchall()]


def uncounted(rows: Iterable[Slot], seen: Picture) -> dict[str, Decimal]:
    """Return, by currency, the candidate's weight that the total leaves out: it counts once, whatever `counts` says.

    An order beyond the horizon stays out, and a prepaid one.
    """
    found: dict[str, Decimal] = {}
    for row in rows:
        visible = read.visible_bucket(row.bucket, row.day, reading=seen.policy, today=seen.today)
        if visible is not None and visible in seen.policy.counts:
            continue
        if row.bucket == "ORDERS_PREPAID":
            continue
        if row.bucket.startswith("ORDERS_") and read.beyond(row.day, reading=seen.policy, today=seen.today):
            continue
        if row.bucket in ("ORDERS_DRAFTED", "DELIVERED_DRAFTED"):
            continue
        found[row.currency] = found.get(row.currency, ZERO) + row.amount
    return found


def joining(rows: Iterable[Slot], seen: Picture, *, currency: str) -> dict[str, Decimal]:
    """Return what an order adds to the open orders that do not show it yet, in the account's currency.

    Raises MissingRate.
    """
    policy, today = seen.policy, seen.today
    entered: dict[str, Decimal] = {}
    for row in rows:
        elsewhere = policy.orders_count_from == "ENTRY" or read.beyond(row.day, reading=policy, today=today)
        if row.bucket == "ORDERS_ENTERED" and not elsewhere:
            entered[row.currency] = entered.get(row.currency, ZERO) + row.amount
    return {"open_orders": seen.rates.convert(entered, currency)} if entered else {}


def everything_counts(seen: Picture) -> bool:
    """Return whether the total leaves out nothing that a moved document can weigh in."""
    return len(seen.policy.counts) == len(BUCKETS)


def beside(
    candidate: Candidate, seen: Picture, *, checkpoints: Sequence[str], state: str | None = None,
    rows: Iterable[Slot] | None = None, advance: bool = False,
) -> Beside:  # fmt: skip
    """Read what the picture lacks and this document or the policy asks for.

    `rows` are its own weights where they are known, or where there is no document yet. `advance` reads what was paid in
    advance anyhow: other terms may be tried. Raises MissingRate.
    """
    currency = seen.accounts[candidate.debtor_id].currency
    if rows is None and candidate.document_id and (state == State.DRAFT or not everything_counts(seen)):
        rows = own_rows(candidate.document_id)
    unpaid = seen.unpaid_effects(candidate.debtor_id) if seen.policy.needs_unpaid_effects else None
    left = None
    if advance or (candidate.prepaid and "delivery" in checkpoints):
        left = advances.advance_left(
            candidate.debtor_id, but_document=candidate.document_id, currency=currency, rates=seen.rates
        )
    return Beside(None if rows is None else tuple(rows), unpaid, left)


def build(candidate: Candidate, seen: Picture, *, checkpoint: str, beside: Beside, forced: bool = False) -> Case:
    """Return the case of a candidate at a checkpoint. Pure: everything was read before.

    Raises MissingRate.
    """
    account = seen.accounts[candidate.debtor_id]
    policy, today = seen.policy, seen.today
    weight = uncounted(beside.rows, seen) if beside.rows is not None and candidate.uses_credit else {}
    own = seen.standing(candidate.debtor_id, company_id=candidate.company_id, weight=weight)
    needed = received = ZERO
    if candidate.prepaid and checkpoint == "delivery":
        needed = seen.rates.convert({candidate.currency: candidate.amount}, own.exposure.currency)
        received = max(beside.advance or ZERO, ZERO)
    blocks = account.blocks or {}
    return Case(
        today=today,
        checkpoint=checkpoint,
        document_kind=Kind.ORDER.value if checkpoint in ("entry", "confirmation", "picking") else candidate.kind,
        amount=candidate.amount,
        currency=candidate.currency,
        customer=account.code,
        own=own,
        rates=seen.rates,
        heads=seen.heads(candidate.debtor_id, company_id=candidate.company_id, weight=weight),
        shared=seen.shared_standings(candidate.debtor_id, weight=weight),
        sub_limits={name: Decimal(amount) for name, amount in (account.sub_limits or {}).items()},
        joining=joining(beside.rows or (), seen, currency=own.exposure.currency) if candidate.uses_credit else {},
        credit_group=account.group,
        risk_class=account.risk_class,
        account_status=account.status or "NORMAL",
        terms=candidate.terms,
        terms_rank=candidate.terms_rank,
        usual_terms_rank=account.terms_rank,
        prepaid=candidate.prepaid,
        discount=candidate.discount,
        discount_rank=candidate.discount_rank,
        usual_discount=account.discount,
        usual_discount_rank=account.discount_rank,
        excluded=account.excluded,
        uses_credit=candidate.uses_credit,
        never_blocked=candidate.never_blocked,
        blocked_orders=bool(blocks.get("orders")),
        blocked_deliveries=bool(blocks.get("deliveries")),
        authorise_orders=account.authorise_orders,
        authorise_deliveries=account.authorise_deliveries,
        suspended=account.suspended,
        forced=forced,
        next_review=date.fromisoformat(account.next_review) if account.next_review else None,
        unpaid_effects=(beside.unpaid or ()) if policy.needs_unpaid_effects else (),
        members_overdue=seen.members_overdue(candidate.debtor_id),
        advance_needed=needed,
        advance_received=received,
        limit_last_day=_last_day(own, seen, candidate.debtor_id),
        blank_expiry_is_expired=policy.blank_limit_expiry == "EXPIRED",
        check_terms=policy.check_terms_increase,
        check_discount=policy.check_discount_increase,
    )


def _last_day(own: object, seen: Picture, customer_id: int) -> date | None:
    """Return the last day of the customer's base limit, or of the shared limit it lives on."""
    base = seen.accounts[customer_id].base
    if base and base["last_day"]:
        return date.fromisoformat(base["last_day"])
    if base and base["state"] != "INHERIT":
        return None
    for shared_id in seen.family.shared.get(customer_id, ()):
        shared = seen.shared[shared_id].base
        if shared and shared["last_day"]:
            return date.fromisoformat(shared["last_day"])
    return None
