"""The pages of the insight: question, answer, picture, table, the way down, files, and a policy tried without a row."""

from decimal import Decimal as D
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from approvals import gate
from creditrisk.clock import business_day
from creditrisk.decisions.models import TryOut
from creditrisk.insight.intervals import Estimate
from creditrisk.policy.models import RuleRow
from creditrisk.templatetags import intervals as drawn
from customers.models import Company, CompanyAccess
from tests.cast import TODAY, Cast, policy
from tests.creditrisk.insight.stories import due_in, held_and_released, lengthen
from tests.pages import as_user, queries_of, words

STORY = {"since": TODAY.isoformat(), "until": "2026-06-01"}
ADDRESSES = ("insight", "insight_terms", "insight_alarms")


@pytest.fixture
def manager(cast: Cast) -> Client:
    return as_user(cast.dario.user)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ADDRESSES)
def test_without_a_history_the_answer_is_na_with_the_reason(manager: Client, name: str) -> None:
    page = words(manager.get(reverse(name)))

    assert "n/a: " in page
    assert manager.get(reverse(name), {"as": "csv"}).content.decode("utf-8-sig").count("\n") == 1
    assert manager.get(reverse(name), {"as": "xlsx"}).status_code == 200


@pytest.mark.django_db
def test_limits_and_paying_from_the_answer_down_to_the_customers(cast: Cast, manager: Client) -> None:
    due_in(cast, cast.bianchi, "100", 30, paid=30)
    due_in(cast, cast.neri, "200", 30, paid=50)
    asked = {**STORY, "by": "amount", "grace": "0"}

    page = words(manager.get("/insight/", asked))
    below = manager.get("/insight/", {**asked, "group": "2"})
    part = manager.get("/insight/", {**asked, "group": "2"}, headers={"HX-Request": "true"}).content.decode()
    file = manager.get("/insight/", {**asked, "group": "2", "as": "csv"}).getvalue().decode("utf-8-sig").splitlines()
    chosen = {**asked, "group": "2", "columns": ["turnover"], "sort": "-due", "as": "csv"}
    narrow = manager.get("/insight/", chosen).getvalue().decode("utf-8-sig").splitlines()

    assert (
        "paid 100.0% of their instalments on time, those with the highest 0.0%: a difference of +100.0 points" in page
    )
    assert "no interval from one customer" in page
    assert "that is few" in page
    assert "up to 0 days after the due day" in page
    assert "/customers/NERI/" in below.content.decode()
    assert "<h1" not in part
    assert "NERI" in part
    assert len(file) == 2
    assert file[0].startswith("Customer,Name,Limit EUR,Limit of it,Instalments,Due EUR")
    assert file[1] == "NERI,Neri,2000.00,,1,200.00,0.00,20.00"
    assert narrow == ["Customer,Turnover in the year before EUR", "NERI,0.00"]
    assert "Keep this view" in words(below)


@pytest.mark.django_db
def test_longer_terms_from_the_answer_down_to_the_customers(cast: Cast, manager: Client) -> None:
    lengthen(cast)
    asked = {"since": "2026-03-02", "until": "2026-09-30", "window": "90"}

    page = words(manager.get("/insight/terms/", asked))
    below = manager.get("/insight/terms/", {**asked, "group": "IND:longer"}).content.decode()

    assert "With longer terms (30 to 60 days on average) of 1 customer the DSO changed by +30.0" in page
    assert "Where terms stayed (1 customer) it was 0.0" in page
    assert "sales by +50.0%" in page
    assert "/customers/ROSSI/" in below
    assert "/customers/NERI/" not in below


@pytest.mark.django_db
def test_false_alarms_from_the_answer_down_to_the_orders(cast: Cast, manager: Client) -> None:
    order = held_and_released(cast, "1500", paid=20)
    asked = {**STORY, "grace": "0"}

    page = words(manager.get("/insight/alarms/", asked))
    below = manager.get("/insight/alarms/", {**asked, "group": "over_limit:"}).content.decode()
    file = manager.get("/insight/alarms/", {**asked, "as": "csv"}).content.decode("utf-8-sig").splitlines()

    assert "1 document was held. Released: 1; of these it is known how they were paid: 1." in page
    assert "so that the hold was a false alarm: 100.0%" in page
    assert order.number in below
    assert len(file) == 2


@pytest.mark.django_db
def test_a_manager_tries_the_policy_without_a_row(cast: Cast, manager: Client) -> None:
    policy(rules=[{"rule": "order_amount", "amount": D(1000)}])
    now = timezone.now()
    gate.submit(cast.order(cast.rossi, "1500", now=now), "confirm", by=cast.sara, now=now)
    day = business_day(now).isoformat()
    row = RuleRow.objects.get()
    assert "Try without" in words(manager.get("/insight/alarms/"))
    assert "Try without" not in words(as_user(cast.carla.user).get("/insight/alarms/"))

    answer = manager.post("/insight/alarms/try/", {"row": row.pk, "since": day, "until": day})

    tried = TryOut.objects.get()
    assert answer.headers["Location"] == f"/tryouts/{tried.pk}/"
    assert tried.content["rules"] == []
    assert tried.asked_by == cast.dario.user
    for row_gone in ("999999", "x"):
        refused = manager.post("/insight/alarms/try/", {"row": row_gone}, follow=True)
        assert "does not have this row: nothing was tried" in words(refused)
    assert TryOut.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [("insight", {"grace": "-1"}, "greater than or equal to 0"), ("insight", {"since": "2026-05-01", "until": "2026-04-01"}, "The last day lies before the first."),
     ("insight_terms", {"window": "7"}, "Select a valid choice"), ("insight_alarms", {"until": "2100-01-01"}, "This day lies ahead")],
)  # fmt: skip
def test_what_makes_no_sense_is_said_where_it_was_typed(
    manager: Client, name: str, typed: dict[str, str], sentence: str
) -> None:
    assert sentence in words(manager.get(reverse(name), typed))


@pytest.mark.django_db
def test_a_reader_asks_the_history_of_own_companies_alone(cast: Cast, manager: Client) -> None:
    due_in(cast, cast.bianchi, "100", 30, paid=30)
    other = Company.objects.create(code="OTHER", name="Other", currency="EUR")
    CompanyAccess.objects.create(user=cast.dario.user, company=other)

    page = words(manager.get("/insight/", {**STORY, "company": "MAIN"}))

    assert "Insight: Other" in page
    assert "n/a: " in page


@pytest.mark.django_db
def test_more_customers_cost_no_more_queries(cast: Cast, manager: Client) -> None:
    def stories(first: int, last: int) -> None:
        for n in range(first, last):
            customer = cast.customer(f"C{n:03d}", str(1000 + 100 * n))
            due_in(cast, customer, "100", 30, paid=30 + n)
            held_and_released(cast, str(5000 + n), paid=25, customer=customer)

    stories(0, 2)
    few = [queries_of(manager, reverse(name), STORY) for name in ADDRESSES]
    stories(2, 7)

    assert [queries_of(manager, reverse(name), STORY) for name in ADDRESSES] == few
    assert max(few) <= 16


def test_a_picture_tells_every_value_and_draws_one_dot_each() -> None:
    rows: list[tuple[str, Any]] = [
        ("low", Estimate(D(90), D(80), D(95), 12)),
        ("high", Estimate(D(70), None, None, 1)),
        ("none", None),
    ]

    picture = drawn.interval_rows(rows, "On time")

    assert picture.count("<circle") == 2
    assert picture.count("chart__span") == 3
    assert "low: 90.0% (80.0% to 95.0%)" in picture
    assert "none: n/a" in picture
    assert drawn.interval_rows([("none", None)], "On time") == ""


def test_a_signed_picture_has_zero_in_it() -> None:
    picture = drawn.interval_rows([("a", Estimate(D(5), D(4), D(6), 3))], "DSO", "days", True)

    assert "chart__base" in picture
    assert "+5.0" in picture
