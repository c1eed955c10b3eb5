"""Wide World Importers in small: made-up Parquet files of the same shape."""

from datetime import date, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow as arrow
import pyarrow.parquet as parquet
import pytest
from django.core.management import CommandError, call_command

from creditrisk.exposure import ledger as exposure
from customers.models import Customer, Limit
from documents.models import Document
from ledger.imports import wwi
from ledger.models import Allocation, OpenItem

pytestmark = pytest.mark.django_db


def day(number: int) -> datetime:
    return datetime(2016, 5, number)  # noqa: DTZ001 - as the files have it


def rows(**changed: list[tuple[Any, ...]]) -> dict[str, list[tuple[Any, ...]]]:
    """Two customers, the second billed to the first; two orders, one invoiced and paid, one open."""
    return {
        "Customers": [
            (1, "Head Office", 1, 3, 1.0, None, day(1), False, 7),
            (2, "Branch", 1, 3, None, 1100.0, day(1), True, 7),
        ],
        "CustomerCategories": [(3, "Novelty Shop")],
        "BuyingGroups": [(1, "Toys")],
        "Orders": [(10, 2, day(2), day(3), day(4)), (11, 1, day(5), day(6), None)],
        "OrderLines": [
            (1, 10, 7, "Mug", 2, 10.0, 15, 2), (2, 10, 8, "Bubble wrap", 1, 0.33, 15, 1),
            (3, 11, 7, "Mug", 1, 10.0, 15, 0),
        ],
        "InvoiceLines": [(1, 90, 8, "Bubble wrap", 1, 0.33, 15, 0.38), (2, 90, 7, "Mug", 2, 10.0, 15, 23.0)],
        "CustomerTransactions": [
            (501, 1, 1, 90.0, day(4), 23.38, day(6)), (502, 1, 3, None, day(6), -23.38, day(6)),
        ],
    } | changed  # fmt: skip


def folder(path: Path, **changed: list[tuple[Any, ...]]) -> Path:
    """Write the files."""
    for name, found in rows(**changed).items():
        schema = next(f for f in wwi.FILES if f.endswith(f".{name}"))
        columns = list(zip(*found, strict=True))
        table = arrow.table({c: list(v) for c, v in zip(wwi.FILES[schema], columns, strict=True)})
        parquet.write_table(table, path / f"{schema}.parquet")
    return path


def imported(path: Path, **options: Any) -> str:
    said = StringIO()
    call_command("import_wwi", path, stdout=said, verbosity=0, **options)
    return said.getvalue()


def test_each_event_stands_on_its_day(tmp_path: Path) -> None:
    imported(folder(tmp_path))

    def buckets(number: int) -> dict[str, Decimal]:
        return {b: amount for _c, _co, b, _d, _cur, amount in exposure.as_of(None, day=date(2016, 5, number))}

    assert buckets(1) == {}
    assert buckets(2) == {"ORDERS_CONFIRMED": Decimal("23.38")}
    assert buckets(4) == {"ITEMS": Decimal("23.38")}
    assert buckets(6) == {"ORDERS_CONFIRMED": Decimal("11.50")}
    assert exposure.audit().total == 0


def test_an_invoice_finds_its_order_and_is_paid(tmp_path: Path) -> None:
    imported(folder(tmp_path))

    invoice = Document.objects.get(kind="INVOICE")
    order = invoice.orders.get()
    assert (order.number, order.state, invoice.state, invoice.total) == ("10", "INVOICED", "POSTED", Decimal("23.38"))
    assert (invoice.customer.code, invoice.debtor.code) == ("WWI-2", "WWI-1")
    item = OpenItem.objects.get(kind="INVOICE")
    assert (item.due, item.open_amount, item.cleared_on) == (date(2016, 5, 11), 0, date(2016, 5, 6))
    assert Allocation.objects.get().amount == Decimal("23.38")


def test_customers_come_with_limit_bill_to_and_hold(tmp_path: Path) -> None:
    imported(folder(tmp_path))

    branch = Customer.objects.select_related("credit_account").get(code="WWI-2")
    assert branch.bill_to == Customer.objects.get(code="WWI-1")
    assert branch.credit_account.suspended
    assert Limit.objects.get().amount == 1100


def test_a_second_import_doubles_nothing(tmp_path: Path) -> None:
    imported(folder(tmp_path))

    said = imported(tmp_path)

    assert "there already: 2 customers, 2 orders, 1 invoices, 1 payments" in said
    assert Document.objects.count() == 3
    assert exposure.audit().total == 0


def test_a_dry_run_leaves_nothing(tmp_path: Path) -> None:
    imported(folder(tmp_path), dry_run=True)

    assert not Document.objects.exists()
    assert not Customer.objects.exists()


def test_an_invoice_without_its_order_is_an_item_of_its_own(tmp_path: Path) -> None:
    said = imported(folder(tmp_path, InvoiceLines=[(1, 90, 7, "Mug", 9, 10.0, 15, 23.38)]))

    assert "1 invoices without an order" in said
    assert OpenItem.objects.filter(kind="INVOICE", document__isnull=True).count() == 1


def test_rows_that_cannot_be_are_refused(tmp_path: Path) -> None:
    orders = [(10, 2, day(2), day(3), day(4)), (11, 9, day(5), day(6), None), (12, 1, day(5), day(6), day(4))]

    said = imported(folder(tmp_path, Orders=orders))

    assert "Sales.Orders row 2: Order 11: no customer 9." in said
    assert "Sales.Orders row 3: Order 12 was picked on 2016-05-04, before it was entered on 2016-05-05." in said
    assert "A line belongs to order 11, which is not taken over." in said
    assert Document.objects.filter(kind="ORDER").count() == 1


def test_wrong_folders_and_files_are_refused_whole(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="is not a folder"):
        imported(tmp_path / "none")
    with pytest.raises(CommandError, match=r"There is no file Sales\.Customers\.parquet"):
        imported(tmp_path)
    folder(tmp_path)
    (tmp_path / "Sales.Orders.parquet").write_text("no parquet")
    with pytest.raises(CommandError, match=r"Sales\.Orders\.parquet is not a Parquet file"):
        imported(tmp_path)
    parquet.write_table(arrow.table({"OrderID": [1]}), tmp_path / "Sales.Orders.parquet")
    with pytest.raises(CommandError, match=r"lacks the column\(s\) CustomerID"):
        imported(tmp_path)
    assert not Customer.objects.exists()
