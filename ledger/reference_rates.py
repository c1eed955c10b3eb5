"""Reference rates: those of a central bank's file are kept, by pair and day."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from ledger.imports.ecb import BASE, Rate
from ledger.models import ExchangeRate


@dataclass(frozen=True)
class Kept:
    """What keeping rates brought: new ones, those known alike, and those known otherwise, which were left."""

    new: int
    alike: int
    other: list[Rate]


@transaction.atomic
def keep(rates: Sequence[Rate]) -> Kept:
    """Keep the reference rates of a file: units of a currency for one euro. A rate that is there is never changed."""
    last = {(r.currency, r.day): r for r in rates}
    known = {
        (target, day): rate
        for target, day, rate in ExchangeRate.objects.filter(
            source=BASE, day__gte=min(r.day for r in rates), day__lte=max(r.day for r in rates)
        ).values_list("target", "day", "rate")
    }
    fresh = [r for key, r in last.items() if key not in known]
    other = [r for key, r in last.items() if key in known and known[key] != r.rate]
    ExchangeRate.objects.bulk_create(
        (ExchangeRate(source=BASE, target=r.currency, day=r.day, rate=r.rate) for r in fresh),
        batch_size=5000,
        ignore_conflicts=True,
    )
    return Kept(len(fresh), len(last) - len(fresh) - len(other), other)


def newest() -> list[ExchangeRate]:
    """Return the newest rate of each pair, by pair."""
    return list(ExchangeRate.objects.order_by("source", "target", "-day").distinct("source", "target"))
