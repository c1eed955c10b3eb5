"""The whole portfolio as of a business day, or as it was known at the end of a day: exposure against the limit of then."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.utils.translation import gettext as _

from approvals import context
from creditrisk.facts import BUCKETS, Exposure, LimitState, Standing
from creditrisk.money import ZERO, MissingRate
from creditrisk.monitoring.asked import Asked
from customers.models import Customer


@dataclass(frozen=True)
class PastRow:
    """How one debtor stood: what it owed by bucket, its limit of that day, what was free."""

    code: str
    name: str
    currency: str
    buckets: tuple[Decimal, ...]
    total: Decimal
    limit: Decimal | None
    limit_words: str
    available: Decimal | None
    used_percent: Decimal | None
    overdue: Decimal
    days_overdue: int
    id: int
    heads: tuple[int, ...]
    whole: Exposure
    alone: Exposure  # without its branches

    @property
    def is_over(self) -> bool:
        return self.available is not None and self.available < 0

    @property
    def over(self) -> Decimal:
        """Return by how much it was over its limit; zero where it was not."""
        return max(-self.available, ZERO) if self.available is not None else ZERO


@dataclass(frozen=True)
class PastWhole:
    """The portfolio in one currency as of the day."""

    currency: str
    customers: int
    buckets: tuple[Decimal, ...]
    total: Decimal
    overdue: Decimal
    over: int
    over_amount: Decimal

    @property
    def receivables(self) -> Decimal:
        return self.buckets[BUCKETS.index("receivables")]

    @property
    def net(self) -> Decimal:
        """Return the receivables less what was paid and not allocated."""
        return self.receivables + self.buckets[BUCKETS.index("credits")]


def stood(customers: Sequence[Customer], asked: Asked) -> tuple[list[PastRow], list[str]]:
    """Return how each of these customers stood, and the sentences of rates that are missing."""
    if not customers:
        return [], []
    seen = context.look_back([c.pk for c in customers], day=asked.day, known_at=asked.known_at, many=True)
    company = asked.company.pk if asked.company else None
    if company is not None:
        seen = replace(seen, slots=tuple(s for s in seen.slots if s.company_id == company))
    found, missing = [], []
    for customer in customers:
        pk = customer.pk
        if pk not in seen.accounts:
            continue
        try:
            standing = seen.around(pk).standing(pk, company_id=company)
            alone = seen.alone(pk).exposure(pk, company_id=company)
        except MissingRate as error:
            missing.append(f"{customer.code}: {error}")
        else:
            found.append(_row(customer, standing, alone, heads=seen.family.heads.get(pk, ())))
    return found, missing


def _row(customer: Customer, standing: Standing, alone: Exposure, *, heads: tuple[int, ...]) -> PastRow:
    exposure, limit = standing.exposure, standing.limit
    words = {
        LimitState.UNLIMITED: _("unlimited"),
        LimitState.DEFERRED: _("the head's or shared"),
        LimitState.NONE: _("none"),
    }
    return PastRow(
        code=customer.code, name=customer.name, currency=exposure.currency,
        buckets=tuple(exposure.buckets[b] for b in BUCKETS), total=exposure.total,
        limit=limit.amount if limit.state in (LimitState.AMOUNT, LimitState.NONE) else None,
        limit_words=words.get(limit.state, ""), available=standing.available, used_percent=standing.used_percent,
        overdue=exposure.overdue, days_overdue=exposure.days_overdue, id=customer.pk, heads=heads,
        whole=exposure, alone=alone,
    )  # fmt: skip


def wholes(found: Sequence[PastRow]) -> list[PastWhole]:
    """Return the sums of the rows, by currency: what stands in a branch's row is not counted again in its head's."""
    above = {head for row in found for head in row.heads}
    by_currency: defaultdict[str, list[PastRow]] = defaultdict(list)
    for row in found:
        by_currency[row.currency].append(row)
    wholes = []
    for currency, mine in sorted(by_currency.items()):
        owed = [row.alone if row.id in above else row.whole for row in mine]
        wholes.append(PastWhole(
            currency=currency, customers=len(mine),
            buckets=tuple(sum((one.buckets[bucket] for one in owed), ZERO) for bucket in BUCKETS),
            total=sum((one.total for one in owed), ZERO), overdue=sum((one.overdue for one in owed), ZERO),
            over=sum(1 for r in mine if r.is_over), over_amount=sum((r.over for r in mine), ZERO),
        ))  # fmt: skip
    return wholes
