"""The memory of signing in, as Django's cache asks for it: in the database, so that it holds wherever the product works.

A broker that is away must neither keep people out nor let anybody guess passwords without being counted. Values are
JSON: what lies in a table is never taken for code.
"""

import hashlib
import json
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import connection

from creditrisk.signin.models import Remembered

_KEEP = """
    INSERT INTO signin_remembered (key, value, since, until)
    VALUES (%s, %s, statement_timestamp(), statement_timestamp() + make_interval(secs => %s))
    ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, since = EXCLUDED.since, until = EXCLUDED.until
"""
# Over, or kept before the clock was set back: then it would keep people out until it is that late again.
_OVER = "(signin_remembered.until <= statement_timestamp() OR signin_remembered.since > statement_timestamp() + interval '1 minute')"
_ADD = f"{_KEEP} WHERE {_OVER}"
_FORGET = f"""
    DELETE FROM signin_remembered WHERE key IN (
        SELECT key FROM signin_remembered WHERE {_OVER} LIMIT 100 FOR UPDATE SKIP LOCKED
    )
"""
_READ = f"SELECT value FROM signin_remembered WHERE key = %s AND {_OVER} IS NOT TRUE"


class Remembering(BaseCache):
    """What was kept until a moment is there until then, for every process; the database's clock decides.

    What was kept in its future is gone.
    """

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Keep a value and return True, unless there is one; of many at once one is told True."""
        return self._write(_ADD, key, value, timeout, version)

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._write(_KEEP, key, value, timeout, version)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(_READ, [self._digest(key, version)])
            found = cursor.fetchone()
        return json.loads(found[0]) if found else default

    def delete(self, key: str, version: int | None = None) -> bool:
        return bool(Remembered.objects.filter(key=self._digest(key, version)).delete()[0])

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        value = self.get(key, version=version)
        if value is not None:
            self.set(key, value, timeout, version)
        return value is not None

    def clear(self) -> None:
        Remembered.objects.all().delete()

    def _write(self, sql: str, key: str, value: Any, timeout: Any, version: int | None) -> bool:
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        with connection.cursor() as cursor:
            cursor.execute(_FORGET)
            cursor.execute(sql, [self._digest(key, version), json.dumps(value), seconds])
            return bool(cursor.rowcount)

    def _digest(self, key: str, version: int | None) -> str:
        return hashlib.sha256(self.make_key(key, version).encode()).hexdigest()
