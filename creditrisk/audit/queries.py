"""Reading the trail for its pages: the list, one line with what stood before and after, how the seal stands."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from creditrisk.audit import wording
from creditrisk.audit.models import Change, Kind, Seal, SealedRow, Verification
from creditrisk.audit.sealing import columns_of
from creditrisk.audit.sources import SOURCES, digest_sql
from creditrisk.audit.wording import Names
from creditrisk.clock import beginning_of
from creditrisk.roles import companies_of
from customers.models import Customer
from documents.models import Document

PER_PAGE = 50
MATCHES_MAX = 500  # customers or documents that a typed name may stand for
WAITING_MAX = 1000  # unsealed rows a table that are counted
# Told by a page of its own, by the line around it, or too long to be read here.
LEFT_OUT = frozenset({"id", "actor", "facts", "content", "entry_position", "microseconds", "fingerprint"})
LATE_SEAL, LATE_VERIFICATION = timedelta(minutes=10), timedelta(days=2)


@dataclass(frozen=True)
class Part:
    """One page of lines; `older` is where the next begins, empty at the end."""

    lines: Sequence[SealedRow]
    older: str


@dataclass(frozen=True)
class Value:
    """One column of a line: its name, from what, to what."""

    label: str
    was: str
    becomes: str


@dataclass(frozen=True)
class LinePage:
    """One line of the trail with all that is known about it."""

    line: SealedRow
    seal: Seal | None
    values: Sequence[Value]
    compares: bool
    change: Change | None
    actor: Mapping[str, str]
    intact: bool | None
    link: tuple[str, Any] | None
    others: Sequence[SealedRow]

    @property
    def digest(self) -> str:
        return bytes(self.line.digest).hex()


@dataclass(frozen=True)
class SealState:
    """How far the trail is sealed, and what the last verification said."""

    seal: Seal | None
    waiting: int
    verification: Verification | None
    late: bool
    unverified: bool

    @property
    def digest(self) -> str:
        return bytes(self.seal.digest).hex() if self.seal else ""

    @property
    def first_break(self) -> str:
        return wording.broken(self.verification.first_break) if self.verification else ""


def lines(user: Any, asked: Mapping[str, Any]) -> QuerySet[SealedRow]:
    """Return the lines that the reader may see and asks for, the newest first. `asked` are cleaned values of the form."""
    found = SealedRow.objects.exclude(kind=Kind.ORIGIN)
    if (companies := companies_of(user)) is not None:
        found = found.filter(Q(company=None) | Q(company__in=companies))
    if asked.get("since"):
        found = found.filter(at__gte=beginning_of(asked["since"]))
    if asked.get("until"):
        found = found.filter(at__lt=beginning_of(asked["until"] + timedelta(days=1)))
    if asked.get("kind"):
        found = found.filter(kind=asked["kind"])
    if asked.get("person"):
        found = found.filter(user=None) if asked["person"] == "0" else found.filter(user=int(asked["person"]))
    if asked.get("customer"):
        named = Q(code__iexact=asked["customer"]) | Q(name__icontains=asked["customer"])
        found = found.filter(
            customer__in=list(Customer.objects.filter(named).values_list("pk", flat=True)[:MATCHES_MAX])
        )
    if asked.get("document"):
        numbered = Document.objects.filter(number__iexact=asked["document"]).values_list("pk", flat=True)
        found = found.filter(document__in=list(numbered[:MATCHES_MAX]))
    if asked.get("address"):
        found = found.filter(address=asked["address"])
    for word in asked.get("q", "").split():
        found = found.filter(text__icontains=word)
    return found.order_by("-at", "-position")


def part(found: QuerySet[SealedRow], *, before: str = "") -> Part:
    """Return one page: the lines before a mark that an earlier page gave; a mark that is none begins anew."""
    moment, _comma, position = before.partition(",")
    at = _parsed(moment)
    if at is not None and position.isdecimal():
        found = found.filter(at__lte=at).exclude(at=at, position__gte=int(position))
    rows = list(found[: PER_PAGE + 1])
    last = rows[PER_PAGE - 1] if len(rows) > PER_PAGE else None
    return Part(rows[:PER_PAGE], f"{last.at.isoformat()},{last.position}" if last else "")


def _parsed(moment: str) -> datetime | None:
    try:
        at = parse_datetime(moment)
    except ValueError:
        return None
    return at if at is not None and timezone.is_aware(at) else None


def exported(found: QuerySet[SealedRow]) -> Iterator[list[Any]]:
    """Return lines as rows of a file, read a couple of thousand at a time."""
    labels = dict(Kind.choices)
    for row in found.select_related("customer", "document", "company").iterator(chunk_size=2000):
        yield [
            row.position, row.at, row.who, row.address, str(labels.get(row.kind, row.kind)),
            row.company.code if row.company else "", row.customer.code if row.customer else "",
            row.document.number if row.document else "", row.text, row.table_name, row.row, bytes(row.digest).hex(),
        ]  # fmt: skip


EXPORTED = (
    _("line"), _("when (UTC)"), _("who"), _("from address"), _("kind"), _("company"),
    _("customer"), _("document"), _("what"), _("table"), _("row"), _("digest"),
)  # fmt: skip


def page(user: Any, position: int) -> LinePage:
    """Return one line of the trail. Raises Http404."""
    line = get_object_or_404(lines(user, {}).select_related("customer", "document"), position=position)
    seal = Seal.objects.filter(last__gte=position).order_by("last").first()
    change = Change.objects.filter(pk=line.row).first() if line.table_name == Change._meta.db_table else None
    stored = {} if change else _stored(line)
    return LinePage(
        line=line,
        seal=seal,
        values=_values(line, change, stored),
        compares=change is not None and change.action == "UPDATE",
        change=change,
        actor=_actor(line, change, stored),
        intact=_intact(line, seal),
        link=_link(line, stored),
        others=_others(change),
    )


def _stored(line: SealedRow) -> dict[str, Any]:
    """Return the row under a line as it is now, without what is too long to be read; empty where it is gone."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT to_jsonb(r) - 'facts'::text - 'content'::text FROM {SOURCES[line.table_name].table} r WHERE r.id = %s",
            [line.row],
        )
        found = cursor.fetchone()
    row: dict[str, Any] = json.loads(found[0], parse_float=Decimal) if found else {}
    return row


def _values(line: SealedRow, change: Change | None, stored: Mapping[str, Any]) -> list[Value]:
    if change is not None:
        told = wording.columns(change.table_name, change.was, change.becomes, Names())
    else:
        kept = {name: value for name, value in stored.items() if name not in LEFT_OUT}
        told = wording.columns(line.table_name, {}, kept, Names())
    return [Value(label, was, becomes) for label, was, becomes in told if was or becomes]


def _actor(line: SealedRow, change: Change | None, stored: Mapping[str, Any]) -> dict[str, str]:
    if change is not None:
        return {"channel": change.channel, "on_behalf_of": change.on_behalf_of, "database_role": change.database_role}
    noted = Change.objects.filter(table_name=line.table_name, row_id=str(line.row), action="INSERT").last()
    actor = stored.get("actor") or {}
    return {
        "channel": noted.channel if noted else actor.get("channel", ""),
        "on_behalf_of": noted.on_behalf_of if noted else actor.get("on_behalf_of", ""),
    }


def _intact(line: SealedRow, seal: Seal | None) -> bool | None:
    """Return whether the row is still as it was sealed; None where its columns are no longer there to say."""
    columns = seal.columns.get(line.table_name, []) if seal else []
    if not columns or set(columns) - set(columns_of(line.table_name)):
        return None
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {digest_sql(columns)} FROM {line.table_name} r WHERE r.id = %s", [line.row])
        found = cursor.fetchone()
    return found is not None and bytes(found[0]) == bytes(line.digest)


def _link(line: SealedRow, stored: Mapping[str, Any]) -> tuple[str, Any] | None:
    """Return the page that shows what the line is about: its name and argument."""
    match line.table_name:
        case "decisions_decision":
            return "decision", line.row
        case "approvals_holdreview" | "approvals_holdevent" | "approvals_holdclosing" | "approvals_release":
            return ("hold", stored["hold_id"]) if "hold_id" in stored else None
        case "approvals_requestevent":
            return ("limit_request", stored["request_id"]) if "request_id" in stored else None
        case "policy_policyversion":
            return ("policy_version", stored["number"]) if "number" in stored else None
    return None


def _others(change: Change | None) -> list[SealedRow]:
    """Return the newest other lines about the same row of a watched table."""
    if change is None:
        return []
    ids = Change.objects.filter(table_name=change.table_name, row_id=change.row_id).exclude(pk=change.pk)
    rows = list(ids.order_by("-id").values_list("pk", flat=True)[:10])
    return list(SealedRow.objects.filter(table_name=Change._meta.db_table, row__in=rows).order_by("-position"))


def seal_state(*, now: datetime) -> SealState:
    """Return how far the trail is sealed, how much waits (a thousand a table are counted), what was verified.

    It is late when something waits for minutes: a night without changes is not.
    """
    seal = Seal.objects.order_by("-number").first()
    upto = seal.upto if seal else {}
    counts = " UNION ALL ".join(
        f"""(SELECT count(*) AS n, min(at) AS oldest FROM (
               SELECT {source.at} AS at FROM {table} r WHERE id > %s ORDER BY id LIMIT {WAITING_MAX}) w)"""
        for table, source in SOURCES.items()
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT sum(n), min(oldest) FROM ({counts}) t", [upto.get(table, 0) for table in SOURCES])
        number, oldest = cursor.fetchone()
        waiting = int(number)
    verification = Verification.objects.order_by("-id").first()
    return SealState(
        seal=seal,
        waiting=waiting,
        verification=verification,
        late=waiting > 0 and now - max(oldest, seal.sealed_at if seal else oldest) > LATE_SEAL,
        unverified=verification is None or now - verification.made_at > LATE_VERIFICATION,
    )
