"""Reads UN/CEFACT Cross Industry Invoice D16B as EN 16931 uses it: also XRechnung, ZUGFeRD 2 and Factur-X."""

from xml.etree.ElementTree import Element

from creditrisk.language import say
from documents.intake import incoming
from documents.intake.incoming import CREDIT_NOTE, INVOICE, Incoming, Party, Position, every, one, text
from documents.intake.ubl import CREDIT_CODES
from ledger.imports.delimited import BadFile

ROOT = "CrossIndustryInvoice"


def read(root: Element) -> list[Incoming]:
    """Read the document. Raises BadFile."""
    document = one(root, "ExchangedDocument")
    trade = one(root, "SupplyChainTradeTransaction")
    agreement = one(trade, "ApplicableHeaderTradeAgreement")
    settlement = one(trade, "ApplicableHeaderTradeSettlement")
    sums = one(settlement, "SpecifiedTradeSettlementHeaderMonetarySummation")
    if document is None or sums is None:
        raise BadFile(say("The message has no heading or no totals (ExchangedDocument, MonetarySummation)."))
    payable = incoming.amount(text(sums, "DuePayableAmount", "GrandTotalAmount"), what=say("amount to be paid"))
    due = text(settlement, "SpecifiedTradePaymentTerms/DueDateDateTime/DateTimeString")
    kind = CREDIT_NOTE if text(document, "TypeCode") in CREDIT_CODES else INVOICE
    found = Incoming(
        format="UN/CEFACT CII", kind=kind, number=text(document, "ID"),
        day=incoming.day(text(document, "IssueDateTime/DateTimeString"), what=say("date of issue")),
        currency=incoming.currency(text(settlement, "InvoiceCurrencyCode")), seller=_party(agreement, "SellerTradeParty"),
        buyer=_party(agreement, "BuyerTradeParty"), payable=abs(payable),
        positions=tuple(_position(of) for of in every(trade, "IncludedSupplyChainTradeLineItem")),
        dues=((incoming.day(due, what=say("due date")), abs(payable)),) if due else (),
        order_number=text(agreement, "BuyerOrderReferencedDocument/IssuerAssignedID"),
        invoice_number=text(settlement, "InvoiceReferencedDocument/IssuerAssignedID"),
    )  # fmt: skip
    return [incoming.checked(found, negative=payable < 0)]


def _party(agreement: Element | None, role: str) -> Party:
    of = one(agreement, role)
    numbers = [
        *((e.text or "") for e in every(of, "ID")), *((e.text or "") for e in every(of, "GlobalID")),
        *(text(t, "ID") for t in every(of, "SpecifiedTaxRegistration")), text(of, "SpecifiedLegalOrganization/ID"),
        text(of, "URIUniversalCommunication/URIID"),
    ]  # fmt: skip
    return Party(text(of, "Name", "SpecifiedLegalOrganization/TradingBusinessName")[:200], incoming.keys(*numbers))


def _position(of: Element) -> Position:
    settled = one(of, "SpecifiedLineTradeSettlement")
    return Position(
        text(of, "SpecifiedTradeProduct/Name", "SpecifiedTradeProduct/Description")[:200],
        incoming.amount(text(of, "SpecifiedLineTradeDelivery/BilledQuantity"), what=say("quantity"), missing="1"),
        incoming.amount(
            text(settled, "SpecifiedTradeSettlementLineMonetarySummation/LineTotalAmount"), what=say("line amount")
        ),
        incoming.amount(text(settled, "ApplicableTradeTax/RateApplicablePercent"), what=say("tax"), missing="0"),
    )
