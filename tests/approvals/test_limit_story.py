"""The limit of a day from its parts: what counts adds up to the limit of the gate, on every day, and each change is kept."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from approvals import booking, context, limit_requests, limit_story
from approvals.limit_requests import Asked
from approvals.limit_story import Story
from creditrisk.clock import months_after
from creditrisk.facts import LimitState
from customers import queries
from customers.models import Customer, LimitKind, RiskClass, Segment, SharedLimit, SubLimit
from ledger.models import ExchangeRate
from tests.cast import NOW, TODAY, Cast, after
from tests.pages import as_user, queries_of, words

DAY = timedelta(days=1)


def told(customer: Customer, *, days: int = 0) -> Story:
    return limit_story.of(customer, day=TODAY + days * DAY, today=TODAY)


def counting(story: Story) -> dict[str, Decimal | None]:
    return {piece.name: piece.counts for piece in story.pieces if piece.in_force}


def words_of(story: Story) -> dict[str, str]:
    return {piece.name: piece.words for piece in story.pieces if piece.words}


@pytest.fixture
def secured(cast: Cast) -> Customer:
    """Bianchi: own 1,000; a temporary 2,500 from day 3 to 5; insured in dollars up to day 6; a guarantee that is over."""
    ExchangeRate.objects.create(source="USD", target="EUR", rate=Decimal("0.9"), day=TODAY - 9 * DAY)
    booking.grant_limit(
        customer=cast.bianchi, kind=LimitKind.TEMPORARY, amount=Decimal(2500), valid_from=TODAY + 3 * DAY,
        valid_to=TODAY + 5 * DAY, reason="fair", by=cast.dario, now=NOW,
    )  # fmt: skip
    cast.bianchi.securities.create(
        kind="INSURANCE", amount=1000, currency="USD", percent=80, valid_from=TODAY - DAY, valid_to=TODAY + 6 * DAY
    )
    cast.bianchi.securities.create(kind="GUARANTEE", amount=400, currency="EUR", valid_to=TODAY - DAY)
    return cast.bianchi


@pytest.mark.parametrize(
    ("days", "parts", "limit"),
    [
        (0, {"own limit": 1000, "credit insurance": 720}, 1720),
        (2, {"own limit": 1000, "credit insurance": 720}, 1720),
        (3, {"temporary limit": 2500, "credit insurance": 720}, 3220),
        (5, {"temporary limit": 2500, "credit insurance": 720}, 3220),
        (6, {"own limit": 1000, "credit insurance": 720}, 1720),
        (7, {"own limit": 1000}, 1000),
        (-1, {"credit insurance": 720, "guarantee": 400}, 1120),
    ],
)
def test_what_counts_adds_up_to_the_limit_of_the_day(
    cast: Cast, secured: Customer, days: int, parts: dict[str, int], limit: int
) -> None:
    story = told(secured, days=days)

    assert story.standing is not None
    assert counting(story) == parts
    assert story.standing.limit.amount == limit
    assert limit == context.standing(secured, today=TODAY + days * DAY).limit.amount


def test_what_does_not_count_says_why(cast: Cast, secured: Customer) -> None:
    assert words_of(told(secured)) == {"temporary limit": "to come", "guarantee": "over"}
    assert words_of(told(secured, days=3)) == {"own limit": "replaced by the temporary limit", "guarantee": "over"}


def test_a_segments_default_counts_where_nothing_is_granted(cast: Cast) -> None:
    segment = Segment.objects.create(code="RETAIL", state="AMOUNT", amount=5000, currency="EUR")
    new = cast.customer("NEW", None)
    Customer.objects.filter(pk__in=[new.pk, cast.rossi.pk]).update(segment=segment)

    inherits, own = told(Customer.objects.get(pk=new.pk)), told(Customer.objects.get(pk=cast.rossi.pk))

    assert counting(inherits) == {"default of segment RETAIL": 5000}
    assert words_of(own) == {"default of segment RETAIL": "not asked: there is an own limit"}


def test_unlimited_and_nothing_at_all_are_told_apart(cast: Cast) -> None:
    booking.grant_limit(customer=cast.rossi, state="UNLIMITED", valid_from=TODAY, by=cast.dario, now=NOW)
    cast.rossi.securities.create(kind="GUARANTEE", amount=400, currency="EUR")

    unlimited, nothing = told(cast.rossi), told(cast.customer("NEW", None))

    assert unlimited.standing is not None
    assert unlimited.standing.limit.state == LimitState.UNLIMITED
    assert words_of(unlimited) == {"guarantee": "adds nothing: there is no own limit to add to"}
    assert nothing.pieces == ()


def test_heads_shared_limits_and_sub_limits_stand_beside(cast: Cast) -> None:
    branch = cast.customer("BRANCH", "500", parent=cast.neri)
    shared = SharedLimit.objects.create(code="GROUP", currency="EUR")
    shared.members.add(branch)
    booking.grant_limit(shared=shared, amount=Decimal(9000), valid_from=TODAY, by=cast.dario, now=NOW)
    cast.confirmed(branch, "150")
    SubLimit.objects.create(account=branch.credit_account, component="open_orders", amount=100)

    story = told(branch)

    assert [(s.code, s.limit.amount) for s in story.heads] == [("NERI", 2000)]
    assert [(s.code, s.limit.amount, s.exposure.total) for s in story.shared] == [("GROUP", 9000, 150)]
    assert [(c.component, c.used, c.free) for c in story.ceilings] == [("open_orders", 150, -50)]


def test_the_next_days_say_what_happens_and_the_limit_from_then_on(cast: Cast, secured: Customer) -> None:
    secured.credit_account.next_review = TODAY + 30 * DAY
    secured.credit_account.save()

    turns = [(turn.day - TODAY, turn.what, turn.amount) for turn in told(secured).turns]

    assert turns == [
        (3 * DAY, ("temporary limit begins",), 3220),
        (6 * DAY, ("temporary limit is over",), 1720),
        (7 * DAY, ("credit insurance is over",), 1000),
        (30 * DAY, ("review is due",), 1000),
    ]


def test_a_base_limit_past_its_last_day_is_said_to_be_so_and_counts_still(cast: Cast) -> None:
    booking.grant_limit(
        customer=cast.rossi, amount=Decimal(7000), valid_from=TODAY, valid_to=TODAY + DAY, by=cast.dario, now=NOW
    )

    before, past = told(cast.rossi), told(cast.rossi, days=2)

    assert [turn.what for turn in before.turns] == [("own limit is past its last day",)]
    assert counting(past) == {"own limit, past its last day": 7000}


def test_the_exposure_of_a_past_day_is_the_one_of_then(cast: Cast) -> None:
    cast.item(cast.rossi, "300", due=TODAY, now=after(-5))
    cast.item(cast.rossi, "200", due=TODAY, reference="I2")

    then, now = told(cast.rossi, days=-2), told(cast.rossi)

    assert then.standing is not None
    assert now.standing is not None
    assert (then.standing.exposure.total, now.standing.exposure.total) == (300, 500)


def test_a_missing_rate_is_said_and_hides_nothing_else(cast: Cast, secured: Customer) -> None:
    ExchangeRate.objects.all().delete()

    story = told(secured)

    assert "USD" in story.missing
    assert len(story.turns) == 3


def test_every_change_keeps_the_figures_of_its_day(cast: Cast) -> None:
    cast.confirmed(cast.rossi, "300")
    cast.item(cast.rossi, "50", due=TODAY - 9 * DAY)
    request = limit_requests.ask(cast.rossi, Asked(amount=Decimal(20000), reason="growing"), by=cast.sara, now=NOW)
    limit_requests.approve(request, by=cast.dario, now=NOW)

    newest, first = queries.grants(cast.rossi)

    assert (newest.amount, newest.granted_by, newest.reason) == (20000, "dario", f"{request}: growing")
    assert (newest.before, newest.total, newest.overdue) == (10000, 350, 50)
    assert (first.before, first.total) == (0, 0)


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [("2026-03-02", 12, "2027-03-02"), ("2026-01-31", 1, "2026-02-28"), ("2027-11-30", 3, "2028-02-29"), ("2026-12-15", 1, "2027-01-15")],
)  # fmt: skip
def test_months_end_where_the_month_ends(day: str, months: int, then: str) -> None:
    start = TODAY.fromisoformat(day)

    assert months_after(start, months).isoformat() == then


def test_a_base_limit_sets_the_next_review_by_the_risk_class_and_a_temporary_one_does_not(cast: Cast) -> None:
    cast.rossi.credit_account.risk_class = RiskClass.objects.create(
        code="B", score_from=0, score_to=50, review_months=6
    )
    cast.rossi.credit_account.save()
    booking.grant_limit(
        customer=cast.rossi, kind=LimitKind.TEMPORARY, amount=Decimal(1), valid_from=TODAY, valid_to=TODAY,
        by=cast.dario, now=NOW,
    )  # fmt: skip
    cast.rossi.credit_account.refresh_from_db()
    untouched = cast.rossi.credit_account.next_review

    booking.grant_limit(customer=cast.rossi, amount=Decimal(1), valid_from=TODAY, by=cast.dario, now=NOW)

    cast.rossi.credit_account.refresh_from_db()
    assert untouched is None
    assert cast.rossi.credit_account.next_review == months_after(TODAY, 6)


def test_the_page_explains_any_day_and_costs_the_same_with_a_long_history(cast: Cast, secured: Customer) -> None:
    sara, address = as_user(cast.sara.user), reverse("customer_limit_explained", args=["BIANCHI"])
    few = queries_of(sara, address, {"day": str(TODAY)})
    for n in range(5):
        booking.grant_limit(customer=secured, amount=Decimal(n), valid_from=TODAY, by=cast.dario, now=NOW)

    page = words(sara.get(address, {"day": str(TODAY + 4 * DAY)}))
    nonsense = sara.get(address, {"day": "soon"})

    assert "Replaced by the temporary limit" in page
    assert "3,220.00" in page
    assert nonsense.status_code == 422
    assert queries_of(sara, address, {"day": str(TODAY)}) == few
