"""What `docker-compose.yml` starts: who knows which password, that everything the environment may say arrives, and that it works."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from ruamel.yaml import YAML

from tools import embedded

BASE = Path(__file__).resolve().parent.parent
APPLICATION = ("web", "worker", "beat")
# What compose says itself: its own servers, and places inside the image.
OWN = {"DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "STATIC_ROOT", "VAR_DIR"}
WORKED = """
import django
django.setup()
from django.contrib.auth.models import User
from django.db import DatabaseError, connection
from django.test import Client
print(Client().get("/ready/").json()["parts"]["database"]["status"])
User.objects.create(username="first")
with connection.cursor() as cursor:
    cursor.execute("SELECT current_user, session_user")
    print(*cursor.fetchone())
    try:
        cursor.execute("SET ROLE creditrisk_owner")
    except DatabaseError as error:
        print(error)
"""


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return dict(YAML(typ="safe", pure=True).load(BASE / "docker-compose.yml")["services"])


def test_what_the_application_is_told_does_not_let_it_become_the_owner(services: dict[str, Any]) -> None:
    for name in APPLICATION:
        assert "OWNER" not in str(services[name]).upper(), name
        assert services[name]["environment"]["DATABASE_URL"].startswith("postgresql://creditrisk_app:"), name
        assert services[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}, name

    assert "OWNER_PASSWORD" in services["migrate"]["environment"]["DATABASE_OWNER_URL"]
    assert "migrate" not in services["migrate"]["depends_on"] and services["migrate"]["restart"] == "no"


def test_everything_that_the_environment_may_say_arrives(services: dict[str, Any]) -> None:
    shown = set(re.findall(r"^#? ?([A-Z_]+)=", (BASE / ".env.example").read_text(), re.MULTILINE))

    for name in ("migrate", *APPLICATION):
        told = services[name]["environment"]
        assert shown - told.keys() == ({"DATABASE_OWNER_URL"} if name in APPLICATION else set()), name
        assert [key for key in shown - OWN if not str(told[key]).startswith(f"${{{key}:")] == [], name


def test_the_application_works_with_its_own_password_alone(services: dict[str, Any], tmp_path: Path) -> None:
    servers = embedded.Servers(tmp_path, fast=True)
    where = f"@/{embedded.NAME}?host={servers.run}&port={embedded.PORT}"
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    said = {key: value for key, value in services["web"]["environment"].items() if key not in OWN}
    usual = {key: re.sub(r"^\$\{[A-Z_]+:[-?](.*)\}$", r"\1", value) for key, value in said.items()}
    ours = {**os.environ, **usual, "PATH": path, "VAR_DIR": str(tmp_path)}
    ours["DATABASE_URL"] = f"postgresql://creditrisk_app:theirs{where}"
    ours["DJANGO_SETTINGS_MODULE"] = "creditrisk.settings"
    owner = {"DATABASE_OWNER_URL": f"postgresql://creditrisk_owner{where}"}

    def ran(*words: str, **more: str) -> str:
        found = subprocess.run(words, cwd=BASE, env={**ours, **more}, capture_output=True, text=True)
        assert found.returncode == 0, found.stderr
        return found.stdout

    try:
        servers.up()
        ours["REDIS_URL"] = servers.urls()["REDIS_URL"]
        with psycopg.connect(f"postgresql://postgres{where}", autocommit=True) as connection:
            # As the image of PostgreSQL leaves it: one role, a superuser.
            connection.execute("DROP ROLE creditrisk_app")
            connection.execute("ALTER ROLE creditrisk_owner SUPERUSER")
            trusted = servers.data / "pg_hba.conf"
            trusted.write_text(f"local all creditrisk_app scram-sha-256\n{trusted.read_text()}")
            connection.execute("SELECT pg_reload_conf()")

        ran(*shlex.split(services["migrate"]["command"]), **owner)
        told = ran(sys.executable, "-c", WORKED).splitlines()
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(f"postgresql://creditrisk_app:other{where}")
    finally:
        servers.down()

    assert told == ["ok", "creditrisk_app creditrisk_app", 'permission denied to set role "creditrisk_owner"']
