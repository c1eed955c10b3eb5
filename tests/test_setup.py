"""A new machine: what a command finds when it is the first that is ever run."""

import os
import subprocess
import sys
from pathlib import Path

from tools import embedded

BASE = Path(__file__).resolve().parent.parent
SERVERS_OF_ONES_OWN = {"DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "SECRET_KEY", "TEST_VAR"}


def test_the_first_command_finds_servers_and_tables(tmp_path: Path) -> None:
    nothing = {name: value for name, value in os.environ.items() if name not in SERVERS_OF_ONES_OWN}
    environment = {**nothing, "VAR_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "creditrisk.settings"}

    try:
        found = subprocess.run(
            [sys.executable, "manage.py", "exposure", "audit"],
            cwd=BASE,
            env=environment,
            capture_output=True,
            text=True,
        )
    finally:
        embedded.Servers(tmp_path).down()

    assert found.stdout == "0 customers, difference 0.00\n", found.stderr
    assert "Making the tables" in found.stderr
