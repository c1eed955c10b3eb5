"""Decisions by several processes at once: on customers of their own, and all on one, beside the floor at as many clients.

Every process is one client with one connection. They are started once; rounds of floor and confirm are taken in turns. The
orders are entered before a round begins; only what lies between its first and its last confirm counts.
"""

import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing.connection import Connection
from typing import Any

import django

from bench.results import Bound, Table

CLIENTS = (1, 2, 4, 8)
ROUNDS = 5
WARM = 20
OWNED = 100  # Customers of each client, so that none grows much.
FLOOR, OWN, ONE = "floor", "confirm, customers of their own", "confirm, all on one customer"
# At so many clients a decision may take so many times the floor.
MOST_AT, MOST = 4, 4.0


@dataclass
class Run:
    """What so many clients did at once: the seconds of each transaction, and the seconds that each round took."""

    kind: str
    clients: int
    laps: list[float] = field(default_factory=list)
    rounds: list[float] = field(default_factory=list)

    def quantile(self, part: float) -> float:
        return 1000 * sorted(self.laps)[int(len(self.laps) * part)]

    @property
    def median(self) -> float:
        return 1000 * statistics.median(self.laps)

    @property
    def a_second(self) -> float:
        return len(self.laps) / sum(self.rounds)


def client(pipe: Connection, now: datetime) -> None:
    """This will be one client: told what to confirm it says when it is ready, begins when told, and answers with its laps."""
    django.setup()
    from bench import gate
    from documents.models import Document

    house, floor = gate.House(now=now), gate.Floor(new=False)
    pipe.send("here")
    while told := pipe.recv():
        kind, keys = told
        work: list[Callable[[], Any]]
        if kind == FLOOR:
            work = [lambda n=n: floor(n) for n in keys]  # type: ignore[misc]
        else:
            orders = [Document.objects.select_related("debtor").get(pk=key) for key in keys]
            work = [lambda order=order: house.confirm(order) for order in orders]  # type: ignore[misc]
        for warm in work[:WARM]:
            warm()
        pipe.send("ready")
        pipe.recv()
        began, laps = time.monotonic(), []
        for one in work[WARM:]:
            lap = time.perf_counter()
            one()
            laps.append(time.perf_counter() - lap)
        pipe.send((laps, began, time.monotonic()))


@contextmanager
def started(number: int, now: datetime) -> Iterator[list[Connection]]:
    """Start so many clients and end them; each is told what to do through its pipe."""
    spawn = multiprocessing.get_context("spawn")
    pipes, processes = [], []
    for _ in range(number):
        ours, theirs = spawn.Pipe()
        process = spawn.Process(target=client, args=(theirs, now), daemon=True)
        process.start()
        pipes.append(ours)
        processes.append(process)
    try:
        for pipe in pipes:
            pipe.recv()
        yield pipes
        for pipe in pipes:
            pipe.send(None)
        for process in processes:
            process.join(20)
    finally:
        for process in processes:
            process.kill()


def measure(
    *, now: datetime, times: int, say: Callable[[str], Any], clients: Sequence[int] = CLIENTS, rounds: int = ROUNDS
) -> list[Run]:
    """Return what each number of clients did; `times` is how many transactions a client does in all the rounds of a kind."""
    from bench import gate
    from creditrisk.exposure import ledger

    house = gate.House(now=now)
    house.put_every_rule_to_work()
    say(f"Up to {max(clients)} clients, each on {OWNED} customers with 10 open documents, then all on one.")
    owned = [[house.customer(f"client{n}-{of}", 10) for of in range(OWNED)] for n in range(max(clients))]
    shared = [house.customer("shared", 10)]
    ledger.rebuild(day=house.today, now=now)
    laps = range(max(times // rounds, 1) + WARM)
    gate.Floor()
    found = {(kind, number): Run(kind, number) for number in clients for kind in (FLOOR, OWN, ONE)}
    with started(max(clients), now) as pipes:
        for round_ in range(rounds):
            for (kind, number), run in found.items():
                keys = []
                for n in range(number):
                    among = shared if kind == ONE else owned[n]
                    if kind == FLOOR:
                        keys.append([(round_ * number + n) * len(laps) + lap for lap in laps])
                    else:
                        keys.append([house.order(among[lap % len(among)]).pk for lap in laps])
                _take(run, pipes[:number], keys)
    return list(found.values())


def _take(run: Run, pipes: Sequence[Connection], keys: Sequence[Sequence[int]]) -> None:
    for pipe, own in zip(pipes, keys, strict=True):
        pipe.send((run.kind, own))
    for pipe in pipes:
        pipe.recv()
    for pipe in pipes:
        pipe.send("go")
    answers = [pipe.recv() for pipe in pipes]
    for laps, _began, _ended in answers:
        run.laps += laps
    run.rounds.append(max(ended for *_, ended in answers) - min(began for _, began, _ended in answers))


def table(runs: Sequence[Run]) -> Table:
    """Return the runs as they are told, each beside the floor at as many clients."""
    floors = {run.clients: run for run in runs if run.kind == FLOOR}
    rows, bounds = [], []
    for run in sorted(runs, key=lambda run: run.clients):
        times = run.median / floors[run.clients].median
        rows.append((
            f"{run.kind}, {run.clients} clients" if run.clients > 1 else f"{run.kind}, 1 client",
            run.median, run.quantile(0.95), run.quantile(0.99), round(run.a_second), times,
        ))  # fmt: skip
        if run.kind == OWN and run.clients == MOST_AT:
            bounds.append(Bound(f"a confirm at {MOST_AT} clients beside the floor at as many", times, MOST))
    return Table(
        "clients", "Decisions, several clients at once",
        ("", "median ms", "95 % ms", "99 % ms", "a second", "x floor"), rows, bounds,
    )  # fmt: skip
