"""What would free a held document beside money: terms, days, partners, what the credit department lifts."""

from datetime import date, timedelta
from decimal import Decimal as D
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from approvals import booking, gate, remedies
from approvals.models import Hold
from approvals.remedies import words
from creditrisk.facts import Verdict
from customers.models import AccountStatus, CreditAccount, CustomerBlock, PaymentTerms, SettlementDiscount, SharedLimit
from documents.drafts import Changes, NewDocument
from documents.models import Document
from ledger.models import ExchangeRate
from tests.approvals.freeing import (
    CENT,
    freeing,
    grant,
    held,
    kinds,
    passes,
    proves_amount,
    proves_limit,
    proves_payment,
    way,
)
from tests.cast import NOW, TODAY, Cast, after, policy

pytestmark = pytest.mark.django_db


def test_the_usual_terms_a_lower_rank_and_prepaid_are_proposed_where_they_pass(cast: Cast) -> None:
    PaymentTerms.objects.filter(pk=cast.terms.pk).update(rank=2)
    PaymentTerms.objects.create(code="N10", days=10, rank=1)
    generous = PaymentTerms.objects.create(code="N90", days=90, rank=4)
    PaymentTerms.objects.create(code="PRE", prepaid=True)
    policy(check_terms_increase=True)
    hold = held(cast, cast.rossi, "100", terms=generous)

    found = freeing(hold)

    assert [r.terms.code for r in found.ways if r.terms] == ["N30", "N10", "PRE"]
    for remedy in found.ways:
        assert passes(cast, hold, changes=Changes(terms=remedy.terms))


def test_prepaid_frees_what_no_credit_is_left_for(cast: Cast) -> None:
    PaymentTerms.objects.create(code="PRE", prepaid=True)
    cast.item(cast.bianchi, "2000", due=TODAY)
    hold = held(cast, cast.bianchi, "100")

    remedy = way(freeing(hold), "terms")

    assert remedy.terms is not None and remedy.terms.code == "PRE"
    assert passes(cast, hold, changes=Changes(terms=remedy.terms))


def test_terms_that_a_rule_stops_are_changed_into_the_usual_ones(cast: Cast) -> None:
    bad = PaymentTerms.objects.create(code="N120", days=120)
    policy(rules=[{"rule": "payment_terms", "terms": bad}])
    hold = held(cast, cast.rossi, "100", terms=bad)

    assert [r.terms.code for r in freeing(hold).ways if r.terms] == ["N30"]


def test_a_bigger_discount_than_usual_goes_back_to_the_usual_one(cast: Cast) -> None:
    usual = SettlementDiscount.objects.create(code="D1", percent=1, days=5, rank=1)
    big = SettlementDiscount.objects.create(code="D5", percent=5, days=5, rank=5)
    cast.rossi.settlement_discount = usual
    cast.rossi.save()
    policy(check_discount_increase=True)
    hold = held(cast, cast.rossi, "100", settlement_discount=big)

    remedy = way(freeing(hold), "discount")

    assert remedy.discount == usual
    assert passes(cast, hold, changes=Changes(settlement_discount=usual))


def test_a_ship_date_beyond_the_horizon_frees_from_the_first_day_after_it(cast: Cast) -> None:
    policy(order_horizon_days=20)
    hold = held(cast, cast.bianchi, "1500", ship_date=TODAY + timedelta(days=5))

    remedy = way(freeing(hold), "ship")

    assert remedy.day == TODAY + timedelta(days=21)
    assert passes(cast, hold, changes=Changes(ship_date=remedy.day))
    assert not passes(cast, hold, changes=Changes(ship_date=remedy.day - timedelta(days=1)))


def effect(cast: Cast, customer: Any, amount: str, due: date, number: str = "E1") -> Any:
    item = cast.item(customer, amount, due=TODAY, reference=f"I{number}")
    made = booking.issue_effect(
        customer=customer, amount=D(amount), due=due, items=[item], number=number, by=cast.carla, now=NOW
    )
    booking.present([made], by=cast.carla, now=NOW)
    return made


def test_the_day_on_which_enough_effects_have_matured(cast: Cast) -> None:
    policy(sbf_grace_days=2)
    effect(cast, cast.bianchi, "300", TODAY + timedelta(days=10), "E1")
    effect(cast, cast.bianchi, "400", TODAY + timedelta(days=20), "E2")
    hold = held(cast, cast.bianchi, "700")

    remedy = way(freeing(hold), "wait")

    assert (remedy.day, remedy.matures) == (TODAY + timedelta(days=22), {"EUR": D(700)})
    assert passes(cast, hold, now=after(22))
    assert not passes(cast, hold, now=after(21))


def test_waiting_is_no_way_where_an_item_falls_overdue_meanwhile(cast: Cast) -> None:
    policy(rules=[{"rule": "days_overdue", "days": 1}])
    effect(cast, cast.bianchi, "400", TODAY + timedelta(days=10))
    cast.item(cast.bianchi, "100", due=TODAY + timedelta(days=5), reference="SOON")
    hold = held(cast, cast.bianchi, "700")

    assert "wait" not in kinds(freeing(hold))
    assert not passes(cast, hold, now=after(10))


@pytest.mark.parametrize("what", ["stop", "limit", "security", "temporary"])
def test_the_day_on_which_what_is_granted_turns(cast: Cast, what: str) -> None:
    turn = TODAY + timedelta(days=7)
    customer, amount = cast.bianchi, "1200"
    if what == "stop":
        customer = cast.neri
        CustomerBlock.objects.create(customer=customer, orders=True, valid_to=turn - timedelta(days=1), placed_at=NOW)
    elif what == "limit":
        booking.grant_limit(customer=customer, amount=D(1300), valid_from=turn, by=cast.dario, now=NOW)
    elif what == "security":
        customer.securities.create(kind="GUARANTEE", amount=D(400), currency="EUR", percent=50, valid_from=turn)
    else:
        booking.grant_limit(
            customer=customer, amount=D(100), kind="TEMPORARY", valid_from=TODAY, valid_to=turn - timedelta(days=1),
            by=cast.dario, now=NOW,
        )  # fmt: skip
        amount = "900"
    hold = held(cast, customer, amount)

    remedy = way(freeing(hold), "wait")

    assert remedy.day == turn
    assert passes(cast, hold, now=after(7))
    assert not passes(cast, hold, now=after(6))


def test_a_temporary_limit_has_to_rise_while_it_is_in_force(cast: Cast) -> None:
    booking.grant_limit(
        customer=cast.rossi, amount=D(100), kind="TEMPORARY", valid_from=TODAY, valid_to=TODAY + timedelta(days=9),
        by=cast.dario, now=NOW,
    )  # fmt: skip
    hold = held(cast, cast.rossi, "150")

    remedy = way(freeing(hold), "limit")

    assert (remedy.amount, remedy.temporary) == (150, True)
    until = TODAY + timedelta(days=9)
    proves_limit_of(cast, hold, D(150), kind="TEMPORARY", valid_to=until)


def proves_limit_of(cast: Cast, hold: Hold, amount: D, **more: Any) -> None:
    for less, expected in ((CENT, False), (D(0), True)):
        point = transaction.savepoint_create()
        grant(cast, amount - less, customer=cast.rossi, **more)
        assert passes(cast, hold) is expected
        transaction.savepoint_rollback(point)


def test_unpaid_effects_are_waited_out(cast: Cast) -> None:
    policy(rules=[{"rule": "unpaid_effects", "days": 30, "count": 1}])
    made = effect(cast, cast.rossi, "100", TODAY + timedelta(days=1))
    booking.unpaid(made, posted=False, by=cast.carla, now=NOW)
    hold = held(cast, cast.rossi, "10")

    remedy = way(freeing(hold), "wait")

    assert remedy.day == TODAY + timedelta(days=31)
    assert passes(cast, hold, now=after(31))
    assert not passes(cast, hold, now=after(30))


def test_a_head_is_freed_by_its_branches_payments_and_by_a_limit_of_its_own(cast: Cast) -> None:
    branch = cast.customer("BRANCH", "5000", parent=cast.bianchi)
    cast.item(branch, "800", due=TODAY)
    hold = held(cast, branch, "300")

    found = freeing(hold)

    assert way(found, "pay").payment.sums == {"EUR": D(100)}  # type: ignore[union-attr]
    proves_payment(cast, hold, way(found, "pay"), branch)
    proves_amount(cast, hold, way(found, "amount"))
    limit = way(found, "limit")
    assert (limit.whose, limit.whose_kind, limit.amount) == ("BIANCHI", "head", 1100)
    proves_limit(cast, hold, limit, customer=cast.bianchi)


def shared(cast: Cast, amount: str, currency: str = "EUR", **more: Any) -> SharedLimit:
    made = SharedLimit.objects.create(code="GROUP", currency=currency, **more)
    made.members.set([cast.rossi, cast.neri])
    booking.grant_limit(shared=made, amount=D(amount), valid_from=TODAY, by=cast.dario, now=NOW)
    return made


def test_a_shared_limit_in_another_currency_is_met_to_the_cent(cast: Cast) -> None:
    ExchangeRate.objects.create(source="EUR", target="USD", day=TODAY, rate=D("1.37"))
    group = shared(cast, "1000", "USD")
    cast.item(cast.neri, "400", due=TODAY)
    hold = held(cast, cast.rossi, "500")

    found = freeing(hold)

    proves_payment(cast, hold, way(found, "pay"), cast.rossi)
    proves_amount(cast, hold, way(found, "amount"))
    assert way(found, "limit").whose_kind == "shared"
    proves_limit(cast, hold, way(found, "limit"), shared=group)


def test_another_members_overdue_items_are_named_with_their_owner(cast: Cast) -> None:
    policy(rules=[{"rule": "days_overdue", "days": 5}])
    shared(cast, "9000", count_member_overdue=True)
    cast.item(cast.neri, "400", due=TODAY - timedelta(days=9), reference="HERS")
    cast.item(cast.rossi, "50", due=TODAY - timedelta(days=1), reference="MINE")
    hold = held(cast, cast.rossi, "500")

    found = freeing(hold)

    assert [p.reference for p in way(found, "pay").payment.parts] == ["HERS"]  # type: ignore[union-attr]
    proves_payment(cast, hold, way(found, "pay"), cast.neri)
    assert "NERI HERS" in words.tell(found, debtor="ROSSI", kind="ORDER", grants=False).ways[0].text


def test_items_are_paid_in_their_own_currency(cast: Cast) -> None:
    ExchangeRate.objects.create(source="USD", target="EUR", day=TODAY, rate=D("0.91"))
    policy(rules=[{"rule": "overdue_amount", "amount": D(100), "percent": D(0)}])
    booking.item(
        customer=cast.rossi, amount=D(300), due=TODAY - timedelta(days=5), reference="USD1", currency="USD",
        by=cast.carla, now=NOW,
    )  # fmt: skip
    hold = held(cast, cast.rossi, "10")

    payment = way(freeing(hold), "pay").payment

    assert payment is not None
    assert list(payment.sums) == ["USD"]
    proves_payment(cast, hold, way(freeing(hold), "pay"), cast.rossi)


def test_an_order_in_a_currency_without_decimals_is_cut_to_whole_units(cast: Cast) -> None:
    ExchangeRate.objects.create(source="EUR", target="JPY", day=TODAY, rate=D(160))
    hold = held(cast, cast.bianchi, "200000", currency="JPY")

    remedy = way(freeing(hold), "amount")

    assert (remedy.amount, remedy.currency) == (D(160000), "JPY")
    proves_amount(cast, hold, remedy, cent=D(1))


def test_a_prepaid_delivery_is_freed_by_money_on_account(cast: Cast) -> None:
    prepaid = PaymentTerms.objects.create(code="PRE", prepaid=True)
    order = cast.confirmed(cast.rossi, "500", terms=prepaid)
    booking.pay(customer=cast.rossi, amount=D(120), reference="P0", by=cast.carla, now=NOW)
    cast.item(cast.rossi, "900", due=TODAY)
    hold = gate.submit(NewDocument(kind="DELIVERY", sources=(order,)), "deliver", by=cast.sara, now=NOW).hold
    assert hold is not None

    found = freeing(hold)

    assert way(found, "pay").payment.sums == {"EUR": D(380)}  # type: ignore[union-attr]
    assert not way(found, "pay").anything
    proves_payment(cast, hold, way(found, "pay"), cast.rossi)
    assert way(found, "amount").amount == 120
    proves_amount(cast, hold, way(found, "amount"))
    told = words.tell(found, debtor="ROSSI", kind="DELIVERY", grants=True)
    assert {"A delivery of at most EUR 120.00."} <= {w.text.replace("\xa0", " ") for w in told.ways}


def test_a_held_amendment_is_freed_by_growing_less(cast: Cast) -> None:
    order = cast.confirmed(cast.bianchi, "800")
    hold = gate.submit(order, "amend", by=cast.sara, now=NOW, changes=Changes(amount=D(1300))).hold
    assert hold is not None

    remedy = way(freeing(hold), "amount")

    assert remedy.amount == 1000
    for amount, verdict in ((D(1000), Verdict.PASSED), (D("1000.01"), Verdict.HELD)):
        point = transaction.savepoint_create()
        result = gate.submit(order, "amend", by=cast.sara, now=NOW, changes=Changes(amount=amount))
        assert result.outcome.verdict == verdict
        transaction.savepoint_rollback(point)


def test_an_earlier_release_says_how_much_may_be_ordered(cast: Cast) -> None:
    hold = held(cast, cast.bianchi, "1500")
    gate.release(hold, by=cast.carla, now=NOW, reason="agreed", cap=D("1550.50"))
    order = gate.submit(hold.document, "confirm", by=cast.sara, now=NOW).document
    grown = gate.submit(order, "amend", by=cast.sara, now=NOW, changes=Changes(amount=D(1600))).hold
    assert grown is not None

    assert way(freeing(grown), "amount").amount == D("1550.50")


@pytest.mark.parametrize("code", ["suspended", "account_status", "review_overdue", "limit_expired", "customer_blocked"])
def test_what_the_credit_department_lifts_is_named(cast: Cast, code: str) -> None:
    account = CreditAccount.objects.filter(customer=cast.rossi)
    if code == "suspended":
        account.update(suspended=True)
    elif code == "account_status":
        status = AccountStatus.objects.create(code="WATCH")
        cast.rossi.account_status = status
        cast.rossi.save()
        policy(rules=[{"rule": "account_status", "status": status}])
    elif code == "review_overdue":
        account.update(next_review=TODAY - timedelta(days=9))
        policy(rules=[{"rule": "review_overdue", "days": 5}])
    elif code == "limit_expired":
        grant(cast, D(10000), customer=cast.rossi, valid_to=TODAY)
        policy(rules=[{"rule": "limit_expired", "days": 1}])
    else:
        CustomerBlock.objects.create(customer=cast.rossi, orders=True, placed_at=NOW)
    now, today = (after(3), TODAY + timedelta(days=3)) if code == "limit_expired" else (NOW, TODAY)
    order = cast.order(cast.rossi, "10", now=now)
    hold = gate.submit(order, "confirm", by=cast.sara, now=now).hold
    assert hold is not None

    found = remedies.of_hold(hold, today=today)

    assert [(r.kind, r.code) for r in found.ways] == [("office", code)]
    assert words.tell(found, debtor="ROSSI", kind="ORDER", grants=False).ways[0].text


def test_a_stop_and_a_full_limit_need_both(cast: Cast) -> None:
    CustomerBlock.objects.create(customer=cast.bianchi, orders=True, placed_at=NOW)
    hold = held(cast, cast.bianchi, "1400")

    found = freeing(hold)

    assert [r.kind for r in found.together] == ["office", "pay"]
    assert found.together[1].payment.sums == {"EUR": D(400)}  # type: ignore[union-attr]


def test_a_salesperson_does_not_hear_of_limits(cast: Cast) -> None:
    found = freeing(held(cast, cast.bianchi, "1500"))

    assert "limit" in {w.kind for w in words.tell(found, debtor="BIANCHI", kind="ORDER", grants=True).ways}
    assert "limit" not in {w.kind for w in words.tell(found, debtor="BIANCHI", kind="ORDER", grants=False).ways}


def test_a_reason_that_is_gone_leaves_nothing_in_the_way(cast: Cast) -> None:
    hold = held(cast, cast.bianchi, "1500")
    grant(cast, D(2000), customer=cast.bianchi)

    found = freeing(hold)

    assert found.passes
    assert "repeat the step" in words.tell(found, debtor="BIANCHI", kind="ORDER", grants=True).sentence


def test_a_missing_rate_is_told_in_a_sentence(cast: Cast) -> None:
    hold = held(cast, cast.bianchi, "1500")
    Document.objects.filter(pk=hold.document_id).update(currency="CHF")

    assert "no exchange rate from CHF to EUR" in freeing(hold).sentence


def test_queries_do_not_grow_with_what_is_tried_or_owed(cast: Cast) -> None:
    policy(rules=[{"rule": "days_overdue", "days": 5}, {"rule": "unpaid_effects", "days": 3, "count": 1}])
    cast.item(cast.bianchi, "1", due=TODAY - timedelta(days=9), reference="FIRST")
    effect(cast, cast.bianchi, "10", TODAY + timedelta(days=3), "E0")
    hold = held(cast, cast.bianchi, "1500")

    def many() -> int:
        again = Hold.objects.select_related("document").get(pk=hold.pk)
        with CaptureQueriesContext(connection) as seen:
            remedies.of_hold(again, today=TODAY)
        return len(seen)

    before = many()
    for n in range(30):
        cast.item(cast.bianchi, "1", due=TODAY - timedelta(days=n), reference=f"X{n}")
    for n in range(5):
        effect(cast, cast.bianchi, "10", TODAY + timedelta(days=4 + n), f"E{n + 1}")

    assert many() == before <= 20
