"""Databases on which a scene is set already: setting it anew was a third of the time of most tests.

Each is a copy of the run's database with a scene committed: the cast alone, or the cast and one of everything. A test whose
changes are taken back plays on the one that it asks for; one that commits, or wants no scene, has the empty one. The
copies' keys begin elsewhere, so what a process keeps by key (a compiled policy) is never mistaken for another database's.
"""

import pickle
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import translation

from tests import cast, scene

APART = 1_000_000
# By the name of the fixture; a test that asks for both has the larger one.
SCENES: dict[str, Callable[[], Any]] = {"scene": scene.build, "cast": cast.assemble}
_empty: list[tuple[str, Any]] = []  # The name of the run's own database, once it is there, and who lets one in.
_set: dict[str, bytes] = {}  # Who and what came on stage, by the scene.


def open_at(empty: str, blocker: Any) -> None:
    """This will take the run's database as the one to copy; outside of tests `blocker` lets one in."""
    _empty.append((empty, blocker))


def choose(item: pytest.Item) -> None:
    """This will open the database that a test is to play on, and set its scene the first time."""
    if not _empty:
        return
    asked = wanted(item)
    with _empty[0][1].unblock():
        if asked and asked not in _set:
            _build(asked)
        _go_to(_name(asked))


def wanted(item: pytest.Item) -> str:
    """Return the scene that a test plays on and leaves as it was; "" where it asks for none or commits."""
    names = getattr(item, "fixturenames", ())
    marker = item.get_closest_marker("django_db")
    if (marker and marker.kwargs.get("transaction")) or {"transactional_db", "live_server"} & {*names}:
        return ""
    return next((name for name in SCENES if name in names), "")


def enter(name: str) -> Any:
    """Return the people and things of a scene: as they stand in the database that is open, or made now."""
    is_there = name in _set and connection.settings_dict["NAME"] == _name(name)
    return pickle.loads(_set[name]) if is_there else SCENES[name]()


def close() -> None:
    """This will go back to the run's own database and drop the others."""
    for name in [*_set]:
        _go_to(_name(""))
        _administer(f'DROP DATABASE IF EXISTS "{_name(name)}" WITH (FORCE)')
        del _set[name]
    _empty.clear()


def _name(asked: str) -> str:
    empty = _empty[0][0]
    return f"{empty}_{asked}" if asked else empty


def _build(asked: str) -> None:
    _administer(f'DROP DATABASE IF EXISTS "{_name(asked)}" WITH (FORCE)')
    _administer(f'CREATE DATABASE "{_name(asked)}" TEMPLATE "{_name("")}"')
    _go_to(_name(asked))
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        cursor.execute(
            "SELECT setval(format('%%I.%%I', schemaname, sequencename)::regclass, coalesce(last_value, 0) + %s)"
            " FROM pg_sequences WHERE schemaname = 'public'",
            [APART * (1 + [*SCENES].index(asked))],
        )
        cursor.execute(f"SET ROLE {settings.DATABASE_APP_ROLE}")
    with transaction.atomic(), translation.override("en"):  # The last test may have left another one.
        made = SCENES[asked]()
        connection.run_on_commit = []  # No worker is told: it would look for them in the run's own database.
    _set[asked] = pickle.dumps(made)


def _go_to(name: str) -> None:
    if connection.settings_dict["NAME"] != name:
        connection.close()
        connection.settings_dict["NAME"] = name


def _administer(sql: str) -> None:
    """A database is copied and dropped from outside of it, by the owner."""
    connection.close()
    with connection._nodb_cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        cursor.execute(sql)
