"""Amending: which changes a document takes, whether they ask for more credit, and carrying them out."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from creditrisk.exposure.ledger import Touched
from creditrisk.money import Rates
from creditrisk.refusal import InvalidState, Refused
from customers import terms as customer_terms
from customers.models import SettlementDiscount
from documents import writing
from documents.drafts import UNSET, Changes
from documents.models import Document, Kind, Line, State
from documents.steps import Moment

AMENDABLE = {
    Kind.ORDER: (State.DRAFT, State.CONFIRMED, State.PICKED),
    Kind.DELIVERY: (State.DRAFT,),
    Kind.RETURN: (State.DRAFT,),
    Kind.INVOICE: (State.DRAFT,),
    Kind.CREDIT_NOTE: (State.DRAFT,),
}


def refuse_unless_amendable(document: Document) -> None:
    """Raise InvalidState for a document that is delivered, issued, closed or cancelled."""
    if document.state not in AMENDABLE[Kind(document.kind)]:
        raise InvalidState(f"{document} is {document.get_state_display()}: it can no longer be changed.")


def amend(document: Document, changes: Changes, at: Moment, *, by: Any) -> Touched:
    """Change fields or lines of a document that is not yet delivered or posted. Raises Refused, InvalidState."""
    refuse_unless_amendable(document)
    if changes.currency is not None:
        document.currency = changes.currency
    if changes.terms is not None:
        document.terms = changes.terms
    if changes.settlement_discount is not UNSET:
        document.settlement_discount = changes.settlement_discount  # type: ignore[assignment]
    if changes.ship_date is not UNSET:
        document.ship_date = changes.ship_date  # type: ignore[assignment]
    if changes.bill_to is not None:
        document.debtor = changes.bill_to
    if changes.type is not None:
        if changes.type.of != document.kind:
            raise Refused(
                f"{changes.type} is no type of {document.get_kind_display()}.",
                field="type",
            )
        document.type = changes.type
    if changes.note is not None:
        document.note = changes.note
    if changes.lines is not None or changes.amount is not None:
        _replace_lines(document, changes)
    document.revision += 1
    document.amended_by = by
    document.save()
    return Touched(documents=frozenset({document.pk}))


def _replace_lines(document: Document, changes: Changes) -> None:
    old = list(document.lines.order_by("position"))
    lines = writing.typed_lines(changes.lines or (), changes.amount, document.currency)
    for before, after in zip(old, lines, strict=False):
        after.source_id = after.source_id or before.source_id
        after.text = after.text or before.text
    made = Line.objects.filter(source__in=old).exclude(document__state=State.CANCELLED)
    if any(line.settled or line.drafted for line in old) or made.exists():
        raise InvalidState(f"Something was made from {document} already.")
    if document.kind != Kind.ORDER and any(line.taken.filter(undone=False).exists() for line in old):
        raise InvalidState(f"{document} takes over what it was made from; cancel it and draw it up again.")
    document.total = writing.checked_total(lines)
    # What was cancelled since still names the lines that it was made from: those stay, with other values.
    named = set(Line.objects.filter(source__in=old).values_list("source_id", flat=True))
    if any(line.pk in named for line in old[len(lines) :]):
        raise InvalidState(
            f"A cancelled document was made from a line of {document} that would go; keep as many lines."
        )
    kept = [(before, after) for before, after in zip(old, lines, strict=False) if before.pk in named]
    for before, after in kept:
        after.pk, after.document, after.position = before.pk, document, before.position
        after.save(force_update=True)
    stay = {after.pk for _before, after in kept}
    Line.objects.filter(document=document).exclude(pk__in=stay).delete()
    writing.write_lines(document, lines)


def asks_for_more(
    document: Document,
    changes: Changes,
    *,
    today: date,
    horizon_days: int | None,
    rates: Rates,
) -> bool:
    """Return whether the changes ask for more credit than the document has: these alone meet a checkpoint.

    More amount, more generous terms or discount, an earlier ship date inside the horizon, another debtor.
    """
    if changes.bill_to is not None and changes.bill_to.pk != document.debtor_id:
        return True
    if changes.type is not None and changes.type.pk != document.type_id:
        return True
    if _raised_amount(document, changes, rates):
        return True
    if changes.terms is not None and customer_terms.more_generous(changes.terms, document.terms):
        return True
    discount = changes.settlement_discount
    if isinstance(discount, SettlementDiscount) and _bigger(discount, document.settlement_discount):
        return True
    if changes.ship_date is not UNSET and horizon_days is not None:
        reach = today + timedelta(days=horizon_days)
        new = changes.ship_date if isinstance(changes.ship_date, date) else today
        old = document.ship_date or document.document_date
        return new < old and new <= reach < old
    return False


def new_total(document: Document, changes: Changes) -> Decimal:
    """Return the document's total after the changes, in its currency after them."""
    if changes.lines is None and changes.amount is None:
        return document.total
    currency = changes.currency or document.currency
    return writing.checked_total(writing.typed_lines(changes.lines or (), changes.amount, currency))


def _raised_amount(document: Document, changes: Changes, rates: Rates) -> bool:
    currency = changes.currency or document.currency
    after = rates.convert({currency: new_total(document, changes)}, document.currency)
    return after > document.total


def _bigger(new: SettlementDiscount, old: SettlementDiscount | None) -> bool:
    if old is None:
        return True
    if new.rank is not None and old.rank is not None:
        return new.rank > old.rank
    return new.percent > old.percent
