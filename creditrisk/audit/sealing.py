"""Sealing: rows of all histories become links of one chain, in batches, off the path of whoever writes them.

Which rows are complete? Ids are taken from a sequence before a transaction commits, so a row may appear below others
that are long there. An INSERT locks its table (ROW EXCLUSIVE) before it takes an id and keeps the lock until it ends.
So: note how far each sequence is, then who holds that lock, and wait until they have ended. What is not there then, up
to the noted id, never comes. It makes a second promise possible: a row that appears below a sealed id was smuggled in.
Nobody is kept waiting for it; a table on which a long transaction writes is sealed the next time.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils import translation

from creditrisk.audit import chain, wording
from creditrisk.audit.models import Kind, Seal, SealedRow
from creditrisk.audit.sources import SOURCES, Source
from creditrisk.audit.watching import WATCHED
from creditrisk.audit.wording import Names

BATCH = 2000
PATIENCE, PAUSE = 2.0, 0.05  # seconds: how long writers are waited for, how often they are looked at
_JSONB = 3802  # its number among PostgreSQL's types: cursors hand it over as text
_KEY = 0x5EA1  # of the advisory lock: one sealer at a time

type Writers = set[tuple[str, str]]  # table, virtual transaction


def seal(*, now: datetime, batch: int = BATCH, most: int | None = None, patience: float = PATIENCE) -> int:
    """Seal everything that is complete, or batches until `most` rows are; return how many.

    Another sealer at work leaves nothing to do.
    """
    upto = complete(patience=patience)
    done = 0
    while (most is None or done < most) and (made := _seal_batch(upto, now=now, batch=batch)):
        done += made
    return done


def complete(*, patience: float = PATIENCE, sleep: Callable[[float], None] = time.sleep) -> dict[str, int]:
    """Return for every table up to which id its rows are complete; tables whose writers go on longer are left out."""
    upto = _sequences()
    writers = _writers()
    waited = 0.0
    while (writing := writers & _writers()) and waited < patience:
        sleep(PAUSE)
        waited += PAUSE
        writers = writing
    busy = {table for table, _transaction in writing}
    return {table: last for table, last in upto.items() if table not in busy}


def _sequences() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT name, coalesce(pg_sequence_last_value(pg_get_serial_sequence(name, 'id')::regclass), 0)
                 FROM unnest(%s::text[]) name""",
            [list(SOURCES)],
        )
        return dict(cursor.fetchall())


def _writers() -> Writers:
    """Return who holds the lock of an INSERT on a table of the trail; not this transaction, which sees what it wrote."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT c.relname, l.virtualtransaction FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
                WHERE l.locktype = 'relation' AND l.mode = 'RowExclusiveLock' AND l.granted
                  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                  AND c.oid = ANY(%s::regclass[]) AND l.pid IS DISTINCT FROM pg_backend_pid()""",
            [list(SOURCES)],
        )
        return set(cursor.fetchall())


@transaction.atomic
@translation.override("en")
def _seal_batch(upto: Mapping[str, int], *, now: datetime, batch: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_KEY])
        if not cursor.fetchone()[0]:
            return 0
    before = Seal.objects.order_by("-number").first()
    sealed: dict[str, int] = dict(before.upto) if before else {}
    position = before.last if before else 0
    link = bytes(before.digest) if before else chain.BEGINNING
    rows: list[SealedRow] = []
    used: dict[str, list[str]] = {}
    names = Names()
    for table, last in upto.items():
        done, room = sealed.get(table, 0), batch - len(rows)
        if done >= last or not room:
            continue
        source, columns = SOURCES[table], columns_of(table)
        found = list(read(source, columns, above=done, upto=last, most=room))
        for row in found:
            position += 1
            made = SealedRow(position=position, **_fields(source, row, names))
            made.link = link = chain.link(link, vars(made))
            rows.append(made)
        sealed[table] = found[-1]["id"] if len(found) == room else last
        if found:
            used[table] = columns
    if not rows:
        return 0
    _write(rows)
    made_seal = Seal(
        number=before.number + 1 if before else 1,
        first=rows[0].position,
        last=position,
        upto=sealed,
        columns=used,
        sealed_at=now,
    )
    made_seal.digest = chain.seal(link, vars(made_seal))
    made_seal.save(force_insert=True)
    return len(rows)


def _write(rows: Sequence[SealedRow]) -> None:
    """Write the lines of a batch by COPY: building a statement of them would take longer than everything else."""
    names = [field.attname for field in SealedRow._meta.concrete_fields]
    with connection.cursor() as cursor:
        columns = ", ".join(f'"{name}"' for name in names)
        with cursor.copy(f"COPY {SealedRow._meta.db_table} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row([getattr(row, name) for name in names])


def _fields(source: Source, row: dict[str, Any], names: Names) -> dict[str, Any]:
    whose, said = wording.subject(row), source.tell({**row, "names": names})
    kind = source.kind or _kind(row)
    return {
        "table_name": source.table, "row": row["id"], "digest": bytes(row["digest"]), "at": row["at"], "kind": kind,
        "user_id": row["user_id"], "who": row["who"][:150], "address": row["address"][:60], "company_id": row["company_id"],
        "customer_id": row["customer_id"], "document_id": row["document_id"], "text": f"{whose}: {said}" if whose else said,
    }  # fmt: skip


def _kind(row: Mapping[str, Any]) -> str:
    """Return what a row is about where its table alone does not say: a change, or a file that somebody attached."""
    if "table_name" not in row:
        return Kind.REQUEST if row["request"] else Kind.HOLD
    return WATCHED[row["table_name"]].kind if row["table_name"] in WATCHED else Kind.ORIGIN


def columns_of(table: str) -> list[str]:
    """Return the columns that a table has now, in their order."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT attname FROM pg_attribute
                WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum""",
            [table],
        )
        return [name for (name,) in cursor.fetchall()]


def read(source: Source, columns: list[str], *, above: int, upto: int, most: int) -> Iterator[dict[str, Any]]:
    """Return rows of a history with their digests, from `above` (not) to `upto` (too), in the order of their ids."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL timezone = 'UTC'")
        cursor.execute(source.select(columns), [above, upto, most])
        names = [column.name for column in cursor.description]
        parsed = [column.type_code == _JSONB for column in cursor.description]
        for values in cursor.fetchall():
            yield {
                name: json.loads(value, parse_float=Decimal) if is_json and value is not None else value
                for name, value, is_json in zip(names, values, parsed, strict=True)
            }
