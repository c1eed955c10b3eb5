"""Real receivables: totals and ageing equal what was computed outside the product."""

import csv
import os
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import call_command

from creditrisk.exposure import ledger as exposure
from customers.models import Company, Customer, Limit
from documents.models import Document
from ledger.models import OpenItem
from ledger.queries import ageing
from tests.ledger import realdata

pytestmark = pytest.mark.django_db

CENT = Decimal("0.01")


def compare(truth: Path, companies: list[str], currency: str = "") -> int:
    """Compare every cell of the truth file, sums and counts of rows; return how many cells there were."""
    ids = list(Company.objects.filter(code__in=companies).values_list("pk", flat=True))
    sums: dict[tuple[date, str], dict[str, Decimal]] = defaultdict(dict)
    counts: dict[tuple[date, str], int] = defaultdict(int)
    for cell in csv.DictReader(truth.open()):
        key = (date.fromisoformat(cell["as_of"]), cell.get("invoice_currency") or currency)
        sums[key][cell["bucket"]] = Decimal(cell["sum"]).quantize(CENT)
        counts[key] += int(cell["count"])
    for (day, unit), buckets in sums.items():
        found = {row.key[0]: row for row in ageing(day=day, company_ids=ids)}
        assert found[unit].buckets == buckets, (day, unit)
        assert found[unit].items == counts[day, unit], (day, unit)
    return sum(len(buckets) for buckets in sums.values())


def test_highradius_open_items_age_as_computed_elsewhere() -> None:
    path = realdata.path("ar_invoices", "highradius_open_items_A.csv")

    call_command("import_receivables", path, mapping="highradius", verbosity=0)

    assert (OpenItem.objects.count(), Customer.objects.count()) == (9700, 526)
    companies = ["U001", "U002", "U005", "U013", "CA02"]
    assert compare(realdata.path("truth", "hrc_open_A_aging.csv"), companies) == 50
    assert exposure.audit().total == 0


def test_ibm_receivables_age_as_computed_elsewhere() -> None:
    path = realdata.path("ar_invoices", "ibm_accounts_receivable.csv")

    call_command("import_receivables", path, mapping="ibm", verbosity=0)

    assert Customer.objects.count() == 100
    assert compare(realdata.path("truth", "ibm_aging_total.csv"), ["IBM"], "USD") == 30
    assert not OpenItem.objects.exclude(open_amount=0).exists()
    assert exposure.audit().total == 0


@pytest.mark.skipif("CREDITRISK_DATA" not in os.environ, reason="Takes a minute: set CREDITRISK_DATA to run it.")
def test_wide_world_importers_owe_what_their_ledger_sums_to() -> None:
    folder = realdata.path("orders_b2b", "wwi")

    call_command("import_wwi", folder, verbosity=0)

    assert Document.objects.filter(kind="ORDER").count() == 73595
    assert Document.objects.filter(kind="INVOICE").count() == 70510
    assert OpenItem.objects.count() == 97147
    assert Limit.objects.count() == 261
    last = date(2016, 5, 31)
    buckets: dict[str, Decimal] = defaultdict(Decimal)
    for *_, bucket, _day, _currency, amount in exposure.as_of(None, day=last):
        buckets[bucket] += amount
    assert buckets["ITEMS"] + buckets["CREDITS"] == Decimal("267011.44")
    assert [row.total for row in ageing(day=last)] == [Decimal("267011.44")]
    assert exposure.audit().total == 0
