"""Backup and restore: the whole database, evidence, files and workbooks in it, as one file of pg_dump.

Both work as the owner of the tables and need PostgreSQL's own tools, of the server's version or a later one.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
from django.utils.translation import gettext as _
from psycopg.conninfo import make_conninfo

from creditrisk.refusal import Refused
from tools import embedded

# A schema as a new database has it: what the file does not know is gone with the old one.
_EMPTY = """
    DROP SCHEMA public CASCADE; CREATE SCHEMA public;
    ALTER SCHEMA public OWNER TO pg_database_owner; GRANT USAGE ON SCHEMA public TO PUBLIC;
"""


class NotBackedUp(Refused):
    """The database could not be written to a file; nothing was left behind."""

    code = "not_backed_up"


class NotRestored(Refused):
    """The database is as it was."""

    code = "not_restored"


def backup(path: Path, *, database: Mapping[str, Any]) -> int:
    """Write all of the database to a new file that only its owner may read; return its bytes.

    It is one moment's state, whatever is worked on meanwhile. A file that is there is complete.
    """
    if path.exists():
        raise NotBackedUp(_("%(file)s is there already.") % {"file": path})
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        _run("pg_dump", ["--format=custom", "--no-comments", "--file", str(part)], database, NotBackedUp)
        part.rename(path)
    except OSError as error:
        raise NotBackedUp(str(error)) from error
    finally:
        part.unlink(missing_ok=True)
    return path.stat().st_size


def restore(path: Path, *, database: Mapping[str, Any], replace: bool = False) -> None:
    """Make the database what it was when the file was written: all of it or, where anything fails, nothing.

    Nobody else may be connected; what is there goes only with `replace`.
    """
    if not path.is_file():
        raise NotRestored(_("There is no file %(file)s.") % {"file": path})
    _run("pg_restore", ["--list", str(path)], None, NotRestored)
    _look_around(database, replace=replace)
    script = path.with_name(path.name + ".sql")
    os.close(os.open(script, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        _run("pg_restore", ["--no-owner", "--no-comments", "--file", str(script), str(path)], None, NotRestored)
        how = ["--no-psqlrc", "--quiet", "--output", os.devnull, "--single-transaction", "--set", "ON_ERROR_STOP=1"]
        _run("psql", [*how, "--command", _EMPTY, "--file", str(script)], database, NotRestored)
    finally:
        script.unlink(missing_ok=True)


def _look_around(database: Mapping[str, Any], *, replace: bool) -> None:
    try:
        with psycopg.connect(_place(database), password=database["PASSWORD"] or None) as connection:
            others = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND backend_type = 'client backend'"
            ).fetchone()
            there = connection.execute("SELECT to_regclass('django_migrations') IS NOT NULL").fetchone()
    except psycopg.Error as error:
        raise NotRestored(str(error)) from error
    if others and others[0]:
        said = _("%(count)d others are connected to the database. Stop web, worker and beat first.")
        raise NotRestored(said % {"count": others[0]})
    if there and there[0] and not replace:
        raise NotRestored(_("The database is not empty. With --replace it becomes what the file says."))


def _place(database: Mapping[str, Any]) -> str:
    ours = {name: value for name, value in database["OPTIONS"].items() if name not in {"pool", "options"}}
    named = {"host": "HOST", "port": "PORT", "user": "USER", "dbname": "NAME"}
    return make_conninfo(**ours, **{name: database[ours_is] for name, ours_is in named.items() if database[ours_is]})


def _run(tool: str, arguments: list[str], database: Mapping[str, Any] | None, refused: type[Refused]) -> None:
    """Run one of PostgreSQL's tools; a password goes with the environment, where no list of processes shows it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    if database is not None:
        arguments = ["--dbname", _place(database), *arguments]
        environment["PGPASSWORD"] = database["PASSWORD"]
    binary = embedded.tool(tool) or shutil.which(tool)
    if binary is None:
        raise refused(_("There is no %(tool)s here: it comes with PostgreSQL.") % {"tool": tool})
    ended = subprocess.run([binary, *arguments], env=environment, capture_output=True, text=True, errors="replace")
    if ended.returncode:
        raise refused(_("%(tool)s says: %(said)s") % {"tool": tool, "said": ended.stderr.strip()[-1000:]})
