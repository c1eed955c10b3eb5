"""What can be imported: for each kind its fields, what else their columns are called, and how cells are understood."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from creditrisk.language import listed, marked, say, say_count
from creditrisk.money import decimals, rounded
from creditrisk.takeover.models import What
from ledger.imports import styles, values
from ledger.imports.delimited import BadFile
from ledger.imports.styles import Cell
from ledger.imports.tabular import Sheet
from ledger.imports.values import Unreadable, shown

YES = frozenset({"yes", "y", "true", "1", "x", "si", "sì", "s", "ja", "j", "oui", "o", "vero", "wahr", "vrai"})
NO = frozenset({"", "no", "n", "false", "0", "nein", "non", "falso", "falsch", "faux"})
MOST = Decimal(10_000_000_000)


@dataclass(frozen=True)
class Field:
    """One thing that a row says. `reads`: text, amount, number, day, currency, yes, code or customer."""

    name: str
    label: str
    reads: str = "text"
    needed: bool = False
    most: int = 200
    called: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Return the label in the reader's language."""
        return say(self.label)


_CUSTOMER = Field(
    "customer", marked("Customer number"), "customer", needed=True, most=40,
    called=("customer", "customer no", "customer number", "customer code", "customer id", "cust number", "account",
            "account number", "code", "number", "cliente", "codice cliente", "cod cliente", "codice", "kunde", "kundennummer",
            "kunden nr", "debitor", "client", "code client", "numero client", "codigo cliente"),
)  # fmt: skip
_COMPANY = Field(
    "company", marked("Company"), "code", most=20,
    called=("company", "company code", "business code", "legal entity", "azienda", "societa", "ditta", "firma",
            "buchungskreis", "mandant", "societe", "entreprise", "empresa"),
)  # fmt: skip
_CURRENCY = Field(
    "currency", marked("Currency"), "currency", most=3,
    called=("currency", "currency code", "invoice currency", "curr", "ccy", "valuta", "divisa", "wahrung", "waehrung",
            "devise", "monnaie", "moneda"),
)  # fmt: skip
_AMOUNT = (
    "amount", "total", "open amount", "balance", "total open amount", "invoice amount", "importo", "totale", "residuo",
    "saldo", "importo aperto", "betrag", "summe", "offener betrag", "montant", "montant ttc", "solde", "importe", "monto",
)  # fmt: skip
_REFERENCE = (
    "reference", "invoice", "invoice number", "invoice no", "document", "document number", "document no", "doc id",
    "number", "no", "fattura", "numero fattura", "numero documento", "n documento", "riferimento", "partita", "rechnung",
    "rechnungsnummer", "belegnummer", "beleg", "facture", "numero facture", "piece", "factura", "referencia",
)  # fmt: skip
_DATE = (
    "date", "invoice date", "document date", "posting date", "issue date", "data", "data fattura", "data documento",
    "datum", "rechnungsdatum", "belegdatum", "date facture", "fecha",
)  # fmt: skip
_DUE = (
    "due", "due date", "due in date", "maturity", "scadenza", "data scadenza", "faellig", "fallig", "falligkeit",
    "faelligkeit", "fallig am", "echeance", "date echeance", "vencimiento",
)  # fmt: skip
_TERMS = Field(
    "terms", marked("Payment terms"), "code", most=20,
    called=("terms", "payment terms", "cust payment terms", "condizioni", "pagamento", "condizioni di pagamento",
            "zahlungsbedingung", "zahlungsbedingungen", "conditions", "conditions de paiement"),
)  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """One kind of import."""

    what: str
    fields: tuple[Field, ...]
    explains: str = ""  # English; said where it is read
    by_name: Mapping[str, Field] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {f.name: f for f in self.fields})

    @property
    def needed(self) -> list[Field]:
        return [f for f in self.fields if f.needed]


KINDS: Mapping[str, Kind] = {
    What.CUSTOMERS: Kind(
        What.CUSTOMERS,
        (
            _CUSTOMER,
            Field("name", marked("Name"), needed=True, called=("name", "customer name", "name customer", "ragione sociale", "nome",
                                                       "denominazione", "firma", "kundenname", "nom", "raison sociale",
                                                       "nombre", "company name")),
            _COMPANY, _CURRENCY,
            Field("country", marked("Country"), "code", most=2, called=("country", "country code", "nazione", "paese", "land", "pays",
                                                               "pais")),
            _TERMS,
            Field("segment", marked("Segment"), "code", most=20, called=("segment", "category", "segmento", "categoria", "segmento",
                                                                 "gruppe", "kundengruppe", "categorie")),
            Field("region", marked("Region"), "code", most=20, called=("region", "regione", "area", "zona", "gebiet", "zone")),
            Field("tax_number", marked("Tax number"), most=30, called=("tax number", "vat", "vat number", "vat id", "partita iva",
                  "p iva", "piva", "codice fiscale", "ust id", "ustid", "steuernummer", "numero tva", "tva", "nif", "cif")),
            Field("address", marked("Address"), most=400, called=("address", "indirizzo", "adresse", "anschrift", "direccion")),
            Field("head", marked("Corporate head"), "customer", most=40, called=("head", "parent", "corporate head", "group head",
                  "capogruppo", "konzern", "mutter", "maison mere", "matriz")),
            Field("bill_to", marked("Bill to"), "customer", most=40, called=("bill to", "bill to customer", "billto", "fatturare a",
                  "intestatario fattura", "rechnungsempfanger", "facturer a")),
            Field("invoicing", marked("Deliveries invoiced"), "code", most=20, called=("invoicing", "billing cycle", "fatturazione",
                  "ciclo di fatturazione", "fakturierung", "facturation")),
            Field("salesperson", marked("Salesperson (user name)"), "code", most=150, called=("salesperson", "sales rep", "agent",
                  "agente", "venditore", "verkaufer", "vertreter", "commercial", "vendedor")),
            Field("email", marked("E-mail"), most=200, called=("email", "e mail", "mail", "posta elettronica")),
            Field("since", marked("Customer since"), "day", called=("since", "customer since", "cliente dal", "kunde seit",
                                                            "client depuis")),
        ),
        marked("A customer that is there keeps its number; what the file says otherwise is changed."),
    ),
    What.LIMITS: Kind(
        What.LIMITS,
        (
            _CUSTOMER,
            Field("amount", marked("Limit"), "amount", needed=True, called=("limit", "credit limit", "fido", "importo fido", "kreditlimit",
                                                                    "limite", "limite de credit", *_AMOUNT)),
            _CURRENCY,
            Field("valid_from", marked("From"), "day", called=("from", "valid from", "dal", "decorrenza", "ab", "gultig ab", "depuis",
                                                       "desde")),
            Field("valid_to", marked("Last day"), "day", called=("to", "until", "valid to", "last day", "al", "scadenza fido", "bis",
                                                         "gultig bis", "jusqu", "hasta")),
            Field("reason", marked("Reason"), most=300, called=("reason", "note", "motivo", "grund", "motif")),
        ),
        marked("Each row is a new grant, unless the same one is in force. A row with a last day alone stays a base limit."),
    ),
    What.ITEMS: Kind(
        What.ITEMS,
        (
            _CUSTOMER,
            Field("reference", marked("Reference"), needed=True, most=60, called=_REFERENCE),
            Field("amount", marked("Open amount"), "amount", needed=True, called=_AMOUNT),
            Field("date", marked("Date"), "day", needed=True, called=_DATE),
            Field("due", marked("Due date"), "day", needed=True, called=_DUE),
            Field("instalment", marked("Instalment"), "number", called=("instalment", "installment", "instalment no", "rata",
                  "numero rata", "n rata", "rate nr", "teilzahlung", "ratennummer", "tranche", "plazo", "cuota")),
            _COMPANY, _CURRENCY,
            Field("disputed", marked("Disputed"), "yes", called=("disputed", "dispute", "contestata", "contestazione", "strittig",
                                                         "litige")),
        ),
        marked("A negative amount is a credit note. Rows with the same reference are the instalments of one invoice. A row that is"
               " in the ledger with the same amount and due date is left alone."),
    ),
    What.PAYMENTS: Kind(
        What.PAYMENTS,
        (
            _CUSTOMER,
            Field("reference", marked("Reference of the payment"), needed=True, most=60, called=("payment", "payment reference",
                  "payment number", "pagamento", "incasso", "zahlung", "paiement", *_REFERENCE)),
            Field("amount", marked("Amount"), "amount", needed=True, called=_AMOUNT),
            Field("day", marked("Day"), "day", needed=True, called=("day", "payment date", "value date", "data pagamento",
                  "data incasso", "zahlungsdatum", "valuta", "date paiement", *_DATE)),
            Field("settles", marked("Item that it settles"), most=60, called=("settles", "invoice paid", "pays", "fattura pagata",
                  "applied to", "paid invoice")),
            _COMPANY, _CURRENCY,
        ),
        marked("Rows with the same payment reference are one payment that settles several items."),
    ),
    What.DOCUMENTS: Kind(
        What.DOCUMENTS,
        (
            Field("kind", marked("Kind (order, delivery note, invoice, credit note)"), called=("kind", "type", "document type", "tipo", "tipo documento", "art",
                                                             "belegart", "nature")),
            Field("number", marked("Number"), needed=True, most=60, called=("order", "order number", "ordine", "numero ordine",
                  "auftrag", "auftragsnummer", "commande", *_REFERENCE)),
            _CUSTOMER,
            Field("text", marked("Article"), most=200, called=("text", "article", "description", "item", "articolo", "descrizione",
                                                       "artikel", "bezeichnung", "designation", "descripcion")),
            Field("quantity", marked("Quantity"), "number", called=("quantity", "qty", "quantita", "menge", "quantite", "cantidad")),
            Field("price", marked("Unit price"), "number", needed=True, called=("price", "unit price", "prezzo", "prezzo unitario",
                                                                        "preis", "einzelpreis", "prix", "precio", *_AMOUNT)),
            Field("discount", marked("Discount %"), "number", called=("discount", "discount percent", "sconto", "rabatt", "remise",
                                                              "descuento")),
            Field("tax", marked("Tax %"), "number", called=("tax", "vat", "tax percent", "vat rate", "iva", "aliquota", "mwst", "ust",
                                                    "tva")),
            Field("ship_date", marked("Ship date"), "day", called=("ship date", "delivery date", "requested date", "data consegna",
                                                           "lieferdatum", "date livraison")),
            _TERMS, _COMPANY, _CURRENCY,
        ),
        marked("Rows with the same number are the lines of one document, which goes through the gate as if it were typed. Without a"
        " kind it is an order."),
    ),
}  # fmt: skip


def plain(text: str) -> str:
    """Return a column's name in small letters, without accents and signs, as names are compared."""
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return " ".join(re.findall(r"[a-z0-9]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", bare)))


def guessed(kind: Kind, header: Sequence[str]) -> dict[str, str]:
    """Guess which column is meant by each field: the first of a field's names that a column has; no column twice."""
    columns = {plain(_spaced(name)): name for name in reversed(header)}
    found: dict[str, str] = {}
    for field_ in sorted(kind.fields, key=lambda f: not f.needed):
        names = (plain(field_.name), plain(field_.label), *map(plain, field_.called))
        column = next((columns[n] for n in names if n in columns and columns[n] not in found.values()), None)
        if column is not None:
            found[field_.name] = column
    return found


def recognised(kind: Kind, sheet: Sheet, name: str) -> dict[str, str]:
    """Return which column is meant by each field, where nobody is asked. Raises BadFile where a needed one is not there."""
    columns = guessed(kind, sheet.header)
    if missing := [f.title for f in kind.needed if f.name not in columns]:
        sentence = marked("%(file)s has no column for: %(missing)s. Its columns are %(columns)s.")
        raise BadFile(say(sentence, file=name, missing=listed(missing), columns=", ".join(sheet.header)))
    return columns


def _spaced(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.replace("_", " "))


def understood(kind: Kind, cells: Mapping[str, Cell], written: Mapping[str, str]) -> dict[str, Any]:
    """Return what a row says, by field; what is empty is left out. `written` names the styles. Raises Unreadable."""
    found: dict[str, Any] = {}
    for name, cell in cells.items():
        field_ = kind.by_name[name]
        if isinstance(cell, str) and not cell.strip():
            continue
        found[name] = _value(field_, cell, written)
    if missing := [f.title for f in kind.needed if f.name not in found]:
        raise Unreadable(say("Missing: %(fields)s.", fields=listed(missing)))
    return found


def _value(field_: Field, cell: Cell, written: Mapping[str, str]) -> str | Decimal | date | bool:
    match field_.reads:
        case "amount" | "number":
            amount = styles.amount(cell, written.get(field_.name, "point"))
            if abs(amount) > MOST:
                raise Unreadable(
                    say("%(field)s: %(cell)s is absurdly much.", field=field_.title, cell=shown(styles.words(cell)))
                )
            return amount
        case "day":
            return styles.day(cell, written.get(field_.name, "ymd"), what=field_.title.lower())
        case "yes":
            word = styles.words(cell).lower()
            if word not in YES | NO:
                raise Unreadable(
                    say("%(field)s: “%(word)s” is neither yes nor no.", field=field_.title, word=shown(word))
                )
            return word in YES
    text = styles.words(cell)
    if any(ord(letter) < 32 for letter in text):
        raise Unreadable(say("%(field)s has letters in it that nobody can see.", field=field_.title))
    if len(text) > field_.most:
        raise Unreadable(
            say_count(
                "%(field)s “%(word)s” is longer than %(count)s letter.",
                "%(field)s “%(word)s” is longer than %(count)s letters.",
                field_.most, field=field_.title, word=shown(text),
            )
        )  # fmt: skip
    if field_.reads == "currency":
        return values.currency(text)
    return values.customer_code(text) if field_.reads == "customer" else text


def whole(amount: Decimal, currency: str, *, sentence: str = "") -> Decimal:
    """Return an amount that has no more decimals than its currency; `sentence` refuses it otherwise. Raises Unreadable."""
    if rounded(amount, currency) != amount:
        told = sentence or say("The amount %(amount)s has more decimals than %(currency)s has (%(decimals)s).")
        values = {"amount": f"{amount:f}", "currency": currency, "decimals": decimals(currency)}
        raise Unreadable(told % values)
    return amount
