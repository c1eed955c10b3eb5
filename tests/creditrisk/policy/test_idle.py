"""Rows that can never have an effect are pointed out, and no others."""

from datetime import date, timedelta
from decimal import Decimal as D
from typing import Any

import pytest

from creditrisk.policy.idle import idle
from creditrisk.rules import Row, book

DAY = date(2026, 3, 31)
CODES = {"all": "", "group": "KEY", "customer": "C1"}


def row(number: int, kind: str = "block", scope: str = "all", rule: str = "days_overdue", **values: Any) -> Row:
    extras = {
        n: values.pop(n) for n in ("risk_class", "action", "release_order", "valid_from", "valid_to") if n in values
    }
    return Row(book()[rule](**values), kind=kind, scope=scope, scope_code=CODES[scope], id=number, **extras)


def effects(count: int, days: int, number: int, kind: str = "block", scope: str = "all") -> Row:
    return row(number, kind, scope, "unpaid_effects", count=count, days=days)


TABLE = [
    ("a looser block for one customer under a stricter one for all", [row(1, days=60), row(2, scope="customer", days=90)], {2: "does not relax"}),
    ("a stricter block for one customer", [row(1, days=60), row(2, scope="customer", days=30)], {}),
    ("a looser block that an exclusion parts from the stricter one", [row(1, days=60), row(2, "exclude", "group", days=100), row(3, scope="customer", days=90)], {}),
    ("a looser block that only warns", [row(1, days=60), row(2, scope="customer", days=90, action="WARN")], {}),
    ("a looser block parted by one that warns", [row(1, days=60), row(2, scope="group", days=10, action="WARN"), row(3, scope="customer", days=90)], {}),
    ("a warning that comes before the hold", [row(1, days=60), row(2, days=30, action="WARN")], {}),
    ("a warning that comes after the hold", [row(1, days=60), row(2, days=90, action="WARN")], {2: "holds whenever"}),
    ("the same twice", [row(1, days=60), row(2, days=60)], {2: "adds nothing"}),
    ("a looser block of the same level", [row(1, days=60), row(2, days=61)], {2: "adds nothing"}),
    ("the same for one risk class", [row(1, days=60), row(2, days=60, risk_class="HIGH")], {2: "adds nothing"}),
    ("a stricter one for one risk class", [row(1, days=60), row(2, days=30, risk_class="HIGH")], {}),
    ("a looser block while the stricter one sleeps", [row(1, days=60, valid_from=DAY + timedelta(1)), row(2, days=90)], {}),
    ("a looser block when the stricter one ends", [row(1, days=60, valid_to=DAY + timedelta(1)), row(2, days=90)], {}),
    ("a stricter block that runs today", [row(1, days=60, valid_from=DAY), row(2, days=90)], {2: "adds nothing"}),
    ("a row whose last day is past", [row(1, days=60, valid_to=DAY - timedelta(1))], {1: "is past"}),
    ("a row on its last day", [row(1, days=60, valid_to=DAY)], {}),
    ("an exclusion for all", [row(1, days=60), row(2, "exclude", days=100)], {2: "read last"}),
    ("an exclusion for all that frees the order", [row(1, days=60), row(2, "exclude", days=100, release_order=True)], {}),
    ("an exclusion beside a block of its level alone", [row(1, scope="group", days=30), row(2, "exclude", "group", days=100)], {2: "read before it"}),
    ("an exclusion before a block for all", [row(1, days=60), row(2, "exclude", "group", days=100)], {}),
    ("an exclusion after a customer's block that is stricter than the general one", [row(1, scope="customer", days=30), row(2, "exclude", "customer", days=100), row(3, days=60)], {2: "read before it"}),
    ("an exclusion after a customer's block that is looser", [row(1, scope="customer", days=90), row(2, "exclude", "customer", days=100), row(3, days=60)], {}),
    ("an exclusion that ends before the block begins", [row(1, days=60), row(2, "exclude", "group", days=59)], {2: "Whenever it is true"}),
    ("an exclusion up to the block's day", [row(1, days=60), row(2, "exclude", "group", days=60)], {}),
    ("an exclusion by amount of blocks by days", [row(1, days=60), row(2, "exclude", "group", amount=D(250))], {2: "same kind of value"}),
    ("an exclusion without any block", [row(1, "exclude", "group", days=10)], {1: "nothing to exclude from"}),
    ("two freeing exclusions", [row(1, "exclude", days=10, release_order=True), row(2, "exclude", days=9, release_order=True)], {2: "adds nothing"}),
    ("a freeing exclusion under one that does not free", [row(1, days=5), row(2, "exclude", "group", days=10), row(3, "exclude", "group", days=9, release_order=True)], {}),
    ("another status", [row(1, rule="account_status", status="A"), row(2, scope="customer", rule="account_status", status="B")], {}),
    ("the same status", [row(1, rule="account_status", status="A"), row(2, scope="customer", rule="account_status", status="A")], {2: "does not relax"}),
    ("an exclusion of another status", [row(1, rule="account_status", status="A"), row(2, "exclude", "group", rule="account_status", status="B")], {2: "Whenever it is true"}),
    ("amounts in two currencies", [row(1, rule="order_amount", amount=D(10), currency="EUR"), row(2, scope="customer", rule="order_amount", amount=D(90), currency="USD")], {}),
    ("more effects in as many days", [effects(2, 30, 1), effects(3, 30, 2, scope="customer")], {2: "does not relax"}),
    ("more effects in more days", [effects(2, 30, 1), effects(3, 90, 2, scope="customer")], {}),
    ("an exclusion that looks less far", [effects(2, 90, 1), effects(1, 30, 2, "exclude", "group")], {}),
    ("an exclusion that looks as far", [effects(2, 90, 1), effects(1, 90, 2, "exclude", "group")], {2: "Whenever it is true"}),
    ("one bound higher and one lower", [row(1, rule="overdue_amount", amount=D(10), percent=D(70)), row(2, scope="customer", rule="overdue_amount", amount=D(5), percent=D(90))], {}),
    ("other rules", [row(1, days=60), row(2, "exclude", "customer", "limit_used", percent=D(120)), row(3, rule="limit_used", percent=D(90))], {}),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "expected"), [t[1:] for t in TABLE], ids=[t[0] for t in TABLE])
def test_a_row_without_effect_is_pointed_out_with_the_reason(rows: list[Row], expected: dict[int, str]) -> None:
    found = {one.row.id: one.why for one in idle(rows, today=DAY)}

    assert found.keys() == expected.keys()
    for number, words in expected.items():
        assert words in found[number]
