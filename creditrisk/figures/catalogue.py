"""Every figure: its name, unit, formula in words, source, and where the documents behind it are listed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from urllib.parse import urlencode

from django.db import models
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from creditrisk.clock import months_after
from creditrisk.figures.formulas import collecting, days_sales, estimate, portfolio, process
from creditrisk.figures.inputs import QUARTER_DAYS, YEAR_MONTHS, Inputs
from creditrisk.money import ZERO

type Words = str | Promise


class Unit(StrEnum):
    """What a figure is counted in. An amount is in the currency of the company."""

    PERCENT = "percent"
    DAYS = "days"
    HOURS = "hours"
    AMOUNT = "amount"
    NUMBER = "number"


class Group(models.TextChoices):
    """What a figure is about, in the order of the page."""

    RISK = "RISK", _("Risk")
    SALES = "SALES", _("Days of sales")
    PAYING = "PAYING", _("How customers pay")
    CHECKS = "CHECKS", _("How checks work")


@dataclass(frozen=True)
class Behind:
    """The page that lists what a figure rests on; `narrowed` gives its address by company code and day."""

    page: str
    door: str
    label: Words
    narrowed: Callable[[str, date], Mapping[str, str]]

    def address(self, company: str, day: date, **whose: str) -> str:
        """Return the address of the list as it stood for this company and day; `whose` narrows it to a segment or customer."""
        return f"{reverse(self.page)}?{urlencode({**self.narrowed(company, day), **whose})}"


@dataclass(frozen=True)
class Figure:
    """One figure. `reckon` returns None where it is not defined."""

    code: str
    group: Group
    name: Words
    unit: Unit
    formula: Words
    source: Words
    behind: Behind
    reckon: Callable[[Inputs], Decimal | None]


def twelve_months_before(day: date) -> date:
    """Return the day after which the twelve months up to `day` begin."""
    return months_after(day, -YEAR_MONTHS)


def _year(day: date) -> str:
    return (twelve_months_before(day) + timedelta(days=1)).isoformat()


def _since(day: date, days: int) -> str:
    return (day - timedelta(days=days - 1)).isoformat()


_EXPOSURE = Behind(
    "exposure", "view_exposure", _("Customers and their limits"), lambda c, d: {"company": c, "day": d.isoformat()}
)
_AGEING = Behind("ageing", "view_ledger", _("What is owed by age"), lambda c, d: {
    "company": c, "day": d.isoformat(), "amounts": "company",
})  # fmt: skip
_INVOICES = Behind(
    "items", "view_ledger", _("Invoices in the ledger"), lambda c, d: {"company": c, "kind": "INVOICE", "show": "all"}
)
_PAYMENTS = Behind(
    "items", "view_ledger", _("Payments in the ledger"), lambda c, d: {"company": c, "kind": "PAYMENT", "show": "all"}
)
_EFFECTS = Behind("effects", "view_ledger", _("Effects that fell due"), lambda c, d: {
    "company": c, "due_from": _year(d), "due_to": d.isoformat(),
})  # fmt: skip
_HELD = Behind("decisions", "view_decisions", _("Decisions that held"), lambda c, d: {
    "verdict": "held", "since": _since(d, QUARTER_DAYS), "until": d.isoformat(),
})  # fmt: skip
_ALERTS = Behind("alerts", "view_alerts", _("Alerts"), lambda c, d: {})
_TERMS = Behind("terms_kept", "view_exposure", _("Invoices against the terms agreed"), lambda c, d: {
    "since": _year(d), "until": d.isoformat(),
})  # fmt: skip

_LEDGER, _FACTS, _LOG = _("open items"), _("exposure ledger, limits of the day"), _("decisions and holds")


def _simple(i: Inputs) -> Decimal | None:
    return days_sales.outstanding(i.ages.total, i.sales.twelve_months, i.sales.days)


def _best(i: Inputs) -> Decimal | None:
    return days_sales.outstanding(i.ages.current, i.sales.twelve_months, i.sales.days)


def _countback(i: Inputs) -> Decimal | None:
    found = days_sales.counted_back(i.ages.total, i.sales.months)
    return found.days if found else None


FIGURES: tuple[Figure, ...] = (
    Figure("utilisation", Group.RISK, _("Utilisation"), Unit.PERCENT,
           _("exposure / limits, of customers with a limit of their own (none counts as 0; unlimited is left out)"),
           _FACTS, _EXPOSURE, lambda i: portfolio.utilisation(i.debtors.used, i.debtors.limits)),
    Figure("top_10", Group.RISK, _("Share of the ten largest"), Unit.PERCENT,
           _("exposure of the ten largest customers, with all below them / all exposure"),
           _FACTS, _EXPOSURE, lambda i: collecting.rate(sum(i.debtors.largest, ZERO), i.debtors.lent)),
    Figure("concentration", Group.RISK, _("Concentration (HHI)"), Unit.NUMBER,
           _("sum of the squared shares of the customers in per cent: 10,000 is one customer, 100 a hundred equal ones"),
           _FACTS, _EXPOSURE, lambda i: portfolio.concentration(i.debtors.squares, i.debtors.lent)),
    Figure("insured", Group.RISK, _("Insured share"), Unit.PERCENT,
           _("exposure covered by credit insurance, at most what is owed / all exposure"),
           _("exposure ledger, securities of the day"), _EXPOSURE,
           lambda i: collecting.rate(i.debtors.insured, i.debtors.lent)),
    Figure("estimated_limit", Group.RISK, _("Estimated limit"), Unit.AMOUNT,
           _("turnover of 12 months / 365 × average days of deferral: what the business asks to be lent"),
           _LEDGER, _INVOICES, lambda i: estimate.estimated_limit(i.sales.twelve_months, i.sales.term_days)),
    Figure("overdue_share", Group.RISK, _("Overdue share"), Unit.PERCENT,
           _("receivables past their due day / all receivables"), _LEDGER, _AGEING,
           lambda i: collecting.rate(i.ages.late, i.ages.total)),
    Figure("turnover_12", Group.SALES, _("Turnover, 12 months"), Unit.AMOUNT,
           _("invoices less credit notes of the twelve months, with tax"), _LEDGER, _INVOICES,
           lambda i: i.sales.twelve_months if i.sales.months else None),
    Figure("turnover_year", Group.SALES, _("Turnover, this year"), Unit.AMOUNT,
           _("invoices less credit notes since 1 January, with tax"), _LEDGER, _INVOICES,
           lambda i: i.sales.year if i.sales.months else None),
    Figure("dso", Group.SALES, _("DSO, simple"), Unit.DAYS,
           _("receivables / turnover of 12 months × days of the period (since the first sale where that is later)"),
           _LEDGER, _AGEING, _simple),
    Figure("dso_countback", Group.SALES, _("DSO, countback"), Unit.DAYS,
           _("days of the latest months whose turnover makes up the receivables, the last month in part"),
           _LEDGER, _AGEING, _countback),
    Figure("dso_best", Group.SALES, _("DSO, best possible"), Unit.DAYS,
           _("receivables not due yet / turnover of 12 months × days of the period"), _LEDGER, _AGEING, _best),
    Figure("add", Group.SALES, _("Average days delinquent"), Unit.DAYS,
           _("DSO, simple less DSO, best possible"), _LEDGER, _AGEING,
           lambda i: days_sales.delinquent(_simple(i), _best(i))),
    Figure("cei", Group.PAYING, _("Collection effectiveness (CEI)"), Unit.PERCENT,
           _("(receivables 30 days ago + turnover since − receivables) / (receivables 30 days ago + turnover since − not due yet)"),
           _LEDGER, _AGEING,
           lambda i: collecting.effectiveness(opening=i.ages_before.total, sales=i.sales.lately, closing=i.ages.total, not_due=i.ages.current)),
    Figure("days_to_pay", Group.PAYING, _("Days to pay"), Unit.DAYS,
           _("days from invoice to payment of what was paid in 12 months, weighed by amount"), _("payments and collected effects"),
           _PAYMENTS, lambda i: i.days_to_pay),
    Figure("days_late", Group.PAYING, _("Days late"), Unit.DAYS,
           _("days from due day to payment of what was paid in 12 months, weighed by amount; below zero is early"),
           _("payments and collected effects"), _PAYMENTS, lambda i: i.days_late),
    Figure("roll_30", Group.PAYING, _("Roll rate, not due to 1–30 days"), Unit.PERCENT,
           _("1–30 days late now / not due 30 days ago"), _LEDGER, _AGEING,
           lambda i: collecting.roll(i.ages_before.current, i.ages.late_30)),
    Figure("roll_60", Group.PAYING, _("Roll rate, 1–30 to 31–60 days"), Unit.PERCENT,
           _("31–60 days late now / 1–30 days late 30 days ago"), _LEDGER, _AGEING,
           lambda i: collecting.roll(i.ages_before.late_30, i.ages.late_60)),
    Figure("roll_90", Group.PAYING, _("Roll rate, 31–60 to 61–90 days"), Unit.PERCENT,
           _("61–90 days late now / 31–60 days late 30 days ago"), _LEDGER, _AGEING,
           lambda i: collecting.roll(i.ages_before.late_60, i.ages.late_90)),
    Figure("unpaid_effects", Group.PAYING, _("Unpaid effects"), Unit.PERCENT,
           _("amount of effects returned unpaid / amount of all that fell due in 12 months"), _("effects"), _EFFECTS,
           lambda i: collecting.rate(i.effects_unpaid, i.effects_due)),
    Figure("terms_kept", Group.PAYING, _("Terms kept"), Unit.PERCENT,
           _("invoices of 12 months with terms as agreed or stricter / all invoices"), _("invoices and agreed terms"), _TERMS,
           lambda i: collecting.rate(i.invoices_kept, i.invoices)),
    Figure("rejected_count", Group.CHECKS, _("Orders rejected"), Unit.PERCENT,
           _("orders that credit turned away / orders checked, in 90 days, by count"), _LOG, _HELD,
           lambda i: process.rejection(i.orders.rejected, i.orders.asked)),
    Figure("rejected_value", Group.CHECKS, _("Orders rejected, by value"), Unit.PERCENT,
           _("value of orders that credit turned away / value of orders checked, in 90 days"), _LOG, _HELD,
           lambda i: process.rejection(i.orders.rejected_value, i.orders.asked_value)),
    Figure("hold_hours", Group.CHECKS, _("Time in hold"), Unit.HOURS,
           _("median hours from opening to closing, of holds closed in 90 days"), _LOG, _HELD,
           lambda i: process.median_hours(i.waits)),
    Figure("release_rate", Group.CHECKS, _("Release rate"), Unit.PERCENT,
           _("holds released by a person / holds closed, in 90 days"), _LOG, _HELD,
           lambda i: collecting.rate(i.released, i.closed)),
    Figure("breaches", Group.CHECKS, _("Limit breaches"), Unit.NUMBER,
           _("alerts of a limit exceeded in 30 days, for every 100 customers who owe something"), _("alerts"), _ALERTS,
           lambda i: process.breaches_per_hundred(i.breaches, i.debtors.owing)),
)  # fmt: skip

# What compares many customers says nothing of one.
OF_MANY = frozenset({"top_10", "concentration", "breaches"})

BY_CODE: Mapping[str, Figure] = {figure.code: figure for figure in FIGURES}


def reckon(inputs: Inputs) -> dict[str, Decimal | None]:
    """Return every figure by its code; None where it is not defined."""
    return {figure.code: figure.reckon(inputs) for figure in FIGURES}
