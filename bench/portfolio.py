"""The work over all customers beside the bare aggregate of the same rows: seconds, rows a second, and the memory it takes.

Every piece of work is done by a process of its own, which is asked afterwards how much memory it had at most; first with few
customers, then with all. What it needs may not grow with them.
"""

import multiprocessing
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import django

from bench.results import Bound, Table

FEW = 100
# More memory than with few customers, by so many times at most: one page of a slice more or less is no growth.
MOST_MEMORY = 1.25


@dataclass(frozen=True)
class Done:
    """One piece of work over so many rows: its seconds, and the megabytes that its process had at most."""

    name: str
    rows: int
    seconds: float
    megabytes: float
    few_megabytes: float


def measure(*, now: datetime, customers: int, say: Callable[[str], Any]) -> list[Done]:
    """Return what each piece of work took over ten open rows a customer; wants a database without other customers."""
    few = _over(FEW, now=now, day_ago=2, say=say)
    many = _over(customers, now=now, day_ago=1, say=say)
    rows = (FEW + customers) * 10
    return [Done(name, rows, *many[name], few[name][1]) for name in TOLD]


def _over(customers: int, *, now: datetime, day_ago: int, say: Callable[[str], Any]) -> dict[str, tuple[float, float]]:
    from bench import rebuild
    from creditrisk.clock import business_day

    today = business_day(now)
    say(f"Filling {customers:,} customers with {customers * 10:,} open rows.")
    rebuild.fill(customers, f"F{customers}-{now:%H%M%S%f}", day=today, now=now, rows=rebuild.TEN)
    found = {}
    for name in TOLD:
        found[name] = _in_a_process(name, now, today - timedelta(days=day_ago))
        if name == "rebuild":
            rebuild.look_through()
        say(f"{name}: {found[name][0]:.1f} s")
    return found


def _in_a_process(name: str, now: datetime, day: date) -> tuple[float, float]:
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_work, args=(name, now, day, theirs))
    process.start()
    theirs.close()
    try:
        seconds, megabytes = ours.recv()
    except EOFError:
        raise RuntimeError(f"The process of {name} ended before its work.") from None
    process.join()
    return seconds, megabytes


def _work(name: str, now: datetime, day: date, pipe: Any) -> None:
    django.setup()
    began = time.perf_counter()
    TOLD[name](now, day)
    seconds = time.perf_counter() - began
    pipe.send((seconds, _most_megabytes()))


def _most_megabytes() -> float:
    """Return how much memory this process had at most since it became itself.

    What `getrusage` tells begins with the most that the process had from which it was made: no growth below that is seen.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    kilobytes = next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(kilobytes) / 1024


def _aggregate(_now: datetime, _day: date) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), sum(s) FROM"
            " (SELECT customer_id, bucket, sum(amount) AS s FROM exposure_formula GROUP BY customer_id, bucket) f"
        )
        cursor.fetchall()


def _rebuild(now: datetime, _day: date) -> None:
    from creditrisk.clock import business_day
    from creditrisk.exposure import ledger

    ledger.rebuild(day=business_day(now), now=now)


def _audit(_now: datetime, _day: date) -> None:
    from creditrisk.exposure import ledger

    assert not ledger.audit().total


def _sweep(now: datetime, _day: date) -> None:
    from approvals import sweep
    from approvals.models import SweptDay
    from creditrisk.clock import business_day

    yesterday = business_day(now) - timedelta(days=1)
    SweptDay.objects.update_or_create(pk=1, defaults={"day": yesterday, "swept_at": now})
    assert sweep.sweep(now=now)


def _figures(now: datetime, day: date) -> None:
    from creditrisk.figures import snapshots
    from customers.models import Company

    assert snapshots.take(Company.objects.get(code="BENCH"), day=day, now=now)


def _utilisation(now: datetime, day: date) -> None:
    from creditrisk.monitoring import utilisation

    assert utilisation.take(day=day, now=now)


# In the order in which it is done; the first is the floor.
TOLD: dict[str, Callable[[datetime, date], None]] = {
    "bare aggregate of the open rows": _aggregate,
    "rebuild": _rebuild,
    "audit": _audit,
    "daily sweep": _sweep,
    "snapshot of the figures": _figures,
    "snapshot of utilisation": _utilisation,
}


def table(found: Sequence[Done]) -> Table:
    """Return the work as it is told, beside the bare aggregate."""
    bare, *work = found
    rows = [
        (one.name, one.seconds, round(one.rows / one.seconds), one.seconds / bare.seconds, one.megabytes, one.few_megabytes)
        for one in found
    ]  # fmt: skip
    bounds = [
        Bound(f"memory of {one.name} beside few customers", one.megabytes / one.few_megabytes, MOST_MEMORY)
        for one in work
    ]
    customers = bare.rows // 10 - FEW
    return Table(
        f"portfolio-{customers}", f"Work over {customers:,} customers with {customers * 10:,} open rows",
        ("", "seconds", "rows a second", "x bare", "MB at most", f"with {FEW} customers"), rows, bounds,
    )  # fmt: skip
