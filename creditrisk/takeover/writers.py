"""Writes what rows say, each kind in its own way, through the doors that people use: gate, bookings, grants."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from approvals import booking, gate
from creditrisk.money import ZERO, decimals, figure
from creditrisk.roles import Actor, companies_of
from creditrisk.takeover.kinds import whole
from creditrisk.takeover.models import Outcome, Upload, What
from customers.models import (
    Company,
    CreditAccount,
    Customer,
    Limit,
    LimitKind,
    LimitState,
    PaymentTerms,
    Segment,
)
from documents.drafts import NewDocument, NewLine
from documents.models import Document, Kind
from ledger import items as ledger_items
from ledger.imports.values import Unreadable, customer_code, shown
from ledger.models import ItemKind, OpenItem

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Told:
    """What became of a row."""

    outcome: Outcome
    sentence: str = ""
    key: str = ""


@dataclass
class Desk:
    """What every row needs: the upload's defaults, who acts and when, and master data looked up once."""

    upload: Upload
    by: Actor
    now: datetime
    today: date
    _customers: dict[str, int] | None = None
    _terms: dict[str, PaymentTerms] = field(default_factory=dict)
    _segments: dict[str, Segment] = field(default_factory=dict)

    def __post_init__(self) -> None:
        allowed = companies_of(self.by.user) if self.by.user is not None else None
        self.companies = {c.code: c for c in Company.objects.all() if allowed is None or c.pk in allowed}

    def company(self, row: Values) -> Company | None:
        """Return the company that the row, or the upload, names. Raises Unreadable for one that is not yours."""
        code = row.get("company", "")
        if not code:
            return self.upload.company
        if code not in self.companies:
            raise Unreadable(f"There is no company “{shown(code)}”, or you do not work in it.")
        return self.companies[code]

    def customer(self, row: Values) -> Customer:
        """Return the row's customer, spelled with or without leading zeros; a merged one is the one that stayed."""
        found = self.known(row["customer"])
        if found is None:
            raise Unreadable(f"There is no customer {row['customer']}. Import the customers first.")
        if found.company_id not in {c.pk for c in self.companies.values()}:
            raise Unreadable(f"Customer {row['customer']} belongs to a company that you do not work in.")
        return found

    def known(self, code: str) -> Customer | None:
        """Return the customer of that number, or None."""
        if self._customers is None:
            self._customers = {customer_code(c): into or pk for pk, c, into in _codes()}
        pk = self._customers.get(code)
        return (
            None if pk is None else Customer.objects.select_related("company", "segment", "terms", "bill_to").get(pk=pk)
        )

    def remember(self, customer: Customer) -> None:
        """Know a customer that was made just now."""
        if self._customers is not None:
            self._customers[customer_code(customer.code)] = customer.pk

    def forget(self) -> None:
        """Forget what was looked up: a savepoint was rolled back."""
        self._customers = None
        self._terms, self._segments = {}, {}

    def terms(self, code: str) -> PaymentTerms | None:
        """Return the payment terms of that code; None where the row names none. Raises Unreadable."""
        if not code:
            return None
        if code not in self._terms:
            found = PaymentTerms.objects.filter(code__iexact=code).first()
            if found is None:
                raise Unreadable(f"There are no payment terms “{shown(code)}”. An administrator can add them.")
            self._terms[code] = found
        return self._terms[code]

    def segment(self, code: str) -> Segment | None:
        """Return the segment of that code; None where the row names none. Raises Unreadable."""
        if not code:
            return None
        if code not in self._segments:
            found = Segment.objects.filter(code__iexact=code).first()
            if found is None:
                raise Unreadable(f"There is no segment “{shown(code)}”. An administrator can add it.")
            self._segments[code] = found
        return self._segments[code]

    def currency(self, row: Values, customer: Customer | None = None) -> str:
        return str(row.get("currency") or self.upload.currency or (customer.currency if customer else ""))


def _codes() -> Any:
    return Customer.objects.values_list("pk", "code", "merged_into_id")


def write(what: str, rows: Sequence[Values], desk: Desk) -> list[Told]:
    """Write what belongs together: one row, or the rows of one payment or document. One answer a row.

    Raises Unreadable, Refused and MissingRate: then none of it is written.
    """
    return _WRITERS[what](rows, desk)


def key_of(what: str, row: Values) -> str:
    """Return under which key rows belong together; empty where each stands alone."""
    if what == What.PAYMENTS:
        return f"{row['customer']}:{row['reference']}"
    if what == What.DOCUMENTS:
        return f"{row.get('company', '')}:{_document_kind(row)}:{row['number']}"
    return ""


def _customer(rows: Sequence[Values], desk: Desk) -> list[Told]:
    (row,) = rows
    code = row["customer"]
    known = desk.known(code)
    changes = {
        "name": row["name"], "country": row.get("country", "").upper(), "email": row.get("email", ""),
        "terms": desk.terms(row.get("terms", "")), "segment": desk.segment(row.get("segment", "")),
        "customer_since": row.get("since"),
    }  # fmt: skip
    if changes["country"] and not (len(changes["country"]) == 2 and changes["country"].isalpha()):
        raise Unreadable(f"“{shown(changes['country'])}” is not a country of two letters.")
    if changes["email"]:
        try:
            validate_email(changes["email"])
        except ValidationError as error:
            raise Unreadable(f"“{shown(changes['email'])}” is not an e-mail address.") from error
    if changes["customer_since"] and changes["customer_since"] > desk.today:
        raise Unreadable("Nobody is a customer since a day to come.")
    if known is None:
        return [_new_customer(row, changes, desk)]
    desk.customer(row)
    currency = row.get("currency", "")
    if currency and currency != known.currency:
        raise Unreadable(f"Customer {code} is kept in {known.currency}; the currency of an account cannot be changed.")
    differing = {n: v for n, v in changes.items() if v not in ("", None) and getattr(known, n) != v}
    if not differing:
        return [Told(Outcome.ALREADY, key=code)]
    for name, value in differing.items():
        setattr(known, name, value)
    known.save(update_fields=list(differing))
    words = ", ".join(name.replace("_", " ") for name in differing)
    return [Told(Outcome.CHANGED, f"{words.capitalize()} of {known.name} changed.", code)]


def _new_customer(row: Values, changes: Mapping[str, Any], desk: Desk) -> Told:
    company = desk.company(row)
    if company is None:
        raise Unreadable("No company is named for this new customer; choose one for rows without.")
    made = Customer.objects.create(
        code=row["customer"], company=company, currency=desk.currency(row) or company.currency,
        **{name: value for name, value in changes.items() if value not in ("", None)},
    )  # fmt: skip
    CreditAccount.objects.create(customer=made)
    desk.remember(made)
    return Told(Outcome.CREATED, f"New customer {made.name}", made.code)


def _limit(rows: Sequence[Values], desk: Desk) -> list[Told]:
    (row,) = rows
    customer = desk.customer(row)
    currency = desk.currency(row, customer)
    amount = whole(row["amount"], currency, label="The limit")
    if amount < 0:
        raise Unreadable("A limit is zero or more.")
    first, last = row.get("valid_from") or desk.today, row.get("valid_to")
    newest = Limit.objects.filter(customer=customer, kind=LimitKind.BASE).order_by("-valid_from", "-pk").first()
    says = f"{customer.name}: {currency} {amount:,.{decimals(currency)}f}"
    same = newest is not None and (newest.state, newest.amount, newest.currency, newest.valid_to) == (
        LimitState.AMOUNT, amount, currency, last,
    )  # fmt: skip
    if same and newest is not None and (newest.valid_from == first or "valid_from" not in row):
        return [Told(Outcome.ALREADY, says, customer.code)]
    booking.grant_limit(
        customer=customer, amount=amount, currency=currency, valid_from=first, valid_to=last,
        reason=row.get("reason") or f"Imported from {desk.upload.name}"[:300], by=desk.by, now=desk.now,
    )  # fmt: skip
    outcome = Outcome.CHANGED if newest is not None else Outcome.CREATED
    before = (
        f", before {newest.currency} {figure(newest.amount, newest.currency)}"
        if newest and newest.amount is not None
        else ""
    )
    return [Told(outcome, f"{says}{before}", customer.code)]


def _item(rows: Sequence[Values], desk: Desk) -> list[Told]:
    (row,) = rows
    customer = desk.customer(row)
    company = desk.company(row) or customer.company
    currency = desk.currency(row, customer)
    amount = whole(row["amount"], currency)
    if not amount:
        raise Unreadable("The amount is zero: nothing is owed.")
    if row["date"] > desk.today:
        raise Unreadable(f"The date {row['date'].isoformat()} lies in the future.")
    if row["due"] < row["date"]:
        raise Unreadable("The due date lies before the date.")
    kind = ItemKind.INVOICE if amount > 0 else ItemKind.CREDIT_NOTE
    reference = row["reference"]
    there = OpenItem.objects.filter(
        company=company, customer=customer, reference=reference, kind__in=(kind, ItemKind.OPENING)
    ).first()
    if there is not None:
        return [_item_again(there, amount, currency, row["due"])]
    booking.item(
        customer=customer, company=company, kind=kind, reference=reference, currency=currency, amount=abs(amount),
        day=row["date"], due=row["due"], disputed=row.get("disputed", False), by=desk.by, now=desk.now,
        source_key=f"import:{company.code}:{customer.code}:{kind}:{reference}"[:120],
    )  # fmt: skip
    says = f"{currency} {abs(amount):,.{decimals(currency)}f}, due {row['due'].isoformat()}"
    return [
        Told(Outcome.CREATED, f"{customer.name}: {'invoice' if amount > 0 else 'credit note'} of {says}", reference)
    ]


def _item_again(there: OpenItem, amount: Decimal, currency: str, due: date) -> Told:
    if there.currency != currency or there.due != due or abs(there.amount) < abs(amount):
        raise Unreadable(f"{there.reference} is in the ledger with another amount, currency or due date.")
    if there.open_amount != amount and there.amount != amount:
        raise Unreadable(
            f"Of {there.reference} {there.currency} {figure(there.open_amount, there.currency)} is open here, {figure(amount, currency)} in the file:"
            " book the payment."
        )
    return Told(Outcome.ALREADY, "", there.reference)


def _payment(rows: Sequence[Values], desk: Desk) -> list[Told]:
    row = rows[0]
    if len({(r["day"], r.get("currency"), r.get("company")) for r in rows}) > 1:
        raise Unreadable("Rows of one payment name different days, currencies or companies.")
    customer = desk.customer(row)
    company = desk.company(row) or customer.company
    currency = desk.currency(row, customer)
    total = sum((whole(r["amount"], currency) for r in rows), ZERO)
    if any(r["amount"] <= 0 for r in rows):
        raise Unreadable("A payment is more than zero.")
    if row["day"] > desk.today:
        raise Unreadable("Money cannot have arrived on a day to come.")
    key = f"import:{company.code}:{customer.code}:PAYMENT:{row['reference']}"[:120]
    there = OpenItem.objects.filter(
        company=company, customer=customer, kind=ItemKind.PAYMENT, reference=row["reference"]
    ).first()
    if there is not None:
        if (there.amount, there.currency) != (-total, currency):
            raise Unreadable(f"The payment {row['reference']} is booked with another amount or currency.")
        return [Told(Outcome.ALREADY, "", row["reference"])] * len(rows)
    booking.pay(
        customer=customer, amount=total, items=_settled(rows, customer, company, currency, desk),
        reference=row["reference"], day=row["day"], currency=currency, company=company, source_key=key, by=desk.by,
        now=desk.now,
    )  # fmt: skip
    says = f"{customer.name}: payment of {currency} {total:,.{decimals(currency)}f}"
    return [Told(Outcome.CREATED, says, row["reference"])] * len(rows)


def _settled(
    rows: Sequence[Values], customer: Customer, company: Company, currency: str, desk: Desk
) -> list[tuple[OpenItem, Decimal | None]]:
    if not any(r.get("settles") for r in rows):
        if not desk.upload.oldest_first:
            return []
        oldest = ledger_items.oldest_first(customer, currency=currency)
        return [(debt, None) for debt in oldest if not debt.disputed and debt.company_id == company.pk]
    parts: list[tuple[OpenItem, Decimal | None]] = []
    for row in rows:
        if not (reference := row.get("settles")):
            continue
        left = row["amount"]
        debts = OpenItem.objects.filter(
            customer=customer, company=company, currency=currency, reference__iexact=reference, open_amount__gt=0
        ).order_by("due", "pk")
        for debt in debts:
            part = min(left, debt.open_amount)
            if part > 0:
                parts.append((debt, part))
                left -= part
        if left:
            raise Unreadable(f"Of {reference} less than {figure(row['amount'], currency)} is open, or it is not there.")
    return parts


def _document_kind(row: Values) -> str:
    word = str(row.get("kind", "order")).lower()
    if word in ("order", "ordine", "auftrag", "commande", "pedido", "so", "sales order"):
        return str(Kind.ORDER)
    if word in ("invoice", "fattura", "rechnung", "facture", "factura"):
        return str(Kind.INVOICE)
    raise Unreadable(f"“{shown(word)}” is neither an order nor an invoice.")


def _document(rows: Sequence[Values], desk: Desk) -> list[Told]:
    row = rows[0]
    kind = _document_kind(row)
    if len({(r["customer"], r.get("currency"), r.get("terms"), r.get("ship_date")) for r in rows}) > 1:
        raise Unreadable(f"The lines of {row['number']} name different customers, currencies, terms or ship dates.")
    customer = desk.customer(row)
    company = desk.company(row) or customer.company
    key = f"import:{company.code}:{kind}:{row['number']}"[:120]
    lines = tuple(
        NewLine(
            r.get("text", ""), r.get("quantity", Decimal(1)), r["price"], r.get("discount", ZERO), r.get("tax", ZERO)
        )
        for r in rows
    )
    currency = desk.currency(row, customer)
    there = Document.objects.filter(company=company, kind=kind, number=row["number"]).first()
    if there is not None:
        if there.total != sum((line.amount(there.currency) for line in lines), ZERO):
            raise Unreadable(f"{row['number']} is here with another total; amend it, or cancel it first.")
        return [Told(Outcome.ALREADY, "", row["number"])] * len(rows)
    new = NewDocument(
        kind=kind, customer=customer, company=company, number=row["number"], currency=currency,
        terms=desk.terms(row.get("terms", "")), ship_date=row.get("ship_date"), lines=lines, channel="import",
        source_key=key,
    )  # fmt: skip
    result = gate.submit(new, "enter", by=desk.by, now=desk.now)
    says = (
        f"{customer.name}: {result.document.get_kind_display()} of {currency} {figure(result.document.total, currency)}"
    )
    if desk.upload.confirms and result.hold is None:
        for step in ("confirm",) if kind == Kind.ORDER else ("issue", "post"):
            result = gate.submit(result.document, step, by=desk.by, now=desk.now)
            if result.hold is not None:
                break
    if result.hold is not None:
        says += "; it is held and waits at the release desk"
    return [Told(Outcome.CREATED, says, row["number"])] * len(rows)


_WRITERS: Mapping[str, Callable[[Sequence[Values], Desk], list[Told]]] = {
    What.CUSTOMERS: _customer,
    What.LIMITS: _limit,
    What.ITEMS: _item,
    What.PAYMENTS: _payment,
    What.DOCUMENTS: _document,
}
