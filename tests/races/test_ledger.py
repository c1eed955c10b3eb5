"""Two people take the same effect to the bank, or the same item, or the last of a line, at once: exactly one does."""

import threading
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections

from approvals import booking, corrections
from creditrisk.exposure import ledger
from creditrisk.refusal import Refused
from ledger.models import BankAccount, CreditLine, Effect, OpenItem, Presentation
from tests.cast import NOW, TODAY, Cast, assemble
from tests.ledger.test_corrections import may_write_off

pytestmark = pytest.mark.django_db(transaction=True)
TIMES = 8


def at_once(*acts: Callable[[], Any]) -> list[str]:
    """Do these in threads that start together; return "done" or "refused" of each, sorted."""
    start, found = threading.Barrier(len(acts)), []

    def run(act: Callable[[], Any]) -> None:
        start.wait()
        try:
            act()
            found.append("done")
        except Refused:
            found.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(found)


def effect(cast: Cast, number: str, amount: str = "100", customer: Any = None) -> Effect:
    who = customer or cast.rossi
    due = TODAY + timedelta(days=30)
    item = cast.item(who, amount, due=due, reference=number)
    return booking.issue_effect(
        customer=who, amount=Decimal(amount), due=due, items=[item], number=number, by=cast.carla, now=NOW
    )


def test_the_same_effect_is_presented_once() -> None:
    cast = assemble()
    for n in range(TIMES):
        e = effect(cast, f"E{n}")

        said = at_once(*[lambda e=e, by=by: booking.present([e], by=by, now=NOW) for by in (cast.carla, cast.dario)])  # type: ignore[misc]

        assert said == ["done", "refused"], n
    assert Presentation.objects.count() == TIMES
    assert ledger.audit().total == 0


def test_the_last_of_a_banks_line_is_used_once() -> None:
    cast = assemble()
    account = BankAccount.objects.create(company=cast.company, code="B", name="Bank", currency="EUR")
    CreditLine.objects.create(account=account, amount=100, valid_from=TODAY, agreed_at=NOW)
    one, two = effect(cast, "E1"), effect(cast, "E2", customer=cast.bianchi)

    said = at_once(*[lambda e=e: booking.present([e], account=account, by=cast.carla, now=NOW) for e in (one, two)])  # type: ignore[misc]

    assert said == ["done", "refused"]
    assert Effect.objects.filter(state="PRESENTED").count() == 1


def test_the_same_item_is_settled_once() -> None:
    cast = assemble()
    for n in range(TIMES):
        item = cast.item(cast.rossi, "100", due=TODAY, reference=f"I{n}")
        credits = [
            booking.pay(customer=cast.rossi, amount=Decimal(100), reference=f"P{n}{x}", by=cast.carla, now=NOW)
            for x in "ab"
        ]

        said = at_once(
            *[
                lambda c=c, item=item: booking.allocate(c, [(item, Decimal(100))], by=cast.carla, now=NOW)  # type: ignore[misc]
                for c in credits
            ]
        )

        assert said == ["done", "refused"], n
    assert sum(OpenItem.objects.values_list("open_amount", flat=True)) == -100 * TIMES
    assert ledger.audit().total == 0


def test_the_same_payment_is_reversed_once_and_the_same_rest_written_off_once() -> None:
    cast = assemble()
    may_write_off(None)
    payment = booking.pay(customer=cast.rossi, amount=Decimal(9), reference="P", by=cast.carla, now=NOW)
    item = cast.item(cast.rossi, "3", due=TODAY)

    reversed_ = at_once(*[lambda: corrections.reverse(payment, reason="x", by=cast.carla, now=NOW)] * 2)
    written = at_once(*[lambda: corrections.write_off(item, reason="x", by=cast.carla, now=NOW)] * 2)

    assert reversed_ == written == ["done", "refused"]
    assert not OpenItem.objects.exclude(open_amount=0).exists()
    assert ledger.audit().total == 0


def test_the_same_item_becomes_one_effect() -> None:
    cast = assemble()
    item = cast.item(cast.rossi, "100", due=TODAY)

    def issue() -> None:
        booking.issue_effect(customer=cast.rossi, amount=Decimal(100), due=TODAY, items=[item], by=cast.carla, now=NOW)

    assert at_once(issue, issue) == ["done", "refused"]
    assert Effect.objects.get().number == "MAIN-EF-2026-00001"
    assert ledger.audit().total == 0
