"""What history proposes to keep of each customer's delay, chosen and kept."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from approvals import booking, delays
from creditrisk.audit.models import Change
from creditrisk.clock import business_day
from customers.models import CreditAccount
from ledger import delays as history
from tests.cast import Cast
from tests.pages import as_user, queries_of, words

D = Decimal


def paid(cast: Cast, customer: Any, amount: str, *, late: int, reference: str) -> None:
    now = timezone.now()
    day = business_day(now) - timedelta(days=5)
    due = day - timedelta(days=late)
    item = booking.item(
        customer=customer,
        amount=D(amount),
        due=due,
        day=due - timedelta(days=30),
        reference=reference,
        by=cast.carla,
        now=now,
    )
    booking.pay(
        customer=customer,
        amount=D(amount),
        items=[(item, None)],
        reference=f"P{reference}",
        day=day,
        by=cast.carla,
        now=now,
    )


def proposal(cast: Cast, least: int = 1) -> Any:
    (found,) = history.proposals(cast.carla.user, day=business_day(timezone.now()), least=least)
    return found


@pytest.mark.parametrize(
    ("late", "proposed"), [((10, 10, 10), 10), ((0, 0, 1), 1), ((-5, -5, -5), 0), ((10, 20, 30), 20)]
)
def test_the_delay_is_weighed_by_amount_and_rounded_up(cast: Cast, late: tuple[int, ...], proposed: int) -> None:
    for n, days in enumerate(late):
        paid(cast, cast.rossi, "100", late=days, reference=str(n))

    found = proposal(cast)

    assert (found.code, found.cases, found.proposed) == ("ROSSI", 3, proposed)
    assert found.days == D(sum(late)) / 3 or abs(found.days - D(sum(late)) / 3) < D("1e-9")


def test_larger_debts_weigh_more(cast: Cast) -> None:
    paid(cast, cast.rossi, "900", late=10, reference="A")
    paid(cast, cast.rossi, "100", late=50, reference="B")

    assert proposal(cast).proposed == 14


def test_too_few_debts_say_nothing(cast: Cast) -> None:
    paid(cast, cast.rossi, "100", late=10, reference="A")

    assert history.proposals(cast.carla.user, day=business_day(timezone.now()), least=2) == []


def test_what_is_chosen_is_kept_with_its_reason_in_the_trail(cast: Cast) -> None:
    paid(cast, cast.rossi, "100", late=12, reference="A")
    client = as_user(cast.carla.user)
    assert "1 of them would change" in words(client.get("/delays/?least=1"))

    told = client.post("/delays/keep/", {"keep": [f"{cast.rossi.pk}:12"], "next": "/delays/"}, follow=True)

    assert "The delay of 1 customer is kept." in words(told)
    assert CreditAccount.objects.get(customer=cast.rossi).usual_delay == 12
    assert history.kept([cast.rossi.pk, cast.neri.pk]) == {cast.rossi.pk: 12}
    changed = Change.objects.filter(table_name="customers_creditaccount").latest("pk")
    assert changed.becomes["usual_delay"] == 12
    assert "12.0 days late" in changed.reason
    assert "0 of them would change" in words(client.get("/delays/?least=1"))


def test_what_was_proposed_before_money_came_is_not_kept(cast: Cast) -> None:
    paid(cast, cast.rossi, "100", late=12, reference="A")
    paid(cast, cast.rossi, "900", late=2, reference="B")

    kept, moved = delays.keep({cast.rossi.pk: 12}, by=cast.carla, now=timezone.now())

    assert (kept, moved) == ([], [cast.rossi.pk])
    assert CreditAccount.objects.get(customer=cast.rossi).usual_delay is None


@pytest.mark.parametrize("sent", [[], ["x"], ["1"], ["1:-3"], ["99999999999999999999:3"], ["1:99999"]])
def test_nonsense_keeps_nothing(cast: Cast, sent: list[str]) -> None:
    assert as_user(cast.carla.user).post("/delays/keep/", {"keep": sent}).status_code == 302
    assert not CreditAccount.objects.filter(usual_delay__isnull=False).exists()


def test_the_page_costs_the_same_for_many(cast: Cast) -> None:
    client = as_user(cast.carla.user)
    before = queries_of(client, "/delays/?least=1")
    for n, customer in enumerate((cast.rossi, cast.neri, cast.bianchi)):
        paid(cast, customer, "10", late=n, reference=str(n))

    assert queries_of(client, "/delays/?least=1") == before
