"""Making reports: what is due, once each; what somebody wants now; a look without keeping anything."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import translation

from creditrisk import nudge
from creditrisk.clock import business_day
from creditrisk.money import MissingRate
from creditrisk.reports import payments, portfolio, schedule, sending, sheets
from creditrisk.reports.models import Edition, Report, What
from creditrisk.reports.sheets import Content
from creditrisk.roles import Actor
from customers.models import Customer

log = logging.getLogger(__name__)

_ERROR_MAX = 500


def look(report: Report, *, now: datetime) -> Content:
    """Return what the report would tell now, today so far; nothing is kept. In the report's language. Raises MissingRate."""
    with translation.override(report.language):
        return _content(report, now=now, so_far=True)


def pages(report: Report, content: Content) -> str:
    """Return the pages of what a report tells, in its language."""
    with translation.override(report.language):
        return sheets.page(content)


def _content(report: Report, *, now: datetime, so_far: bool) -> Content:
    """Return what the report tells: up to today, or up to the day that is over."""
    today = business_day(now)
    day = today if so_far else today - timedelta(days=1)
    if report.what == What.PORTFOLIO:
        return portfolio.content(report.company, day=day, so_far=so_far)
    return payments.content(
        report.company,
        customers_of(report, now=now),
        day=day,
        grain=report.grain,
        periods=report.periods,
        grace=report.grace,
        so_far=so_far,
    )


def customers_of(report: Report, *, now: datetime) -> Sequence[Customer]:
    """Return of whom a payment history tells: those named, else those with the largest exposure today."""
    named = list(report.customers.order_by("code"))
    return named or payments.largest(report.company, day=business_day(now), most=report.largest)


@transaction.atomic
def make(report: Report, *, by: Actor, now: datetime, mailed: bool) -> Edition:
    """This will make an edition at once, as somebody asked, and mail it where that is wanted. Raises MissingRate."""
    return _kept(report, due_at=None, by=by, now=now, mailed=mailed)


def make_due(*, now: datetime) -> int:
    """Make every report that is due and was not made for its last time; return how many were made.

    Run late or twice, or by several at once, it makes each of them once. What was due while nobody ran is made for the
    last time only. Why one could not be made is kept with the report, and it is tried again.
    """
    made = 0
    waiting = Report.objects.filter(active=True).order_by("pk")
    for pk in [report.pk for report in waiting if _is_due(report, now)]:
        try:
            made += _make_one(pk, now=now)
        except Exception as error:  # whatever is wrong with one report does not keep the others from being made
            log.warning("Report %s was not made: %s", pk, error)
            sentence = str(error) if isinstance(error, MissingRate) else f"{type(error).__name__}: {error}"
            Report.objects.filter(pk=pk).update(error=sentence[:_ERROR_MAX], failed_at=now)
    return made


def _is_due(report: Report, now: datetime) -> bool:
    due_at = schedule.latest(report, now)
    return due_at >= report.starts_at and not report.editions.filter(due_at__gte=due_at).exists()


@transaction.atomic
def _make_one(pk: int, *, now: datetime) -> bool:
    """Make one report for the time at which it was last due, unless somebody else has it or did."""
    report = Report.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=pk, active=True).first()
    if report is None or not _is_due(report, now):
        return False
    _kept(report, due_at=schedule.latest(report, now), by=Actor.system(), now=now, mailed=True)
    if report.error:
        Report.objects.filter(pk=pk).update(error="", failed_at=None)
    return True


def _kept(report: Report, *, due_at: datetime | None, by: Actor, now: datetime, mailed: bool) -> Edition:
    """Keep an edition: of the day before the time that it was due, however late; of today where somebody asked."""
    with translation.override(report.language):
        content = _content(report, now=due_at or now, so_far=due_at is None)
        edition = Edition.objects.create(
            report=report, due_at=due_at, day=content.day, title=f"{content.title}: {content.company}"[:200], language=report.language,
            body=sheets.page(content), book=sheets.book(content), made_at=now, made_by=by.user,
        )  # fmt: skip
    if mailed and sending.address(edition, now=now):
        nudge.after_commit("creditrisk.reports.tasks.send")
    return edition
