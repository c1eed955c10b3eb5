"""Signed FatturaPA (p7m): taken out of its envelope, in DER, BER, base64 and twice over; what is no such thing is refused."""

import base64
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms
from django.test import Client
from django.urls import reverse

from documents.intake import recognising, signed
from documents.models import Document
from ledger.imports.delimited import BadFile
from tests.cast import Cast
from tests.documents.test_intake import audited, fattura, received, upload
from tests.pages import as_user, words

XML = fattura("F1")


def wrapped(content: bytes | None = XML, *, kind: str = "signed_data") -> bytes:
    """Return the content in an envelope that nobody signed."""
    inside: dict[str, Any] = {"content_type": "data"}
    if content is not None:
        inside["content"] = content
    body = {"version": "v1", "digest_algorithms": [], "encap_content_info": inside, "signer_infos": []}
    if kind != "signed_data":
        body = {"version": 0, "encrypted_content_info": {"content_type": "data", "content_encryption_algorithm": {
            "algorithm": "aes128_cbc", "parameters": b"0" * 16}, "encrypted_content": b"x"}}  # fmt: skip
    return bytes(cms.ContentInfo({"content_type": kind, "content": body}).dump())


def streamed(content: bytes = XML) -> bytes:
    """Return it as a program writes that does not know the length beforehand: indefinite lengths, the text in pieces."""
    pieces = b"".join(b"\x04\x82" + len(p).to_bytes(2, "big") + p for p in (content[:700], content[700:]))
    data = b"\x06\x09*\x86H\x86\xf7\r\x01\x07\x01"
    inner = b"0\x80" + data + b"\xa0\x80$\x80" + pieces + b"\0\0" * 3
    body = b"0\x80\x02\x01\x011\0" + inner + b"1\0" + b"\0\0"
    return b"0\x80" + data[:-1] + b"\x02" + b"\xa0\x80" + body + b"\0\0" * 2


def lined(content: bytes) -> bytes:
    """Return base64 in lines of 64 letters."""
    text = base64.b64encode(content)
    return b"\n".join(text[n : n + 64] for n in range(0, len(text), 64))


@pytest.mark.parametrize(
    "content",
    [
        wrapped(),
        streamed(),
        wrapped(wrapped()),
        base64.b64encode(wrapped()),
        lined(streamed()),
        b"-----BEGIN PKCS7-----\r\n" + lined(wrapped()).replace(b"\n", b"\r\n") + b"\r\n-----END PKCS7-----\r\n",
        wrapped(lined(wrapped())),
    ],
    ids=["der", "ber", "twice", "base64", "base64 of ber in lines", "armour", "base64 inside"],
)
def test_a_signed_invoice_is_read_and_says_that_it_was_signed(content: bytes) -> None:
    (found,) = recognising.read(content, "IT01234567890_11002.xml.p7m")

    assert (found.number, found.payable, found.format) == ("F1", 122, "FatturaPA, signed")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (wrapped()[:-400], "envelope is damaged"),
        (b"0\x83\x01\x21\x9a\x06\x09", "envelope is damaged"),
        (b"0\x80" * 5000, "envelope is damaged"),
        (b"0\x80" + b"$\x80" * 20000, "envelope is damaged"),
        (wrapped(None), "a signature without the message"),
        (wrapped(kind="encrypted_data"), "an envelope of another kind"),
        (b"MII!not base64", "begins like a signed message in base64, and is none"),
        (b"-----BEGIN PGP MESSAGE-----\nhQEM\n-----END PGP MESSAGE-----", "damaged|none|not XML"),
        (wrapped(wrapped(wrapped(wrapped()))), "signed more than 3 times over"),
        (wrapped(b"hello"), "is not XML"),
        (wrapped(b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"), "document type or entities"),
    ],
)
def test_what_is_no_signed_message_is_refused_with_a_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(BadFile, match=sentence):
        recognising.read(content, "m.xml.p7m")


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not here")
@pytest.mark.parametrize("options", [["-outform", "DER"], ["-outform", "DER", "-stream"], ["-outform", "PEM"]])
def test_what_another_program_signed_is_opened(tmp_path: Path, options: list[str]) -> None:
    (tmp_path / "m.xml").write_bytes(XML)

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=tmp_path, check=True, capture_output=True)

    openssl(
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-keyout", "k", "-out", "c", "-days", "2"
    )
    openssl(
        "cms", "-sign", "-nodetach", "-binary", "-in", "m.xml", "-signer", "c", "-inkey", "k", "-out", "o", *options
    )

    assert signed.opened((tmp_path / "o").read_bytes(), "m.xml.p7m") == XML


def test_a_signed_invoice_becomes_a_document_once(cast: Cast) -> None:
    cast.rossi.tax_number = "IT00743110157"
    cast.rossi.save()

    first, again = received(cast, wrapped(), "a.xml.p7m"), received(cast, lined(wrapped()), "b.p7m")

    assert (first.state, first.format) == ("DONE", "FatturaPA, signed")
    assert "is here already" in again.error
    assert Document.objects.count() == 1
    assert audited() == 0


def test_the_page_shows_the_message_inside_and_says_that_nobody_checked_the_signature(cast: Cast) -> None:
    dario: Client = as_user(cast.dario.user)

    page = words(upload(dario, wrapped()))

    assert "is not checked here" in page
    assert "&lt;FatturaElettronicaHeader&gt;" in page or "FatturaElettronicaHeader" in page
    assert "It came signed" not in words(dario.get(reverse("messages")))


def test_a_damaged_envelope_has_its_page(cast: Cast) -> None:
    page = words(upload(as_user(cast.dario.user), wrapped()[:-400]))

    assert "envelope is damaged" in page
