"""Many rows at once, by COPY: the writing half of taking over history. What they mean is said in `history`."""

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection, models


class Ids:
    """Hands out primary keys of a model from its sequence, fetched a block at a time."""

    def __init__(self, model: type[models.Model], *, block: int = 10_000) -> None:
        self._table = model._meta.db_table
        self._block = block
        self._left: Iterator[int] = iter(())

    def __next__(self) -> int:
        for found in self._left:
            return found
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
                [self._table, self._block],
            )
            self._left = iter([row[0] for row in cursor.fetchall()])
        return next(self._left)


def copy(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Insert `rows`, given in the order of `columns` (field attnames), and return how many there were."""
    fields = {f.attname: f for f in model._meta.concrete_fields}
    quote = connection.ops.quote_name
    names = ", ".join(quote(str(fields[name].column)) for name in columns)
    number = 0
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {quote(model._meta.db_table)} ({names}) FROM STDIN") as target,
    ):
        for row in rows:
            target.write_row(row)
            number += 1
    return number


@contextmanager
def uncollected() -> Iterator[None]:
    """Pause the collector of circular garbage: among millions of living rows it finds nothing, in a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def lock_accounts(customer_ids: Iterable[int]) -> None:
    """Lock the credit accounts of these customers, in primary-key order, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM customers_creditaccount WHERE customer_id = ANY (%s) ORDER BY customer_id FOR NO KEY UPDATE",
            [sorted(set(customer_ids))],
        )
