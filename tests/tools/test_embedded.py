"""The embedded servers: whoever asks finds them running, and another process can stop them."""

import os
from pathlib import Path

import psycopg

from tools.embedded import Servers


def test_servers_are_found_by_another_and_stopped_by_a_third(tmp_path: Path) -> None:
    home = tmp_path / ("a folder with spaces and a name beyond what a socket's path may hold " + "x" * 60)
    first = Servers(home, fast=True).up()
    postgres = int((first.data / "postmaster.pid").read_text().split()[0])

    second = Servers(home, fast=True).up()
    with psycopg.connect(second.urls()["DATABASE_OWNER_URL"]) as connection:
        row = connection.execute("SELECT current_user").fetchone()
    Servers(home, fast=True).down()

    assert row == ("creditrisk_owner",)
    assert not second.answers()
    assert not (second.data / "postmaster.pid").exists()
    assert not Path(f"/proc/{postgres}").exists() or _is_reaped_later(postgres)


def test_stopping_what_does_not_run_does_nothing(tmp_path: Path) -> None:
    Servers(tmp_path / "nowhere").down()

    assert os.listdir(tmp_path) == []


def _is_reaped_later(pid: int) -> bool:
    """Where nobody reaps the dead, one lies about as a zombie."""
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
