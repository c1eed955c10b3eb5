"""Payment terms: whose hold, when goods are invoiced, what falls due when."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from customers import terms
from customers.models import InvoicingCycle, PaymentTerms, Region, Segment, TermsInstalment
from tests.cast import Cast


def made(code: str, **values: object) -> PaymentTerms:
    return PaymentTerms.objects.create(code=code, **values)


def test_own_terms_come_before_the_regions_and_these_before_the_segments(cast: Cast) -> None:
    rossi = cast.rossi
    rossi.region = Region.objects.create(code="NORTH", terms=made("N45", days=45), invoicing="WEEKLY")
    rossi.segment = Segment.objects.create(code="TRADE", terms=made("N60", days=60), invoicing="MONTHLY")

    own = terms.usual(rossi)
    rossi.terms = None
    of_region, cycle_of_region = terms.usual(rossi), terms.usual_cycle(rossi)
    rossi.region = None

    assert [str(own), str(of_region), str(terms.usual(rossi))] == ["N30", "N45", "N60"]
    assert (cycle_of_region, terms.usual_cycle(rossi)) == ("WEEKLY", "MONTHLY")
    rossi.segment = None
    assert (terms.usual(rossi), terms.usual_cycle(rossi)) == (None, "DELIVERY")


@pytest.mark.parametrize(
    ("cycle", "delivered", "invoiced"),
    [
        (InvoicingCycle.DELIVERY, date(2026, 3, 4), date(2026, 3, 4)),
        (InvoicingCycle.WEEKLY, date(2026, 3, 2), date(2026, 3, 8)),
        (InvoicingCycle.WEEKLY, date(2026, 3, 8), date(2026, 3, 8)),
        (InvoicingCycle.WEEKLY, date(2026, 12, 31), date(2027, 1, 3)),
        (InvoicingCycle.MONTHLY, date(2026, 2, 1), date(2026, 2, 28)),
        (InvoicingCycle.MONTHLY, date(2028, 2, 29), date(2028, 2, 29)),
    ],
)
def test_a_cycle_ends_on_its_last_day(cycle: str, delivered: date, invoiced: date) -> None:
    assert terms.invoice_day(delivered, cycle) == invoiced


def test_the_end_of_the_month_follows_the_days(db: None) -> None:
    sixty = made("EOM60", days=60, end_of_month=True)

    (whole,) = terms.instalments(sixty, issued_on=date(2026, 1, 15), amount=Decimal(100), currency="EUR")

    assert whole.due == date(2026, 3, 31)


@pytest.mark.parametrize(
    ("days", "issued_on", "due"),
    [
        (30, date(2026, 1, 15), date(2026, 3, 10)),
        (0, date(2026, 1, 31), date(2026, 2, 10)),
        (30, date(2026, 11, 30), date(2027, 1, 10)),
    ],
)
def test_days_may_follow_the_end_of_the_month(db: None, days: int, issued_on: date, due: date) -> None:
    tenth = made("EOM10", days=days, end_of_month=True, days_after_month_end=10)

    (whole,) = terms.instalments(tenth, issued_on=issued_on, amount=Decimal(100), currency="EUR")

    assert whole.due == due
    assert terms.longest_days(tenth) == days + 40


def test_days_after_a_months_end_need_terms_that_run_to_one(db: None) -> None:
    with pytest.raises(ValidationError, match="run to the end of the month"):
        PaymentTerms(code="N30", days=30, days_after_month_end=10).full_clean()


def test_parts_sum_to_the_amount_in_a_currency_without_cents(db: None) -> None:
    thirds = made("THIRDS")
    for position, percent in enumerate(("33.3333", "33.3333", "33.3334"), start=1):
        TermsInstalment.objects.create(terms=thirds, position=position, percent=percent, days=30 * position)

    parts = terms.instalments(thirds, issued_on=date(2026, 1, 31), amount=Decimal(1000), currency="JPY")

    assert [p.amount for p in parts] == [Decimal(333), Decimal(334), Decimal(333)]
    assert [p.due for p in parts] == [date(2026, 3, 2), date(2026, 4, 1), date(2026, 5, 1)]
