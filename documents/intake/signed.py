"""Opens signed messages (CAdES, p7m): the XML is taken out of its envelope; who signed, and whether rightly, is not checked."""

import base64
import binascii

from asn1crypto import cms

from creditrisk.language import sentence as _
from ledger.imports.delimited import BadFile

# How a signed message begins: DER or BER by the length of its length, or the same in base64, with armour or without.
_BINARY = (b"0\x80", b"0\x81", b"0\x82", b"0\x83", b"0\x84")
_KIND = b"\x06\x09*\x86H\x86\xf7\r\x01\x07"  # The number of all kinds of envelopes (PKCS #7), but for the last digit.
_WRITTEN = (b"MII", b"MIA", b"-----BEGIN")
DEEPEST = 3  # A message may be signed by several, each around the one before.


def is_signed(content: bytes) -> bool:
    """Return whether the file begins as a signed message does."""
    bare = _bare(content)
    return bare.startswith(_BINARY + _WRITTEN) or _is_short(bare)


def _bare(content: bytes) -> bytes:
    return content.lstrip(b"\xef\xbb\xbf \r\n\t")


def _is_short(bare: bytes) -> bool:
    return bare.startswith(b"0") and _KIND in bare[:16]


def opened(content: bytes, name: str) -> bytes:
    """Return the message inside, however often it was signed; one that is not signed as it is. Raises BadFile."""
    for _time in range(DEEPEST):
        if not is_signed(content):
            return content
        content = _unwrapped(_binary(content, name), name)
    raise BadFile(
        _("%(file)s is signed more than %(times)s times over; take the XML out of its envelopes and send that.")
        % {"file": name, "times": DEEPEST}
    )


def _binary(content: bytes, name: str) -> bytes:
    bare = _bare(content)
    if bare.startswith(_BINARY) or _is_short(bare):
        return bare
    lines = [line for line in bare.split() if not line.startswith(b"-")] if bare.startswith(b"MI") else _armoured(bare)
    try:
        return base64.b64decode(b"".join(lines), validate=True)
    except binascii.Error as error:
        raise BadFile(_("%(file)s begins like a signed message in base64, and is none.") % {"file": name}) from error


def _armoured(content: bytes) -> list[bytes]:
    return [line for line in content.splitlines() if line.strip() and not line.startswith(b"-----")]


def _unwrapped(content: bytes, name: str) -> bytes:
    try:
        envelope = cms.ContentInfo.load(content)
        what = envelope["content_type"].native
        inside = envelope["content"]["encap_content_info"]["content"].native if what == "signed_data" else None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise BadFile(
            _("%(file)s begins like a signed message, and its envelope is damaged.") % {"file": name}
        ) from error
    if what != "signed_data":
        raise BadFile(
            _("%(file)s is an envelope of another kind (%(kind)s), which is not opened.")
            % {"file": name, "kind": what.replace("_", " ")}
        )
    if not isinstance(inside, bytes) or not inside:
        raise BadFile(
            _("%(file)s holds a signature without the message that it signs; send the message.") % {"file": name}
        )
    return inside
