"""Processes that confirm, amend, deliver, pay, release and change limits at random, for so many seconds (but
so many acts at least), and count.

Arguments: a seed, seconds, how many processes; with `unlocked` no account is locked, every decision is held up a
moment before it is kept, and all meet at the customers of one shared limit, of which a number says which: the race
that the lock prevents. Answers with one line of JSON.
"""

import json
import sys
import time
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from multiprocessing import get_context
from random import Random
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import Error, transaction  # noqa: E402

from approvals import booking, gate  # noqa: E402
from approvals.models import Hold  # noqa: E402
from creditrisk.refusal import Refused  # noqa: E402
from creditrisk.roles import Actor  # noqa: E402
from customers.models import Customer, SharedLimit  # noqa: E402
from documents.drafts import Changes, NewDocument  # noqa: E402
from documents.models import Document  # noqa: E402
from ledger.models import OpenItem  # noqa: E402
from tests.cast import NOW  # noqa: E402
from tests.races.lockless import leave_the_lock_out  # noqa: E402

MEETING = 0.5  # Seconds that they meet at one customer.
LEAST = 60  # Acts of each process, however slow the machine is.
LEAST_AT_ONE = 15  # The same where all meet: soon no limit has room left.


class Racer:
    """One process: what it may do, and how it ended."""

    def __init__(self, seed: str, shared: int | None = None) -> None:
        self.random = Random(seed)
        self.people = {user.username: Actor(user) for user in User.objects.all()}
        self.shared = list(SharedLimit.objects.order_by("pk"))
        self.customers = list(Customer.objects.filter(code__startswith="LOAD").order_by("pk"))
        self.least = LEAST
        if shared is not None:
            self.shared = [self.shared[shared]]
            self.customers = list(self.shared[0].members.order_by("pk"))
            self.least = LEAST_AT_ONE
        self.acts = [self.order] * 4 + [self.confirm] * 8 + [self.amend] * 4 + [self.deliver] * 2 + [self.bill] * 2
        self.acts += [self.pay] * 3 + [self.release] * 2 + [self.limit] * 2 + [self.limit_together]
        self.ends: Counter[str] = Counter()
        self.broken: list[str] = []

    def run(self, seconds: float) -> tuple[Counter[str], list[str]]:
        """Act until the time is over; whatever the database says to a caller is kept as a fault."""
        until = time.monotonic() + seconds
        while time.monotonic() < until or self.ends.total() < self.least:
            act = self.random.choice(self.acts)
            try:
                end = act()
            except Refused as refusal:
                end = f"refused: {refusal.code}"
            except Error as error:
                end = f"database: {type(error).__name__}"
                self.broken.append(f"{act.__name__}: {error}")
            self.ends[f"{act.__name__.replace('_', ' ')} {end}"] += 1
        return self.ends, self.broken

    def _customer(self) -> Customer:
        """Anybody, or more often the one whose half second it is: there all meet."""
        if self.random.random() < 0.3:
            return self.random.choice(self.customers)
        return self.customers[int(time.time() / MEETING) % len(self.customers)]

    def _amount(self, most: int) -> Decimal:
        return Decimal(self.random.randint(1, most * 100)) / 100

    def _one_of(self, rows: Any) -> Any:
        """One of the newest, so that several meet on it."""
        found = list(rows.order_by("-pk")[:12])
        return self.random.choice(found) if found else None

    def _documents(self, **which: Any) -> Any:
        return self._one_of(Document.objects.filter(customer=self._customer(), **which))

    def order(self) -> str:
        # Ships on any of some days, so that two orders meet in no balance row and only the account joins them.
        ships = NOW.date() + timedelta(days=self.random.randint(1, 9))
        new = NewDocument(kind="ORDER", customer=self._customer(), amount=self._amount(700), ship_date=ships)
        return gate.submit(new, "enter", by=self.people["sara"], now=NOW).outcome.verdict.value

    def confirm(self) -> str:
        if (order := self._documents(kind="ORDER", state="DRAFT")) is None:
            return "nothing there"
        return gate.submit(order, "confirm", by=self.people["sara"], now=NOW).outcome.verdict.value

    def amend(self) -> str:
        if (order := self._documents(kind="ORDER", state__in=["DRAFT", "CONFIRMED"])) is None:
            return "nothing there"
        changes = Changes(amount=self._amount(700))
        return gate.submit(order, "amend", by=self.people["sara"], now=NOW, changes=changes).outcome.verdict.value

    def deliver(self) -> str:
        if (order := self._documents(kind="ORDER", state="CONFIRMED")) is None:
            return "nothing there"
        new = NewDocument(kind="DELIVERY", sources=(order,))
        return gate.submit(new, "deliver", by=self.people["sara"], now=NOW).outcome.verdict.value

    def bill(self) -> str:
        booking.item(
            customer=self._customer(), amount=self._amount(100), due=NOW.date(),
            reference=f"B{self.random.getrandbits(60)}", by=self.people["carla"], now=NOW,
        )  # fmt: skip
        return "booked"

    def pay(self) -> str:
        item = self._one_of(OpenItem.objects.filter(customer=self._customer(), amount__gt=0, open_amount__gt=0))
        if item is None:
            return "nothing there"
        booking.pay(
            customer=item.customer, amount=item.open_amount, items=[(item, None)],
            reference=f"P{self.random.getrandbits(60)}", by=self.people["carla"], now=NOW,
        )  # fmt: skip
        return "booked"

    def release(self) -> str:
        if (hold := self._one_of(Hold.objects.filter(closing=None))) is None:
            return "nothing there"
        gate.release(hold, by=self.people["dario"], now=NOW, reason="They pay tomorrow")
        return "done"

    def limit(self) -> str:
        amount = Decimal(self.random.randint(5, 20) * 100)
        booking.grant_limit(
            customer=self._customer(), amount=amount, valid_from=NOW.date(), by=self.people["dario"], now=NOW
        )
        return "granted"

    def limit_together(self) -> str:
        amount, shared = Decimal(self.random.randint(10, 40) * 100), self.random.choice(self.shared)
        booking.grant_limit(shared=shared, amount=amount, valid_from=NOW.date(), by=self.people["dario"], now=NOW)
        return "granted"


def race(seed: str, seconds: float, shared: int | None) -> tuple[Counter[str], list[str]]:
    return Racer(seed, shared).run(seconds)


if __name__ == "__main__":
    seed, seconds, processes = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    shared = None
    if sys.argv[4:5] == ["unlocked"]:
        leave_the_lock_out()
        shared = int(sys.argv[5])
    assert (
        not transaction.get_connection().in_atomic_block
    )  # Nothing is open yet: each child has connections of its own.
    with get_context("fork").Pool(processes) as pool:
        told = pool.starmap(race, [(f"{seed}/{n}", seconds, shared) for n in range(processes)], chunksize=1)
    ends: Counter[str] = sum((one[0] for one in told), Counter())
    print(json.dumps({"ends": ends, "broken": [line for one in told for line in one[1]]}))
