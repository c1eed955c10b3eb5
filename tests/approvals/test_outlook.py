"""A limit that will be broken is told before it is: once, again only after it did not lie ahead any more."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone

from approvals import booking, gate, outlook, sweep
from approvals.models import Alert, Outlook, SharedOutlook, SweptDay
from creditrisk.exposure.models import Balance
from creditrisk.policy import compile as policies
from customers.models import Customer, Segment, SharedLimit
from documents.drafts import Changes
from tests.cast import NOW, TODAY, Cast, after, policy


def told(customer: Customer | None = None) -> list[str]:
    found = Alert.objects.filter(code="breach_ahead").order_by("pk")
    return [alert.sentence for alert in (found.filter(customer=customer) if customer else found)]


def ordered(cast: Cast, customer: Customer, amount: str, *, ships: int, now: Any = NOW) -> Any:
    """Confirm an order that ships so many days after the story begins, beyond the horizon of ten days."""
    return cast.confirmed(customer, amount, ship_date=TODAY + timedelta(days=ships), now=now)


def swept(*days: int) -> None:
    for day in days:
        sweep.sweep(now=after(day))


def test_an_order_that_will_break_the_limit_is_told_thirty_days_before_once(cast: Cast) -> None:
    policy(order_horizon_days=10)
    cast.item(cast.bianchi, "900", due=TODAY + timedelta(days=80))
    ordered(cast, cast.bianchi, "600", ships=50)

    swept(0, 9)
    before = told()
    swept(10, 11, 12)

    assert before == []
    assert told() == ["BIANCHI will be over its limit on 11 Apr 2026: EUR 1,500.00 expected against EUR 1,000.00."]


def test_who_cannot_be_converted_keeps_nobody_else_from_being_told(cast: Cast) -> None:
    policy(order_horizon_days=10)
    cast.item(cast.bianchi, "900", due=TODAY + timedelta(days=80))
    ordered(cast, cast.bianchi, "600", ships=30)
    segment = Segment.objects.create(code="FAR", state="AMOUNT", amount=Decimal(500), currency="CHF")
    far = cast.customer("FAR", None)
    Customer.objects.filter(pk=far.pk).update(segment=segment)
    Outlook.objects.create(customer=far, again_on=TODAY)

    swept(0, 1)

    assert len(told(cast.bianchi)) == 1
    assert told(far) == []


def test_it_is_told_again_only_after_it_went_away_and_came_back(cast: Cast) -> None:
    policy(order_horizon_days=10)
    cast.item(cast.bianchi, "900", due=TODAY + timedelta(days=80))
    order = ordered(cast, cast.bianchi, "600", ships=30)
    swept(0, 1)

    gate.submit(order, "amend", changes=Changes(amount=Decimal(50)), by=cast.sara, now=after(1))
    swept(2)
    gone = Outlook.objects.filter(breach_on__isnull=False).exists()
    gate.submit(order, "amend", changes=Changes(amount=Decimal(700)), by=cast.sara, now=after(2))
    swept(3, 4)

    assert not gone
    assert len(told()) == 2


def test_when_the_day_has_come_it_is_over_its_limit_and_nothing_lies_ahead(cast: Cast) -> None:
    policy(order_horizon_days=10)
    cast.item(cast.bianchi, "900", due=TODAY + timedelta(days=80))
    ordered(cast, cast.bianchi, "600", ships=20)

    swept(*range(12))

    codes = list(Alert.objects.filter(customer=cast.bianchi).order_by("pk").values_list("code", flat=True))
    assert codes.index("breach_ahead") < codes.index("over_limit")
    assert codes.count("breach_ahead") == codes.count("over_limit") == 1
    assert not Outlook.objects.filter(breach_on__isnull=False).exists()


def test_a_limit_that_will_fall_is_told_as_such(cast: Cast) -> None:
    booking.grant_limit(
        customer=cast.bianchi, amount=Decimal(5000), kind="TEMPORARY", valid_from=TODAY, valid_to=TODAY + timedelta(days=45),
        by=cast.dario, now=NOW,
    )  # fmt: skip
    cast.item(cast.bianchi, "3000", due=TODAY + timedelta(days=100))

    swept(0, 15)
    before = told()
    swept(16)

    assert before == []
    assert told() == [
        "BIANCHI will be over its limit on 17 Apr 2026, when it falls to EUR 1,000.00: EUR 3,000.00 expected."
    ]


def test_money_that_does_not_come_when_it_is_expected_is_a_breach_that_comes_into_sight(cast: Cast) -> None:
    policy(order_horizon_days=10)
    cast.item(cast.bianchi, "900", due=TODAY + timedelta(days=5))
    ordered(cast, cast.bianchi, "600", ships=25)

    swept(0, 5)
    before = told()
    swept(6)

    assert before == []
    assert len(told()) == 1


def test_what_a_branch_orders_is_told_of_its_head(cast: Cast) -> None:
    policy(order_horizon_days=10)
    branch = cast.customer("BRANCH", None, parent=cast.neri)
    cast.item(cast.neri, "1800", due=TODAY + timedelta(days=90))
    ordered(cast, branch, "600", ships=20)

    swept(0)

    assert len(told(cast.neri)) == 1


def test_sweeping_late_and_twice_tells_the_same_once(cast: Cast) -> None:
    policy(order_horizon_days=10)
    cast.item(cast.bianchi, "900", due=TODAY + timedelta(days=90))
    ordered(cast, cast.bianchi, "600", ships=60)

    swept(0, 40, 40)

    assert len(told()) == 1


def test_of_twenty_thousand_customers_only_those_concerned_are_looked_at(cast: Cast) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH made AS (
                INSERT INTO customers_customer (code, name, company_id, currency, country, address, tax_number, invoicing, email)
                SELECT 'M' || n, 'Many', %(company)s, 'EUR', '', '', '', '', '' FROM generate_series(1, 20000) n RETURNING id
            ), accounts AS (
                INSERT INTO customers_creditaccount (customer_id, control, group_control, companies_summed, excluded,
                    authorise_orders, authorise_deliveries, suspended, suspended_reason)
                SELECT id, 'BLOCK', '', false, false, false, false, false, '' FROM made
            )
            INSERT INTO exposure_balance (customer_id, company_id, bucket, day, currency, amount)
            SELECT id, %(company)s, 'ITEMS', %(today)s::date + 200 + (id %% 90)::int, 'EUR', 100 FROM made
            """,
            {"company": cast.company.pk, "today": TODAY},
        )
    cast.item(cast.bianchi, "10", due=TODAY + timedelta(days=1))
    swept(0, 1)
    last, tomorrow = SweptDay.objects.get(), TODAY + timedelta(days=2)
    last.entry = outlook.newest_entry()
    cast.item(cast.rossi, "10", due=TODAY + timedelta(days=90), reference="I2", now=after(1))

    ahead = list(outlook.concerned(last, today=tomorrow))
    by_date = list(sweep.concerned(last.day, tomorrow, policy=policies.active()))

    assert ahead == [[cast.rossi.pk]]
    assert by_date == [[(cast.bianchi.pk, True)]]
    assert Balance.objects.count() > 20_000


def shared_by(*members: Customer, amount: str, cast: Cast, **more: Any) -> SharedLimit:
    group = SharedLimit.objects.create(code="GROUP", currency="EUR")
    group.members.set(members)
    booking.grant_limit(shared=group, amount=Decimal(amount), valid_from=TODAY, by=cast.dario, now=NOW, **more)
    return group


def test_a_shared_limit_that_its_members_will_break_together_is_told_once_and_again_after_it_went_away(
    cast: Cast,
) -> None:
    policy(order_horizon_days=10)
    shared_by(cast.bianchi, cast.rossi, amount="1200", cast=cast)
    cast.item(cast.bianchi, "900", due=TODAY + timedelta(days=80))
    order = ordered(cast, cast.rossi, "600", ships=50)

    swept(0, 9)
    before = told()
    swept(10, 11)
    once = told()
    gate.submit(order, "amend", changes=Changes(amount=Decimal(50)), by=cast.sara, now=after(11))
    swept(12)
    gone = not SharedOutlook.objects.filter(breach_on__isnull=False).exists()
    gate.submit(order, "amend", changes=Changes(amount=Decimal(700)), by=cast.sara, now=after(12))
    swept(13, 14)

    assert before == []
    assert once == ["The shared limit GROUP will be broken on 11 Apr 2026: EUR 1,500.00 expected against EUR 1,200.00."]
    assert gone
    assert len(told()) == 2
    assert Alert.objects.filter(code="breach_ahead", customer__isnull=True).count() == 2


def test_a_shared_limit_that_will_fall_is_told_as_such_and_one_nobody_moves_is_not_looked_at(cast: Cast) -> None:
    group = shared_by(cast.bianchi, cast.neri, amount="1000", cast=cast)
    booking.grant_limit(
        shared=group, amount=Decimal(5000), kind="TEMPORARY", valid_from=TODAY, valid_to=TODAY + timedelta(days=20),
        by=cast.dario, now=NOW,
    )  # fmt: skip
    cast.item(cast.neri, "1500", due=TODAY + timedelta(days=100))
    quiet = SharedLimit.objects.create(code="QUIET", currency="EUR")
    quiet.members.set([cast.rossi])

    swept(0)
    last = SweptDay.objects.get()
    last.swept_at = timezone.now()
    shared = [pk for some in outlook.concerned_shared(last, today=TODAY + timedelta(days=1)) for pk in some]
    last.entry = outlook.newest_entry()
    cast.item(cast.neri, "10", due=TODAY + timedelta(days=90), reference="I2", now=after(1))
    moved = [pk for some in outlook.concerned_shared(last, today=TODAY + timedelta(days=1)) for pk in some]

    assert told() == [
        "The shared limit GROUP will be broken on 23 Mar 2026, when it falls to EUR 1,000.00: EUR 1,500.00 expected."
    ]
    assert quiet.pk not in shared
    assert group.pk in moved


def test_whoever_joins_a_shared_limit_brings_what_is_owed(cast: Cast) -> None:
    group = shared_by(cast.rossi, amount="1000", cast=cast)
    booking.grant_limit(
        shared=group, amount=Decimal(9000), kind="TEMPORARY", valid_from=TODAY, valid_to=TODAY + timedelta(days=20),
        by=cast.dario, now=NOW,
    )  # fmt: skip
    cast.item(cast.neri, "1500", due=TODAY + timedelta(days=100))
    swept(0)
    SweptDay.objects.update(entry=10**9)  # of what is booked nothing is new

    group.members.add(cast.neri)
    swept(1)

    assert len(told()) == 1
