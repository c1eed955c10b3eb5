"""Calling a webhook: one signed POST to the address that was looked at, over TLS, without redirects, within a time.

Signed as Standard Webhooks (https://www.standardwebhooks.com) says: HMAC-SHA256 over id, timestamp and body, so that a
receiver's ready-made library checks it, and knows a repeat by its id.
"""

import base64
import hashlib
import hmac
import http.client
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from django.utils.translation import gettext as _

from creditrisk.notices import addresses
from creditrisk.notices.addresses import Target, Unreachable

# Seconds for each word with the other side, and for all of a call.
PATIENCE, AT_MOST = 5.0, 15.0
ANSWER_MAX = 64 * 1024


class Gone(Unreachable):
    """The other side says that nobody listens there any more."""


def headers(key: str, body: bytes, *, secret: str, now: datetime) -> dict[str, str]:
    """Return the headers that identify and sign a call."""
    stamp = str(int(now.timestamp()))
    signed = hmac.new(
        base64.b64decode(secret.removeprefix("whsec_")), f"{key}.{stamp}.".encode() + body, hashlib.sha256
    )
    return {
        "webhook-id": key,
        "webhook-timestamp": stamp,
        "webhook-signature": "v1," + base64.b64encode(signed.digest()).decode(),
        "content-type": "application/json",
        "user-agent": "creditrisk",
    }


def call(url: str, body: bytes, sent: Mapping[str, str], *, at_most: float = AT_MOST) -> None:
    """Post `body`; returns when the other side took it with a 2xx. Raises Unreachable, Gone."""
    target = addresses.resolve(url)
    connection = _Connection(target)
    try:
        with _bounded(connection, at_most):
            connection.request("POST", target.path, body=body, headers=dict(sent))
            answer = connection.getresponse()
            said = answer.read(ANSWER_MAX + 1)
    except (OSError, http.client.HTTPException) as error:
        if connection.stopped:
            raise Unreachable(_("No answer within %(seconds)d seconds.") % {"seconds": at_most}) from None
        raise Unreachable(f"{type(error).__name__}: {error}"[:300]) from None
    finally:
        connection.close()
    if connection.stopped:
        raise Unreachable(_("No answer within %(seconds)d seconds.") % {"seconds": at_most})
    if 200 <= answer.status < 300:
        return
    if answer.status == http.HTTPStatus.GONE:
        raise Gone(_("It answered 410: nobody listens there any more."))
    if 300 <= answer.status < 400:
        raise Unreachable(
            _("It answered %(status)d and wants the call elsewhere: redirects are not followed.")
            % {"status": answer.status}
        )
    words = said[:200].decode("utf-8", "replace").strip()
    raise Unreachable(_("It answered %(status)d: %(words)s") % {"status": answer.status, "words": words})


class _Connection(http.client.HTTPConnection):
    """Connects to the address that was looked at, and checks the certificate of the name that was asked for."""

    def __init__(self, target: Target) -> None:
        super().__init__(target.host, target.port, timeout=PATIENCE)
        self.target = target
        self.stopped = False

    def connect(self) -> None:
        plain = socket.create_connection((self.target.address, self.target.port), timeout=PATIENCE)
        self.sock = plain
        if self.target.tls:
            context = ssl.create_default_context()
            secured = context.wrap_socket(plain, server_hostname=self.target.host, do_handshake_on_connect=False)
            self.sock = secured  # so that it can be stopped while hands are shaken
            secured.do_handshake()
        if self.stopped:
            raise TimeoutError

    def putrequest(self, *args: object, **options: object) -> None:
        """Name the host without the port where it is the usual one, as for any call over TLS."""
        self.default_port = 443 if self.target.tls else 80
        super().putrequest(*args, **options)  # type: ignore[arg-type]

    def stop(self) -> None:
        """End the call from outside: whoever sends a byte a second never meets the patience for a single word."""
        self.stopped = True
        if self.sock is not None:
            try:
                self.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                self.sock.close()


@contextmanager
def _bounded(connection: _Connection, seconds: float) -> Iterator[None]:
    timer = threading.Timer(seconds, connection.stop)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
