"""What stands in a cell: amounts, days, currencies, customer numbers. Each is understood or refused with a sentence."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

from creditrisk import language
from creditrisk.language import say
from creditrisk.money import decimals

# The active currencies of ISO 4217.
_CODES = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF
    CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL
    HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD
    MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG
    QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD
    TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG
"""
CURRENCIES = frozenset(_CODES.split())

EARLIEST, LATEST = date(1990, 1, 1), date(2100, 1, 1)

_PLAIN = re.compile(r"[+-]?\d+(\.\d+)?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")


class Unreadable(ValueError):
    """A cell does not say what its column promises; the text is a sentence for people."""


def customer_code(text: str) -> str:
    """Return a customer number as it is known here: all digits without leading zeros, others as written."""
    code = text.strip()
    return (code.lstrip("0") or "0") if code.isascii() and code.isdigit() else code


def name(text: str) -> str:
    """Return a name with its white space put in order."""
    return " ".join(text.split())


def currency(text: str) -> str:
    """Return an ISO 4217 code. Raises Unreadable."""
    code = text.strip().upper()
    if not code:
        raise Unreadable(say("The currency is missing."))
    if code not in CURRENCIES:
        raise Unreadable(say("“%(written)s” is not a currency known to ISO 4217.", written=text.strip()))
    return code


def amount(text: str, unit: str, *, decimal_mark: str = ".", most: Decimal) -> Decimal:
    """Return a signed amount in `unit`, at most `most` in size. Raises Unreadable."""
    written = text.strip().replace("\N{MINUS SIGN}", "-")
    if not written:
        raise Unreadable(say("The amount is missing."))
    plain = written.translate(str.maketrans(",.", ".,")) if decimal_mark == "," else written
    if not _PLAIN.fullmatch(plain) and not _GROUPED.fullmatch(plain):
        raise Unreadable(say("“%(written)s” is not an amount.", written=shown(written)))
    value = Decimal(plain.replace(",", ""))
    if abs(value) > most:
        raise Unreadable(
            say(
                "The amount %(written)s is absurd: more than %(most)s %(unit)s.",
                written=shown(written),
                most=language.number(most),
                unit=unit,
            )
        )
    if value != value.quantize(Decimal(1).scaleb(-decimals(unit))):
        raise Unreadable(
            say(
                "The amount %(written)s has more decimals than %(unit)s has (%(decimals)s).",
                written=shown(written),
                unit=unit,
                decimals=decimals(unit),
            )
        )
    return value


def day(text: str, formats: Sequence[str], *, what: str) -> date:
    """Return a day written in one of `formats`. Raises Unreadable, naming the day as `what`."""
    written = text.strip()
    if not written:
        raise Unreadable(say("The %(what)s is missing.", what=what))
    for pattern in formats:
        try:
            found = datetime.strptime(written, pattern).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
        if not EARLIEST <= found < LATEST:
            raise Unreadable(
                say(
                    "The %(what)s %(day)s lies outside %(first)s to %(last)s.",
                    what=what,
                    day=shown(written),
                    first=EARLIEST.year,
                    last=LATEST.year - 1,
                )
            )
        return found
    raise Unreadable(
        say(
            "“%(written)s” is not a date for the %(what)s; expected is %(formats)s.",
            written=shown(written),
            what=what,
            formats=_either(map(readable, formats)),
        )
    )


def _either(choices: Iterable[str]) -> str:
    *others, last = choices
    return say("%(others)s or %(last)s", others=", ".join(others), last=last) if others else last


def readable(pattern: str) -> str:
    """Return a date pattern as people write it."""
    for directive, meaning in (
        ("%Y", say("YYYY")),
        ("%m", say("MM")),
        ("%d", say("DD")),
        ("%y", say("YY")),
        ("%b", say("Mon")),
        ("%H:%M:%S", ""),
    ):
        pattern = pattern.replace(directive, meaning)
    return pattern.strip()


def shown(text: str, *, most: int = 40) -> str:
    """Return a cell's text short enough for a sentence."""
    return text if len(text) <= most else f"{text[:most]}…"
