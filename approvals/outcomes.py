"""How earlier releases ended: whether what was let through was paid, how late, or is still owed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from approvals.models import Release
from creditrisk.audit import endings, outcomes
from creditrisk.audit.endings import Later
from creditrisk.audit.outcomes import Ending, Outcome, Settled
from creditrisk.decisions.story import sum_of
from creditrisk.money import ZERO
from creditrisk.roles import name_of
from documents.models import State

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
    """Return the newest releases of a customer's documents with their ends: three queries."""
    found = list(
        Release.objects.filter(hold__customer=customer_id)
        .select_related("document", "released_by").order_by("-id")[:limit]
    )  # fmt: skip
    reached = endings.reached({r.document_id for r in found})
    settled = endings.settled({later.id for ones in reached.values() for later in ones if later.is_invoice})
    return [_told(r, reached[r.document_id], settled, day=day) for r in found]


def _told(
    release: Release, reached: Iterable[Later], settled: Mapping[int, Sequence[Settled]], *, day: date
) -> PastRelease:
    by = release.released_by
    words, tone = _end(release, [later for later in reached if later.is_invoice], settled, day=day)
    return PastRelease(
        release.document_id, release.document.number, release.released_on, release.cap, release.currency, release.reason,
        release.note, name_of(by), words, tone,
    )  # fmt: skip


def _end(
    release: Release, invoices: Sequence[Later], settled: Mapping[int, Sequence[Settled]], *, day: date
) -> tuple[str, str]:
    """Return how a release ended, in words, with their tone: as overrides are accounted for."""
    document = release.document
    whole, worst = Ending(), dict.fromkeys(Outcome, 0)
    for invoice in invoices:
        parts = settled.get(invoice.id, ())
        whole.take(outcomes.ending(parts, today=day), invoice.share)
        for how, days in (outcomes.outcome(part, today=day) for part in parts):
            worst[how] = max(worst[how], days)
    if not whole.amounts:
        if document.state == State.CANCELLED:
            return _("cancelled"), OPEN
        if document.state == State.DRAFT:
            return _("not confirmed so far"), OPEN
        return (_("invoiced, not posted yet") if invoices else _("not invoiced yet")), OPEN
    amount = sum_of(whole.amounts.get(whole.worst, ZERO), document.currency)
    days = worst[whole.worst]
    match whole.worst:
        case Outcome.UNPAID:
            late = ngettext("%d day", "%d days", days) % days
            return _("%(sum)s unpaid, %(late)s late") % {"sum": amount, "late": late}, BAD
        case Outcome.LATE:
            return ngettext("paid %d day late", "paid %d days late", days) % days, LATE
        case Outcome.NOT_DUE:
            return _("%(sum)s open, not due yet") % {"sum": amount}, OPEN
        case Outcome.CANCELLED:
            return pgettext("end of a release", "credited"), OPEN
    return _("paid on time"), GOOD
