"""What the environment says of mail and of networks inside."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

_SMTP = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


def mail(url: str, *, timeout: int = 10) -> dict[str, Any]:
    """Return how mail leaves as Django's settings want it: over a server, into files of a folder, or onto the console.

    `timeout` is in seconds, for each word with the server.
    """
    wrong = (
        "EMAIL_URL names a mail server as smtp+starttls://user:password@host:587, smtps://... or smtp://...;"
        " file:/folder and console: keep mail inside."
    )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ImproperlyConfigured(wrong) from error
    backend = "django.core.mail.backends.{}.EmailBackend"
    if parts.scheme == "console":
        return {"BACKEND": backend.format("console")}
    if parts.scheme == "file" and parts.path:
        return {"BACKEND": backend.format("filebased"), "OPTIONS": {"file_path": unquote(parts.path)}}
    if parts.scheme not in _SMTP or not parts.hostname:
        raise ImproperlyConfigured(wrong)
    options = {
        "host": parts.hostname, "port": port or _SMTP[parts.scheme], "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""), "use_tls": parts.scheme == "smtp+starttls",
        "use_ssl": parts.scheme == "smtps", "timeout": timeout,
    }  # fmt: skip
    return {"BACKEND": backend.format("smtp"), "OPTIONS": options}


def networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Return the networks that are named, with commas between them."""
    try:
        return tuple(ip_network(one.strip()) for one in text.split(",") if one.strip())
    except ValueError as error:
        raise ImproperlyConfigured(f"WEBHOOK_NETWORKS names networks as 10.0.0.0/8,fd00::/8: {error}.") from error
