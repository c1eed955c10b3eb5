"""Writing documents down: numbers, headers and lines of drafts, made by hand or from earlier documents."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.text import capfirst

from creditrisk import language
from creditrisk.language import sentence as _
from creditrisk.money import ZERO, figure, quantity_worth, rounded, shares
from creditrisk.refusal import Duplicate, InvalidState, Refused
from customers import terms
from customers.models import Customer
from documents import numbers
from documents.drafts import NewDocument, NewLine, Portion
from documents.models import Document, Kind, Line, State, Takeover
from ledger.items import LARGEST

_PRICED = ("price", "discount_percent", "tax_percent")
OPEN_ORDERS = (State.CONFIRMED, State.PICKED, State.PART_DELIVERED, State.DELIVERED)


def debtor_of(new: NewDocument) -> Customer:
    """Return who will owe the document. Raises Refused where nobody is named."""
    if new.sources:
        return new.sources[0].debtor
    if new.origin is not None:
        return new.origin.debtor
    if new.customer is None:
        raise Refused(_("Choose a customer."), field="customer")
    return new.bill_to or new.customer.bill_to or new.customer


def write_draft(new: NewDocument, *, day: date, by: Any, now: datetime) -> Document:
    """Save a new document as a draft with its lines; nothing weighs by it but an order's or an invoice's draft.

    The caller holds the debtor's account. Raises Refused, Duplicate, InvalidState.
    """
    first = new.sources[0] if new.sources else new.origin
    customer = first.customer if first else new.customer
    if customer is None:
        raise Refused(_("Choose a customer."), field="customer")
    debtor = debtor_of(new)
    company = first.company if first else new.company or customer.company
    currency = first.currency if first else new.currency or debtor.currency
    _same_party(new.sources)
    inherited = first is not None
    document = Document(
        kind=new.kind,
        type=new.type or (first.type if first and first.type and first.type.of == new.kind else None),
        company=company,
        customer=customer,
        debtor=debtor,
        currency=currency,
        terms=new.terms or (first.terms if first else terms.usual(debtor)),
        settlement_discount=new.settlement_discount
        or (first.settlement_discount if first else debtor.settlement_discount),
        invoicing=new.invoicing or (first.invoicing if first else ""),
        ship_date=new.ship_date,
        document_date=day,
        origin=new.origin,
        channel=new.channel or (first.channel if first else ""),
        note=new.note,
        source_key=new.source_key,
        entered_by=by,
        amended_by=by,
        entered_at=now,
    )
    lines = _portions_as_lines(new, document) if inherited else typed_lines(new.lines, new.amount, currency)
    document.total = checked_total(lines)
    numbers.give(document, new.number, day=day)
    try:
        with transaction.atomic():
            document.save(force_insert=True)
    except IntegrityError as error:
        raise Duplicate(
            _("%(kind)s %(number)s exists already.")
            % {"kind": capfirst(Kind(document.kind).label), "number": document.number},
            field="number",
        ) from error
    write_lines(document, lines)
    document.orders.set(_orders_behind(new))
    return document


def _same_party(sources: Sequence[Document]) -> None:
    for source in sources[1:]:
        if (source.debtor_id, source.company_id, source.currency) != (
            sources[0].debtor_id, sources[0].company_id, sources[0].currency,
        ):  # fmt: skip
            raise Refused(
                _("Documents made into one need the same debtor, company and currency."),
                field="sources",
            )


def _orders_behind(new: NewDocument) -> list[int]:
    orders = {s.pk for s in new.sources if s.kind == Kind.ORDER}
    notes = [s.pk for s in new.sources if s.kind != Kind.ORDER] + ([new.origin.pk] if new.origin else [])
    if notes:
        orders |= set(
            Document.orders.through.objects.filter(from_document_id__in=notes).values_list("to_document_id", flat=True)
        )
    return sorted(orders)


def is_made_from_others(document: Document) -> bool:
    """Return whether the document was made from orders, notes or invoices: then party and currency are theirs."""
    return document.origin_id is not None or document.lines.filter(source__isnull=False).exists()


def typed_lines(lines: Sequence[NewLine], amount: Decimal | None, currency: str) -> list[Line]:
    """Return lines as typed, or one line of `amount` without tax. Raises Refused for values that make no sense."""
    if amount is not None:
        lines = (NewLine(quantity=Decimal(1), price=amount),)
    if not lines:
        raise Refused(_("A document needs at least one line."), field="lines")
    rows = []
    for n in lines:
        if not all(v.is_finite() for v in (n.quantity, n.price, n.discount_percent, n.tax_percent)):
            raise Refused(_("Enter numbers."), field="lines")
        if n.quantity <= 0 or n.price < 0:
            raise Refused(_("Quantities are more than zero, prices not negative."), field="amount")
        if not 0 <= n.discount_percent <= 100 or not 0 <= n.tax_percent <= 100:
            raise Refused(_("Discount and tax lie between 0 and 100 percent."), field="lines")
        if n.quantity > LARGEST / 100 or n.price > LARGEST / 100 or n.quantity * n.price > LARGEST / 1000:
            raise Refused(_("The amount is too large."), field="amount")
        rows.append(
            Line(
                text=n.text, quantity=n.quantity, price=n.price, discount_percent=n.discount_percent,
                tax_percent=n.tax_percent, amount=n.amount(currency), source=n.source,
            )
        )  # fmt: skip
    return rows


def checked_total(lines: Iterable[Line]) -> Decimal:
    """Return the lines' total. Raises Refused where it is nothing."""
    total = sum((line.amount for line in lines), ZERO)
    if total <= 0:
        raise Refused(_("The document's amount must be more than zero."), field="amount")
    if total > LARGEST:
        raise Refused(_("The amount is too large."), field="amount")
    return total


def write_lines(document: Document, lines: Sequence[Line]) -> None:
    """Save lines in the order given; those that have their row already keep it."""
    for position, line in enumerate(lines, start=1):
        line.document, line.position = document, position
    Line.objects.bulk_create(line for line in lines if line.pk is None)


def residual(line: Line) -> Decimal:
    """Return what of a line has not gone on and stands on no draft invoice."""
    return line.amount - line.settled - line.drafted


def _portions_as_lines(new: NewDocument, document: Document) -> list[Line]:
    portions = _portions(new, document.currency)
    if not portions:
        raise InvalidState(_("Nothing is left for this document."), field="sources")
    if new.lines:
        return _typed_over(new, portions, document.currency)
    return [
        Line(
            text=p.line.text, quantity=p.quantity, price=p.line.price, discount_percent=p.line.discount_percent,
            tax_percent=p.line.tax_percent, amount=p.amount, source=p.line,
        )
        for p in portions
    ]  # fmt: skip


def _typed_over(new: NewDocument, portions: Sequence[Portion], currency: str) -> list[Line]:
    """Return lines typed for a document made from others: each from the line it names, else from the one beside it."""
    rows = typed_lines(new.lines, None, currency)
    open_of = {p.line.pk: p for p in portions}
    for index, row in enumerate(rows):
        if row.source_id is None and index < len(portions):
            row.source = portions[index].line
            row.text = row.text or portions[index].line.text
        if row.source is not None and all(getattr(row, n) == getattr(row.source, n) for n in _PRICED):
            row.amount = _worth(row, open_of.get(row.source_id), currency)
    refuse_more_than_can_come_back(new.origin, new.kind, rows)
    return rows


def _worth(row: Line, whole: Portion | None, currency: str) -> Decimal:
    """Return what a line made from another at its price comes to: all that is left for the rest, so no cent stays."""
    source: Any = row.source
    if whole is not None and row.quantity == whole.quantity:
        return whole.amount
    return rounded(source.amount * row.quantity / source.quantity, currency)


def refuse_more_than_can_come_back(
    origin: Document | None, kind: str, lines: Sequence[Line], *, beside: Document | None = None
) -> None:
    """Refuse a return or credit note over more than is left of what it takes back; `beside` is the one being amended."""
    if origin is None:
        return
    others = Line.objects.filter(document__origin=origin, document__kind=kind).exclude(document__state=State.CANCELLED)
    if beside is not None:
        others = others.exclude(document=beside)
    back: dict[int | None, Decimal] = {}
    for source_id, amount in others.values_list("source_id", "amount"):
        back[source_id] = back.get(source_id, ZERO) + amount
    left = rounded(origin.total - sum(back.values(), ZERO), origin.currency)
    if sum((line.amount for line in lines), ZERO) > left:
        raise Refused(
            _("Only %(left)s of %(origin)s can come back.") % {"left": figure(left, origin.currency), "origin": origin},
            field="amount",
        )
    for line in lines:
        if line.source is not None and line.amount > line.source.amount - back.get(line.source_id, ZERO):
            raise Refused(
                _("No more than line %(position)s of %(origin)s comes back.")
                % {"position": line.source.position, "origin": origin},
                field="amount",
            )


def left_for(new: NewDocument) -> list[tuple[Line, Decimal]]:
    """Return the lines from which such a document is made, in their order, with what of each it can take.

    Raises InvalidState where the documents are not in a state for it.
    """
    upstream = _upstream(new)
    return [(line, left) for line, left in zip(upstream, _takeables(upstream, new), strict=True) if left > 0]


def _portions(new: NewDocument, currency: str) -> list[Portion]:
    """Return from which earlier lines, and how much of each, the new document is made."""
    upstream = _upstream(new)
    open_amounts = _takeables(upstream, new)
    whole = sum(open_amounts, ZERO)
    wanted = _wanted(new, whole, currency)
    if new.kind in (Kind.RETURN, Kind.CREDIT_NOTE) and wanted > whole:
        raise Refused(
            _("Only %(left)s of %(origin)s can come back.") % {"left": figure(whole, currency), "origin": new.origin},
            field="amount",
        )
    if any(s.kind == Kind.ORDER for s in new.sources) and new.kind == Kind.INVOICE:
        takes = _greedy(wanted, open_amounts)
    else:
        takes = shares(min(wanted, whole), open_amounts, currency) if whole else [ZERO] * len(upstream)
    excess = wanted - sum(takes, ZERO)
    portions = []
    for index, (line, takes_of_line) in enumerate(zip(upstream, takes, strict=True)):
        amount = takes_of_line + (excess if index == len(upstream) - 1 else ZERO)
        if amount > 0:
            portions.append(
                Portion(
                    line,
                    takes_of_line,
                    amount,
                    quantity_worth(amount, quantity=line.quantity, whole=line.amount, currency=currency),
                )
            )
    return portions


def _wanted(new: NewDocument, whole: Decimal, currency: str) -> Decimal:
    if new.amount is not None:
        if not new.amount.is_finite() or new.amount <= 0:
            raise Refused(_("The amount must be more than zero."), field="amount")
        if rounded(new.amount, currency) != new.amount:
            raise Refused(
                _("%(currency)s has no amounts as fine as %(amount)s.")
                % {"currency": currency, "amount": language.exact(new.amount)},
                field="amount",
            )
        return new.amount
    if new.share is not None:
        if not 0 < new.share <= 1:
            raise Refused(_("A share lies above 0 and is at most 1."), field="share")
        return rounded(whole * new.share, currency)
    return whole


def _greedy(wanted: Decimal, amounts: Sequence[Decimal]) -> list[Decimal]:
    """Fill from the first to the last."""
    result = []
    for amount in amounts:
        result.append(min(wanted, amount))
        wanted -= result[-1]
    return result


def _upstream(new: NewDocument) -> list[Line]:
    """Return the earlier lines, in the order in which they are taken; their documents in a fitting state."""
    if new.origin is not None:
        fitting = (State.DELIVERED, State.INVOICED) if new.kind == Kind.RETURN else (State.ISSUED, State.POSTED)
        expected = Kind.DELIVERY if new.kind == Kind.RETURN else Kind.INVOICE
        if new.origin.kind != expected or new.origin.state not in fitting:
            raise InvalidState(
                _("%(origin)s is %(state)s: nothing of it can come back.")
                % {"origin": new.origin, "state": State(new.origin.state).label}
            )
        return list(new.origin.lines.order_by("position"))
    for source in new.sources:
        fits = source.state in (OPEN_ORDERS if source.kind == Kind.ORDER else (State.DELIVERED,))
        if not fits or (new.kind == Kind.DELIVERY and source.kind != Kind.ORDER):
            raise InvalidState(
                _("%(source)s is %(state)s; this step does not follow.")
                % {"source": source, "state": State(source.state).label},
                field="sources",
            )
    ids = [s.pk for s in new.sources]
    own = list(Line.objects.filter(document_id__in=ids).order_by("document_id", "position"))
    if new.kind != Kind.INVOICE:
        return own
    # An invoice of an order takes first what was delivered.
    delivered = Line.objects.filter(
        source__in=own, document__kind=Kind.DELIVERY, document__state=State.DELIVERED
    ).order_by("document_id", "position")
    return [*delivered, *own]


def _takeables(upstream: Sequence[Line], new: NewDocument) -> list[Decimal]:
    """Return how much such a document can take of each of these lines: a fixed number of queries."""
    if new.origin is None:
        left = advances(upstream) if new.kind == Kind.DELIVERY else {}
        return [residual(line) + sum((a.left for a in left.get(line.pk, ())), ZERO) for line in upstream]
    # What of a delivery or invoice has not come back yet, drafts included.
    back: defaultdict[int | None, Decimal] = defaultdict(lambda: ZERO)
    lines = Line.objects.filter(source__in=upstream, document__kind=new.kind).exclude(document__state=State.CANCELLED)
    for source, amount in lines.values_list("source_id", "amount"):
        back[source] += amount
    return [line.amount - back[line.pk] for line in upstream]


@dataclass
class Advance:
    """An invoice line made from an order line before its goods left, and how much of it still waits for them."""

    line: Line
    left: Decimal


def advances(order_lines: Iterable[Line | int]) -> dict[int, list[Advance]]:
    """Return by order line its advance invoice lines with something left, oldest first: two queries."""
    invoiced = list(
        Takeover.objects.filter(earlier__in=order_lines, undone=False, drafted=False, later__document__kind=Kind.INVOICE)
        .select_related("later__document").order_by("pk")
    )  # fmt: skip
    used: defaultdict[int, Decimal] = defaultdict(lambda: ZERO)
    if invoiced:
        delivered = Takeover.objects.filter(earlier__in=[t.later_id for t in invoiced], undone=False, offsets=True)
        for later, amount in delivered.values_list("earlier_id", "amount"):
            used[later] += amount
    found: defaultdict[int, list[Advance]] = defaultdict(list)
    for taken in invoiced:
        if taken.amount > used[taken.later_id]:
            found[taken.earlier_id].append(Advance(taken.later, taken.amount - used[taken.later_id]))
    return dict(found)
