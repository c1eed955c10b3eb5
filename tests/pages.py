"""Pages in tests: opened by somebody, read as people read them, and what they cost."""

import re
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def words(response: Any) -> str:
    """Return what a person reads: tags and line breaks taken out."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def queries_of(client: Client, address: str, data: dict[str, Any] | None = None) -> int:
    client.get(address, data)
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address, data).status_code == 200
    return len(seen)
