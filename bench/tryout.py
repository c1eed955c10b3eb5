"""Decisions a second of a try-out, beside reading the same facts and doing nothing with them.

A few hundred decisions are made through the gate, for customers with some history, and their rows are repeated. Two
processes then work the try-out off, as two workers would; the floor is two processes that read and parse the facts.
"""

import json
import multiprocessing
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, connections
from django.utils import timezone

from approvals import booking, gate, tryout
from bench import rebuild
from bench.gate import House
from bench.results import Table
from creditrisk.clock import business_day
from creditrisk.decisions.models import Decision, TryOut
from creditrisk.policy import compile as policies
from creditrisk.refusal import Refused
from creditrisk.roles import Actor
from documents.drafts import NewDocument

PROCESSES = 2
CUSTOMERS = 100
ORDERS = 5


@dataclass(frozen=True)
class Rate:
    """How many decisions a second one way of going over them did, with how many that would differ."""

    name: str
    decisions: int
    seconds: float
    changes: int = 0

    @property
    def a_second(self) -> float:
        return self.decisions / self.seconds


def fill(*, now: datetime, wanted: int) -> None:
    """Make customers with history and decisions about their orders, then repeat the decisions up to `wanted`."""
    house = House(now=now)
    today, company, by = house.today, house.company, house.by
    for n in range(CUSTOMERS):
        customer = house.customer(f"tried{n}", limit=Decimal(2000))
        for k in range(12):
            due = today + timedelta(days=k * 7 - 40)
            booking.item(
                customer=customer,
                amount=Decimal(20 + n),
                due=due,
                reference=f"{n}-{k}",
                company=company,
                by=by,
                now=now,
            )
        for k in range(ORDERS):
            new = NewDocument(kind="ORDER", customer=customer, amount=Decimal(50 + n * k % 900))
            with suppress(Refused):
                order = gate.submit(new, "enter", by=by, now=now).document
                gate.submit(order, "confirm", by=by, now=now)
    made = Decision.objects.count()
    names = ", ".join(f'"{f.column}"' for f in Decision._meta.concrete_fields if not f.primary_key)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO decisions_decision ({names}) SELECT {names} FROM decisions_decision,"
            " generate_series(1, %s) ORDER BY id",
            [max(wanted // max(made, 1) - 1, 0)],
        )
    rebuild.look_through()


def measure(*, now: datetime, wanted: int, say: Callable[[str], Any]) -> list[Rate]:
    """Return the rates of the floor, of a draft that only changes thresholds and of one that asks about other days."""
    policies.ensure_defaults(now=now)
    say(f"Making {wanted:,} decisions about {CUSTOMERS} customers.")
    fill(now=now, wanted=wanted)
    today = business_day(now)
    content = policies.draft()
    row = {"rule": "limit_used", "kind": "block", "scope": "all", "scope_code": "", "risk_class": None,
           "release_order": False, "action": "HOLD", "valid_from": None, "valid_to": None, "id": 1,
           "values": {"percent": "60"}}  # fmt: skip
    stricter = {**content, "rules": [row]}
    later = {**stricter, "parameters": {**content["parameters"], "overdue_grace_days": 9}}
    ids = list(Decision.objects.order_by("customer_id", "pk").values_list("pk", flat=True))
    parts = [ids[at : at + tryout.PART] for at in range(0, len(ids), tryout.PART)]
    found = [_floor(parts)]
    for name, draft in (("thresholds", stricter), ("other days: balances rebuilt", later)):
        made = tryout.start(draft, label=name, since=today, until=today, by=Actor(), now=now)
        found.append(_worked_off(made, name))
    return found


def _floor(parts: list[list[int]]) -> Rate:
    count = sum(len(part) for part in parts)
    seconds = _together(_parse, [parts[n::PROCESSES] for n in range(PROCESSES)])
    return Rate("floor: read and parse the facts", count, seconds)


def _worked_off(made: TryOut, name: str) -> Rate:
    seconds = _together(_work, list(range(PROCESSES)))
    failed = made.parts.exclude(error="").first()
    if failed:
        raise RuntimeError(failed.error)
    return Rate(f"try-out, {name}", made.decisions, seconds, made.changes.count())


def _together(work: Callable[[Any], None], arguments: list[Any]) -> float:
    """Return the seconds that these processes took, their start not counted."""
    connections.close_all()
    connection.close_pool()  # type: ignore[attr-defined]  # a connection must not be shared with a child
    method = multiprocessing.get_context("fork")
    ready = method.Barrier(len(arguments) + 1)
    processes = [method.Process(target=_as_worker, args=(work, argument, ready)) for argument in arguments]
    for process in processes:
        process.start()
    ready.wait()
    began = time.perf_counter()
    for process in processes:
        process.join()
    if any(process.exitcode for process in processes):
        raise RuntimeError("A process of the benchmark failed.")
    return time.perf_counter() - began


def _as_worker(work: Callable[[Any], None], argument: Any, ready: Any) -> None:
    connection.ensure_connection()
    ready.wait()
    work(argument)


def _parse(parts: list[list[int]]) -> None:
    for part in parts:
        with connection.cursor() as cursor:
            cursor.execute("SELECT facts::text FROM decisions_decision WHERE id = ANY (%s)", [part])
            for (facts,) in cursor.fetchall():
                json.loads(facts)


def _work(_number: int) -> None:
    while tryout.work(now=timezone.now()):
        pass


def table(found: Sequence[Rate]) -> Table:
    """Return the rates as they are told, beside the floor."""
    floor = found[0]
    rows = [(one.name, one.decisions, round(one.a_second), floor.a_second / one.a_second, one.changes) for one in found]
    return Table(
        "tryout", "Trying a policy on past decisions", ("", "decisions", "a second", "x floor", "differ"), rows
    )
