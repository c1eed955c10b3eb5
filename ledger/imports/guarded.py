"""The porter at the door for files: what is too large, packed to burst, or not what it claims is refused in a sentence."""

import io
import struct
import unicodedata
import zipfile
import zlib
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException

from creditrisk import export, language
from creditrisk.language import marked, say
from ledger.imports.delimited import BadFile

MEGABYTE = 1024 * 1024
MOST = 25 * MEGABYTE
MOST_UNPACKED = 200 * MEGABYTE
MOST_PARTS = 2_000
TIGHTEST = 200  # Real sheets and texts shrink to a fiftieth at best; bombs to a thousandth.
DEEPEST = 200
PIECE = 64 * 1024
_HEAD = struct.Struct(
    "<26xHH"
)  # What stands before a part: the lengths of its name and of what is beside it, at the end.

ENCODINGS = {
    "utf-8": "UTF-8",
    "cp1252": marked("Windows-1252 (Western Europe)"),
    "cp1250": marked("Windows-1250 (Central Europe)"),
    "iso-8859-15": marked("ISO 8859-15 (Western Europe, with €)"),
    "utf-16": "UTF-16",
}


def checked_size(size: int, name: str) -> None:
    """Raise BadFile where a file of `size` bytes is empty or larger than we take."""
    if not size:
        raise BadFile(say("%(name)s is empty.", name=name))
    if size > MOST:
        raise BadFile(
            say(
                "%(name)s has %(size)s MB; at most %(most)s MB are taken. Split the file.",
                name=name,
                size=language.number(round(size / MEGABYTE)),
                most=MOST // MEGABYTE,
            )
        )


def text(content: bytes, name: str, *, encoding: str = "utf-8") -> str:
    """Return the file as text. A byte order mark wins over `encoding`; nothing is guessed. Raises BadFile."""
    checked_size(len(content), name)
    chosen = encoding
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        chosen = "utf-16"
    elif content.startswith(b"\xef\xbb\xbf") or encoding == "utf-8":
        chosen = "utf-8-sig"
    try:
        found = content.decode(chosen)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise BadFile(
            say(
                "%(name)s is not written in %(encoding)s (line %(line)s); choose its encoding.",
                name=name,
                encoding=say(ENCODINGS.get(encoding, encoding)),
                line=language.number(line),
            )
        ) from error
    if "\0" in found:
        raise BadFile(say("%(name)s is not a text file.", name=name))
    return found


def xml(content: bytes, name: str) -> Element:
    """Return the root of an XML file. Document types and entities are never read. Raises BadFile."""
    checked_size(len(content), name)
    try:
        root: Any = defusedxml.ElementTree.fromstring(content, forbid_dtd=True)
    except DefusedXmlException as error:
        raise BadFile(
            say("%(name)s brings a document type or entities of its own; such files are not read.", name=name)
        ) from error
    except ParseError as error:
        line, column = error.position
        raise BadFile(
            say(
                "%(name)s is not well-formed XML: see line %(line)s, column %(column)s.",
                name=name,
                line=language.number(line),
                column=language.number(column + 1),
            )
        ) from error
    except (LookupError, ValueError) as error:
        raise BadFile(say("%(name)s is not written in the encoding that it names.", name=name)) from error
    if _depth(root) > DEEPEST:
        raise BadFile(
            say("%(name)s is nested deeper than %(most)s levels; such files are not read.", name=name, most=DEEPEST)
        )
    return root


def _depth(root: Element) -> int:
    """Return how deep the tree goes, without recursion."""
    depth, level = 0, [root]
    while level and depth <= DEEPEST:
        depth += 1
        level = [child for element in level for child in element]
    return depth


def archive(content: bytes, name: str) -> zipfile.ZipFile:
    """Return an archive whose parts are of sensible number and size when unpacked. Raises BadFile."""
    checked_size(len(content), name)
    try:
        found = zipfile.ZipFile(io.BytesIO(content))
        parts = found.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise BadFile(say("%(name)s is a damaged archive or workbook.", name=name)) from error
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    if len(parts) > MOST_PARTS or unpacked > MOST_UNPACKED or unpacked > TIGHTEST * max(packed, 1024):
        raise BadFile(
            say(
                "%(name)s would unpack to %(size)s MB; such files are not opened.",
                name=name,
                size=language.number(round(unpacked / MEGABYTE)),
            )
        )
    if any(part.flag_bits & 1 for part in parts):
        raise BadFile(say("%(name)s is protected by a password; save it without one.", name=name))
    if any(_holds_more(content, part) for part in parts):
        raise BadFile(say("%(name)s lies about its size; such files are not opened.", name=name))
    return found


def _holds_more(content: bytes, part: zipfile.ZipInfo) -> bool:
    """Return whether a part holds more than it says, or is packed in a way that nobody uses.

    Who reads a part whole unpacks first and counts afterwards, so here it is unpacked piece by piece and let go.
    """
    head = content[part.header_offset : part.header_offset + _HEAD.size]
    if len(head) < _HEAD.size or part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return True
    if part.compress_type == zipfile.ZIP_STORED:
        return part.compress_size != part.file_size
    begin = part.header_offset + _HEAD.size + sum(_HEAD.unpack(head))
    rest, left, unpacker = content[begin : begin + part.compress_size], part.file_size, zlib.decompressobj(-15)
    try:
        while rest and left >= 0 and not unpacker.eof:
            left -= len(unpacker.decompress(rest, PIECE))
            rest = unpacker.unconsumed_tail
    except zlib.error:
        return True
    return left < 0


def unzipped(content: bytes, name: str, *, ending: str) -> bytes:
    """Return the one file with that ending out of an archive. Raises BadFile where there is none or are several."""
    found = archive(content, name)
    wanted = [part for part in found.infolist() if part.filename.lower().endswith(ending)]
    if len(wanted) != 1:
        raise BadFile(
            say(
                "%(name)s holds %(count)s %(ending)s files; one is wanted.",
                name=name,
                count=language.number(len(wanted)),
                ending=ending,
            )
        )
    try:
        return found.read(wanted[0])
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError) as error:
        raise BadFile(say("%(name)s is a damaged archive or workbook.", name=name)) from error


def harmless(cell: object) -> str:
    """Return a cell's text so that a spreadsheet shows it and never runs it as a formula (OWASP, CSV injection)."""
    written = "".join(sign for sign in str(cell) if sign >= " " or sign in "\t\n\r")
    bare = unicodedata.normalize("NFKC", written[:80]).lstrip()
    if (
        (bare[:1] in "=@" and bare)
        or written[:1] in ("\t", "\r", "\n")
        or (bare[:1] in "+-" and bare and not _number(bare))
    ):
        written = f"'{written}"
    return export.parted(written)


def _number(written: str) -> bool:
    return written[1:].replace(".", "").replace(",", "").isdecimal()
