"""Statements that the server plans once a connection: on the way of a decision planning costs more than running.

They are prepared by name in SQL, which outlives transactions and savepoints. psycopg's own prepared statements are
forgotten with every ROLLBACK TO SAVEPOINT, and a function would need a migration for every column of a table.

Several are asked in one message: the way to the server and back costs as much as most of them.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, overload
from weakref import WeakKeyDictionary

from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg.pq import Escaping
from psycopg.types.json import Jsonb

Rows = list[tuple[Any, ...]]


def _quoted(value: object) -> str:
    return f"'{value}'"


# What needs no escaping, by its very type: a number of another class writes itself in another way.
_PLAINLY: dict[type, Callable[[Any], str]] = {
    type(None): lambda _none: "NULL", bool: lambda value: "true" if value else "false", int: str, Decimal: _quoted,
    date: _quoted, datetime: _quoted, time: _quoted,
}  # fmt: skip


class _Spoken:
    """What one connection knows already, and how values are written for it."""

    def __init__(self, raw: Any) -> None:
        self.known: set[str] = set()
        self._escaping = Escaping(raw.pgconn)

    def written(self, value: Any) -> str:
        """Return a value as the server reads it; the type is the parameter's. Raises TypeError for what is never one.

        The driver finds out how to write each value anew, which takes longer than sending it. Texts are escaped by the
        server's own library.
        """
        if (plainly := _PLAINLY.get(type(value))) is not None:
            return plainly(value)
        match value:
            case str():
                return self._escaping.escape_literal(value.encode()).decode()
            case Jsonb():
                return self.written(json.dumps(value.obj, separators=(",", ":")))
            case list() if all(type(one) is int for one in value) or all(type(one) is date for one in value):
                return "'{" + ",".join(map(str, value)) + "}'"
            case int():
                return str(int(value))
        raise TypeError(f"{type(value).__name__} is no value of a prepared statement")


_spoken: WeakKeyDictionary[Any, _Spoken] = WeakKeyDictionary()


def _with(raw: Any) -> _Spoken:
    found = _spoken.get(raw)
    if found is None:
        found = _spoken[raw] = _Spoken(raw)
    return found


class Prepared:
    """One statement, always the same, with `%s` for its parameters."""

    def __init__(self, sql: str) -> None:
        parts = sql.split("%s")
        self.name = f"credit_{hashlib.sha256(sql.encode()).hexdigest()[:16]}"
        numbered = "".join(f"{part}${n}" for n, part in enumerate(parts[:-1], 1)) + parts[-1]
        self.prepare = f"PREPARE {self.name} AS {numbered}"
        self.takes = len(parts) - 1

    def execute(self, cursor: CursorWrapper, params: Sequence[Any] = ()) -> None:
        """Run it on the connection of the cursor; the first time there, prepare it before."""
        cursor.execute(self.called(cursor, _with(connection.connection), params))

    def called(self, cursor: CursorWrapper, spoken: _Spoken, params: Sequence[Any]) -> str:
        """Return the call with these values in it; prepare it where this connection does not have it yet."""
        if self.name not in spoken.known:
            cursor.execute(self.prepare)
            spoken.known.add(self.name)
        if len(params) != self.takes:
            raise TypeError(f"{len(params)} values for a statement that takes {self.takes}")
        return f"EXECUTE {self.name}" + (f"({', '.join(map(spoken.written, params))})" if params else "")


@dataclass(frozen=True)
class Write:
    """A statement with its values whose answer nobody wants."""

    statement: Prepared
    values: Sequence[Any]


@dataclass(frozen=True)
class Query[Answer](Write):
    """A statement with its values, and what is made of the rows that answer it."""

    read: Callable[[Rows], Answer]


@overload
def ask[A](one: Query[A], /, *, first: Sequence[Write] = ()) -> tuple[A]: ...
@overload
def ask[A, B](one: Query[A], two: Query[B], /) -> tuple[A, B]: ...
@overload
def ask[A, B, C](
    one: Query[A], two: Query[B], three: Query[C], /, *, first: Sequence[Write] = (), then: str = ""
) -> tuple[A, B, C]: ...
@overload
def ask(*queries: Query[Any], first: Sequence[Write] = (), then: str = "") -> tuple[Any, ...]: ...
def ask(*queries: Query[Any], first: Sequence[Write] = (), then: str = "") -> tuple[Any, ...]:
    """Ask them in turn, in one message, each seeing what was committed before its own turn; return their answers.

    `first` is written before them; `then` is a command without an answer, given last.
    """
    with connection.cursor() as cursor:
        spoken = _with(connection.connection)
        calls = [one.statement.called(cursor, spoken, one.values) for one in (*first, *queries)]
        cursor.execute("; ".join([*calls, then] if then else calls))
        answered = cursor.cursor  # All answers are here: no error is left that Django would have to translate.
        for _write in first:
            answered.nextset()
        answers = []
        for number, query in enumerate(queries):
            if number:
                answered.nextset()
            answers.append(query.read(answered.fetchall()))
    return tuple(answers)
