"""The steps of a document: what each changes, once the gate has let it through. Only the gate calls them.

Every step returns the sources that it touched, to be posted. Callers hold the locks.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import F

from creditrisk.exposure.ledger import Touched
from creditrisk.language import sentence as _
from creditrisk.money import ZERO
from creditrisk.prepared import Prepared, Write
from creditrisk.refusal import InvalidState
from customers.terms import instalments
from documents import numbers, writing
from documents.models import Document, Kind, Line, State, Takeover
from ledger import items as ledger_items
from ledger.models import ItemKind, OpenItem


@dataclass(frozen=True)
class Moment:
    """When and by whom a step is made: the business day, the moment of recording, the user."""

    day: date
    now: datetime
    user: Any = None


def _refuse_unless(document: Document, *states: str) -> None:
    if document.state not in states:
        raise InvalidState(
            _("%(document)s is %(state)s: this step does not follow.")
            % {"document": document, "state": State(document.state).label}
        )


_MOVE = Prepared("UPDATE documents_document SET state = %s, revision = revision + 1 WHERE id = %s")


def _move(document: Document, state: str) -> None:
    with connection.cursor() as cursor:
        _MOVE.execute(cursor, _moved(document, state).values)


def _moved(document: Document, state: str) -> Write:
    """Move the document here; return what is to be written of it."""
    document.state = state
    document.revision += 1
    return Write(_MOVE, [state, document.pk])


def confirm(document: Document, at: Moment) -> Touched:
    """Confirm an order: from now on it is a promise."""
    _refuse_unless(document, State.DRAFT)
    _must_be(document, Kind.ORDER)
    return _of(document, _moved(document, State.CONFIRMED))


def pick(document: Document, at: Moment) -> Touched:
    """Pick an order's goods; nothing changes its bucket."""
    _must_be(document, Kind.ORDER)
    _refuse_unless(document, State.CONFIRMED)
    return _of(document, _moved(document, State.PICKED))


def deliver(document: Document, at: Moment) -> Touched:
    """Let a delivery note's goods leave: what it takes over leaves the orders, or the advance invoices."""
    _must_be(document, Kind.DELIVERY)
    _refuse_unless(document, State.DRAFT)
    changed = {document.pk}
    lines = _with_sources(document)
    advances = writing.advances([line.source_id for line in lines if line.source_id])
    for line in lines:
        order_line = line.source
        if order_line is None:
            continue
        _must_be_open(order_line)
        left = line.amount
        for advance in advances.get(order_line.pk, ()):
            part = min(left, advance.left)
            if part > 0:
                _take(advance.line, line, part, offsets=True)
                changed.add(advance.line.document_id)
                advance.left -= part
                left -= part
        part = min(left, writing.residual(order_line))
        if part > 0:
            _take(order_line, line, part)
        changed.add(order_line.document_id)
    _move(document, State.DELIVERED)
    _advance_orders(changed - {document.pk})
    return Touched(documents=frozenset(changed))


def return_goods(document: Document, at: Moment) -> Touched:
    """Take goods back: the part not invoiced lowers the delivery, the rest waits for its credit note."""
    _must_be(document, Kind.RETURN)
    _refuse_unless(document, State.DRAFT)
    changed = {document.pk}
    for line in _with_sources(document):
        if line.source is not None:
            part = min(line.amount, writing.residual(line.source))
            if part > 0:
                _take(line.source, line, part, offsets=True)
                changed.add(line.source.document_id)
    _move(document, State.DELIVERED)
    return Touched(documents=frozenset(changed))


def draw_up(document: Document, at: Moment) -> Touched:
    """Draw up an invoice or credit note as a draft: what it takes over is kept apart until it is issued."""
    _must_be(document, Kind.INVOICE, Kind.CREDIT_NOTE)
    _refuse_unless(document, State.DRAFT)
    changed = {document.pk}
    for line in _with_sources(document):
        for earlier in _taken_by_invoice(document, line):
            already = sum(line.taken.filter(undone=False).values_list("amount", flat=True), ZERO)
            part = min(line.amount - already, writing.residual(earlier))
            if part > 0:
                _take(earlier, line, part, drafted=True)
                changed.add(earlier.document_id)
    return Touched(documents=frozenset(changed))


def take_apart(document: Document) -> set[int]:
    """Give back what a draft had taken over, as if it had not been drawn up; return the documents it goes back to."""
    changed = _give_back(document)
    Takeover.objects.filter(later__document=document, undone=True).delete()
    return changed


def issue(document: Document, at: Moment) -> Touched:
    """Print or send an invoice or credit note: what it took over now weighs in it."""
    _must_be(document, Kind.INVOICE, Kind.CREDIT_NOTE)
    _refuse_unless(document, State.DRAFT)
    changed = {document.pk}
    for taken in Takeover.objects.filter(later__document=document, undone=False, drafted=True).select_related(
        "earlier"
    ):
        Line.objects.filter(pk=taken.earlier_id).update(
            drafted=F("drafted") - taken.amount, settled=F("settled") + taken.amount
        )
        changed.add(taken.earlier.document_id)
    Takeover.objects.filter(later__document=document, undone=False).update(drafted=False)
    document.issued_on = at.day
    numbers.settle(document, day=at.day)
    document.save(update_fields=["issued_on", "number", "numbered"])
    _move(document, State.ISSUED)
    _advance_sources(changed - {document.pk})
    return Touched(documents=frozenset(changed))


def post(document: Document, at: Moment) -> Touched:
    """Post an invoice: it becomes open items, one an instalment. A credit note settles its invoice first."""
    _must_be(document, Kind.INVOICE, Kind.CREDIT_NOTE)
    _refuse_unless(document, State.ISSUED)
    issued_on = document.issued_on or at.day
    new = ledger_items.NewItem(
        company=document.company, customer=document.debtor, kind=ItemKind(document.kind), reference=document.number,
        currency=document.currency, amount=document.total, item_date=issued_on, due=issued_on,
        document_id=document.pk, booked_on=at.day,
    )  # fmt: skip
    if document.kind == Kind.CREDIT_NOTE or (document.type and document.type.sign < 0):
        opened = ledger_items.open_items([_with(new, kind=ItemKind.CREDIT_NOTE)], by=at.user, now=at.now)
        touched = _settle_with(opened[0], OpenItem.objects.filter(document_id=document.origin_id or 0), at)
    else:
        parts = instalments(
            document.terms,
            issued_on=issued_on,
            amount=document.total,
            currency=document.currency,
        )
        opened = ledger_items.open_items(
            [_with(new, instalment=p.position, due=p.due, amount=p.amount) for p in parts],
            by=at.user,
            now=at.now,
        )
        touched = set()
        for credit in OpenItem.objects.filter(document__origin=document, kind=ItemKind.CREDIT_NOTE, open_amount__lt=0):
            touched |= _settle_with(credit, OpenItem.objects.filter(document_id=document.pk), at)
    _move(document, State.POSTED)
    return Touched(
        documents=frozenset({document.pk}),
        items=frozenset({i.pk for i in opened} | touched),
    )


def cancel(document: Document, at: Moment) -> Touched:
    """Cancel a document that nothing was made from; what it had taken over goes back."""
    allowed = {
        Kind.ORDER: (State.DRAFT, State.CONFIRMED, State.PICKED),
        Kind.DELIVERY: (State.DRAFT, State.DELIVERED),
        Kind.RETURN: (State.DRAFT, State.DELIVERED),
        Kind.INVOICE: (State.DRAFT, State.ISSUED),
        Kind.CREDIT_NOTE: (State.DRAFT, State.ISSUED),
    }
    _refuse_unless(document, *allowed[Kind(document.kind)])
    own = Takeover.objects.filter(earlier__document=document, undone=False)
    if own.filter(offsets=False).exists() or (document.kind == Kind.DELIVERY and own.exists()):
        raise InvalidState(
            _("Something was made from %(document)s already; close it short or reverse that first.")
            % {"document": document}
        )
    changed = _give_back(document)
    _move(document, State.CANCELLED)
    _advance_sources(changed)
    return Touched(documents=frozenset({document.pk, *changed}))


def close(document: Document, at: Moment) -> Touched:
    """Close an order short: what is left of it weighs nothing, what stands on draft invoices until they are issued."""
    _must_be(document, Kind.ORDER)
    _refuse_unless(document, State.CONFIRMED, State.PICKED, State.PART_DELIVERED, State.DELIVERED)
    return _of(document, _moved(document, State.CLOSED))


STEPS: dict[str, Callable[[Document, Moment], Touched]] = {
    "confirm": confirm,
    "pick": pick,
    "deliver": deliver,
    "return": return_goods,
    "invoice": issue,
    "issue": issue,
    "post": post,
    "cancel": cancel,
    "close": close,
}


# -- below: how a euro changes room ----------------------------------------------------------------------------------


def _of(document: Document, *writes: Write) -> Touched:
    return Touched(documents=frozenset({document.pk}), writes=writes)


def _must_be(document: Document, *kinds: str) -> None:
    if document.kind not in kinds:
        raise InvalidState(_("%(document)s is no document for this step.") % {"document": document})


def _must_be_open(order_line: Line) -> None:
    order = order_line.document
    if order.state not in writing.OPEN_ORDERS:
        raise InvalidState(
            _("%(order)s is %(state)s: nothing of it can be delivered.")
            % {"order": order, "state": State(order.state).label}
        )


def _with(new: ledger_items.NewItem, **changes: Any) -> ledger_items.NewItem:
    return ledger_items.NewItem(**{**new.__dict__, **changes})


def _with_sources(document: Document) -> list[Line]:
    """Return the lines, each with what it is made from; two that are made from one share it, and see what the other took."""
    lines = list(document.lines.select_related("source__document").order_by("position"))
    shared = {line.source_id: line.source for line in lines}
    for line in lines:
        line.source = shared[line.source_id]
    return lines


def _take(
    earlier: Line,
    later: Line,
    amount: Decimal,
    *,
    drafted: bool = False,
    offsets: bool = False,
) -> None:
    """Write down that `later` takes `amount` over from `earlier`, and let it weigh there no more."""
    Takeover.objects.create(earlier=earlier, later=later, amount=amount, drafted=drafted, offsets=offsets)
    if offsets:
        later.settled += amount
        later.save(update_fields=["settled"])
    if earlier.document.kind != Kind.INVOICE:  # an advance invoice goes on weighing in full
        if drafted:
            earlier.drafted += amount
        else:
            earlier.settled += amount
        earlier.save(update_fields=["settled", "drafted"])


def _taken_by_invoice(document: Document, line: Line) -> list[Line]:
    """Return from which lines an invoice line takes over; a credit note from the returns of what it credits."""
    if line.source is None:
        return []
    if document.kind == Kind.INVOICE:
        return [line.source]
    delivery_lines = [line.source.source_id] if line.source.source_id else []
    return list(
        Line.objects.filter(
            source__in=delivery_lines, document__kind=Kind.RETURN, document__state=State.DELIVERED
        ).select_related("document").order_by("pk")
    )  # fmt: skip


def _give_back(document: Document) -> set[int]:
    """Undo what a document took over; return the documents it goes back to."""
    changed = set()
    takeovers = Takeover.objects.filter(later__document=document, undone=False).select_related(
        "earlier__document", "later"
    )
    for taken in takeovers.order_by("pk"):
        changed.add(taken.earlier.document_id)
        kept = _kept_by_deliveries(taken) if document.kind == Kind.INVOICE else ZERO
        if taken.earlier.document.kind != Kind.INVOICE:
            column = "drafted" if taken.drafted else "settled"
            Line.objects.filter(pk=taken.earlier_id).update(**{column: F(column) - (taken.amount - kept)})
        if taken.offsets:
            Line.objects.filter(pk=taken.later_id).update(settled=F("settled") - taken.amount)
        taken.undone = True
        taken.save(update_fields=["undone"])
    changed |= _weigh_again(document)
    return changed


def _kept_by_deliveries(taken: Takeover) -> Decimal:
    """Return how much of an advance invoice's share has been delivered: that does not go back to the order."""
    delivered = taken.later.given.filter(undone=False, offsets=True)
    return min(taken.amount, sum(delivered.values_list("amount", flat=True), ZERO))


def _weigh_again(document: Document) -> set[int]:
    """Let deliveries that an advance invoice covered weigh again, now as taken from the order."""
    changed = set()
    offset = Takeover.objects.filter(earlier__document=document, undone=False, offsets=True)
    for taken in offset.select_related("later", "earlier"):
        Line.objects.filter(pk=taken.later_id).update(settled=F("settled") - taken.amount)
        if taken.earlier.source_id:
            Takeover.objects.create(
                earlier_id=taken.earlier.source_id,
                later=taken.later,
                amount=taken.amount,
            )
        taken.undone = True
        taken.save(update_fields=["undone"])
        changed.add(taken.later.document_id)
    return changed


def _settle_with(credit: OpenItem, debits: Any, at: Moment) -> set[int]:
    """Allocate a credit note to its invoice's items, oldest first; what is left over stays a credit."""
    open_debits = list(debits.filter(open_amount__gt=0).order_by("due", "pk"))
    if not open_debits:
        return set()
    moved = ledger_items.allocate(credit, [(d, None) for d in open_debits], day=at.day, by=at.user, now=at.now)
    return {item.pk for item in moved}


def _advance_sources(ids: Iterable[int]) -> None:
    """Set the states of notes and orders by what has gone on from them."""
    notes = Document.objects.filter(
        pk__in=list(ids),
        kind=Kind.DELIVERY,
        state__in=[State.DELIVERED, State.INVOICED],
    )
    orders = set(Document.objects.filter(pk__in=list(ids), kind=Kind.ORDER).values_list("pk", flat=True))
    for note in notes.prefetch_related("lines"):
        done = all(writing.residual(line) + line.drafted == 0 for line in note.lines.all())
        _set_state(note, State.INVOICED if done else State.DELIVERED)
        orders |= set(note.orders.values_list("pk", flat=True))
    _advance_orders(orders)


def _advance_orders(ids: Iterable[int]) -> None:
    """Set the states of orders by how much of them was delivered and invoiced."""
    moving = (State.CONFIRMED, State.PICKED, State.PART_DELIVERED, State.DELIVERED, State.INVOICED)
    for order in Document.objects.filter(pk__in=list(ids), kind=Kind.ORDER, state__in=moving).order_by("pk"):
        lines = {line.pk: line.amount for line in order.lines.all()}
        notes = Line.objects.filter(source__in=lines, document__kind=Kind.DELIVERY).exclude(
            document__state__in=[State.DRAFT, State.CANCELLED]
        )
        delivered: dict[int, Decimal] = {}
        for source, amount in notes.values_list("source_id", "amount"):
            delivered[source] = delivered.get(source, ZERO) + amount
        if not delivered:
            _set_state(order, order.state if order.state == State.PICKED else State.CONFIRMED)
        elif any(delivered.get(pk, ZERO) < amount for pk, amount in lines.items()):
            _set_state(order, State.PART_DELIVERED)
        else:
            open_notes = notes.filter(document__state=State.DELIVERED).exists()
            _set_state(order, State.DELIVERED if open_notes else State.INVOICED)


def _set_state(document: Document, state: str) -> None:
    if document.state != state:
        _move(document, state)
