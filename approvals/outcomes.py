"""How earlier releases ended: whether what was let through was paid, how late, or is still owed."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from approvals.models import Release
from creditrisk.decisions.story import sum_of
from documents import queries as document_queries
from documents.models import State
from ledger import behaviour
from ledger.behaviour import End

GOOD, LATE, BAD, OPEN = "passed", "warned", "held", "info"


@dataclass(frozen=True)
class PastRelease:
    """A release of the past, as evidence for the next; `end` says how it ended, `tone` how good that was."""

    document_id: int
    document: str
    day: date
    cap: Decimal
    currency: str
    reason: str
    note: str
    by: str
    end: str
    tone: str


def of_customer(customer_id: int, *, day: date, limit: int = 5) -> list[PastRelease]:
    """Return the newest releases of a customer's documents with their ends: a fixed number of queries."""
    found = list(
        Release.objects.filter(hold__customer=customer_id)
        .select_related("document", "released_by").order_by("-id")[:limit]
    )  # fmt: skip
    invoices = document_queries.invoices_of({r.document_id for r in found})
    ends = behaviour.ends(invoices, day=day)
    return [_told(r, ends.get(r.document_id), bool(invoices[r.document_id])) for r in found]


def _told(release: Release, end: End | None, invoiced: bool) -> PastRelease:
    by = release.released_by
    words, tone = _end(release, end, invoiced)
    return PastRelease(
        release.document_id, release.document.number, release.released_on, release.cap, release.currency, release.reason,
        release.note, (by.get_full_name() or by.get_username()) if by else "", words, tone,
    )  # fmt: skip


def _end(release: Release, end: End | None, invoiced: bool) -> tuple[str, str]:
    """Return how a release ended, in words, with their tone."""
    document = release.document
    if end is None:
        if document.state == State.CANCELLED:
            return _("cancelled"), OPEN
        if document.state == State.DRAFT:
            return _("not confirmed so far"), OPEN
        return (_("invoiced, not posted yet") if invoiced else _("not invoiced yet")), OPEN
    if end.came_back:
        return _("the effect came back unpaid"), BAD
    if end.overdue:
        late = ngettext("%d day", "%d days", end.days_late) % end.days_late
        return _("%(sum)s unpaid, %(late)s late") % {"sum": sum_of(end.overdue, document.currency), "late": late}, BAD
    if end.open:
        return _("%(sum)s open, not due yet") % {"sum": sum_of(end.open, document.currency)}, OPEN
    if end.in_effects:
        return _("in effects, not due yet"), OPEN
    if end.days_late:
        return ngettext("paid %d day late", "paid %d days late", end.days_late) % end.days_late, LATE
    return _("paid on time"), GOOD
