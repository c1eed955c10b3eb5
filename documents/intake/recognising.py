"""Says what a message is and has it read; what we do not take in is refused by name."""

import re
from dataclasses import replace

from documents.intake import cii, fatturapa, signed, ubl
from documents.intake.incoming import Incoming
from ledger.imports import guarded
from ledger.imports.delimited import BadFile
from ledger.imports.values import shown

TAKEN = "UBL and Peppol orders, invoices and credit notes, UN/CEFACT CII, and FatturaPA"


def read(content: bytes, name: str) -> list[Incoming]:
    """Read every document of a message, signed or not. Raises BadFile, which says what the message is where it can."""
    guarded.checked_size(len(content), name)
    if signed.is_signed(content):
        return [replace(found, format=f"{found.format}, signed") for found in _read(signed.opened(content, name), name)]
    return _read(content, name)


def _read(content: bytes, name: str) -> list[Incoming]:
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


def _other(start: bytes, name: str) -> str:
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
