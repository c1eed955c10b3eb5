"""Where a company wants it: a new customer gets no credit before the first limit, or inheriting one, is approved."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from approvals import attachments, context, gate, granting, levels, limit_requests
from approvals.limit_requests import Asked
from approvals.models import ApprovalLevel, RequestState
from creditrisk.facts import LimitState
from creditrisk.refusal import FourEyes, Refused
from customers.models import Customer, LimitKind, Segment
from tests.cast import NOW, TODAY, Cast, after, policy
from tests.pages import as_user, words

PROOF = attachments.checked("report.pdf", b"%PDF-1.7 what a bureau says")


@pytest.fixture
def new(cast: Cast) -> Customer:
    """A customer of a segment that lends 5,000, with nothing granted to itself."""
    cast.company.first_limit_approved = True
    cast.company.save()
    made = cast.customer("NEW", None)
    made.segment = Segment.objects.create(code="RETAIL", state="AMOUNT", amount=5000, currency="EUR")
    made.save()
    return made


def outcome(cast: Cast, customer: Customer, amount: str, *, days: int = 0) -> Any:
    order = cast.order(customer, amount, now=after(days))
    return gate.submit(order, "confirm", by=cast.sara, now=after(days)).outcome


def approved(cast: Cast, customer: Customer, **asked: Any) -> None:
    request = attachments.ask_limit(customer, Asked(reason="new", **asked), [PROOF], by=cast.sara, now=NOW)
    assert limit_requests.approve(request, by=cast.dario, now=NOW).state == RequestState.APPLIED


def test_no_order_on_credit_passes_before_and_the_limit_says_why(cast: Cast, new: Customer) -> None:
    held = outcome(cast, new, "0.01")

    limit = context.standing(new, today=TODAY).limit
    assert held.reasons == ("over_limit",)
    assert (limit.state, limit.amount, limit.source) == (LimitState.NONE, 0, "first limit, not approved yet")


def test_where_the_company_does_not_want_it_the_segment_is_inherited_at_once(cast: Cast, new: Customer) -> None:
    cast.company.first_limit_approved = False
    cast.company.save()

    assert outcome(cast, new, "5000").reasons == ()


def test_the_approved_inheriting_lends_what_the_segment_lends_to_the_cent(cast: Cast, new: Customer) -> None:
    approved(cast, new, state="INHERIT")

    assert outcome(cast, new, "5000").reasons == ()
    assert outcome(cast, new, "0.01").reasons == ("over_limit",)


def test_the_approved_first_limit_counts_instead_of_the_segments(cast: Cast, new: Customer) -> None:
    approved(cast, new, amount=Decimal(800))

    assert context.standing(new, today=TODAY).limit.amount == 800


def test_a_first_limit_that_begins_later_opens_nothing_before(cast: Cast, new: Customer) -> None:
    approved(cast, new, amount=Decimal(800), valid_from=after(3).date())

    assert outcome(cast, new, "10", days=2).reasons == ("over_limit",)
    assert outcome(cast, new, "10", days=3).reasons == ()


def test_a_temporary_first_limit_opens_on_its_days(cast: Cast, new: Customer) -> None:
    approved(cast, new, amount=Decimal(300), kind=LimitKind.TEMPORARY, valid_to=after(3).date())

    assert context.standing(new, today=TODAY).limit.amount == 300


def test_neither_a_guarantee_nor_a_shared_limit_opens_it(cast: Cast, new: Customer) -> None:
    new.securities.create(kind="GUARANTEE", amount=1000, currency="EUR")

    assert context.standing(new, today=TODAY).limit.amount == 0


def test_inheriting_is_for_the_level_of_what_is_inherited(cast: Cast, new: Customer) -> None:
    for position, role, amount in ((1, "credit_clerk", 4999), (2, "credit_manager", None)):
        ApprovalLevel.objects.create(position=position, group=Group.objects.get(name=role), amount_up_to=amount)
    request = limit_requests.ask(new, Asked(state="INHERIT", reason="new"), by=cast.sara, now=NOW)

    turn = levels.turn(request, seen=levels.see([new], day=TODAY))

    assert [level.position for level in turn.needed] == [2]


@pytest.mark.parametrize("asked", [{"amount": Decimal("0.01")}, {"state": "INHERIT"}, {"state": "UNLIMITED"}])
def test_nobody_agrees_before_evidence_of_third_parties_is_attached(
    cast: Cast, new: Customer, asked: dict[str, Any]
) -> None:
    request = limit_requests.ask(new, Asked(reason="new", **asked), by=cast.sara, now=NOW)

    with pytest.raises(Refused, match="attach the evidence"):
        limit_requests.approve(request, by=cast.dario, now=NOW)
    attachments.add(request, [PROOF], by=cast.sara, now=NOW)

    assert limit_requests.approve(request, by=cast.dario, now=NOW).state == RequestState.APPLIED


def test_a_first_limit_of_zero_opens_nothing_and_needs_none(cast: Cast, new: Customer) -> None:
    request = limit_requests.ask(new, Asked(reason="no credit", amount=Decimal(0)), by=cast.sara, now=NOW)

    assert limit_requests.approve(request, by=cast.dario, now=NOW).state == RequestState.APPLIED


def test_a_line_of_a_journal_needs_the_evidence_too(cast: Cast, new: Customer) -> None:
    (request,) = limit_requests.ask_many([(new, Asked(reason="new", amount=Decimal(800)))], by=cast.sara, now=NOW)

    refused = limit_requests.approve_many([request], by=cast.dario, now=NOW)

    assert "attach the evidence" in refused[request.pk]


def test_the_second_limit_needs_none(cast: Cast, new: Customer) -> None:
    approved(cast, new, amount=Decimal(800))
    request = limit_requests.ask(new, Asked(reason="grows", amount=Decimal(900)), by=cast.sara, now=NOW)

    assert limit_requests.approve(request, by=cast.dario, now=NOW).state == RequestState.APPLIED


def test_nobody_opens_it_alone_while_four_eyes_are_on(cast: Cast, new: Customer) -> None:
    policy(four_eyes=True)

    with pytest.raises(FourEyes):
        granting.grant_directly(new, state="INHERIT", valid_from=TODAY, reason="x", by=cast.dario, now=NOW)


def test_the_pages_say_so(cast: Cast, new: Customer) -> None:
    sara = as_user(cast.sara.user)

    page = words(sara.get(reverse("customer", args=["NEW"])))
    asking = words(sara.get(reverse("limit_ask", args=["NEW"])))

    request = limit_requests.ask(new, Asked(reason="new", amount=Decimal(800)), by=cast.sara, now=NOW)
    deciding = words(as_user(cast.dario.user).get(reverse("limit_request", args=[request.pk])))

    assert "First limit, not approved yet" in page
    assert "attach the evidence of third parties below" in deciding
    assert "nothing goes out on credit" in asking
