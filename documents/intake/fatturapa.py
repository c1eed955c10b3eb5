"""Reads FatturaPA 1.2 (Agenzia delle Entrate), ordinary and simplified; one file may hold several invoices."""

from decimal import Decimal
from xml.etree.ElementTree import Element

from creditrisk.language import say
from documents.intake import incoming
from documents.intake.incoming import CREDIT_NOTE, INVOICE, Incoming, Party, Position, every, one, text
from ledger.imports.delimited import BadFile

ROOTS = ("FatturaElettronica", "FatturaElettronicaSemplificata")
_CREDIT_NOTES = frozenset({"TD04", "TD08"})
# Invoices to oneself, for tax alone: nobody owes them to us.
_TO_ONESELF = frozenset({"TD16", "TD17", "TD18", "TD19", "TD20", "TD21", "TD22", "TD23", "TD27", "TD28"})


def read(root: Element) -> list[Incoming]:
    """Read every invoice of the file. Raises BadFile."""
    header = one(root, "FatturaElettronicaHeader")
    seller = _party(one(header, "CedentePrestatore"))
    buyer = _party(one(header, "CessionarioCommittente"))
    bodies = every(root, "FatturaElettronicaBody")
    if header is None or not bodies:
        raise BadFile(say("The file has no heading or no invoice (FatturaElettronicaHeader, -Body)."))
    return [_invoice(body, seller, buyer) for body in bodies]


def _party(of: Element | None) -> Party:
    known = one(of, "DatiAnagrafici")
    known = one(of, "IdentificativiFiscali") if known is None else known
    known = of if known is None else known
    vat = text(known, "IdFiscaleIVA/IdPaese") + text(known, "IdFiscaleIVA/IdCodice")
    names = one(known, "Anagrafica")
    names = one(of, "AltriDatiIdentificativi") if names is None else names
    names = of if names is None else names
    name = text(names, "Denominazione") or " ".join(filter(None, (text(names, "Nome"), text(names, "Cognome"))))
    return Party(name[:200], incoming.keys(vat, text(known, "IdFiscaleIVA/IdCodice"), text(known, "CodiceFiscale")))


def _invoice(body: Element, seller: Party, buyer: Party) -> Incoming:
    heading = one(body, "DatiGenerali/DatiGeneraliDocumento")
    kind = text(heading, "TipoDocumento")
    if kind in _TO_ONESELF:
        raise BadFile(say("An invoice of kind %(kind)s is to oneself, for tax alone: nobody owes it.", kind=kind))
    positions = tuple(_position(of) for of in every(body, "DatiBeniServizi/DettaglioLinee"))
    payments = [
        (text(p, "DataScadenzaPagamento"), incoming.amount(text(p, "ImportoPagamento"), what=say("amount to be paid")))
        for p in every(body, "DatiPagamento/DettaglioPagamento")
    ]
    total = _total(body, heading)
    owed = sum((part for _when, part in payments), Decimal(0)) or total
    dues = incoming.dues_of(
        [(incoming.day(when, what=say("due date")) if when else None, abs(p)) for when, p in payments]
    )
    found = Incoming(
        format="FatturaPA", kind=CREDIT_NOTE if kind in _CREDIT_NOTES else INVOICE, number=text(heading, "Numero"),
        day=incoming.day(text(heading, "Data"), what=say("date")), currency=incoming.currency(text(heading, "Divisa")),
        seller=seller, buyer=buyer, payable=abs(owed), positions=positions,
        dues=dues if len(dues) == len(payments) else dues[-1:],
        order_number=text(body, "DatiGenerali/DatiOrdineAcquisto/IdDocumento"),
        invoice_number=text(body, "DatiGenerali/DatiFattureCollegate/IdDocumento",
                            "DatiGenerali/DatiFatturaRettificata/NumeroFR"),
    )  # fmt: skip
    return incoming.checked(found, negative=owed < 0)


def _total(body: Element, heading: Element | None) -> Decimal:
    if written := text(heading, "ImportoTotaleDocumento"):
        return incoming.amount(written, what=say("total"))
    simple = [
        incoming.amount(text(of, "Importo"), what=say("amount"))
        for of in every(body, "DatiBeniServizi")
        if text(of, "Importo")
    ]
    if simple:
        return sum(simple, Decimal(0))
    parts = [
        incoming.amount(text(r, "ImponibileImporto"), what=say("taxable amount"))
        + incoming.amount(text(r, "Imposta"), what=say("tax"))
        for r in every(body, "DatiBeniServizi/DatiRiepilogo")
    ]
    if not parts:
        raise BadFile(say("The invoice has no total."))
    return sum(parts, Decimal(0))


def _position(of: Element) -> Position:
    return Position(
        text(of, "Descrizione")[:200], incoming.amount(text(of, "Quantita"), what=say("quantity"), missing="1"),
        incoming.amount(text(of, "PrezzoTotale"), what=say("line amount")),
        incoming.amount(text(of, "AliquotaIVA"), what=say("tax"), missing="0"),
    )  # fmt: skip
