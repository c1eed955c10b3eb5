"""How many rows the database handed over at once: whatever is done for everybody may not ask for everybody in one go."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection
from psycopg import ServerCursor


@dataclass
class Handed:
    """The most rows that one answer had, and the most values that one question had in a list."""

    rows: int = 0
    values: int = 0


@contextmanager
def handed_over() -> Iterator[Handed]:
    """Watch every statement in here. What a cursor of the server keeps back is counted by what is fetched of it at a time."""
    found, fetch = Handed(), ServerCursor.fetchmany

    def executed(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        values = params.values() if isinstance(params, dict) else params or ()
        found.values = max([found.values, *(len(v) for v in values if isinstance(v, list | tuple))])
        result = execute(sql, params, many, context)
        cursor = context["cursor"].cursor
        if not isinstance(cursor, ServerCursor) and cursor.description is not None:
            found.rows = max(found.rows, cursor.rowcount)
        return result

    def fetched(cursor: Any, size: int = 0) -> list[Any]:
        rows: list[Any] = fetch(cursor, size)
        found.rows = max(found.rows, len(rows))
        return rows

    ServerCursor.fetchmany = fetched  # type: ignore[method-assign]
    try:
        with connection.execute_wrapper(executed):
            yield found
    finally:
        ServerCursor.fetchmany = fetch  # type: ignore[method-assign]
