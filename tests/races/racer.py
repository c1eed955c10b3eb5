"""A process that confirms the orders it is told of, one a line, and says what became of each.

With `unlocked` the account lock is left out and the decision is held up a moment: the race that the lock prevents.
"""

import sys
from datetime import UTC, datetime

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402

from approvals import gate  # noqa: E402
from creditrisk.roles import Actor  # noqa: E402
from documents.models import Document  # noqa: E402
from tests.races.lockless import leave_the_lock_out  # noqa: E402

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


if sys.argv[1:] == ["unlocked"]:
    leave_the_lock_out()
by = Actor(User.objects.get(username="sara"))
print("ready", flush=True)
for line in sys.stdin:
    order = Document.objects.get(pk=int(line))
    print(gate.submit(order, "confirm", by=by, now=NOW).outcome.verdict.value, flush=True)
