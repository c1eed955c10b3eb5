"""Small stories that the insight tells of: what fell due and was paid, longer terms, holds that were released."""

from datetime import timedelta
from decimal import Decimal as D

from approvals import booking, gate
from approvals.models import Hold
from customers.models import Customer, PaymentTerms, Segment
from documents.drafts import NewDocument
from documents.models import Document
from ledger.models import OpenItem
from tests.cast import NOW, TODAY, Cast, after, policy


def due_in(cast: Cast, customer: Customer, amount: str, days: int, *, paid: int | None) -> OpenItem:
    """Open an item that falls due in so many days; it is paid so many days after the story begins."""
    item = cast.item(customer, amount, due=TODAY + timedelta(days=days), reference=f"{customer.code}{days}{amount}")
    if paid is not None:
        booking.pay(
            customer=customer,
            amount=D(amount),
            items=[(item, None)],
            reference=f"P{item.pk}",
            by=cast.carla,
            now=after(paid),
        )
    return item


def invoice(
    cast: Cast, customer: Customer, amount: str, day: int, terms: PaymentTerms, *, paid: int | None = None
) -> None:
    """Issue an invoice on a day of the story on these terms, posted; paid so many days after its issue."""
    Customer.objects.filter(pk=customer.pk).update(terms=terms)
    customer.refresh_from_db()
    new = NewDocument(kind="INVOICE", customer=customer, amount=D(amount))
    made = gate.submit(new, "invoice", by=cast.sara, now=after(day)).document
    gate.submit(made, "post", by=cast.carla, now=after(day))
    if paid is not None:
        item = OpenItem.objects.get(document=made)
        booking.pay(
            customer=customer,
            amount=item.amount,
            items=[(item, None)],
            reference=f"Q{made.pk}",
            by=cast.carla,
            now=after(day + paid),
        )


def lengthen(cast: Cast) -> None:
    """Rossi gets 60 days instead of 30 on day 90 and buys half as much again; Neri goes on as before."""
    policy(checkpoints={"invoice": {"on": False}})
    n60 = PaymentTerms.objects.create(code="N60", days=60)
    segment = Segment.objects.create(code="IND", name="Industry")
    Customer.objects.filter(pk__in=[cast.rossi.pk, cast.neri.pk]).update(segment=segment)
    for day in (0, 30, 60):
        invoice(cast, cast.rossi, "600", day, cast.terms, paid=30)
        invoice(cast, cast.neri, "300", day, cast.terms, paid=30)
    for day in (90, 120, 150):
        invoice(cast, cast.rossi, "900", day, n60, paid=60)
        invoice(cast, cast.neri, "300", day, cast.terms, paid=30)


def held_and_released(cast: Cast, amount: str, *, paid: int | None, customer: Customer | None = None) -> Document:
    """Let an order be held, released, delivered, invoiced on the first day (due in 30 days) and paid later."""
    order = cast.order(customer or cast.bianchi, amount)
    gate.submit(order, "confirm", by=cast.sara, now=NOW)
    hold = Hold.objects.get(document=order, open=True)
    gate.release(hold, by=cast.dario, now=NOW, reason="good payer", scope="REMAINING_STEPS", with_posting=True)
    order.refresh_from_db()
    note = gate.submit(NewDocument(kind="DELIVERY", sources=(order,)), "deliver", by=cast.sara, now=NOW).document
    bill = gate.submit(NewDocument(kind="INVOICE", sources=(note,)), "invoice", by=cast.sara, now=NOW).document
    gate.submit(bill, "post", by=cast.carla, now=NOW)
    if paid is not None:
        item = OpenItem.objects.get(document=bill)
        booking.pay(
            customer=item.customer,
            amount=item.amount,
            items=[(item, None)],
            reference=f"H{item.pk}",
            by=cast.carla,
            now=after(paid),
        )
    return order
