"""Which addresses a webhook may call: https on the open internet, and networks inside that the installation allows.

A name is resolved once and the call goes to what was found then: nothing can change between looking and calling. All
that a name resolves to must be allowed.
"""

import ipaddress
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

# They carry another address or way inside, which a gateway would unwrap.
_WRAPPED = tuple(
    ipaddress.ip_network(one)
    for one in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96", "::ffff:0:0:0/96", "5f00::/16")
)


class Unreachable(Exception):
    """A call that may not be made, or came to nothing; the text says why."""


@dataclass(frozen=True)
class Target:
    """Where a call goes: the name that was asked for, and the address that it had."""

    scheme: str
    host: str
    port: int
    path: str
    address: str

    @property
    def tls(self) -> bool:
        return self.scheme == "https"


def wrong(url: str) -> str:
    """Return what is wrong with an address as it is written; "" where nothing is."""
    try:
        _parts(url)
    except Unreachable as error:
        return str(error)
    return ""


def _parts(url: str) -> Any:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Unreachable(_("This is no address of the web.")) from None
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise Unreachable(_("Write the whole address, beginning with https://."))
    if parts.scheme == "http" and not settings.WEBHOOK_NETWORKS:
        raise Unreachable(_("It begins with http://, which anybody on the way can read: use https://."))
    if parts.username or parts.password:
        raise Unreachable(_("Leave name and password out: calls are signed."))
    if port == 0:
        raise Unreachable(_("Port 0 is none."))
    return parts


def resolve(url: str) -> Target:
    """Return where a call to this address goes. Raises Unreachable where it may not go there, or the name is not known."""
    parts = _parts(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable(
            _("The name %(host)s is not known: %(error)s") % {"host": parts.hostname, "error": error}
        ) from None
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        if not allowed(address, tls=parts.scheme == "https"):
            inside = _("%(address)s is not an address on the open internet, or is not called over https.")
            named = _("%(host)s is %(address)s: not an address on the open internet, or not called over https.")
            sentence = inside if parts.hostname == address else named
            raise Unreachable(sentence % {"host": parts.hostname, "address": address})
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    return Target(parts.scheme, parts.hostname, port, path, addresses[0])


def allowed(address: str, *, tls: bool) -> bool:
    """Return whether a call may go to this address: inside only to networks that are named, outside only over https."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if any(found in network for network in settings.WEBHOOK_NETWORKS):
        return True
    wrapped = any(found in network for network in _WRAPPED if network.version == found.version)
    return tls and found.is_global and not found.is_multicast and not wrapped
