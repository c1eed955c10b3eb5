"""Reports that are due: made once each, however often and late somebody looks; mailed, tried again, given up in sight."""

from datetime import timedelta
from decimal import Decimal as D
from io import BytesIO
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import IntegrityError, connection, transaction
from django.db.utils import ProgrammingError
from openpyxl import load_workbook

from approvals import booking
from creditrisk.refusal import InvalidState
from creditrisk.reports import making, sending
from creditrisk.reports.models import Delivery, DeliveryState, Edition, Report
from customers.models import Company, CompanyAccess
from tests.cast import NOW, TODAY, Cast, after
from tests.creditrisk.reports import mailbox

pytestmark = pytest.mark.django_db

MONDAY = NOW  # the story begins on a Monday at nine
HOUR = timedelta(hours=1)


def weekly(cast: Cast, **values: Any) -> Report:
    """Make a report that comes on Mondays at eight, to Dario and to somebody outside."""
    usual = {
        "name": "Weekly",
        "company": cast.company,
        "every": "WEEK",
        "weekday": 1,
        "hour": 8,
        "addresses": "board@example.com",
    }
    made = Report.objects.create(
        **{**usual, "starts_at": NOW - timedelta(days=30), "made_by": cast.dario.user, "made_at": NOW} | values
    )
    made.people.set([cast.dario.user])
    return made


@pytest.fixture
def dario(cast: Cast, settings: Any) -> Cast:
    settings.MAILERS = mailbox.far_end(EmailBackend)
    cast.dario.user.email = "dario@example.com"
    cast.dario.user.save()
    return cast


def test_a_report_is_made_once_for_each_time_that_it_is_due(dario: Cast) -> None:
    report = weekly(dario)

    assert making.make_due(now=MONDAY) == 1
    assert making.make_due(now=MONDAY) == 0
    assert making.make_due(now=MONDAY + timedelta(days=6)) == 0
    assert making.make_due(now=MONDAY + timedelta(days=7)) == 1

    first, second = report.editions.order_by("pk")
    assert first.due_at == MONDAY - HOUR
    assert (first.day, second.day) == (TODAY - timedelta(days=1), TODAY + timedelta(days=6))
    assert first.made_by is None


def test_a_late_worker_makes_the_last_one_as_of_its_own_day(dario: Cast) -> None:
    report = weekly(dario)

    assert making.make_due(now=MONDAY + timedelta(days=17)) == 1

    edition = report.editions.get()
    assert edition.due_at == MONDAY + timedelta(days=14) - HOUR
    assert edition.day == TODAY + timedelta(days=13)


def test_nothing_is_due_before_it_began_or_while_it_sleeps(dario: Cast) -> None:
    weekly(dario, starts_at=MONDAY)
    weekly(dario, name="Asleep", active=False)

    assert making.make_due(now=MONDAY) == 0
    assert making.make_due(now=MONDAY + timedelta(days=7)) == 1


def test_two_editions_of_one_time_are_refused_by_the_database(dario: Cast) -> None:
    weekly(dario)
    making.make_due(now=MONDAY)
    edition = Edition.objects.get()

    with pytest.raises(IntegrityError), transaction.atomic():
        Edition.objects.create(
            report=edition.report,
            due_at=edition.due_at,
            day=TODAY,
            title="x",
            language="en",
            body="",
            book=b"",
            made_at=NOW,
        )
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE reports_edition SET body = 'other'")


def test_what_cannot_be_made_says_why_and_keeps_no_other_from_being_made(dario: Cast) -> None:
    swiss = Company.objects.create(code="CH", name="Swiss", currency="CHF")
    broken = weekly(dario, company=swiss)
    booking.item(customer=dario.rossi, amount=D(100), due=TODAY, reference="X", company=swiss, by=dario.carla, now=NOW)
    weekly(dario)

    assert making.make_due(now=MONDAY + timedelta(days=7)) == 1
    broken.refresh_from_db()
    assert "There is no exchange rate from EUR to CHF" in broken.error
    assert broken.failed_at is not None


def test_it_goes_to_those_who_may_see_it_and_to_the_addresses(dario: Cast) -> None:
    report = weekly(dario)
    other = Company.objects.create(code="OTHER", name="Other", currency="EUR")
    for person in (dario.sara, dario.fiona, dario.carla):
        person.user.email = f"{person.user.username}@example.com"
        person.user.save()
    CompanyAccess.objects.create(user=dario.fiona.user, company=other)
    report.people.set([dario.dario.user, dario.sara.user, dario.fiona.user, dario.carla.user, dario.guido.user])

    making.make_due(now=MONDAY)

    found = {d.address: d.state for d in Delivery.objects.all()}
    # Sara has no door to figures, Fiona works elsewhere, Guido has no address.
    assert found == {
        "dario@example.com": "WAITING", "carla@example.com": "WAITING", "board@example.com": "WAITING", "guido": "FAILED",
    }  # fmt: skip


def test_what_waits_is_sent_once_with_pages_and_workbook(dario: Cast) -> None:
    weekly(dario)
    making.make_due(now=MONDAY)

    assert sending.send_waiting(now=MONDAY) == 2
    assert sending.send_waiting(now=MONDAY) == 0

    assert [m.to for m in mail.outbox] == [["dario@example.com"], ["board@example.com"]]
    first = mail.outbox[0]
    assert first.subject == "Portfolio of the week: Main, 2026-03-01"
    assert first.extra_headers["Message-ID"] == Delivery.objects.get(address="dario@example.com").message_id
    pages, book = first.attachments
    assert pages[0] == "portfolio-MAIN-2026-03-01.html"
    assert "<style>" in pages[1]
    assert "Portfolio of the week" in pages[1]
    assert book[0] == "portfolio-MAIN-2026-03-01.xlsx"
    assert "Exposure against limits" in load_workbook(BytesIO(book[1])).sheetnames
    assert set(Delivery.objects.values_list("state", flat=True)) == {"SENT"}


def test_what_waits_does_not_wait_an_hour_longer_after_the_clock_was_set_back(dario: Cast) -> None:
    making.make(weekly(dario), by=dario.dario, now=MONDAY, mailed=True)
    assert sending.send_waiting(now=MONDAY - timedelta(seconds=30)) == 0  # A clock that is a little behind.
    assert sending.send_waiting(now=MONDAY - HOUR) == 2

    Delivery.objects.update(state=DeliveryState.WAITING, attempts=1, sent_at=None, next_try=MONDAY + sending.PAUSES[0])

    assert sending.send_waiting(now=MONDAY - HOUR) == 2


def test_a_server_that_refuses_is_tried_again_with_the_same_id_and_given_up_in_sight(
    dario: Cast, settings: Any
) -> None:
    weekly(dario, addresses="")
    making.make_due(now=MONDAY)
    delivery = Delivery.objects.get()
    message_id, now = delivery.message_id, MONDAY
    settings.MAILERS = mailbox.far_end(mailbox.Refusing)

    for attempt, pause in enumerate(sending.PAUSES, 1):
        assert sending.send_waiting(now=now) == 0
        delivery.refresh_from_db()
        assert (delivery.attempts, delivery.next_try, delivery.error) == (
            attempt,
            now + pause,
            "ConnectionRefusedError: nobody listens",
        )
        assert sending.send_waiting(now=now + pause - timedelta(seconds=1)) == 0
        now += pause
    sending.send_waiting(now=now)
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.FAILED

    settings.MAILERS = mailbox.far_end(EmailBackend)
    sending.send_again(delivery, now=now)
    assert sending.send_waiting(now=now) == 1
    assert mail.outbox[0].extra_headers["Message-ID"] == message_id


def test_a_repeat_after_a_broken_line_has_the_same_id_and_a_wanted_one_another(dario: Cast, settings: Any) -> None:
    weekly(dario, addresses="")
    making.make_due(now=MONDAY)
    settings.MAILERS = mailbox.far_end(mailbox.TakingOnce)
    sending.send_waiting(now=MONDAY)
    settings.MAILERS = mailbox.far_end(EmailBackend)

    assert sending.send_waiting(now=after(1)) == 1
    one, two = [m.extra_headers["Message-ID"] for m in mail.outbox]
    assert one == two

    delivery = Delivery.objects.get()
    sending.send_again(delivery, now=after(1))
    sending.send_waiting(now=after(1))
    assert mail.outbox[2].extra_headers["Message-ID"] != one
    delivery.refresh_from_db()
    sending.send_again(delivery, now=after(1))
    delivery.refresh_from_db()
    with pytest.raises(InvalidState, match="waits to be sent already"):
        sending.send_again(delivery, now=after(1))


def test_a_claim_keeps_others_away_until_it_runs_out(dario: Cast) -> None:
    weekly(dario, addresses="")
    making.make_due(now=MONDAY)
    Delivery.objects.update(claimed_until=MONDAY + sending.LEASE)

    assert sending.send_waiting(now=MONDAY + timedelta(minutes=1)) == 0
    assert sending.send_waiting(now=MONDAY + sending.LEASE) == 1
