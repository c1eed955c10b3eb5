"""The application's role can add to what is append-only, and do nothing else there."""

import pytest
from django.apps import apps
from django.conf import settings
from django.db import ProgrammingError, connection, transaction

from creditrisk.append_only import APPEND_ONLY, LATER, MOVED

pytestmark = pytest.mark.django_db


def key_of(table: str) -> str:
    """Return the column of a table's primary key."""
    (model,) = (model for model in apps.get_models() if model._meta.db_table == table and not model._meta.proxy)
    return model._meta.pk.column


@pytest.mark.parametrize("table", [*APPEND_ONLY, *LATER, *MOVED])
@pytest.mark.parametrize(
    "statement", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0} CASCADE", "DROP TABLE {0} CASCADE"]
)
def test_history_is_added_never_edited(table: str, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied|must be owner"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL ROLE {settings.DATABASE_APP_ROLE}")
            cursor.execute(statement.format(table, key_of(table)))
