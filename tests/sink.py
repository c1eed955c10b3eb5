"""A real mail server that keeps what it accepts, can be slow about saying so, refuse, and go down and come back."""

import random
import socket
import time
from collections import Counter
from email import message_from_bytes
from email.message import Message
from typing import Any

from aiosmtpd.controller import Controller


class Sink:
    """Listens on a port of 127.0.0.1 that stays the same over going down and coming back."""

    def __init__(self, *, slow: float = 0) -> None:
        with socket.socket() as door:
            door.bind(("127.0.0.1", 0))
            self.port: int = door.getsockname()[1]
        self.slow = slow  # up to so many seconds between accepting a mail and saying so
        self.mails: list[Message] = []
        self.recipients: list[str] = []
        self.refused: dict[str, str] = {}
        self.answer = ""
        self.controller: Controller | None = None

    @property
    def address(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def counted(self) -> Counter[str]:
        """How often each Message-ID arrived."""
        return Counter(mail["Message-ID"] for mail in self.mails)

    def up(self) -> "Sink":
        for left in reversed(range(50)):
            self.controller = Controller(self, hostname="127.0.0.1", port=self.port)
            try:
                self.controller.start()
            except OSError:
                if not left:
                    raise
                time.sleep(0.1)
            else:
                break
        return self

    def down(self) -> None:
        if self.controller is not None:
            self.controller.stop(no_assert=True)
            self.controller = None

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.answer:
            return self.answer
        self.mails.append(message_from_bytes(envelope.content))
        self.recipients += envelope.rcpt_tos
        if self.slow:
            time.sleep(random.uniform(0, self.slow))
        return "250 OK"
