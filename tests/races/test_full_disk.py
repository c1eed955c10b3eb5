"""The volume with all of an installation's data is full: people are told, nothing is done in part, and only PostgreSQL ends of it."""

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from tests.races.test_kills import House, lost, part, sound

pytestmark = pytest.mark.django_db(transaction=True)

MEGABYTES = 200  # An installation with its tables and few rows takes a third of it.
TOLD = ("The database has no room left", "The database does not answer at the moment")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """An installation whose folder is a small volume of its own: database, its log of changes, broker, files."""
    home = tmp_path / "small"
    home.mkdir()
    how = ["-t", "tmpfs", "-o", f"size={MEGABYTES}m,mode=0700"]
    if subprocess.run(["mount", *how, "none", str(home)], capture_output=True).returncode:
        pytest.skip("No right to mount a small file system here, so a full one cannot be shown.")
    try:
        made = House(home)
        try:
            if home not in made.servers.data.parents:
                pytest.skip("The database of whoever is root here lies elsewhere, not on a volume of ours.")
            for name in ("worker", "beat", "web"):
                made.start(name)
            yield made
        finally:
            made.end()
    finally:
        subprocess.run(["umount", "-l", str(home)], check=False)


def fill(path: Path) -> None:
    """Leave no room for a byte."""
    with suppress(OSError), open(path, "wb", buffering=0) as filler:
        while True:
            filler.write(bytes(65536))
    with suppress(OSError), open(path, "ab", buffering=0) as filler:
        while True:
            filler.write(bytes(1))


def let_the_log_of_changes_grow(owner: str) -> None:
    """Want one piece of it after another until there is no room for the next, of which PostgreSQL dies."""
    with pytest.raises(psycopg.Error), psycopg.connect(owner, autocommit=True) as asked:
        for _time in range(200):
            asked.execute("SELECT pg_logical_emit_message(true, 'fill', repeat('x', 1000000)), pg_switch_wal()")


def test_a_volume_that_is_full_is_told_and_all_goes_on_once_there_is_room(house: House) -> None:
    owner = str(house.servers.urls()["DATABASE_OWNER_URL"]).replace("creditrisk_owner@", "postgres@")
    person = house.person("full")
    while not person.done:
        person.order()
    filler = house.home / "filler"
    fill(filler)

    told = house.until(person.refused, "there is no room for an order")
    assert any(sentence in told for sentence in TOLD), told
    assert house.ready()["parts"]["disk"] == {"status": "degraded", "says": "0 MB are free where files are written."}

    let_the_log_of_changes_grow(owner)
    log = house.servers.run / "postgres.log"
    house.until(lambda: "database system is shut down" in log.read_text(), "PostgreSQL cannot recover without room")
    assert house.get("/ready/").status_code == 503
    down = house.ready()
    assert down["parts"]["database"] == {"status": "down", "says": "It does not answer."}
    assert down["parts"]["disk"]["says"] == "0 MB are free where files are written."
    assert TOLD[1] in house.until(person.refused, "it is said that the database does not answer")

    assert house.ended() == {"postgres"}

    filler.unlink()
    house.start("postgres")
    house.until(lambda: house.get("/ready/").status_code == 200, "it is ready again")
    done = len(person.done)
    house.until(lambda: person.order() or len(person.done) > done, "orders are taken again")
    for name in ("broker", "beat", "worker"):
        house.until(lambda name=name: part(house, name) == "ok", f"{name} works too", 60)
    assert house.ended() == set()

    with house.database():
        assert person.faults == []
        assert lost(person.done) == []
        sound()
