"""What is handed to the gate: a new document, its lines, or the changes to one. Frozen values, no rows."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

from creditrisk.money import HUNDRED, rounded
from customers.models import Company, Customer, PaymentTerms, SettlementDiscount
from documents.models import Document, DocumentType, Line


class _Unset(Enum):
    UNSET = "unset"


UNSET = _Unset.UNSET


@dataclass(frozen=True)
class NewLine:
    """A line as it was typed. `source` names the line that it is made from, where it is made from one.

    `replaces` is the document's own line that it stands for in an amendment: unchanged, it keeps its amount to the cent.
    """

    text: str = ""
    quantity: Decimal = Decimal(1)
    price: Decimal = Decimal(0)
    discount_percent: Decimal = Decimal(0)
    tax_percent: Decimal = Decimal(0)
    source: Line | None = None
    replaces: Line | None = None

    def amount(self, currency: str) -> Decimal:
        """Return quantity x price less discount, with tax, rounded to the decimals of `currency`."""
        if self.replaces is not None and self._says_the_same(self.replaces, currency):
            return self.replaces.amount
        net = self.quantity * self.price * (1 - self.discount_percent / HUNDRED)
        return rounded(net * (1 + self.tax_percent / HUNDRED), currency)

    def _says_the_same(self, line: Line, currency: str) -> bool:
        values = ("quantity", "price", "discount_percent", "tax_percent")
        return line.document.currency == currency and all(getattr(line, n) == getattr(self, n) for n in values)


@dataclass(frozen=True)
class NewDocument:
    """A document to be entered.

    What it is made from: `sources` (orders or deliveries), `origin` (the delivery of a return, the invoice of a credit
    note), or `customer` alone. How much: `lines`, `amount` (with tax), `share` (0 to 1 of what is open), or everything.
    """

    kind: str
    customer: Customer | None = None
    company: Company | None = None
    number: str = ""
    bill_to: Customer | None = None
    type: DocumentType | None = None
    currency: str = ""
    terms: PaymentTerms | None = None
    settlement_discount: SettlementDiscount | None = None
    invoicing: str = ""
    ship_date: date | None = None
    lines: tuple[NewLine, ...] = ()
    amount: Decimal | None = None
    share: Decimal | None = None
    sources: tuple[Document, ...] = ()
    origin: Document | None = None
    channel: str = ""
    note: str = ""
    source_key: str | None = None


@dataclass(frozen=True)
class Changes:
    """What an amendment changes; what is not set stays.

    Where lines are `traced` each says itself which one it replaces; otherwise they stand for the old ones by position.
    """

    lines: tuple[NewLine, ...] | None = None
    amount: Decimal | None = None
    currency: str | None = None
    terms: PaymentTerms | None = None
    settlement_discount: SettlementDiscount | None | _Unset = UNSET
    ship_date: date | None | _Unset = UNSET
    bill_to: Customer | None = None
    type: DocumentType | None = None
    note: str | None = None
    traced: bool = False

    def as_record(self) -> dict[str, Any]:
        """Return the changes as JSON, to be kept with a hold and carried out later."""
        record: dict[str, Any] = {}
        if self.lines is not None:
            record["lines"] = [
                {
                    "text": n.text, "quantity": str(n.quantity), "price": str(n.price),
                    "discount_percent": str(n.discount_percent), "tax_percent": str(n.tax_percent),
                    "replaces": n.replaces and n.replaces.pk,
                }
                for n in self.lines
            ]  # fmt: skip
            record["traced"] = self.traced
        if self.amount is not None:
            record["amount"] = str(self.amount)
        for name in ("currency", "note"):
            if getattr(self, name) is not None:
                record[name] = getattr(self, name)
        for name in ("terms", "bill_to", "type"):
            if getattr(self, name) is not None:
                record[name] = getattr(self, name).pk
        if not isinstance(self.settlement_discount, _Unset):
            record["settlement_discount"] = self.settlement_discount and self.settlement_discount.pk
        if not isinstance(self.ship_date, _Unset):
            record["ship_date"] = self.ship_date and self.ship_date.isoformat()
        return record

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> "Changes":
        """Return the changes that `as_record` wrote down."""

        def row(model: Any, pk: int | None) -> Any:
            return None if pk is None else model.objects.get(pk=pk)

        lines = record.get("lines")
        old = Line.objects.select_related("document", "source").in_bulk(
            [line["replaces"] for line in lines or () if line.get("replaces")]
        )
        shipped = record.get("ship_date", UNSET)
        discount = record.get("settlement_discount", UNSET)
        return cls(
            lines=None if lines is None else tuple(_line_of(line, old.get(line.get("replaces"))) for line in lines),
            traced=record.get("traced", False),
            amount=Decimal(record["amount"]) if "amount" in record else None,
            currency=record.get("currency"),
            note=record.get("note"),
            terms=row(PaymentTerms, record.get("terms")),
            bill_to=row(Customer, record.get("bill_to")),
            type=row(DocumentType, record.get("type")),
            ship_date=date.fromisoformat(shipped) if isinstance(shipped, str) else shipped,
            settlement_discount=discount if discount is UNSET else row(SettlementDiscount, discount),
        )  # fmt: skip


def _line_of(record: dict[str, Any], replaces: Line | None) -> NewLine:
    values = (Decimal(record[name]) for name in ("quantity", "price", "discount_percent", "tax_percent"))
    return NewLine(record["text"], *values, source=replaces.source if replaces else None, replaces=replaces)


@dataclass(frozen=True)
class Portion:
    """How much of one earlier line a new line is made from, and how much the new line amounts to."""

    line: Line
    takes: Decimal
    amount: Decimal
    quantity: Decimal = field(default=Decimal(0))
