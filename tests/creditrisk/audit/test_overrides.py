"""What approvers let through, followed from the release to the money, by amount and by document."""

import csv
import io
from datetime import date
from decimal import Decimal as D
from typing import Any

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from approvals import booking, corrections, gate
from approvals.models import Hold, Release
from creditrisk.audit import overrides
from creditrisk.audit.outcomes import Outcome
from customers.models import Company, CompanyAccess
from documents.drafts import NewDocument
from documents.models import Document
from ledger.models import OpenItem, WriteOffAuthority
from tests.cast import NOW, TODAY, Cast, after
from tests.pages import as_user, words

pytestmark = pytest.mark.django_db

PERIOD = {"since": TODAY, "until": TODAY}
LATER = after(90).date()
ON_TIME, LATE, UNPAID, NOT_DUE, CANCELLED = Outcome


def let_through(cast: Cast, amount: str, *, by: Any = None, customer: Any = None) -> Document:
    """Let an order of Bianchi, who has a limit of 1,000, be held and released."""
    order = cast.order(customer or cast.bianchi, amount)
    gate.submit(order, "confirm", by=cast.sara, now=NOW)
    gate.release(
        Hold.objects.get(document=order, open=True), by=by or cast.dario, now=NOW, reason="good payer",
        scope="REMAINING_STEPS", with_posting=True,
    )  # fmt: skip
    order.refresh_from_db()
    return order


def delivered(cast: Cast, *orders: Document, share: str | None = None) -> Document:
    new = NewDocument(kind="DELIVERY", sources=orders, share=D(share) if share else None)
    made = gate.submit(new, "deliver", by=cast.sara, now=NOW)
    assert made.hold is None
    return made.document


def posted(cast: Cast, *notes: Document) -> OpenItem:
    """Invoice deliveries and post the invoice; it falls due on 1 April."""
    invoice = gate.submit(NewDocument(kind="INVOICE", sources=notes), "invoice", by=cast.sara, now=NOW).document
    gate.submit(invoice, "post", by=cast.carla, now=NOW)
    return OpenItem.objects.get(document=invoice)


def paid(cast: Cast, item: OpenItem, amount: str | None = None, *, days: int) -> None:
    booking.pay(
        customer=item.customer, amount=D(amount) if amount else item.open_amount, items=[(item, None)], reference=f"P{days}",
        by=cast.carla, now=after(days),
    )  # fmt: skip


def looked(cast: Cast, *, today: date = LATER, **asked: Any) -> overrides.Overrides:
    return overrides.look(cast.guido.user, {**PERIOD, **asked}, today=today)


def ways(cast: Cast, **asked: Any) -> dict[Outcome, tuple[int, D]]:
    (one,) = looked(cast, **asked).approvers
    return {way: (count, round(amount, 2)) for way, count, amount in one.ways if count or amount}


def test_a_release_that_was_paid_in_time(cast: Cast) -> None:
    item = posted(cast, delivered(cast, let_through(cast, "1500")))
    paid(cast, item, days=30)

    (one,) = looked(cast).approvers

    assert (one.name, one.releases, one.amount, one.excess) == ("dario", 1, 1500, 500)
    assert ways(cast) == {ON_TIME: (1, D(1500))}
    assert one.ending.days_late == 0


def test_each_part_counts_with_its_amount_and_the_document_with_the_worst(cast: Cast) -> None:
    item = posted(cast, delivered(cast, let_through(cast, "1500")))
    paid(cast, item, "600", days=30)
    paid(cast, item, "400.50", days=40)

    (one,) = looked(cast).approvers

    assert ways(cast) == {ON_TIME: (0, D(600)), LATE: (0, D("400.50")), UNPAID: (1, D("499.50"))}
    assert one.ending.days_late == (D("400.50") * 10 + D("499.50") * 60) / 1500


@pytest.mark.parametrize(("today", "way"), [(after(30).date(), NOT_DUE), (after(31).date(), UNPAID)])
def test_what_is_open_is_unpaid_from_the_day_after_it_fell_due(cast: Cast, today: date, way: Outcome) -> None:
    posted(cast, delivered(cast, let_through(cast, "1500")))

    assert ways(cast, today=today) == {way: (1, D(1500))}


def test_what_is_not_invoiced_yet_is_not_due(cast: Cast) -> None:
    order = let_through(cast, "1500")
    paid(cast, posted(cast, delivered(cast, order, share="0.4")), days=10)

    assert ways(cast) == {ON_TIME: (0, D(600)), NOT_DUE: (1, D(900))}


def test_an_order_that_was_cancelled_after_all(cast: Cast) -> None:
    order = let_through(cast, "1500")
    gate.submit(order, "cancel", by=cast.sara, now=NOW)

    assert ways(cast) == {CANCELLED: (1, D(1500))}


def test_what_was_given_up_is_unpaid_and_what_was_credited_cancelled(cast: Cast) -> None:
    item = posted(cast, delivered(cast, let_through(cast, "1500")))
    WriteOffAuthority.objects.create(user=cast.dario.user)
    corrections.write_off(item, amount=D(100), reason="rest", by=cast.dario, now=after(40))
    note = NewDocument(kind="CREDIT_NOTE", origin=item.document, amount=D(400))
    note = gate.submit(note, "invoice", by=cast.sara, now=after(41)).document
    gate.submit(note, "post", by=cast.carla, now=after(41))
    item.refresh_from_db()
    paid(cast, item, days=20)

    assert ways(cast) == {ON_TIME: (0, D(1000)), UNPAID: (1, D(100)), CANCELLED: (0, D(400))}


def test_one_invoice_over_two_orders_is_shared_out(cast: Cast) -> None:
    free = delivered(cast, cast.confirmed(cast.bianchi, "500"))
    item = posted(cast, free, delivered(cast, let_through(cast, "1500")))
    assert item.amount == 2000
    paid(cast, item, "800", days=30)
    paid(cast, item, days=35)

    assert ways(cast) == {ON_TIME: (0, D(600)), LATE: (1, D(900))}


def test_an_effect_is_followed_to_its_end(cast: Cast) -> None:
    item = posted(cast, delivered(cast, let_through(cast, "1500")))
    effect = booking.issue_effect(
        customer=cast.bianchi, amount=D(1500), due=item.due, items=[item], number="E1", by=cast.carla, now=after(1)
    )
    assert ways(cast, today=after(5).date()) == {NOT_DUE: (1, D(1500))}
    booking.present([effect], by=cast.carla, now=after(2))
    assert ways(cast) == {ON_TIME: (1, D(1500))}

    booking.unpaid(effect, posted=False, by=cast.carla, now=after(33))
    assert ways(cast) == {UNPAID: (1, D(1500))}

    booking.unpaid(effect, posted=True, by=cast.carla, now=after(34))
    returned = OpenItem.objects.get(kind="RETURNED")
    paid(cast, returned, "500", days=36)
    assert ways(cast) == {LATE: (0, D(500)), UNPAID: (1, D(1000))}


def test_an_effect_in_place_of_another_is_followed_too(cast: Cast) -> None:
    from ledger import effects

    item = posted(cast, delivered(cast, let_through(cast, "1500")))
    effect = booking.issue_effect(
        customer=cast.bianchi, amount=D(1500), due=item.due, items=[item], number="E1", by=cast.carla, now=after(1)
    )
    booking.present([effect], by=cast.carla, now=after(2))
    booking.unpaid(effect, posted=False, by=cast.carla, now=after(33))
    _old, new, _items = effects.replace(
        effect, number="E2", kind="RIBA", due=after(60).date(), day=after(34).date(), by=cast.carla.user, now=after(34)
    )
    booking.present([new], by=cast.carla, now=after(35))
    booking.collect(new, by=cast.carla, now=after(60))

    assert ways(cast) == {LATE: (1, D(1500))}


def test_a_bounced_payment_is_no_payment(cast: Cast) -> None:
    item = posted(cast, delivered(cast, let_through(cast, "1500")))
    paid(cast, item, days=20)
    corrections.reverse(OpenItem.objects.get(kind="PAYMENT"), reason="bounced", by=cast.carla, now=after(25))

    assert ways(cast) == {UNPAID: (1, D(1500))}


def test_two_releases_of_one_person_on_the_same_goods_count_once(cast: Cast) -> None:
    order = cast.order(cast.bianchi, "1500")
    gate.submit(order, "confirm", by=cast.sara, now=NOW)
    gate.release(Hold.objects.get(), by=cast.dario, now=NOW, reason="good payer", scope="THIS_STEP", with_posting=True)
    held = gate.submit(
        NewDocument(kind="DELIVERY", sources=(Document.objects.get(pk=order.pk),)), "deliver", by=cast.sara, now=NOW
    )
    assert held.hold is not None
    gate.release(held.hold, by=cast.dario, now=NOW, reason="again", scope="REMAINING_STEPS", with_posting=True)
    paid(cast, posted(cast, Document.objects.get(pk=held.hold.document_id)), days=30)

    found = looked(cast)

    assert found.approvers[0].releases == 2
    assert ways(cast) == {ON_TIME: (2, D(1500))}
    assert [release.ending.amounts[ON_TIME] for release in found.releases] == [1500, 1500]


def test_each_approver_answers_for_what_they_released_in_the_period(cast: Cast) -> None:
    let_through(cast, "1500")
    let_through(cast, "3000", by=cast.fiona)

    assert {one.name: one.amount for one in looked(cast).approvers} == {"dario": 1500, "fiona": 3000}
    assert looked(cast, since=after(1).date(), until=after(1).date()).approvers == []
    assert [one.name for one in looked(cast, approver=cast.fiona.user).approvers] == ["fiona"]
    assert looked(cast, company=Company.objects.create(code="X", name="X", currency="EUR")).approvers == []


def test_what_another_company_let_through_is_not_told(cast: Cast) -> None:
    let_through(cast, "1500")
    other = Company.objects.create(code="OTHER", name="Other", currency="EUR")
    CompanyAccess.objects.create(user=cast.guido.user, company=other)

    assert looked(cast).releases == []


def test_what_cannot_be_converted_is_said_and_left_out(cast: Cast) -> None:
    let_through(cast, "1500")
    cast.company.currency = "CHF"
    cast.company.save()

    found = looked(cast)

    assert found.releases == []
    assert "no exchange rate from EUR to CHF" in found.missing[0]


def test_the_page_shows_table_and_picture_and_leads_to_releases_and_documents(cast: Cast) -> None:
    item = posted(cast, delivered(cast, let_through(cast, "1500")))
    release, guido = Release.objects.get(), as_user(cast.guido.user)
    asked = {"since": TODAY.isoformat(), "until": TODAY.isoformat()}

    page = guido.get(reverse("overrides"), asked)
    drilled = guido.get(reverse("overrides"), {**asked, "approver": cast.dario.user_id})

    assert f"approver={cast.dario.user_id}" in page.content.decode()
    assert 'class="chart chart--outcome"' in page.content.decode()
    assert "EUR 1,500.00" in words(page).replace("\xa0", " ")
    assert reverse("hold", args=[release.hold_id]) in drilled.content.decode()
    assert reverse("document", args=[release.document_id]) in drilled.content.decode()
    assert item.document_id != release.document_id


@pytest.mark.parametrize("column", ["released_on", "amount", "outcome", "days_late", "-days_late"])
def test_releases_are_sorted_by_any_column(cast: Cast, column: str) -> None:
    paid(cast, posted(cast, delivered(cast, let_through(cast, "1500"))), days=30)
    let_through(cast, "1600")
    asked = {"since": TODAY.isoformat(), "until": TODAY.isoformat(), "approver": cast.dario.user_id, "sort": column}

    response = as_user(cast.guido.user).get(reverse("overrides"), asked)

    assert len(response.context["table"].rows) == 2


def test_days_in_the_wrong_order_are_told_at_the_field(cast: Cast) -> None:
    response = as_user(cast.guido.user).get(reverse("overrides"), {"since": "2026-03-04", "until": "2026-03-03"})

    assert "The last day lies before the first." in words(response)


def test_where_nothing_was_released_the_page_says_so(cast: Cast) -> None:
    assert "Nothing was released in this period." in words(as_user(cast.guido.user).get(reverse("overrides")))


def test_both_tables_leave_as_files(cast: Cast) -> None:
    let_through(cast, "1500")
    guido, asked = as_user(cast.guido.user), {"since": TODAY.isoformat(), "until": TODAY.isoformat()}

    text = guido.get(reverse("overrides"), {**asked, "as": "csv"}).content.decode("utf-8-sig")
    book = guido.get(reverse("overrides"), {**asked, "as": "xlsx", "approver": cast.dario.user_id}).content

    header, row = list(csv.reader(io.StringIO(text)))
    assert dict(zip(header, row, strict=True))["amount"] == "1500.00"
    titles, cells = list(load_workbook(io.BytesIO(book)).active.iter_rows(values_only=True))
    told = dict(zip(titles, cells, strict=True))
    assert (told["customer"], told["amount"], told["over the limit"], told["reason"]) == (
        "BIANCHI",
        1500,
        500,
        "good payer",
    )


def test_a_year_of_releases_is_read_in_a_few_statements(cast: Cast, django_assert_max_num_queries: Any) -> None:
    for amount in ("1500", "1600", "1700"):
        let_through(cast, amount)

    with django_assert_max_num_queries(4):
        looked(cast)
