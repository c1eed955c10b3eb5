"""An upload's way: kept, its columns named, checked by doing everything and undoing it, carried out.

Checking and carrying out are one function: the preview says what would happen because it happened, and was undone.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, transaction

from approvals import alerts
from creditrisk import export, language
from creditrisk.audit.attribution import acting
from creditrisk.clock import business_day, lapsed
from creditrisk.exposure import ledger as exposure
from creditrisk.language import sentence as _
from creditrisk.money import MissingRate
from creditrisk.refusal import InvalidState, Refused
from creditrisk.roles import Actor
from creditrisk.takeover import kinds, progress, writers
from creditrisk.takeover.desk import Desk, Told
from creditrisk.takeover.models import KeptMapping, Mode, Outcome, Upload, UploadRow, UploadState, What
from ledger.imports import guarded, styles, tabular
from ledger.imports.delimited import BadFile
from ledger.imports.styles import Fit
from ledger.imports.tabular import Row, Sheet
from ledger.imports.values import Unreadable

AT_ONCE = 200  # So many rows are checked and carried out while the person waits; more is the worker's.
STALE = timedelta(minutes=30)
REFUSALS = (Unreadable, Refused, MissingRate)
# What the file of refused rows says beside each; a file that was refused before has these columns already.
REFUSED_COLUMNS = ("refused row", "refused because")


class Drifted(RuntimeError):
    """The audit after the import found a difference; nothing was imported."""


@dataclass
class _Job:
    """The rows that are written together."""

    rows: list[Row]
    values: list[dict[str, Any]]


@dataclass
class _Account:
    """What became of each row."""

    told: dict[int, Told] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        return dict(Counter(str(told.outcome) for told in self.told.values()))

    @property
    def refused(self) -> int:
        return sum(told.outcome == Outcome.REFUSED for told in self.told.values())


def keep(
    content: bytes, name: str, *, what: str, encoding: str, company: Any, currency: str, by: Actor, now: datetime
) -> Upload:
    """Keep a file whose table can be read, with a first guess at its columns. Raises BadFile."""
    sheet = tabular.read(content, name, encoding=encoding)
    columns = kinds.guessed(kinds.KINDS[what], sheet.header)
    return Upload.objects.create(
        what=what, name=name[:200], sha256=hashlib.sha256(content).hexdigest(), size=len(content), content=content,
        encoding=encoding, company=company, currency=currency, columns=columns, uploaded_by=by.user, uploaded_at=now,
    )  # fmt: skip


def sheet_of(upload: Upload) -> Sheet:
    """Return the table of an upload. Raises BadFile."""
    return tabular.read(bytes(upload.content), upload.name, encoding=upload.encoding)


def fits(upload: Upload, sheet: Sheet, columns: Mapping[str, str]) -> dict[str, Fit]:
    """Return, for each field of amounts or days that has a column, how that column is written."""
    kind = kinds.KINDS[upload.what]
    reads = {"amount": "amount", "number": "amount", "day": "day"}
    return {
        name: styles.fit(sheet.column(column), reads[kind.by_name[name].reads])
        for name, column in columns.items()
        if kind.by_name[name].reads in reads and column in sheet.header
    }


def name_columns(
    upload: Upload, *, columns: Mapping[str, str], written: Mapping[str, str], keep_as: str, by: Actor, now: datetime
) -> None:
    """Say what the columns mean and how they are written; `keep_as` keeps it for the next file. Raises InvalidState."""
    if upload.state not in (UploadState.COLUMNS, UploadState.CHECKED, UploadState.FAILED):
        raise InvalidState(
            _("%(file)s %(state)s; its columns cannot be named again.")
            % {"file": upload, "state": UploadState(upload.state).label}
        )
    upload.columns, upload.styles = dict(columns), dict(written)
    upload.state, upload.error, upload.told = UploadState.TO_CHECK, "", None
    upload.save(update_fields=["columns", "styles", "state", "error", "told", "confirms", "oldest_first"])
    if keep_as:
        KeptMapping.objects.update_or_create(
            what=upload.what, name=keep_as,
            defaults={"columns": dict(columns), "styles": dict(written), "kept_by": by.user, "kept_at": now},
        )  # fmt: skip


def ask_to_carry(upload_id: int, *, mode: str, by: Actor, now: datetime) -> Upload:
    """Ask for an upload that was checked to be carried out. Raises InvalidState where it is not at that point."""
    with transaction.atomic():
        upload = Upload.objects.select_for_update().defer("content").get(pk=upload_id)
        if upload.state != UploadState.CHECKED:
            raise InvalidState(f"{upload} {upload.get_state_display()}.")
        if mode == Mode.ALL and upload.counts.get(Outcome.REFUSED):
            raise InvalidState(_("Rows are refused, so all or nothing means nothing. Mend the file, or go row by row."))
        upload.state, upload.mode, upload.carried_by = UploadState.TO_CARRY, mode, by.user
        upload.save(update_fields=["state", "mode", "carried_by"])
    return upload


def work(upload_id: int, *, now: datetime) -> bool:
    """Check or carry out one upload that waits for it; return whether there was something to do."""
    claimed = _claim(upload_id, now=now)
    if claimed is None:
        return False
    dry = claimed.state == UploadState.CHECKING
    try:
        account = _run(claimed, dry=dry, now=now)
    except (BadFile, Drifted, *REFUSALS) as error:
        _failed(claimed, str(error), now=now)
    except DatabaseError as error:
        _failed(claimed, _refused_by_database(error), now=now)
    else:
        _finished(claimed, account, dry=dry, now=now)
    progress.end(claimed.pk)
    return True


def _refused_by_database(error: DatabaseError) -> str:
    return _("The database refused it: %(error)s") % {"error": str(error).splitlines()[0]}


def waiting(*, now: datetime) -> list[int]:
    """Return the uploads that wait for a worker, those among them that one took and never finished."""
    stale = Upload.objects.filter(
        lapsed("claimed_at", lease=STALE, now=now), state__in=[UploadState.CHECKING, UploadState.CARRYING]
    ).values_list("pk", flat=True)
    fresh = Upload.objects.filter(state__in=[UploadState.TO_CHECK, UploadState.TO_CARRY]).order_by("pk")
    return [*stale, *fresh.values_list("pk", flat=True)]


def rejected_csv(upload: Upload) -> str:
    """Return the refused rows as CSV, each with its reason, harmless to a spreadsheet."""
    header = sheet_of(upload).header
    own = [at for at, name in enumerate(header) if name not in REFUSED_COLUMNS]
    rows: list[list[object]] = [[*(header[at] for at in own), *REFUSED_COLUMNS]]
    for row in upload.rows.filter(outcome=Outcome.REFUSED).order_by("number"):
        cells = [*row.cells, *[""] * len(header)]
        rows.append([*(cells[at] for at in own), row.number, row.says])
    return "".join(export.line(map(guarded.harmless, row)) for row in rows)


@transaction.atomic
def _claim(upload_id: int, *, now: datetime) -> Upload | None:
    """Take an upload that waits, so that no other worker does; one taken long ago is taken over."""
    upload = Upload.objects.select_for_update(skip_locked=True).filter(pk=upload_id).first()
    if upload is None:
        return None
    begun = {UploadState.TO_CHECK: UploadState.CHECKING, UploadState.TO_CARRY: UploadState.CARRYING}
    stale = upload.claimed_at is not None and abs(now - upload.claimed_at) > STALE
    if upload.state in begun:
        upload.state = begun[UploadState(upload.state)]
    elif not (upload.state in begun.values() and stale):
        return None
    upload.claimed_at = now
    upload.save(update_fields=["state", "claimed_at"])
    return upload


def _run(upload: Upload, *, dry: bool, now: datetime) -> _Account:
    actor = Actor(user=upload.uploaded_by if dry else upload.carried_by, channel="import")
    desk = Desk(upload, actor, now, business_day(now))
    account = _Account()
    jobs = _jobs(upload, sheet_of(upload), account)
    total, done = sum(len(job.rows) for job in jobs) or 1, 0
    whole = dry or upload.mode == Mode.ALL
    heard = progress.tell(upload.pk, 0, total)
    for batch in [jobs] if whole else _batches(jobs):
        with acting(actor, reason=f"import of {upload.name}"), transaction.atomic():
            for job in batch:
                _write(upload.what, job, desk, account)
                done += len(job.rows)
                if heard and not done % 50:
                    heard = progress.tell(upload.pk, done, total)
            _audit(upload.what, batch, desk)
            if dry or (upload.mode == Mode.ALL and account.refused):
                transaction.set_rollback(True)
    return account


def _batches(jobs: Sequence[_Job]) -> Iterator[list[_Job]]:
    for first in range(0, len(jobs), 100):
        yield list(jobs[first : first + 100])


def _write(what: str, job: _Job, desk: Desk, account: _Account) -> None:
    desk.begin()
    try:
        with transaction.atomic():
            told = writers.write(what, job.values, desk)
    except REFUSALS as error:
        desk.forget()
        told = [Told(Outcome.REFUSED, str(error))] * len(job.rows)
    except DatabaseError as error:
        desk.forget()
        told = [Told(Outcome.REFUSED, _refused_by_database(error))] * len(job.rows)
    account.told.update({row.number: said for row, said in zip(job.rows, told, strict=True)})


def _audit(what: str, jobs: Iterable[_Job], desk: Desk) -> None:
    """Compare formula and ledger for everybody touched. Raises Drifted: then nothing of it stays."""
    if what not in (What.ITEMS, What.PAYMENTS, What.DOCUMENTS):
        return
    found = [desk.known(code) for code in sorted({values["customer"] for job in jobs for values in job.values})]
    touched = {c.bill_to_id or c.pk for c in found if c is not None}
    audit = exposure.audit(sorted(touched)) if touched else None
    if audit is not None and audit.total:
        raise Drifted(
            _("The exposure ledger would differ from the formula by %(amount)s; nothing was imported.")
            % {"amount": audit.total}
        )


def _jobs(upload: Upload, sheet: Sheet, account: _Account) -> list[_Job]:
    """Understand every row; put together what belongs together. What cannot be understood is refused."""
    kind = kinds.KINDS[upload.what]
    columns = {name: column for name, column in upload.columns.items() if column in sheet.header}
    if missing := [f.title for f in kind.needed if f.name not in columns]:
        raise BadFile(_("No column is named for: %(fields)s.") % {"fields": language.listed(missing)})
    jobs: dict[str, _Job] = {}
    seen: dict[tuple[str, ...], int] = {}
    for row, cells in sheet.picked(columns):
        try:
            if len(row.cells) > len(sheet.header):
                raise Unreadable(
                    _("The row has %(cells)d cells, the header %(columns)d.")
                    % {"cells": len(row.cells), "columns": len(sheet.header)}
                )
            values = kinds.understood(kind, cells, upload.styles)
            key = writers.key_of(upload.what, values)
        except Unreadable as error:
            account.told[row.number] = Told(Outcome.REFUSED, str(error))
            continue
        identity = tuple(map(styles.words, row.cells))
        if identity in seen and upload.what != What.DOCUMENTS:
            sentence = _("The same stands in row %(row)d already.") % {"row": seen[identity]}
            account.told[row.number] = Told(Outcome.REFUSED, sentence)
            continue
        seen.setdefault(identity, row.number)
        job = jobs.setdefault(key or f"row {row.number}", _Job([], []))
        job.rows.append(row)
        job.values.append(values)
    return list(jobs.values())


@transaction.atomic
def _finished(upload: Upload, account: _Account, *, dry: bool, now: datetime) -> None:
    sheet = sheet_of(upload)
    upload.rows.all().delete()
    UploadRow.objects.bulk_create(
        (
            UploadRow(
                upload=upload, number=row.number, outcome=told.outcome, key=told.key[:120], sentence=told.sentence[:500],
                told=language.kept(told.sentence), cells=[styles.words(cell) for cell in row.cells],
            )
            for row in sheet.rows
            if (told := account.told.get(row.number)) is not None
        ),
        batch_size=2000,
    )  # fmt: skip
    upload.counts, upload.error, upload.told = account.counts(), "", None
    if dry:
        upload.state = UploadState.CHECKED
    elif upload.mode == Mode.ALL and account.refused:
        upload.state = UploadState.CHECKED
        upload.error = _("Rows were refused since the check, so nothing was imported. Here is how the file stands now.")
        upload.told = language.kept(upload.error)
    else:
        upload.state, upload.carried_at = UploadState.DONE, now
    upload.save(update_fields=["state", "counts", "error", "told", "carried_at"])


@transaction.atomic
def _failed(upload: Upload, sentence: str, *, now: datetime) -> None:
    upload.state, upload.error, upload.told = UploadState.FAILED, sentence[:500], language.kept(sentence)
    upload.save(update_fields=["state", "error", "told"])
    alerts.write(
        [("import_failed", {"name": upload.name, "error": upload.told or upload.error})],
        customer_id=None,
        day=business_day(now),
        now=now,
    )
