"""A confirm through the gate beside a bare transaction on the same server, for small and large customers, and a dry run.

The floor locks a row by key, reads three indexed sets, updates one row, inserts three and commits, with psycopg alone.
The customers have limits, a row of every rule speaks of them, and every confirm is of another customer where one more
document would be more than a twentieth of what it has. All are taken in turns, so that they meet the same machine;
once before and once after a million decisions were written.
"""

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import psycopg
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection

from approvals import booking, gate, preview
from bench import rebuild
from bench.results import Bound, Table
from creditrisk.clock import business_day
from creditrisk.exposure import ledger
from creditrisk.policy import compile as policies
from creditrisk.policy.models import RuleRow
from creditrisk.roles import Actor
from customers.models import AccountStatus, Company, CreditAccount, Customer, PaymentTerms
from documents.drafts import NewDocument
from documents.models import Document

SIZES = (10, 100, 1_000, 10_000, 100_000)
SMALLEST = 10
HISTORY = 1_000_000
LIMIT = Decimal(10**9)
# One row of every rule, none of them true.
EVERY_RULE: tuple[dict[str, Any], ...] = (
    {"rule_id": "days_overdue", "days": 400},
    {"rule_id": "limit_expired", "days": 400},
    {"rule_id": "overdue_amount", "amount": LIMIT, "percent": Decimal(100)},
    {"rule_id": "order_amount", "amount": 10 * LIMIT},
    {"rule_id": "limit_used", "percent": Decimal(1000)},
    {"rule_id": "unpaid_effects", "days": 90, "count": 3},
    {"rule_id": "review_overdue", "days": 400},
)
WARM = 20  # The first laps warm caches and plans.
# How much slower than the customer of so many documents the slowest may be.
FLAT = {1_000: 1.2, 10: 1.5}
# Beside a decision: the panel, and the panel that searches what would free the document.
MOST_OF_A_DRY_RUN = 0.5
MOST_OF_A_SEARCH = 2


@dataclass(frozen=True)
class Timing:
    """Milliseconds of one kind of transaction: median, 95th and 99th percentile of so many."""

    name: str
    median: float
    p95: float
    p99: float
    times: int


def timing(name: str, seconds: list[float]) -> Timing:
    ordered = sorted(seconds)
    p95, p99 = (ordered[int(len(ordered) * part)] * 1000 for part in (0.95, 0.99))
    return Timing(name, statistics.median(ordered) * 1000, p95, p99, len(ordered))


def fill(customer_id: int, company_id: int, terms_id: int, number: int, *, today: date, now: datetime) -> None:
    """Give a customer so many open documents, half confirmed orders and half open items, spread over a year."""
    with connection.cursor() as cursor:
        values: dict[str, Any] = {
            "c": customer_id,
            "m": company_id,
            "t": terms_id,
            "n": number // 2,
            "day": today,
            "now": now,
        }
        cursor.execute(
            "WITH d AS (INSERT INTO documents_document (kind, number, state, company_id, customer_id, debtor_id, currency,"
            " total, terms_id, ship_date, document_date, channel, note, revision, entered_at)"
            " SELECT 'ORDER', %(c)s || '-' || g, 'CONFIRMED', %(m)s, %(c)s, %(c)s, 'EUR', 100, %(t)s,"
            " %(day)s::date + (g %% 365), %(day)s, '', '', 1, %(now)s FROM generate_series(1, %(n)s) g RETURNING id)"
            " INSERT INTO documents_line (document_id, position, text, quantity, price, discount_percent, tax_percent,"
            " amount, settled, drafted) SELECT id, 1, '', 1, 100, 0, 0, 100, 0, 0 FROM d",
            values,
        )
        cursor.execute(
            "INSERT INTO ledger_openitem (company_id, customer_id, kind, reference, instalment, currency, amount,"
            " open_amount, item_date, due, disputed, dispute_reason, excluded, provisional, posted_at)"
            " SELECT %(m)s, %(c)s, 'INVOICE', %(c)s || '-I' || g, 1, 'EUR', 100, 100, %(day)s::date - 365,"
            " %(day)s::date + (g %% 365) - 30, false, '', false, false, %(now)s FROM generate_series(1, %(n)s) g",
            values,
        )


class Floor:
    """The bare transaction, on a connection and tables of its own."""

    def __init__(self, *, new: bool = True) -> None:
        self.connection = psycopg.connect(settings.DATABASE_OWNER_URL or settings.DATABASE_URL)
        self.connection.prepare_threshold = 1
        with self.connection.transaction(), self.connection.cursor() as cursor:
            cursor.execute("CREATE SCHEMA IF NOT EXISTS floor; SET search_path = floor")
            if not new:
                return
            cursor.execute("DROP TABLE IF EXISTS floor_account, floor_entry")
            cursor.execute("CREATE TABLE floor_account (id int PRIMARY KEY, amount numeric)")
            cursor.execute("INSERT INTO floor_account SELECT g, 0 FROM generate_series(1, 20000) g")
            cursor.execute(
                "CREATE TABLE floor_entry (id bigserial PRIMARY KEY, account int, amount numeric, at timestamptz)"
            )
            cursor.execute(
                "INSERT INTO floor_entry (account, amount) SELECT g % 20000 + 1, 1 FROM generate_series(1, 200000) g"
            )
            cursor.execute("CREATE INDEX ON floor_entry (account)")
            cursor.execute("ANALYZE floor_account, floor_entry")

    def __call__(self, n: int) -> None:
        account = n % 20000 + 1
        with self.connection.transaction(), self.connection.cursor() as cursor:
            cursor.execute("SELECT amount FROM floor_account WHERE id = %s FOR UPDATE", [account])
            for offset in (0, 1, 2):
                cursor.execute("SELECT * FROM floor_entry WHERE account = %s", [(account + offset) % 20000 + 1])
                cursor.fetchall()
            cursor.execute("UPDATE floor_account SET amount = amount + 1 WHERE id = %s", [account])
            for _ in range(3):
                cursor.execute("INSERT INTO floor_entry (account, amount, at) VALUES (%s, 1, now())", [account])


class House:
    """The company whose customers are measured, and the one who acts in it."""

    def __init__(self, *, now: datetime) -> None:
        policies.ensure_defaults(now=now)
        self.now, self.today, self.stamp = now, business_day(now), f"{now:%H%M%S%f}"
        self.company = Company.objects.get_or_create(code="BENCH", defaults={"name": "Bench", "currency": "EUR"})[0]
        self.terms = PaymentTerms.objects.get_or_create(code="BENCH30", defaults={"days": 30})[0]
        self.by = Actor(User.objects.get_or_create(username="bench")[0])

    def put_every_rule_to_work(self) -> None:
        """Put a policy in force that has a row of every rule."""
        of = {"status": AccountStatus.objects.get_or_create(code="BENCH")[0],
              "terms": PaymentTerms.objects.get_or_create(code="BENCH90", defaults={"days": 90})[0]}  # fmt: skip
        RuleRow.objects.all().delete()
        rows = [
            *EVERY_RULE,
            {"rule_id": "account_status", "status": of["status"]},
            {"rule_id": "payment_terms", "terms": of["terms"]},
        ]
        RuleRow.objects.bulk_create(RuleRow(**row) for row in rows)
        policies.save_version(by=None, now=self.now, note="bench")

    def customer(self, code: str, number: int = 0, *, limit: Decimal = LIMIT) -> Customer:
        """Add a customer with so many open documents; `ledger.rebuild` brings them into the exposure."""
        made = Customer.objects.create(
            code=f"{self.stamp}-{code}", name=code, company=self.company, currency="EUR", terms=self.terms
        )
        CreditAccount.objects.create(customer=made)
        booking.grant_limit(
            customer=made, amount=limit, state="AMOUNT", valid_from=self.today, by=self.by, now=self.now
        )
        if not number:
            return made
        fill(made.pk, self.company.pk, self.terms.pk, number, today=self.today, now=self.now)
        return made

    def order(self, owner: Customer) -> Document:
        """Enter an order that is to be confirmed."""
        new = NewDocument(kind="ORDER", customer=owner, amount=Decimal(10))
        return gate.submit(new, "enter", by=self.by, now=self.now).document

    def confirm(self, order: Document) -> None:
        gate.submit(order, "confirm", by=self.by, now=self.now)


@dataclass(frozen=True)
class Phase:
    """The timings that were taken in turns: `sizes` by the number of the customer's open documents; two whole panels."""

    says: str
    floor: Timing
    sizes: dict[int, Timing]
    dry_run: Timing
    panels: tuple[Timing, Timing]

    def flat(self, beside: int) -> float:
        """Return how much slower the slowest customer is than the one of so many documents."""
        return max(one.median for one in self.sizes.values()) / self.sizes[beside].median


def measure(*, now: datetime, times: int, say: Callable[[str], Any], history: int = HISTORY) -> list[Phase]:
    """Return what was taken before and after so many decisions were written."""
    house = House(now=now)
    house.put_every_rule_to_work()
    laps = times + WARM
    numbers = {size: math.ceil(2 * laps / max(1, size // 20)) for size in SIZES}
    say(
        "Filling "
        + ", ".join(f"{number:,} customers with {size:,}" for size, number in numbers.items())
        + " open documents."
    )
    sized = {size: [house.customer(f"size{size}-{n}", size) for n in range(number)] for size, number in numbers.items()}
    say(f"{ledger.rebuild(day=house.today, now=now):,} entries.")
    rebuild.look_through()
    phases = [_laps("", house, sized, range(laps))]
    say(f"Writing {history:,} decisions.")
    _write_decisions(history)
    rebuild.look_through()
    return [*phases, _laps(f"{history:,} decisions in history", house, sized, range(laps, 2 * laps))]


def _laps(says: str, house: House, sized: dict[int, list[Customer]], laps: range) -> Phase:
    floor = Floor()
    found: dict[Any, list[float]] = {
        "floor": [],
        "dry run": [],
        "passing": [],
        "held": [],
        **{size: [] for size in sized},
    }
    for n in laps:
        owners = {size: among[n % len(among)] for size, among in sized.items()}
        typed = partial(preview.preview, owners[SMALLEST], kind="ORDER", currency="EUR", today=house.today)
        took: dict[Any, float] = {
            "floor": _seconds(partial(floor, n)),
            "dry run": _seconds(partial(gate.check, owners[SMALLEST], amount=Decimal(10), today=house.today)),
            "passing": _seconds(partial(typed, amounts=[Decimal(10)])),
            "held": _seconds(partial(typed, amounts=[2 * LIMIT])),
        }
        for size, owner in owners.items():
            took[size] = _seconds(partial(house.confirm, house.order(owner)))
        if n - laps.start >= WARM:
            for name, seconds in took.items():
                found[name].append(seconds)
    return Phase(
        says,
        timing("floor", found["floor"]),
        {size: timing(f"confirm, {size:,} open documents", found[size]) for size in sized},
        timing(f"dry run, {SMALLEST} open documents", found["dry run"]),
        (timing("the whole panel while typing", found["passing"]),
         timing("the same where it would be held, with what would free it", found["held"])),
    )  # fmt: skip


def _write_decisions(number: int) -> None:
    """Copy a decision of every customer until there are so many: their figures are as long as real ones."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT column_name FROM information_schema.columns WHERE table_name = 'decisions_decision'")
        columns = ", ".join(f'"{name}"' for (name,) in cursor.fetchall() if name != "id")
        cursor.execute(
            "WITH last AS (SELECT DISTINCT ON (customer_id) * FROM decisions_decision ORDER BY customer_id, id DESC)"
            f" INSERT INTO decisions_decision ({columns}) SELECT {columns} FROM last,"
            " generate_series(1, %s::int / (SELECT count(*)::int FROM last))",
            [number],
        )


def _seconds(call: Callable[[], Any]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def table(phases: Sequence[Phase]) -> Table:
    """Return the timings as they are told; every ratio is of one phase."""
    rows, bounds = [], []
    for phase in phases:
        within = f", {phase.says}" if phase.says else ""
        smallest = phase.sizes[SMALLEST]
        for one in (phase.floor, *phase.sizes.values(), phase.dry_run, *phase.panels):
            rows.append((
                one.name + within, one.median, one.p95, one.p99, one.median / phase.floor.median,
                None if one is phase.floor else one.median / smallest.median,
            ))  # fmt: skip
        for size, most in FLAT.items():
            bounds.append(Bound(f"the slowest beside {size:,} open documents{within}", phase.flat(size), most))
        passing, held = (panel.median / smallest.median for panel in phase.panels)
        bounds.append(Bound(f"the whole panel beside a decision{within}", passing, MOST_OF_A_DRY_RUN))
        bounds.append(Bound(f"the same where it would be held{within}", held, MOST_OF_A_SEARCH))
    return Table(
        "gate", "A decision, one client",
        ("", "median ms", "95 % ms", "99 % ms", "x floor", "x smallest"), rows, bounds,
    )  # fmt: skip
