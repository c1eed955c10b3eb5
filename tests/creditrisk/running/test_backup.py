"""A backup restores what there was, to the row, to the right and to the trigger; what cannot be restored changes nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import translation
from psycopg.conninfo import make_conninfo

from approvals import gate
from creditrisk.audit import sealing, verifying
from creditrisk.exposure import ledger
from creditrisk.running import backup
from tests.cast import NOW, assemble

pytestmark = pytest.mark.django_db(transaction=True)

# What a database is besides its rows: who may what, what fires, what holds.
SHAPE = {
    "rights": "SELECT grantee, table_name, privilege_type FROM information_schema.role_table_grants"
    " WHERE table_schema = 'public' ORDER BY 1, 2, 3",
    "rights on columns": "SELECT grantee, table_name, column_name, privilege_type FROM information_schema.column_privileges"
    " WHERE table_schema = 'public' ORDER BY 1, 2, 3, 4",
    "rights to come": "SELECT defaclrole::regrole::text, defaclobjtype, defaclacl::text FROM pg_default_acl ORDER BY 2",
    "schema": "SELECT nspowner::regrole::text, nspacl::text FROM pg_namespace WHERE nspname = 'public'",
    "triggers": "SELECT tgrelid::regclass::text, tgname, tgenabled, pg_get_triggerdef(oid) FROM pg_trigger"
    " WHERE NOT tgisinternal ORDER BY 1, 2",
    "constraints": "SELECT conrelid::regclass::text, conname, convalidated FROM pg_constraint WHERE connamespace ="
    " 'public'::regnamespace ORDER BY 1, 2",
    "owners": "SELECT relname, relowner::regrole::text FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1",
    "functions": "SELECT proname, md5(prosrc), proacl::text, prosecdef FROM pg_proc WHERE pronamespace ="
    " 'public'::regnamespace ORDER BY 1, 2",
    "numbers": "SELECT sequencename, last_value FROM pg_sequences ORDER BY 1",
}


def owners(name: str) -> dict[str, Any]:
    """How the owner reaches a database of this run."""
    ours = settings.DATABASES["default"]
    return {**ours, "NAME": name, "OPTIONS": {}}


def go_to(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name


def ask(database: dict[str, Any], *statements: str) -> list[Any]:
    where = make_conninfo(host=database["HOST"], port=database["PORT"], user=database["USER"], dbname=database["NAME"])
    with psycopg.connect(where, autocommit=True) as asked:
        return [found.fetchall() if (found := asked.execute(s)).description else None for s in statements]


def told(database: dict[str, Any]) -> dict[str, Any]:
    tables = [row[0] for row in ask(database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")[0]]
    rows = ask(
        database, *[f"SELECT count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM \"{n}\" t" for n in tables]
    )
    return dict(zip(tables, rows, strict=True)) | dict(zip(SHAPE, ask(database, *SHAPE.values()), strict=True))


@pytest.fixture
def empty() -> Iterator[dict[str, Any]]:
    """A database beside the run's, which has nothing in it."""
    here = connection.settings_dict["NAME"]
    there, outside = owners(f"{here}_restored"), owners("postgres")
    remove = f'DROP DATABASE IF EXISTS "{there["NAME"]}" WITH (FORCE)'
    ask(outside, remove, f'CREATE DATABASE "{there["NAME"]}" TEMPLATE template0')
    yield there
    go_to(here)
    ask(outside, remove)


@translation.override("en")
def test_what_is_restored_is_what_there_was(empty: dict[str, Any], tmp_path: Path) -> None:
    cast = assemble()
    cast.confirmed(cast.rossi, "300")
    cast.item(cast.rossi, "400", due=NOW.date())
    gate.submit(cast.order(cast.bianchi, "1500"), "confirm", by=cast.sara, now=NOW)
    sealing.seal(now=NOW)
    here, file = owners(connection.settings_dict["NAME"]), tmp_path / "deep" / "a.dump"
    connection.close()

    backup.backup(file, database=here)
    backup.restore(file, database=empty)

    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["a.dump"]
    assert told(empty) == told(here)
    go_to(empty["NAME"])
    assert ledger.audit().total == 0
    assert verifying.verify().first is None
    for statement in ("UPDATE approvals_release SET reason = ''", "DELETE FROM decisions_decision"):
        with pytest.raises(Exception, match="permission denied"), connection.cursor() as cursor:
            cursor.execute(statement)

    # Into what is not empty only when asked for; nothing at all while others work, or of a file that is none.
    with pytest.raises(backup.NotRestored, match="Stop web, worker and beat"):
        backup.restore(file, database=empty, replace=True)
    connection.close()
    ask(empty, "CREATE TABLE later_version (id int)", "DELETE FROM exposure_entry")
    with pytest.raises(backup.NotRestored, match="--replace"):
        backup.restore(file, database=empty)
    broken = tmp_path / "broken.dump"
    broken.write_bytes(file.read_bytes()[:-2000])
    before = told(empty)
    for wrong in (broken, tmp_path / "none", Path(__file__)):
        with pytest.raises(backup.NotRestored):
            backup.restore(wrong, database=empty, replace=True)
    assert told(empty) == before
    backup.restore(file, database=empty, replace=True)
    assert told(empty) == told(here)

    with pytest.raises(backup.NotBackedUp, match="there already"):
        backup.backup(file, database=here)
    with pytest.raises(CommandError, match="no file"):
        call_command("restore", tmp_path / "none")
