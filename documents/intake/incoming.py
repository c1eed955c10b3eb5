"""The one model into which every format is read: an order, invoice or credit note, as credit control sees it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from xml.etree.ElementTree import Element

from creditrisk.language import say
from ledger.imports import values
from ledger.imports.delimited import BadFile
from ledger.imports.values import Unreadable, shown

INVOICE, CREDIT_NOTE, ORDER = "INVOICE", "CREDIT_NOTE", "ORDER"


@dataclass(frozen=True)
class Party:
    """A seller or buyer as the message names them: a name, and every number they are known by."""

    name: str
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Position:
    """One line: net amount without tax, and the tax in per cent."""

    text: str
    quantity: Decimal
    net: Decimal
    tax_percent: Decimal = Decimal(0)


@dataclass(frozen=True)
class Incoming:
    """A document as a message tells it. `payable` is what is owed, with tax, less what was prepaid; never negative."""

    format: str
    kind: str
    number: str
    day: date
    currency: str
    seller: Party
    buyer: Party
    payable: Decimal
    positions: tuple[Position, ...] = ()
    dues: tuple[tuple[date, Decimal], ...] = ()
    order_number: str = ""
    invoice_number: str = ""
    notes: tuple[str, ...] = field(default=())


def text(of: Element | None, *paths: str) -> str:
    """Return the text at the first of these paths (any namespace) that has one."""
    for path in paths if of is not None else ():
        found = of.find("/".join(f"{{*}}{step}" for step in path.split("/")))  # type: ignore[union-attr]
        if found is not None and (written := " ".join((found.text or "").split())):
            return written
    return ""


def every(of: Element | None, path: str) -> list[Element]:
    """Return all elements at a path, in any namespace."""
    return [] if of is None else of.findall("/".join(f"{{*}}{step}" for step in path.split("/")))


def one(of: Element | None, path: str) -> Element | None:
    """Return the first element at a path, in any namespace."""
    return next(iter(every(of, path)), None)


def amount(written: str, *, what: str, missing: str | None = None) -> Decimal:
    """Return an amount written as XML Schema has it; `missing` stands where there is none. Raises BadFile."""
    if not written and missing is not None:
        return Decimal(missing)
    try:
        found = Decimal(written)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or abs(found) > Decimal("1e13"):
        raise BadFile(
            say("The %(what)s “%(written)s” is not a number.", what=what, written=shown(written))
            if written
            else say("The %(what)s is missing.", what=what)
        )
    return found


def day(written: str, *, what: str) -> date:
    """Return a day, written 2026-03-31 or 20260331. Raises BadFile."""
    try:
        return date.fromisoformat(written[:10])
    except ValueError as error:
        said = (
            say("The %(what)s “%(written)s” is not a day.", what=what, written=shown(written))
            if written
            else say("The %(what)s is missing.", what=what)
        )
        raise BadFile(said) from error


def currency(written: str) -> str:
    """Return an ISO 4217 code. Raises BadFile."""
    try:
        return values.currency(written)
    except Unreadable as error:
        raise BadFile(str(error)) from error


def keys(*written: str) -> tuple[str, ...]:
    """Return numbers as they are compared: without blanks, in capitals, each once."""
    return tuple(dict.fromkeys("".join(w.split()).upper()[:120] for w in written if w.strip()))


def checked(found: Incoming, *, negative: bool) -> Incoming:
    """Return the document if it names what every one must. A negative one is the opposite. Raises BadFile."""
    if not found.number:
        raise BadFile(say("The message has no document number."))
    if len(found.number) > 60:
        raise BadFile(say("The document number “%(number)s” is longer than 60 letters.", number=shown(found.number)))
    if not found.buyer.name and not found.buyer.keys:
        raise BadFile(say("The message names no buyer."))
    if not negative:
        return found
    opposite = {INVOICE: CREDIT_NOTE, CREDIT_NOTE: INVOICE}
    if found.kind not in opposite:
        raise BadFile(say("An order cannot be of less than nothing."))
    return Incoming(**{**found.__dict__, "kind": opposite[found.kind], "positions": (), "dues": ()})


def dues_of(pairs: Sequence[tuple[date | None, Decimal]]) -> tuple[tuple[date, Decimal], ...]:
    """Return the instalments that have a day, the earliest first."""
    return tuple(sorted((when, part) for when, part in pairs if when is not None))
