"""The application's role can add to what is append-only, and do nothing else there."""

import pytest
from django.conf import settings
from django.db import ProgrammingError, connection, transaction

from creditrisk.append_only import APPEND_ONLY, LATER

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("table", [*APPEND_ONLY, *LATER])
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE", "DROP TABLE {} CASCADE"]
)
def test_history_is_added_never_edited(table: str, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied|must be owner"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL ROLE {settings.DATABASE_APP_ROLE}")
            cursor.execute(statement.format(table))
