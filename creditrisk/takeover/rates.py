"""Exchange rates taken over from a file: kept, and the holds that rest on one of them evaluated again."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from approvals import causes, evaluation_requests
from ledger import reference_rates
from ledger.imports.ecb import BASE, Rate
from ledger.reference_rates import Kept


@transaction.atomic
def take_over(rates: Sequence[Rate], *, now: datetime) -> Kept:
    """Keep the rates and ask for the holds that they concern."""
    kept = reference_rates.keep(rates)
    if kept.new:
        concerned = set[int]().union(*(causes.rate(BASE, currency) for currency in sorted({r.currency for r in rates})))
        evaluation_requests.ask(concerned, cause="exchange rates", now=now)
    return kept
