"""Journals of limits: prepared, checked line by line, approved by the levels, posted once."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from approvals import context, journals, limit_requests
from approvals.journals import NewLine
from approvals.models import (
    ApprovalLevel,
    EvaluationRequest,
    JournalEvent,
    JournalLine,
    LimitJournal,
    LimitRequest,
    RequestEvent,
    RequestState,
)
from creditrisk.refusal import AlreadyClosed, InvalidState, NotPermitted, Refused
from creditrisk.roles import Actor
from customers.models import Company, CompanyAccess, Customer, Limit, LimitKind
from tests.approvals.filling import of_file
from tests.cast import NOW, TODAY, Cast, after


def begun(cast: Cast, **more: Any) -> LimitJournal:
    return journals.prepare("yearly review", company=more.get("company"), by=cast.carla, now=NOW)


def put(cast: Cast, journal: LimitJournal, *lines: tuple[Customer, str], **more: Any) -> list[JournalLine]:
    new = [NewLine(customer, Decimal(amount), "HAND", **more) for customer, amount in lines]
    return journals.add(journal, new, by=cast.carla, now=NOW)


def sent(cast: Cast, *lines: tuple[Customer, str]) -> LimitJournal:
    journal = begun(cast)
    put(cast, journal, *lines)
    return journals.send(journal, by=cast.carla, now=NOW)


def limit_of(customer: Customer, *, days: int = 0) -> Decimal:
    return context.standing(customer, today=TODAY + timedelta(days=days)).limit.amount


# -- from preparing to posting ---------------------------------------------------------------------------------------


def test_nothing_changes_until_it_is_posted_and_then_all_of_it(cast: Cast) -> None:
    journal = sent(cast, (cast.rossi, "12000"), (cast.bianchi, "800"))
    before = limit_of(cast.rossi), limit_of(cast.bianchi)

    journals.approve(journal, by=cast.dario, now=NOW)
    agreed = limit_of(cast.rossi)
    journals.post(journal, by=cast.carla, now=NOW)

    assert before == (10000, 1000)
    assert agreed == 10000
    assert (limit_of(cast.rossi), limit_of(cast.bianchi)) == (12000, 800)


def test_a_posted_line_leaves_the_history_of_a_single_request(cast: Cast) -> None:
    journal = sent(cast, (cast.rossi, "12000"))
    journals.approve(journal, by=cast.dario, now=NOW, note="sound")

    journals.post(journal, by=cast.carla, now=NOW)

    grant = Limit.objects.filter(customer=cast.rossi).latest("pk")
    request = LimitRequest.objects.get()
    events = list(request.events.order_by("pk").values_list("step", "made_by__username"))
    assert (grant.amount, grant.granted_by, grant.granted_at) == (12000, cast.carla.user, NOW)
    assert grant.reason == f"{request}, agreed to by dario: yearly review"
    assert events == [("ASKED", "carla"), ("APPROVED", "dario"), ("APPLIED", "carla")]
    assert request.events.latest("pk").figures["before"] == "10000.00"
    assert EvaluationRequest.objects.filter(customer=cast.rossi, cause="limit").exists()


def test_a_second_posting_is_told_who_posted_and_changes_nothing(cast: Cast) -> None:
    journal = sent(cast, (cast.rossi, "12000"))
    journals.approve(journal, by=cast.dario, now=NOW)
    journals.post(journal, by=cast.dario, now=NOW)
    grants = Limit.objects.count()

    with pytest.raises(AlreadyClosed, match="posted on 02 Mar 2026 .* by dario"):
        journals.post(journal, by=cast.fiona, now=NOW)

    assert Limit.objects.count() == grants


def test_the_database_itself_takes_one_posting_and_one_effect_of_a_line(cast: Cast) -> None:
    journal = sent(cast, (cast.rossi, "12000"))
    journals.approve(journal, by=cast.dario, now=NOW)
    journals.post(journal, by=cast.dario, now=NOW)

    with pytest.raises(IntegrityError, match="approvals_journal_ends_once|was posted"), transaction.atomic():
        JournalEvent.objects.create(journal=journal, step="POSTED", made_at=NOW, made_by=cast.dario.user)
    with pytest.raises(IntegrityError, match="was decided"), transaction.atomic():
        RequestEvent.objects.create(request=LimitRequest.objects.get(), step="APPLIED", state="APPLIED", made_at=NOW)


def test_undecided_lines_keep_it_from_being_posted_and_rejected_ones_are_left_out(cast: Cast) -> None:
    journal = sent(cast, (cast.rossi, "12000"), (cast.bianchi, "2000"))
    journals.approve(journal, numbers=[1], by=cast.dario, now=NOW)

    with pytest.raises(Refused, match="1 line is not decided yet, the first is line 2"):
        journals.post(journal, by=cast.dario, now=NOW)
    journals.reject(journal, numbers=[2], by=cast.dario, now=NOW, note="late payer")
    journals.post(journal, by=cast.dario, now=NOW)

    assert (limit_of(cast.rossi), limit_of(cast.bianchi)) == (12000, 1000)


def test_what_was_agreed_to_is_not_taken_back_by_who_is_below(cast: Cast) -> None:
    clerks, managers = (Group.objects.get(name=name) for name in ("credit_clerk", "credit_manager"))
    ApprovalLevel.objects.create(position=1, group=clerks, amount_up_to=0)
    ApprovalLevel.objects.create(position=2, group=managers)
    clerk = type(cast.carla.user).objects.create(username="other")
    clerk.groups.add(clerks)
    journal = sent(cast, (cast.rossi, "12000"), (cast.bianchi, "2000"))
    journals.approve(journal, numbers=[1], by=cast.dario, now=NOW)

    told = journals.reject(journal, numbers=[1, 2], by=Actor(clerk), now=NOW, note="no")

    assert [(line.done, "credit manager" in line.sentence) for line in told] == [(False, True), (False, True)]


def test_what_was_agreed_to_can_be_rejected_until_it_is_posted(cast: Cast) -> None:
    journal = sent(cast, (cast.rossi, "12000"))
    journals.approve(journal, by=cast.dario, now=NOW)

    journals.reject(journal, numbers=[1], by=cast.dario, now=NOW, note="news of the day")

    assert LimitRequest.objects.get().state == RequestState.REJECTED
    with pytest.raises(Refused, match="nothing to post"):
        journals.post(journal, by=cast.dario, now=NOW)


def test_a_line_begins_on_its_day_and_not_before_the_posting(cast: Cast) -> None:
    journal = begun(cast)
    put(cast, journal, (cast.rossi, "12000"), valid_from=TODAY + timedelta(days=5))
    put(cast, journal, (cast.bianchi, "2000"), valid_from=TODAY - timedelta(days=5))
    journals.send(journal, by=cast.carla, now=NOW)
    journals.approve(journal, by=cast.dario, now=NOW)

    journals.post(journal, by=cast.dario, now=NOW)

    assert (limit_of(cast.rossi, days=4), limit_of(cast.rossi, days=5)) == (10000, 12000)
    assert Limit.objects.filter(customer=cast.bianchi).latest("pk").valid_from == TODAY


def test_a_line_whose_last_day_passed_meanwhile_is_named_and_nothing_is_posted(cast: Cast) -> None:
    journal = begun(cast)
    put(cast, journal, (cast.rossi, "12000"))
    put(cast, journal, (cast.bianchi, "2000"), kind=LimitKind.TEMPORARY, valid_to=TODAY)
    journals.send(journal, by=cast.carla, now=NOW)
    journals.approve(journal, by=cast.dario, now=NOW)

    with pytest.raises(Refused, match="the first is line 2"):
        journals.post(journal, by=cast.dario, now=after(1))

    assert limit_of(cast.rossi, days=1) == 10000


def test_a_withdrawn_journal_takes_its_lines_back(cast: Cast) -> None:
    journal = sent(cast, (cast.rossi, "12000"))
    journals.approve(journal, by=cast.dario, now=NOW)

    with pytest.raises(NotPermitted, match="Only who prepared it"):
        journals.withdraw(journal, by=cast.dario, now=NOW)
    journals.withdraw(journal, by=cast.carla, now=NOW)

    assert LimitRequest.objects.get().state == RequestState.WITHDRAWN
    with pytest.raises(AlreadyClosed, match="withdrawn"):
        journals.post(journal, by=cast.dario, now=NOW)


# -- levels and four eyes --------------------------------------------------------------------------------------------


@pytest.fixture
def levels(cast: Cast) -> None:
    """The clerk up to 3,000, the manager above."""
    for position, role, amount in ((1, "credit_clerk", 3000), (2, "credit_manager", None)):
        ApprovalLevel.objects.create(position=position, group=Group.objects.get(name=role), amount_up_to=amount)


@pytest.mark.usefixtures("levels")
def test_the_whole_is_agreed_to_as_far_as_the_level_reaches_told_line_by_line(cast: Cast) -> None:
    journal = journals.prepare("raise", company=None, by=cast.dario, now=NOW)
    new = [NewLine(cast.bianchi, Decimal(3000), "HAND"), NewLine(cast.rossi, Decimal("10000.01"), "HAND")]
    journals.add(journal, new, by=cast.dario, now=NOW)
    journals.send(journal, by=cast.dario, now=NOW)

    told = journals.approve(journal, by=cast.carla, now=NOW)

    assert [(line.line.customer.code, line.done) for line in told] == [("BIANCHI", True), ("ROSSI", False)]
    assert "for the credit manager" in told[1].sentence


def test_nobody_agrees_to_what_they_prepared(cast: Cast) -> None:
    journal = sent(cast, (cast.rossi, "12000"), (cast.bianchi, "1"))

    told = journals.approve(journal, by=cast.carla, now=NOW)

    assert [line.done for line in told] == [False, False]
    assert "You asked for this" in told[0].sentence
    assert not JournalEvent.objects.filter(step="APPROVED").exists()


def test_a_line_can_be_decided_on_the_page_of_its_request_and_waits_for_the_posting(cast: Cast) -> None:
    sent(cast, (cast.rossi, "12000"))

    request = limit_requests.approve(LimitRequest.objects.get(), by=cast.dario, now=NOW)

    assert request.state == RequestState.AGREED
    assert limit_of(cast.rossi) == 10000


def test_sales_prepares_no_journal(cast: Cast) -> None:
    with pytest.raises(NotPermitted):
        journals.prepare("mine", company=None, by=cast.sara, now=NOW)


def test_whoever_may_decide_no_limit_agrees_to_no_line_and_rejects_none_by_whichever_way(cast: Cast) -> None:
    sent(cast, (cast.rossi, "12000"))
    request = LimitRequest.objects.get()

    agreed = limit_requests.approve_many([request], by=cast.sara, now=NOW)
    rejected = limit_requests.reject_many([request], by=cast.sara, now=NOW, note="no")

    assert agreed == rejected == {request.pk: "Your roles do not decide limits."}
    assert LimitRequest.objects.get().state == RequestState.OPEN


def test_a_journal_of_a_company_takes_its_customers_alone(cast: Cast) -> None:
    other = Company.objects.create(code="OTHER", name="Other", currency="EUR")
    CompanyAccess.objects.create(user=cast.carla.user, company=other)
    journal = begun(cast, company=other)

    (line,) = put(cast, journal, (cast.rossi, "12000"))

    assert line.error == "ROSSI belongs to another company than this journal."
    with pytest.raises(Refused, match="one of your companies"):
        begun(cast, company=cast.company)


# -- lines -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "more", "sentence"),
    [
        ("-0.01", {}, "zero or more"),
        ("1.005", {}, "no amounts as fine"),
        ("100000000000000", {}, "too large"),
        ("5", {"kind": "TEMPORARY"}, "a last day"),
        ("5", {"valid_to": TODAY - timedelta(days=1)}, "The last day has passed"),
        ("5", {"valid_to": TODAY, "valid_from": TODAY + timedelta(days=1)}, "before the first"),
    ],
)
def test_a_bad_line_says_why_and_keeps_the_journal_from_being_sent(
    cast: Cast, amount: str, more: dict[str, Any], sentence: str
) -> None:
    journal = begun(cast)

    (line,) = put(cast, journal, (cast.rossi, amount), **more)

    assert sentence in line.error
    with pytest.raises(Refused, match="the first is line 1"):
        journals.send(journal, by=cast.carla, now=NOW)


def test_a_customer_stands_in_a_journal_once_a_kind(cast: Cast) -> None:
    journal = begun(cast)
    put(cast, journal, (cast.rossi, "1"))

    (twice,) = put(cast, journal, (cast.rossi, "2"))
    (temporary,) = put(cast, journal, (cast.rossi, "2"), kind=LimitKind.TEMPORARY, valid_to=TODAY)

    assert twice.error == "ROSSI stands in this journal already."
    assert temporary.error == ""


def test_a_bad_line_is_mended_or_taken_out(cast: Cast) -> None:
    journal = begun(cast)
    lines = of_file(cast, b"customer,limit\nNOBODY,100\nROSSI,-5\n")
    journals.add(journal, lines, by=cast.carla, now=NOW)

    mended = journals.change_line(journal, 1, customer=cast.bianchi, amount=Decimal(100), by=cast.carla, now=NOW)
    journals.take_out(journal, [2], by=cast.carla)

    assert (mended.error, mended.customer, mended.currency) == ("", cast.bianchi, "EUR")
    assert journals.send(journal, by=cast.carla, now=NOW).state == "SENT"


def test_lines_stay_as_they_are_once_sent_and_are_their_preparers_before(cast: Cast) -> None:
    journal = begun(cast)
    with pytest.raises(NotPermitted, match="Only who prepares it"):
        journals.add(journal, [NewLine(cast.rossi, Decimal(1), "HAND")], by=cast.dario, now=NOW)
    put(cast, journal, (cast.rossi, "1"))
    journals.send(journal, by=cast.carla, now=NOW)

    with pytest.raises(InvalidState, match="its lines stay"):
        put(cast, journal, (cast.bianchi, "1"))
    with pytest.raises(InvalidState, match="its lines stay"):
        journals.send(journal, by=cast.carla, now=NOW)


def test_many_lines_cost_few_queries(cast: Cast) -> None:
    many = [cast.customer(f"C{n:03}", "1000") for n in range(60)]
    journal = sent(cast, *((customer, "1500") for customer in many))

    with CaptureQueriesContext(connection) as agreeing:
        journals.approve(journal, by=cast.dario, now=NOW)
    with CaptureQueriesContext(connection) as posting:
        journals.post(journal, by=cast.dario, now=NOW)

    assert len(agreeing) < 40
    assert len(posting) < 60 + 50
    assert limit_of(many[-1]) == 1500
