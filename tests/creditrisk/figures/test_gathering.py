"""What feeds the figures: as of a day, by company, in a fixed number of statements."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from typing import cast as cast_type

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from approvals import booking, gate
from creditrisk.figures import catalogue, gathering
from creditrisk.figures.formulas.days_sales import Month
from creditrisk.figures.inputs import Ages, Debtor, Debtors, Inputs, Orders
from creditrisk.money import MissingRate
from customers.models import Company, Customer, Security, SecurityKind, Segment
from ledger.models import ExchangeRate, ItemKind
from tests.cast import NOW, TODAY, Cast, after

pytestmark = pytest.mark.django_db

D = Decimal


def invoiced(cast: Cast, amount: str, *, day: date, due: date, reference: str, **more: Any) -> Any:
    """Open an item of an invoice of that day, booked on it."""
    return booking.item(
        customer=more.pop("customer", cast.rossi), amount=D(amount), due=due, day=day, reference=reference, by=cast.carla,
        now=NOW, **more,
    )  # fmt: skip


def paid(cast: Cast, item: Any, *, day: date, reference: str = "P") -> Any:
    return booking.pay(
        customer=item.customer, amount=item.amount, items=[(item, None)], reference=reference, day=day, by=cast.carla, now=NOW
    )  # fmt: skip


@pytest.fixture
def add_rate() -> Callable[..., None]:
    def add(source: str, target: str, rate: str) -> None:
        ExchangeRate.objects.create(source=source, target=target, rate=D(rate), day=TODAY)

    return add


def test_receivables_are_aged_as_of_both_ends(cast: Cast) -> None:
    invoiced(cast, "100", day=date(2026, 1, 5), due=date(2026, 1, 30), reference="A")
    invoiced(cast, "40", day=date(2026, 2, 20), due=date(2026, 3, 20), reference="B")

    found = gathering.gather(cast.company, day=TODAY)

    assert found.ages == Ages(current=D(40), late_60=D(100))  # 31 days late
    assert found.ages_before == Ages(late_30=D(100))
    assert catalogue.reckon(found)["roll_60"] == D(100)


def test_the_roll_rate_begins_with_the_first_day_late(cast: Cast) -> None:
    before = TODAY - timedelta(days=30)
    invoiced(cast, "100", day=date(2026, 1, 5), due=before, reference="not late then")
    invoiced(cast, "100", day=date(2026, 1, 5), due=before - timedelta(days=1), reference="a day late then")

    found = gathering.gather(cast.company, day=TODAY)

    assert (found.ages_before.current, found.ages_before.late_30) == (100, 100)
    assert (found.ages.late_30, found.ages.late_60) == (100, 100)


def test_sales_by_month_have_the_latest_first_and_real_days(cast: Cast) -> None:
    invoiced(cast, "310", day=date(2026, 1, 10), due=date(2026, 2, 9), reference="A")
    invoiced(cast, "20", day=date(2026, 3, 1), due=date(2026, 4, 30), reference="B")
    invoiced(cast, "5", day=date(2026, 3, 2), due=date(2026, 3, 2), reference="C", kind=ItemKind.CREDIT_NOTE)

    sales = gathering.gather(cast.company, day=TODAY).sales

    assert sales.months == (Month(2, D(15)), Month(28, D(0)), Month(31, D(310)))
    assert (sales.twelve_months, sales.year, sales.lately) == (325, 325, 15)
    assert sales.days == 52  # since the first sale, both days counted
    assert sales.term_days == (310 * 30 + 20 * 60) / D(330)


def test_turnover_ends_to_the_day_twelve_months_ago(cast: Cast) -> None:
    invoiced(cast, "7", day=date(2025, 3, 2), due=date(2025, 4, 1), reference="out")
    invoiced(cast, "8", day=date(2025, 3, 3), due=date(2025, 4, 2), reference="in")

    sales = gathering.gather(cast.company, day=TODAY).sales

    assert (sales.twelve_months, sales.year, sales.days) == (8, 0, 365)


def test_days_to_pay_run_from_the_invoice_and_days_late_from_the_due_day(cast: Cast) -> None:
    first = invoiced(cast, "900", day=date(2026, 1, 1), due=date(2026, 1, 31), reference="A")
    other = invoiced(cast, "100", day=date(2026, 1, 1), due=date(2026, 1, 11), reference="B")
    paid(cast, first, day=date(2026, 1, 31), reference="P1")
    paid(cast, other, day=date(2026, 1, 21), reference="P2")

    found = gathering.gather(cast.company, day=TODAY)

    assert found.days_to_pay == D(29)  # (900 x 30 + 100 x 20) / 1,000
    assert found.days_late == D(1)
    assert gathering.gather(cast.company, day=date(2026, 1, 20)).days_to_pay is None


def test_a_day_of_the_past_does_not_know_what_came_later(cast: Cast) -> None:
    invoiced(cast, "100", day=date(2026, 1, 5), due=date(2026, 1, 30), reference="A")
    before = catalogue.reckon(gathering.gather(cast.company, day=date(2026, 2, 1)))

    paid(cast, invoiced(cast, "50", day=date(2026, 2, 10), due=date(2026, 2, 28), reference="B"), day=TODAY)

    assert catalogue.reckon(gathering.gather(cast.company, day=date(2026, 2, 1))) == before
    assert before["turnover_12"] == 100


def test_effects_that_came_back_are_weighed_by_amount(cast: Cast) -> None:
    for number, amount in (("E1", "300"), ("E2", "100")):
        item = invoiced(cast, amount, day=date(2026, 1, 5), due=date(2026, 2, 1), reference=number)
        booking.issue_effect(
            customer=cast.rossi, amount=D(amount), due=date(2026, 2, 1), kind="RIBA", number=number, items=[item],
            day=date(2026, 1, 5), by=cast.carla, now=NOW,
        )  # fmt: skip
    effects = list(cast.rossi.effects.order_by("number"))
    booking.present(effects, mode="SBF", day=date(2026, 1, 6), by=cast.carla, now=NOW)
    effects[1].refresh_from_db()
    booking.unpaid(effects[1], posted=False, day=date(2026, 2, 5), by=cast.carla, now=NOW)

    found = gathering.gather(cast.company, day=TODAY)

    assert catalogue.reckon(found)["unpaid_effects"] == D(25)
    assert catalogue.reckon(gathering.gather(cast.company, day=date(2026, 2, 4)))["unpaid_effects"] == 0
    assert catalogue.reckon(gathering.gather(cast.company, day=date(2026, 1, 31)))["unpaid_effects"] is None


def test_an_order_is_rejected_that_was_held_and_never_let_through(cast: Cast) -> None:
    cast.confirmed(cast.rossi, "300")
    released, rejected, waiting = (cast.confirmed(cast.bianchi, amount) for amount in ("1500", "1700", "1900"))
    gate.release(released.holds.get(), reason="x", by=cast.dario, now=after(1))
    gate.reject(rejected.holds.get(), reason="x", by=cast.dario, now=after(1))

    found = gathering.gather(cast.company, day=after(1).date())

    assert found.orders == Orders(asked=4, asked_value=D(5400), rejected=1, rejected_value=D(1700))
    assert found.waits == (timedelta(days=1), timedelta(days=1))
    assert catalogue.reckon(found)["release_rate"] == 50
    assert catalogue.reckon(found)["hold_hours"] == 24
    assert gathering.gather(cast.company, day=TODAY).orders.rejected == 0
    assert waiting.holds.get().open


def test_debtors_are_families_with_limits_of_the_day_and_what_is_insured(cast: Cast) -> None:
    cast.customer("BRANCH", "500", parent=cast.neri)
    invoiced(cast, "600", day=TODAY, due=TODAY, reference="A")
    invoiced(cast, "100", day=TODAY, due=TODAY, reference="B", customer=cast.neri)
    Security.objects.create(
        customer=cast.rossi, kind=SecurityKind.INSURANCE, amount=1000, percent=50, currency="EUR", valid_to=TODAY
    )
    Security.objects.create(customer=cast.rossi, kind=SecurityKind.GUARANTEE, amount=1000, currency="EUR")

    found = gathering.gather(cast.company, day=TODAY)

    owing = [Debtor(D(600), D(11500), D(500)), Debtor(D(100), D(2000))]
    others = [Debtor(D(0), D(1000)), Debtor(D(0), D(5000))]  # the branch is in its head
    assert found.debtors == Debtors.of([*owing, *others])
    assert found.debtors.insured == 500
    assert gathering.gather(cast.company, day=TODAY + timedelta(days=1)).debtors.insured == 0


def test_companies_stand_by_themselves(cast: Cast) -> None:
    other = Company.objects.create(code="OTHER", name="Other", currency="EUR")
    invoiced(cast, "600", day=TODAY, due=TODAY, reference="A")
    invoiced(cast, "40", day=TODAY, due=TODAY, reference="B", company=other)

    assert gathering.gather(cast.company, day=TODAY).sales.twelve_months == 600
    assert gathering.gather(other, day=TODAY).sales.twelve_months == 40
    assert gathering.gather(other, day=TODAY).debtors.largest == (40,)


def test_amounts_are_in_the_currency_of_the_company(cast: Cast, add_rate: Callable[..., None]) -> None:
    invoiced(cast, "110", day=TODAY, due=TODAY, reference="A", currency="USD")
    add_rate("EUR", "USD", "1.1")

    assert gathering.gather(cast.company, day=TODAY).ages.total.quantize(D("0.01")) == D("100.00")


def test_without_a_rate_there_are_no_figures(cast: Cast, add_rate: Callable[..., None]) -> None:
    invoiced(cast, "110", day=date(2026, 2, 1), due=TODAY, reference="A", currency="USD")
    add_rate("EUR", "USD", "1.1")

    with pytest.raises(MissingRate):
        gathering.gather(cast.company, day=TODAY - timedelta(days=1))


def test_what_has_nothing_to_measure_by_is_not_defined(cast: Cast) -> None:
    found = catalogue.reckon(gathering.gather(cast.company, day=TODAY))

    assert found.pop("utilisation") == 0  # limits there are
    assert set(found.values()) == {None}


def test_the_statements_do_not_grow_with_what_there_is(
    cast: Cast, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    for number in range(12):
        customer = cast.customer(f"C{number}", "100")
        item = invoiced(
            cast, "60", day=date(2026, 1, 5), due=date(2026, 2, 1), reference=f"I{number}", customer=customer
        )
        paid(cast, item, day=date(2026, 2, number + 1), reference=f"P{number}")
        cast.confirmed(customer, "500")

    with django_assert_max_num_queries(24):
        gathering.gather(cast.company, day=TODAY)


def story(cast: Cast) -> None:
    """Let customers of a segment, of none and a branch sell, pay late, be held and give an effect."""
    trade = Segment.objects.create(code="TRADE")
    Customer.objects.filter(pk__in=[cast.bianchi.pk, cast.neri.pk]).update(segment=trade)
    branch = cast.customer("BRANCH", "500", parent=cast.neri)
    for number, customer in enumerate((cast.rossi, cast.bianchi, cast.neri, branch)):
        item = invoiced(
            cast,
            str(100 + number),
            day=date(2026, 1, 5),
            due=date(2026, 2, 1),
            reference=f"A{number}",
            customer=customer,
        )
        paid(cast, item, day=date(2026, 2, 10 + number), reference=f"P{number}")
        invoiced(
            cast,
            str(40 + number),
            day=date(2026, 2, 5),
            due=date(2026, 2, 20),
            reference=f"B{number}",
            customer=customer,
        )
    order = cast.confirmed(cast.bianchi, "1500")
    gate.reject(order.holds.get(), reason="x", by=cast.dario, now=after(1))
    Security.objects.create(customer=cast.rossi, kind=SecurityKind.INSURANCE, amount=1000, percent=50, currency="EUR")


def test_segments_have_figures_of_their_own_that_sum_to_the_companys_by_as_many_statements(cast: Cast) -> None:
    story(cast)
    day = after(1).date()

    with CaptureQueriesContext(connection) as alone:
        whole = gathering.gather(cast.company, day=day)
    with CaptureQueriesContext(connection) as together:
        found = {code: gathered.whole() for code, gathered in gathering.by_segment(cast.company, day=day).items()}

    assert len(together) == len(alone)
    assert found[None] == whole
    trade, rest = found["TRADE"], found[""]
    assert (trade.sales.twelve_months, rest.sales.twelve_months) == (101 + 102 + 41 + 42, 100 + 103 + 40 + 43)
    assert trade.ages.total + rest.ages.total == whole.ages.total
    assert (trade.orders.rejected, rest.orders.rejected) == (1, 0)
    assert (trade.waits, rest.waits) == (whole.waits, ())
    assert trade.debtors + rest.debtors == whole.debtors
    assert trade.debtors.owing == 2  # the branch is in its head
    assert trade.days_late == (101 * 10 + 102 * 11) / D(203)
    assert catalogue.reckon(trade)["insured"] == 0


def test_a_customer_has_the_figures_of_all_below_it_and_reads_what_is_used(cast: Cast) -> None:
    story(cast)
    days = [after(1).date(), date(2026, 1, 31)]

    now, then = gathering.of_customer(cast.company, cast.neri, days=days)

    assert now.sales.twelve_months == 102 + 103 + 42 + 43
    assert now.days_late == (102 * 11 + 103 * 12) / D(205)
    assert now.debtors == Debtors.of([Debtor(D(42 + 43), D(2000))])
    assert (then.ages.total, then.days_to_pay) == (205, None)
    (alone,) = gathering.of_customer(cast.company, cast.rossi, days=days[:1])
    assert catalogue.reckon(alone.whole())["insured"] == 100
    with CaptureQueriesContext(connection) as seen:
        (one,) = gathering.of_customer(cast.company, cast.neri, days=days[:1])
        assert catalogue.BY_CODE["turnover_12"].reckon(cast_type(Inputs, one)) == 290
    assert len(seen) <= 5
