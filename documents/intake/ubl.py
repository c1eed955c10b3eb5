"""Reads UBL 2.0 to 2.4 (OASIS): Invoice, CreditNote and Order; so Peppol BIS Billing 3 and Ordering 3, and EN 16931."""

from decimal import Decimal
from xml.etree.ElementTree import Element

from creditrisk.language import say
from documents.intake import incoming
from documents.intake.incoming import CREDIT_NOTE, INVOICE, ORDER, Incoming, Party, Position, every, one, text
from ledger.imports.delimited import BadFile

ROOTS = {"Invoice": INVOICE, "CreditNote": CREDIT_NOTE, "Order": ORDER}
# UNTDID 1001: credit notes that come as an Invoice.
CREDIT_CODES = frozenset({"81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "532"})
_LINES = {INVOICE: ("InvoiceLine", "InvoicedQuantity"), CREDIT_NOTE: ("CreditNoteLine", "CreditedQuantity")}


def read(root: Element) -> list[Incoming]:
    """Read the document. Raises BadFile."""
    name = root.tag.rpartition("}")[2]
    kind = ROOTS[name]
    if kind == INVOICE and text(root, "InvoiceTypeCode") in CREDIT_CODES:
        kind = CREDIT_NOTE
    total = one(root, "LegalMonetaryTotal")
    if kind == ORDER:
        return [_order(root)]
    if total is None:
        raise BadFile(say("The message has no totals (LegalMonetaryTotal)."))
    payable = incoming.amount(text(total, "PayableAmount", "TaxInclusiveAmount"), what=say("amount to be paid"))
    line, quantity = _LINES[INVOICE if name == "Invoice" else CREDIT_NOTE]
    due = text(root, "DueDate", "PaymentDueDate", "PaymentMeans/PaymentDueDate", "PaymentTerms/PaymentDueDate")
    currency = text(root, "DocumentCurrencyCode", "InvoiceCurrencyCode") or _currency_of(total)
    found = Incoming(
        format="UBL", kind=kind, number=text(root, "ID"), day=incoming.day(text(root, "IssueDate"), what=say("date of issue")),
        currency=incoming.currency(currency), seller=_party(root, "AccountingSupplierParty"),
        buyer=_party(root, "AccountingCustomerParty"), payable=abs(payable),
        positions=tuple(_position(of, quantity) for of in every(root, line)),
        dues=((incoming.day(due, what=say("due date")), abs(payable)),) if due else (),
        order_number=text(root, "OrderReference/ID"), invoice_number=text(root, "BillingReference/InvoiceDocumentReference/ID"),
    )  # fmt: skip
    return [incoming.checked(found, negative=payable < 0)]


def _currency_of(total: Element) -> str:
    payable = one(total, "PayableAmount")
    return "" if payable is None else payable.attrib.get("currencyID", "")


def _order(root: Element) -> Incoming:
    positions = tuple(_position(of, "Quantity") for of in every(root, "OrderLine/LineItem"))
    total = one(root, "AnticipatedMonetaryTotal")
    net = sum((p.net * (1 + p.tax_percent / 100) for p in positions), Decimal(0))
    written = text(total, "PayableAmount", "TaxInclusiveAmount", "LineExtensionAmount")
    payable = incoming.amount(written, what=say("amount"), missing=str(net))
    currency = text(root, "DocumentCurrencyCode", "PricingCurrencyCode") or (
        _currency_of(total) if total is not None else ""
    )
    found = Incoming(
        format="UBL", kind=ORDER, number=text(root, "ID"), day=incoming.day(text(root, "IssueDate"), what=say("date of issue")),
        currency=incoming.currency(currency), seller=_party(root, "SellerSupplierParty"),
        buyer=_party(root, "BuyerCustomerParty"), payable=abs(payable), positions=positions,
    )  # fmt: skip
    return incoming.checked(found, negative=payable < 0)


def _party(root: Element, role: str) -> Party:
    of = one(root, role)
    party = one(of, "Party")
    numbers = [
        text(of, "CustomerAssignedAccountID"), text(of, "SupplierAssignedAccountID"),
        text(party, "EndpointID"), *(text(p, "ID") for p in every(party, "PartyIdentification")),
        *(text(t, "CompanyID") for t in every(party, "PartyTaxScheme")), text(party, "PartyLegalEntity/CompanyID"),
    ]  # fmt: skip
    name = text(party, "PartyName/Name", "PartyLegalEntity/RegistrationName")
    return Party(name[:200], incoming.keys(*numbers))


def _position(of: Element, quantity: str) -> Position:
    words = text(of, "Item/Name", "Item/Description", "Note")
    counted = incoming.amount(text(of, quantity), what=say("quantity"), missing="1")
    written = text(of, "LineExtensionAmount")
    if not written:
        price = incoming.amount(text(of, "Price/PriceAmount"), what=say("price"), missing="0")
        per = incoming.amount(text(of, "Price/BaseQuantity"), what=say("base quantity"), missing="1") or Decimal(1)
        written = str(counted * price / per)
    tax = text(of, "Item/ClassifiedTaxCategory/Percent", "TaxTotal/TaxSubtotal/TaxCategory/Percent",
               "TaxTotal/TaxSubtotal/Percent")  # fmt: skip
    return Position(
        words[:200],
        counted,
        incoming.amount(written, what=say("line amount")),
        incoming.amount(tax, what=say("tax"), missing="0"),
    )
