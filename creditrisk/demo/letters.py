"""How the demo company's people were told of its last days: mails, digests, and a webhook that nobody answers.

Nothing leaves: what was mailed in the past counts as mailed.
"""

from datetime import datetime
from typing import Any

from creditrisk.notices import sending, spreading
from creditrisk.notices.models import Endpoint, Notice, NoticeState


class Past(sending.Post):
    """A way out for what is told as past: taken, and sent nowhere."""

    def mail(self, message: Any) -> None:
        """Take a mail."""


def connect() -> None:
    """This will add a webhook at an address that calls are not allowed to."""
    Endpoint.objects.create(
        name="Warehouse (old)", url="https://192.168.10.20/credit", kinds=["suspended", "over_limit"]
    )


def go_round(*, now: datetime) -> None:
    """This will tell people of what happened up to `now`, at each moment at which something was due."""
    while spreading.spread(now=now):
        pass
    waiting = Notice.objects.filter(state=NoticeState.WAITING, due_at__lte=now).order_by("due_at")
    while (due := waiting.values_list("due_at", flat=True).first()) is not None:
        post = Past()
        while sending.send_next(clock=lambda at=due: at, post=post):  # type: ignore[misc]
            pass
