"""Says what a message is and has it read; what we do not take in is refused by name."""

import re

from documents.intake import cii, fatturapa, ubl
from documents.intake.incoming import Incoming
from ledger.imports import guarded
from ledger.imports.delimited import BadFile
from ledger.imports.values import shown

TAKEN = "UBL and Peppol orders, invoices and credit notes, UN/CEFACT CII, and FatturaPA"


def read(content: bytes, name: str) -> list[Incoming]:
    """Read every document of a message. Raises BadFile, which says what the message is where that can be said."""
    guarded.checked_size(len(content), name)
    start = content[:400].lstrip(b"\xef\xbb\xbf \r\n\t")
    if not start.startswith(b"<") and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise BadFile(f"{name} is {_other(start, name)}; taken in are {TAKEN}.")
    root = guarded.xml(content, name)
    what = root.tag.rpartition("}")[2]
    if what in ubl.ROOTS and ":ubl:" in root.tag.lower():
        return ubl.read(root)
    if what == cii.ROOT:
        return cii.read(root)
    if what in fatturapa.ROOTS:
        return fatturapa.read(root)
    raise BadFile(f"{name} is a message of kind “{shown(what)}”; taken in are {TAKEN}.")


# How a signed message begins: DER or BER by the length of its length, or the same in base64, with armour or without.
_SIGNED = (b"0\x80", b"0\x81", b"0\x82", b"0\x83", b"0\x84", b"MII", b"-----BEGIN")


def _other(start: bytes, name: str) -> str:
    if start.startswith(_SIGNED) or name.lower().endswith((".p7m", ".p7s")):
        return "signed (CAdES, p7m): take the XML out of its envelope and send that"
    if start.startswith((b"UNA", b"UNB", b"UNH+")):
        return "an EDIFACT message"
    if re.match(rb"ISA|GS\W|ST\W\d{3}\W", start):  # whole, or without its envelope
        return "an X12 message"
    if start.startswith((b"{", b"[")):
        return "JSON"
    if start.startswith(b"PK"):
        return "an archive"
    if start.startswith(b"%PDF"):
        return "a PDF"
    return "not XML"
