"""The ageing report: what is owed by age, as of any day, by a key that people choose, with names."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from creditrisk.export import plain
from creditrisk.money import ZERO
from customers.models import Company, Customer, Segment
from ledger import queries
from ledger.queries import AGEING_BUCKETS


@dataclass(frozen=True)
class Asked:
    """What of the ageing is asked for: the day, the key of the rows, in which currency, and of whom."""

    day: date
    by: str = "customer"
    in_company_currency: bool = False
    customer: Customer | None = None
    company: Company | None = None
    segment: Segment | None = None
    salesperson: User | None = None
    country: str = ""


@dataclass(frozen=True)
class Line:
    """What one key owes in one currency, by age; `code` names it, `name` says more where there is more."""

    code: str
    name: str
    currency: str
    buckets: tuple[Decimal, ...]
    total: Decimal
    items: int

    @property
    def late(self) -> Decimal:
        return self.total - self.buckets[0]

    @property
    def cells(self) -> tuple[Decimal, ...]:
        """Return the figures of the line, the total last."""
        return (*self.buckets, self.total)


def lines(asked: Asked, *, companies: Sequence[int] | None) -> list[Line]:
    """Return the ageing that is asked for, of these companies (None: all), the largest debt first within a currency.

    Raises MissingRate where company currency is asked for and cannot be had.
    """
    of = [asked.company.pk] if asked.company else companies
    by = (asked.by, "company", "currency") if asked.in_company_currency else (asked.by, "currency")
    found = queries.ageing(day=asked.day, customer_ids=_customers(asked), company_ids=of, by=by)
    if asked.in_company_currency:
        into = dict(Company.objects.values_list("pk", "currency"))
        found = queries.converted(found, into=into, day=asked.day)
    names = _names(asked.by, {row.key[0] for row in found})
    result = [
        Line(*names[row.key[0]], str(row.key[-1]), tuple(row.buckets[b] for b in AGEING_BUCKETS), row.total, row.items)
        for row in found
    ]
    return sorted(result, key=lambda line: (line.currency, -line.total, line.code))


def _customers(asked: Asked) -> list[int] | None:
    """Return the customers that are asked for; None where it is all of them."""
    wanted = {
        "pk": asked.customer.pk if asked.customer else None,
        "segment": asked.segment,
        "salesperson": asked.salesperson,
        "country": asked.country,
    }
    chosen = {name: value for name, value in wanted.items() if value}
    return list(Customer.objects.filter(**chosen).values_list("pk", flat=True)) if chosen else None


def _names(by: str, keys: Iterable[Any]) -> Mapping[Any, tuple[str, str]]:
    """Return (code, name) of each key: one query."""
    wanted = set(keys)
    nobody = {0: ("–", _("none"))}
    match by:
        case "customer":
            return {pk: (code, name) for pk, code, name in _rows(Customer, wanted)}
        case "company":
            return {pk: (code, name) for pk, code, name in _rows(Company, wanted)}
        case "segment":
            return nobody | {pk: (code, name) for pk, code, name in _rows(Segment, wanted)}
        case "salesperson":
            people = User.objects.filter(pk__in=wanted)
            return nobody | {p.pk: (p.get_username(), p.get_full_name()) for p in people}
    return {key: (key or "–", "" if key else _("none")) for key in wanted}


def _rows(model: Any, wanted: set[Any]) -> Iterator[tuple[int, str, str]]:
    yield from model.objects.filter(pk__in=wanted).values_list("pk", "code", "name")


def sums(found: Iterable[Line]) -> list[Line]:
    """Return the sum of each currency, as lines."""
    by_currency: dict[str, list[Line]] = {}
    for line in found:
        by_currency.setdefault(line.currency, []).append(line)
    return [
        Line(
            "", "", currency, tuple(sum(column, ZERO) for column in zip(*(x.buckets for x in rows), strict=True)),
            sum((x.total for x in rows), ZERO), sum(x.items for x in rows),
        )
        for currency, rows in sorted(by_currency.items())
    ]  # fmt: skip


def header(asked: Asked) -> list[str]:
    """Return the titles of the CSV file."""
    return [asked.by, _("name"), _("currency"), *queries.age_names(), _("total"), _("items")]


def rows(found: Iterable[Line]) -> Iterator[list[Any]]:
    """Return the lines as rows of the CSV file."""
    for line in found:
        figures = [plain(amount, line.currency) for amount in line.cells]
        yield [line.code, line.name, line.currency, *figures, line.items]
