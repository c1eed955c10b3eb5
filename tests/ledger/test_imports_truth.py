"""Real receivables: totals and ageing equal what was computed outside the product."""

import csv
import io
import os
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from creditrisk.exposure import ledger as exposure
from customers.models import Company, Customer, Limit
from documents.models import Document
from ledger.models import OpenItem
from ledger.queries import ageing
from tests.cast import assemble
from tests.ledger import realdata
from tests.pages import as_user, words

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


# The last day of the ledger and two before it.
DAYS = (date(2016, 5, 31), date(2015, 12, 31), date(2014, 6, 30))


def told(folder: Path, name: str, *columns: str) -> list[tuple[Any, ...]]:
    """Read columns of one of the files, past the product's own reader."""
    table = parquet.read_table(folder / f"{name}.parquet", columns=list(columns))
    return list(zip(*(table[c].to_pylist() for c in columns), strict=True))


def owed(folder: Path, day: date) -> dict[str, Decimal]:
    """Return what each bill-to customer's transactions sum to by `day`; those who owe nothing are left out."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    names = ("CustomerID", "TransactionDate", "TransactionAmount")
    for customer, made, amount in told(folder, "Sales.CustomerTransactions", *names):
        if made.date() <= day:
            sums[f"WWI-{customer}"] += Decimal(str(amount))
    return {code: amount.quantize(CENT) for code, amount in sums.items() if amount.quantize(CENT)}


def exposures(reader: Client, day: date, **more: str) -> list[dict[str, str]]:
    """Read the CSV file of the page."""
    response = reader.get(
        reverse("exposure"),
        {"day": day.isoformat(), "as": "csv", "columns": "total,limit,over,receivables,credits", **more},
    )
    return list(csv.DictReader(io.StringIO(response.getvalue().decode("utf-8-sig"))))


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

    reader = as_user(assemble().dario.user)
    limits = {
        f"WWI-{pk}": Decimal(str(limit))
        for pk, limit in told(folder, "Sales.Customers", "CustomerID", "CreditLimit")
        if limit is not None
    }
    for day in DAYS:
        rows = exposures(reader, day)
        found = {r["Customer"]: Decimal(r["Receivables"]) + Decimal(r["Credits"]) for r in rows}
        truth = owed(folder, day)
        assert {code: amount for code, amount in found.items() if amount} == truth, day
        page = words(reader.get(reverse("exposure"), {"day": day.isoformat()}))
        assert f"less credits: {sum(truth.values()):,.2f}" in page, day

        over = {r["Customer"]: Decimal(r["Over it"]) for r in exposures(reader, day, only="over")}
        limited = {r["Customer"]: Decimal(r["Exposure"]) - limits.get(r["Customer"], Decimal(0)) for r in rows}
        assert over == {code: more for code, more in limited.items() if more > 0 and _has_limit(rows, code)}, day
        assert set(over) & set(limits), day
        page = words(reader.get(reverse("exposure"), {"day": day.isoformat(), "only": "over"}))
        assert all(code in page for code in list(over)[:20]), day
    assert sum(owed(folder, last).values()) == Decimal("267011.44")


def _has_limit(rows: list[dict[str, str]], code: str) -> bool:
    """Say whether a customer has a limit of its own or none at all: a head's or a shared one is not measured here."""
    limit = next(r["Limit"] for r in rows if r["Customer"] == code)
    return limit not in ("unlimited", "the head's or shared")
