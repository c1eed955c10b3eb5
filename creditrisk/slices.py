"""What is done for everybody is done for so many at a time: their keys come by a cursor of the server, never all at once."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db import connection

# So many customers are read, reckoned and written at a time, however many there are.
AT_ONCE = 500


def of(sql: str, values: Mapping[str, Any], *, size: int | None = None) -> Iterator[list[Any]]:
    """Return the rows of a statement in slices, all as they were when the first was read, whatever is written meanwhile.

    Inside a transaction the rest of it may read and write between two slices; outside one each slice may have its own.
    """
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, values)
        while rows := cursor.fetchmany(size or AT_ONCE):
            yield rows
