"""The pages of the audit trail: searched, paged, read line by line, downloaded; and how the seal stands."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from approvals import evaluation, gate, stopping
from approvals.models import Hold
from creditrisk.audit import queries, sealing, verifying
from creditrisk.audit.attribution import acting
from creditrisk.audit.models import SealedRow
from creditrisk.audit.views import XLSX_MAX
from creditrisk.roles import Actor
from customers.models import Company, CompanyAccess, Customer
from tests.cast import NOW, Cast, after
from tests.creditrisk.audit.test_sealing import as_owner, suspend
from tests.pages import as_user, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def guido(cast: Cast) -> Client:
    """The auditor, before whom Bianchi's order was held and released, and Rossi's terms were changed."""
    order = cast.order(cast.bianchi, "1500")
    gate.submit(order, "confirm", by=cast.sara, now=NOW)
    dario = Actor(cast.dario.user, address="192.0.2.5")
    gate.release(Hold.objects.get(document=order), by=dario, now=after(2), reason="good payer")
    with acting(Actor(cast.ada.user, address="192.0.2.9"), reason="as agreed"):
        Customer.objects.filter(code="ROSSI").update(name="Rossi SpA", email="new@rossi.example")
    sealing.seal(now=after(2))
    return as_user(cast.guido.user)


def listed(client: Client, **asked: Any) -> list[str]:
    response = client.get(reverse("trail"), asked)
    assert response.status_code == 200
    return [line.text for line in response.context["part"].lines]


def test_one_list_tells_of_all_histories_the_newest_first(guido: Client) -> None:
    moments = [line.at for line in guido.get(reverse("trail")).context["part"].lines]

    assert moments == sorted(moments, reverse=True)
    assert {"RELEASE", "DECISION", "HOLD", "MASTER", "LIMIT"} <= set(SealedRow.objects.values_list("kind", flat=True))


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"kind": "RELEASE"}, "released up to EUR 1,500.00"),
        ({"q": "good payer", "kind": "RELEASE"}, "released up to"),
        ({"q": "GOOD payer released", "kind": "RELEASE"}, "(good payer)"),
        ({"address": "192.0.2.5", "kind": "RELEASE"}, "released up to"),
        ({"customer": "bianchi", "kind": "RELEASE"}, "released up to"),
        (
            {"customer": "Rossi SpA", "q": "as agreed"},
            "name Rossi → Rossi SpA, e-mail – → new@rossi.example (as agreed)",
        ),
        ({"since": "2026-03-04", "until": "2026-03-04", "kind": "RELEASE"}, "released up to"),
    ],
)
def test_the_list_is_narrowed_by_what_an_auditor_knows(guido: Client, asked: dict[str, str], told: str) -> None:
    found = listed(guido, **asked)

    assert len(found) == 1
    assert told in found[0]


@pytest.mark.parametrize(
    "asked",
    [{"q": "no such words"}, {"address": "10.0.0.1"}, {"customer": "nobody"}, {"document": "SO-0"}, {"until": "2020-01-01"},
     {"since": "2026-03-05", "until": "2026-03-05"}],
)  # fmt: skip
def test_where_nothing_fits_the_page_says_so(guido: Client, asked: dict[str, str]) -> None:
    response = guido.get(reverse("trail"), asked)

    assert "Nothing fits." in words(response)


def test_a_person_finds_what_they_did_and_the_product_what_it_did_itself(cast: Cast, guido: Client) -> None:
    by_dario = guido.get(reverse("trail"), {"person": cast.dario.user_id}).context["part"].lines
    by_nobody = guido.get(reverse("trail"), {"person": "0"}).context["part"].lines

    assert {line.who for line in by_dario} == {"dario"}
    assert by_nobody and {line.user_id for line in by_nobody} == {None}


def test_days_in_the_wrong_order_are_told_at_the_field_and_nothing_is_listed(guido: Client) -> None:
    response = guido.get(reverse("trail"), {"since": "2026-03-04", "until": "2026-03-03"})

    assert "The last day lies before the first." in words(response)
    assert response.context["part"].lines == []


def test_older_lines_follow_without_a_gap_and_without_a_repetition(cast: Cast, guido: Client) -> None:
    suspend(cast, 2 * queries.PER_PAGE)
    sealing.seal(now=NOW)
    seen: list[int] = []
    before = ""
    while True:
        part = guido.get(reverse("trail"), {"before": before}).context["part"]
        seen += [line.position for line in part.lines]
        if not (before := part.older):
            break

    assert len(seen) == len(set(seen)) == SealedRow.objects.exclude(kind="ORIGIN").count()


@pytest.mark.parametrize("before", ["x", "2026-99-99T00:00,1", "2026-03-02T09:00:00,1", "2026-03-02T09:00:00+00:00,x"])
def test_a_mark_that_is_none_begins_anew(guido: Client, before: str) -> None:
    assert len(listed(guido, before=before)) == len(listed(guido))


def test_a_line_tells_from_what_to_what_by_whom_from_where_and_why(guido: Client) -> None:
    line = SealedRow.objects.get(text__contains="Rossi → Rossi SpA")

    page = words(guido.get(reverse("trail_line", args=[line.pk])))

    assert "Name Rossi Rossi SpA" in page
    assert "192.0.2.9" in page and "as agreed" in page and "as it was sealed" in page


def test_every_line_has_its_page(guido: Client) -> None:
    for line in queries.lines(_everywhere(guido), {}):
        assert guido.get(reverse("trail_line", args=[line.pk])).status_code == 200, line.text


def _everywhere(client: Client) -> Any:
    return client.get(reverse("trail")).context["user"]


def test_a_line_whose_row_was_altered_says_so(cast: Cast, guido: Client) -> None:
    line = SealedRow.objects.get(kind="RELEASE")
    with as_owner() as cursor:
        cursor.execute("UPDATE approvals_release SET reason = 'another'")

    page = words(guido.get(reverse("trail_line", args=[line.pk])))

    assert "altered or deleted since" in page


def test_what_belongs_to_another_company_is_not_told(cast: Cast, guido: Client) -> None:
    other = Company.objects.create(code="OTHER", name="Other", currency="EUR")
    CompanyAccess.objects.create(user=cast.guido.user, company=other)
    line = SealedRow.objects.get(kind="RELEASE")

    assert listed(guido, kind="RELEASE") == []
    assert guido.get(reverse("trail_line", args=[line.pk])).status_code == 404


def test_the_csv_holds_what_is_listed_and_no_formula(cast: Cast, guido: Client) -> None:
    with acting(cast.ada, reason="=HYPERLINK(1)"):
        Customer.objects.filter(code="NERI").update(name="=1+1")
    sealing.seal(now=NOW)

    response = guido.get(reverse("trail"), {"as": "csv", "q": "NERI", "kind": "MASTER"})

    rows = list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))
    assert rows[0] == list(queries.EXPORTED)
    assert [row[2] for row in rows[1:]] == ["ada", "", ""]
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


def test_the_workbook_holds_the_same_with_days_as_days(guido: Client) -> None:
    response = guido.get(reverse("trail"), {"as": "xlsx", "kind": "RELEASE"})

    sheet = load_workbook(io.BytesIO(response.content)).active
    header, row = list(sheet.iter_rows(values_only=True))
    told = dict(zip(header, row, strict=True))
    assert told["when (UTC)"] == after(2).replace(tzinfo=None)
    assert (told["who"], told["from address"], told["customer"]) == ("dario", "192.0.2.5", "BIANCHI")


def test_more_than_a_workbook_takes_is_told(cast: Cast, guido: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("creditrisk.audit.views.XLSX_MAX", 3)

    response = guido.get(reverse("trail"), {"as": "xlsx"})

    assert XLSX_MAX == 100_000
    assert "narrow the period, or take the CSV" in words(response)


def test_the_page_says_how_far_the_trail_is_sealed_and_verified(cast: Cast, guido: Client) -> None:
    suspend(cast, 2)
    verifying.record(verifying.verify(), seconds=1, now=NOW)

    page = words(guido.get(reverse("trail")))

    assert "Sealed up to seal 1" in page
    assert "rows unbroken" in page
    assert "late: is a worker running?" in page


def test_a_broken_trail_is_told_first(cast: Cast, guido: Client) -> None:
    with as_owner() as cursor:
        cursor.execute("UPDATE approvals_release SET reason = 'another'")
    verifying.record(verifying.verify(), seconds=1, now=NOW)

    page = words(guido.get(reverse("trail")))

    assert "The trail is broken" in page
    assert "approvals_release" in page


def test_a_trail_sealed_just_now_is_not_late(cast: Cast) -> None:
    suspend(cast, 1)
    sealing.seal(now=NOW)
    suspend_again = queries.seal_state(now=NOW + timedelta(minutes=11))

    assert (suspend_again.waiting, suspend_again.late) == (0, False)


def test_what_the_worker_looked_at_again_is_nobodys(cast: Cast, guido: Client) -> None:
    order = cast.order(cast.bianchi, "1600")
    gate.submit(order, "confirm", by=cast.sara, now=NOW)
    forced = gate.force(cast.order(cast.neri, "10"), by=cast.carla, now=NOW, reason="a call is awaited")
    stopping.suspend(cast.bianchi, reason="x", by=cast.dario, now=after(1))
    evaluation.evaluate_document(order, now=after(1))
    sealing.seal(now=after(1))

    lines = SealedRow.objects.filter(table_name="approvals_holdreview").order_by("-position")

    assert [line.who for line in lines.filter(document=order)] == ["", "sara"]
    assert [line.who for line in lines.filter(document=forced.document)] == ["carla"]


@pytest.mark.parametrize(("minutes", "late"), [(10, False), (11, True)])
def test_what_happens_after_a_quiet_night_is_late_when_it_waits_itself(cast: Cast, minutes: int, late: bool) -> None:
    sealing.seal(now=NOW)
    morning = NOW + timedelta(hours=12)
    stopping.suspend(cast.neri, reason="x", by=cast.dario, now=morning)

    state = queries.seal_state(now=morning + timedelta(minutes=minutes))

    assert (state.waiting > 0, state.late) == (True, late)


def test_a_list_costs_as_many_statements_however_long_it_is(
    cast: Cast, guido: Client, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(14):
        guido.get(reverse("trail"))
