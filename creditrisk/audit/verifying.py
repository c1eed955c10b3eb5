"""Verifying: the whole chain is computed again from the rows as they are now, a chunk at a time."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Max

from creditrisk.audit import chain
from creditrisk.audit.models import Seal, SealedRow, Verification
from creditrisk.audit.sealing import columns_of
from creditrisk.audit.sources import SOURCES, digest_sql
from creditrisk.language import say
from creditrisk.refusal import Refused

CHUNK = 5000  # rows that are looked at together
SEALS = 500  # seals that are read together
SMUGGLED_MAX = 20  # rows a table that are named; more are as bad


@dataclass(frozen=True)
class Break:
    """Something that does not fit: which row of which table, from when, and what is wrong with it."""

    what: str
    table: str = ""
    row: int | None = None
    at: datetime | None = None

    def __str__(self) -> str:
        if not self.table:
            return self.what
        return f"{self.table} {self.row}, of {self.at:%d %b %Y %H:%M:%S} UTC: {self.what}"


@dataclass
class Outcome:
    """What a verification found: `breaks` counts all, `first` names the first broken link."""

    seal: int = 0
    digest: str = ""
    rows: int = 0
    breaks: int = 0
    first: Break | None = None


def verify(*, anchor: tuple[int, str] | None = None, hear: Any = None) -> Outcome:
    """Walk the whole chain and every table under it; `hear` is called with each break.

    An anchor is the number and digest of a seal, noted elsewhere: it shows whether all that stands before it was
    written anew. Raises Refused where there is no such seal.
    """
    head = Seal.objects.order_by("-number").first()
    outcome = Outcome()
    if head is not None:
        outcome.seal, outcome.digest = head.number, bytes(head.digest).hex()
    if anchor is not None and (head is None or anchor[0] > head.number):
        raise Refused(say("There is no seal %(seal)s: the chain ends before it, or was cut off.", seal=anchor[0]))
    for found in _breaks(head, anchor, outcome):
        outcome.breaks += 1
        outcome.first = outcome.first or found
        if hear is not None:
            hear(found)
    return outcome


def record(outcome: Outcome, *, seconds: float, now: datetime) -> Verification:
    """Keep what a verification found."""
    first = "" if outcome.first is None else str(outcome.first)
    return Verification.objects.create(
        made_at=now,
        seal=outcome.seal,
        rows=outcome.rows,
        breaks=outcome.breaks,
        first_break=first,
        seconds=round(seconds, 1),
    )


def _breaks(head: Seal | None, anchor: tuple[int, str] | None, outcome: Outcome) -> Iterator[Break]:
    before: bytes | None = chain.BEGINNING  # None: what came before is missing, so nothing can be said of what follows
    position = number = 0
    for seals in _seals(head):
        rows = list(_rows(seals[0].first, seals[-1].last))
        digests = _digests(seals, rows)
        for seal in seals:
            if seal.number != number + 1:
                yield Break(f"seal {number + 1} is missing")
                before = None
            if seal.first != position + 1:
                yield Break(f"seal {seal.number} does not begin where the one before ends")
            number, position = seal.number, seal.first - 1
            for row in (row for row in rows if seal.first <= row["position"] <= seal.last):
                if row["position"] != position + 1:
                    yield Break(f"line {position + 1} of the trail is missing, in seal {seal.number}")
                    before = None
                yield from _row_breaks(row, before, digests)
                outcome.rows += 1
                before, position = bytes(row["link"]), row["position"]
            if position != seal.last:
                yield Break(f"line {position + 1} of the trail is missing, in seal {seal.number}")
                before, position = None, seal.last
            if before is not None and chain.seal(before, vars(seal)) != bytes(seal.digest):
                yield Break(f"seal {seal.number} was altered, or lines before it were")
            before = bytes(seal.digest)
            if anchor and seal.number == anchor[0] and before.hex() != anchor[1].lower():
                yield Break(f"seal {seal.number} is not the one that was noted: the chain before it was written anew")
    yield from _outside(head)


def _row_breaks(row: dict[str, Any], before: bytes | None, digests: dict[tuple[str, int], bytes]) -> Iterator[Break]:
    def broken(what: str) -> Break:
        return Break(what, row["table_name"], row["row"], row["at"])

    if before is not None and chain.link(before, row) != bytes(row["link"]):
        yield broken("its line in the trail was altered")
    now = digests.get((row["table_name"], row["row"]))
    if now is None:
        yield broken("it was deleted after it was sealed")
    elif now != bytes(row["digest"]):
        yield broken("it was altered after it was sealed")


def _seals(head: Seal | None) -> Iterator[list[Seal]]:
    """Return the seals in their order, together so many as hold a chunk of rows."""
    if head is None:
        return
    number, chunk = 0, []
    while page := list(Seal.objects.filter(number__gt=number, number__lte=head.number).order_by("number")[:SEALS]):
        number = page[-1].number
        for seal in page:
            chunk.append(seal)
            if seal.last - chunk[0].first >= CHUNK:
                yield chunk
                chunk = []
    if chunk:
        yield chunk


def _rows(first: int, last: int) -> Iterable[Any]:
    return SealedRow.objects.filter(position__gte=first, position__lte=last).order_by("position").values()


def _digests(seals: Sequence[Seal], rows: Iterable[dict[str, Any]]) -> dict[tuple[str, int], bytes]:
    """Return the digests of the rows as they are now, each over the columns that its seal names."""
    ends = [(seal.first, seal.last, seal.columns) for seal in seals]
    wanted: dict[tuple[str, tuple[str, ...]], list[int]] = {}
    index = 0
    for row in rows:
        while index < len(ends) - 1 and row["position"] > ends[index][1]:
            index += 1
        columns = tuple(ends[index][2].get(row["table_name"], ()))
        wanted.setdefault((row["table_name"], columns), []).append(row["row"])
    found: dict[tuple[str, int], bytes] = {}
    for (table, columns), ids in wanted.items():
        if table not in SOURCES or not columns or set(columns) - set(columns_of(table)):
            continue  # No such table or column any more: its rows are told as gone.
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT r.id, {digest_sql(list(columns))} FROM {table} r WHERE r.id = ANY(%s)", [ids])
            found |= {(table, pk): bytes(digest) for pk, digest in cursor.fetchall()}
    return found


def _outside(head: Seal | None) -> Iterator[Break]:
    """Return what no seal knows: lines behind the last, and rows that appeared below what was sealed."""
    last = SealedRow.objects.aggregate(last=Max("position"))["last"] or 0
    end = Seal.objects.aggregate(last=Max("last"))["last"] or 0
    if last > end:
        yield Break(f"line {end + 1} of the trail stands behind the last seal")
    for table, upto in (head.upto if head else {}).items():
        if (source := SOURCES.get(table)) is None:
            continue
        with connection.cursor() as cursor:
            cursor.execute(
                f"""SELECT r.id, {source.at} FROM {table} r
                     WHERE r.id <= %s AND NOT EXISTS (
                        SELECT FROM audit_sealedrow s WHERE s.table_name = %s AND s.row = r.id)
                     ORDER BY r.id LIMIT %s""",
                [upto, table, SMUGGLED_MAX],
            )
            for pk, at in cursor.fetchall():
                yield Break("it appeared among rows that were sealed before", table, pk, at)
