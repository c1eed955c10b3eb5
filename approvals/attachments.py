"""Evidence attached to a limit request, or to what is said about a hold: checked by what is in it, then kept for good."""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from approvals import context, hold_events, levels, limit_requests
from approvals.limit_requests import Asked
from approvals.models import Attachment, Hold, HoldEvent, LimitRequest, RequestEvent, RequestStep
from creditrisk import language
from creditrisk.clock import business_day
from creditrisk.refusal import AlreadyClosed, NotPermitted, Refused
from creditrisk.roles import Actor, may
from customers.models import Customer
from ledger.imports import guarded
from ledger.imports.delimited import BadFile

MEGABYTE = 1024 * 1024
MOST_BYTES = 10 * MEGABYTE
MOST_FILES = 5
LONGEST_NAME = 120

_OFFICE = "application/vnd.openxmlformats-officedocument"
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True)
class File:
    """A file that was looked into: its name made harmless, its type by its content."""

    name: str
    content_type: str
    content: bytes


def checked(name: str, content: bytes) -> File:
    """Return the file if it is of a kind that is taken and is what its name says. Raises Refused at `files`."""
    shown = _harmless(name)
    ending = PurePosixPath(shown).suffix.lower()
    kind = KINDS.get(ending)
    if kind is None:
        raise Refused(
            _("%(name)s is of no kind that is taken: %(kinds)s.") % {"name": shown, "kinds": ", ".join(sorted(KINDS))},
            field="files",
        )
    if not content:
        raise Refused(_("%(name)s is empty.") % {"name": shown}, field="files")
    if len(content) > MOST_BYTES:
        raise Refused(
            _("%(name)s has %(size)s MB; at most %(most)s MB are taken.")
            % {
                "name": shown,
                "size": language.number(Decimal(len(content)) / MEGABYTE, 1),
                "most": MOST_BYTES // MEGABYTE,
            },
            field="files",
        )
    content_type, is_it = kind
    if not is_it(content):
        raise Refused(
            _("%(name)s is not what its name says: a %(kind)s file.") % {"name": shown, "kind": ending[1:].upper()},
            field="files",
        )
    return File(shown, content_type, content)


def _harmless(name: str) -> str:
    """Return a file's name without folders, and without signs that hide what it is (control, direction); cut."""
    last = re.split(r"[/\\]", name)[-1]
    seen = "".join(sign for sign in unicodedata.normalize("NFC", last) if unicodedata.category(sign)[0] != "C")
    bare = _SPACES.sub(" ", seen).strip(" .")
    stem, dot, ending = bare.rpartition(".")
    if not dot or not stem.strip(" ."):
        return bare[:LONGEST_NAME] or "?"
    return f"{stem[: LONGEST_NAME - len(ending) - 1]}.{ending}"[:LONGEST_NAME]


def _begins(*marks: bytes) -> Callable[[bytes], bool]:
    return lambda content: content.startswith(marks)


def _text(content: bytes) -> bool:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    return not any(unicodedata.category(sign) == "Cc" and sign not in "\t\n\r\f" for sign in text)


def _xml(content: bytes) -> bool:
    try:
        guarded.xml(content, "file")
    except BadFile:
        return False
    return True


def _office(part: str) -> Callable[[bytes], bool]:
    """Return the check of an office file: an archive of sensible size with this part, and no macros in it."""

    def is_it(content: bytes) -> bool:
        try:
            names = {info.filename for info in guarded.archive(content, "file").infolist()}
        except BadFile:
            return False
        return part in names and not any(name.endswith("vbaProject.bin") for name in names)

    return is_it


KINDS: Mapping[str, tuple[str, Callable[[bytes], bool]]] = {
    ".pdf": ("application/pdf", _begins(b"%PDF-")),
    ".png": ("image/png", _begins(b"\x89PNG\r\n\x1a\n")),
    ".jpg": ("image/jpeg", _begins(b"\xff\xd8\xff")),
    ".jpeg": ("image/jpeg", _begins(b"\xff\xd8\xff")),
    ".txt": ("text/plain", _text),
    ".csv": ("text/csv", _text),
    ".xml": ("application/xml", _xml),
    ".docx": (f"{_OFFICE}.wordprocessingml.document", _office("word/document.xml")),
    ".xlsx": (f"{_OFFICE}.spreadsheetml.sheet", _office("xl/workbook.xml")),
}


# -- with a limit request --------------------------------------------------------------------------------------------


@transaction.atomic
def ask_limit(
    customer: Customer, asked: Asked, files: Sequence[File], *, by: Actor, now: datetime, source_key: str | None = None
) -> LimitRequest:
    """Ask for a limit or terms with evidence; as `limit_requests.ask`."""
    request = limit_requests.ask(customer, asked, by=by, now=now, source_key=source_key)
    _keep(files, by=by, now=now, request_event=request.events.latest("pk"))
    return request


@transaction.atomic
def change_limit(
    request: LimitRequest, asked: Asked, files: Sequence[File], *, by: Actor, now: datetime
) -> LimitRequest:
    """Ask for something else instead, with evidence; as `limit_requests.change`."""
    request = limit_requests.change(request, asked, by=by, now=now)
    _keep(files, by=by, now=now, request_event=request.events.latest("pk"))
    return request


@transaction.atomic
def add(request: LimitRequest, files: Sequence[File], *, by: Actor, now: datetime, note: str = "") -> RequestEvent:
    """Add evidence to a request that is undecided, by whoever may ask or decide. Raises NotPermitted, AlreadyClosed, Refused."""
    if by.user is None or not (may(by.user, "ask_limit") or may(by.user, "approve_limit")):
        raise NotPermitted(_("Your roles attach nothing here."))
    if not files:
        raise Refused(_("Choose a file."), field="files")
    context.lock([request.customer_id])
    request = LimitRequest.objects.select_for_update(of=("self",)).select_related("customer").get(pk=request.pk)
    if not request.is_open:
        raise AlreadyClosed(_("%(request)s is decided; what was looked at stays as it is.") % {"request": request})
    seen = levels.see([request.customer], day=business_day(now))
    event = limit_requests.event(request, RequestStep.ATTACHED, by=by, now=now, seen=seen, note=note.strip())
    event.save()
    _keep(files, by=by, now=now, request_event=event)
    return event


# -- about a hold ----------------------------------------------------------------------------------------------------


@transaction.atomic
def ask_release(hold: Hold, files: Sequence[File], *, by: Actor, now: datetime, note: str) -> HoldEvent:
    """Ask for release with evidence; as `hold_events.ask_release`."""
    event = hold_events.ask_release(hold, by=by, now=now, note=note)
    _keep(files, by=by, now=now, hold_event=event)
    return event


@transaction.atomic
def comment(hold: Hold, files: Sequence[File], *, by: Actor, now: datetime, note: str) -> HoldEvent:
    """Say something about a hold, with evidence; as `hold_events.comment`."""
    event = hold_events.comment(hold, by=by, now=now, note=note)
    _keep(files, by=by, now=now, hold_event=event)
    return event


def _keep(files: Sequence[File], *, by: Actor, now: datetime, **owner: Any) -> None:
    if len(files) > MOST_FILES:
        raise Refused(_("At most %(most)s files at once.") % {"most": MOST_FILES}, field="files")
    different = {hashlib.sha256(file.content).hexdigest(): file for file in files}
    Attachment.objects.bulk_create(
        Attachment(
            name=file.name, content_type=file.content_type, size=len(file.content), sha256=digest, content=file.content,
            added_at=now, added_by=by.user, **owner,
        )
        for digest, file in different.items()
    )  # fmt: skip
