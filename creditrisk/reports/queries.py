"""What the pages of the reports show: the list, one with its editions, an edition with its deliveries."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from creditrisk.reports import schedule
from creditrisk.reports.models import LAST_DAY, Delivery, DeliveryState, Edition, Every, Report, Weekday, What
from creditrisk.roles import companies_of


@dataclass(frozen=True)
class ReportRow:
    """A report in the list: when it comes, to how many, and the newest edition."""

    report: Report
    when: str
    next_at: datetime | None
    readers: int
    newest: int | None
    newest_at: datetime | None
    failed: int

    @property
    def tells(self) -> str:
        return str(What(self.report.what).label)


def visible(user: Any) -> QuerySet[Report]:
    """Return the reports of the companies that the reader works in."""
    companies = companies_of(user)
    every = Report.objects.select_related("company")
    return every if companies is None else every.filter(company_id__in=companies)


def one(user: Any, pk: int) -> Report:
    """Return the report; 404 where it is not the reader's."""
    return get_object_or_404(visible(user), pk=pk)


def rows(user: Any, *, now: datetime) -> list[ReportRow]:
    """Return the reports by name: two queries."""
    newest = Edition.objects.filter(report=OuterRef("pk")).order_by("-pk")
    given_up = Delivery.objects.filter(edition__report=OuterRef("pk"), state=DeliveryState.FAILED).order_by()
    found = visible(user).annotate(
        many=Count("people", distinct=True), newest=Subquery(newest.values("pk")[:1]), newest_at=Subquery(newest.values("made_at")[:1]),
        failed=Subquery(given_up.values("edition__report").annotate(n=Count("pk")).values("n")[:1]),
    ).order_by("company__code", "name")  # fmt: skip
    return [
        ReportRow(
            r, when(r), next_at(r, now=now), r.many + len(r.lines), r.newest, r.newest_at, r.failed or 0,
        )
        for r in found
    ]  # fmt: skip


def when(report: Report) -> str:
    """Return when a report comes, in words."""
    hour = f"{report.hour:02d}:00"
    if report.every == Every.WEEK:
        return _("%(weekday)s at %(hour)s") % {"weekday": Weekday(report.weekday or 1).label, "hour": hour}
    if report.month_day == LAST_DAY:
        return _("last day of the month at %(hour)s") % {"hour": hour}
    return _("day %(day)d of the month at %(hour)s") % {"day": report.month_day, "hour": hour}


def next_at(report: Report, *, now: datetime) -> datetime | None:
    """Return when it comes next; None where it does not come by itself."""
    return schedule.following(report, max(now, report.starts_at)) if report.active else None


def editions(report: Report) -> QuerySet[Edition]:
    """Return what was made of a report, the newest first, each with its deliveries; without their contents."""
    return (
        Edition.objects.filter(report=report).defer("body", "book").select_related("made_by")
        .prefetch_related(Prefetch("deliveries", Delivery.objects.order_by("pk"))).order_by("-pk")
    )  # fmt: skip


def edition(user: Any, pk: int) -> Edition:
    """Return an edition with its contents; 404 where it is not of the reader's companies."""
    found = Edition.objects.select_related("report__company", "made_by")
    companies = companies_of(user)
    mine = Q() if companies is None else Q(report__company_id__in=companies)
    return get_object_or_404(found.filter(mine), pk=pk)


def delivery(user: Any, pk: int) -> Delivery:
    """Return a delivery; 404 where it is not of the reader's companies."""
    companies = companies_of(user)
    mine = Q() if companies is None else Q(edition__report__company_id__in=companies)
    return get_object_or_404(Delivery.objects.select_related("edition").filter(mine), pk=pk)


def told(delivery: Delivery) -> str:
    """Return how far a delivery is, in words."""
    match delivery.state:
        case DeliveryState.SENT:
            assert delivery.sent_at is not None
            return _("sent %(at)s") % {"at": f"{timezone.localtime(delivery.sent_at):%Y-%m-%d %H:%M}"}
        case DeliveryState.FAILED:
            return _("given up: %(error)s") % {"error": delivery.error}
    if not delivery.error:
        return _("waits to be sent")
    attempts = ngettext("%(n)d attempt", "%(n)d attempts", delivery.attempts) % {"n": delivery.attempts}
    at = f"{timezone.localtime(delivery.next_try):%H:%M}" if delivery.next_try else ""
    return _("waits for the next try at %(at)s after %(attempts)s: %(error)s") % {
        "at": at,
        "attempts": attempts,
        "error": delivery.error,
    }
