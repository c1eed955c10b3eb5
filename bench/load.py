"""Fifty people who click through desk, customers and order entry of the demo company for a minute (locust does the clicking).

The web processes are started as `make demo` starts them. The floor is the same clicks by four people, a moment before.
"""

import csv
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import product
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management import call_command

from bench.results import Bound, Table

ALL = "Aggregated"
LIKE = ("sara", "carla", "dario", "fiona")
FEW = 4  # So many never wait for each other on two processors.


@dataclass(frozen=True)
class Clicked:
    """How one kind of click was answered: how often, how often not, in how many milliseconds, and in how many for few people."""

    name: str
    requests: int
    failures: int
    median: float
    p95: float
    a_second: float
    few: float | None = None


def measure(*, now: datetime, users: int, seconds: int, say: Callable[[str], Any]) -> list[Clicked]:
    """Return how each kind of click was answered, and all together as the last one, beside the same with few people."""
    say("The demo company is made.")
    call_command("demo", verbosity=0)
    _let_in(max(users, FEW))
    with _web() as address:
        say(f"{FEW} people click for {seconds} seconds.")
        few = {one.name: one.median for one in _clicks(address, users=FEW, seconds=seconds, say=say)}
        say(f"{users} people click for {seconds} seconds.")
        many = _clicks(address, users=users, seconds=seconds, say=say)
    return [replace(one, few=few.get(one.name)) for one in many]


def _let_in(many: int) -> None:
    """Give everybody who clicks a login of their own: of those who share one and come at once, some count as guessing."""
    likes = list(User.objects.filter(username__in=LIKE).prefetch_related("groups", "company_access"))
    for number, like in product(range(many), likes):
        made = User.objects.create(username=f"{like.username}-{number}", password=like.password)
        made.groups.set(like.groups.all())
        for access in like.company_access.all():
            made.company_access.create(company_id=access.company_id)


def _clicks(address: str, *, users: int, seconds: int, say: Callable[[str], Any]) -> list[Clicked]:
    with tempfile.TemporaryDirectory() as folder:
        clicking = str(Path(__file__).with_name("clicking.py"))
        command = [sys.executable, "-m", "locust", "-f", clicking, "--headless", "--host", address, "-u", str(users)]
        command += ["-r", "5", "-t", f"{seconds}s", "--csv", f"{folder}/found", "--only-summary", "--loglevel", "ERROR"]
        done = subprocess.run(command, capture_output=True, text=True)
        told = Path(f"{folder}/found_stats.csv")
        if not told.exists():
            raise RuntimeError(done.stderr)
        for line in Path(f"{folder}/found_failures.csv").read_text().splitlines()[1:]:
            say(line)
        rows = list(csv.DictReader(told.read_text().splitlines()))
    return [
        Clicked(
            row["Name"], int(row["Request Count"]), int(row["Failure Count"]), float(row["50%"]), float(row["95%"]),
            float(row["Requests/s"]),
        )
        for row in rows
    ]  # fmt: skip


@contextmanager
def _web() -> Iterator[str]:
    """Run the web process on a free port, and end it."""
    from tools.run import web

    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = str(door.getsockname()[1])
    address = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(web(port), env={**os.environ, "DEMO_LOGINS": "1", "SITE_URL": address})
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"{address}/login/", timeout=5).close()
                break
            except OSError:
                if process.poll() is not None:
                    raise RuntimeError("The web process did not start.") from None
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(20)


def table(found: Sequence[Clicked]) -> Table:
    """Return the clicks as they are told; none may fail."""
    rows = [
        (
            "all" if one.name == ALL else one.name, one.requests, one.failures, one.median, one.p95, one.a_second,
            one.few, one.median / one.few if one.few else None,
        )
        for one in found
    ]  # fmt: skip
    failures = next(one.failures for one in found if one.name == ALL)
    columns = (
        "",
        "requests",
        "failed",
        "median ms",
        "95 % ms",
        "a second",
        f"median ms, {FEW} people",
        f"x {FEW} people",
    )
    return Table("load", "Fifty people who click", columns, rows, [Bound("clicks that failed", failures, 0)])
