"""Whose family changes while it waits for its account begins anew: nobody holds what another waits for in a circle."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction

from customers import limits
from customers.limits import Family
from customers.models import Customer, SharedLimit
from tests.cast import Cast, assemble

pytestmark = pytest.mark.django_db(transaction=True)


def below_a_head(cast: Cast, pk: int, head: int) -> None:
    Customer.objects.filter(pk=pk).update(parent=head)


def in_a_shared_limit(cast: Cast, pk: int, head: int) -> None:
    SharedLimit.objects.create(code="TOGETHER", currency="EUR").members.set([pk, head])


_WAITING = """
    SELECT count(DISTINCT l.pid) FROM pg_locks l JOIN pg_stat_get_activity(NULL) s ON s.pid = l.pid
    JOIN pg_database d ON d.oid = s.datid WHERE NOT l.granted AND d.datname = current_database()
"""


def waiting(count: int) -> None:
    """Return when so many connections wait for a lock."""
    until = time.monotonic() + 10
    with connection.cursor() as cursor:
        while time.monotonic() < until:
            cursor.execute(
                "SELECT pg_stat_clear_snapshot()"
            )  # or a transaction sees who was there when it first looked
            cursor.execute(_WAITING)
            if cursor.fetchone()[0] == count:
                return
            time.sleep(0.01)
    pytest.fail(f"{count} never waited")


def locked(*ids: int) -> Family:
    try:
        with transaction.atomic():
            return limits.lock(ids)
    finally:
        connection.close()


@pytest.mark.parametrize("joins", [below_a_head, in_a_shared_limit])
def test_a_family_that_changes_meanwhile_is_locked_anew_and_in_order(joins: Callable[..., Any]) -> None:
    cast = assemble()
    head, customer = sorted([cast.rossi.pk, cast.neri.pk])

    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            limits.lock([customer])
            alone = pool.submit(locked, customer)  # sees no family yet, and waits
            waiting(1)
            both = pool.submit(locked, head, customer)  # has the head's account, and waits for the other
            waiting(2)
            joins(cast, customer, head)
        found = [alone.result(20), both.result(20)]

    if joins is below_a_head:
        assert [family.accounts for family in found] == [[head, customer]] * 2
    else:
        shared = SharedLimit.objects.get(code="TOGETHER").pk
        assert [family.shared[customer] for family in found] == [(shared,)] * 2


def test_what_names_a_shared_limit_does_not_wait_for_whoever_locked_it() -> None:
    cast = assemble()
    together = SharedLimit.objects.create(code="TOGETHER", currency="EUR")
    together.members.set([cast.rossi])

    def named() -> int:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '5s'")
                together.members.add(cast.neri)
                return together.members.count()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        limits.lock([cast.rossi.pk])
        assert pool.submit(named).result(20) == 2
