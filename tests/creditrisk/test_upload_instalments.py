"""Open items by instalment: rows with one reference are one invoice's instalments, told again without doubling."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from ledger.models import OpenItem
from tests.cast import Cast
from tests.creditrisk.test_uploads import ITEMS, audited, carried, checked, outcomes, sent, why
from tests.pages import as_user

pytestmark = pytest.mark.django_db

FIRST = "ROSSI,A1,60.00,2026-01-10,2026-02-10,EUR\n"
SECOND = "ROSSI,A1,40.00,2026-01-10,2026-03-10,EUR\n"
NUMBERED = "customer,reference,rata,amount,date,due,currency\n"


@pytest.fixture
def dario(cast: Cast) -> Client:
    return as_user(cast.dario.user)


def items() -> list[tuple[int, str, Decimal]]:
    found = OpenItem.objects.order_by("instalment").values_list("instalment", "due", "open_amount")
    return [(n, due.isoformat(), amount) for n, due, amount in found]


def test_rows_of_one_reference_are_its_instalments_in_the_order_of_their_days(dario: Client) -> None:
    upload = carried(dario, checked(dario, ITEMS + SECOND + FIRST))

    assert outcomes(upload) == {2: "CREATED", 3: "CREATED"}
    assert "due 2026-03-10, instalment 2" in why(upload, 2)
    assert items() == [(1, "2026-02-10", Decimal(60)), (2, "2026-03-10", Decimal(40))]
    assert audited() == 0


def test_the_same_instalments_and_the_rest_of_them_are_known_again(dario: Client) -> None:
    carried(dario, checked(dario, ITEMS + FIRST + SECOND))

    again, rest = checked(dario, ITEMS + SECOND + FIRST), checked(dario, ITEMS + SECOND)

    assert set(outcomes(again).values()) == {"ALREADY"}
    assert outcomes(rest) == {2: "ALREADY"}


def test_an_instalment_that_joins_one_that_is_here_gets_the_next_number(dario: Client) -> None:
    carried(dario, checked(dario, ITEMS + FIRST))

    carried(dario, checked(dario, ITEMS + FIRST + SECOND))

    assert [n for n, _due, _amount in items()] == [1, 2]


def test_another_due_day_for_what_is_here_is_refused(dario: Client) -> None:
    carried(dario, checked(dario, ITEMS + FIRST + SECOND))

    upload = checked(dario, ITEMS + "ROSSI,A1,40.00,2026-01-10,2026-04-10,EUR\n")

    assert "another amount, currency or due date" in why(upload, 2)


def test_two_instalments_of_one_day_are_told_apart_by_their_amounts(dario: Client) -> None:
    rows = ITEMS + FIRST + "ROSSI,A1,40.00,2026-01-10,2026-02-10,EUR\n"
    carried(dario, checked(dario, rows))

    assert [amount for _n, _due, amount in items()] == [60, 40]
    assert set(outcomes(checked(dario, rows)).values()) == {"ALREADY"}


def test_numbers_of_instalments_come_from_the_file_where_it_has_them(dario: Client) -> None:
    row = "ROSSI,A1,3,40.00,2026-01-10,2026-03-10,EUR\n"
    carried(dario, checked(dario, NUMBERED + row))

    later = checked(dario, NUMBERED + row + "ROSSI,A1,1,60.00,2026-01-10,2026-02-10,EUR\n")
    moved = checked(dario, NUMBERED + row.replace("03-10", "05-10"))
    wrong = checked(dario, NUMBERED + row.replace(",3,", ",1.5,"))

    assert items() == [(3, "2026-03-10", Decimal(40))]
    assert outcomes(later) == {2: "ALREADY", 3: "CREATED"}
    assert "another amount, currency or due date" in why(moved, 2)
    assert "is not the number of an instalment" in why(wrong, 2)


def test_one_wrong_instalment_keeps_its_invoice_out_and_no_other(dario: Client) -> None:
    rows = ITEMS + FIRST + "ROSSI,A1,40.00,2026-01-10,2025-03-10,EUR\nROSSI,B1,5.00,2026-01-10,2026-02-10,EUR\n"

    assert outcomes(checked(dario, rows)) == {2: "REFUSED", 3: "REFUSED", 4: "CREATED"}


def test_refused_rows_can_be_sent_in_again_and_again(dario: Client) -> None:
    upload = checked(dario, "customer,limit,reason\nROSSI,5,x\nNOBODY,6,a long story\n", "LIMITS")
    for _time in range(2):
        mended = dario.get(reverse("import_refused", args=[upload.pk])).content.decode()
        assert sent(dario, mended, "LIMITS").status_code == 302
        upload = checked(dario, mended, "LIMITS")

    assert mended.splitlines()[0] == "customer,limit,reason,refused row,refused because"
    assert "There is no customer NOBODY" in why(upload, 2)
