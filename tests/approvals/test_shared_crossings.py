"""A shared limit that is crossed writes an alert in the transaction that causes it: once a crossing, to whom the members are told of."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from approvals import alerts, booking, gate, sweep
from approvals.models import Alert
from creditrisk.notices import spreading
from creditrisk.notices.models import Endpoint, NoticeLine
from creditrisk.policy import compile as policies
from creditrisk.policy.models import AlertThreshold
from customers.models import Company, Customer, SharedLimit
from documents.drafts import NewDocument
from tests.cast import NOW, TODAY, Cast, after, policy
from tests.pages import as_user


@pytest.fixture
def group(cast: Cast) -> SharedLimit:
    """Rossi and Neri share 1,000."""
    shared = SharedLimit.objects.create(code="GROUP", currency="EUR")
    shared.members.set([cast.rossi, cast.neri])
    booking.grant_limit(shared=shared, amount=Decimal(1000), valid_from=TODAY, by=cast.dario, now=NOW)
    return shared


def codes(shared: SharedLimit) -> list[str]:
    return list(Alert.objects.filter(shared=shared).order_by("pk").values_list("code", flat=True))


def sentences(shared: SharedLimit) -> list[str]:
    return [alert.sentence for alert in Alert.objects.filter(shared=shared).order_by("pk")]


def owe(cast: Cast, customer: Customer, amount: str, *, reference: str = "I1", days: int = 90) -> Any:
    return cast.item(customer, amount, due=TODAY + timedelta(days=days), reference=reference)


def test_what_the_members_owe_together_is_told_from_each_percent_on_and_over_the_limit_to_the_cent(
    cast: Cast, group: SharedLimit
) -> None:
    owe(cast, cast.rossi, "799.99")
    below = codes(group)
    owe(cast, cast.neri, "0.01")
    reached = sentences(group)
    owe(cast, cast.neri, "200", reference="I2")
    full = codes(group)
    owe(cast, cast.rossi, "0.01", reference="I2")

    assert below == []
    assert reached == ["The members of the shared limit GROUP use 80.0 % of it: EUR 800.00."]
    assert full == ["usage_80", "usage_95", "usage_100"]
    assert sentences(group)[-1] == (
        "The shared limit GROUP is broken: its members owe EUR 1,000.01 against EUR 1,000.00."
    )


def test_it_is_told_again_only_after_it_went_back_and_was_crossed_again(cast: Cast, group: SharedLimit) -> None:
    first = owe(cast, cast.rossi, "850")
    owe(cast, cast.neri, "10")
    once = codes(group)
    booking.pay(customer=cast.rossi, amount=Decimal(100), items=[(first, None)], reference="P", by=cast.carla, now=NOW)
    owe(cast, cast.neri, "50", reference="I2")

    assert once == ["usage_80"]
    assert codes(group) == ["usage_80", "usage_80"]


def test_an_order_crosses_it_with_the_step_and_not_when_it_is_delivered(cast: Cast, group: SharedLimit) -> None:
    order = cast.confirmed(cast.rossi, "820")
    confirmed = codes(group)
    gate.submit(NewDocument(kind="DELIVERY", sources=(order,)), "deliver", by=cast.sara, now=NOW)

    assert confirmed == ["usage_80"]
    assert codes(group) == ["usage_80"]


def test_a_held_order_that_keeps_its_draft_crosses_nothing(cast: Cast, group: SharedLimit) -> None:
    order = cast.order(cast.rossi, "1200")

    held = gate.submit(order, "confirm", by=cast.sara, now=NOW).hold

    assert held is not None
    assert codes(group) == []


def test_a_confirm_that_crosses_nothing_asks_the_database_no_more_than_of_whoever_shares_nothing(
    cast: Cast, group: SharedLimit
) -> None:
    asked = []
    for customer in (cast.bianchi, cast.rossi):
        order = cast.order(customer, "500")
        cast.confirmed(customer, "1")
        with CaptureQueriesContext(connection) as seen:
            gate.submit(order, "confirm", by=cast.sara, now=NOW)
        asked.append(len(seen))

    assert asked[1] == asked[0] <= 11


def test_a_debt_that_comes_back_crosses_it(cast: Cast, group: SharedLimit) -> None:
    item = owe(cast, cast.rossi, "900")
    payment = booking.pay(
        customer=cast.rossi, amount=Decimal(900), items=[(item, None)], reference="P", by=cast.carla, now=NOW
    )
    booking.pay(customer=cast.neri, amount=Decimal(1), reference="P", by=cast.carla, now=NOW)
    before = codes(group)

    booking.unallocate(payment, by=cast.carla, now=NOW)
    booking.mark(payment, "EXCLUDED", on=True, reason="not theirs", by=cast.carla, now=NOW)

    assert before == ["usage_80"]
    assert codes(group) == ["usage_80", "usage_80"]


def test_a_grant_that_is_lower_crosses_it_and_one_of_a_member_does_not(cast: Cast, group: SharedLimit) -> None:
    owe(cast, cast.rossi, "700")
    booking.grant_limit(customer=cast.rossi, amount=Decimal(600), valid_from=TODAY, by=cast.dario, now=NOW)
    of_member = codes(group)

    booking.grant_limit(shared=group, amount=Decimal(600), valid_from=TODAY, by=cast.dario, now=NOW)

    assert of_member == []
    assert codes(group) == ["usage_80", "usage_95", "usage_100", "over_limit"]


def test_a_day_on_which_the_limit_falls_is_told_once_however_many_members_there_are(
    cast: Cast, group: SharedLimit
) -> None:
    booking.grant_limit(
        shared=group, amount=Decimal(5000), kind="TEMPORARY", valid_from=TODAY, valid_to=TODAY + timedelta(days=3),
        by=cast.dario, now=NOW,
    )  # fmt: skip
    owe(cast, cast.rossi, "700")
    owe(cast, cast.neri, "400")
    for day in range(4):
        sweep.sweep(now=after(day))
    before = codes(group)
    for day in (4, 4, 5, 6):
        sweep.sweep(now=after(day))

    assert before == ["breach_ahead"]
    assert codes(group)[1:] == ["usage_80", "usage_95", "usage_100", "over_limit"]


def test_what_was_booked_on_the_day_and_told_is_not_told_by_the_sweep_of_that_day(
    cast: Cast, group: SharedLimit
) -> None:
    sweep.sweep(now=after(0))
    booking.grant_limit(
        shared=group, amount=Decimal(800), valid_from=TODAY + timedelta(days=1), by=cast.dario, now=NOW
    )  # fmt: skip
    cast.item(cast.rossi, "640", due=TODAY + timedelta(days=90), now=after(1))

    sweep.sweep(now=after(1))

    assert codes(group) == ["usage_80"]


def test_an_effect_that_matures_and_a_sweep_that_is_late_cross_nothing_twice(cast: Cast, group: SharedLimit) -> None:
    policy(order_horizon_days=10)
    owe(cast, cast.neri, "700")
    cast.confirmed(cast.rossi, "200", ship_date=TODAY + timedelta(days=20))
    sweep.sweep(now=after(0))
    before = [code for code in codes(group) if code != "breach_ahead"]

    sweep.sweep(now=after(30))
    sweep.sweep(now=after(31))

    assert before == []
    assert codes(group) == ["usage_80"]


def test_the_percents_of_everybody_count_and_not_those_of_a_member(cast: Cast, group: SharedLimit) -> None:
    AlertThreshold.objects.create(customer=cast.rossi, percents=[10])
    AlertThreshold.objects.create(percents=[60])
    policies.save_version(by=None, now=NOW)

    owe(cast, cast.rossi, "650")

    assert codes(group) == ["usage_60"]


def test_whoever_joins_it_in_the_administration_brings_what_is_owed(cast: Cast, group: SharedLimit) -> None:
    owe(cast, cast.bianchi, "850")
    form = {"code": "GROUP", "currency": "EUR", "members": [cast.rossi.pk, cast.neri.pk, cast.bianchi.pk]}
    address = reverse("admin:customers_sharedlimit_change", args=[group.pk])
    ada = as_user(cast.ada.user)

    assert ada.post(address, form).status_code == 302
    assert ada.post(address, form).status_code == 302

    assert codes(group) == ["usage_80"]


def test_a_shared_limit_that_is_new_in_the_administration_has_nothing_granted(cast: Cast) -> None:
    owe(cast, cast.bianchi, "10")
    form = {"code": "NEW", "currency": "EUR", "members": [cast.bianchi.pk]}

    answer = as_user(cast.ada.user).post(reverse("admin:customers_sharedlimit_add"), form)

    assert answer.status_code == 302
    assert codes(SharedLimit.objects.get(code="NEW")) == ["over_limit"]


# -- who hears of it ---------------------------------------------------------------------------------------------------


def told(user: User) -> list[str]:
    """Return the codes of the inbox, as of one who has just logged in."""
    return list(alerts.newest(User.objects.get(pk=user.pk)).filter(shared__isnull=False).values_list("code", flat=True))


def test_those_who_see_a_member_see_it_and_no_others(cast: Cast, group: SharedLimit) -> None:
    other = Company.objects.create(code="OTHER", name="Other", currency="EUR")
    cast.carla.user.company_access.create(company=other)
    owe(cast, cast.rossi, "850")
    elsewhere = told(cast.carla.user)

    booking.item(customer=cast.neri, company=other, amount=Decimal(1), reference="I9", by=cast.dario, now=NOW)

    assert elsewhere == []
    assert told(cast.carla.user) == ["usage_80"]
    assert told(cast.dario.user) == ["usage_80"]


def test_sales_hear_of_what_their_customers_share(cast: Cast, group: SharedLimit) -> None:
    owe(cast, cast.rossi, "850")
    nobodys = told(cast.sara.user)
    Customer.objects.filter(code="NERI").update(salesperson=cast.sara.user)
    Company.objects.update(own_customers_only=True)

    assert nobodys == []
    assert told(cast.sara.user) == ["usage_80"]


def test_a_webhook_of_a_company_is_called_for_what_its_customers_share(cast: Cast, group: SharedLimit) -> None:
    other = Company.objects.create(code="OTHER", name="Other", currency="EUR")
    ours = Endpoint.objects.create(name="ours", url="https://a.example/", company=cast.company, kinds=["usage"])
    theirs = Endpoint.objects.create(name="theirs", url="https://b.example/", company=other, kinds=["usage"])
    owe(cast, cast.rossi, "850")

    spreading.spread(now=NOW)

    assert NoticeLine.objects.filter(endpoint=ours, alert__shared=group).count() == 1
    assert not NoticeLine.objects.filter(endpoint=theirs).exists()
