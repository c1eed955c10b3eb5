"""The figures' past: taken once, never changed, late without harm, filled in by the command."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, ProgrammingError, transaction
from django.utils import timezone

from approvals import booking
from creditrisk.clock import business_day
from creditrisk.figures import snapshots
from creditrisk.figures.catalogue import FIGURES
from creditrisk.figures.models import Snapshot
from customers.models import Company, Customer, Segment
from tests.cast import NOW, TODAY, Cast, after

pytestmark = pytest.mark.django_db

YESTERDAY = TODAY - timedelta(days=1)


def bill(cast: Cast, amount: str, *, day: date, reference: str, customer: Customer | None = None) -> None:
    booking.item(
        customer=customer or cast.rossi, amount=Decimal(amount), due=day, day=day, reference=reference, by=cast.carla, now=NOW
    )  # fmt: skip


def turnover(company: Company, day: date) -> Decimal | None:
    return Snapshot.objects.get(company=company, day=day, code="turnover_12", whole=True).value


def test_the_day_that_is_over_is_kept_once(cast: Cast) -> None:
    bill(cast, "12.34", day=YESTERDAY, reference="A")

    assert snapshots.take_missing(now=NOW) == []
    assert snapshots.take_missing(now=NOW) == []

    assert Snapshot.objects.filter(whole=True).count() == len(FIGURES)
    assert set(Snapshot.objects.values_list("day", flat=True)) == {YESTERDAY}
    assert turnover(cast.company, YESTERDAY) == Decimal("12.34")


def test_what_is_not_defined_is_kept_as_such(cast: Cast) -> None:
    snapshots.take(cast.company, day=YESTERDAY, now=NOW)

    assert Snapshot.objects.get(code="dso", whole=True).value is None
    assert snapshots.of_day(cast.company, YESTERDAY)["dso"] is None


def test_a_worker_that_was_away_catches_up_a_week_at_a_time(cast: Cast) -> None:
    snapshots.take(cast.company, day=YESTERDAY, now=NOW)

    snapshots.take_missing(now=after(10))
    first = set(Snapshot.objects.values_list("day", flat=True))
    snapshots.take_missing(now=after(10))

    assert first == {YESTERDAY + timedelta(days=n) for n in range(8)}
    assert snapshots.last_day(cast.company) == after(9).date()


def test_what_is_booked_later_changes_nothing_that_was_kept(cast: Cast) -> None:
    snapshots.take(cast.company, day=YESTERDAY, now=NOW)
    bill(cast, "100", day=YESTERDAY, reference="late")

    assert not snapshots.take(cast.company, day=YESTERDAY, now=after(1))
    assert turnover(cast.company, YESTERDAY) is None


def test_the_application_cannot_change_the_past(cast: Cast) -> None:
    snapshots.take(cast.company, day=YESTERDAY, now=NOW)

    for change in (lambda: Snapshot.objects.update(value=1), lambda: Snapshot.objects.all().delete()):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            change()


def test_a_company_without_a_rate_is_told_and_does_not_stop_the_others(cast: Cast) -> None:
    other = Company.objects.create(code="OTHER", name="Other", currency="CHF")
    booking.item(
        customer=cast.rossi, amount=Decimal(5), due=YESTERDAY, day=YESTERDAY, reference="A", company=other, currency="EUR",
        by=cast.carla, now=NOW,
    )  # fmt: skip

    failed = snapshots.take_missing(now=NOW)

    assert [sentence.split(":")[0] for sentence in failed] == ["OTHER"]
    assert snapshots.last_day(cast.company) == YESTERDAY
    assert snapshots.last_day(other) is None


def test_the_command_fills_days_that_have_none(cast: Cast) -> None:
    yesterday = business_day(timezone.now()) - timedelta(days=1)

    call_command("figures", since=yesterday - timedelta(days=4), every=2)
    call_command("figures", since=yesterday - timedelta(days=4), every=2, company=["MAIN"])

    assert list(Snapshot.objects.filter(code="dso", whole=True).order_by("day").values_list("day", flat=True)) == [
        yesterday - timedelta(days=n) for n in (4, 2, 0)
    ]


def test_the_command_says_what_it_cannot_do(cast: Cast) -> None:
    with pytest.raises(CommandError, match="not over yet"):
        call_command("figures", since=business_day(timezone.now()))
    with pytest.raises(CommandError, match="no company NOBODY"):
        call_command("figures", company=["NOBODY"])


def test_a_segment_has_a_past_of_its_own_that_nobody_kept_twice(cast: Cast) -> None:
    cast.bianchi.segment = Segment.objects.create(code="TRADE")
    cast.bianchi.save()
    bill(cast, "30", day=YESTERDAY, reference="A")
    bill(cast, "12", day=YESTERDAY, reference="B", customer=cast.bianchi)

    for _twice in range(2):
        snapshots.take(cast.company, day=YESTERDAY, now=NOW)
    bill(cast, "8", day=YESTERDAY, reference="late", customer=cast.bianchi)

    kept = {s: snapshots.of_day(cast.company, YESTERDAY, segment=s)["turnover_12"] for s in (None, "TRADE", "")}
    assert kept == {None: 42, "TRADE": 12, "": 30}
    assert Snapshot.objects.count() == 3 * len(FIGURES)
    with pytest.raises(IntegrityError), transaction.atomic():
        Snapshot.objects.create(
            company=cast.company, day=YESTERDAY, code="dso", whole=True, segment="TRADE", value=1, taken_at=NOW
        )
