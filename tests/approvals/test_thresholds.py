"""From which figures on alerts are written: the customer's own before its segment's, its company's, everybody's."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError
from django.urls import reverse

from approvals import booking, sweep
from approvals.models import Alert
from creditrisk.policy import compile as policies
from creditrisk.policy import draft as drafts
from creditrisk.policy.models import AlertThreshold
from customers.models import Company, Customer, Segment
from tests.cast import NOW, TODAY, Cast, after
from tests.pages import as_user, words


def put(**values: Any) -> None:
    """Add thresholds and put them in force."""
    AlertThreshold.objects.create(**values)
    policies.save_version(by=None, now=NOW)


def codes(customer: Customer) -> list[str]:
    return list(Alert.objects.filter(customer=customer).order_by("pk").values_list("code", flat=True))


def test_the_nearest_percents_count(cast: Cast) -> None:
    segment = Segment.objects.create(code="SMALL")
    Customer.objects.filter(code__in=["BIANCHI", "NERI"]).update(segment=segment)
    put(company=cast.company, percents=[70])
    put(segment=segment, percents=[60])
    put(customer=cast.neri, percents=[50])

    for customer, amount in ((cast.rossi, "7000"), (cast.bianchi, "600"), (cast.neri, "1000")):
        cast.item(customer, amount, due=TODAY + timedelta(days=5))

    assert [codes(c) for c in (cast.rossi, cast.bianchi, cast.neri)] == [["usage_70"], ["usage_60"], ["usage_50"]]


def test_what_is_blank_comes_from_the_next_wider(cast: Cast) -> None:
    put(company=cast.company, percents=[70])
    put(customer=cast.rossi, overdue_amount=Decimal(500))

    found = policies.active().alerting(customer="ROSSI", segment=None, company=cast.company.pk)

    assert (found.percents, found.overdue_amount, found.overdue_days) == ((70,), 500, (30, 60, 90))


def test_confirming_an_order_meets_the_customers_own_percents_without_another_statement(
    cast: Cast, django_assert_num_queries: Any
) -> None:
    put(customer=cast.rossi, percents=[10])
    order = cast.order(cast.rossi, "500")
    cast.confirmed(cast.rossi, "1")

    with django_assert_num_queries(5):
        from approvals import gate

        gate.submit(order, "confirm", by=cast.sara, now=NOW)
    cast.confirmed(cast.rossi, "600")

    assert codes(cast.rossi) == ["usage_10"]


def test_overdue_is_told_from_the_amount_on_and_again_after_it_was_less(cast: Cast) -> None:
    put(customer=cast.rossi, overdue_amount=Decimal(500))
    first = cast.item(cast.rossi, "499.99", due=TODAY)
    cast.item(cast.rossi, "0.01", due=TODAY + timedelta(days=3), reference="I2")

    for day in range(1, 4):
        sweep.sweep(now=after(day))
    before = codes(cast.rossi)
    sweep.sweep(now=after(4))
    booking.pay(
        customer=cast.rossi, amount=Decimal(400), items=[(first, None)], reference="P", by=cast.carla, now=after(4)
    )
    cast.item(cast.rossi, "450", due=TODAY, reference="I3", now=after(5))

    assert before == []
    assert codes(cast.rossi) == ["overdue", "overdue"]


def test_overdue_days_of_ones_own(cast: Cast) -> None:
    put(customer=cast.rossi, overdue_days=[7])
    for customer in (cast.rossi, cast.bianchi):
        cast.item(customer, "100", due=TODAY, reference=customer.code)

    for day in range(31):
        sweep.sweep(now=after(day))

    assert codes(cast.rossi) == ["overdue", "overdue_7"]
    assert codes(cast.bianchi) == ["overdue", "overdue_30"]


def test_a_limit_that_is_lowered_meets_the_customers_own_percents(cast: Cast) -> None:
    put(customer=cast.rossi, percents=[33])
    cast.item(cast.rossi, "1000", due=TODAY + timedelta(days=5))

    booking.grant_limit(customer=cast.rossi, amount=Decimal(3000), valid_from=TODAY, by=cast.dario, now=NOW)

    assert codes(cast.rossi) == ["usage_33"]


def test_the_draft_is_told_restored_and_discarded_with_them(cast: Cast) -> None:
    put(company=cast.company, percents=[70, 90])
    AlertThreshold.objects.update(percents=[50], overdue_days=[10])

    changes = drafts.look().changes
    drafts.discard(by=cast.ada)

    assert changes == ("Alerts of company MAIN: use from 70, 90 % → use from 50 %; overdue for 10 days",)
    kept = AlertThreshold.objects.get()
    assert (kept.company, kept.percents, kept.overdue_days) == (cast.company, [70, 90], None)
    page = words(as_user(cast.dario.user).get(reverse("policy_version", args=[2])))
    assert "Company MAIN" in page and "Use from 70, 90 %" in page


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"percents": ""}, "Say at least one of the three."),
        ({"percents": "0"}, "Write whole numbers from 1 to 1000"),
        ({"percents": "eighty"}, "Write whole numbers from 1 to 1000"),
        ({"percents": "80", "customer": "rossi", "company": "company"}, "choose one"),
        ({"overdue_amount": "-1"}, "It cannot be negative."),
        ({"overdue_days": "7, -1"}, "Write whole numbers from 1 to 3650"),
    ],
)
def test_what_makes_no_sense_is_told_where_it_was_typed(cast: Cast, typed: dict[str, str], sentence: str) -> None:
    values = {name: str(getattr(cast, value).pk) if hasattr(cast, value) else value for name, value in typed.items()}

    answer = as_user(cast.ada.user).post(reverse("admin:policy_alertthreshold_add"), values)

    assert answer.status_code == 200
    assert sentence in words(answer)
    assert not AlertThreshold.objects.exists()


def test_the_same_twice_is_refused_by_the_page_and_by_the_database(cast: Cast) -> None:
    put(percents=[70])

    answer = as_user(cast.ada.user).post(reverse("admin:policy_alertthreshold_add"), {"percents": "60"})

    assert "are there already" in words(answer)
    with pytest.raises(IntegrityError):
        AlertThreshold.objects.create(percents=[60])


def test_one_is_added_in_the_draft_and_counts_when_it_is_activated(cast: Cast) -> None:
    as_user(cast.ada.user).post(
        reverse("admin:policy_alertthreshold_add"), {"customer": str(cast.rossi.pk), "percents": "95, 40, 40"}
    )
    cast.item(cast.rossi, "4500", due=TODAY + timedelta(days=5))
    before = codes(cast.rossi)
    policies.save_version(by=None, now=NOW)
    cast.item(cast.rossi, "5100", due=TODAY + timedelta(days=5), reference="I2")

    assert before == []
    assert codes(cast.rossi) == ["usage_95"]
    assert Company.objects.count() == 1
