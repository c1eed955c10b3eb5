"""Write-offs within authority, payments taken back, marks with their history: each a row of its own, as-of right."""

from datetime import timedelta
from decimal import Decimal as D
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction

from approvals import booking, corrections
from creditrisk.refusal import AboveAuthority, InvalidState, Refused
from ledger import queries
from ledger.models import ExchangeRate, ItemKind, ItemMark, Mark, OpenItem, WriteOffAuthority
from tests.cast import NOW, TODAY, Cast, after

pytestmark = pytest.mark.django_db


def may_write_off(up_to: str | None, role: str = "credit_clerk") -> None:
    WriteOffAuthority.objects.update_or_create(
        group=Group.objects.get(name=role), defaults={"up_to": D(up_to) if up_to is not None else None}
    )


def open_on(days: int) -> D:
    return sum(queries.open_amounts(day=after(days).date()).values(), D(0))


def paid(cast: Cast, item: OpenItem, amount: str, *, days: int = 0, reference: str = "P") -> OpenItem:
    return booking.pay(
        customer=item.customer, amount=D(amount), items=[(item, None)], reference=reference, by=cast.carla,
        now=after(days),
    )  # fmt: skip


def test_the_rest_of_a_debt_is_written_off_to_the_cent_of_the_authority(cast: Cast, owed: Any) -> None:
    may_write_off("5")
    item = cast.item(cast.rossi, "100", due=TODAY)
    paid(cast, item, "95", days=1)

    made = corrections.write_off(item, reason="Bank charges", by=cast.carla, now=after(2))

    assert (made.kind, made.amount, made.open_amount, made.reason) == (ItemKind.WRITE_OFF, -5, 0, "Bank charges")
    assert owed(after(2).date()) == {}
    assert [open_on(days) for days in (0, 1, 2)] == [100, 5, 0]


def test_a_cent_above_the_authority_is_refused_with_the_figures_and_slices_do_not_help(cast: Cast) -> None:
    may_write_off("5")
    item = cast.item(cast.rossi, "5.01", due=TODAY)

    with pytest.raises(AboveAuthority, match=r"up to EUR 5\.00 of one item; with this it would be EUR 5\.01"):
        corrections.write_off(item, reason="Small", by=cast.carla, now=NOW)
    corrections.write_off(item, amount=D(5), reason="Small", by=cast.carla, now=NOW)
    with pytest.raises(AboveAuthority):
        corrections.write_off(item, reason="Small", by=cast.carla, now=NOW)

    item.refresh_from_db()
    assert item.open_amount == D("0.01")


def test_authority_is_the_persons_own_else_the_best_role_and_none_at_all_is_zero(cast: Cast) -> None:
    item = cast.item(cast.rossi, "10", due=TODAY)

    with pytest.raises(AboveAuthority, match="up to EUR 0.00"):
        corrections.write_off(item, amount=D("0.01"), reason="x", by=cast.carla, now=NOW)
    may_write_off(None)
    WriteOffAuthority.objects.create(user=cast.carla.user, up_to=D(1))
    with pytest.raises(AboveAuthority, match="up to EUR 1.00"):
        corrections.write_off(item, amount=D("1.01"), reason="x", by=cast.carla, now=NOW)
    may_write_off(None, "credit_manager")
    corrections.write_off(item, reason="x", by=cast.dario, now=NOW)


def test_authority_is_measured_in_the_companys_currency(cast: Cast) -> None:
    may_write_off("5")
    ExchangeRate.objects.create(source="USD", target="EUR", day=TODAY, rate=D("0.5"))
    item = booking.item(
        customer=cast.rossi, amount=D(20), currency="USD", reference="U1", due=TODAY, by=cast.carla, now=NOW
    )

    with pytest.raises(AboveAuthority, match=r"it would be EUR 5\.01"):
        corrections.write_off(item, amount=D("10.01"), reason="x", by=cast.carla, now=NOW)
    corrections.write_off(item, amount=D(10), reason="x", by=cast.carla, now=NOW)


def test_an_overpayment_is_written_off_too(cast: Cast, owed: Any) -> None:
    may_write_off("1")
    item = cast.item(cast.rossi, "100", due=TODAY)
    payment = paid(cast, item, "100.30")
    assert owed() == {"credits": D("-0.30")}

    corrections.write_off(payment, reason="Rounding", by=cast.carla, now=NOW)

    assert owed() == {}


@pytest.mark.parametrize(
    ("values", "words"),
    [({"reason": " "}, "Say why"), ({"reason": "x", "amount": D(101)}, "Only 100.00 is open"),
     ({"reason": "x", "amount": D("0.001")}, "no amounts as fine"), ({"reason": "x", "amount": D(0)}, "more than zero")],
)  # fmt: skip
def test_what_makes_no_sense_is_not_written_off(cast: Cast, values: dict[str, Any], words: str) -> None:
    may_write_off(None)
    item = cast.item(cast.rossi, "100", due=TODAY)

    with pytest.raises(Refused, match=words):
        corrections.write_off(item, by=cast.carla, now=NOW, **values)

    assert OpenItem.objects.count() == 1


def test_a_bounced_payment_is_taken_back_and_its_debts_are_open_again(cast: Cast, owed: Any) -> None:
    one, two = cast.item(cast.rossi, "100", due=TODAY), cast.item(cast.rossi, "50", due=TODAY, reference="I2")
    payment = booking.pay(
        customer=cast.rossi, amount=D(200), items=[(one, None), (two, None)], reference="P", by=cast.carla, now=after(1)
    )
    assert owed(after(1).date()) == {"credits": -50}

    counter = corrections.reverse(payment, reason="Bounced", by=cast.carla, now=after(3))

    payment.refresh_from_db()
    assert owed(after(3).date()) == {"receivables": 150}
    assert (counter.kind, counter.amount, counter.open_amount, payment.open_amount) == (ItemKind.REVERSAL, 200, 0, 0)
    assert [open_on(days) for days in (0, 1, 2, 3)] == [150, -50, -50, 150]
    with pytest.raises(InvalidState, match="reversed before"):
        corrections.reverse(payment, reason="Again", by=cast.carla, now=after(4))


def test_a_write_off_is_taken_back_and_may_be_made_again(cast: Cast, owed: Any) -> None:
    may_write_off("5")
    item = cast.item(cast.rossi, "5", due=TODAY)
    made = corrections.write_off(item, reason="x", by=cast.carla, now=NOW)

    corrections.reverse(made, reason="He paid after all", by=cast.carla, now=after(1))
    assert owed(after(1).date()) == {"receivables": 5}

    corrections.write_off(item, reason="x", by=cast.carla, now=after(2))
    assert owed(after(2).date()) == {}


def test_invoices_are_not_reversed_here(cast: Cast) -> None:
    item = cast.item(cast.rossi, "5", due=TODAY)

    with pytest.raises(Refused, match="only payments, write-offs and charges"):
        corrections.reverse(item, reason="x", by=cast.carla, now=NOW)


# -- advance money ------------------------------------------------------------------------------------------------------


def test_money_that_came_before_the_invoice_is_a_credit_until_then(cast: Cast, owed: Any) -> None:
    item = cast.item(cast.rossi, "100", due=after(30).date(), now=after(5))

    booking.pay(
        customer=cast.rossi, amount=D(100), items=[(item, None)], reference="P", day=TODAY, by=cast.carla, now=after(6)
    )

    assert owed(after(6).date()) == {}
    assert [open_on(days) for days in (0, 4, 5)] == [-100, -100, 0]


# -- marks --------------------------------------------------------------------------------------------------------------


def test_a_dispute_begins_and_ends_with_reasons_that_are_kept(cast: Cast) -> None:
    item = cast.item(cast.rossi, "100", due=TODAY)

    booking.dispute(item, disputed=True, reason="Broken", by=cast.carla, now=after(1))
    booking.dispute(item, disputed=False, reason="Credit note agreed", by=cast.dario, now=after(4))

    item.refresh_from_db()
    assert (item.disputed, item.dispute_reason, item.disputed_on) == (False, "", None)
    told = [(m.on, m.reason, m.day, m.made_by.username) for m in ItemMark.objects.order_by("pk")]
    assert told == [
        (True, "Broken", after(1).date(), "carla"),
        (False, "Credit note agreed", after(4).date(), "dario"),
    ]
    with pytest.raises(InvalidState, match="is not disputed"):
        booking.dispute(item, disputed=False, by=cast.carla, now=after(5))


def test_what_is_left_out_of_credit_control_leaves_the_exposure_and_the_ageing_on_its_day(
    cast: Cast, owed: Any
) -> None:
    item = cast.item(cast.rossi, "100", due=TODAY)

    booking.mark(item, Mark.EXCLUDED, on=True, reason="Guaranteed by the state", by=cast.carla, now=after(2))
    assert owed(after(2).date()) == {}
    booking.mark(item, Mark.EXCLUDED, on=False, reason="Guarantee ended", by=cast.carla, now=after(5))

    assert owed(after(5).date()) == {"receivables": 100}
    aged = [sum((r.total for r in queries.ageing(day=after(days).date())), D(0)) for days in (1, 2, 4, 5)]
    assert aged == [100, 0, 0, 100]


def test_a_provisional_item_becomes_definitive(cast: Cast, owed: Any) -> None:
    item = booking.item(
        customer=cast.rossi, amount=D(100), due=TODAY, reference="I1", provisional=True, by=cast.carla, now=NOW
    )
    assert owed() == {}

    booking.mark(item, Mark.PROVISIONAL, on=False, reason="Entry confirmed", by=cast.carla, now=after(1))

    assert owed(after(1).date()) == {"receivables": 100}
    assert [(m.on, m.day) for m in item.marks.order_by("pk")] == [(True, TODAY), (False, after(1).date())]


def test_what_is_settled_is_not_marked_and_a_credit_is_not_disputed(cast: Cast) -> None:
    item = cast.item(cast.rossi, "100", due=TODAY)
    paid(cast, item, "100")
    rest = paid(cast, cast.item(cast.rossi, "1", due=TODAY, reference="I2"), "3", reference="P2")

    with pytest.raises(InvalidState, match="is settled"):
        booking.dispute(item, disputed=True, reason="x", by=cast.carla, now=NOW)
    with pytest.raises(Refused, match="only debts are disputed"):
        booking.dispute(rest, disputed=True, reason="x", by=cast.carla, now=NOW)


def test_the_database_refuses_corrections_without_reason_or_aim(cast: Cast) -> None:
    item = cast.item(cast.rossi, "100", due=TODAY)
    rows = OpenItem.objects.filter(pk=item.pk)
    forbidden = [
        {"kind": "WRITE_OFF", "reason": ""},
        {"kind": "REVERSAL", "reason": "x", "reverses": None},
        {"kind": "INVOICE", "reverses": item},
        {"kind": "CHARGE", "amount": D(-1), "open_amount": D(-1)},
    ]

    for values in forbidden:
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**values)
    with pytest.raises(IntegrityError), transaction.atomic():
        WriteOffAuthority.objects.create(up_to=D(1))
    with pytest.raises(IntegrityError), transaction.atomic():
        WriteOffAuthority.objects.create(user=cast.carla.user, up_to=D(-1))


def test_nothing_is_settled_or_issued_before_it_was_there(cast: Cast) -> None:
    item = cast.item(cast.rossi, "100", due=TODAY + timedelta(days=30), now=after(3))

    with pytest.raises(Refused, match="was booked or moved on"):
        booking.issue_effect(
            customer=cast.rossi, amount=D(100), due=item.due, items=[item], day=TODAY, by=cast.carla, now=after(4)
        )
