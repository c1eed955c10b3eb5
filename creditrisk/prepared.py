"""Statements that the server plans once a connection: on the way of a decision planning costs more than running.

They are prepared by name in SQL, which outlives transactions and savepoints. psycopg's own prepared statements are
forgotten with every ROLLBACK TO SAVEPOINT, and a function would need a migration for every column of a table.
"""

import hashlib
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection
from django.db.backends.utils import CursorWrapper

_known: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


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
        known = _known.setdefault(connection.connection, set())
        if self.name not in known:
            cursor.execute(self.prepare)
            known.add(self.name)
        cursor.execute(self.call, params)
