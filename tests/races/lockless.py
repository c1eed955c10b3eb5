"""The product without its lock, in a process of its own: the race that the lock prevents."""

import time
from dataclasses import replace
from typing import Any

from approvals import submission
from customers import limits

HELD_UP = 0.1  # Seconds between judging and keeping a decision.


def leave_the_lock_out() -> None:
    """Read who stands with whom and lock nobody; a decision is kept a moment after it was made."""
    locking, record = limits.locking, submission.Submission._record
    limits.locking = lambda ids: replace(locking(ids), statement=limits._FAMILY)

    def late(*args: Any) -> Any:
        time.sleep(HELD_UP)
        return record(*args)

    submission.Submission._record = late  # type: ignore[method-assign]
