"""The statements that the demo company's bank sends: most payers say what they pay, some do not, some are strangers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from xml.etree import ElementTree

from creditrisk.clock import business_day
from creditrisk.money import ZERO, rounded
from creditrisk.roles import Actor
from customers.models import Company
from ledger.bank import settling
from ledger.bank.models import Entry, EntryState
from ledger.models import BankAccount, ItemKind, OpenItem

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
SLOGANS = ("Thank you", "Saldo", "Acconto", "Bonifico SEPA", "Pagamento fornitore")


@dataclass(frozen=True)
class Transfer:
    """One movement as the bank tells it: money in is positive."""

    amount: Decimal
    party: str
    text: str
    iban: str = ""


@dataclass
class Statements:
    """Writes the statements of the home company's first account and loads them like anybody would."""

    actors: Mapping[str, Actor]
    do: Callable[..., Any]
    rng: Random = field(default_factory=lambda: Random("bank"))
    balance: Decimal = Decimal("184250.37")

    def arrive(self, now: datetime, *, books: bool) -> None:
        """Load the day's statement; where the clerk has gone over it already, what is sure is booked."""
        account = BankAccount.objects.select_related("company").filter(company__currency="EUR").order_by("code")[0]
        transfers = self._transfers(account.company, business_day(now))
        content = self._written(account, transfers, day=business_day(now))
        by = self.actors["carla"]
        name = f"{account.code}-{business_day(now):%Y%m%d}.camt053.xml"
        self.do(settling.load, content, name, company=account.company, book_sure=books, by=by, now=now)
        if books:
            for entry in Entry.objects.filter(state=EntryState.OPEN, amount__lt=0).order_by("pk"):
                self.do(settling.leave, entry, note="Charges of the bank", by=by, now=now)
            settling.match_again(now=now)

    def _transfers(self, company: Company, today: date) -> list[Transfer]:
        """Return what came in: by reference, for two invoices at once, in part, without words, too much, by a stranger."""
        items = self._due(company, today)
        found = [Transfer(item.open_amount, item.customer.name, f"Fattura {item.reference}") for item in items[:5]]
        found += self._together(items[5:])
        rest = items[5:9]
        if len(rest) == 4:
            part, silent, surplus, nearly = rest
            found += [
                Transfer(_half(part), part.customer.name, f"Acconto ft. {part.reference}"),
                Transfer(silent.open_amount, silent.customer.name.split()[0], self.rng.choice(SLOGANS)),
                Transfer(surplus.open_amount + Decimal("12.40"), surplus.customer.name, f"ft {surplus.reference}"),
                Transfer(nearly.open_amount - 3, nearly.customer.name.upper(), self.rng.choice(SLOGANS)),
            ]
        stranger = self.rng.choice(("Studio Legale Marin", "Condominio Via Giulia 8", "Agenzia delle Entrate"))
        refund = Decimal(self.rng.randint(4000, 260000)) / 100
        return [*found, Transfer(refund, stranger, "Rimborso"), Transfer(Decimal("-4.50"), "", "Commissioni e spese")]

    def _due(self, company: Company, today: date) -> list[OpenItem]:
        """Return debts that fall due about now, of as many customers, that no movement waiting here speaks of."""
        waits = Entry.objects.filter(state=EntryState.OPEN, customer__isnull=False).values("customer")
        near = OpenItem.objects.filter(
            company=company, currency=company.currency, kind=ItemKind.INVOICE, open_amount__gt=50, disputed=False,
            due__gte=today - timedelta(days=35), due__lte=today + timedelta(days=10),
        ).exclude(customer__in=waits)  # fmt: skip
        one_each = {item.customer_id: item for item in near.select_related("customer").order_by("due", "pk")}
        return self.rng.sample(list(one_each.values()), min(9, len(one_each)))

    def _together(self, items: Sequence[OpenItem]) -> list[Transfer]:
        for item in items:
            mine = OpenItem.objects.filter(
                customer=item.customer, company=item.company, currency=item.currency, kind=ItemKind.INVOICE,
                open_amount__gt=0, disputed=False,
            ).order_by("due", "pk")[:2]  # fmt: skip
            if len(two := list(mine)) == 2 and two[0].reference != two[1].reference:
                total = sum((i.open_amount for i in two), ZERO)
                return [Transfer(total, item.customer.name, f"ft {two[0].reference} e {two[1].reference}")]
        return []

    def _written(self, account: BankAccount, transfers: Sequence[Transfer], *, day: date) -> bytes:
        """Return the camt.053 of a day."""
        root = ElementTree.Element("Document", xmlns=NAMESPACE)
        message = _add(root, "BkToCstmrStmt")
        number = f"{account.code}{day:%Y%m%d}"
        _put(message, ("GrpHdr", "MsgId"), number)
        of = _add(message, "Stmt")
        _add(of, "Id", number)
        _add(of, "CreDtTm", f"{day.isoformat()}T06:00:00")
        owner = _add(of, "Acct")
        _put(owner, ("Id", "IBAN"), account.iban)
        _add(owner, "Ccy", account.currency)
        opening, self.balance = self.balance, self.balance + sum((t.amount for t in transfers), ZERO)
        for code, amount in (("OPBD", opening), ("CLBD", self.balance)):
            balance = _add(of, "Bal")
            _put(balance, ("Tp", "CdOrPrtry", "Cd"), code)
            _money(balance, amount, account.currency)
        for n, transfer in enumerate(transfers, 1):
            _entry(of, transfer, account.currency, day=day, reference=f"{day:%y%m%d}{n:03d}")
        return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _half(item: OpenItem) -> Decimal:
    return rounded(Decimal(item.open_amount) / 2, item.currency)


def _entry(of: ElementTree.Element, transfer: Transfer, currency: str, *, day: date, reference: str) -> None:
    entry = _add(of, "Ntry")
    _money(entry, transfer.amount, currency)
    _put(entry, ("Sts", "Cd"), "BOOK")
    _put(entry, ("BookgDt", "Dt"), day.isoformat())
    _add(entry, "AcctSvcrRef", reference)
    details = _add(_add(entry, "NtryDtls"), "TxDtls")
    if transfer.party:
        _put(details, ("RltdPties", "Dbtr" if transfer.amount > 0 else "Cdtr", "Nm"), transfer.party)
    _put(details, ("RmtInf", "Ustrd"), transfer.text)


def _money(of: ElementTree.Element, amount: Decimal, currency: str) -> None:
    _add(of, "Amt", f"{abs(amount):.2f}", Ccy=currency)
    _add(of, "CdtDbtInd", "CRDT" if amount >= 0 else "DBIT")


def _put(of: ElementTree.Element, path: Sequence[str], text: str) -> None:
    for name in path:
        of = _add(of, name)
    of.text = text


def _add(of: ElementTree.Element, name: str, text: str | None = None, **attributes: str) -> ElementTree.Element:
    found = ElementTree.SubElement(of, name, attributes)
    found.text = text
    return found
