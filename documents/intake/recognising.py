"""Says what a message is and has it read; what we do not take in is refused by name."""

import re
from dataclasses import replace

from creditrisk.language import marked, say
from documents.intake import cii, fatturapa, signed, ubl
from documents.intake.incoming import Incoming
from ledger.imports import guarded
from ledger.imports.delimited import BadFile
from ledger.imports.values import shown

TAKEN = marked("UBL and Peppol orders, invoices and credit notes, UN/CEFACT CII, and FatturaPA")


def read(content: bytes, name: str) -> list[Incoming]:
    """Read every document of a message, signed or not. Raises BadFile, which says what the message is where it can."""
    guarded.checked_size(len(content), name)
    if signed.is_signed(content):
        return [replace(found, format=f"{found.format}, signed") for found in _read(signed.opened(content, name), name)]
    return _read(content, name)


def _read(content: bytes, name: str) -> list[Incoming]:
    start = content[:400].lstrip(b"\xef\xbb\xbf \r\n\t")
    if not start.startswith(b"<") and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise BadFile(
            say("%(name)s is %(what)s; taken in are %(taken)s.", name=name, what=_other(start), taken=say(TAKEN))
        )
    root = guarded.xml(content, name)
    what = root.tag.rpartition("}")[2]
    if what in ubl.ROOTS and ":ubl:" in root.tag.lower():
        return ubl.read(root)
    if what == cii.ROOT:
        return cii.read(root)
    if what in fatturapa.ROOTS:
        return fatturapa.read(root)
    raise BadFile(
        say(
            "%(name)s is a message of kind “%(kind)s”; taken in are %(taken)s.",
            name=name,
            kind=shown(what),
            taken=say(TAKEN),
        )
    )


def _other(start: bytes) -> str:
    if start.startswith((b"UNA", b"UNB", b"UNH+")):
        return say("an EDIFACT message")
    if re.match(rb"ISA|GS\W|ST\W\d{3}\W", start):  # whole, or without its envelope
        return say("an X12 message")
    if start.startswith((b"{", b"[")):
        return say("JSON")
    if start.startswith(b"PK"):
        return say("an archive")
    if start.startswith(b"%PDF"):
        return say("a PDF")
    return say("not XML")
