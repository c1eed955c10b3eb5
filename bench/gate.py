"""A confirm through the gate beside a bare transaction on the same server, for small and large customers.

The floor locks a row by key, reads three indexed sets, updates one row, inserts three and commits, with psycopg alone.
Both are taken in turns, so that they meet the same machine.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import psycopg
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection

from approvals import booking, gate
from creditrisk.clock import business_day
from creditrisk.exposure import ledger
from creditrisk.policy import compile as policies
from creditrisk.roles import Actor
from customers.models import Company, CreditAccount, Customer, PaymentTerms
from documents.drafts import NewDocument

SIZES = (10, 10_000)
OTHERS = 2_000


@dataclass(frozen=True)
class Timing:
    """Milliseconds of one kind of transaction: median and 95th percentile of so many."""

    name: str
    median: float
    p95: float
    times: int


def timing(name: str, seconds: list[float]) -> Timing:
    ordered = sorted(seconds)
    return Timing(name, statistics.median(ordered) * 1000, ordered[int(len(ordered) * 0.95)] * 1000, len(ordered))


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

    def __init__(self) -> None:
        self.connection = psycopg.connect(settings.DATABASE_OWNER_URL or settings.DATABASE_URL)
        self.connection.prepare_threshold = 1
        with self.connection.transaction(), self.connection.cursor() as cursor:
            cursor.execute("CREATE SCHEMA IF NOT EXISTS floor; SET search_path = floor")
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


def measure(*, now: datetime, times: int, say: Callable[[str], Any]) -> list[Timing]:
    """Return the timings of the floor and of a confirm for each size of customer, taken in turns."""
    today = business_day(now)
    policies.ensure_defaults(now=now)
    company, _ = Company.objects.get_or_create(code="BENCH", defaults={"name": "Bench", "currency": "EUR"})
    terms, _ = PaymentTerms.objects.get_or_create(code="BENCH30", defaults={"days": 30})
    user, _ = User.objects.get_or_create(username="bench")
    by = Actor(user)
    stamp = f"{now:%H%M%S%f}"

    def customer(code: str, number: int) -> Customer:
        made = Customer.objects.create(code=f"{stamp}-{code}", name=code, company=company, currency="EUR", terms=terms)
        CreditAccount.objects.create(customer=made)
        booking.grant_limit(customer=made, state="UNLIMITED", valid_from=today, by=by, now=now)
        fill(made.pk, company.pk, terms.pk, number, today=today, now=now)
        return made

    say(f"Filling {OTHERS} customers with 10 open documents each, and one of each size {SIZES}.")
    for n in range(OTHERS):
        customer(f"other{n}", 10)
    sized = {size: customer(f"size{size}", size) for size in SIZES}
    say(f"{ledger.rebuild(day=today, now=now)} entries.")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    floor = Floor()
    found: dict[str, list[float]] = {"floor": [], **{str(size): [] for size in SIZES}}
    for n in range(times + 20):
        lap = _seconds(partial(floor, n))
        laps = {"floor": lap}
        for size, owner in sized.items():
            order = gate.submit(
                NewDocument(kind="ORDER", customer=owner, amount=Decimal(10)), "enter", by=by, now=now
            ).document
            laps[str(size)] = _seconds(partial(gate.submit, order, "confirm", by=by, now=now))
        if n >= 20:  # the first laps warm caches and plans
            for name, seconds in laps.items():
                found[name].append(seconds)
    return [timing(name, seconds) for name, seconds in found.items()]


def _seconds(call: Callable[[], Any]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began
