"""The far end of the mail: a server that refuses, and one that dies after it took a message."""

from typing import Any

from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.locmem import EmailBackend


class Refusing(BaseEmailBackend):
    """Nobody listens."""

    def send_messages(self, email_messages: Any) -> int:
        raise ConnectionRefusedError("nobody listens")


class TakingOnce(EmailBackend):
    """It takes what is sent, and the line breaks before it says so."""

    def send_messages(self, email_messages: Any) -> int:
        super().send_messages(email_messages)
        raise ConnectionResetError("gone")


def far_end(backend: type[BaseEmailBackend]) -> dict[str, Any]:
    """Return the settings under which mail goes to this far end."""
    return {"default": {"BACKEND": f"{backend.__module__}.{backend.__qualname__}"}}
