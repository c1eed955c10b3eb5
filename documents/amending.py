"""Amending: which changes a document takes, whether they ask for more credit, and carrying them out."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from creditrisk.exposure.ledger import Touched
from creditrisk.language import sentence as _
from creditrisk.money import Rates, quantity_worth, shares
from creditrisk.refusal import InvalidState, Refused
from customers import terms as customer_terms
from customers.models import SettlementDiscount
from documents import steps, writing
from documents.drafts import UNSET, Changes
from documents.models import Document, Kind, Line, State, type_of
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
        raise InvalidState(
            _("%(document)s is %(state)s: it can no longer be changed.")
            % {"document": document, "state": State(document.state).label}
        )


def amend(document: Document, changes: Changes, at: Moment, *, by: Any) -> Touched:
    """Change fields or lines of a document that is not yet delivered or posted. Raises Refused, InvalidState."""
    refuse_unless_amendable(document)
    _refuse_another_party(document, changes)
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
        if changes.type.of != type_of(document.kind):
            raise Refused(
                _("%(type)s is no type of %(kind)s.") % {"type": changes.type, "kind": Kind(document.kind).label},
                field="type",
            )
        document.type = changes.type
    if changes.note is not None:
        document.note = changes.note
    touched = {document.pk}
    if changes.lines is not None or changes.amount is not None:
        touched |= _replace_lines(document, changes, at)
    document.revision += 1
    _remember_who(document, by)
    document.save()
    return Touched(documents=frozenset(touched))


def _remember_who(document: Document, by: Any) -> None:
    """Keep everybody who changed the document: none of them releases it where four eyes are asked for."""
    before = document.amended_by_id
    if before is not None and before != (by and by.pk):
        document.amended_before = sorted({*(document.amended_before or ()), before})
    document.amended_by = by


def _refuse_another_party(document: Document, changes: Changes) -> None:
    other = {
        "currency": changes.currency is not None and changes.currency != document.currency,
        "bill_to": changes.bill_to is not None and changes.bill_to.pk != document.debtor_id,
    }
    field = next((name for name, differs in other.items() if differs), None)
    if field and document.kind != Kind.ORDER and writing.is_made_from_others(document):
        raise Refused(
            _("%(document)s is made from other documents: currency and bill-to are theirs.") % {"document": document},
            field=field,
        )


def _replace_lines(document: Document, changes: Changes, at: Moment) -> set[int]:
    """Write the lines anew; return the documents from which a draft now takes over something else."""
    old = list(document.lines.select_related("source__document").order_by("position"))
    made = Line.objects.filter(source__in=old).exclude(document__state=State.CANCELLED)
    if any(line.settled or line.drafted for line in old) or made.exists():
        raise InvalidState(_("Something was made from %(document)s already.") % {"document": document})
    pairs = _pairs(document, changes, old)
    lines = [after for _before, after in pairs]
    document.total = writing.checked_total(lines)
    writing.refuse_more_than_can_come_back(document.origin, document.kind, lines, beside=document)
    _refuse_more_of_closed(old, lines)
    changed = set() if document.kind == Kind.ORDER else steps.take_apart(document)
    # What was cancelled since still names the lines that it was made from: those stay, with other values.
    named = set(Line.objects.filter(source__in=old).values_list("source_id", flat=True))
    kept = {before.pk: after for before, after in pairs if before is not None and before.pk in named}
    if named - kept.keys():
        raise InvalidState(
            _("A cancelled document was made from a line of %(document)s that would go; keep as many lines.")
            % {"document": document}
        )
    for position, line in enumerate(lines, start=1):
        line.position = position
    for pk, after in kept.items():
        after.pk, after.document = pk, document
        after.save(force_update=True)
    Line.objects.filter(document=document).exclude(pk__in=kept).delete()
    writing.write_lines(document, lines)
    if document.kind in (Kind.INVOICE, Kind.CREDIT_NOTE):
        changed |= steps.draw_up(document, at).documents
    return changed


def _refuse_more_of_closed(old: list[Line], lines: list[Line]) -> None:
    """Refuse to take more of an order that was closed than the draft had of it: nobody promises that any more."""
    had: defaultdict[int | None, Decimal] = defaultdict(Decimal)
    for line in old:
        if line.source is not None and line.source.document.state == State.CLOSED:
            had[line.source_id] += line.amount
    for line in lines:
        if line.source_id in had:
            had[line.source_id] -= line.amount
            if had[line.source_id] < 0:
                order = next(before.source.document for before in old if before.source_id == line.source_id)
                raise InvalidState(
                    _("%(order)s is closed: no more of it is invoiced than this draft had.") % {"order": order},
                    field="lines",
                )


def _pairs(document: Document, changes: Changes, old: list[Line]) -> list[tuple[Line | None, Line]]:
    """Return the new lines, each with the old one that it stands for and made from the same as that."""
    if changes.amount is not None and any(line.source_id for line in old):
        return list(zip(old, _in_proportion(document, changes, old), strict=True))
    lines = writing.typed_lines(changes.lines or (), changes.amount, document.currency)
    if changes.traced:
        own = {line.pk: line for line in old}
        asked = [n.replaces.pk if n.replaces else 0 for n in changes.lines or ()]
        return [(own.get(pk), line) for pk, line in zip(asked, lines, strict=True)]
    for before, after in zip(old, lines, strict=False):
        after.source_id = after.source_id or before.source_id
        after.text = after.text or before.text
    return [(old[n] if n < len(old) else None, line) for n, line in enumerate(lines)]


def _in_proportion(document: Document, changes: Changes, old: list[Line]) -> list[Line]:
    """Return the lines of a document made from others, with another amount in all."""
    amounts = shares(new_total(document, changes), [line.amount for line in old], document.currency)
    return [
        Line(
            text=line.text, quantity=quantity_worth(amount, quantity=line.quantity, whole=line.amount, currency=document.currency), price=line.price,
            discount_percent=line.discount_percent, tax_percent=line.tax_percent, amount=amount, source=line.source,
        )
        for line, amount in zip(old, amounts, strict=True)
    ]  # fmt: skip


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
