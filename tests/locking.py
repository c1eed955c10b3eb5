"""Whoever locks accounts twice in one transaction may wait for one who waits for it: a test in which somebody does fails.

Accounts are locked in key order, then shared limits in key order; what is locked later in a transaction has to come later
in that order, or to be locked already. Work over many customers has a transaction for each.
"""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

import pytest
from django.db import connection, connections, transaction
from django.db.transaction import Atomic

from creditrisk.prepared import Query
from customers import limits
from customers.limits import Family

ACCOUNT, SHARED = 0, 1
out_of_turn: list[str] = []  # in the test that runs
_held: WeakKeyDictionary[Any, set[tuple[int, int]]] = WeakKeyDictionary()


def watch(patch: pytest.MonkeyPatch) -> None:
    """From now on a lock that is taken out of turn is remembered, with who took it."""
    locking, leave = limits.locking, Atomic.__exit__

    def watched(ids: Any) -> Query[Family]:
        query = locking(ids)
        return replace(query, read=lambda rows: noted(query.read(rows)))

    def noted(family: Family) -> Family:
        if _depth():
            taken = {(ACCOUNT, pk) for pk in family.accounts} | {
                (SHARED, pk) for ids in family.shared.values() for pk in ids
            }
            held = _held.setdefault(connections["default"], set())
            new = taken - held
            if new and held and min(new) < max(held):
                out_of_turn.append(f"{sorted(new)} after {sorted(held)}:\n" + "".join(traceback.format_stack(limit=8)))
            held |= new
        return family

    def left(block: Atomic, *error: Any) -> None:
        leave(block, *error)
        if not _depth():
            _held.pop(connections["default"], None)

    patch.setattr(limits, "locking", watched)
    patch.setattr(Atomic, "__exit__", left)


@contextmanager
def taken_back() -> Iterator[None]:
    """What a test does in here is as it was afterwards; its transactions are outermost ones, as they are in the product."""
    block = transaction.atomic()
    block._from_testcase = True
    with block:
        yield
        transaction.set_rollback(True)


def _depth() -> int:
    """Return how many blocks of the product are open: those in which a test is wrapped do not count."""
    return sum(1 for block in connection.atomic_blocks if not block._from_testcase)
