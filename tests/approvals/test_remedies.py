"""What would free a held document: payments, amounts and limits, each carried out for real, and a cent less."""

from datetime import timedelta
from decimal import Decimal as D

import pytest

from approvals import gate
from approvals.remedies import words
from customers.models import CreditAccount
from documents.drafts import Changes
from tests.approvals.freeing import freeing, held, kinds, passes, pay, proves_amount, proves_limit, proves_payment, way
from tests.cast import NOW, TODAY, Cast, policy

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("amount", "owed"), [("1500", "0"), ("1000.01", "0"), ("600", "700.55"), ("5", "3000")])
def test_over_the_limit_pay_order_less_or_get_more(cast: Cast, amount: str, owed: str) -> None:
    if D(owed):
        cast.item(cast.bianchi, owed, due=TODAY + timedelta(days=30))
    hold = held(cast, cast.bianchi, amount)

    found = freeing(hold)

    excess = D(amount) + D(owed) - 1000
    payment = way(found, "pay")
    assert payment.payment is not None
    assert payment.payment.sums == {"EUR": excess}
    assert payment.anything
    proves_payment(cast, hold, payment, cast.bianchi)
    proves_limit(cast, hold, way(found, "limit"), customer=cast.bianchi)
    assert way(found, "limit").amount == D(amount) + D(owed)
    if D(owed) < 1000:
        assert way(found, "amount").amount == 1000 - D(owed)
        proves_amount(cast, hold, way(found, "amount"))
    else:
        assert "amount" not in kinds(found)


def test_a_percent_of_the_limit_is_met_to_the_cent(cast: Cast) -> None:
    policy(rules=[{"rule": "limit_used", "percent": D("66.6667")}])
    cast.item(cast.bianchi, "300.33", due=TODAY)

    hold = held(cast, cast.bianchi, "500")
    found = freeing(hold)

    proves_payment(cast, hold, way(found, "pay"), cast.bianchi)
    proves_amount(cast, hold, way(found, "amount"))
    proves_limit(cast, hold, way(found, "limit"), customer=cast.bianchi)


def test_overdue_by_days_names_exactly_the_items_that_are_too_late(cast: Cast) -> None:
    policy(rules=[{"rule": "days_overdue", "days": 10}])
    for reference, late, amount in (("OLD", 30, "100"), ("EDGE", 10, "200.50"), ("NEWER", 9, "400"), ("NOT", -5, "50")):
        cast.item(cast.rossi, amount, due=TODAY - timedelta(days=late), reference=reference)
    hold = held(cast, cast.rossi, "10")

    found = freeing(hold)

    payment = way(found, "pay").payment
    assert payment is not None
    assert [(p.reference, p.amount, p.in_full) for p in payment.parts] == [
        ("OLD", 100, True),
        ("EDGE", D("200.5"), True),
    ]
    assert kinds(found) == {"pay"}
    proves_payment(cast, hold, way(found, "pay"), cast.rossi)
    advice = words.tell(found, debtor="ROSSI", kind="ORDER", grants=True)
    assert advice.ways[0].text.replace("\xa0", " ") == (
        "Payment of at least EUR 300.50: OLD (EUR 100.00), EDGE (EUR 200.50)."
    )


def test_overdue_by_amount_and_percent_takes_the_smallest_way(cast: Cast) -> None:
    policy(rules=[{"rule": "overdue_amount", "amount": D(500), "percent": D(50)}])
    cast.item(cast.bianchi, "600", due=TODAY - timedelta(days=3))
    hold = held(cast, cast.bianchi, "10")

    found = freeing(hold)

    assert way(found, "pay").payment.sums == {"EUR": D("100.01")}  # type: ignore[union-attr]
    proves_payment(cast, hold, way(found, "pay"), cast.bianchi)
    assert "amount" not in kinds(found)
    proves_limit(cast, hold, way(found, "limit"), customer=cast.bianchi)


def test_two_reasons_are_met_by_one_payment_where_one_suffices(cast: Cast) -> None:
    policy(rules=[{"rule": "days_overdue", "days": 5}])
    cast.item(cast.bianchi, "300", due=TODAY - timedelta(days=20), reference="LATE")
    cast.item(cast.bianchi, "500", due=TODAY + timedelta(days=20), reference="OPEN")
    hold = held(cast, cast.bianchi, "800")

    found = freeing(hold)

    payment = way(found, "pay").payment
    assert payment is not None
    assert [(p.reference, p.amount) for p in payment.parts] == [("LATE", 300), ("OPEN", 300)]
    assert kinds(found) == {"pay"}
    proves_payment(cast, hold, way(found, "pay"), cast.bianchi)


def test_two_reasons_that_need_two_changes_are_told_together(cast: Cast) -> None:
    policy(rules=[{"rule": "days_overdue", "days": 5}, {"rule": "order_amount", "amount": D(400)}])
    cast.item(cast.rossi, "300", due=TODAY - timedelta(days=20), reference="LATE")
    hold = held(cast, cast.rossi, "500")

    found = freeing(hold)

    assert not found.ways
    assert [r.kind for r in found.together] == ["pay", "amount"]
    assert way(found, "amount").amount == D("399.99")
    assert not passes(cast, hold, changes=Changes(amount=D("399.99")))
    pay(cast, way(found, "pay"))
    assert not passes(cast, hold)
    proves_amount(cast, hold, way(found, "amount"))


def test_what_only_a_person_can_decide_says_so(cast: Cast) -> None:
    CreditAccount.objects.filter(customer=cast.rossi).update(authorise_orders=True)
    hold = held(cast, cast.rossi, "10")

    found = freeing(hold)

    assert found.only_release
    assert "it takes a release" in words.tell(found, debtor="ROSSI", kind="ORDER", grants=True).sentence


def test_a_forced_hold_needs_a_release(cast: Cast) -> None:
    hold = gate.force(cast.order(cast.rossi, "10"), by=cast.carla, now=NOW, reason="strange")

    assert freeing(hold).only_release
