"""A database that broke off is told from a fault of the product, wherever that is noticed."""

import os
import socket
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection

from creditrisk.running import away

pytestmark = pytest.mark.django_db


@pytest.fixture
def reading() -> Iterator[Any]:
    """A cursor of the server's, as lists of choices are read, whose connection ends in the middle of the rows."""
    there = connection.copy()
    rows = there.chunked_cursor()
    rows.execute("SELECT generate_series(1, 5000)")
    rows.fetchone()
    with socket.socket(fileno=os.dup(there.connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)
    yield rows
    there.close()


@pytest.mark.parametrize(
    "notice", [lambda rows: rows.fetchall(), lambda rows: rows.close()], ids=["reading", "closing"]
)
def test_a_server_that_breaks_off_is_away_when_rows_are_read_and_when_reading_ends(
    reading: Any, notice: Callable[[Any], Any]
) -> None:
    with pytest.raises((DatabaseError, psycopg.Error)) as ended:
        notice(reading)

    assert away.trouble(ended.value) == "away"


def test_what_the_product_does_wrong_is_no_trouble_of_the_database() -> None:
    with connection.cursor() as cursor, pytest.raises(DatabaseError) as wrong:
        cursor.execute("SELECT 1 / 0")

    assert away.trouble(wrong.value) is None
    assert away.trouble(wrong.value.__cause__) is None
    assert away.trouble(psycopg.errors.DiskFull()) == "full"
    assert away.trouble(ValueError()) is None
