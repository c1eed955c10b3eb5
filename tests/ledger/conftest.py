"""Effects, banks and ways to look at what a customer owes."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from approvals import booking, context
from creditrisk.exposure import ledger
from ledger.models import BankAccount, CreditLine, Effect, LineKind
from tests.cast import NOW, TODAY, Cast
from tests.pages import as_user

DUE = TODAY + timedelta(days=30)


@pytest.fixture
def carla(cast: Cast) -> Client:
    return as_user(cast.carla.user)


@pytest.fixture
def bank(cast: Cast) -> BankAccount:
    """An account with a line of 1,000 for what is presented subject to collection or discounted."""
    account = BankAccount.objects.create(company=cast.company, code="ADR", name="Banca Adriatica", currency="EUR")
    line(account, "1000")
    return account


def line(account: BankAccount, amount: str, kind: str = LineKind.ALL, **days: Any) -> CreditLine:
    days.setdefault("valid_from", TODAY)
    return CreditLine.objects.create(account=account, kind=kind, amount=Decimal(amount), agreed_at=NOW, **days)


@pytest.fixture
def drawn(cast: Cast) -> Callable[..., Effect]:
    """A function that issues an effect over an item made for it."""

    def draw(amount: str, *, number: str = "E1", customer: Any = None, due: date = DUE) -> Effect:
        who = customer or cast.rossi
        item = cast.item(who, amount, due=due, reference=f"for {number}")
        return booking.issue_effect(
            customer=who, amount=Decimal(amount), due=due, items=[item], number=number, by=cast.carla, now=NOW
        )

    return draw


@pytest.fixture
def owed(cast: Cast) -> Callable[..., dict[str, Decimal]]:
    """A function that returns Rossi's buckets on a day, those that hold something, and finds the audit at 0.00."""

    def look(day: date = TODAY, customer: Any = None) -> dict[str, Decimal]:
        assert ledger.audit().total == 0
        exposure = context.standing(customer or cast.rossi, today=day).exposure
        return {name: amount for name, amount in exposure.buckets.items() if amount}

    return look
