"""Statements that the server plans once a connection: on the way of a decision planning costs more than running.

They are prepared by name in SQL, which outlives transactions and savepoints. psycopg's own prepared statements are
forgotten with every ROLLBACK TO SAVEPOINT, and a function would need a migration for every column of a table.

Several are asked in one message: the way to the server and back costs as much as most of them.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, overload
from weakref import WeakKeyDictionary

from django.db import connection
from django.db.backends.utils import CursorWrapper

_known: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()
Rows = list[tuple[Any, ...]]


class Prepared:
    """One statement, always the same, with `%s` for its parameters."""

    def __init__(self, sql: str) -> None:
        parts = sql.split("%s")
        self.name = f"credit_{hashlib.sha256(sql.encode()).hexdigest()[:16]}"
        numbered = "".join(f"{part}${n}" for n, part in enumerate(parts[:-1], 1)) + parts[-1]
        self.prepare = f"PREPARE {self.name} AS {numbered}"
        self.call = f"EXECUTE {self.name}" + (f"({', '.join(['%s'] * (len(parts) - 1))})" if len(parts) > 1 else "")

    def execute(self, cursor: CursorWrapper, params: Sequence[Any] = ()) -> None:
        """Run it on the connection of the cursor; the first time there, prepare it before."""
        self.be_known(cursor)
        cursor.execute(self.call, [_plain(param) for param in params])

    def be_known(self, cursor: CursorWrapper) -> None:
        """Prepare it where this connection does not have it yet."""
        known = _known.setdefault(connection.connection, set())
        if self.name not in known:
            cursor.execute(self.prepare)
            known.add(self.name)


@dataclass(frozen=True)
class Question[Answer]:
    """A statement with its values, and what is made of the rows that answer it."""

    statement: Prepared
    values: Sequence[Any]
    read: Callable[[Rows], Answer]


@overload
def ask[A](first: Question[A], /) -> tuple[A]: ...
@overload
def ask[A, B](first: Question[A], second: Question[B], /) -> tuple[A, B]: ...
@overload
def ask[A, B, C](
    first: Question[A], second: Question[B], third: Question[C], /, *, then: str = ""
) -> tuple[A, B, C]: ...
def ask(*questions: Question[Any], then: str = "") -> tuple[Any, ...]:
    """Ask them in turn, in one message, each seeing what was committed before its own turn; return their answers.

    `then` is a command without parameters and without an answer, given last.
    """
    with connection.cursor() as cursor:
        for question in questions:
            question.statement.be_known(cursor)
        calls = [question.statement.call for question in questions] + [then] * bool(then)
        cursor.execute("; ".join(calls), [_plain(value) for question in questions for value in question.values])
        answers = []
        for number, question in enumerate(questions):
            if number:
                cursor.nextset()
            answers.append(question.read(cursor.fetchall()))
    return tuple(answers)


def _plain(value: Any) -> Any:
    """Return a list of numbers as the server writes it: the library would look at each for its type first."""
    if isinstance(value, list) and all(type(one) is int for one in value):
        return "{" + ",".join(map(str, value)) + "}"
    return value
