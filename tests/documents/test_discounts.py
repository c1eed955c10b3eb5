"""Discounts taken: what invoices offer against what was kept back, by outcome, with the money lost."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal as D
from typing import Any

import pytest
from django.urls import reverse

from approvals import booking, corrections, gate
from customers.models import Customer, PaymentTerms, SettlementDiscount
from documents import discounts
from documents.discounts import Discounts, Outcome
from documents.drafts import NewDocument
from ledger.models import ItemKind, OpenItem
from tests.cast import NOW, TODAY, Cast, after
from tests.pages import as_user, queries_of, words

PERIOD = {"since": TODAY, "until": TODAY + timedelta(days=60)}
LATER = TODAY + timedelta(days=90)

type Paid = Callable[..., OpenItem]


@pytest.fixture
def paid(cast: Cast) -> Paid:
    """Post an invoice, on which two per cent may be kept within ten days, and pay so much of it so many days later."""
    plain = PaymentTerms.objects.create(code="N30P", days=30)
    offered = PaymentTerms.objects.create(code="N30D", days=30, discount_days=10, discount_percent=2)

    def pay(
        amount: str, money: str, *, days: int, offer: bool = True, customer: Customer | None = None, **more: Any
    ) -> OpenItem:
        customer = customer or cast.rossi
        new = NewDocument(
            kind="INVOICE", customer=customer, amount=D(amount), terms=offered if offer else plain, **more
        )
        invoice = gate.submit(new, "invoice", by=cast.sara, now=NOW).document
        gate.submit(invoice, "post", by=cast.sara, now=NOW)
        item = OpenItem.objects.get(document=invoice)
        booking.pay(
            customer=customer,
            amount=D(money),
            items=[(item, None)],
            reference=f"P{item.pk}",
            by=cast.carla,
            now=after(days),
        )
        item.refresh_from_db()
        return item

    return pay


def outcomes(cast: Cast) -> dict[str, tuple[Outcome, D, D]]:
    rows = discounts.of_customer(cast.guido.user, cast.rossi, **PERIOD, today=LATER)
    return {row.item: (row.outcome, row.taken, row.lost) for row in rows}


def test_each_discount_has_its_outcome_and_the_money_that_it_lost(cast: Cast, paid: Paid) -> None:
    in_time = paid("1000", "980", days=10)
    corrections.grant_discount(in_time, by=cast.carla, now=after(11))
    late = paid("1000", "980", days=11)
    too_much = paid("1000", "970", days=3)
    not_agreed = paid("500", "490", days=3, offer=False)
    not_taken = paid("200", "200", days=5)
    paid("300", "300", days=5, offer=False)  # nothing offered, nothing kept back
    paid("1000", "899.99", days=5)  # a payment in part
    rounding = paid("1000", "999.01", days=5, offer=False)

    found = outcomes(cast)

    assert found == {
        str(in_time): (Outcome.IN_TIME, D(20), D(0)),
        str(late): (Outcome.LATE, D(20), D(20)),
        str(too_much): (Outcome.TOO_MUCH, D(30), D(10)),
        str(not_agreed): (Outcome.NOT_AGREED, D(10), D(10)),
        str(not_taken): (Outcome.NOT_TAKEN, D(0), D(0)),
    }
    assert str(rounding) not in found
    (row,) = discounts.of_period(cast.guido.user, **PERIOD, today=LATER)
    assert row == Discounts(
        code="ROSSI", name=cast.rossi.name, currency="EUR", count=5, total=D(3700), agreed=D(64), taken=D(80), in_time=D(20),
        late=D(20), too_much=D(10), not_agreed=D(10), not_taken=D(4), lost=D(40), losses=3,
    )  # fmt: skip
    ((currency, parts),) = discounts.pictures([row])
    assert (currency, [value for _code, _name, value in parts]) == ("EUR", [D(40), D(20), D(10), D(10), D(4)])


def test_boundaries_to_the_day_and_to_the_cent(cast: Cast, paid: Paid) -> None:
    part = paid("1000", "899.99", days=2)
    tenth = paid("1000", "900", days=2)
    cash = SettlementDiscount.objects.create(code="S3", percent=3, days=2)
    own = paid("33.35", "32.35", days=2, settlement_discount=cash)

    assert str(part) not in outcomes(cast)
    assert outcomes(cast)[str(tenth)] == (Outcome.TOO_MUCH, D(100), D(80))
    assert outcomes(cast)[str(own)] == (Outcome.IN_TIME, D(1), D(0))
    narrow = {"since": after(3).date(), "until": after(60).date(), "today": LATER}
    assert not discounts.of_period(cast.guido.user, **narrow)


def test_what_is_not_due_or_is_disputed_is_not_lost_yet_and_what_was_taken_back_was_never_paid(
    cast: Cast, paid: Paid
) -> None:
    open_still = paid("1000", "960", days=3)
    disputed = paid("1000", "960", days=3)
    booking.dispute(disputed, disputed=True, reason="Short", by=cast.carla, now=after(4))
    returned = paid("1000", "980", days=3)
    money = OpenItem.objects.get(kind=ItemKind.PAYMENT, reference=f"P{returned.pk}")
    corrections.reverse(money, reason="Bounced", by=cast.carla, now=after(4))

    on_due_day = discounts.of_customer(cast.guido.user, cast.rossi, **PERIOD, today=open_still.due)
    day_after = outcomes(cast)

    assert [row.item for row in on_due_day] == [str(disputed)]
    assert day_after[str(open_still)] == (Outcome.TOO_MUCH, D(40), D(20))
    assert day_after[str(disputed)] == (Outcome.NOT_TAKEN, D(0), D(0))
    assert str(returned) not in day_after


def test_an_item_without_a_document_has_what_is_agreed_with_the_customer(cast: Cast, paid: Paid) -> None:
    item = paid("1000", "980", days=3, offer=False)
    OpenItem.objects.filter(pk=item.pk).update(document=None)
    assert outcomes(cast)[str(item)][0] == Outcome.NOT_AGREED

    cast.rossi.terms = PaymentTerms.objects.get(code="N30D")
    cast.rossi.save()

    assert outcomes(cast)[str(item)] == (Outcome.IN_TIME, D(20), D(0))


def test_the_pages_narrow_lead_to_each_discount_and_cost_the_same_for_many(cast: Cast, paid: Paid) -> None:
    client = as_user(cast.guido.user)
    days = {"since": TODAY.isoformat(), "until": after(20).date().isoformat()}
    late = paid("1000", "980", days=11)
    address, of_rossi = reverse("terms_discounts"), reverse("terms_discounts_of", args=["ROSSI"])

    page = client.get(address, days)
    one = client.get(of_rossi, {**days, "columns": "document,outcome"})
    plain = client.get(of_rossi, days)
    few = queries_of(client, address, days)
    few_of = queries_of(client, of_rossi, days)
    for number in range(3):
        paid("100", "98", days=1, customer=cast.customer(f"MORE{number}"))
        paid("100", "98", days=12)

    assert f"{of_rossi}?since={days['since']}" in page.content.decode()
    assert "taken late EUR 20.00" in words(page)
    assert late.document is not None
    assert reverse("item", args=[late.pk]) in one.content.decode()
    assert reverse("document", args=[late.document_id]) in one.content.decode()
    assert "lost EUR 20.00" in words(plain)
    assert queries_of(client, address, days) == few <= 12
    assert queries_of(client, of_rossi, days) == few_of <= 14
    assert "MORE1" in words(client.get(address, days))
    assert "MORE1" not in words(client.get(address, {**days, "show": "lost"}))
    assert "ROSSI" not in words(client.get(address, {**days, "q": "more"}))
    assert "The last day lies before the first" in words(
        client.get(address, {"since": days["until"], "until": days["since"]})
    )
    assert "Customer,Name" in b"".join(client.get(address, {**days, "as": "csv"})).decode()  # type: ignore[arg-type]
