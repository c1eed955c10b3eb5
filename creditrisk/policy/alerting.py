"""From which figures on alerts are written: for a customer, else for its segment, its company, everybody."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from creditrisk.money import ZERO, figure

OVERDUE_DAYS = (30, 60, 90)
FIELDS = ("percents", "overdue_amount", "overdue_days")


@dataclass(frozen=True)
class Alerting:
    """Percents of the limit, what is overdue in the account's currency, and days that the oldest of it is late."""

    percents: tuple[int, ...] = (80, 95, 100)
    overdue_amount: Decimal = ZERO
    overdue_days: tuple[int, ...] = OVERDUE_DAYS


@dataclass(frozen=True)
class Thresholds:
    """What single customers, segments and companies have other than everybody; each value from the nearest that says it."""

    told: Mapping[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)  # (scope, code): values

    def of(self, *, customer: str, segment: str | None, company: int, percents: tuple[int, ...]) -> Alerting:
        """Return what holds for a customer; `percents` where nobody says which."""
        if not self.told:
            return Alerting(percents)
        values: dict[str, Any] = {"percents": percents}
        for owner in (("all", ""), ("company", str(company)), ("segment", segment or ""), ("customer", customer)):
            values |= self.told.get(owner, {})
        return Alerting(**values)

    def of_shared(self, *, percents: tuple[int, ...]) -> tuple[int, ...]:
        """Return the percents that hold for shared limits, whose members may be anybody: what is said for everybody."""
        found: tuple[int, ...] = self.told.get(("all", ""), {}).get("percents", percents)
        return found

    @cached_property
    def ages(self) -> tuple[int, ...]:
        """Return every number of days at which anybody's debts are told to be old."""
        own = (days for values in self.told.values() for days in values.get("overdue_days", ()))
        return tuple(sorted({*OVERDUE_DAYS, *own}))


def compiled(rows: Iterable[Mapping[str, Any]]) -> Thresholds:
    """Return the thresholds that a version's content says."""
    return Thresholds({
        (row["scope"], str(row["company"]) if row["scope"] == "company" else row["code"]): {
            name: Decimal(value) if name == "overdue_amount" else tuple(value)
            for name in FIELDS if (value := row[name]) is not None
        }
        for row in rows
    })  # fmt: skip


def whom(row: Mapping[str, Any]) -> str:
    """Return for whom a row of a version's content is, in words."""
    words = {
        "all": _("all customers and shared limits"), "company": _("company %(code)s"), "segment": _("segment %(code)s"),
        "customer": _("customer %(code)s"),
    }  # fmt: skip
    return words[row["scope"]] % {"code": row["code"]}


def said(row: Mapping[str, Any]) -> str:
    """Return what a row of a version's content says, in words."""
    found = []
    if (percents := row["percents"]) is not None:
        found.append(_("use from %(percents)s %%") % {"percents": ", ".join(map(str, percents)) or _("no")})
    if row["overdue_amount"] is not None:
        found.append(_("overdue from %(amount)s") % {"amount": figure(Decimal(row["overdue_amount"]), "EUR")})
    if (days := row["overdue_days"]) is not None:
        found.append(_("overdue for %(days)s days") % {"days": ", ".join(map(str, days)) or _("no")})
    return "; ".join(found)
