"""Who may let what through: to the cent, to the class, in place of somebody, and to whom goes what is above."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse

from approvals import authority, gate, hold_events, queries, substituting
from approvals.models import Authority, Hold, Release
from creditrisk.refusal import AboveAuthority, AlreadyClosed, FourEyes, NotPermitted, Refused
from creditrisk.roles import Actor
from customers.models import Company, CompanyAccess, CreditAccount, RiskClass
from documents.drafts import Changes
from tests.approvals.looking import held
from tests.cast import NOW, TODAY, Cast, after, policy
from tests.pages import as_user, queries_of, words

D = Decimal


@pytest.fixture
def hold(cast: Cast) -> Hold:
    """An order of 1,500, 500 over the limit."""
    return held(cast, cast.bianchi)


def reach(actor: Actor, **bounds: Any) -> Authority:
    """Set how far a person's own authority reaches."""
    line = Authority.objects.get(user=actor.user)
    for name, value in bounds.items():
        setattr(line, name, value)
    line.save()
    return line


def waits_for(hold: Hold, *, four_eyes: bool = True) -> authority.Waiting:
    found = queries.full(User.objects.get(username="carla"), hold.pk)
    return authority.of_holds([found], day=TODAY, four_eyes=four_eyes)[hold.pk]


@pytest.mark.parametrize(("bound", "passes"), [("500", True), ("499.99", False), ("0", False)])
def test_the_excess_over_the_limit_is_bounded_to_the_cent(cast: Cast, hold: Hold, bound: str, passes: bool) -> None:
    reach(cast.carla, excess_up_to=D(bound))

    if passes:
        gate.release(hold, by=cast.carla, now=NOW, reason="good")
    else:
        with pytest.raises(AboveAuthority, match="EUR 500.00 over the limit"):
            gate.release(hold, by=cast.carla, now=NOW, reason="good")


def test_an_excess_that_the_page_made_up_does_not_help(cast: Cast, hold: Hold) -> None:
    reach(cast.carla, excess_up_to=D(600))
    cast.item(cast.bianchi, "200", due=TODAY)

    with pytest.raises(AboveAuthority, match="EUR 700.00 over the limit"):
        gate.release(
            hold, by=cast.carla, now=NOW, reason="good",
            saw={"amount": "1500", "excess": "9999", "reasons": ["over_limit"]},
        )  # fmt: skip


@pytest.mark.parametrize(("cap", "passes"), [("1600", True), ("1600.01", False), ("1000", True)])
def test_who_releases_up_to_more_than_the_document_needs_authority_for_that(
    cast: Cast, hold: Hold, cap: str, passes: bool
) -> None:
    reach(cast.carla, release_up_to=D(1600))

    if passes:
        gate.release(hold, by=cast.carla, now=NOW, reason="good", cap=D(cap))
    else:
        with pytest.raises(AboveAuthority, match="EUR 1,600.01 is above your authority of EUR 1,600.00"):
            gate.release(hold, by=cast.carla, now=NOW, reason="good", cap=D(cap))


def test_what_a_named_amount_adds_is_over_the_limit_too(cast: Cast, hold: Hold) -> None:
    reach(cast.carla, excess_up_to=D(600))

    gate.release(held(cast, cast.neri, "2500"), by=cast.carla, now=NOW, reason="good", cap=D(2600))
    with pytest.raises(AboveAuthority, match="EUR 600.01 over the limit"):
        gate.release(hold, by=cast.carla, now=NOW, reason="good", cap=D("1600.01"))


def test_the_tolerance_of_the_policy_asks_for_no_more_authority(cast: Cast, hold: Hold) -> None:
    policy(release_tolerance_percent=10)
    reach(cast.carla, release_up_to=D(1500))

    gate.release(hold, by=cast.carla, now=NOW, reason="good", cap=D(1650))

    assert Release.objects.get().cap == 1650


@pytest.mark.parametrize(("risk", "passes"), [("A", True), ("C", False), (None, False)])
def test_an_authority_for_risk_classes_is_for_no_other(cast: Cast, hold: Hold, risk: str | None, passes: bool) -> None:
    classes = {code: RiskClass.objects.create(code=code, score_from=n, score_to=n) for n, code in enumerate("AC")}
    reach(cast.carla).risk_classes.add(classes["A"])
    CreditAccount.objects.filter(customer=cast.bianchi).update(risk_class=classes.get(risk or ""))

    if passes:
        gate.release(hold, by=cast.carla, now=NOW, reason="good")
    else:
        with pytest.raises(AboveAuthority, match="are not in your authority"):
            gate.release(hold, by=cast.carla, now=NOW, reason="good")


def test_one_line_must_reach_within_all_its_bounds(cast: Cast, hold: Hold) -> None:
    """Two roles, one with the amount and one with the excess, do not add up."""
    Authority.objects.filter(user=cast.carla.user).delete()
    manager = Group.objects.get(name="credit_manager")
    cast.carla.user.groups.add(manager)
    Authority.objects.create(group=Group.objects.get(name="credit_clerk"), release_up_to=D(9000), excess_up_to=D(100))
    Authority.objects.create(group=manager, release_up_to=D(100), excess_up_to=D(9000))

    with pytest.raises(AboveAuthority):
        gate.release(hold, by=Actor(cast.carla.user), now=NOW, reason="good")


def test_what_is_above_goes_up_the_chain_by_itself(cast: Cast, hold: Hold) -> None:
    at_the_clerk = waits_for(hold)
    reach(cast.carla, release_up_to=D("1499.99"))
    at_the_manager = waits_for(hold)
    reach(cast.dario, excess_up_to=D(1))
    at_the_director = waits_for(hold)
    reach(cast.fiona, release_up_to=D(0))

    assert [w.words for w in (at_the_clerk, at_the_manager, at_the_director)] == [
        "credit clerk (carla)", "credit manager (dario)", "finance director (fiona)",
    ]  # fmt: skip
    assert waits_for(hold).words == ""


def test_who_is_refused_hears_for_whom_it_waits(cast: Cast, hold: Hold) -> None:
    reach(cast.carla, release_up_to=D(1000))

    with pytest.raises(AboveAuthority, match=r"above your authority of EUR 1,000.00. It waits for: credit manager"):
        gate.release(hold, by=cast.carla, now=NOW, reason="good")


def test_a_hold_does_not_wait_for_who_entered_it(cast: Cast) -> None:
    order = cast.order(cast.bianchi, "1500", by=cast.carla)
    hold = gate.submit(order, "confirm", by=cast.sara, now=NOW).hold
    assert hold is not None

    assert waits_for(hold).words == "credit manager (dario)"
    assert waits_for(hold, four_eyes=False).words == "credit clerk (carla)"


def test_a_hold_waits_for_whom_it_was_given_unless_it_is_above_them(cast: Cast, hold: Hold) -> None:
    hold_events.take(hold, by=cast.fiona, now=NOW)
    with_fiona = waits_for(hold)
    reach(cast.carla, release_up_to=D(10))
    hold_events.take(hold, by=cast.carla, now=NOW)

    assert with_fiona.words == "fiona"
    assert waits_for(hold).words == "credit manager (dario)"


def test_who_may_decide_can_let_somebody_below_decide_this_one(cast: Cast, hold: Hold) -> None:
    reach(cast.carla, release_up_to=D(10))
    hold_events.delegate(hold, to=cast.carla.user, by=cast.dario, now=NOW)

    gate.release(hold, by=cast.carla, now=NOW, reason="dario said so")

    assert not Hold.objects.filter(open=True).exists()


def test_handing_it_on_lends_nothing_that_one_does_not_have(cast: Cast, hold: Hold) -> None:
    reach(cast.carla, release_up_to=D(10))
    reach(cast.dario, release_up_to=D(20))
    hold_events.delegate(hold, to=cast.carla.user, by=cast.dario, now=NOW)

    with pytest.raises(AboveAuthority):
        gate.release(hold, by=cast.carla, now=NOW, reason="good")


@pytest.mark.parametrize(("day", "passes"), [(-1, False), (0, True), (2, True), (3, False)])
def test_who_stands_in_may_what_the_absent_may_on_these_days(cast: Cast, day: int, passes: bool) -> None:
    reach(cast.carla, release_up_to=D(10))
    first = TODAY + timedelta(days=10)
    substituting.stand_in(
        substitute=cast.carla.user, valid_from=first, valid_to=first + timedelta(days=2), by=cast.dario, now=NOW
    )
    hold = held(cast, cast.bianchi)

    if passes:
        gate.release(hold, by=cast.carla, now=after(10 + day), reason="good")
    else:
        with pytest.raises(AboveAuthority):
            gate.release(hold, by=cast.carla, now=after(10 + day), reason="good")


def test_an_absence_that_was_ended_lends_nothing(cast: Cast, hold: Hold) -> None:
    reach(cast.carla, release_up_to=D(10))
    made = substituting.stand_in(substitute=cast.carla.user, valid_from=TODAY, valid_to=TODAY, by=cast.dario, now=NOW)
    substituting.end(made, by=cast.dario, now=NOW)

    with pytest.raises(AboveAuthority):
        gate.release(hold, by=cast.carla, now=NOW, reason="good")
    with pytest.raises(AlreadyClosed):
        substituting.end(made, by=cast.carla, now=NOW)


def test_who_stands_in_gains_nothing_in_companies_that_are_not_the_absents(cast: Cast, hold: Hold) -> None:
    reach(cast.carla, release_up_to=D(10))
    elsewhere = Company.objects.create(code="ELSE", name="Elsewhere", currency="EUR")
    CompanyAccess.objects.create(user=cast.dario.user, company=elsewhere)
    substituting.stand_in(substitute=cast.carla.user, valid_from=TODAY, valid_to=TODAY, by=cast.dario, now=NOW)

    with pytest.raises(AboveAuthority, match="above your authority of EUR 10.00"):
        gate.release(hold, by=cast.carla, now=NOW, reason="good")
    CompanyAccess.objects.create(user=cast.dario.user, company=hold.document.company)
    gate.release(hold, by=cast.carla, now=NOW, reason="good")

    assert Release.objects.get().released_by == cast.carla.user


def test_nobody_uses_anothers_authority_for_what_either_of_them_entered(cast: Cast) -> None:
    policy(four_eyes=False)
    reach(cast.carla, release_up_to=D(10))
    substituting.stand_in(substitute=cast.carla.user, valid_from=TODAY, valid_to=TODAY, by=cast.dario, now=NOW)
    for author in (cast.carla, cast.dario):
        order = cast.order(cast.bianchi, "1500", by=author)
        hold = gate.submit(order, "confirm", by=cast.sara, now=NOW).hold
        assert hold is not None

        with pytest.raises(AboveAuthority):
            gate.release(hold, by=cast.carla, now=NOW, reason="good")


def test_who_works_elsewhere_releases_nothing_however_far_the_authority_reaches(cast: Cast, hold: Hold) -> None:
    other = Company.objects.create(code="OTHER", name="Other", currency="EUR")
    CompanyAccess.objects.create(user=cast.dario.user, company=other)

    for decide in (gate.release, gate.reject):
        with pytest.raises(NotPermitted, match="belongs to a company that is not yours"):
            decide(hold, by=cast.dario, now=NOW, reason="good")


def test_an_absence_is_ended_by_the_two_of_it_alone(cast: Cast) -> None:
    made = substituting.stand_in(
        substitute=cast.dario.user, valid_from=TODAY, valid_to=TODAY, by=cast.carla, now=NOW
    )  # fmt: skip

    with pytest.raises(NotPermitted, match="Only the two of them"):
        substituting.end(made, by=cast.fiona, now=NOW)

    assert substituting.end(made, by=cast.dario, now=NOW).substitution == made


def test_an_absence_makes_sense(cast: Cast) -> None:
    days = {"valid_from": TODAY, "valid_to": TODAY}

    with pytest.raises(Refused, match="somebody else"):
        substituting.stand_in(substitute=cast.dario.user, **days, by=cast.dario, now=NOW)
    with pytest.raises(Refused, match="do not release holds"):
        substituting.stand_in(substitute=cast.sara.user, **days, by=cast.dario, now=NOW)
    with pytest.raises(NotPermitted):
        substituting.stand_in(substitute=cast.dario.user, **days, by=cast.sara, now=NOW)
    with pytest.raises(Refused, match="before the first"):
        substituting.stand_in(
            substitute=cast.carla.user, valid_from=TODAY, valid_to=TODAY - timedelta(days=1), by=cast.dario, now=NOW
        )
    with pytest.raises(Refused, match="has passed"):
        substituting.stand_in(substitute=cast.carla.user, **days, by=cast.dario, now=after(1))


def test_a_later_change_by_somebody_else_washes_nobody_clean(cast: Cast, hold: Hold) -> None:
    gate.submit(hold.document, "amend", by=cast.carla, now=NOW, changes=Changes(amount=D(1600)))
    gate.submit(hold.document, "amend", by=cast.sara, now=NOW, changes=Changes(note="by lorry"))

    with pytest.raises(FourEyes):
        gate.release(hold, by=cast.carla, now=NOW, reason="good")
    with pytest.raises(FourEyes):
        hold_events.delegate(hold, to=cast.carla.user, by=cast.dario, now=NOW)

    assert "carla" not in waits_for(hold).words


def test_who_raised_an_order_before_it_was_held_does_not_release_it(cast: Cast) -> None:
    order = cast.order(cast.bianchi, "500")
    gate.submit(order, "amend", by=cast.carla, now=NOW, changes=Changes(amount=D(1600)))
    gate.submit(order, "amend", by=cast.dario, now=NOW, changes=Changes(note="by lorry"))
    gate.submit(order, "amend", by=cast.sara, now=NOW, changes=Changes(note="by train"))
    hold = gate.submit(order, "confirm", by=cast.sara, now=NOW).hold
    assert hold is not None

    for who in (cast.carla, cast.dario):
        with pytest.raises(FourEyes):
            gate.release(hold, by=who, now=NOW, reason="good")

    gate.release(hold, by=cast.fiona, now=NOW, reason="good")


def test_four_eyes_come_before_authority(cast: Cast) -> None:
    reach(cast.carla, release_up_to=D(10))
    hold = gate.submit(cast.order(cast.bianchi, "1500", by=cast.carla), "confirm", by=cast.sara, now=NOW).hold
    assert hold is not None

    with pytest.raises(FourEyes):
        gate.release(hold, by=cast.carla, now=NOW, reason="good")


def test_the_desk_says_for_whom_each_waits_and_shows_what_waits_for_me(cast: Cast) -> None:
    reach(cast.carla, release_up_to=D(2000))
    small, large = held(cast, cast.bianchi), held(cast, cast.neri, "2500")
    carla, dario = as_user(cast.carla.user), as_user(cast.dario.user)

    everything = words(carla.get(reverse("desk")))
    for_carla, for_dario = (words(c.get(reverse("desk"), {"state": "mine"})) for c in (carla, dario))

    assert "Waits for" in everything and " carla " in everything and " dario " in everything
    assert "waits for credit manager (dario)" in words(carla.get(reverse("hold", args=[large.pk])))
    assert str(small.document) in for_carla and str(large.document) not in for_carla
    assert str(large.document) in for_dario and str(small.document) not in for_dario


def test_what_waits_for_sales_does_not_wait_for_me(cast: Cast, hold: Hold) -> None:
    hold_events.ask_change(hold, by=cast.carla, now=NOW, note="less")

    assert str(hold.document) not in words(as_user(cast.carla.user).get(reverse("desk"), {"state": "mine"}))


def test_sales_sees_on_the_document_where_it_waits(cast: Cast, hold: Hold) -> None:
    reach(cast.carla, release_up_to=D(10))

    shown = words(as_user(cast.sara.user).get(reverse("document", args=[hold.document_id])))

    assert "It waits on the release desk for: credit manager (dario)." in shown


def test_more_holds_cost_no_more_queries(cast: Cast, hold: Hold) -> None:
    carla = as_user(cast.carla.user)
    hold_events.take(hold, by=cast.carla, now=NOW)
    few = queries_of(carla, reverse("desk"), {"state": "mine"})
    for n in range(4):
        hold_events.take(held(cast, cast.customer(f"C{n}", "10")), by=cast.carla, now=NOW)

    assert queries_of(carla, reverse("desk"), {"state": "mine"}) == few


def test_who_stands_in_is_said_on_a_page(cast: Cast) -> None:
    dario = as_user(cast.dario.user)
    typed = {"substitute": "carla", "valid_from": "2099-01-01", "valid_to": "2099-01-05", "note": "skiing"}

    wrong = dario.post(reverse("absences"), {**typed, "valid_to": "2098-01-01"})
    right = dario.post(reverse("absences"), typed, follow=True)
    (made,) = substituting.known(cast.carla.user)
    ended = as_user(cast.carla.user).post(reverse("absence_end", args=[made.pk]), follow=True)

    assert wrong.status_code == 422 and "The last day lies before the first." in words(wrong)
    assert "skiing" in wrong.content.decode()
    assert "carla stands in for you" in words(right) and "skiing" in words(right)
    assert "It is called off." in words(ended)
    assert as_user(cast.fiona.user).post(reverse("absence_end", args=[made.pk])).status_code == 404
