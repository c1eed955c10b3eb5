"""Amounts, shares and how many pieces an amount is worth."""

from decimal import Decimal as D

import pytest

from creditrisk.money import figure, quantity_worth


@pytest.mark.parametrize(
    ("amount", "quantity", "whole", "currency", "pieces"),
    [
        ("60.00", "10", "100.00", "EUR", "6"),
        ("150.00", "3", "300.00", "EUR", "1.5"),
        ("3.33", "3", "10.00", "EUR", "1"),
        ("6.67", "3", "10.00", "EUR", "2"),
        ("5.00", "2", "10.01", "EUR", "1"),
        ("37.00", "3", "100.01", "EUR", "1.11"),
        ("33", "3", "100", "JPY", "1"),
        ("3.334", "3", "10.001", "KWD", "1"),
        ("0.00", "4", "0.00", "EUR", "4"),
        ("10.00", "1.333333", "13.33", "EUR", "1"),
    ],
)
def test_an_amount_is_the_roundest_number_of_pieces_that_it_pays(
    amount: str, quantity: str, whole: str, currency: str, pieces: str
) -> None:
    assert quantity_worth(D(amount), quantity=D(quantity), whole=D(whole), currency=currency) == D(pieces)


def test_a_line_is_never_of_nothing() -> None:
    assert quantity_worth(D("0.01"), quantity=D("0.000001"), whole=D("9000.00"), currency="EUR") == D("0.000001")


@pytest.mark.parametrize(
    ("amount", "currency", "told"),
    [("1234.5", "EUR", "1,234.50"), ("1234", "JPY", "1,234"), ("1234.5", "KWD", "1,234.500"), ("0.005", "EUR", "0.01")],
)
def test_a_sentence_tells_an_amount_with_the_decimals_of_its_currency(amount: str, currency: str, told: str) -> None:
    assert figure(D(amount), currency) == told
