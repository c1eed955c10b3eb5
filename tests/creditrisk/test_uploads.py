"""Files sent in by the pages: columns named, checked row by row, carried out whole or row by row, never twice."""

import csv
import hashlib
import io
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from approvals.models import Hold
from creditrisk.exposure import ledger as exposure
from creditrisk.preferences import spoken
from creditrisk.takeover import carrying
from creditrisk.takeover.models import Upload, UploadRow
from creditrisk.takeover.tasks import work_off
from customers.models import Company, CompanyAccess, CreditAccount, Customer, Limit
from documents.models import Document
from ledger.models import Allocation, OpenItem
from tests.cast import Cast
from tests.ledger import realdata
from tests.pages import as_user, words

pytestmark = pytest.mark.django_db

ITEMS = "customer,reference,amount,date,due,currency\n"


@pytest.fixture
def dario(cast: Cast) -> Client:
    return as_user(cast.dario.user)


def sent(client: Client, content: str | bytes, what: str = "ITEMS", name: str = "file.csv", **more: Any) -> Any:
    """Send a file in; return the response."""
    body = content.encode() if isinstance(content, str) else content
    data = {
        "what": what,
        "file": SimpleUploadedFile(name, body),
        "encoding": "utf-8",
        "company": "",
        "currency": "",
        **more,
    }
    return client.post(reverse("imports"), data)


def named(client: Client, **more: Any) -> Any:
    """Say that the columns are as was guessed; return the page after the check."""
    upload = Upload.objects.latest("pk")
    return client.post(reverse("import_columns", args=[upload.pk]), {**upload.columns, **more}, follow=True)


def checked(client: Client, content: str | bytes, what: str = "ITEMS", *, given: Any = None, **more: Any) -> Upload:
    """Send a file in and have it checked."""
    assert sent(client, content, what, **more).status_code == 302
    assert named(client, **(given or {})).status_code == 200
    return Upload.objects.latest("pk")


def carried(client: Client, upload: Upload, mode: str = "ALL") -> Upload:
    """Carry an upload out."""
    client.post(reverse("import_carry", args=[upload.pk]), {"mode": mode})
    return Upload.objects.get(pk=upload.pk)


def outcomes(upload: Upload) -> dict[int, str]:
    return dict(upload.rows.values_list("number", "outcome"))


def why(upload: Upload, row: int) -> str:
    return upload.rows.get(number=row).sentence


def audited() -> Decimal:
    return exposure.audit().total


def test_a_check_says_what_would_happen_and_writes_nothing(dario: Client) -> None:
    upload = checked(
        dario,
        ITEMS + "ROSSI,A1,100.00,2026-01-10,2026-02-10,EUR\nROSSI,A2,-20.00,2026-01-11,2026-01-11,EUR\n"
        "NOBODY,A3,5.00,2026-01-10,2026-02-10,EUR\nROSSI,A4,abc,2026-01-10,2026-02-10,EUR\n",
    )

    assert upload.state == "CHECKED"
    assert outcomes(upload) == {2: "CREATED", 3: "CREATED", 4: "REFUSED", 5: "REFUSED"}
    assert "There is no customer NOBODY" in why(upload, 4)
    assert "“abc” is not an amount" in why(upload, 5)
    assert not OpenItem.objects.exists()


def test_all_or_nothing_is_refused_while_a_row_is(dario: Client) -> None:
    upload = checked(dario, ITEMS + "ROSSI,A1,100,2026-01-10,2026-02-10,EUR\nNOBODY,A2,5,2026-01-10,2026-02-10,EUR\n")

    assert carried(dario, upload, "ALL").state == "CHECKED"
    assert not OpenItem.objects.exists()


def test_row_by_row_takes_what_can_be_taken(dario: Client) -> None:
    upload = checked(dario, ITEMS + "ROSSI,A1,100,2026-01-10,2026-02-10,EUR\nNOBODY,A2,5,2026-01-10,2026-02-10,EUR\n")

    done = carried(dario, upload, "ROWS")

    assert (done.state, done.counts) == ("DONE", {"CREATED": 1, "REFUSED": 1})
    assert OpenItem.objects.get().open_amount == 100
    assert audited() == 0


def test_the_same_file_twice_doubles_nothing(dario: Client) -> None:
    content = ITEMS + "ROSSI,A1,100,2026-01-10,2026-02-10,EUR\n"
    carried(dario, checked(dario, content))

    asked = dario.get(sent(dario, content).url)
    named(dario)
    again = carried(dario, Upload.objects.latest("pk"))

    assert "This very file was carried out on" in words(asked)
    assert again.counts == {"ALREADY": 1}
    assert OpenItem.objects.count() == 1
    assert audited() == 0


def test_customer_numbers_with_and_without_zeros_are_one_customer(dario: Client, cast: Cast) -> None:
    checked_ = checked(dario, "customer,name\n0004711,Ottone Srl\n", "CUSTOMERS", company="MAIN")
    carried(dario, checked_)

    items = carried(dario, checked(dario, ITEMS + "4711,A1,10,2026-01-10,2026-02-10,EUR\n"))
    again = checked(dario, "customer,name\n04711,Ottone Srl\n", "CUSTOMERS", company="MAIN")

    assert items.state == "DONE"
    assert outcomes(again) == {2: "ALREADY"}
    assert Customer.objects.filter(name="Ottone Srl").count() == 1


def test_customers_are_made_with_an_account_and_changed_where_they_differ(dario: Client) -> None:
    upload = checked(
        dario,
        "Customer no;Name;Country;Terms;E-mail\nROSSI;Rossi & Figli;IT;N30;rossi@example.org\nN1;Neue GmbH;DE;N30;\n"
        "N2;Wrong;Germany;;\nN3;Wrong;DE;NIX;\nN4;Wrong;DE;;no-mail\n",
        "CUSTOMERS",
        company="MAIN",
    )

    done = carried(dario, upload, "ROWS")

    assert outcomes(done) == {2: "CHANGED", 3: "CREATED", 4: "REFUSED", 5: "REFUSED", 6: "REFUSED"}
    assert Customer.objects.get(code="ROSSI").name == "Rossi & Figli"
    assert CreditAccount.objects.filter(customer__code="N1").exists()
    assert "There are no payment terms “NIX”" in why(done, 5)
    assert "is not an e-mail address" in why(done, 6)


def test_limits_are_grants_and_the_same_one_is_left_alone(dario: Client, cast: Cast) -> None:
    before = Limit.objects.count()
    upload = checked(dario, "customer,limit\nROSSI,10000\nBIANCHI,2500.50\nNERI,-5\nVERDI,1.999\n", "LIMITS")

    done = carried(dario, upload, "ROWS")

    assert outcomes(done) == {2: "ALREADY", 3: "CHANGED", 4: "REFUSED", 5: "REFUSED"}
    assert Limit.objects.count() == before + 1
    newest = Limit.objects.filter(customer=cast.bianchi).latest("pk")
    assert (newest.amount, newest.granted_by) == (Decimal("2500.50"), cast.dario.user)


def test_payments_settle_what_they_name_or_the_oldest(dario: Client, cast: Cast) -> None:
    content = ITEMS + "".join(f"ROSSI,A{n},100,2026-01-0{n},2026-02-0{n},EUR\n" for n in (1, 2, 3))
    carried(dario, checked(dario, content))
    head = "customer,payment,amount,day,settles\n"

    named_ = carried(
        dario, checked(dario, head + "ROSSI,P1,100,2026-03-01,A2\nROSSI,P1,30,2026-03-01,A3\n", "PAYMENTS")
    )
    oldest = carried(
        dario, checked(dario, head + "ROSSI,P2,120,2026-03-02,\n", "PAYMENTS", given={"oldest_first": "on"})
    )

    assert (named_.counts, oldest.counts) == ({"CREATED": 2}, {"CREATED": 1})
    assert dict(OpenItem.objects.filter(kind="INVOICE").values_list("reference", "open_amount")) == {
        "A1": 0, "A2": 0, "A3": 50,
    }  # fmt: skip
    assert Allocation.objects.count() == 4
    assert audited() == 0


def test_a_payment_that_names_too_little_is_refused_whole(dario: Client) -> None:
    carried(dario, checked(dario, ITEMS + "ROSSI,A1,100,2026-01-10,2026-02-10,EUR\n"))

    upload = checked(dario, "customer,payment,amount,day,settles\nROSSI,P1,100.01,2026-03-01,A1\n", "PAYMENTS")

    assert "less than 100.01 is open" in why(upload, 2)


def test_orders_with_lines_go_through_the_gate_and_are_held_where_they_must(dario: Client, cast: Cast) -> None:
    content = (
        "kind;number;customer;text;quantity;price;tax\norder;W-1;ROSSI;Pumps;2;100,00;22,0\n"
        "order;W-1;ROSSI;Valves;1;50,50;22,0\norder;W-2;BIANCHI;Pumps;10;500,00;0,0\n"
    )

    upload = carried(dario, checked(dario, content, "DOCUMENTS", given={"confirms": "on"}))

    assert upload.counts == {"CREATED": 3}
    order = Document.objects.get(number="W-1")
    assert (order.state, order.total, order.channel) == ("CONFIRMED", Decimal("305.61"), "import")
    assert Document.objects.get(number="W-2").state == "DRAFT"
    assert Hold.objects.get().document.number == "W-2"
    assert "it is held" in why(upload, 4)
    assert audited() == 0


def test_imported_invoices_are_posted_and_a_second_file_leaves_them(dario: Client) -> None:
    content = "kind,number,customer,price\ninvoice,F-1,ROSSI,100.00\n"
    carried(dario, checked(dario, content, "DOCUMENTS", given={"confirms": "on"}))

    again = checked(dario, content, "DOCUMENTS")
    other = checked(dario, content.replace("100.00", "120.00"), "DOCUMENTS")

    assert OpenItem.objects.get().reference == "F-1"
    assert outcomes(again) == {2: "ALREADY"}
    assert "here with another total" in why(other, 2)


def test_refused_rows_can_be_downloaded_and_hold_no_formula(dario: Client) -> None:
    upload = checked(
        dario, ITEMS + "=HYPERLINK(0),A1,5,2026-01-10,2026-02-10,EUR\nROSSI,A2,5,2026-01-10,2026-02-10,EUR\n"
    )

    response = dario.get(reverse("import_refused", args=[upload.pk]))

    header, row = csv.reader(io.StringIO(response.content.decode()))
    assert header[-2:] == ["refused row", "refused because"]
    assert row[0] == "'=HYPERLINK(0)"
    assert row[-2] == "2"
    assert "There is no customer" in row[-1]


def test_a_large_file_waits_for_the_worker_and_two_workers_do_it_once(
    dario: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying, "AT_ONCE", 1)
    upload = checked(dario, ITEMS + "".join(f"ROSSI,A{n},5,2026-01-10,2026-02-10,EUR\n" for n in range(3)))
    waits = dario.get(reverse("import", args=[upload.pk]))
    now = timezone.now()

    assert upload.state == "TO_CHECK"
    assert "Waits to be checked" in words(waits)
    assert carrying.waiting(now=now) == [upload.pk]
    assert carrying.work(upload.pk, now=now)
    assert not carrying.work(upload.pk, now=now)
    assert Upload.objects.get(pk=upload.pk).counts == {"CREATED": 3}


def test_an_upload_whose_worker_died_is_taken_over(dario: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = checked(dario, ITEMS + "ROSSI,A1,5,2026-01-10,2026-02-10,EUR\n")
    now = timezone.now()
    Upload.objects.filter(pk=upload.pk).update(state="CARRYING", claimed_at=now - carrying.STALE * 2)

    assert carrying.waiting(now=now) == [upload.pk]
    assert carrying.work(upload.pk, now=now)
    assert Upload.objects.get(pk=upload.pk).state == "DONE"


def test_the_upload_is_kept_with_its_hash_and_who_did_it(dario: Client, cast: Cast) -> None:
    content = ITEMS + "ROSSI,A1,5,2026-01-10,2026-02-10,EUR\n"

    upload = carried(dario, checked(dario, content))

    assert bytes(upload.content).decode() == content
    assert upload.sha256 == hashlib.sha256(content.encode()).hexdigest()
    assert (upload.uploaded_by, upload.carried_by) == (cast.dario.user, cast.dario.user)
    assert upload.carried_at


def test_rows_of_companies_that_are_not_yours_are_refused(dario: Client, cast: Cast) -> None:
    Company.objects.create(code="OTHER", name="Other", currency="EUR")
    CompanyAccess.objects.create(user=cast.dario.user, company=cast.company)

    upload = checked(
        as_user(cast.dario.user),
        "customer,reference,amount,date,due,company\nROSSI,A1,5,2026-01-10,2026-02-10,OTHER\n",
    )

    assert "you do not work in it" in why(upload, 2)


def test_what_changed_between_check_and_import_stops_all_or_nothing(dario: Client, cast: Cast) -> None:
    upload = checked(dario, ITEMS + "ROSSI,A1,5,2026-01-10,2026-02-10,EUR\nNERI,A2,5,2026-01-10,2026-02-10,EUR\n")
    cast.item(cast.neri, "7", due=timezone.now().date(), reference="A2")

    after = carried(dario, upload)

    assert (after.state, after.counts) == ("CHECKED", {"CREATED": 1, "REFUSED": 1})
    assert "Rows were refused since the check" in after.error
    assert not OpenItem.objects.filter(reference="A1").exists()


def test_rows_are_shown_by_outcome(dario: Client) -> None:
    upload = checked(dario, ITEMS + "ROSSI,A1,5,2026-01-10,2026-02-10,EUR\nNOBODY,A2,5,2026-01-10,2026-02-10,EUR\n")

    page = words(dario.get(reverse("import", args=[upload.pk]), {"outcome": "REFUSED"}))

    assert "There is no customer NOBODY" in page
    assert "invoice of EUR 5.00" not in page
    assert UploadRow.objects.count() == 2


def test_real_customer_numbers_with_and_without_zeros_are_one_customer(
    dario: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real ledger writes 526 customers in 664 ways, with many names: no way of writing makes another customer."""
    path = realdata.path("ar_invoices", "highradius_open_items_A.csv")
    with path.open(newline="", encoding="utf-8-sig") as lines:
        spelled = {(row["cust_number"].strip(), row["name_customer"].strip()) for row in csv.DictReader(lines)}
    before = Customer.objects.count()
    content = "customer;name\n" + "".join(f"{code};{name.replace(';', ',')}\n" for code, name in sorted(spelled))

    monkeypatch.setattr(carrying, "AT_ONCE", 10_000)
    carried(dario, checked(dario, content, "CUSTOMERS", company="MAIN"), "ROWS")

    assert len({code for code, _name in spelled}) == 664
    assert Customer.objects.count() - before == 526


def test_the_worker_tells_the_rows_in_the_language_of_whoever_sent_them(cast: Cast, dario: Client) -> None:
    spoken.choose(cast.dario.user, "it")
    sent(dario, ITEMS + "ROSSI,F1,0.001,2026-02-01,2026-03-01,EUR\n" * 2)
    upload = Upload.objects.latest("pk")
    Upload.objects.filter(pk=upload.pk).update(
        state="TO_CHECK", styles={"amount": "point", "date": "ymd", "due": "ymd"}
    )

    work_off()

    assert "decimali" in upload.rows.get(number=2).sentence
    assert upload.rows.get(number=3).sentence == "Lo stesso si trova già nella riga 2."


def test_what_became_of_rows_is_said_to_each_reader_in_theirs_in_the_file_too(cast: Cast, dario: Client) -> None:
    rows = f"{ITEMS}NOBODY,A1,5.00,2026-01-10,2026-02-10,EUR\nROSSI,A2,1234.50,2026-01-10,2026-02-10,EUR\nROSSI,A3,5.00,2026-01-10,2026-01-01,EUR\n"
    dario.post("/language/", {"language": "it"})
    upload = checked(dario, rows)
    brought = [row.sentence for row in upload.rows.order_by("number")]
    english = as_user(cast.ada.user)

    page = words(english.get(reverse("import", args=[upload.pk]), headers={"Accept-Language": "en"}))
    pagina = words(dario.get(reverse("import", args=[upload.pk])))
    file = english.get(reverse("import_refused", args=[upload.pk]), headers={"Accept-Language": "en"}).content.decode()
    scaricato = dario.get(reverse("import_refused", args=[upload.pk])).content.decode()

    for told in ("There is no customer NOBODY. Import the customers first.", "The due date lies before the date."):
        assert told in page and told in file
        assert told not in pagina and told not in scaricato
    assert "Rossi: invoice of EUR 1,234.50, due 2026-02-10" in page
    assert all(sentence in pagina for sentence in brought)


def test_why_an_import_failed_is_said_to_each_reader_in_theirs(cast: Cast, dario: Client) -> None:
    with translation.override("it"):
        upload = Upload.objects.create(
            what="ITEMS",
            name="items.csv",
            sha256="0" * 64,
            size=1,
            content=b"",
            state="TO_CHECK",
            uploaded_at=timezone.now(),
        )
        carrying.work(upload.pk, now=timezone.now())
    upload.refresh_from_db()

    page = words(dario.get(reverse("import", args=[upload.pk]), headers={"Accept-Language": "en"}))
    alerts = words(dario.get(reverse("alerts"), headers={"Accept-Language": "en"}))

    assert upload.told is not None
    assert upload.says in page and upload.says in alerts
    assert upload.error not in page
