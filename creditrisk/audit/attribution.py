"""Who stands behind a change: told to the database before a statement on a watched table, and forgotten with the transaction."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse

from creditrisk.audit.watching import ORIGINS, WATCHED
from creditrisk.roles import Actor

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
WHY = "_why"  # What the forms of the administration call their question for the reason.
WHY_MAX = 300

_WRITTEN = re.compile(r'\b(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)')
_NOTED = frozenset(WATCHED) | frozenset(ORIGINS)


@contextmanager
def acting(by: Actor, *, reason: str = "") -> Iterator[None]:
    """Let every noted change inside the block carry this actor, and the reason where one was given."""
    record = json.dumps({"user_id": by.user_id, **by.as_record(), "reason": reason[:WHY_MAX]})
    with connection.execute_wrapper(partial(_tell, record)):
        yield


def attributed(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Let what a request changes carry the person and the address behind it (middleware; stands after authentication)."""

    def respond(request: HttpRequest) -> HttpResponse:
        if request.method in SAFE or not request.user.is_authenticated:
            return get_response(request)
        with acting(Actor.of(request), reason=request.POST.get(WHY, "").replace("\0", "").strip()):
            return get_response(request)

    return respond


def _tell(record: str, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    if not isinstance(sql, str) or _NOTED.isdisjoint(_WRITTEN.findall(sql)):
        return execute(sql, params, many, context)
    if not connection.in_atomic_block:
        with transaction.atomic():
            return _tell(record, execute, sql, params, many, context)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('creditrisk.actor', %s, true)", [record])
    return execute(sql, params, many, context)
