"""What the pages of the figures show: all of a day, and the course of one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

from django.utils.translation import gettext as _

from creditrisk.figures import catalogue, gathering, snapshots
from creditrisk.figures.catalogue import Figure, Group, Unit
from creditrisk.figures.gathering import WHOLE
from creditrisk.figures.inputs import Inputs
from creditrisk.figures.wording import unit_label, written
from creditrisk.money import decimals
from creditrisk.monitoring.standings import NOBODY
from creditrisk.roles import may
from customers.models import Company, Customer

COURSE_DAYS = 365
COURSE_MONTHS = 24


@dataclass(frozen=True)
class Row:
    """One figure on a day, with its past up to that day, oldest first, and the list behind it where the reader may see it."""

    figure: Figure
    value: Decimal | None
    written: str
    course: tuple[tuple[date, Decimal | None], ...]
    behind: str

    @property
    def curve(self) -> list[Decimal]:
        return [value for _day, value in self.course if value is not None]


@dataclass(frozen=True)
class Sheet:
    """All figures of a company at the end of a day. `kept`: as they were kept then; else reckoned from the ledgers now."""

    company: Company
    day: date
    kept: bool
    rows: tuple[Row, ...]
    missing: tuple[str, ...] = ()

    @property
    def groups(self) -> list[tuple[str, list[Row]]]:
        return [(str(group.label), [r for r in self.rows if r.figure.group == group]) for group in Group]


@dataclass(frozen=True)
class Kept:
    """A figure as it was kept on a day, or reckoned now for the end of it (`taken_at` is empty)."""

    day: date
    value: Decimal | None
    written: str
    taken_at: datetime | None


def sheet(user: Any, company: Company, *, day: date, segment: str | None = WHOLE) -> Sheet:
    """Return the figures of a day, of a company or of a segment of it: those kept, or reckoned now where none were.

    A fixed number of queries. Raises MissingRate where they cannot be reckoned.
    """
    values: Mapping[str, Decimal | None] = snapshots.of_day(company, day, segment=segment)
    kept = bool(values)
    missing: tuple[str, ...] = ()
    if not kept:
        inputs = gathering.by_segment(company, day=day)[segment].whole()
        values, missing = catalogue.reckon(inputs), inputs.missing
    since = day - timedelta(days=COURSE_DAYS)
    courses = snapshots.past(company, catalogue.BY_CODE, since=since, until=day, segment=segment)
    whose = {} if segment is WHOLE else {"segment": segment or NOBODY}
    rows = tuple(
        Row(
            figure=figure,
            value=values.get(figure.code),
            written=written(values.get(figure.code), figure.unit, company.currency),
            course=tuple(courses.get(figure.code, ())),
            behind=figure.behind.address(company.code, day, **whose) if may(user, figure.behind.door) else "",
        )
        for figure in catalogue.FIGURES
    )
    return Sheet(company, day, kept, rows, missing)


def course(company: Company, figure: Figure, *, since: date, until: date, segment: str | None = WHOLE) -> list[Kept]:
    """Return what was kept of a figure, of a company or of a segment of it, the newest day first: one query."""
    rows = snapshots.of(company, segment).filter(code=figure.code, day__gte=since, day__lte=until).order_by("-day")
    return [
        Kept(day, value, written(value, figure.unit, company.currency), taken_at)
        for day, value, taken_at in rows.values_list("day", "value", "taken_at")
    ]


def course_of_customer(company: Company, customer: Customer, figure: Figure, *, since: date, until: date) -> list[Kept]:
    """Return a figure of one customer, with all below it, at the end of each month and of the last day, the newest first.

    Reckoned from the ledgers, which keep every day: a fixed number of queries a month, of what the figure rests on alone.
    Raises MissingRate.
    """
    found = []
    for gathered in gathering.of_customer(company, customer, days=month_ends(since, until)):
        value = figure.reckon(cast(Inputs, gathered))
        found.append(Kept(gathered.day, value, written(value, figure.unit, company.currency), None))
    return found


def month_ends(since: date, until: date) -> list[date]:
    """Return `until` and the last days of the months before it, not before `since`, at most COURSE_MONTHS of them, the newest first."""
    found, day = [until], until.replace(day=1) - timedelta(days=1)
    while day >= since and len(found) <= COURSE_MONTHS:
        found.append(day)
        day = day.replace(day=1) - timedelta(days=1)
    return found


def header() -> list[str]:
    """Return the titles of the file of a sheet."""
    return [_("company"), _("day"), _("figure"), _("value"), _("unit"), _("formula"), _("source")]


def cells(found: Sheet) -> Iterator[list[Any]]:
    """Return the figures of a sheet as rows of a file; what is not defined is empty."""
    for row in found.rows:
        f, currency = row.figure, found.company.currency
        yield [
            found.company.code, found.day, str(f.name), plain(row.value, f.unit, currency), unit_label(f.unit, currency),
            str(f.formula), str(f.source),
        ]  # fmt: skip


def plain(value: Decimal | None, unit: Unit, currency: str) -> Decimal | None:
    """Return a value as files have it: amounts with the decimals of their currency, the rest with two."""
    if value is None:
        return None
    return round(value, decimals(currency) if unit == Unit.AMOUNT else 2)
