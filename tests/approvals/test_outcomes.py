"""How earlier releases ended, as evidence for the next."""

from datetime import timedelta
from decimal import Decimal as D
from typing import Any

import pytest

from approvals import booking, gate, outcomes
from approvals.models import Hold
from documents.drafts import NewDocument
from tests.approvals.looking import held
from tests.cast import NOW, TODAY, Cast, after


@pytest.fixture
def released(cast: Cast) -> Hold:
    """An order of 1,500 of Bianchi, released by Carla."""
    hold = held(cast, cast.bianchi)
    gate.release(hold, by=cast.carla, now=NOW, reason="They pay on Friday")
    return hold


def told(cast: Cast, *, day: int = 0) -> tuple[str, str]:
    (found,) = outcomes.of_customer(cast.bianchi.pk, day=TODAY + timedelta(days=day))
    return found.end.replace("\xa0", " "), found.tone


def invoiced(cast: Cast, hold: Hold) -> Any:
    """Confirm, deliver, invoice and post the released order; return the open item, due after thirty days."""
    order = gate.submit(hold.document, "confirm", by=cast.sara, now=NOW).document
    note = gate.submit(NewDocument(kind="DELIVERY", sources=(order,)), "deliver", by=cast.sara, now=NOW).document
    invoice = gate.submit(NewDocument(kind="INVOICE", sources=(note,)), "invoice", by=cast.sara, now=NOW).document
    gate.submit(invoice, "post", by=cast.sara, now=NOW)
    return invoice.items.get()


def test_what_was_released_says_how_far_it_came(cast: Cast, released: Hold) -> None:
    before = told(cast)
    order = gate.submit(released.document, "confirm", by=cast.sara, now=NOW).document
    confirmed = told(cast)
    invoice = gate.submit(NewDocument(kind="INVOICE", sources=(order,)), "invoice", by=cast.sara, now=NOW).document
    issued = told(cast)
    gate.submit(invoice, "post", by=cast.sara, now=NOW)

    assert before == ("not confirmed so far", "info")
    assert confirmed == ("not invoiced yet", "info")
    assert issued == ("invoiced, not posted yet", "info")
    assert told(cast) == ("EUR 1,500.00 open, not due yet", "info")


def test_what_was_cancelled_says_so(cast: Cast, released: Hold) -> None:
    gate.submit(released.document, "cancel", by=cast.sara, now=NOW)

    assert told(cast) == ("cancelled", "info")


@pytest.mark.parametrize(
    ("days", "end"),
    [(30, ("paid on time", "passed")), (31, ("paid 1 day late", "warned")), (45, ("paid 15 days late", "warned"))],
)
def test_what_was_paid_says_how_late(cast: Cast, released: Hold, days: int, end: tuple[str, str]) -> None:
    item = invoiced(cast, released)
    booking.pay(
        customer=cast.bianchi, amount=D(1500), items=[(item, None)], reference="P", by=cast.carla, now=after(days)
    )

    assert told(cast, day=90) == end


def test_what_is_not_paid_says_how_much_and_how_late(cast: Cast, released: Hold) -> None:
    item = invoiced(cast, released)
    booking.pay(customer=cast.bianchi, amount=D(600), items=[(item, None)], reference="P", by=cast.carla, now=NOW)

    assert told(cast, day=30) == ("EUR 900.00 open, not due yet", "info")
    assert told(cast, day=31) == ("EUR 900.00 unpaid, 1 day late", "held")


def test_an_effect_in_its_place_is_told(cast: Cast, released: Hold) -> None:
    item = invoiced(cast, released)
    made = booking.issue_effect(
        customer=cast.bianchi, amount=D(1500), due=TODAY + timedelta(days=30), items=[item], by=cast.carla, now=NOW
    )
    booking.present([made], by=cast.carla, now=NOW)
    under_way = told(cast)
    booking.unpaid(made, posted=False, by=cast.carla, now=after(31))

    assert under_way == ("EUR 1,500.00 open, not due yet", "info")
    assert told(cast, day=31) == ("EUR 1,500.00 unpaid, 1 day late", "held")


def test_many_releases_cost_what_one_costs(cast: Cast, released: Hold, django_assert_num_queries: Any) -> None:
    invoiced(cast, released)
    for amount in ("1501", "1502"):
        hold = held(cast, cast.bianchi, amount)
        gate.release(hold, by=cast.carla, now=NOW, reason="again")
        invoiced(cast, hold)

    for limit in (1, 3):
        with django_assert_num_queries(3):
            assert len(outcomes.of_customer(cast.bianchi.pk, day=TODAY, limit=limit)) == limit
