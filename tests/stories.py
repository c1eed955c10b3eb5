"""Stories of steps: each in a transaction of its own, as a request has it; one that is refused leaves nothing."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from creditrisk.refusal import Refused
from tests.cast import Cast

Steps = Iterable[tuple[str, int, int, int]]


def played(cast: Cast, steps: Steps, act: Callable[..., Any], *, now: datetime) -> Iterator[tuple[str, datetime]]:
    """Take each step so many days after the last; give its name and moment when it was taken."""
    for step, pick, cents, days in steps:
        now += timedelta(days=days)
        with suppress(Refused), transaction.atomic():
            act(cast, step, pick, cents, now)
        yield step, now
