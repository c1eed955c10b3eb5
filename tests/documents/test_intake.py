"""Messages: kept as they came, taken in whole or not at all, tried again, never twice; right to the cent."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import translation

from approvals import gate
from creditrisk.exposure import ledger as exposure
from creditrisk.refusal import InvalidState
from documents.intake import receiving
from documents.intake.models import Message, PartyKey
from documents.models import Document
from ledger.models import OpenItem
from tests.cast import Cast, after
from tests.ledger.test_guarded import BILLION_LAUGHS
from tests.pages import as_user, words

pytestmark = pytest.mark.django_db

LATER = after(60)


def ubl(
    number: str = "INV-1", *, root: str = "Invoice", buyer: str = "Rossi", key: str = "IT00743110157", net: str = "100.00",
    payable: str = "122.00", due: str = "2026-04-15", day: str = "2026-03-16", order: str = "", invoice: str = "",
    currency: str = "EUR", tax: str = "22",
) -> bytes:  # fmt: skip
    """Write a UBL invoice, credit note or order of one line of two pieces."""
    line = {"Invoice": ("InvoiceLine", "InvoicedQuantity"), "CreditNote": ("CreditNoteLine", "CreditedQuantity")}
    of, quantity = line.get(root, ("LineItem", "Quantity"))
    seller, customer = ("SellerSupplierParty", "BuyerCustomerParty") if root == "Order" else (
        "AccountingSupplierParty", "AccountingCustomerParty",
    )  # fmt: skip
    one = (
        f"<cac:{of}><cbc:ID>1</cbc:ID><cbc:{quantity}>2</cbc:{quantity}>"
        f'<cbc:LineExtensionAmount currencyID="{currency}">{net}</cbc:LineExtensionAmount><cac:Item><cbc:Name>Pumps</cbc:Name>'
        f"<cac:ClassifiedTaxCategory><cbc:Percent>{tax}</cbc:Percent></cac:ClassifiedTaxCategory></cac:Item></cac:{of}>"
    )
    total = "AnticipatedMonetaryTotal" if root == "Order" else "LegalMonetaryTotal"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<{root} xmlns="urn:oasis:names:specification:ubl:schema:xsd:{root}-2"
 xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
 xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
<cbc:ID>{number}</cbc:ID><cbc:IssueDate>{day}</cbc:IssueDate>
{f"<cbc:DueDate>{due}</cbc:DueDate>" if due and root == "Invoice" else ""}
<cbc:DocumentCurrencyCode>{currency}</cbc:DocumentCurrencyCode>
{f"<cac:OrderReference><cbc:ID>{order}</cbc:ID></cac:OrderReference>" if order else ""}
{f"<cac:BillingReference><cac:InvoiceDocumentReference><cbc:ID>{invoice}</cbc:ID></cac:InvoiceDocumentReference></cac:BillingReference>" if invoice else ""}
<cac:{seller}><cac:Party><cac:PartyName><cbc:Name>Main</cbc:Name></cac:PartyName></cac:Party></cac:{seller}>
<cac:{customer}><cac:Party><cac:PartyName><cbc:Name>{buyer}</cbc:Name></cac:PartyName>
<cac:PartyTaxScheme><cbc:CompanyID>{key}</cbc:CompanyID></cac:PartyTaxScheme></cac:Party></cac:{customer}>
<cac:{total}><cbc:PayableAmount currencyID="{currency}">{payable}</cbc:PayableAmount></cac:{total}>
{f"<cac:OrderLine>{one}</cac:OrderLine>" if root == "Order" else one}
</{root}>""".encode()


CII = b"""<?xml version="1.0" encoding="UTF-8"?>
<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
 xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
 xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">
<rsm:ExchangedDocument><ram:ID>CII-1</ram:ID><ram:TypeCode>380</ram:TypeCode>
<ram:IssueDateTime><udt:DateTimeString format="102">20260316</udt:DateTimeString></ram:IssueDateTime></rsm:ExchangedDocument>
<rsm:SupplyChainTradeTransaction><ram:IncludedSupplyChainTradeLineItem>
<ram:SpecifiedTradeProduct><ram:Name>Valves</ram:Name></ram:SpecifiedTradeProduct>
<ram:SpecifiedLineTradeDelivery><ram:BilledQuantity unitCode="C62">3</ram:BilledQuantity></ram:SpecifiedLineTradeDelivery>
<ram:SpecifiedLineTradeSettlement><ram:ApplicableTradeTax><ram:RateApplicablePercent>19</ram:RateApplicablePercent></ram:ApplicableTradeTax>
<ram:SpecifiedTradeSettlementLineMonetarySummation><ram:LineTotalAmount>30.00</ram:LineTotalAmount></ram:SpecifiedTradeSettlementLineMonetarySummation></ram:SpecifiedLineTradeSettlement>
</ram:IncludedSupplyChainTradeLineItem><ram:ApplicableHeaderTradeAgreement>
<ram:BuyerTradeParty><ram:Name>Rossi</ram:Name></ram:BuyerTradeParty></ram:ApplicableHeaderTradeAgreement>
<ram:ApplicableHeaderTradeSettlement><ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>
<ram:SpecifiedTradePaymentTerms><ram:DueDateDateTime><udt:DateTimeString format="102">20260401</udt:DateTimeString></ram:DueDateDateTime></ram:SpecifiedTradePaymentTerms>
<ram:SpecifiedTradeSettlementHeaderMonetarySummation><ram:DuePayableAmount>35.70</ram:DuePayableAmount></ram:SpecifiedTradeSettlementHeaderMonetarySummation>
</ram:ApplicableHeaderTradeSettlement></rsm:SupplyChainTradeTransaction></rsm:CrossIndustryInvoice>"""


def fattura(*numbers: str, kind: str = "TD01", payments: str = "") -> bytes:
    """Write a FatturaPA with an invoice of 122.00 for each number."""
    bodies = "".join(
        f"<FatturaElettronicaBody><DatiGenerali><DatiGeneraliDocumento><TipoDocumento>{kind}</TipoDocumento><Divisa>EUR</Divisa>"
        f"<Data>2026-03-16</Data><Numero>{n}</Numero><ImportoTotaleDocumento>122.00</ImportoTotaleDocumento>"
        "</DatiGeneraliDocumento></DatiGenerali><DatiBeniServizi><DettaglioLinee><Descrizione>Pompe</Descrizione>"
        "<Quantita>2.00</Quantita><PrezzoUnitario>50.00</PrezzoUnitario><PrezzoTotale>100.00</PrezzoTotale>"
        f"<AliquotaIVA>22.00</AliquotaIVA></DettaglioLinee></DatiBeniServizi><DatiPagamento>{payments}</DatiPagamento>"
        "</FatturaElettronicaBody>"
        for n in numbers
    )
    return (
        '<p:FatturaElettronica versione="FPR12" xmlns:p="http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2">'
        "<FatturaElettronicaHeader><CessionarioCommittente><DatiAnagrafici><IdFiscaleIVA><IdPaese>IT</IdPaese>"
        "<IdCodice>00743110157</IdCodice></IdFiscaleIVA><Anagrafica><Denominazione>Rossi</Denominazione></Anagrafica>"
        f"</DatiAnagrafici></CessionarioCommittente></FatturaElettronicaHeader>{bodies}</p:FatturaElettronica>"
    ).encode()


def part(amount: str, due: str) -> str:
    return (
        f"<DettaglioPagamento><DataScadenzaPagamento>{due}</DataScadenzaPagamento>"
        f"<ImportoPagamento>{amount}</ImportoPagamento></DettaglioPagamento>"
    )


def received(cast: Cast, content: bytes, name: str = "m.xml") -> Message:
    return receiving.receive(content, name, company=cast.company, by=cast.dario, now=LATER)[0]


def audited() -> Decimal:
    return exposure.audit().total


def test_an_invoice_becomes_a_posted_document_and_an_item_due_as_it_says(cast: Cast) -> None:
    message = received(cast, ubl())

    document, item = Document.objects.get(), OpenItem.objects.get()
    assert (message.state, message.error) == ("DONE", "")
    assert (document.kind, document.state, document.number, document.channel) == (
        "INVOICE",
        "POSTED",
        "INV-1",
        "message",
    )
    assert (document.total, item.open_amount, item.due) == (Decimal(122), Decimal(122), date(2026, 4, 15))
    assert document.issued_on == date(2026, 3, 16)
    assert [(x.text, x.quantity, x.tax_percent) for x in document.lines.all()] == [("Pumps", 2, 22)]
    assert audited() == 0


@pytest.mark.parametrize(
    ("content", "total", "due"), [(CII, "35.70", (2026, 4, 1)), (fattura("F1"), "122.00", (2026, 4, 15))]
)
def test_the_other_formats_say_the_same(cast: Cast, content: bytes, total: str, due: tuple[int, int, int]) -> None:
    received(cast, content)

    assert OpenItem.objects.get().open_amount == Decimal(total)
    assert OpenItem.objects.get().due == date(*due)
    assert audited() == 0


def test_an_invoice_far_beyond_the_limit_is_a_fact_and_not_held(cast: Cast) -> None:
    message = received(cast, ubl(buyer="Bianchi", net="100000.00", payable="122000.00"))

    assert message.state == "DONE"
    assert not cast.bianchi.holds.exists()


def test_charges_make_a_line_and_lines_that_say_too_much_are_put_together(cast: Cast) -> None:
    received(cast, ubl("A", payable="125.00"))
    received(cast, ubl("B", payable="22.00"))

    assert list(Document.objects.get(number="A").lines.values_list("amount", flat=True)) == [122, 3]
    assert Document.objects.get(number="B").lines.get().amount == 22


def test_instalments_fall_due_on_their_days_to_the_cent(cast: Cast) -> None:
    received(cast, fattura("F1", payments=part("40.67", "2026-04-15") + part("81.33", "2026-05-15")))

    assert list(OpenItem.objects.order_by("due").values_list("due", "amount")) == [
        (date(2026, 4, 15), Decimal("40.67")), (date(2026, 5, 15), Decimal("81.33")),
    ]  # fmt: skip


def test_a_file_of_several_invoices_is_taken_whole_or_not_at_all(cast: Cast) -> None:
    received(cast, fattura("F1"))

    both = received(cast, fattura("F2", "F1"))

    assert (both.state, both.error) == ("DEAD", "F1 is here already.")
    assert list(Document.objects.values_list("number", flat=True)) == ["F1"]


def test_a_credit_note_settles_its_invoice(cast: Cast) -> None:
    received(cast, ubl("INV-1"))

    received(cast, ubl("CN-1", root="CreditNote", net="50.00", payable="61.00", invoice="INV-1"))

    assert OpenItem.objects.get(kind="INVOICE").open_amount == 61
    assert OpenItem.objects.get(kind="CREDIT_NOTE").open_amount == 0
    assert audited() == 0


def test_a_credit_note_of_an_unknown_invoice_stays_a_credit(cast: Cast) -> None:
    received(cast, ubl("CN-1", root="CreditNote", invoice="NOT-HERE"))

    assert OpenItem.objects.get().open_amount == -122
    assert audited() == 0


def test_a_negative_invoice_is_a_credit_note(cast: Cast) -> None:
    received(cast, ubl("NEG", net="-100.00", payable="-122.00"))

    assert OpenItem.objects.get().open_amount == -122


def test_an_invoice_of_an_order_takes_its_euro_over(cast: Cast) -> None:
    cast.confirmed(cast.rossi, "122.00", number="PO-7")

    message = received(cast, ubl(order="PO-7"))

    assert (message.state, message.error) == ("DONE", "")
    assert sum(row[-1] for row in exposure.as_of([cast.rossi.pk], day=LATER.date())) == 122
    assert audited() == 0


def test_an_order_is_entered_and_confirmed_by_nobody(cast: Cast) -> None:
    received(cast, ubl("PO-9", root="Order"))

    order = Document.objects.get()
    assert (order.kind, order.state, order.total) == ("ORDER", "DRAFT", 122)
    assert gate.submit(order, "confirm", by=cast.sara, now=LATER).document.state == "CONFIRMED"


def test_the_very_same_file_is_one_message(cast: Cast) -> None:
    received(cast, ubl())

    message, new = receiving.receive(ubl(), "again.xml", company=cast.company, by=cast.dario, now=LATER)

    assert (new, message.name) == (False, "m.xml")
    assert Document.objects.count() == 1


def test_the_same_invoice_in_another_file_is_refused(cast: Cast) -> None:
    received(cast, ubl())

    assert received(cast, ubl() + b"\n").error == "INV-1 is here already."
    assert Document.objects.count() == 1


def test_an_unknown_buyer_waits_is_named_once_and_known_from_then_on(cast: Cast) -> None:
    message = received(cast, ubl(buyer="Rossi Pompe SpA"))
    assert (message.state, message.buyer["keys"]) == ("DEAD", ["IT00743110157"])
    assert "Nobody here is known as “Rossi Pompe SpA” (IT00743110157)" in message.error

    message = receiving.assign(message, cast.rossi, by=cast.dario, now=LATER)
    second = received(cast, ubl("INV-2", buyer="Rossi Pompe, Milano"))

    assert (message.state, second.state) == ("DONE", "DONE")
    assert OpenItem.objects.filter(customer=cast.rossi).count() == 2
    assert PartyKey.objects.get().customer == cast.rossi


def test_a_number_that_happens_to_be_a_customers_code_is_not_enough(cast: Cast) -> None:
    assert received(cast, ubl(buyer="Quite Another", key="ROSSI")).state == "DEAD"
    assert received(cast, ubl("INV-2", buyer="Rossi Pompe", key="ROSSI")).state == "DONE"


def test_what_failed_can_be_tried_again_and_counts_its_tries(cast: Cast) -> None:
    message = received(cast, ubl(buyer="Nuova"))
    cast.customer("NUOVA")

    message = receiving.attempt(message, by=cast.dario, now=LATER)

    assert (message.state, message.tries) == ("DONE", 2)
    with pytest.raises(InvalidState, match="taken in before"):
        receiving.attempt(message, by=cast.dario, now=LATER)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (BILLION_LAUGHS, "document type or entities of its own"),
        (ubl()[:-30], "not well-formed"),
        (b"UNB+UNOA:1'", "an EDIFACT message"),
        (b"ISA*00*", "an X12 message"),
        (b'{"order": 1}', "JSON"),
        (b"%PDF-1.7", "a PDF"),
        (b"0\x82\x01", "begins like a signed message"),
        (
            b"<DespatchAdvice xmlns='urn:oasis:names:specification:ubl:schema:xsd:DespatchAdvice-2'/>",
            "kind “DespatchAdvice”",
        ),
        (ubl(payable="abc"), "amount to be paid “abc” is not a number"),
        (ubl(payable="0.00"), "Nothing of INV-1 is to be paid"),
        (ubl(payable="1.001"), "finer than EUR is"),
        (ubl(day="2026-02-30"), "date of issue “2026-02-30” is not a day"),
        (ubl(day="2027-01-01"), "a day to come"),
        (ubl(currency="XQX"), "not a currency known to ISO 4217"),
        (ubl(number=""), "no document number"),
        (ubl(number="N" * 61), "longer than 60 letters"),
        (ubl(buyer="", key=""), "names no buyer"),
        (fattura("F1", kind="TD16"), "is to oneself"),
        (b"<Invoice xmlns='urn:oasis:names:specification:ubl:schema:xsd:Invoice-2'/>", "no totals"),
    ],
)
def test_what_cannot_be_taken_in_is_kept_with_a_sentence(cast: Cast, content: bytes, sentence: str) -> None:
    message = received(cast, content)

    assert message.state == "DEAD"
    assert sentence in message.error
    assert bytes(message.content) == content
    assert not Document.objects.exists()


# -- pages ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def dario(cast: Cast) -> Client:
    return as_user(cast.dario.user)


def upload(client: Client, content: bytes) -> Any:
    data = {"file": SimpleUploadedFile("m.xml", content), "company": "MAIN"}
    return client.post(reverse("messages"), data, follow=True)


def test_a_message_is_sent_in_by_the_page(dario: Client) -> None:
    page = words(upload(dario, ubl(day="2026-03-16")))

    assert "The message is taken in." in page
    assert "Invoice INV-1" in page


def test_the_page_of_a_dead_letter_asks_what_it_needs(dario: Client, cast: Cast) -> None:
    asked = words(upload(dario, ubl(buyer="Nobody Known")))
    address = reverse("message_assign", args=[Message.objects.get().pk])

    wrong = dario.post(address, {"customer": "NIX"})
    right = dario.post(address, {"customer": "ROSSI"}, follow=True)

    assert "Who is the buyer?" in asked
    assert wrong.status_code == 422
    assert "Invoice INV-1" in words(right)


def test_a_message_of_script_is_shown_as_text(dario: Client) -> None:
    page = upload(dario, b"<script>alert(1)</script>").content.decode()

    assert "<script>alert(1)</script>" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_dead_letter_can_be_dropped_and_stays(dario: Client) -> None:
    upload(dario, b"%PDF")

    dario.post(reverse("message_drop", args=[Message.objects.get().pk]))

    assert Message.objects.get().state == "DROPPED"


def test_why_a_message_was_not_taken_in_is_said_to_each_reader_in_theirs(cast: Cast) -> None:
    with translation.override("it"):
        message = received(cast, ubl(buyer="Nobody", key="IT99999999999"))
    dario = as_user(cast.dario.user)

    for name, arguments in (("message", [message.pk]), ("messages", []), ("alerts", [])):
        address = reverse(name, args=arguments)
        english, italian = (words(dario.get(address, headers={"Accept-Language": code})) for code in ("en", "it"))
        assert "Nobody here is known as “Nobody” (IT99999999999). Say which customer it is." in english, name
        assert "Nessuno è conosciuto come «Nobody» (IT99999999999). Indicare quale cliente è." in italian, name
    assert message.error.startswith("Nessuno è conosciuto")


def test_what_was_kept_as_a_text_stays_that_text(cast: Cast) -> None:
    message = received(cast, b"nonsense")
    Message.objects.update(error="Come è stato detto una volta.", told=None)

    page = words(as_user(cast.dario.user).get(reverse("message", args=[message.pk])))

    assert "Come è stato detto una volta." in page
