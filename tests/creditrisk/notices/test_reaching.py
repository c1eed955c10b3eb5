"""How a webhook is reached: by a real name service that changes its mind, and over TLS with certificates that are checked."""

import json
import os
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from creditrisk.notices import calling
from creditrisk.notices.addresses import Unreachable
from tests.creditrisk.notices import naming
from tests.creditrisk.notices.test_webhooks import Hook

BASE = Path(__file__).resolve().parents[3]
HERE = "127.0.0.1"


def called(answers: list[list[str]]) -> dict[str, Any]:
    """Call a webhook where each question for its name is answered with the next of these addresses; one network is allowed."""
    command = [sys.executable, "-m", "tests.creditrisk.notices.naming", json.dumps(answers)]
    ours = {**os.environ, "DJANGO_SETTINGS_MODULE": "creditrisk.settings", "WEBHOOK_NETWORKS": "127.0.0.0/24"}
    done = subprocess.run(command, cwd=BASE, env=ours, capture_output=True, text=True, timeout=60)
    if done.returncode == naming.NO_NAMESPACES:
        pytest.skip("This system lets nobody have a network of their own; test_webhooks.py replaces the name service.")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_name_that_is_looked_at_is_asked_for_once_and_called_where_it_was() -> None:
    found = called([["127.0.0.5"], ["127.9.9.9"]])

    assert found == {"asked": ["turns.example"], "got": [["127.0.0.5", f"turns.example:{naming.PORT}"]], "said": ""}


@pytest.mark.parametrize("answers", [["127.9.9.9"], ["127.0.0.5", "127.9.9.9"], ["127.9.9.9", "127.0.0.5"]])
def test_a_name_one_of_whose_addresses_lies_inside_is_not_called(answers: list[str]) -> None:
    found = called([answers, ["127.0.0.5"]])

    assert "127.9.9.9: not an address on the open internet" in found["said"]
    assert found["got"] == []


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """A function that writes a certificate with its key; the authority that the system trusts has signed it, or `stranger`."""
    keys = {who: ec.generate_private_key(ec.SECP256R1()) for who in ("authority", "stranger", "server")}
    now = datetime.now(UTC)

    def signed(name: str, *, by: str, until: datetime, authority: bool = False) -> x509.Certificate:
        key = keys[by if authority else "server"]
        made = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, by if authority else name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, by)]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=9))
            .not_valid_after(until)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(keys[by].public_key()), critical=False)
        )
        if authority:
            usage = dict.fromkeys(
                ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False
            )
            only = {"encipher_only": False, "decipher_only": False, "digital_signature": True}
            made = made.add_extension(x509.KeyUsage(key_cert_sign=True, crl_sign=True, **usage, **only), critical=True)
        else:
            whose = x509.IPAddress(ip_address(name)) if name == HERE else x509.DNSName(name)
            made = made.add_extension(x509.SubjectAlternativeName([whose]), critical=False)
        return made.sign(keys[by], hashes.SHA256())

    def pem(what: x509.Certificate) -> bytes:
        return what.public_bytes(serialization.Encoding.PEM)

    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(pem(signed("", by="authority", until=now + timedelta(days=9), authority=True)))
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))

    def write(name: str = HERE, *, by: str = "authority", until: timedelta = timedelta(days=9)) -> Path:
        path = tmp_path / "server.pem"
        key = keys["server"].private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.write_bytes(key + pem(signed(name, by=by, until=now + until)))
        return path

    return write


@pytest.fixture
def secured(settings: Any, written: Callable[..., Path]) -> Iterator[Callable[..., Hook]]:
    """A function that lets a webhook answer over TLS with such a certificate."""
    settings.WEBHOOK_NETWORKS = (ip_network("127.0.0.0/8"),)
    opened: list[Hook] = []

    def secure(**how: Any) -> Hook:
        hook = Hook(tls=_context(written(**how)))
        opened.append(hook)
        return hook

    yield secure
    for hook in opened:
        hook.close()


def _context(path: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def test_a_certificate_of_the_name_that_a_known_authority_signed_is_taken(secured: Callable[..., Hook]) -> None:
    hook = secured()

    calling.call(f"https://{HERE}:{hook.server.server_port}/", b"{}", {}, at_most=5)

    assert [body for _path, _headers, body in hook.got] == [b"{}"]


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ({"name": "other.example"}, "mismatch"),
        ({"by": "stranger"}, "unable to get local issuer certificate"),
        ({"until": timedelta(days=-1)}, "certificate has expired"),
    ],
)
def test_any_other_certificate_ends_the_call_before_a_word_is_said(
    secured: Callable[..., Hook], how: dict[str, Any], sentence: str
) -> None:
    hook = secured(**how)

    with pytest.raises(Unreachable, match=f"SSLCertVerificationError.*{sentence}"):
        calling.call(f"https://{HERE}:{hook.server.server_port}/", b"{}", {}, at_most=5)

    assert hook.got == []
