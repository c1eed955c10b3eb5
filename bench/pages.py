"""The pages over all customers beside the bare aggregate over the balances, in one run, on the same server.

The floor sums what every customer owes, by bucket, as SQL says it in one line. A page is opened as its reader opens it: through
the whole product, by a credit manager who sees everybody. Each is opened five times in turns with the floor; the median counts.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from bench import rebuild
from bench.results import Bound, Table
from creditrisk.clock import business_day
from creditrisk.exposure import ledger
from creditrisk.exposure.ledger import Scope
from creditrisk.policy import compile as policies

MOST = 5
TIMES = 5
FEW = 10
_FLOOR = (
    "SELECT COUNT(*), SUM(s) FROM (SELECT customer_id, bucket, SUM(amount) AS s FROM exposure_balance GROUP BY 1, 2) b"
)
# (address, whether it is bound to five times the floor)
PAGES = {
    "workspace": ("/", True),
    "portfolio": ("/portfolio/", True),
    "portfolio, over the limit by exposure": ("/portfolio/?only=over&sort=-total", True),
    "portfolio by country": ("/portfolio/?by=country", True),
    "portfolio as of today, from the entries": ("/portfolio/as-of/", False),
    "customers": ("/customers/", False),
    "orders": ("/orders/", False),
    "open items": ("/items/", False),
    "open items, by amount": ("/items/?sort=-amount", False),
    "effects": ("/effects/", False),
    "a customer": ("/customers/{code}/", False),
}


@dataclass(frozen=True)
class Timing:
    """How long a page over so many customers took until it was there, its statements, and those with few customers."""

    name: str
    customers: int
    ms: float
    queries: int
    few: int = 0
    is_bound: bool = True


def measure(*, now: datetime, customers: int, say: Callable[[str], Any]) -> list[Timing]:
    """Return the timings of the floor and of the pages, with few customers first, then with all of them."""
    policies.ensure_defaults(now=now)
    client = _reader()
    with override_settings(ALLOWED_HOSTS=["*"]):
        say(f"Filling {FEW} customers.")
        code = _fill(FEW, now=now)
        few = {name: _queries(client, address.format(code=code)) for name, (address, _bound) in PAGES.items()}
        say(f"Filling {customers:,} customers with {customers * rebuild.ROWS:,} open rows.")
        code = _fill(customers, now=now)
        return _timed(client, code, customers, few)


def _timed(client: Client, code: str, customers: int, few: dict[str, int]) -> list[Timing]:
    laps: dict[str, list[float]] = {name: [] for name in ("", *PAGES)}
    for _time in range(TIMES):
        laps[""].append(_floor())
        for name, (address, _bound) in PAGES.items():
            laps[name].append(_open(client, address.format(code=code)))
    floor = Timing("bare aggregate over the balances", customers, 1000 * statistics.median(laps[""]), 1)
    return [floor] + [
        replace(floor, name=name, ms=1000 * statistics.median(laps[name]), queries=_queries(client, address.format(code=code)),
                few=few[name], is_bound=bound)
        for name, (address, bound) in PAGES.items()
    ]  # fmt: skip


def _reader() -> Client:
    user, _new = User.objects.get_or_create(username="bench-manager")
    user.groups.add(Group.objects.get_or_create(name="credit_manager")[0])
    client = Client()
    client.force_login(user)
    return client


def _fill(customers: int, *, now: datetime) -> str:
    """Add customers with twenty open rows each; return the code of one of them."""
    day: date = business_day(now)
    stamp = f"P{customers}-{now:%H%M%S%f}"
    first, last = rebuild.fill(customers, stamp, day=day, now=now)
    ledger.rebuild(day=day, now=now, scope=Scope(list(range(first, last + 1))))
    return f"{stamp}-1"


def _floor() -> float:
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(_FLOOR)
        cursor.fetchall()
    return time.perf_counter() - began


def _open(client: Client, address: str) -> float:
    began = time.perf_counter()
    assert client.get(address).status_code == 200, address
    return time.perf_counter() - began


def _queries(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as seen:
        client.get(address)
    return len(seen)


def table(found: Sequence[Timing]) -> Table:
    """Return the pages as they are told, beside the bare aggregate."""
    floor, *pages = found
    rows = [(one.name, one.ms, one.ms / floor.ms, one.queries, None if one is floor else one.few) for one in found]
    bounds = [Bound(f"{one.name} beside the bare aggregate", one.ms / floor.ms, MOST) for one in pages if one.is_bound]
    more = max(one.queries - one.few for one in pages)
    bounds.append(Bound("more statements with all customers than with ten", more, 0))
    return Table(
        f"pages-{floor.customers}",
        f"Pages over {floor.customers:,} customers with {floor.customers * rebuild.ROWS:,} open rows",
        ("", "ms", "x bare", "statements", f"with {FEW} customers"), rows, bounds,
    )  # fmt: skip
