"""The page of a shared limit: its members and what each owes, its history, what it holds; who may see it, and what of it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from approvals import booking, gate, shared_story
from creditrisk.monitoring import queries as monitoring
from customers.models import Company, Customer, SharedLimit
from ledger.models import ExchangeRate
from tests.cast import NOW, TODAY, Cast, policy
from tests.pages import as_user, queries_of, words


@pytest.fixture
def group(cast: Cast) -> SharedLimit:
    """Rossi owes 700 and Neri 250.50, of 1,000 that they share."""
    shared = SharedLimit.objects.create(code="GROUP", name="The group", currency="EUR")
    shared.members.set([cast.rossi, cast.neri])
    booking.grant_limit(shared=shared, amount=Decimal(1000), valid_from=TODAY, by=cast.dario, now=NOW, reason="agreed")
    cast.item(cast.rossi, "700", due=TODAY + timedelta(days=20))
    cast.item(cast.neri, "250.50", due=TODAY - timedelta(days=5))
    return shared


def story(group: SharedLimit, cast: Cast, name: str = "dario") -> shared_story.Story:
    return shared_story.of(group, user=getattr(cast, name).user, today=TODAY)


def owed(told: shared_story.Story) -> list[tuple[str, Decimal]]:
    return [(m.code, m.exposure.total) for m in told.members]


def test_the_members_stand_with_what_each_owes_whoever_owes_most_first(cast: Cast, group: SharedLimit) -> None:
    told = story(group, cast)

    assert told.standing is not None
    assert owed(told) == [("ROSSI", Decimal("700.00")), ("NERI", Decimal("250.50"))]
    assert (told.standing.exposure.total, told.standing.exposure.overdue) == (Decimal("950.50"), Decimal("250.50"))
    assert (told.hidden, told.more, told.rounding) == (None, None, 0)
    assert told.curve is not None
    assert told.curve.days[0].total == Decimal("950.50")


def test_a_branch_of_a_member_is_not_a_member(cast: Cast, group: SharedLimit) -> None:
    branch = cast.customer("BRANCH", None, parent=cast.rossi)
    cast.item(branch, "40", due=TODAY)

    assert owed(story(group, cast))[0] == ("ROSSI", Decimal("700.00"))


def test_whom_the_reader_may_not_see_is_summed_in_one_line_and_the_sum_stays_the_same(
    cast: Cast, group: SharedLimit
) -> None:
    other = Company.objects.create(code="OTHER", name="Other", currency="EUR")
    Customer.objects.filter(code="NERI").update(company=other)
    cast.carla.user.company_access.create(company=other)

    told = story(group, cast, "carla")
    page = words(as_user(cast.carla.user).get(reverse("shared_limit", args=["GROUP"])))

    assert told.standing is not None
    assert owed(told) == [("NERI", Decimal("250.50"))]
    assert told.hidden == shared_story.Rest(1, Decimal("700.00"), Decimal(0))
    assert told.standing.exposure.total == Decimal("950.50")
    assert "1 member of other companies or colleagues" in page
    assert "ROSSI" not in page and "Rossi" not in page


def test_who_may_see_no_member_does_not_find_it(cast: Cast, group: SharedLimit) -> None:
    other = Company.objects.create(code="OTHER", name="Other", currency="EUR")
    cast.carla.user.company_access.create(company=other)
    Company.objects.filter(code="MAIN").update(own_customers_only=True)

    for name in ("carla", "sara"):
        client = as_user(getattr(cast, name).user)
        assert client.get(reverse("shared_limit", args=["GROUP"])).status_code == 404
        assert not monitoring.search(getattr(cast, name).user, "GROUP", today=TODAY, may_see_items=False).shared
    Customer.objects.filter(code="NERI").update(salesperson=cast.sara.user)
    assert as_user(cast.sara.user).get(reverse("shared_limit", args=["GROUP"])).status_code == 200


def test_what_it_holds_stands_there_and_what_is_held_otherwise_does_not(cast: Cast, group: SharedLimit) -> None:
    over = cast.order(cast.rossi, "100")
    gate.submit(over, "confirm", by=cast.sara, now=NOW)
    elsewhere = SharedLimit.objects.create(code="ELSEWHERE", currency="EUR")
    elsewhere.members.set([cast.neri])
    group.members.remove(cast.neri)
    own = cast.order(cast.neri, "5000")
    gate.submit(own, "confirm", by=cast.sara, now=NOW)
    group.members.add(cast.neri)

    assert [h.document for h in story(group, cast).holds] == [str(over)]
    assert [h.document for h in story(elsewhere, cast).holds] == [str(own)]


def test_a_hold_because_another_member_is_late_rests_on_it(cast: Cast, group: SharedLimit) -> None:
    policy(rules=[{"rule": "days_overdue", "days": 3}])
    SharedLimit.objects.update(count_member_overdue=True)
    small = cast.order(cast.rossi, "1")
    gate.submit(small, "confirm", by=cast.sara, now=NOW)

    assert [h.document for h in story(group, cast).holds] == [str(small)]


def test_the_page_tells_history_alerts_and_links_lead_to_it(cast: Cast, group: SharedLimit) -> None:
    booking.grant_limit(shared=group, amount=Decimal(990), valid_from=TODAY, by=cast.dario, now=NOW)
    dario, address = as_user(cast.dario.user), reverse("shared_limit", args=["GROUP"])

    page = words(dario.get(address))

    assert "The group · 2 members" in page
    assert "EUR 1,000.00" in page and "agreed" in page
    assert "1,000.00 950.50 250.50" in page  # The limit, the exposure and what was overdue before the newest grant.
    assert "The members of the shared limit GROUP use 95.0 % of it: EUR 950.50." in page
    for name, arguments in (
        ("customer", ["ROSSI"]), ("customer_limit_explained", ["ROSSI"]), ("alerts", []), ("search", []),
    ):  # fmt: skip
        assert f'href="{address}"' in dario.get(reverse(name, args=arguments), {"q": "GROUP"}).content.decode(), name


def test_a_decision_links_the_shared_limit_while_it_is_there(cast: Cast, group: SharedLimit) -> None:
    order = cast.order(cast.rossi, "10")
    decided = gate.submit(order, "confirm", by=cast.sara, now=NOW).decision_id
    dario, address = as_user(cast.dario.user), reverse("shared_limit", args=["GROUP"])

    linked = dario.get(reverse("decision", args=[decided])).content.decode()
    SharedLimit.objects.filter(pk=group.pk).update(code="RENAMED")
    renamed = dario.get(reverse("decision", args=[decided])).content.decode()

    assert f'href="{address}"' in linked
    assert f'href="{address}"' not in renamed and "GROUP" in renamed


def test_one_without_members_and_one_without_a_rate_say_so(cast: Cast, group: SharedLimit) -> None:
    SharedLimit.objects.create(code="EMPTY", currency="EUR")
    SharedLimit.objects.filter(code="GROUP").update(currency="XAF")
    dario = as_user(cast.dario.user)

    assert "Nobody shares it yet." in words(dario.get(reverse("shared_limit", args=["EMPTY"])))
    assert "XAF" in words(dario.get(reverse("shared_limit", args=["GROUP"])))


def test_rounding_has_a_line_of_its_own(cast: Cast, group: SharedLimit) -> None:
    ExchangeRate.objects.create(source="USD", target="EUR", rate=Decimal("0.333"), day=TODAY)
    for customer in (cast.rossi, cast.neri):
        booking.item(customer=customer, amount=Decimal("0.01"), currency="USD", due=TODAY, reference="U1", by=cast.carla, now=NOW)  # fmt: skip

    told = story(group, cast)

    assert told.standing is not None
    assert told.standing.exposure.total == Decimal("950.51")
    assert sum(total for _code, total in owed(told)) + told.rounding == Decimal("950.51")
    assert told.rounding == Decimal("0.01")


def test_a_code_with_a_slash_and_nonsense_in_the_address(cast: Cast, group: SharedLimit) -> None:
    SharedLimit.objects.filter(pk=group.pk).update(code="A/B")
    dario = as_user(cast.dario.user)

    assert dario.get(reverse("shared_limit", args=["A/B"])).status_code == 200
    assert dario.get("/shared-limits/%00/").status_code == 404
    assert dario.get(reverse("shared_limit", args=["NONE"])).status_code == 404


def test_ten_members_and_two_cost_the_same(cast: Cast, group: SharedLimit) -> None:
    dario, address = as_user(cast.dario.user), reverse("shared_limit", args=["GROUP"])
    gate.submit(cast.order(cast.rossi, "100"), "confirm", by=cast.sara, now=NOW)
    few = queries_of(dario, address)
    for number in range(8):
        member = cast.customer(f"M{number}", "1000")
        cast.item(member, "1", due=TODAY)
        group.members.add(member)
        gate.submit(cast.order(member, "100"), "confirm", by=cast.sara, now=NOW)

    assert queries_of(dario, address) == few
