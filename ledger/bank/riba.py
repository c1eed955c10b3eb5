"""The CBI records of RiBa: a presentation list written for the bank, and what comes back read.

Layout: CBI consortium, "Incassi Ri.Ba." (CBI-ICI-001): lines of 120 signs; IB begins, 14 20 30 40 50 51 70 stand for
each receipt, EF ends with its counts and sums. Amounts are in cents of euro without a point, days DDMMYY.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from creditrisk import language
from creditrisk.language import say
from creditrisk.money import figure
from ledger.imports import guarded
from ledger.imports.delimited import BadFile
from ledger.imports.values import shown

LENGTH = 120
ORDER, UNPAID = "30000", "30010"
_RECORDS = ("14", "20", "30", "40", "50", "51", "70")
MOST_CENTS = 10**13 - 1


@dataclass(frozen=True)
class Creditor:
    """Who presents, at which account."""

    sia: str
    abi: str
    cab: str
    account: str
    name: str
    address: str
    town: str
    tax_code: str


@dataclass(frozen=True)
class Receipt:
    """One RiBa. `number` is ours, at most ten digits; it comes back with the outcome."""

    number: int
    due: date
    amount: Decimal
    debtor: str
    debtor_code: str
    tax_code: str
    address: str
    postcode: str
    town: str
    province: str
    abi: str
    cab: str
    bank: str
    says: str


@dataclass(frozen=True)
class Returned:
    """One record that came back: which receipt, with which code of the bank, over how much."""

    number: int
    code: str
    due: date
    amount: Decimal
    debtor: str

    @property
    def paid(self) -> bool | None:
        """Whether it was paid; None where the code does not say so here and a person must."""
        return False if self.code == UNPAID else None


def write(creditor: Creditor, receipts: Sequence[Receipt], *, name: str, day: date) -> str:
    """Return the list as the bank takes it; `name` must be unique for the bank and day."""
    head = f"{creditor.sia:<5}{creditor.abi:0>5}{day:%d%m%y}{_plain(name):<20.20}{'':6}"
    lines = [f" IB{head}{'':68}E{'':6}"]
    for at, receipt in enumerate(receipts, 1):
        lines += _receipt(creditor, receipt, f"{at:07d}")
    cents = sum(_cents(r.amount) for r in receipts)
    lines.append(f" EF{head}{len(receipts):07d}{cents:015d}{0:015d}{len(lines) + 1:07d}{'':24}E{'':6}")
    assert all(len(line) == LENGTH for line in lines)
    return "\r\n".join(lines) + "\r\n"


def _receipt(creditor: Creditor, r: Receipt, at: str) -> Iterable[str]:
    town = f"{_plain(r.town):<23.23}{r.province:<2.2}"
    records = {
        "14": f"{'':12}{r.due:%d%m%y}{ORDER}{_cents(r.amount):013d}-{creditor.abi:0>5}{creditor.cab:0>5}"
        f"{creditor.account:0>12}{r.abi:0>5}{r.cab:0>5}{'':12}{creditor.sia:<5}4{_plain(r.debtor_code):<16.16}{'':6}E",
        "20": "".join(f"{_plain(part):<24.24}" for part in (creditor.name, creditor.address, creditor.town, "")),
        "30": f"{_plain(r.debtor):<60.60}{_plain(r.tax_code):<16.16}",
        "40": f"{_plain(r.address):<30.30}{r.postcode:<5.5}{town}{_plain(r.bank):<50.50}",
        "50": f"{_plain(r.says):<80.80}{'':10}{_plain(creditor.tax_code):<16.16}",
        "51": f"{r.number:010d}{_plain(creditor.name):<20.20}",
        "70": "",
    }
    return (f" {record}{at}{records[record]:<110}" for record in _RECORDS)


def _cents(amount: Decimal) -> int:
    cents = amount * 100
    if cents != cents.to_integral_value() or not 0 < cents <= MOST_CENTS:
        raise ValueError(say("%(amount)s cannot be written in cents.", amount=language.exact(amount)))
    return int(cents)


def _plain(text: str) -> str:
    """Return the text in the capital letters that the records allow."""
    bare = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("’", "'"))
    return "".join(c if " " <= c <= "~" else " " for c in bare.encode("ascii", "ignore").decode()).upper()


def read(content: bytes, name: str) -> list[Returned]:
    """Read what the bank sent back. Raises BadFile where the records are not whole, or do not add up."""
    lines = [
        line.rstrip("\r")
        for line in guarded.text(content, name, encoding="iso-8859-15").split("\n")
        if line.strip("\r ")
    ]
    if not lines or lines[0][1:3] not in ("IB", "IM", "IR", "RH"):
        raise BadFile(say("%(name)s is not a CBI flow: it does not begin with a record IB.", name=name))
    if lines[0][1:3] != "IB":
        raise BadFile(
            say(
                "%(name)s is a CBI flow of another kind (%(kind)s); RiBa flows begin with IB.",
                name=name,
                kind=lines[0][1:3],
            )
        )
    if wrong := next((at for at, line in enumerate(lines, 1) if len(line) > LENGTH or line[:1] != " "), None):
        raise BadFile(say("%(name)s: line %(line)s is no record of 120 signs.", name=name, line=wrong))
    lines = [f"{line:<{LENGTH}}" for line in lines]
    found, current = [], dict[str, str]()
    for at, line in enumerate(lines[1:-1], 2):
        record = line[1:3]
        if record not in (*_RECORDS, "59"):
            raise BadFile(
                say(
                    "%(name)s: line %(at)s is a record %(record)s, which RiBa flows do not have.",
                    name=name,
                    at=at,
                    record=shown(record),
                )
            )
        if record == "14":
            _add(found, current, name)
            current = {}
        current[record] = line
    _add(found, current, name)
    _check_sums(lines[-1], found, len(lines), name)
    return found


def _add(found: list[Returned], records: dict[str, str], name: str) -> None:
    if not records:
        return
    if not {"14", "51"} <= records.keys():
        raise BadFile(say("%(name)s: a receipt lacks its record 14 or 51.", name=name))
    line = records["14"]
    try:
        found.append(
            Returned(
                number=int(records["51"][10:20].strip() or "0"), code=line[28:33],
                due=datetime.strptime(line[22:28], "%d%m%y").date(),  # noqa: DTZ007 - a day has no zone
                amount=Decimal(int(line[33:46])) / 100, debtor=records.get("30", "")[10:70].strip(),
            )
        )  # fmt: skip
    except ValueError as error:
        raise BadFile(
            say(
                "%(name)s: receipt %(number)s has a day, an amount or a number that is none.",
                name=name,
                number=line[3:10],
            )
        ) from error


def _check_sums(last: str, found: Sequence[Returned], lines: int, name: str) -> None:
    if last[1:3] != "EF":
        raise BadFile(say("%(name)s breaks off: its last record must be EF.", name=name))
    try:
        count, out, back, records = int(last[45:52]), int(last[52:67]), int(last[67:82]), int(last[82:89])
    except ValueError as error:
        raise BadFile(say("%(name)s: the sums of its last record are not numbers.", name=name)) from error
    total = sum(int(r.amount * 100) for r in found)
    if (count, records) != (len(found), lines) or out + back != total:
        raise BadFile(
            say(
                "%(name)s does not add up: its last record counts %(count)s receipts over %(amount)s.",
                name=name,
                count=language.number(count),
                amount=figure(Decimal(out + back) / 100, "EUR"),
            )
        )
