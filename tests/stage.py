"""A second database, on which the cast stands already: making it anew was a third of the time of most tests.

It is a copy of the run's database with the cast committed. A test whose changes are taken back plays on it; one that
commits, or wants no cast, has the empty one. The copy's keys begin elsewhere, so what a process keeps by key (a compiled
policy) is never mistaken for the other database's.
"""

import pickle

import pytest
from django.conf import settings
from django.db import connection, transaction

from tests.cast import Cast, assemble

APART = 1_000_000
_kept: dict[str, bytes] = {}  # The people and customers as they came on stage, by the name of their database.


def build() -> None:
    """This will copy the run's database, empty as it is, and bring the cast onto the copy; needs the owner's rights."""
    empty = connection.settings_dict["NAME"]
    name = f"{empty}_stage"
    remove(name)
    _administer(f'CREATE DATABASE "{name}" TEMPLATE "{empty}"')
    go_to(name)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval(format('%%I.%%I', schemaname, sequencename)::regclass, coalesce(last_value, 0) + %s)"
            " FROM pg_sequences WHERE schemaname = 'public'",
            [APART],
        )
        cursor.execute(f"SET ROLE {settings.DATABASE_APP_ROLE}")
    with transaction.atomic():
        cast = assemble()
        connection.run_on_commit = []  # No worker is told: it would look for them in the other database.
    _kept[name] = pickle.dumps(cast)
    go_to(empty)


def remove(name: str) -> None:
    """This will drop a database of this module, if it is there."""
    _administer(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def is_wanted(item: pytest.Item) -> bool:
    """Return whether a test plays with the cast and takes back what it did."""
    names = getattr(item, "fixturenames", ())
    marker = item.get_closest_marker("django_db")
    commits = bool(marker and marker.kwargs.get("transaction")) or {"transactional_db", "live_server"} & {*names}
    return "cast" in names and not commits


def choose(item: pytest.Item) -> None:
    """This will open the database that a test is to play on, once there are two."""
    if not _kept:
        return
    (name,) = _kept
    go_to(name if is_wanted(item) else name.removesuffix("_stage"))


def leave() -> None:
    """This will go back to the empty database and drop the other one; needs the owner's rights."""
    for name in [*_kept]:
        go_to(name.removesuffix("_stage"))
        remove(name)
        del _kept[name]


def cast() -> Cast:
    """Return the cast of the database that is open: as it stands there, or made now."""
    kept = _kept.get(connection.settings_dict["NAME"])
    return pickle.loads(kept) if kept else assemble()


def go_to(name: str) -> None:
    """This will close the connection if it is to another database."""
    if connection.settings_dict["NAME"] != name:
        connection.close()
        connection.settings_dict["NAME"] = name


def _administer(sql: str) -> None:
    """A database is copied and dropped from outside of it."""
    connection.close()
    with connection._nodb_cursor() as cursor:
        cursor.execute(sql)
