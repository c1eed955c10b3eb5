"""Filling a journal: from a selection of customers by a formula, or from a file. What is wrong with a row is said at it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from approvals import levels
from approvals.journals import MOST_LINES, NewLine
from approvals.models import LimitJournal, LineSource
from creditrisk.facts import Standing
from creditrisk.language import marked, number, say
from creditrisk.money import HUNDRED, ZERO, rounded
from creditrisk.refusal import Refused
from creditrisk.takeover import kinds
from creditrisk.takeover.models import What
from customers import queries as customer_queries
from customers.models import Customer, LimitKind
from ledger.imports import styles, tabular, values
from ledger.imports.delimited import BadFile
from ledger.imports.values import Unreadable

ROUNDINGS = {"nearest": ROUND_HALF_UP, "up": ROUND_CEILING, "down": ROUND_FLOOR}


@dataclass(frozen=True)
class Formula:
    """How a new limit follows from the present one: by percent, by an amount, or a given amount; then rounded.

    `value` is never negative; `up` says which way. `step` is what the result is a multiple of; never below zero.
    """

    by: str = "percent"  # percent | amount | set
    value: Decimal = ZERO
    up: bool = True
    step: Decimal = Decimal(1)
    rounding: str = "nearest"

    def of(self, limit: Decimal, currency: str) -> Decimal:
        """Return the new limit."""
        change = limit * self.value / HUNDRED if self.by == "percent" else self.value
        raw = self.value if self.by == "set" else limit + (change if self.up else -change)
        step = self.step or Decimal(1).scaleb(-2)
        return rounded(max(ZERO, (raw / step).to_integral_value(ROUNDINGS[self.rounding]) * step), currency)


@dataclass(frozen=True)
class Selection:
    """Which customers: empty says nothing. Percent of use, limit and days overdue are as of the day."""

    fields: Mapping[str, Any] = field(default_factory=dict)  # of the customer, as the database calls them
    used_from: Decimal | None = None
    used_to: Decimal | None = None
    limit_from: Decimal | None = None
    limit_to: Decimal | None = None
    overdue_most: int | None = None

    def fits(self, standing: Standing, limit: Decimal) -> bool:
        """Return whether a customer that stands so, with that limit, is meant."""
        used = standing.used_percent
        if self.used_from is not None and (used is None or used < self.used_from):
            return False
        if self.used_to is not None and (used is None or used > self.used_to):
            return False
        if self.limit_from is not None and limit < self.limit_from:
            return False
        if self.limit_to is not None and limit > self.limit_to:
            return False
        return self.overdue_most is None or standing.exposure.days_overdue <= self.overdue_most


@dataclass(frozen=True)
class Days:
    """What the new limits have in common: their kind, their days, why."""

    kind: str = LimitKind.BASE
    valid_from: date | None = None
    valid_to: date | None = None
    reason: str = ""


@dataclass(frozen=True)
class Chosen:
    """The lines of a selection, and how many customers were passed over, by the reason."""

    lines: tuple[NewLine, ...]
    passed_over: Mapping[str, int]


def of_selection(
    journal: LimitJournal, selection: Selection, formula: Formula, common: Days, *, user: Any, day: date
) -> Chosen:
    """Return a line for each customer of the selection that has a limit to reckon from. Raises Refused."""
    found = _candidates(journal, user=user).filter(**selection.fields)
    taken = set(journal.lines.filter(kind=common.kind, error="").values_list("customer_id", flat=True))
    lines: list[NewLine] = []
    passed: Counter[str] = Counter()
    for batch in _batches(found):
        seen = levels.see(batch, day=day)
        for customer in batch:
            figures = seen.figures.get(customer.pk)
            if figures is None or figures.standing is None:
                passed[marked("no rate for their currency")] += 1
            elif figures.before is None:
                passed[marked("unlimited")] += 1
            elif not figures.before and formula.by != "set":
                passed[marked("no limit to reckon from")] += 1
            elif not selection.fits(figures.standing, figures.before):
                continue
            elif customer.pk in taken:
                passed[marked("in this journal already")] += 1
            else:
                amount = formula.of(figures.before, customer.currency)
                if amount == figures.before and common.kind == LimitKind.BASE:
                    passed[marked("the limit would stay as it is")] += 1
                else:
                    lines.append(_line(customer, amount, LineSource.SELECTION, common))
    if not lines:
        if not passed:
            raise Refused(_("No customer fits; no line was put in."))
        raise Refused(_("No customer fits (%(told)s); no line was put in.") % {"told": told(passed)})
    return Chosen(tuple(lines), dict(passed))


def told(passed_over: Mapping[str, int]) -> str:
    """Return how many customers were passed over, and why, in words."""
    return ", ".join(f"{number(count)} {say(why)}" for why, count in passed_over.items())


def _candidates(journal: LimitJournal, *, user: Any) -> QuerySet[Customer]:
    found = customer_queries.visible(user).filter(merged_into__isnull=True, credit_account__isnull=False)
    return found.filter(company=journal.company_id) if journal.company_id else found


def _batches(found: QuerySet[Customer]) -> Iterable[list[Customer]]:
    ids = list(found.order_by("code").values_list("pk", flat=True))
    for first in range(0, len(ids), MOST_LINES):
        yield list(Customer.objects.filter(pk__in=ids[first : first + MOST_LINES]).order_by("code"))


def _line(customer: Customer, amount: Decimal, source: str, common: Days) -> NewLine:
    return NewLine(
        customer, amount, source, kind=common.kind, valid_from=common.valid_from, valid_to=common.valid_to,
        reason=common.reason,
    )  # fmt: skip


# -- files -----------------------------------------------------------------------------------------------------------


def of_file(
    journal: LimitJournal, content: bytes, name: str, common: Days, *, encoding: str, written: Mapping[str, str], user: Any
) -> tuple[NewLine, ...]:  # fmt: skip
    """Return a line for each row of a CSV file or workbook; a row that says nothing sensible becomes a bad line.

    `written` says how amounts and days are written where the file leaves it open (`amount`, `day`). Raises BadFile, and
    Refused, naming the field, where a person must say how.
    """
    sheet = tabular.read(content, name, encoding=encoding)
    if len(sheet.rows) > MOST_LINES:
        words = _("%(name)s has %(rows)s rows; a journal takes %(most)s lines at most.")
        raise BadFile(words % {"name": name, "rows": number(len(sheet.rows)), "most": number(MOST_LINES)})
    kind = kinds.KINDS[What.LIMITS]
    columns = kinds.recognised(kind, sheet, name)
    chosen = {name: _style(kind.by_name[name], sheet.column(column), written) for name, column in columns.items()}
    known = {c.code.upper(): c for c in customer_queries.visible(user).select_related("merged_into")}
    picked = sheet.picked(columns)
    return tuple(_of_row(kind, row.number, cells, chosen, known, common) for row, cells in picked)


def _style(known: kinds.Field, cells: list[styles.Cell], written: Mapping[str, str]) -> str:
    reads = {"amount": "amount", "day": "day"}.get(known.reads)
    if reads is None:
        return ""
    fit = styles.fit(cells, reads)
    said = written.get(reads, "")
    if said:
        return said
    if not fit.sure and fit.styles:
        amounts = _("Amounts like %(example)s can be read in two ways: choose how they are written.")
        days = _("Days like %(example)s can be read in two ways: choose how they are written.")
        raise Refused((amounts if reads == "amount" else days) % {"example": fit.example}, field=reads)
    return fit.sure or ("point" if reads == "amount" else "ymd")


def _of_row(
    kind: kinds.Kind, number: int, cells: Mapping[str, Any], written: Mapping[str, str], known: Mapping[str, Customer],
    common: Days,
) -> NewLine:  # fmt: skip
    typed = styles.words(cells["customer"])
    try:
        said = kinds.understood(kind, cells, written)
        customer = known.get(said["customer"].upper())
        if customer is None:
            raise Unreadable(_("There is no customer “%(customer)s”.") % {"customer": values.shown(said["customer"])})
        if said.get("currency", customer.currency) != customer.currency:
            raise Unreadable(
                _("The account of %(code)s is kept in %(currency)s, not %(other)s.")
                % {"code": customer.code, "currency": customer.currency, "other": said["currency"]}
            )
    except Unreadable as error:
        return NewLine(
            None,
            None,
            LineSource.FILE,
            kind=common.kind,
            typed=typed,
            error=_("Row %(row)s of the file: %(error)s") % {"row": number, "error": error},
        )
    ends = said.get("valid_to", common.valid_to)
    return NewLine(
        customer.merged_into or customer, said["amount"], LineSource.FILE, kind=common.kind, typed=typed,
        valid_from=said.get("valid_from", common.valid_from), valid_to=ends, reason=said.get("reason", common.reason),
    )  # fmt: skip
