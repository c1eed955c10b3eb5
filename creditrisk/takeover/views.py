"""Imports: a file sent in, its columns named, what would become of each row, and the import itself."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from creditrisk import nudge, pages
from creditrisk.language import day, say
from creditrisk.lists import listing
from creditrisk.roles import Actor, companies_of, door
from creditrisk.takeover import carrying, kinds, progress
from creditrisk.takeover.forms import CarryForm, ColumnsForm, KeptForm, UploadForm
from creditrisk.takeover.models import KeptMapping, Mode, Outcome, Upload, UploadState
from creditrisk.takeover.tables import RowTable, UploadTable
from creditrisk.takeover.tasks import work_off
from ledger.imports import styles
from ledger.imports.delimited import BadFile

BUSY = (UploadState.TO_CHECK, UploadState.CHECKING, UploadState.TO_CARRY, UploadState.CARRYING)


def _mine(request: HttpRequest) -> QuerySet[Upload]:
    """Return the uploads that the reader may see: who works in some companies sees what they sent in themselves."""
    found = Upload.objects.defer("content").select_related("uploaded_by", "carried_by", "company")
    return found if companies_of(request.user) is None else found.filter(uploaded_by=request.user)  # type: ignore[misc]


@door("import_data")
@require_http_methods(["GET", "POST"])
def imports(request: HttpRequest) -> HttpResponseBase:
    """List what was sent in; send a file in."""
    form = UploadForm(request.POST or None, request.FILES or None, user=request.user)
    if request.method == "POST" and form.is_valid() and (upload := _kept(request, form)):
        return redirect("import_columns", upload.pk)
    page, status = "takeover/imports.html", 422 if form.errors else None
    return listing.show(request, UploadTable(_mine(request)), page, page, {"form": form}, status=status)


def _kept(request: HttpRequest, form: UploadForm) -> Upload | None:
    typed = form.cleaned_data
    try:
        upload = carrying.keep(
            typed["file"].read(), typed["file"].name, what=typed["what"], encoding=typed["encoding"],
            company=typed["company"], currency=typed["currency"], by=Actor.of(request), now=timezone.now(),
        )  # fmt: skip
    except BadFile as error:
        form.add_error("file", str(error))
        return None
    if before := _mine(request).filter(sha256=upload.sha256, state=UploadState.DONE).order_by("-pk").first():
        messages.info(
            request,
            _("This very file was carried out on %(day)s. What is there already will be left alone.")
            % {"day": day(timezone.localtime(before.carried_at).date())},
        )
    return upload


@door("import_data")
@require_http_methods(["GET", "POST"])
def columns(request: HttpRequest, pk: int) -> HttpResponse:
    """Name the columns of an upload and how they are written, then have it checked."""
    upload = get_object_or_404(_mine(request), pk=pk)
    sheet = carrying.sheet_of(upload)
    kept = KeptForm(request.GET if "kept" in request.GET else None, what=upload.what)
    if kept.is_bound and kept.is_valid():
        chosen: KeptMapping = kept.cleaned_data["kept"]
        upload.columns = {n: c for n, c in chosen.columns.items() if c in sheet.header}
        upload.styles = chosen.styles
    form = ColumnsForm(
        request.POST if request.method == "POST" else None,
        upload=upload, header=sheet.header, fits=carrying.fits(upload, sheet, upload.columns),
    )  # fmt: skip
    if request.method == "POST" and form.is_valid() and (response := _check(request, upload, sheet, form)):
        return response
    context = {
        "upload": upload, "form": form, "kept": kept, "explains": say(kinds.KINDS[upload.what].explains),
        "header": sheet.header, "sample": [[styles.words(c) for c in row.cells] for row in sheet.rows[:5]],
        "count": len(sheet.rows), "has_kept": KeptMapping.objects.filter(what=upload.what).exists(),
    }  # fmt: skip
    return render(request, "takeover/columns.html", context, status=422 if form.errors else None)


def _check(request: HttpRequest, upload: Upload, sheet: Any, form: ColumnsForm) -> HttpResponse | None:
    named = form.columns()
    fits = carrying.fits(upload, sheet, named)
    form.check_written(fits)
    if form.errors:
        return None
    upload.confirms = bool(form.cleaned_data.get("confirms"))
    upload.oldest_first = bool(form.cleaned_data.get("oldest_first"))
    try:
        carrying.name_columns(
            upload, columns=named, written=form.written(fits), keep_as=form.cleaned_data["keep_as"],
            by=Actor.of(request), now=timezone.now(),
        )  # fmt: skip
    except pages.REFUSALS as error:
        form.add_error(None, str(error))
        return None
    _set_going(upload.pk, len(sheet.rows))
    return redirect("import", upload.pk)


def _set_going(pk: int, rows: int) -> None:
    """Do a small file while the person waits; hand a large one to the worker, which looks by itself too."""
    if rows <= carrying.AT_ONCE:
        carrying.work(pk, now=timezone.now())
    else:
        nudge.after_commit(work_off.name)


@door("import_data")
@require_safe
def upload(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Show what would become, or became, of each row."""
    found = get_object_or_404(_mine(request), pk=pk)
    if found.state == UploadState.COLUMNS:
        return redirect("import_columns", found.pk)
    outcome = request.GET.get("outcome", "")
    rows = found.rows.filter(outcome=outcome) if outcome in Outcome.values else found.rows.all()
    done, of = progress.told(found.pk)
    refused = found.counts.get(Outcome.REFUSED, 0)
    context = {
        "upload": found,
        "busy": found.state in BUSY,
        "done": done,
        "of": of,
        "outcome": outcome,
        "tabs": [(o.value, o.label, found.counts.get(o.value, 0)) for o in Outcome],
        "total": sum(found.counts.values()),
        "refused": refused,
        "form": CarryForm(initial={"mode": Mode.ROWS if refused else Mode.ALL}),
        "may_carry": found.state == UploadState.CHECKED and sum(found.counts.values()) > refused,
        "may_name": found.state in (UploadState.CHECKED, UploadState.FAILED),
    }
    table = RowTable(rows)
    return listing.show(request, table, "takeover/import.html", "takeover/_import.html", context, per_page=50)


@door("import_data")
@require_POST
def carry(request: HttpRequest, pk: int) -> HttpResponse:
    """Carry an upload out."""
    found = get_object_or_404(_mine(request), pk=pk)
    form = CarryForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say how: all or nothing, or row by row."))
        return redirect("import", pk)
    try:
        carrying.ask_to_carry(found.pk, mode=form.cleaned_data["mode"], by=Actor.of(request), now=timezone.now())
    except pages.REFUSALS as error:
        pages.tell_refusal(request, error)
        return redirect("import", pk)
    _set_going(found.pk, sum(found.counts.values()))
    return redirect("import", pk)


@door("import_data")
@require_safe
def rejected(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the refused rows as a CSV file, each with its reason."""
    found = get_object_or_404(_mine(request), pk=pk)
    response = HttpResponse(carrying.rejected_csv(found), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="refused-{found.pk}.csv"'
    return response
