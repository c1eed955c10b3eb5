"""What the environment says, read into what Django and Celery understand; a bad value stops the start with a sentence."""

import os
import sys
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

# What a decision asks is prepared once a connection (creditrisk/prepared.py); to plan it again for each value costs more
# than to run it.
PLANS = "-c plan_cache_mode=force_generic_plan"


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def yes(name: str) -> bool:
    if (value := text(name, "0")) not in {"0", "1"}:
        raise ImproperlyConfigured(f"{name} is {value!r}: say 1 for yes or 0 for no.")
    return value == "1"


def number(name: str, default: int) -> int:
    if not (value := text(name, str(default))).isdecimal() or int(value) < 1:
        raise ImproperlyConfigured(f"{name} is {value!r}: say a whole number from 1.")
    return int(value)


def database(url: str, *, role: str = "") -> dict[str, Any]:
    parts, extra = urlsplit(url), dict(parse_qsl(urlsplit(url).query))
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise ImproperlyConfigured("DATABASE_URL names a database as postgresql://user:password@host:port/name.")
    where = {"HOST": extra.pop("host", parts.hostname or ""), "PORT": extra.pop("port", str(parts.port or ""))}
    who = {"USER": unquote(parts.username or ""), "PASSWORD": unquote(parts.password or "")}
    # What the server's list of connections, and the audit trail, call a process that acts for nobody.
    extra.setdefault("application_name", " ".join(["creditrisk", *Path(sys.argv[0]).parts[-2:], *sys.argv[1:2]])[:60])
    # Where the database is away nobody waits long, and it is asked again at every request, not ever more rarely.
    pool = {"min_size": 1, "max_size": number("DATABASE_POOL", 8), "timeout": 3, "reconnect_timeout": 3}
    options = {**extra, "pool": pool}
    # The role is taken by the server at connecting; Django's assume_role waits for ever inside a pool.
    taken = f"-c role={role}" if role else ""
    options["options"] = " ".join(filter(None, (extra.get("options"), PLANS, taken)))
    name = unquote(parts.path.strip("/"))
    return {"ENGINE": "django.db.backends.postgresql", "NAME": name, **where, **who, "OPTIONS": options,
            "CONN_HEALTH_CHECKS": True}  # fmt: skip


def redis(url: str) -> tuple[str, str]:
    """The broker's address as Celery writes it, and the cache's: the database after it, which is emptied at will."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        broker, cache = f"redis+socket://{parts.path}?virtual_host=", f"unix://{parts.path}?db="
        place = dict(parse_qsl(parts.query)).get("db", "0")
    else:
        broker = cache = f"{parts.scheme}://{parts.netloc}/"
        place = parts.path.strip("/") or "0"
    if parts.scheme not in {"redis", "rediss", "unix"} or not place.isdecimal():
        raise ImproperlyConfigured("REDIS_URL names a numbered database as redis://user:password@host:port/0.")
    return broker + place, cache + str(int(place) + 1)


def directories() -> list[dict[str, Any]]:
    """Where people may sign in with an account that they have elsewhere (OpenID Connect): one directory, or none."""
    if not (issuer := text("OIDC_ISSUER")):
        return []
    if urlsplit(issuer).scheme != "https" and urlsplit(issuer).hostname not in {"localhost", "127.0.0.1"}:
        raise ImproperlyConfigured(f"OIDC_ISSUER is {issuer!r}: say an address that begins with https://.")
    if not (text("OIDC_CLIENT_ID") and text("OIDC_CLIENT_SECRET")):
        raise ImproperlyConfigured("OIDC_ISSUER wants OIDC_CLIENT_ID and OIDC_CLIENT_SECRET beside it.")
    secrets = {"client_id": text("OIDC_CLIENT_ID"), "secret": text("OIDC_CLIENT_SECRET")}
    return [
        {
            "provider_id": "directory",
            "name": text("OIDC_NAME", "Single sign-on"),
            "settings": {"server_url": issuer},
            **secrets,
        }
    ]


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
