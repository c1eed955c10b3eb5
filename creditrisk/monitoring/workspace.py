"""What the credit department begins the day with: trends, ages, what comes due. A fixed number of queries, whoever owes."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from creditrisk.figures import catalogue, snapshots
from creditrisk.figures.catalogue import Figure
from creditrisk.figures.wording import written
from creditrisk.money import ZERO
from creditrisk.roles import companies_of
from customers import queries as customer_queries
from customers.models import Company, CreditAccount, Limit

WEEKS = 6
TREND_DAYS = 92
FIGURES = ("utilisation", "overdue_share", "dso_countback", "days_late", "cei")
COMPANIES_MOST, SOON_MOST = 4, 8
_DEBTS = ("ITEMS", "ITEMS_DISPUTED", "ITEMS_PROVISIONAL")
_EFFECTS = ("EFFECTS_ISSUED", "EFFECTS_SBF", "EFFECTS_DISCOUNT", "EFFECTS_COLLECTION")
AGES = ((None, 0), (1, 30), (31, 60), (61, 90), (91, None))


@dataclass(frozen=True)
class Trend:
    """A figure of a company as it was kept last, with its course and how it moved in about a month."""

    figure: Figure
    company: Company
    day: date
    value: str
    course: tuple[Decimal, ...]
    before: str
    rises: bool | None


@dataclass(frozen=True)
class Week:
    """What of one week matures: debts and effects by currency, limits that end, reviews that are due."""

    first: date
    last: date
    debts: tuple[tuple[str, Decimal], ...]
    effects: tuple[tuple[str, Decimal], ...]
    limits: int
    reviews: int


@dataclass(frozen=True)
class Soon:
    """A limit that ends, or a review that is due."""

    day: date
    code: str
    name: str


@dataclass(frozen=True)
class Workspace:
    """The figures below the tiles."""

    trends: tuple[Trend, ...]
    ages: tuple[tuple[str, tuple[tuple[str, Decimal], ...]], ...]
    weeks: tuple[Week, ...]
    ending: tuple[Soon, ...]
    reviews: tuple[Soon, ...]


def of(user: Any, *, today: date) -> Workspace:
    """Return what matters to the credit department today."""
    companies = companies_of(user)
    mine = customer_queries.visible(user).values("pk")
    first = today - timedelta(days=today.weekday())
    last = first + timedelta(days=7 * WEEKS - 1)
    ending = Limit.objects.filter(customer__in=mine, valid_to__gte=today, valid_to__lte=last)
    if companies is None:
        ending = Limit.objects.filter(customer__isnull=False, valid_to__gte=today, valid_to__lte=last)
    reviews = CreditAccount.objects.filter(next_review__lte=last)
    if companies is not None:
        reviews = reviews.filter(customer__in=mine)
    ends: list[Any] = list(
        ending.order_by("valid_to", "pk").values_list("valid_to", "customer__code", "customer__name")
    )
    looks: list[Any] = list(
        reviews.order_by("next_review", "pk").values_list("next_review", "customer__code", "customer__name")
    )
    return Workspace(
        trends=tuple(_trends(user, today=today)),
        ages=tuple(_ages(companies, today=today)),
        weeks=tuple(_weeks(companies, first=first, today=today, ends=[e[0] for e in ends], reviews=[r[0] for r in looks])),
        ending=tuple(Soon(*row) for row in ends[:SOON_MOST]),
        reviews=tuple(Soon(*row) for row in looks[:SOON_MOST]),
    )  # fmt: skip


def _trends(user: Any, *, today: date) -> list[Trend]:
    """Return the trends of the reader's first companies: two queries."""
    companies = list(customer_queries.companies(user)[:COMPANIES_MOST])
    kept = snapshots.past_of_many(companies, FIGURES, since=today - timedelta(days=TREND_DAYS), until=today)
    found = []
    for company in companies:
        for code in FIGURES:
            course = [(day, value) for day, value in kept.get((company.pk, code), []) if value is not None]
            if not course:
                continue
            figure = catalogue.BY_CODE[code]
            day, value = course[-1]
            earlier = next((v for d, v in reversed(course) if d <= day - timedelta(days=28)), course[0][1])
            found.append(Trend(
                figure, company, day, written(value, figure.unit, company.currency), tuple(v for _day, v in course),
                written(earlier, figure.unit, company.currency), None if earlier == value else value > earlier,
            ))  # fmt: skip
    return found


def _ages(companies: list[int] | None, *, today: date) -> list[tuple[str, tuple[tuple[str, Decimal], ...]]]:
    """Return what is owed by age, by currency: one query over the balances."""
    borders = [today - timedelta(days=n) for n in (90, 60, 30, 0)]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT currency, width_bucket(day, %s::date[]), SUM(amount) FROM exposure_balance"
            " WHERE bucket = ANY (%s) AND (%s::bigint[] IS NULL OR company_id = ANY (%s)) GROUP BY 1, 2",
            [borders, list(_DEBTS), companies, companies],
        )
        rows = cursor.fetchall()
    by_currency: defaultdict[str, list[Decimal]] = defaultdict(lambda: [ZERO] * len(AGES))
    for currency, slot, amount in rows:
        by_currency[currency][len(AGES) - 1 - slot] += amount
    return [
        (currency, tuple((_age(*age), amount) for age, amount in zip(AGES, amounts, strict=True)))
        for currency, amounts in sorted(by_currency.items())
        if any(amounts)
    ]


def _age(first: int | None, last: int | None) -> str:
    return _("not due") if first is None else f"{first}–{last}" if last else f"{first}+"


def _weeks(
    companies: list[int] | None, *, first: date, today: date, ends: Sequence[date], reviews: Sequence[date]
) -> list[Week]:
    """Return the weeks from this one on; what is due before today is no part of them, but a review that is late is."""
    starts = [first + timedelta(days=7 * n) for n in range(WEEKS)]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT bucket = ANY (%(effects)s), currency, (day - %(first)s) / 7, SUM(amount) FROM exposure_balance"
            " WHERE day >= %(today)s AND day <= %(last)s AND bucket = ANY (%(both)s)"
            " AND (%(companies)s::bigint[] IS NULL OR company_id = ANY (%(companies)s)) GROUP BY 1, 2, 3 ORDER BY 2",
            {
                "effects": list(_EFFECTS), "both": [*_EFFECTS, *_DEBTS], "first": first, "today": today,
                "last": starts[-1] + timedelta(days=6), "companies": companies,
            },
        )  # fmt: skip
        rows = cursor.fetchall()
    return [
        Week(
            max(start, today), start + timedelta(days=6),
            tuple((c, a) for is_effect, c, week, a in rows if week == n and not is_effect and a),
            tuple((c, a) for is_effect, c, week, a in rows if week == n and is_effect and a),
            sum(1 for day in ends if start <= day <= start + timedelta(days=6)),
            sum(1 for day in reviews if start <= max(day, today) <= start + timedelta(days=6)),
        )
        for n, start in enumerate(starts)
    ]  # fmt: skip
