"""Writes a History into the database in one transaction, table by table, and its entries into the exposure ledger."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from approvals import bulk
from approvals.history import History
from approvals.past import PastDocument, PastEffect, PastItem
from creditrisk.exposure import ledger as exposure
from creditrisk.money import ZERO
from creditrisk.roles import Actor
from documents.models import Document, Line, Takeover
from ledger.models import Allocation, Effect, EffectEvent, EffectItem, ItemMark, Mark, OpenItem, Presentation


@transaction.atomic
def write(history: History, *, by: Actor, now: datetime) -> int:
    """This will write all that `history` was told, and return how many entries the exposure ledger got.

    Locks the credit accounts concerned, in primary-key order, until the transaction ends.
    """
    bulk.lock_accounts(entry.customer_id for entry in history.entries)
    _write_documents(history.documents, by=by, now=now)
    bulk.copy(
        Takeover,
        ("earlier_id", "later_id", "amount", "drafted", "offsets", "undone"),
        ((earlier, later, amount, False, False, False) for earlier, later, amount in history.takeovers),
    )
    _write_effects(history, by=by, now=now)
    _write_items(history.items, by=by, now=now)
    bulk.copy(
        EffectItem,
        ("effect_id", "item_id", "amount"),
        ((e.id, item, amount) for e in history.effects for item, amount in e.closes),
    )
    bulk.copy(
        Allocation,
        ("credit_id", "debit_id", "amount", "day", "made_at", "made_by_id"),
        ((*allocation, now, by.user_id) for allocation in history.allocations),
    )
    return exposure.post_history(sorted(history.entries, key=lambda entry: entry.effective_on), now=now)


def _write_documents(documents: list[PastDocument], *, by: Actor, now: datetime) -> None:
    bulk.copy(
        Document,
        ("id", "kind", "number", "state", "company_id", "customer_id", "debtor_id", "currency", "total", "terms_id",
         "ship_date", "document_date", "issued_on", "channel", "note", "source_key", "revision", "entered_by_id",
         "entered_at"),
        (_document(d, by=by, now=now) for d in documents),
    )  # fmt: skip
    bulk.copy(
        Line,
        ("id", "document_id", "position", "text", "quantity", "price", "discount_percent", "tax_percent", "amount",
         "settled", "drafted", "source_id"),
        ((x.id, x.document, x.position, x.text, x.quantity, x.price, ZERO, x.tax_percent, x.amount, x.settled, ZERO,
          x.source)
         for d in documents for x in d.lines),
    )  # fmt: skip
    bulk.copy(
        Document.orders.through,
        ("from_document_id", "to_document_id"),
        ((d.id, order) for d in documents for order in dict.fromkeys(o.id for o in d.orders)),
    )


def _document(d: PastDocument, *, by: Actor, now: datetime) -> tuple[object, ...]:
    total: Decimal = sum((line.amount for line in d.lines), ZERO)
    return (
        d.id, d.kind, d.number, d.state, d.party.company, d.party.customer, d.party.debtor, d.party.currency, total,
        d.party.terms, d.ship_date, d.document_date, d.issued_on, by.channel[:20], d.note, d.source_key, 1,
        by.user_id, now,
    )  # fmt: skip


def _write_items(items: list[PastItem], *, by: Actor, now: datetime) -> None:
    bulk.copy(
        OpenItem,
        ("id", "company_id", "customer_id", "kind", "reference", "instalment", "document_id", "effect_id", "currency",
         "amount", "open_amount", "item_date", "due", "cleared_on", "disputed", "dispute_reason", "disputed_on",
         "excluded", "provisional", "source_key", "reason", "posted_at", "posted_by_id"),
        ((i.id, i.company, i.customer, i.kind, i.reference, i.instalment, i.document, i.effect, i.currency, i.amount,
          i.open, i.day, i.due, i.cleared_on, i.disputed, i.dispute_reason, i.disputed_on, False, False, i.source_key,
          i.reason, now, by.user_id)
         for i in items),
    )  # fmt: skip
    bulk.copy(
        ItemMark,
        ("item_id", "mark", "on", "reason", "day", "made_at", "made_by_id"),
        ((i.id, Mark.DISPUTED, True, i.dispute_reason, i.disputed_on, now, by.user_id) for i in items if i.disputed),
    )


def _write_effects(history: History, *, by: Actor, now: datetime) -> None:
    bulk.copy(
        Presentation,
        ("id", "company_id", "mode", "bank", "day", "made_at", "made_by_id"),
        ((p.id, p.company, p.mode, p.bank, p.day, now, by.user_id) for p in history.presentations),
    )
    bulk.copy(
        Effect,
        ("id", "company_id", "customer_id", "number", "kind", "state", "currency", "amount", "due", "issued_on",
         "presentation_id", "unpaid_on", "collected_on", "swept"),
        (_effect(e) for e in history.effects),
    )  # fmt: skip
    bulk.copy(
        EffectEvent,
        ("effect_id", "step", "day", "presentation_id", "made_at", "made_by_id"),
        (
            (e.id, step, day, None if step == "issued" else e.presentation, now, by.user_id)
            for e in history.effects
            for step, day in e.events
        ),
    )


def _effect(e: PastEffect) -> tuple[object, ...]:
    return (
        e.id, e.company, e.customer, e.number, e.kind, e.state, e.currency, e.amount, e.due, e.issued_on,
        e.presentation, e.unpaid_on, e.collected_on, False,
    )  # fmt: skip
