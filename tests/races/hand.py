"""A process that does what it is told, an act a line as JSON, and answers with what came of it.

With `unlocked` no row is locked, and an act stops before the statement that it names in `before` until it is told to go
on: so is shown which race a lock decides.
"""

import json
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import Error, connection  # noqa: E402

from approvals import gate, granting, limit_requests  # noqa: E402
from approvals.models import Hold, LimitRequest  # noqa: E402
from creditrisk.refusal import Refused  # noqa: E402
from creditrisk.roles import Actor  # noqa: E402
from customers.models import Customer  # noqa: E402
from documents.drafts import Changes  # noqa: E402
from documents.models import Document  # noqa: E402

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LOCKS = re.compile(r" FOR (NO KEY )?UPDATE( OF \S+)?( SKIP LOCKED)?")


def release(by: Actor, hold: int, saw: dict[str, Any]) -> str:
    gate.release(Hold.objects.get(pk=hold), by=by, now=NOW, reason="They pay tomorrow", saw=saw)
    return "released"


def amend(by: Actor, document: int, amount: str) -> str:
    changes = Changes(amount=Decimal(amount))
    return gate.submit(
        Document.objects.get(pk=document), "amend", by=by, now=NOW, changes=changes
    ).outcome.verdict.value


def confirm(by: Actor, document: int) -> str:
    return gate.submit(Document.objects.get(pk=document), "confirm", by=by, now=NOW).outcome.verdict.value


def lower(by: Actor, customer: int, amount: str) -> str:
    granting.grant_directly(
        Customer.objects.get(pk=customer), amount=Decimal(amount), valid_from=NOW.date(), by=by, now=NOW
    )
    return "lowered"


def approve(by: Actor, request: int) -> str:
    return limit_requests.approve(LimitRequest.objects.get(pk=request), by=by, now=NOW).state


ACTS: dict[str, Callable[..., str]] = {f.__name__: f for f in (release, amend, confirm, lower, approve)}


class WithoutLocks:
    """Runs statements without the locks in them, and stops before the one that an act names, once."""

    before = ""

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if self.before and sql.startswith(self.before):
            self.before = ""
            answer({"said": "stopped"})
            sys.stdin.readline()
        return execute(LOCKS.sub("", sql).replace("credit_lock(", "credit_family("), params, many, context)


def answer(told: dict[str, str]) -> None:
    print(json.dumps(told), flush=True)


def do(act: str, by: str, values: dict[str, Any]) -> dict[str, str]:
    """Return what came of an act: what it says, or the code and the sentence of its refusal."""
    try:
        return {"said": ACTS[act](people[by], **values)}
    except Refused as refusal:
        return {"said": refusal.code, "why": str(refusal)}
    except Error as error:
        return {"said": type(error).__name__}


people = {user.username: Actor(user) for user in User.objects.all()}
unlocked = WithoutLocks()
if sys.argv[1:] == ["unlocked"]:
    connection.execute_wrappers.append(unlocked)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '20s'")  # Two that wait for each other's going on would wait for ever.
print("ready", flush=True)
while line := sys.stdin.readline():
    told = json.loads(line)
    unlocked.before = told.pop("before", "")
    answer(do(told.pop("act"), told.pop("by"), told))
