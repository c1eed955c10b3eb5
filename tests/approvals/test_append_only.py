"""The application's role can add to what is append-only, and do nothing else there, nor anywhere that would help it."""

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.db import ProgrammingError, connection, transaction

from creditrisk.append_only import APPEND_ONLY, LATER, MOVED
from tools import embedded

pytestmark = pytest.mark.django_db

HISTORIES = [*APPEND_ONLY, *LATER, *MOVED]
# What would edit history, by the front door and by the back.
EDITS = [
    "UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0} CASCADE", "DROP TABLE {0} CASCADE",
    "ALTER TABLE {0} DISABLE TRIGGER ALL", "ALTER TABLE {0} ADD COLUMN mine integer", "ALTER TABLE {0} RENAME TO mine",
    "ALTER TABLE {0} OWNER TO CURRENT_USER",
    "CREATE RULE mine AS ON INSERT TO {0} DO INSTEAD NOTHING",
    "CREATE TRIGGER mine BEFORE INSERT ON {0} EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE INDEX mine ON {0} ({1})", "COMMENT ON TABLE {0} IS 'mine'",
]  # fmt: skip
# What would get round it all.
ELSEWHERE = [
    "SET session_replication_role = replica", "SELECT set_config('session_replication_role', 'replica', false)",
    "SET ROLE {owner}", "SET SESSION AUTHORIZATION {owner}", "CREATE TABLE public.mine (a int)",
    "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'", "CREATE SCHEMA mine",
    "CREATE VIEW public.mine AS SELECT 1", "CREATE EXTENSION hstore", "CREATE ROLE mine SUPERUSER", "CREATE DATABASE mine",
    "ALTER ROLE CURRENT_USER SUPERUSER", "ALTER ROLE CURRENT_USER BYPASSRLS", "COPY (SELECT 1) TO '/tmp/mine'",
    "COPY (SELECT 1) TO PROGRAM 'id'", "SELECT pg_read_file('/etc/passwd')", "SELECT lo_import('/etc/passwd')",
    "SELECT rolpassword FROM pg_authid", "SELECT * FROM pg_shadow", "SELECT * FROM pg_user_mapping", "ALTER SYSTEM SET fsync = off",
    "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT ALL ON TABLES TO CURRENT_USER", "DROP VIEW public.exposure_formula CASCADE",
    "CREATE OR REPLACE FUNCTION public.audit_note_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "DROP FUNCTION public.audit_note_change CASCADE", "ALTER SCHEMA public RENAME TO mine", "DROP SCHEMA public CASCADE",
    "ALTER DATABASE {database} RENAME TO mine",
]  # fmt: skip
WANTING = ("permission denied", "must be owner", "must be superuser", "Only roles with")


def key_of(table: str) -> str:
    """Return the column of a table's primary key."""
    (model,) = (model for model in apps.get_models() if model._meta.db_table == table and not model._meta.proxy)
    return model._meta.pk.column


def refused(statement: str) -> bool:
    """Say a statement as the application; return whether the database refuses it, and for want of a right."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL ROLE {settings.DATABASE_APP_ROLE}")
            cursor.execute(statement)
            transaction.set_rollback(True)
    except ProgrammingError as error:
        return any(word in str(error) for word in WANTING)
    return False


def test_history_is_added_never_edited() -> None:
    done = [
        statement
        for table in HISTORIES
        for edit in EDITS
        if not refused(statement := edit.format(table, key_of(table)))
    ]

    assert done == []
    assert len(HISTORIES) > 30


def test_the_application_gets_round_it_nowhere() -> None:
    """Logged in by itself, as with two addresses: there is no owner behind it to become again."""
    told = connection.get_connection_params()
    where = {name: told[name] for name in ("dbname", "host", "port") if name in told}
    names = {"owner": embedded.OWNER, "database": f'"{told["dbname"]}"'}
    done = []

    with psycopg.connect(**where, user=settings.DATABASE_APP_ROLE, autocommit=True) as session:
        for statement in ELSEWHERE:
            try:
                session.execute(statement.format(**names))
            except psycopg.Error as error:
                if any(word in str(error) for word in WANTING):
                    continue
                done.append((statement, str(error)))
            else:
                done.append((statement, "was done"))

    assert done == []
