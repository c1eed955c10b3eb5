"""Talks with customers: written once, told on the page, promises followed to their day."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from approvals import booking
from creditrisk.clock import business_day
from creditrisk.contacts import queries, writing
from creditrisk.contacts.models import Note
from customers.models import Company, CompanyAccess
from tests.cast import NOW, TODAY, Cast, after
from tests.pages import as_user, words

D = Decimal
ONE_DAY = timedelta(days=1)


def note(cast: Cast, customer: Any = None, *, key: str = "k", now: Any = NOW, **more: Any) -> Note:
    values = {"text": "They pay soon.", "way": "CALL", **more}
    return writing.write(customer or cast.rossi, **values, by=cast.carla, now=now, source_key=key)


def send(cast: Cast, who: Any, **typed: str) -> Any:
    client = as_user(who.user)
    page = client.get("/customers/ROSSI/note/")
    token = page.context["form"]["token"].value()
    return client.post("/customers/ROSSI/note/", {"way": "CALL", "text": "", "token": token, **typed})


def test_a_note_is_kept_once_and_told_on_the_customer_s_page(cast: Cast) -> None:
    ahead = (business_day(timezone.now()) + ONE_DAY).isoformat()

    went = send(cast, cast.sara, text="Pays on Friday", person="Ms Ferri", next_contact=ahead)

    assert went.status_code == 302
    page = words(as_user(cast.carla.user).get("/customers/ROSSI/"))
    assert "Pays on Friday" in page
    assert "Ms Ferri" in page
    assert "next contact" in page


@pytest.mark.parametrize(("typed", "said"), [
    ({"text": " "}, "Write what was said."),
    ({"text": "x", "next_contact": "2020-01-01"}, "This day is over."),
    ({"text": "x", "promised": "5"}, "Say by when it was promised."),
    ({"text": "x", "promised_on": "2999-01-01"}, "The year must lie"),
    ({"text": "x", "promised": "0", "promised_on": "2099-01-01"}, "It must be more than"),
    ({"text": "x", "promised": "1.234", "promised_on": "2099-01-01"}, "decimals"),
])  # fmt: skip
def test_what_makes_no_sense_is_said_where_it_was_typed_and_nothing_is_kept(
    cast: Cast, typed: dict[str, str], said: str
) -> None:
    response = send(cast, cast.carla, **typed)

    assert response.status_code == 422
    assert said in words(response)
    assert not Note.objects.exists()


def test_the_same_form_sent_twice_is_one_note(cast: Cast) -> None:
    client = as_user(cast.carla.user)
    token = client.get("/customers/ROSSI/note/").context["form"]["token"].value()
    for _time in range(2):
        client.post("/customers/ROSSI/note/", {"way": "CALL", "text": "once", "token": token})

    assert Note.objects.count() == 1


def test_an_auditor_reads_and_does_not_write(cast: Cast) -> None:
    note(cast)
    client = as_user(cast.guido.user)

    assert "They pay soon." in words(client.get("/contacts/"))
    assert client.get("/customers/ROSSI/note/").status_code == 403
    assert "Write a note" not in words(client.get("/customers/ROSSI/"))


def told(cast: Cast, today: Any) -> list[Any]:
    return [n.kept for n in queries.listed(cast.carla.user, today=today)]


@pytest.mark.parametrize(
    ("paid", "day", "kept"), [("100", 3, True), ("99.99", 3, False), ("100", 6, False), ("100", 5, True)]
)
def test_a_promise_is_kept_when_as_much_came_by_its_day(cast: Cast, paid: str, day: int, kept: bool) -> None:
    item = cast.item(cast.rossi, "500", due=TODAY)
    note(cast, promised_on=TODAY + 5 * ONE_DAY, promised=D(100))
    assert told(cast, TODAY + 5 * ONE_DAY) == [None]

    booking.pay(
        customer=cast.rossi, amount=D(paid), items=[(item, None)], reference="P", day=TODAY + day * ONE_DAY, by=cast.carla,
        now=after(day),
    )  # fmt: skip

    assert told(cast, TODAY + 6 * ONE_DAY) == [kept]


def test_what_is_due_is_the_newest_note_s_next_contact_alone(cast: Cast) -> None:
    note(cast, key="1", next_contact=TODAY)
    note(cast, cast.bianchi, key="2", next_contact=TODAY + ONE_DAY)
    assert queries.due_count(cast.carla.user, today=TODAY) == 1

    note(cast, key="3")

    assert queries.due_count(cast.carla.user, today=TODAY) == 0
    assert queries.due_count(cast.carla.user, today=TODAY + ONE_DAY) == 1


def test_notes_of_other_companies_customers_are_not_there(cast: Cast) -> None:
    note(cast)
    CompanyAccess.objects.create(
        user=cast.dario.user, company=Company.objects.create(code="O", name="O", currency="EUR")
    )

    assert "They pay soon." not in words(as_user(cast.dario.user).get("/contacts/"))


def test_a_note_is_never_changed(cast: Cast) -> None:
    made = note(cast)

    with pytest.raises(DatabaseError), transaction.atomic():
        Note.objects.filter(pk=made.pk).update(text="other")
