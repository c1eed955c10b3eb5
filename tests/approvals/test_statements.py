"""What each path asks of the database: so many messages, however much there is; one more is a choice, not an accident."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal as D
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from approvals import booking, gate, preview
from approvals.models import Hold
from documents.drafts import Changes, NewDocument
from documents.models import Document
from tests.cast import NOW, TODAY, Cast

pytestmark = pytest.mark.django_db

type Act = Callable[[], Any]


def submit(cast: Cast, document: Any, step: str, **more: Any) -> Any:
    return gate.submit(document, step, by=cast.sara, now=NOW, **more)


def there(document: Any) -> Document:
    """Return a document as a page finds it."""
    return Document.objects.select_related("customer", "debtor__account_status", "company", "type").get(pk=document.pk)


def held(cast: Cast) -> Hold:
    hold = submit(cast, cast.order(cast.bianchi, "1500"), "confirm").hold
    return Hold.objects.get(pk=hold.pk)


def dry_run(cast: Cast) -> Act:
    return lambda: gate.check(cast.rossi, amount=D(10), today=TODAY)


def dry_run_of_a_step(cast: Cast) -> Act:
    order = there(cast.order(cast.rossi, "10"))
    return lambda: gate.check_step(order, "confirm", today=TODAY)


def panel(customer: str, amount: str) -> Callable[[Cast], Act]:
    def prepared(cast: Cast) -> Act:
        whose = getattr(cast, customer)
        return lambda: preview.preview(whose, amounts=[D(amount)], kind="ORDER", currency="EUR", today=TODAY)

    return prepared


def enter(cast: Cast) -> Act:
    new = NewDocument(kind="ORDER", customer=cast.rossi, amount=D(10))
    return lambda: submit(cast, new, "enter")


def confirm(cast: Cast) -> Act:
    order = there(cast.order(cast.rossi, "10"))
    return lambda: submit(cast, order, "confirm")


def confirm_held(cast: Cast) -> Act:
    order = there(cast.order(cast.bianchi, "1500"))
    return lambda: submit(cast, order, "confirm")


def amend_a_draft(cast: Cast) -> Act:
    order = there(cast.order(cast.rossi, "10"))
    return lambda: submit(cast, order, "amend", changes=Changes(amount=D(20)))


def amend_a_promise(cast: Cast) -> Act:
    order = there(cast.confirmed(cast.rossi, "10"))
    return lambda: submit(cast, order, "amend", changes=Changes(amount=D(20)))


def deliver(cast: Cast) -> Act:
    new = NewDocument(kind="DELIVERY", sources=(there(cast.confirmed(cast.rossi, "10")),))
    return lambda: submit(cast, new, "deliver")


def invoice(cast: Cast) -> Act:
    note = submit(cast, NewDocument(kind="DELIVERY", sources=(cast.confirmed(cast.rossi, "10"),)), "deliver").document
    new = NewDocument(kind="INVOICE", sources=(there(note),))
    return lambda: submit(cast, new, "invoice")


def issue(cast: Cast) -> Act:
    draft = there(submit(cast, NewDocument(kind="INVOICE", customer=cast.rossi, amount=D(10)), "enter").document)
    return lambda: submit(cast, draft, "issue")


def release(cast: Cast) -> Act:
    hold = held(cast)
    return lambda: gate.release(hold, by=cast.carla, now=NOW, reason="They pay tomorrow")


def release_with_the_step(cast: Cast) -> Act:
    hold = held(cast)
    return lambda: gate.release(hold, by=cast.carla, now=NOW, reason="They pay tomorrow", with_posting=True)


def reject(cast: Cast) -> Act:
    hold = held(cast)
    return lambda: gate.reject(hold, by=cast.carla, now=NOW, reason="They never pay")


def pay(cast: Cast) -> Act:
    item = cast.item(cast.rossi, "5", due=TODAY, reference=uuid.uuid4().hex)
    return lambda: booking.pay(
        customer=cast.rossi, amount=D(5), items=[(item, None)], reference=uuid.uuid4().hex, by=cast.carla, now=NOW
    )


PATHS: dict[str, tuple[Callable[[Cast], Act], int]] = {
    "dry run of a typed order": (dry_run, 2),
    "dry run of a step": (dry_run_of_a_step, 6),
    "live panel, passing": (panel("rossi", "10"), 2),
    "live panel, held": (panel("bianchi", "1500"), 3),
    "enter": (enter, 15),
    # Begin and commit (here a savepoint's); lock, policy, document, savepoint; step, post, owed, granted; decision.
    "confirm": (confirm, 5),
    "confirm, held": (confirm_held, 14),
    "amend a draft": (amend_a_draft, 18),
    "amend a promise for more": (amend_a_promise, 15),
    "deliver": (deliver, 29),
    "invoice a delivery": (invoice, 41),
    "issue a draft": (issue, 14),
    "release": (release, 24),
    "release, with the step": (release_with_the_step, 28),
    "reject": (reject, 12),
    "book a payment": (pay, 14),
}


@pytest.mark.parametrize("path", PATHS)
def test_each_path_takes_so_many_messages_to_the_server_however_much_there_is(cast: Cast, path: str) -> None:
    prepared, known = PATHS[path]
    prepared(cast)()  # What is prepared is so once.
    counts, said = [], []
    for many in (0, 10):
        for n in range(many):
            cast.item(cast.rossi, "1", due=TODAY + timedelta(days=n), reference=f"R{n}")
            cast.item(cast.bianchi, "1", due=TODAY + timedelta(days=n), reference=f"B{n}")
            cast.confirmed(cast.rossi, "1", ship_date=TODAY + timedelta(days=n))
        act = prepared(cast)
        with CaptureQueriesContext(connection) as captured:
            act()
        counts.append(len(captured))
        said = [query["sql"][:160] for query in captured.captured_queries]

    assert counts == [known, known], "\n".join(said)
