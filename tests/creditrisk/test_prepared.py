"""Statements that are planned once a connection, whatever becomes of the transaction in which they were."""

import pytest
from django.db import DataError, connection, transaction
from django.test.utils import CaptureQueriesContext

from creditrisk.prepared import Prepared

SHARE = Prepared("SELECT 12 / %s::int, %s::text")


def answer(divisor: int, word: str) -> tuple[int, str]:
    with connection.cursor() as cursor:
        SHARE.execute(cursor, [divisor, word])
        row: tuple[int, str] = cursor.fetchone()
    return row


@pytest.mark.django_db(transaction=True)
def test_it_is_prepared_once_and_then_only_run() -> None:
    connection.close()

    with CaptureQueriesContext(connection) as seen:
        assert answer(3, "it's") == (4, "it's")
        assert answer(4, "100%") == (3, "100%")

    assert [query["sql"].split(" ")[0] for query in seen if "credit_" in query["sql"]] == [
        "PREPARE",
        "EXECUTE",
        "EXECUTE",
    ]


@pytest.mark.django_db
def test_it_outlives_a_savepoint_that_is_rolled_back() -> None:
    with pytest.raises(DataError), transaction.atomic():
        answer(0, "")

    assert answer(2, "") == (6, "")


@pytest.mark.django_db(transaction=True)
def test_another_connection_prepares_its_own() -> None:
    assert answer(2, "") == (6, "")
    connection.close()

    assert answer(2, "") == (6, "")
