"""The daily sweep: matured effects leave the balances, under the account's lock like every other posting."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import OperationalError, connection, connections, transaction

from approvals import booking, context, sweep
from creditrisk.exposure import ledger
from creditrisk.exposure.models import Balance
from ledger.models import Effect
from tests.cast import NOW, TODAY, Cast, after, assemble


def presented(cast: Cast) -> Effect:
    due = TODAY + timedelta(days=30)
    item = cast.item(cast.rossi, "100", due=due)
    effect = booking.issue_effect(
        customer=cast.rossi, amount=Decimal(100), due=due, items=[item], by=cast.carla, now=NOW
    )
    booking.present([effect], by=cast.carla, now=NOW)
    return effect


@pytest.mark.django_db
def test_an_effect_leaves_the_balances_sixty_days_after_it_matured_and_not_a_day_before(cast: Cast) -> None:
    effect = presented(cast)

    sweep.sweep(now=after(90))
    effect.refresh_from_db()
    before = (effect.swept, Balance.objects.filter(amount__gt=0).count())
    sweep.sweep(now=after(91))

    effect.refresh_from_db()
    assert before == (False, 1)
    assert (effect.swept, Balance.objects.count()) == (True, 0)
    assert ledger.audit().total == 0


@pytest.mark.django_db(transaction=True)
def test_the_sweep_waits_for_whoever_holds_the_account() -> None:
    cast = assemble()
    effect = presented(cast)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            context.lock([cast.rossi.pk])
            held.set()
            done.wait(20)
        connections.close_all()

    other = threading.Thread(target=hold)
    other.start()
    held.wait(20)
    try:
        with pytest.raises(OperationalError, match="lock timeout"), transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '300ms'")
            sweep.sweep(now=after(100))
    finally:
        done.set()
        other.join()
    sweep.sweep(now=after(100))

    effect.refresh_from_db()
    assert effect.swept
    assert ledger.audit().total == 0
