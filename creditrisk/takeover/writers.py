"""Writes what rows say, each kind in its own way, through the doors that people use: gate, bookings, grants."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from approvals import booking, gate
from creditrisk.language import sentence as _
from creditrisk.money import ZERO, figure
from creditrisk.takeover import owing, people
from creditrisk.takeover.desk import Desk, Told, Values
from creditrisk.takeover.kinds import whole
from creditrisk.takeover.models import Outcome, What
from customers.models import (
    Company,
    Customer,
    Limit,
    LimitKind,
    LimitState,
)
from documents.drafts import NewDocument, NewLine
from documents.models import Document, Kind
from ledger import items as ledger_items
from ledger.imports.values import Unreadable, shown
from ledger.models import ItemKind, OpenItem


def write(what: str, rows: Sequence[Values], desk: Desk) -> list[Told]:
    """Write what belongs together: one row, or the rows of one payment or document. One answer a row.

    Raises Unreadable, Refused and MissingRate: then none of it is written.
    """
    return _WRITERS[what](rows, desk)


def key_of(what: str, row: Values) -> str:
    """Return under which key rows belong together; empty where each stands alone."""
    if what == What.PAYMENTS:
        return f"{row['customer']}:{row['reference']}"
    if what == What.ITEMS:
        return f"{row['customer']}:{row.get('company', '')}:{row['amount'] > 0}:{row['reference']}"
    if what == What.DOCUMENTS:
        return f"{row.get('company', '')}:{_document_kind(row)}:{row['number']}"
    return ""


def _limit(rows: Sequence[Values], desk: Desk) -> list[Told]:
    (row,) = rows
    customer = desk.customer(row)
    currency = desk.currency(row, customer)
    too_fine = _("The limit %(amount)s has more decimals than %(currency)s has (%(decimals)s).")
    amount = whole(row["amount"], currency, sentence=too_fine)
    if amount < 0:
        raise Unreadable(_("A limit is zero or more."))
    first, last = row.get("valid_from") or desk.today, row.get("valid_to")
    newest = Limit.objects.filter(customer=customer, kind=LimitKind.BASE).order_by("-valid_from", "-pk").first()
    says = _("%(customer)s: %(currency)s %(amount)s") % {
        "customer": customer.name, "currency": currency, "amount": figure(amount, currency),
    }  # fmt: skip
    same = newest is not None and (newest.state, newest.amount, newest.currency, newest.valid_to) == (
        LimitState.AMOUNT, amount, currency, last,
    )  # fmt: skip
    if same and newest is not None and (newest.valid_from == first or "valid_from" not in row):
        return [Told(Outcome.ALREADY, says, customer.code)]
    booking.grant_limit(
        customer=customer, amount=amount, currency=currency, valid_from=first, valid_to=last,
        reason=row.get("reason") or (_("Imported from %(file)s") % {"file": desk.upload.name})[:300], by=desk.by, now=desk.now,
    )  # fmt: skip
    outcome = Outcome.CHANGED if newest is not None else Outcome.CREATED
    if newest is not None and newest.amount is not None:
        before = {"currency": newest.currency, "amount": figure(newest.amount, newest.currency)}
        says = _("%(limit)s, before %(before)s") % {"limit": says, "before": _("%(currency)s %(amount)s") % before}
    return [Told(outcome, says, customer.code)]


def _payment(rows: Sequence[Values], desk: Desk) -> list[Told]:
    row = rows[0]
    if len({(r["day"], r.get("currency"), r.get("company")) for r in rows}) > 1:
        raise Unreadable(_("Rows of one payment name different days, currencies or companies."))
    customer = desk.customer(row)
    company = desk.company(row) or customer.company
    currency = desk.currency(row, customer)
    total = sum((whole(r["amount"], currency) for r in rows), ZERO)
    if any(r["amount"] <= 0 for r in rows):
        raise Unreadable(_("A payment is more than zero."))
    if row["day"] > desk.today:
        raise Unreadable(_("Money cannot have arrived on a day to come."))
    key = f"import:{company.code}:{customer.code}:PAYMENT:{row['reference']}"[:120]
    there = OpenItem.objects.filter(
        company=company, customer=customer, kind=ItemKind.PAYMENT, reference=row["reference"]
    ).first()
    if there is not None:
        if (there.amount, there.currency) != (-total, currency):
            raise Unreadable(
                _("The payment %(reference)s is booked with another amount or currency.")
                % {"reference": row["reference"]}
            )
        return [Told(Outcome.ALREADY, "", row["reference"])] * len(rows)
    booking.pay(
        customer=customer, amount=total, items=_settled(rows, customer, company, currency, desk),
        reference=row["reference"], day=row["day"], currency=currency, company=company, source_key=key, by=desk.by,
        now=desk.now,
    )  # fmt: skip
    says = _("%(customer)s: payment of %(currency)s %(amount)s") % {
        "customer": customer.name, "currency": currency, "amount": figure(total, currency),
    }  # fmt: skip
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
            raise Unreadable(
                _("Of %(reference)s less than %(amount)s is open, or it is not there.")
                % {"reference": reference, "amount": figure(row["amount"], currency)}
            )
    return parts


# How files name the kinds of documents.
_KINDS = {
    Kind.ORDER: ("order", "ordine", "auftrag", "commande", "pedido", "so", "sales order"),
    Kind.DELIVERY: ("delivery", "delivery note", "ddt", "bolla", "lieferschein", "bon de livraison", "albaran", "dn"),
    Kind.INVOICE: ("invoice", "fattura", "rechnung", "facture", "factura"),
    Kind.CREDIT_NOTE: ("credit note", "credit", "nota di credito", "gutschrift", "avoir", "abono", "cn"),
}
# What is done with a document at once where that is wanted.
_STEPS = {Kind.ORDER: ("confirm",), Kind.DELIVERY: ("deliver",)}


def _document_kind(row: Values) -> str:
    word = " ".join(str(row.get("kind", "order")).lower().replace("_", " ").split())
    found = next((kind for kind, words in _KINDS.items() if word in words), None)
    if found is None:
        raise Unreadable(
            _("“%(word)s” is neither an order nor a delivery note, an invoice or a credit note.")
            % {"word": shown(word)}
        )
    return str(found)


def _document(rows: Sequence[Values], desk: Desk) -> list[Told]:
    row = rows[0]
    kind = _document_kind(row)
    if len({(r["customer"], r.get("currency"), r.get("terms"), r.get("ship_date")) for r in rows}) > 1:
        raise Unreadable(
            _("The lines of %(number)s name different customers, currencies, terms or ship dates.")
            % {"number": row["number"]}
        )
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
            raise Unreadable(
                _("%(number)s is here with another total; amend it, or cancel it first.") % {"number": row["number"]}
            )
        return [Told(Outcome.ALREADY, "", row["number"])] * len(rows)
    new = NewDocument(
        kind=kind, customer=customer, company=company, number=row["number"], currency=currency,
        terms=desk.terms(row.get("terms", "")), ship_date=row.get("ship_date"), lines=lines, channel="import",
        source_key=key,
    )  # fmt: skip
    result = gate.submit(new, "enter", by=desk.by, now=desk.now)
    says = _("%(customer)s: %(kind)s of %(currency)s %(amount)s") % {
        "customer": customer.name, "kind": Kind(result.document.kind).label, "currency": currency,
        "amount": figure(result.document.total, currency),
    }  # fmt: skip
    if desk.upload.confirms and result.hold is None:
        for step in _STEPS.get(Kind(kind), ("issue", "post")):
            result = gate.submit(result.document, step, by=desk.by, now=desk.now)
            if result.hold is not None:
                break
    if result.hold is not None:
        says = _("%(told)s; it is held and waits at the release desk") % {"told": says}
    return [Told(Outcome.CREATED, says, row["number"])] * len(rows)


_WRITERS: Mapping[str, Callable[[Sequence[Values], Desk], list[Told]]] = {
    What.CUSTOMERS: people.write,
    What.LIMITS: _limit,
    What.ITEMS: owing.write,
    What.PAYMENTS: _payment,
    What.DOCUMENTS: _document,
}
