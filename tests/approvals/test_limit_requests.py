"""Asking for limits and terms: who decides, level by level, and that it takes effect once."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group

from approvals import context, limit_requests
from approvals import levels as approval_levels
from approvals.limit_requests import Asked
from approvals.models import ApprovalLevel, EvaluationRequest, LimitRequest, RequestState
from creditrisk.refusal import AboveAuthority, AlreadyClosed, Duplicate, FourEyes, NotPermitted, Refused, Stale
from creditrisk.roles import Actor
from customers.models import Company, CompanyAccess, Limit, PaymentTerms
from tests.cast import NOW, TODAY, Cast, after, policy


def ask(cast: Cast, amount: str = "2000", *, by: Actor | None = None, **more: Any) -> LimitRequest:
    customer = more.pop("customer", cast.bianchi)
    asked = Asked(amount=Decimal(amount), reason="growing", **more)
    return limit_requests.ask(customer, asked, by=by or cast.sara, now=NOW)


def limit_of(cast: Cast, customer: Any = None, *, days: int = 0) -> Decimal:
    return context.standing(customer or cast.bianchi, today=TODAY + timedelta(days=days)).limit.amount


@pytest.fixture
def levels(cast: Cast) -> None:
    """The clerk up to 3,000 and 1,000 more; the manager up to 10,000; above, both the manager and the director."""
    for position, role, amount, increase, with_former in (
        (1, "credit_clerk", 3000, 1000, False),
        (2, "credit_manager", 10000, None, False),
        (3, "finance_director", None, None, True),
    ):
        group = Group.objects.get(name=role)
        ApprovalLevel.objects.create(
            position=position, group=group, amount_up_to=amount, increase_up_to=increase, with_former=with_former
        )


def turn_of(request: LimitRequest) -> approval_levels.Turn:
    return approval_levels.turn(request, seen=approval_levels.see([request.customer], day=TODAY))


def approve(cast: Cast, request: LimitRequest, who: str, **more: Any) -> LimitRequest:
    return limit_requests.approve(request, by=getattr(cast, who), now=NOW, **more)


def test_nothing_changes_until_it_is_approved_and_then_once(cast: Cast) -> None:
    request = ask(cast)
    before = limit_of(cast)

    approved = approve(cast, request, "dario")

    assert (before, limit_of(cast), approved.state) == (Decimal(1000), Decimal(2000), RequestState.APPLIED)
    with pytest.raises(AlreadyClosed, match="by dario"):
        approve(cast, request, "fiona")
    assert Limit.objects.filter(customer=cast.bianchi).count() == 2


def test_nobody_decides_what_they_asked_for(cast: Cast) -> None:
    request = ask(cast, by=cast.dario)

    with pytest.raises(FourEyes):
        approve(cast, request, "dario")
    with pytest.raises(FourEyes):
        limit_requests.reject(request, by=cast.dario, now=NOW, note="no")


def test_with_one_pair_of_eyes_who_asked_may_decide(cast: Cast) -> None:
    policy(four_eyes=False)

    assert approve(cast, ask(cast, by=cast.dario), "dario").state == RequestState.APPLIED


@pytest.mark.parametrize(
    ("amount", "needed"),
    [
        ("900", [1]),
        ("2000", [1]),
        ("2000.01", [2]),
        ("10000", [2]),
        ("10000.01", [2, 3]),
    ],
)
def test_amount_and_increase_say_whose_turn_it_is(cast: Cast, levels: None, amount: str, needed: list[int]) -> None:
    turn = turn_of(ask(cast, amount))

    assert [level.position for level in turn.needed] == needed


def test_the_clerk_is_told_whose_decision_it_is_and_a_higher_one_may_decide(cast: Cast, levels: None) -> None:
    small, middle = ask(cast, "1500"), ask(cast, "5000")

    with pytest.raises(AboveAuthority, match="credit manager"):
        approve(cast, middle, "carla")
    assert approve(cast, small, "fiona").state == RequestState.APPLIED
    assert approve(cast, middle, "dario").state == RequestState.APPLIED


def test_above_both_decide_and_each_leaves_the_figures_of_the_day(cast: Cast, levels: None) -> None:
    request = ask(cast, "20000")

    first = approve(cast, request, "dario", note="sound")
    between = limit_of(cast)
    with pytest.raises(FourEyes, match="agreed to this already"):
        approve(cast, request, "dario")
    second = approve(cast, request, "fiona")

    assert (first.state, between) == (RequestState.OPEN, Decimal(1000))
    assert (second.state, limit_of(cast)) == (RequestState.APPLIED, Decimal(20000))
    events = list(request.events.order_by("pk"))
    assert [(e.step, e.level) for e in events] == [
        ("ASKED", None),
        ("APPROVED", 2),
        ("APPROVED", 3),
        ("APPLIED", None),
    ]
    assert events[1].figures["limit"] == "1000.00"
    assert events[1].figures["currency"] == "EUR"


def test_unlimited_is_for_the_highest(cast: Cast, levels: None) -> None:
    asked = Asked(state="UNLIMITED", reason="a ministry")
    request = limit_requests.ask(cast.bianchi, asked, by=cast.sara, now=NOW)

    assert [level.position for level in turn_of(request).needed] == [2, 3]


def test_a_change_begins_the_levels_anew(cast: Cast, levels: None) -> None:
    request = ask(cast, "20000")
    approve(cast, request, "dario")

    limit_requests.ask_change(request, by=cast.fiona, now=NOW, note="less")
    with pytest.raises(Refused, match="wait for it"):
        approve(cast, request, "fiona")
    limit_requests.change(request, Asked(amount=Decimal(12000), reason="less then"), by=cast.sara, now=NOW)
    request.refresh_from_db()

    assert [level.position for level in turn_of(request).pending] == [2, 3]
    with pytest.raises(NotPermitted):
        limit_requests.change(request, Asked(amount=Decimal(1), reason="x"), by=cast.dario, now=NOW)


def test_nobody_below_the_level_whose_turn_it_is_rejects_it_or_sends_it_back(cast: Cast, levels: None) -> None:
    request = ask(cast, "5000.01")

    for refuse in (limit_requests.reject, limit_requests.ask_change):
        with pytest.raises(AboveAuthority, match="credit manager"):
            refuse(request, by=cast.carla, now=NOW, note="no")
    limit_requests.ask_change(request, by=cast.fiona, now=NOW, note="less")

    assert not request.events.filter(made_by=cast.carla.user).exists()


def test_it_is_delegated_to_nobody_of_another_company(cast: Cast, levels: None) -> None:
    request = ask(cast, "5000")
    elsewhere = Company.objects.create(code="ELSE", name="Elsewhere", currency="EUR")
    CompanyAccess.objects.create(user=cast.carla.user, company=elsewhere)

    with pytest.raises(Refused, match="does not work in the company"):
        limit_requests.delegate(request, to=cast.carla.user, by=cast.dario, now=NOW)


def test_it_is_delegated_to_nobody_who_has_agreed_already(cast: Cast, levels: None) -> None:
    request = ask(cast, "20000")
    approve(cast, request, "dario")

    with pytest.raises(FourEyes, match="agreed to this already"):
        limit_requests.delegate(request, to=cast.dario.user, by=cast.fiona, now=NOW)


def test_it_is_delegated_to_who_may_decide_and_never_to_who_asked(cast: Cast, levels: None) -> None:
    request = ask(cast, "5000", by=cast.carla)

    with pytest.raises(FourEyes):
        limit_requests.delegate(request, to=cast.carla.user, by=cast.dario, now=NOW)
    with pytest.raises(Refused, match="do not decide limits"):
        limit_requests.delegate(request, to=cast.guido.user, by=cast.dario, now=NOW)
    other = type(cast.carla.user).objects.create(username="other")
    other.groups.add(Group.objects.get(name="credit_clerk"))
    limit_requests.delegate(request, to=other, by=cast.dario, now=NOW)

    assert limit_requests.approve(request, by=Actor(other), now=NOW).state == RequestState.APPLIED


def test_a_rejection_says_why_and_ends_it(cast: Cast) -> None:
    request = ask(cast)

    with pytest.raises(Refused, match="Say why"):
        limit_requests.reject(request, by=cast.dario, now=NOW, note=" ")
    limit_requests.reject(request, by=cast.dario, now=NOW, note="late payer")

    with pytest.raises(AlreadyClosed, match="rejected"):
        approve(cast, request, "fiona")
    assert limit_of(cast) == 1000


def test_only_who_asked_withdraws(cast: Cast) -> None:
    request = ask(cast)

    with pytest.raises(NotPermitted):
        limit_requests.withdraw(request, by=cast.dario, now=NOW)
    assert limit_requests.withdraw(request, by=cast.sara, now=NOW).state == RequestState.WITHDRAWN


def test_a_temporary_limit_replaces_by_its_dates(cast: Cast) -> None:
    first, last = TODAY + timedelta(days=5), TODAY + timedelta(days=9)
    request = ask(cast, "3000", kind="TEMPORARY", valid_from=first, valid_to=last)

    approve(cast, request, "dario")

    assert [limit_of(cast, days=n) for n in (4, 5, 9, 10)] == [1000, 3000, 3000, 1000]


def test_what_has_run_out_meanwhile_is_refused_and_nothing_is_half_done(cast: Cast) -> None:
    request = ask(cast, kind="TEMPORARY", valid_to=TODAY + timedelta(days=3))

    with pytest.raises(Refused, match="last day has passed"):
        limit_requests.approve(request, by=cast.dario, now=after(4))

    request.refresh_from_db()
    assert (request.state, request.events.count()) == (RequestState.OPEN, 1)


def test_terms_change_for_the_customer_and_its_holds_are_looked_at_again(cast: Cast) -> None:
    longer = PaymentTerms.objects.create(code="N60", days=60)
    asked = Asked(state="", terms=longer, reason="as their other suppliers")
    request = limit_requests.ask(cast.rossi, asked, by=cast.sara, now=NOW)

    approve(cast, request, "dario")

    cast.rossi.refresh_from_db()
    assert cast.rossi.terms == longer
    assert EvaluationRequest.objects.filter(customer=cast.rossi, done_at=None).exists()


def test_who_saw_less_than_happened_is_told(cast: Cast, levels: None) -> None:
    request = ask(cast, "20000")
    saw = list(request.events.values_list("pk", flat=True))
    approve(cast, request, "dario")

    with pytest.raises(Stale):
        approve(cast, request, "fiona", saw=saw)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (Asked(amount=Decimal(-1), reason="x"), "zero or more"),
        (Asked(amount=Decimal("NaN"), reason="x"), "zero or more"),
        (Asked(amount=Decimal("1.001"), reason="x"), "as fine as"),
        (Asked(amount=Decimal("1e15"), reason="x"), "too large"),
        (Asked(amount=Decimal(1), reason=" "), "Say why"),
        (Asked(state="", reason="x"), "Ask for a limit"),
        (Asked(amount=Decimal(1), kind="TEMPORARY", reason="x"), "last day"),
        (Asked(amount=Decimal(1), valid_to=TODAY - timedelta(days=1), reason="x"), "before the first"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(cast: Cast, asked: Asked, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        limit_requests.ask(cast.bianchi, asked, by=cast.sara, now=NOW)


def test_who_may_not_is_refused(cast: Cast) -> None:
    request = ask(cast)
    other = Company.objects.create(code="OTHER", name="Other", currency="EUR")
    CompanyAccess.objects.create(user=cast.fiona.user, company=other)

    with pytest.raises(NotPermitted):
        ask(cast, by=cast.guido)
    with pytest.raises(NotPermitted):
        approve(cast, request, "sara")
    with pytest.raises(NotPermitted, match="not yours"):
        approve(cast, request, "fiona")


def test_a_form_counts_once(cast: Cast) -> None:
    asked = Asked(amount=Decimal(2000), reason="growing")
    limit_requests.ask(cast.bianchi, asked, by=cast.sara, now=NOW, source_key="f1")

    with pytest.raises(Duplicate):
        limit_requests.ask(cast.bianchi, asked, by=cast.sara, now=NOW, source_key="f1")
