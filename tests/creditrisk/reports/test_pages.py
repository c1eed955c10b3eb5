"""The pages of the reports: who gets what and when, a preview, what was made and where it went."""

from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from creditrisk.clock import business_day
from creditrisk.reports import making, sending
from creditrisk.reports.models import Delivery, Edition, Report
from customers.models import Company, CompanyAccess
from tests.cast import Cast
from tests.creditrisk.reports import mailbox
from tests.pages import as_user, queries_of, words

pytestmark = pytest.mark.django_db

TYPED = {
    "name": "Monday", "what": "PORTFOLIO", "company": "", "language": "en", "codes": "", "largest": "5", "grain": "MONTH", "periods": "6", "grace": "7",
    "every": "WEEK", "weekday": "1", "month_day": "", "hour": "7", "addresses": "a@example.com", "active": "on",
}  # fmt: skip


@pytest.fixture
def manager(cast: Cast, settings: Any) -> Client:
    settings.MAILERS = mailbox.far_end(mailbox.Refusing)
    cast.dario.user.email = "dario@example.com"
    cast.dario.user.save()
    return as_user(cast.dario.user)


def typed(cast: Cast, **values: str) -> dict[str, str]:
    return {**TYPED, "company": str(cast.company.pk), **values}


def test_a_manager_makes_a_report_that_comes_by_itself(cast: Cast, manager: Client) -> None:
    assert "No report comes by itself yet." in words(manager.get("/reports/"))
    assert manager.get("/reports/new/").status_code == 200

    page = words(manager.post("/reports/new/", typed(cast, people=str(cast.dario.user.pk)), follow=True))

    made = Report.objects.get()
    assert "Saved: Monday, Monday at 07:00." in page
    assert [p.username for p in made.people.all()] == ["dario"]
    assert made.made_by == cast.dario.user
    assert "Monday at 07:00" in words(manager.get("/reports/"))


def test_a_payment_history_of_named_customers(cast: Cast, manager: Client) -> None:
    manager.post(
        "/reports/new/", typed(cast, what="PAYMENTS", codes="rossi, NERI", every="MONTH", weekday="1", month_day="31")
    )

    made = Report.objects.get()
    assert (made.weekday, made.month_day) == (None, 31)
    assert {c.code for c in made.customers.all()} == {"ROSSI", "NERI"}
    assert "last day of the month at 07:00" in words(manager.get(f"/reports/{made.pk}/"))
    assert "NERI, ROSSI" in manager.get(f"/reports/{made.pk}/edit/").content.decode()
    preview = words(manager.get(f"/reports/{made.pk}/preview/"))
    assert "Payment history" in preview
    assert "NERI Neri" in preview


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"addresses": "a@example.com\nnonsense"}, "“nonsense” is no e-mail address."),
        ({"codes": "ROSSI, NOBODY", "what": "PAYMENTS"}, "There is no customer “NOBODY”."),
        ({"weekday": ""}, "Say on which weekday."),
        ({"every": "MONTH", "month_day": ""}, "Say on which day of the month."),
        ({"every": "MONTH", "month_day": "32"}, "less than or equal to 31"),
        ({"addresses": ""}, "Nobody would get it."),
        ({"name": ""}, "This field is required."),
        ({"periods": "99"}, "less than or equal to 36"),
        ({"company": "999"}, "Select a valid choice"),
    ],
)
def test_what_makes_no_sense_is_said_where_it_was_typed_and_nothing_is_kept(
    cast: Cast, manager: Client, values: dict[str, str], sentence: str
) -> None:
    answer = manager.post("/reports/new/", typed(cast, **values))

    assert answer.status_code == 422
    assert sentence in words(answer)
    assert not Report.objects.exists()


def test_two_reports_of_a_company_have_two_names(cast: Cast, manager: Client) -> None:
    manager.post("/reports/new/", typed(cast))

    answer = manager.post("/reports/new/", typed(cast))

    assert answer.status_code == 422
    assert "already exists" in words(answer)


def test_another_schedule_makes_nothing_up_for_the_past(cast: Cast, manager: Client) -> None:
    manager.post("/reports/new/", typed(cast))
    report = Report.objects.get()
    before = report.starts_at

    manager.post(f"/reports/{report.pk}/edit/", typed(cast, name="Renamed"))
    report.refresh_from_db()
    assert (report.name, report.starts_at) == ("Renamed", before)
    manager.post(f"/reports/{report.pk}/edit/", typed(cast, name="Renamed", weekday="2"))
    report.refresh_from_db()
    assert report.starts_at > before


def test_it_is_made_now_looked_at_downloaded_and_mailed_where_ticked(cast: Cast, manager: Client) -> None:
    manager.post("/reports/new/", typed(cast))
    report = Report.objects.get()

    assert "A preview: nothing is kept or sent" in words(manager.get(f"/reports/{report.pk}/preview/"))
    assert not Edition.objects.exists()
    assert "It was mailed to nobody." in words(manager.post(f"/reports/{report.pk}/make/", follow=True))
    page = words(manager.post(f"/reports/{report.pk}/make/", {"mail": "1"}, follow=True))

    assert "It goes to 1 address." in page
    assert "asked for by dario" in page
    edition = Edition.objects.order_by("-pk").first()
    assert edition.day == business_day(timezone.now())
    sheet = manager.get(f"/reports/editions/{edition.pk}/")
    assert "Exposure against limits" in words(sheet)
    assert "<style" not in sheet.content.decode()
    alone = manager.get(f"/reports/editions/{edition.pk}/html/")
    assert alone.headers["Content-Disposition"] == f'attachment; filename="portfolio-MAIN-{edition.day}.html"'
    assert "<style>" in alone.content.decode()
    assert "src=" not in alone.content.decode()
    book = load_workbook(BytesIO(manager.get(f"/reports/editions/{edition.pk}/xlsx/").content))
    assert "Key figures" in book.sheetnames
    assert manager.get(f"/reports/editions/{edition.pk}/pdf/").status_code == 404


def test_what_was_not_delivered_is_seen_and_sent_again(cast: Cast, manager: Client) -> None:
    manager.post("/reports/new/", typed(cast))
    report = Report.objects.get()
    making.make(report, by=cast.dario, now=timezone.now(), mailed=True)
    now = timezone.now()
    for pause in (*sending.PAUSES, sending.LEASE):
        sending.send_waiting(now=now)
        now += pause
    delivery = Delivery.objects.get()

    assert "given up: ConnectionRefusedError: nobody listens" in words(manager.get(f"/reports/{report.pk}/"))
    assert "1 not delivered" in words(manager.get("/reports/"))
    page = words(manager.post(f"/reports/deliveries/{delivery.pk}/again/", follow=True))
    assert "It goes to a@example.com again." in page
    assert "waits to be sent" in page
    again = words(manager.post(f"/reports/deliveries/{delivery.pk}/again/", follow=True))
    assert "It waits to be sent already." in again


def test_who_reads_sees_and_does_not_change(cast: Cast, manager: Client) -> None:
    manager.post("/reports/new/", typed(cast))
    report = Report.objects.get()

    page = words(as_user(cast.guido.user).get(f"/reports/{report.pk}/"))

    assert "Make it now" not in page
    assert "Nothing was made yet." in page


def test_reports_of_other_companies_are_not_there(cast: Cast, manager: Client) -> None:
    manager.post("/reports/new/", typed(cast))
    report = Report.objects.get()
    edition = making.make(report, by=cast.dario, now=timezone.now(), mailed=False)
    other = Company.objects.create(code="OTHER", name="Other", currency="EUR")
    CompanyAccess.objects.create(user=cast.fiona.user, company=other)
    stranger = as_user(cast.fiona.user)

    assert "No report comes by itself yet." in words(stranger.get("/reports/"))
    for address in (
        f"/reports/{report.pk}/",
        f"/reports/editions/{edition.pk}/",
        f"/reports/editions/{edition.pk}/xlsx/",
    ):
        assert stranger.get(address).status_code == 404
    assert stranger.post("/reports/new/", typed(cast, name="Mine")).status_code == 422


def test_a_missing_rate_is_said_in_the_preview_and_keeps_nothing(cast: Cast, manager: Client) -> None:
    manager.post("/reports/new/", typed(cast))
    report = Report.objects.get()
    Company.objects.filter(pk=cast.company.pk).update(currency="CHF")
    cast.item(cast.rossi, "5", due=business_day(timezone.now()), now=timezone.now())

    assert "There is no exchange rate from EUR to CHF" in words(manager.get(f"/reports/{report.pk}/preview/"))
    assert "There is no exchange rate from EUR to CHF" in words(
        manager.post(f"/reports/{report.pk}/make/", follow=True)
    )
    assert not Edition.objects.exists()


def test_lists_cost_the_same_however_much_was_made(cast: Cast, manager: Client) -> None:
    manager.post("/reports/new/", typed(cast))
    report = Report.objects.get()
    making.make(report, by=cast.dario, now=timezone.now(), mailed=True)
    few = queries_of(manager, "/reports/"), queries_of(manager, f"/reports/{report.pk}/")
    for _n in range(3):
        making.make(report, by=cast.dario, now=timezone.now(), mailed=True)
    manager.post("/reports/new/", typed(cast, name="Another"))

    assert (queries_of(manager, "/reports/"), queries_of(manager, f"/reports/{report.pk}/")) == few
