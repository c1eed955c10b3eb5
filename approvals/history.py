"""History taken over set-wise: what `gate.record` does event by event, for thousands of documents at once.

A History is told what happened, step by step and each on its business day; it never judges and never holds. Written,
every document, item and effect stands in its last state, and every step has left its entry in the exposure ledger.
The audit says that both agree.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from approvals.bulk import Ids
from approvals.past import (
    Impossible,
    Party,
    PastDocument,
    PastEffect,
    PastItem,
    PastLine,
    PastPresentation,
    Taken,
    Told,
)
from creditrisk.exposure.ledger import HistoryRow
from creditrisk.money import ZERO, quantity_worth
from documents.models import Document, Kind, Line, State
from ledger.models import Effect, EffectState, ItemKind, OpenItem, Presentation


class History:
    """What happened, as it is being told. Tell each source its steps in the order in which they happened."""

    def __init__(self) -> None:
        self.documents: list[PastDocument] = []
        self.takeovers: list[tuple[int, int, Decimal]] = []
        self.items: list[PastItem] = []
        self.allocations: list[tuple[int, int, Decimal, date]] = []
        self.effects: list[PastEffect] = []
        self.presentations: list[PastPresentation] = []
        self.entries: list[HistoryRow] = []
        self._ids = {model: Ids(model) for model in (Document, Line, OpenItem)} | {
            model: Ids(model, block=500) for model in (Effect, Presentation)
        }

    def order(
        self, number: str, *, party: Party, day: date, lines: Iterable[Told], ship_date: date | None = None,
        source_key: str | None = None, note: str = "",
    ) -> PastDocument:  # fmt: skip
        """This will enter and confirm an order on `day`."""
        document = self._document(Kind.ORDER, number, party, day, ship_date, State.CONFIRMED, source_key, note)
        for position, (text, quantity, price, tax, amount) in enumerate(lines, 1):
            document.lines.append(
                PastLine(next(self._ids[Line]), document.id, position, text, quantity, price, tax, amount)
            )
        self._weigh(document, document.left, day)
        return document

    def deliver(
        self, order: PastDocument, number: str, *, day: date, taken: Sequence[Taken] | None = None
    ) -> PastDocument:
        """This will deliver what is left of an order, or the parts `taken`, on `day`."""
        return self._follow([order], Kind.DELIVERY, number, State.DELIVERED, day, taken, None)

    def invoice(
        self, sources: Sequence[PastDocument], number: str, *, day: date, due: Sequence[tuple[date, Decimal]],
        taken: Sequence[Taken] | None = None, source_key: str | None = None,
    ) -> tuple[PastDocument, list[PastItem]]:  # fmt: skip
        """This will invoice orders or deliveries and post the invoice on `day`, with an item for each part of `due`.

        What is invoiced straight from an order left with the invoice: no delivery is waited for.
        """
        document = self._follow(sources, Kind.INVOICE, number, State.POSTED, day, taken, source_key)
        total = sum((line.amount for line in document.lines), ZERO)
        if total != sum((amount for _, amount in due), ZERO):
            raise Impossible(f"Invoice {number}: the instalments do not sum to {total}.")
        items = [
            self.item(
                number, party=document.party, amount=amount, day=day, due=falls_due, instalment=position,
                document=document, source_key=source_key if position == 1 else None,
            )
            for position, (falls_due, amount) in enumerate(due, 1)
        ]  # fmt: skip
        return document, items

    def cancel(self, order: PastDocument, *, day: date) -> None:
        """This will cancel an order of which nothing has gone on."""
        if any(line.settled for line in order.lines):
            raise Impossible(f"Order {order.number} has gone on and cannot be cancelled.")
        self._weigh(order, -order.left, day)
        order.state = State.CANCELLED

    def item(
        self, reference: str, *, party: Party, amount: Decimal, day: date, due: date, kind: str = ItemKind.INVOICE,
        instalment: int = 1, document: PastDocument | None = None, effect: PastEffect | None = None,
        source_key: str | None = None, disputed: bool = False, dispute_reason: str = "",
    ) -> PastItem:  # fmt: skip
        """This will open an item on `day`; credits and payments are negative."""
        item = PastItem(
            next(self._ids[OpenItem]), party.debtor, party.company, kind, reference, party.currency, amount, amount,
            day, due, instalment, document.id if document else None, effect.id if effect else None, source_key,
            disputed, dispute_reason, day if disputed else None,
        )  # fmt: skip
        self.items.append(item)
        self._owe(item, amount, day)
        return item

    def pay(
        self, reference: str, *, party: Party, amount: Decimal, day: date,
        settles: Iterable[tuple[PastItem, Decimal]] = (), source_key: str | None = None,
    ) -> PastItem:  # fmt: skip
        """This will receive `amount` (positive) on `day` and settle items with it; the rest stays a credit."""
        payment = self.item(
            reference, party=party, amount=-amount, day=day, due=day, kind=ItemKind.PAYMENT, source_key=source_key
        )
        for item, part in settles:
            self.settle(payment, item, part, day=day)
        return payment

    def settle(self, credit: PastItem, debit: PastItem, amount: Decimal, *, day: date) -> None:
        """This will settle `amount` (positive) of a debt with a credit on `day`."""
        if not ZERO < amount <= min(debit.open, -credit.open):
            raise Impossible(f"{credit.reference} cannot settle {amount} of {debit.reference}.")
        self.allocations.append((credit.id, debit.id, amount, day))
        self._move(debit, -amount, day)
        self._move(credit, amount, day)

    def write_off(self, item: PastItem, *, day: date, reason: str) -> None:
        """This will give up what is open of a debt on `day`, by an item that settles it."""
        left = item.open
        given = PastItem(
            next(self._ids[OpenItem]), item.customer, item.company, ItemKind.WRITE_OFF, item.reference, item.currency, -left,
            -left, day, day, item.instalment, reason=reason,
        )  # fmt: skip
        self.items.append(given)
        self._owe(given, -left, day)
        self.settle(given, item, left, day=day)

    def dispute(self, item: PastItem, *, day: date, reason: str) -> None:
        """This will mark an item as disputed from `day` on."""
        self._owe(item, -item.open, day)
        item.disputed, item.disputed_on, item.dispute_reason = True, day, reason
        self._owe(item, item.open, day)

    def effect(
        self, number: str, *, party: Party, kind: str, items: Sequence[PastItem], due: date, day: date
    ) -> PastEffect:
        """This will issue an effect over all that is open of `items` on `day`."""
        amount = sum((item.open for item in items), ZERO)
        effect = PastEffect(
            next(self._ids[Effect]), party.debtor, party.company, number, kind, party.currency, amount, due, day
        )
        for item in items:
            effect.closes.append((item.id, item.open))
            self._move(item, -item.open, day)
        self.effects.append(effect)
        self._bill(effect, amount, day, "issued")
        return effect

    def present(self, effects: Sequence[PastEffect], *, mode: str, bank: str, day: date) -> None:
        """This will hand effects of one company to a bank on `day`."""
        presentation = PastPresentation(next(self._ids[Presentation]), effects[0].company, mode, bank, day)
        self.presentations.append(presentation)
        for effect in effects:
            self._bill(effect, -effect.amount, day)
            effect.bucket, effect.state, effect.presentation = (
                f"EFFECTS_{mode}",
                EffectState.PRESENTED,
                presentation.id,
            )
            self._bill(effect, effect.amount, day, "presented")

    def collect(self, effect: PastEffect, *, day: date) -> None:
        """This will have the bank collect an effect on `day`."""
        self._bill(effect, -effect.amount, day, "collected")
        effect.state, effect.collected_on = EffectState.COLLECTED, day

    def unpaid(self, effect: PastEffect, *, day: date, party: Party | None = None) -> PastItem | None:
        """This will return an effect unpaid on `day`; with `party` it is posted back as an item, which is returned."""
        self._bill(effect, -effect.amount, day)
        effect.unpaid_on, effect.bucket = day, "EFFECTS_UNPAID"
        if party is None:
            effect.state = EffectState.UNPAID
            self._bill(effect, effect.amount, day, "unpaid")
            return None
        effect.state = EffectState.UNPAID_POSTED
        effect.events.append(("unpaid", day))
        return self.item(
            effect.number, party=party, amount=effect.amount, day=day, due=effect.due, kind=ItemKind.RETURNED,
            effect=effect,
        )  # fmt: skip

    def _document(
        self, kind: str, number: str, party: Party, day: date, ship_date: date | None, state: str,
        source_key: str | None, note: str = "",
    ) -> PastDocument:  # fmt: skip
        document = PastDocument(
            next(self._ids[Document]), kind, number, party, day, ship_date, state, [], source_key, note=note
        )
        self.documents.append(document)
        return document

    def _follow(
        self, sources: Sequence[PastDocument], kind: str, number: str, state: str, day: date,
        taken: Sequence[Taken] | None, source_key: str | None,
    ) -> PastDocument:  # fmt: skip
        """Make the next document of the chain out of lines of `sources`, which then weigh that much less."""
        by_id = {source.id: source for source in sources}
        parts = [(line, line.left) for source in sources for line in source.lines] if taken is None else taken
        document = self._document(kind, number, sources[0].party, day, None, state, source_key)
        gone: dict[int, Decimal] = dict.fromkeys(by_id, ZERO)
        for line, amount in parts:
            if amount > 0:
                self._take(line, amount, document)
                gone[line.document] += amount
        for source_id, amount in gone.items():
            self._weigh(by_id[source_id], -amount, day)
        for source in sources:
            orders = [source] if source.kind == Kind.ORDER else source.orders
            document.orders.extend(orders)
            if kind == Kind.DELIVERY:
                source.notes.append(document)
            elif not source.left:
                source.state = State.INVOICED
        for order in document.orders:
            order.state = _state_of(order)
        if kind == Kind.INVOICE:
            document.issued_on = day
        else:
            self._weigh(document, document.left, day)
        return document

    def _take(self, line: PastLine, amount: Decimal, document: PastDocument) -> None:
        if amount > line.left:
            raise Impossible(f"{document.number} takes {amount} of a line with {line.left} left.")
        quantity = quantity_worth(amount, quantity=line.quantity, whole=line.amount, currency=document.party.currency)
        later = PastLine(
            next(self._ids[Line]), document.id, len(document.lines) + 1, line.text, quantity, line.price,
            line.tax_percent, amount, source=line.id,
        )  # fmt: skip
        document.lines.append(later)
        line.settled += amount
        self.takeovers.append((line.id, later.id, amount))

    def _weigh(self, document: PastDocument, amount: Decimal, on: date) -> None:
        party = document.party
        if document.kind == Kind.ORDER:
            bucket = "ORDERS_PREPAID" if party.prepaid else "ORDERS_CONFIRMED"
        else:
            bucket = "DELIVERED"
        self._enter("D", document.id, party.debtor, party.company, bucket, document.day, party.currency, amount, on)

    def _move(self, item: PastItem, amount: Decimal, on: date) -> None:
        item.open += amount
        if not item.open:
            item.cleared_on = max(on, item.day)
        self._owe(item, amount, on)

    def _owe(self, item: PastItem, amount: Decimal, on: date) -> None:
        self._enter("I", item.id, item.customer, item.company, item.bucket, item.due, item.currency, amount, on)
        if item.kind == ItemKind.RETURNED:
            self._enter("I", item.id, item.customer, item.company, "POSTED_UNPAID", item.due, item.currency, amount, on)

    def _bill(self, effect: PastEffect, amount: Decimal, on: date, step: str = "") -> None:
        if step:
            effect.events.append((step, on))
        self._enter(
            "E", effect.id, effect.customer, effect.company, effect.bucket, effect.due, effect.currency, amount, on
        )

    def _enter(
        self, origin: str, source: int, customer: int, company: int, bucket: str, day: date, currency: str,
        amount: Decimal, on: date,
    ) -> None:  # fmt: skip
        if amount:
            self.entries.append(
                HistoryRow(origin, source, customer, company, bucket, day, currency, amount, effective_on=on)
            )


def _state_of(order: PastDocument) -> str:
    """Return how far an order has come: delivered in part, in full, or delivered and invoiced."""
    if order.left:
        return State.PART_DELIVERED if order.notes else State.CONFIRMED
    return State.INVOICED if all(note.state == State.INVOICED for note in order.notes) else State.DELIVERED
