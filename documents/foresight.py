"""What a step would make of a document's weight, foreseen from the rows as they stand: nothing is carried out."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from creditrisk.exposure.read import Slot
from creditrisk.money import ZERO, shares
from documents import writing
from documents.drafts import UNSET, Changes
from documents.models import Document, DocumentType, Kind, Line, State, Takeover

_CHANGEABLE = {Kind.ORDER: (State.DRAFT, State.CONFIRMED, State.PICKED), Kind.DELIVERY: (State.DRAFT,),
               Kind.INVOICE: (State.DRAFT,)}  # fmt: skip


@dataclass(frozen=True)
class Earlier:
    """An earlier line from which one is made. `row` says where what is left of it weighs, and how much that is.

    `advance` was invoiced beforehand and is not delivered yet: goods take that first.
    """

    line_id: int
    row: Slot
    advance: Decimal = ZERO


@dataclass(frozen=True)
class Part:
    """One line of the document: its amount with tax, and the earlier line it is made from."""

    amount: Decimal
    earlier: Earlier | None = None


@dataclass(frozen=True)
class Plan:
    """A document as it would stand after a step: whose it is, when it ships, what it would weigh and take over."""

    kind: str
    debtor_id: int
    company_id: int
    currency: str
    day: date
    parts: tuple[Part, ...]
    prepaid: bool = False
    counts: bool = True
    sign: int = 1
    promised: bool = True
    handed_over: tuple[Slot, ...] = ()
    kept: tuple[Slot, ...] | None = None

    @property
    def total(self) -> Decimal:
        """Return the document's amount with tax, in its currency."""
        return sum((part.amount for part in self.parts), ZERO)

    def of(self, total: Decimal) -> "Plan":
        """Return the plan with lines of `total` in the same proportions."""
        amounts = shares(total, [p.amount for p in self.parts], self.currency)
        parts = [replace(p, amount=a) for p, a in zip(self.parts, amounts, strict=True)]
        return replace(self, parts=tuple(parts), kept=None)

    def weights(self) -> list[Slot]:
        """Return the rows of the formula that the document would have."""
        if self.kept is not None:
            return list(self.kept)
        offset = sum((part for _e, part in self._offsets()), ZERO)
        amount = self.total - offset
        if not self.counts or not amount:
            return []
        return [Slot(self.debtor_id, self.company_id, self._bucket, self.currency, self.day, self.sign * amount)]

    def takes(self) -> list[Slot]:
        """Return what earlier documents would weigh less: rows with the opposite sign."""
        if self.kind != Kind.DELIVERY:
            return [replace(row, amount=-row.amount) for row in self.handed_over]
        left = {p.earlier.line_id: p.earlier.row.amount for p in self.parts if p.earlier}
        offsets = defaultdict(lambda: ZERO)
        found = []
        for part, offset in zip((p for p in self.parts if p.earlier), self._offsets(), strict=True):
            earlier = offset[0]
            sign = -1 if earlier.row.amount < 0 else 1
            taken = min(part.amount - offset[1], abs(left[earlier.line_id]))
            left[earlier.line_id] -= sign * taken
            offsets[earlier.line_id] += offset[1]
            if taken > 0:
                found.append(replace(earlier.row, amount=-sign * taken))
        return found

    def _offsets(self) -> list[tuple[Earlier, Decimal]]:
        """Return, for each line with an earlier one, how much of it was invoiced in advance: that weighs there."""
        left = {p.earlier.line_id: p.earlier.advance for p in self.parts if p.earlier}
        found = []
        for part in self.parts:
            if part.earlier is not None:
                offset = min(part.amount, left[part.earlier.line_id]) if self.kind == Kind.DELIVERY else ZERO
                left[part.earlier.line_id] -= offset
                found.append((part.earlier, offset))
        return found

    @property
    def _bucket(self) -> str:
        if self.kind == Kind.ORDER:
            return "ORDERS_PREPAID" if self.prepaid else "ORDERS_CONFIRMED" if self.promised else "ORDERS_ENTERED"
        return "DELIVERED" if self.kind == Kind.DELIVERY else "INVOICES_ISSUED"


def foresee(
    document: Document, step: str, *, changes: Changes | None = None, total: Decimal | None = None, own: Sequence[Slot]
) -> Plan:
    """Return the plan of a document's step: `own` are its rows of the formula now, `total` its amount after `changes`."""
    changes = changes or Changes()
    terms = changes.terms or document.terms
    kind = changes.type or document.type
    ship_date = document.ship_date if changes.ship_date is UNSET else changes.ship_date
    amended = total is not None and (changes.lines is not None or changes.amount is not None)
    parts: tuple[Part, ...] = (Part(total or document.total),)
    if document.kind in (Kind.DELIVERY, Kind.INVOICE):
        if changes.traced and changes.lines is not None:
            currency = changes.currency or document.currency
            parts = _parts(document.kind, [(n.amount(currency), n.source and n.source.pk) for n in changes.lines])
        elif not amended:
            lines = document.lines.order_by("position")
            parts = _parts(document.kind, list(lines.values_list("amount", "source_id")))
    plan = Plan(
        kind=document.kind,
        debtor_id=changes.bill_to.pk if changes.bill_to else document.debtor_id,
        company_id=document.company_id,
        currency=changes.currency or document.currency,
        day=ship_date or document.document_date,  # type: ignore[arg-type]
        parts=parts,
        prepaid=bool(terms and terms.prepaid),
        counts=counts(kind),
        sign=kind.sign if kind else 1,
        promised=step != "enter",
    )
    if step in ("invoice", "issue"):
        handed_over = list(_drafted(document))
        if changes.traced and changes.lines is not None:
            handed_over += _otherwise(document, parts)
        plan = replace(plan, handed_over=tuple(handed_over))
    if step == "pick":
        plan = replace(plan, kept=tuple(own))  # nothing changes its bucket, whatever was made from it already
    return plan


def counts(kind: DocumentType | None) -> bool:
    """Return whether documents of this type use credit."""
    return kind is None or kind.counts


def changeable(document: Document) -> bool:
    """Return whether amount and terms of the document can still be changed: nothing was made from it, or by it."""
    if document.state not in _CHANGEABLE.get(Kind(document.kind), ()):
        return False
    lines = document.lines.all()
    if any(line.settled or line.drafted for line in lines):
        return False
    return document.kind == Kind.ORDER or not Takeover.objects.filter(later__document=document, undone=False).exists()


def _parts(kind: str, lines: Sequence[tuple[Decimal, int | None]]) -> tuple[Part, ...]:
    """Return the parts of a document of these lines: what each amounts to, and the line that it is made from."""
    ids = [source for _amount, source in lines if source]
    sources = Line.objects.select_related("document__type", "document__terms").in_bulk(ids) if ids else {}
    advances = writing.advances(sources) if sources and kind == Kind.DELIVERY else {}
    found = []
    for amount, pk in lines:
        source = sources.get(pk)
        ahead = sum((a.left for a in advances.get(pk or 0, ())), ZERO)
        earlier = Earlier(source.pk, _row(source), ahead) if source else None
        found.append(Part(amount, earlier))
    return tuple(found)


def _otherwise(invoice: Document, parts: Sequence[Part]) -> Iterable[Slot]:
    """Return by how much more (or less, negative) its sources would go on to a draft invoice of other lines."""
    had: defaultdict[int, Decimal] = defaultdict(lambda: ZERO)
    taken = Takeover.objects.filter(later__document=invoice, undone=False, drafted=True)
    for earlier_id, amount in taken.values_list("earlier_id", "amount"):
        had[earlier_id] += amount
    wanted: defaultdict[int, Decimal] = defaultdict(lambda: ZERO)
    for part in parts:
        if part.earlier:
            wanted[part.earlier.line_id] += part.amount
    sources = Line.objects.select_related("document__type", "document__terms").in_bulk([*had, *wanted])
    for pk, source in sources.items():
        left = source.amount - source.settled - source.drafted
        if more := min(wanted[pk], left + had[pk]) - had[pk]:
            yield _row(source, amount=more)


def _row(line: Line, *, drafted: bool = False, amount: Decimal | None = None) -> Slot:
    """Return where an earlier line weighs: with what is left of it, or with what stands on draft invoices."""
    document = line.document
    if document.kind == Kind.ORDER:
        prepaid = document.terms is not None and document.terms.prepaid
        bucket = "ORDERS_PREPAID" if prepaid else "ORDERS_DRAFTED" if drafted else "ORDERS_CONFIRMED"
    else:
        bucket = "DELIVERED_DRAFTED" if drafted else "DELIVERED"
    weight = line.amount - line.settled - line.drafted if amount is None else amount
    sign = document.type.sign if document.type else 1
    if not counts(document.type):
        weight = ZERO
    return Slot(
        document.debtor_id, document.company_id, bucket, document.currency,
        document.ship_date or document.document_date, sign * weight,
    )  # fmt: skip


def _drafted(document: Document) -> Iterable[Slot]:
    taken = Takeover.objects.filter(later__document=document, undone=False, drafted=True)
    for row in taken.select_related("earlier__document__type", "earlier__document__terms"):
        if row.earlier.document.kind != Kind.INVOICE:
            yield _row(row.earlier, drafted=True, amount=row.amount)
