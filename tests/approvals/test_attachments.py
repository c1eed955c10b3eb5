"""Evidence: taken by what is in it, kept for good, handed out to those who may see what it belongs to."""

import io
import uuid
import zipfile
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from approvals import attachments, limit_requests
from approvals.attachments import MEGABYTE, checked
from approvals.limit_requests import Asked
from approvals.models import Attachment, Hold, LimitRequest
from creditrisk.refusal import AlreadyClosed, NotPermitted, Refused
from customers.models import Company
from tests.approvals.looking import held
from tests.cast import NOW, Cast
from tests.pages import as_user, words

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00"


def workbook() -> bytes:
    content = io.BytesIO()
    openpyxl.Workbook().save(content)
    return content.getvalue()


def archive(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as target:
        for name in names:
            target.writestr(name, "x")
    return content.getvalue()


def asked(cast: Cast, *files: attachments.File) -> LimitRequest:
    return attachments.ask_limit(cast.rossi, Asked(state="UNLIMITED", reason="x"), files, by=cast.sara, now=NOW)


# -- what is taken ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "content_type"),
    [
        ("report.pdf", PDF, "application/pdf"),
        ("Scan.PNG", PNG, "image/png"),
        ("photo.jpeg", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("note.txt", "Bonität gut".encode(), "text/plain"),
        ("old.txt", "Bonität gut".encode("cp1252"), "text/plain"),
        ("list.csv", b"a;b\n", "text/csv"),
        ("report.xml", b"<report/>", "application/xml"),
        ("balance.xlsx", workbook(), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("letter.docx", archive("word/document.xml"),
         "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ],
)  # fmt: skip
def test_evidence_is_taken_by_what_is_in_it(name: str, content: bytes, content_type: str) -> None:
    assert checked(name, content).content_type == content_type


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("run.exe", b"MZ", "of no kind that is taken"),
        ("page.html", b"<script>alert(1)</script>", "of no kind"),
        ("drawing.svg", b"<svg onload='alert(1)'/>", "of no kind"),
        ("report.pdf.exe", PDF, "of no kind"),
        ("nothing", PDF, "of no kind"),
        (".pdf", PDF, "of no kind"),
        ("", PDF, "of no kind"),
        ("report.pdf", b"MZ\x90", "not what its name says: a PDF"),
        ("report.pdf", b" " + PDF, "not what its name says"),
        ("picture.png", PDF, "not what its name says: a PNG"),
        ("note.txt", b"MZ\x90\x00", "not what its name says: a TXT"),
        ("report.xml", b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>", "not what its name says"),
        ("letter.docx", workbook(), "not what its name says"),
        ("macros.xlsx", archive("xl/workbook.xml", "xl/vbaProject.bin"), "not what its name says"),
        ("broken.xlsx", b"PK\x03\x04", "not what its name says"),
        ("empty.pdf", b"", "is empty"),
        ("report.pdf", PDF + b"x" * 10 * MEGABYTE, "10.0 MB; at most 10 MB"),
    ],
)
def test_what_is_not_what_it_says_is_refused(name: str, content: bytes, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence) as refused:
        checked(name, content)

    assert refused.value.field == "files"


def test_a_file_of_ten_megabytes_to_the_byte_is_taken() -> None:
    assert checked("a.pdf", PDF.ljust(10 * MEGABYTE, b"x")).name == "a.pdf"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/report.pdf", "report.pdf"),
        ("C:\\windows\\report.pdf", "report.pdf"),
        ("re\r\nSet-Cookie: a=b.pdf", "reSet-Cookie: a=b.pdf"),
        ("inv\u202efdp.exe.pdf", "invfdp.exe.pdf"),
        ("a\x00b.pdf", "ab.pdf"),
        ('say "hello".pdf', 'say "hello".pdf'),
        ("bilancio è pronto.pdf", "bilancio è pronto.pdf"),
        (f"{'x' * 300}.pdf", f"{'x' * 116}.pdf"),
        ("a   b.pdf ", "a b.pdf"),
    ],
)
def test_hostile_names_are_made_harmless(name: str, kept: str) -> None:
    assert checked(name, PDF).name == kept


# -- with a limit request --------------------------------------------------------------------------------------------


def test_evidence_comes_with_the_request_and_more_can_be_added_until_it_is_decided(cast: Cast) -> None:
    request = asked(cast, checked("bureau.pdf", PDF))
    attachments.add(request, [checked("more.png", PNG)], by=cast.carla, now=NOW, note="from the bank")
    limit_requests.approve(request, by=cast.dario, now=NOW)

    with pytest.raises(AlreadyClosed, match="decided"):
        attachments.add(request, [checked("late.pdf", PDF)], by=cast.carla, now=NOW)

    steps = list(Attachment.objects.order_by("pk").values_list("name", "request_event__step", "added_by__username"))
    assert steps == [("bureau.pdf", "ASKED", "sara"), ("more.png", "ATTACHED", "carla")]


def test_a_refused_request_keeps_no_file(cast: Cast) -> None:
    with pytest.raises(Refused):
        attachments.ask_limit(cast.rossi, Asked(reason=""), [checked("a.pdf", PDF)], by=cast.sara, now=NOW)

    assert not Attachment.objects.exists()


def test_the_same_file_twice_is_kept_once_and_six_are_too_many(cast: Cast) -> None:
    request = asked(cast, checked("a.pdf", PDF), checked("b.pdf", PDF))
    six = [checked(f"{n}.txt", str(n).encode()) for n in range(6)]

    with pytest.raises(Refused, match="At most 5"):
        attachments.add(request, six, by=cast.sara, now=NOW)

    assert Attachment.objects.count() == 1


def test_an_auditor_adds_nothing(cast: Cast) -> None:
    with pytest.raises(NotPermitted):
        attachments.add(asked(cast), [checked("a.pdf", PDF)], by=cast.guido, now=NOW)


def test_the_pages_take_show_and_hand_out(cast: Cast) -> None:
    sara = as_user(cast.sara.user)
    files = [SimpleUploadedFile("bureau.pdf", PDF), SimpleUploadedFile("balance.xlsx", workbook())]
    data = {"token": uuid.uuid4().hex, "state": "AMOUNT", "amount": "20000", "kind": "BASE", "reason": "growing"}

    page = words(sara.post(reverse("limit_ask", args=["ROSSI"]), data | {"files": files}, follow=True))
    more = {"files": SimpleUploadedFile("notes.txt", b"sound"), "note": "call"}
    page_after = words(
        sara.post(reverse("limit_request_attach", args=[LimitRequest.objects.get().pk]), more, follow=True)
    )

    assert "bureau.pdf" in page
    assert "balance.xlsx" in page
    assert "notes.txt" in page_after
    assert Attachment.objects.count() == 3


def test_bad_evidence_is_said_at_the_field_and_nothing_is_asked(cast: Cast) -> None:
    data = {
        "token": uuid.uuid4().hex, "state": "AMOUNT", "amount": "20000", "kind": "BASE", "reason": "growing",
        "files": [SimpleUploadedFile("bureau.pdf", b"MZ"), SimpleUploadedFile("b.html", b"<a>")],
    }  # fmt: skip

    response = as_user(cast.sara.user).post(reverse("limit_ask", args=["ROSSI"]), data)

    assert response.status_code == 422
    assert "bureau.pdf is not what its name says" in words(response)
    assert "b.html is of no kind" in words(response)
    assert not LimitRequest.objects.exists()


# -- about a hold ----------------------------------------------------------------------------------------------------


def test_sales_asks_for_release_with_a_comment_and_a_file(cast: Cast) -> None:
    hold = held(cast, cast.bianchi, "1500")
    data = {"event-note": "paid this morning", "event-files": SimpleUploadedFile("transfer.pdf", PDF)}

    as_user(cast.sara.user).post(reverse("hold_ask_release", args=[hold.pk]), data)
    desk = words(as_user(cast.carla.user).get(reverse("hold", args=[hold.pk])))
    document = words(as_user(cast.sara.user).get(reverse("document", args=[hold.document_id])))

    assert "transfer.pdf" in desk
    assert "transfer.pdf" in document
    assert Attachment.objects.get().hold_event is not None


def test_a_comment_without_a_word_keeps_no_file(cast: Cast) -> None:
    hold = held(cast, cast.bianchi, "1500")

    data = {"event-note": "", "event-files": SimpleUploadedFile("transfer.pdf", PDF)}
    as_user(cast.carla.user).post(reverse("hold_comment", args=[hold.pk]), data)

    assert not Attachment.objects.exists()


def test_what_sales_typed_beside_a_file_that_is_refused_is_there_again_once(cast: Cast) -> None:
    hold, sara = held(cast, cast.bianchi, "1500"), as_user(cast.sara.user)
    data = {"event-note": "paid this morning", "event-files": SimpleUploadedFile("transfer.pdf", b"MZ")}

    refused = words(sara.post(reverse("hold_ask_release", args=[hold.pk]), data, follow=True))
    later = words(sara.get(reverse("document", args=[hold.document_id])))

    assert "is not what its name says" in refused
    assert ["paid this morning" in page for page in (refused, later)] == [True, False]
    assert not hold.events.exists()


# -- handing out -----------------------------------------------------------------------------------------------------


def handed(cast: Cast, user: Any, attachment: Attachment) -> Any:
    return as_user(user).get(reverse("attachment", args=[attachment.pk]))


def test_a_file_is_handed_out_as_it_came_and_never_shown_in_place(cast: Cast) -> None:
    asked(cast, checked('say "hello" è.pdf', PDF))

    response = handed(cast, cast.guido.user, Attachment.objects.get())

    assert response.content == PDF
    assert response.headers["Content-Disposition"].startswith("attachment; filename*=utf-8''say%20%22hello%22")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Type"] == "application/pdf"
    assert "sandbox" in response.headers["Content-Security-Policy"]


def test_a_file_is_not_there_for_strangers_to_its_company(cast: Cast) -> None:
    other = Company.objects.create(code="OTHER", name="Other", currency="EUR")
    cast.carla.user.company_access.create(company=other)
    hold = held(cast, cast.bianchi, "1500")
    asked(cast, checked("a.pdf", PDF))
    attachments.comment(
        Hold.objects.get(pk=hold.pk), [checked("b.pdf", PDF)], by=cast.dario, now=timezone.now(), note="x"
    )

    found = [handed(cast, cast.carla.user, file).status_code for file in Attachment.objects.all()]

    assert found == [404, 404]


def test_pages_do_not_read_the_content(cast: Cast, django_assert_max_num_queries: Any) -> None:
    request = asked(cast, checked("a.pdf", PDF))

    with django_assert_max_num_queries(60) as seen:
        as_user(cast.guido.user).get(reverse("limit_request", args=[request.pk]))

    assert not [q["sql"] for q in seen.captured_queries if '"approvals_attachment"."content"' in q["sql"]]
