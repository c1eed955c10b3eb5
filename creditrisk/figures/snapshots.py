"""The figures' past: taken once a day, late where nobody was there, filled in for days that had none."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Max, QuerySet

from creditrisk.clock import business_day
from creditrisk.figures import catalogue, gathering
from creditrisk.figures.gathering import WHOLE
from creditrisk.figures.models import Snapshot
from creditrisk.money import MissingRate
from customers.models import Company

ONE_DAY = timedelta(days=1)
# A worker that was away catches up by so many days a time; longer ago is for the command.
MOST_DAYS = 7
_PLACES = Decimal("0.000001")


def take(company: Company, *, day: date, now: datetime) -> bool:
    """Keep the figures of the company and of its segments at the end of `day`; return whether they were not there yet.

    Taking them twice, or by two workers at once, does no harm: what is kept stays. Raises MissingRate.
    """
    if Snapshot.objects.filter(company=company, day=day, whole=True).count() == len(catalogue.FIGURES):
        return False
    found = {
        segment: catalogue.reckon(gathered.whole())
        for segment, gathered in gathering.by_segment(company, day=day).items()
    }
    Snapshot.objects.bulk_create(
        (
            Snapshot(
                company=company, day=day, whole=segment is WHOLE, segment=segment or "", code=code,
                value=None if value is None else value.quantize(_PLACES), taken_at=now,
            )
            for segment, values in found.items()
            if segment is WHOLE or any(value is not None for value in values.values())
            for code, value in values.items()
        ),
        ignore_conflicts=True,
    )  # fmt: skip
    return True


def take_missing(*, now: datetime) -> list[str]:
    """Keep the figures of every company for the days since the last ones, up to yesterday: today is not over.

    Returns the sentences of companies whose figures could not be reckoned; they are tried again the next time.
    """
    yesterday = business_day(now) - ONE_DAY
    last = dict(Snapshot.objects.values_list("company").annotate(day=Max("day")).values_list("company", "day"))
    failed = []
    for company in Company.objects.order_by("code"):
        since = last[company.pk] + ONE_DAY if company.pk in last else yesterday
        try:
            for day in days(since, min(yesterday, since + (MOST_DAYS - 1) * ONE_DAY)):
                take(company, day=day, now=now)
        except MissingRate as error:
            failed.append(f"{company.code}: {error}")
    return failed


def days(first: date, last: date) -> Iterator[date]:
    """Return the days from the first to the last, both included; none where the last lies before the first."""
    return (first + index * ONE_DAY for index in range((last - first).days + 1))


def of(company: Company, segment: str | None = WHOLE) -> QuerySet[Snapshot]:
    """Return what was kept of a company, or of a segment of it ("": its customers without one)."""
    found = Snapshot.objects.filter(company=company)
    return found.filter(whole=True) if segment is WHOLE else found.filter(whole=False, segment=segment)


def of_day(company: Company, day: date, *, segment: str | None = WHOLE) -> Mapping[str, Decimal | None]:
    """Return the figures kept for a day by their code; empty where none were."""
    return dict(of(company, segment).filter(day=day).values_list("code", "value"))


def last_day(company: Company) -> date | None:
    """Return the last day whose figures were kept."""
    kept = of(company).filter(code=catalogue.FIGURES[0].code)
    return kept.order_by("-day").values_list("day", flat=True).first()


def past(
    company: Company, codes: Iterable[str], *, since: date, until: date, segment: str | None = WHOLE
) -> dict[str, list[tuple[date, Any]]]:
    """Return the days and values kept of these figures, oldest first, by code: one query."""
    kept = of(company, segment).filter(code__in=list(codes), day__gte=since, day__lte=until)
    found: dict[str, list[tuple[date, Any]]] = {}
    for code, day, value in kept.order_by("day").values_list("code", "day", "value"):
        found.setdefault(code, []).append((day, value))
    return found


def past_of_many(
    companies: Iterable[Company], codes: Iterable[str], *, since: date, until: date
) -> dict[tuple[int, str], list[tuple[date, Any]]]:
    """Return the days and values kept of these figures of several companies, oldest first, by company and code: one query."""
    kept = Snapshot.objects.filter(
        company__in=list(companies), whole=True, code__in=list(codes), day__gte=since, day__lte=until
    )
    found: dict[tuple[int, str], list[tuple[date, Any]]] = {}
    for company, code, day, value in kept.order_by("day").values_list("company_id", "code", "day", "value"):
        found.setdefault((company, code), []).append((day, value))
    return found
