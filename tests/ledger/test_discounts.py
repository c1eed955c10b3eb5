"""Early-payment discounts: earned to the cent and the day, granted without anybody's authority, and told on the item."""

from decimal import Decimal as D
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from approvals import booking, corrections, gate
from creditrisk.exposure import ledger
from creditrisk.refusal import InvalidState
from customers.models import PaymentTerms, SettlementDiscount
from documents.drafts import NewDocument
from ledger import discounts
from ledger.models import ItemKind, OpenItem
from tests.cast import NOW, Cast, after
from tests.pages import words

pytestmark = pytest.mark.django_db


def owed(cast: Cast, amount: str = "1000", **more: Any) -> OpenItem:
    """Post an invoice on which two per cent may be kept within ten days."""
    if not more:
        more = {"terms": PaymentTerms.objects.create(code="N30D", days=30, discount_days=10, discount_percent=2)}
    new = NewDocument(kind="INVOICE", customer=cast.rossi, amount=D(amount), **more)
    invoice = gate.submit(new, "invoice", by=cast.sara, now=NOW).document
    gate.submit(invoice, "post", by=cast.sara, now=NOW)
    return OpenItem.objects.get(document=invoice)


def pay(cast: Cast, item: OpenItem, amount: str, *, days: int, reference: str = "P") -> None:
    booking.pay(
        customer=cast.rossi, amount=D(amount), items=[(item, None)], reference=reference, by=cast.carla, now=after(days)
    )
    item.refresh_from_db()


def test_who_pays_on_the_last_day_less_the_discount_owes_nothing_more(cast: Cast) -> None:
    item = owed(cast)
    pay(cast, item, "980", days=10)

    made = corrections.grant_discount(item, by=cast.carla, now=after(12))

    item.refresh_from_db()
    assert (made.kind, made.amount, made.reason) == (ItemKind.WRITE_OFF, D(-20), "Early-payment discount of 2 %")
    assert item.open_amount == 0
    assert ledger.audit().total == 0


@pytest.mark.parametrize(("amount", "days"), [("980", 11), ("979.99", 10), ("1000", 1)])
def test_a_day_late_a_cent_short_or_paid_in_full_earns_nothing(cast: Cast, amount: str, days: int) -> None:
    item = owed(cast)
    pay(cast, item, amount, days=days)

    with pytest.raises(InvalidState, match="not paid in time"):
        corrections.grant_discount(item, by=cast.carla, now=after(days))


def test_it_is_the_last_money_that_must_be_in_time(cast: Cast) -> None:
    item = owed(cast)
    pay(cast, item, "500", days=2)
    pay(cast, item, "480", days=12, reference="P2")

    assert discounts.offer(item) == discounts.Offer(D(2), D("20.00"), after(10).date(), False)


def test_a_settlement_discount_of_the_document_comes_before_its_terms(cast: Cast) -> None:
    cash = SettlementDiscount.objects.create(code="S3", percent=3, days=8)
    item = owed(cast, "33.35", settlement_discount=cash)

    found = discounts.offer(item)

    assert found is not None
    assert (found.amount, found.last_day) == (D("1.00"), after(8).date())


def test_a_reversed_payment_takes_the_discount_back_with_it(cast: Cast) -> None:
    item = owed(cast)
    pay(cast, item, "980", days=1)
    made = corrections.grant_discount(item, by=cast.carla, now=after(2))

    corrections.reverse(made, reason="The payment bounced", by=cast.carla, now=after(3))

    item.refresh_from_db()
    assert item.open_amount == 20
    assert ledger.audit().total == 0


def test_the_page_of_an_item_tells_the_discount_and_grants_it_once(cast: Cast, carla: Client) -> None:
    item = owed(cast)
    before = words(carla.get(reverse("item", args=[item.pk])))
    pay(cast, item, "980", days=3)
    earned = words(carla.get(reverse("item", args=[item.pk])))

    first = words(carla.post(reverse("item_discount", args=[item.pk]), follow=True))
    second = words(carla.post(reverse("item_discount", args=[item.pk]), follow=True))

    assert "if paid by 12 Mar 2026" in before and "Grant the discount" not in before
    assert "Grant the discount" in earned
    assert "The discount of EUR 20.00 is granted." in first
    assert "not paid in time" in second
