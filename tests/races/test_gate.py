"""Two orders of 600 against a limit of 1,000, in the same instant, by two real processes."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from approvals import context
from creditrisk.exposure import ledger
from tests.cast import NOW, TODAY, Cast, assemble

ROOT = Path(__file__).resolve().parent.parent.parent
TIMES = int(os.environ.get("RACES") or 200)

pytestmark = pytest.mark.django_db(transaction=True)

Race = Callable[..., list[str]]


@pytest.fixture
def race(environment: dict[str, str]) -> Iterator[Race]:
    """A function that lets two processes confirm two orders at once and returns what became of them."""
    racers: list[subprocess.Popen[str]] = []

    def start(*words: str) -> None:
        command = [sys.executable, "-m", "tests.races.racer", *words]
        for _ in range(2):
            racers.append(
                subprocess.Popen(
                    command, cwd=ROOT, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
                )
            )
        for racer in racers:
            assert racer.stdout
            assert racer.stdout.readline() == "ready\n"

    def run(orders: list[Any], *words: str) -> list[str]:
        if not racers:
            start(*words)
        for racer, order in zip(racers, orders, strict=True):
            assert racer.stdin
            racer.stdin.write(f"{order.pk}\n")
            racer.stdin.flush()
        return sorted(racer.stdout.readline().strip() for racer in racers if racer.stdout)

    yield run
    for racer in racers:
        racer.terminate()
        racer.wait(10)


def two_orders(cast: Cast, customer: Any) -> list[Any]:
    """Two orders that ship on different days: they meet in no balance row, so that only the account joins them."""
    return [cast.order(customer, "600", ship_date=TODAY + timedelta(days=d)) for d in (1, 2)]


def test_without_the_lock_both_slip_through(race: Race) -> None:
    cast = assemble()

    assert race(two_orders(cast, cast.bianchi), "unlocked") == ["passed", "passed"]

    assert context.standing(cast.bianchi, today=NOW.date()).exposure.total == 1200


def test_with_the_lock_exactly_one_passes_every_time(race: Race, ends: Counter[str]) -> None:
    cast = assemble()

    for n in range(TIMES):
        customer = cast.customer(f"RACE{n}", "1000")
        assert race(two_orders(cast, customer)) == ["held", "passed"], n
        ends["one passed, the other was held"] += 1

    assert ledger.audit().total == 0
