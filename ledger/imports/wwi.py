"""Reads Wide World Importers from its Parquet files: customers, orders with lines, invoices, ledger transactions."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as arrow
import pyarrow.parquet as parquet

from creditrisk.money import ZERO, percent_of, rounded
from ledger.imports.delimited import BadFile
from ledger.imports.report import Report

CURRENCY = "USD"
MOST = Decimal(10_000_000_000)

# Which columns are wanted of which file.
FILES = {
    "Sales.Customers": (
        "CustomerID", "CustomerName", "BillToCustomerID", "CustomerCategoryID", "BuyingGroupID", "CreditLimit",
        "AccountOpenedDate", "IsOnCreditHold", "PaymentDays",
    ),
    "Sales.CustomerCategories": ("CustomerCategoryID", "CustomerCategoryName"),
    "Sales.BuyingGroups": ("BuyingGroupID", "BuyingGroupName"),
    "Sales.Orders": ("OrderID", "CustomerID", "OrderDate", "ExpectedDeliveryDate", "PickingCompletedWhen"),
    "Sales.OrderLines": (
        "OrderLineID", "OrderID", "StockItemID", "Description", "Quantity", "UnitPrice", "TaxRate", "PickedQuantity",
    ),
    "Sales.InvoiceLines": (
        "InvoiceLineID", "InvoiceID", "StockItemID", "Description", "Quantity", "UnitPrice", "TaxRate", "ExtendedPrice",
    ),
    "Sales.CustomerTransactions": (
        "CustomerTransactionID", "CustomerID", "TransactionTypeID", "InvoiceID", "TransactionDate",
        "TransactionAmount", "FinalizationDate",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class WwiCustomer:
    id: int
    name: str
    bill_to: int
    category: str
    buying_group: str
    limit: Decimal | None
    opened: date
    on_hold: bool
    payment_days: int


@dataclass(slots=True)
class WwiLine:
    """A line of an order or invoice; `amount` is with tax."""

    item: int
    text: str
    quantity: Decimal
    price: Decimal
    tax_percent: Decimal
    amount: Decimal


@dataclass(slots=True)
class WwiOrder:
    id: int
    customer: int
    day: date
    ships: date
    picked: date | None
    lines: list[WwiLine] = field(default_factory=list)


@dataclass(slots=True)
class WwiInvoice:
    """An invoice with the order that it was made from, where one was found."""

    id: int
    debtor: int
    day: date
    amount: Decimal
    settled_on: date | None
    order: int | None = None


@dataclass(frozen=True, slots=True)
class WwiPayment:
    id: int
    debtor: int
    day: date
    amount: Decimal


@dataclass(frozen=True)
class Wwi:
    """All of it, in the order of its days."""

    customers: dict[int, WwiCustomer]
    orders: list[WwiOrder]
    invoices: list[WwiInvoice]
    payments: list[WwiPayment]


def read(folder: Path, report: Report, *, progress: Callable[[str], object] = lambda name: None) -> Wwi:
    """This will read the folder, refuse in `report` the rows that cannot be, and find the order of each invoice.

    Raises BadFile where a file is missing, is not Parquet or lacks a column.
    """
    if not folder.is_dir():
        raise BadFile(f"{folder} is not a folder; the folder with the Parquet files is wanted.")
    tables = {}
    for name, columns in FILES.items():
        progress(name)
        tables[name] = _table(folder / f"{name}.parquet", columns)
        report.rows += tables[name].num_rows
    progress("matching invoices with orders")
    customers = _customers(tables, report)
    orders = _orders(tables, customers, report)
    invoices, payments = _transactions(tables["Sales.CustomerTransactions"], customers, report)
    _match(orders, invoices, tables["Sales.InvoiceLines"], customers)
    return Wwi(
        customers,
        sorted(orders.values(), key=lambda o: (o.day, o.id)),
        sorted(invoices.values(), key=lambda i: (i.day, i.id)),
        sorted(payments, key=lambda p: (p.day, p.id)),
    )


def _table(path: Path, columns: tuple[str, ...]) -> arrow.Table:
    if not path.is_file():
        raise BadFile(f"There is no file {path.name} in {path.parent}.")
    try:
        names = parquet.read_schema(path).names
        if missing := [name for name in columns if name not in names]:
            raise BadFile(f"{path.name} lacks the column(s) {', '.join(missing)}; it has: {', '.join(names)}.")
        return parquet.read_table(path, columns=list(columns))
    except arrow.ArrowException as error:
        raise BadFile(f"{path.name} is not a Parquet file: {error}.") from error


def _rows(table: arrow.Table, *columns: str) -> Iterator[tuple[Any, ...]]:
    return zip(*(_values(table.column(name)) for name in columns), strict=True)


def _values(column: Any) -> list[Any]:
    if arrow.types.is_timestamp(column.type):
        column = column.cast(arrow.date32(), safe=False)
    return list(column.to_pylist())


@lru_cache(maxsize=200_000)
def _money(value: float) -> Decimal:
    """Return a binary number as the amount that was meant: the files keep decimals as doubles."""
    return Decimal(f"{value:.2f}")


def _customers(tables: dict[str, arrow.Table], report: Report) -> dict[int, WwiCustomer]:
    categories = dict(_rows(tables["Sales.CustomerCategories"], "CustomerCategoryID", "CustomerCategoryName"))
    groups = dict(_rows(tables["Sales.BuyingGroups"], "BuyingGroupID", "BuyingGroupName"))
    found: dict[int, WwiCustomer] = {}
    for number, row in enumerate(_rows(tables["Sales.Customers"], *FILES["Sales.Customers"]), 1):
        identity, name, bill_to, category, group, limit, opened, on_hold, days = row
        if limit is not None and not 0 <= limit <= MOST:
            report.refuse(number, "unreadable", f"Customer {identity} has a credit limit of {limit}.", file=_CUSTOMERS)
        elif identity in found:
            report.refuse(number, "duplicate", f"Customer {identity} stands in the file already.", file=_CUSTOMERS)
        else:
            found[identity] = WwiCustomer(
                identity, name, bill_to, categories.get(category, ""), groups.get(group, ""),
                None if limit is None else _money(limit), opened, bool(on_hold), days,
            )  # fmt: skip
    return found


_CUSTOMERS, _ORDERS, _ORDER_LINES, _LEDGER = (
    "Sales.Customers ", "Sales.Orders ", "Sales.OrderLines ", "Sales.CustomerTransactions ",
)  # fmt: skip


def _orders(tables: dict[str, arrow.Table], customers: dict[int, WwiCustomer], report: Report) -> dict[int, WwiOrder]:
    orders: dict[int, WwiOrder] = {}
    for number, row in enumerate(_rows(tables["Sales.Orders"], *FILES["Sales.Orders"]), 1):
        identity, customer, day, ships, picked = row
        if customer not in customers:
            report.refuse(number, "unknown_customer", f"Order {identity}: no customer {customer}.", file=_ORDERS)
        elif picked is not None and picked < day:
            sentence = f"Order {identity} was picked on {picked}, before it was entered on {day}."
            report.refuse(number, "wrong_date", sentence, file=_ORDERS)
        else:
            orders[identity] = WwiOrder(identity, customer, day, ships, picked)
    for number, row in enumerate(_rows(tables["Sales.OrderLines"], *FILES["Sales.OrderLines"][1:7]), 1):
        order, item, text, quantity, price, tax = row
        amount = rounded(_with_tax(Decimal(quantity) * _money(price), Decimal(tax)), CURRENCY)
        if order not in orders:
            sentence = f"A line belongs to order {order}, which is not taken over."
            report.refuse(number, "unknown_order", sentence, file=_ORDER_LINES)
        elif not 0 <= amount <= MOST or quantity <= 0:
            sentence = f"A line of order {order} amounts to {amount}: negative or absurd."
            report.refuse(number, "unreadable", sentence, file=_ORDER_LINES)
        else:
            orders[order].lines.append(WwiLine(item, text, Decimal(quantity), _money(price), Decimal(tax), amount))
    return orders


def _with_tax(net: Decimal, percent: Decimal) -> Decimal:
    return net + percent_of(net, percent)


def _transactions(
    table: arrow.Table, customers: dict[int, WwiCustomer], report: Report
) -> tuple[dict[int, WwiInvoice], list[WwiPayment]]:
    invoices: dict[int, WwiInvoice] = {}
    payments: list[WwiPayment] = []
    for number, row in enumerate(_rows(table, *FILES["Sales.CustomerTransactions"]), 1):
        identity, customer, _type, invoice, day, amount, settled = row
        if customer not in customers:
            report.refuse(number, "unknown_customer", f"Transaction {identity}: no customer {customer}.", file=_LEDGER)
        elif not 0 < abs(amount) <= MOST:
            report.refuse(number, "unreadable", f"Transaction {identity} amounts to {amount}.", file=_LEDGER)
        elif amount < 0:
            payments.append(WwiPayment(identity, customer, day, -_money(amount)))
        elif invoice is None or int(invoice) in invoices:
            report.refuse(number, "duplicate", f"Transaction {identity} has no invoice of its own.", file=_LEDGER)
        else:
            invoices[int(invoice)] = WwiInvoice(int(invoice), customer, day, _money(amount), settled)
    return invoices, payments


_Signature = tuple[int, date, tuple[tuple[int, int, Decimal], ...]]


def _match(
    orders: dict[int, WwiOrder], invoices: dict[int, WwiInvoice], lines: arrow.Table, customers: dict[int, WwiCustomer]
) -> None:
    """Name the order of each invoice, and give the order's lines the amounts that were invoiced.

    The files keep no order on an invoice: it is the one of the same debtor, picked on the day of the invoice, with the
    same articles, quantities and prices. Where several are alike, the older goes with the older.
    """
    billed: dict[int, list[tuple[int, int, Decimal, Decimal]]] = defaultdict(list)
    columns = ("InvoiceID", "StockItemID", "Quantity", "UnitPrice", "ExtendedPrice")
    for invoice, item, quantity, price, extended in _rows(lines, *columns):
        billed[invoice].append((item, quantity, _money(price), _money(extended)))
    waiting: dict[_Signature, list[WwiOrder]] = defaultdict(list)
    for order in sorted(orders.values(), key=lambda o: o.id, reverse=True):
        if order.picked and order.lines:
            debtor = customers[order.customer].bill_to
            waiting[debtor, order.picked, _sorted((x.item, int(x.quantity), x.price) for x in order.lines)].append(
                order
            )
    for invoice in sorted(invoices.values(), key=lambda i: i.id):
        told = billed.get(invoice.id, [])
        alike = waiting.get((invoice.debtor, invoice.day, _sorted(line[:3] for line in told)))
        if not alike or sum((line[3] for line in told), ZERO) != invoice.amount:
            continue
        order = alike.pop()
        invoice.order = order.id
        order.lines.sort(key=lambda x: (x.item, x.quantity, x.price))
        for line, (_item, _quantity, _price, extended) in zip(order.lines, sorted(told), strict=True):
            line.amount = extended


def _sorted(lines: Iterable[tuple[int, int, Decimal]]) -> tuple[tuple[int, int, Decimal], ...]:
    return tuple(sorted(lines))
