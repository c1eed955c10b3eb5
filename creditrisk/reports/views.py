"""Reports by schedule: who gets what and when, a look before, what was made, and where it went."""

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from creditrisk import nudge, pages
from creditrisk.lists import listing
from creditrisk.money import MissingRate
from creditrisk.reports import making, queries, sending
from creditrisk.reports.forms import ReportForm
from creditrisk.reports.models import Report
from creditrisk.reports.tables import EditionTable
from creditrisk.roles import Actor, door, may


@door("view_reports")
@require_safe
def reports(request: HttpRequest) -> HttpResponse:
    """List the reports that come by themselves."""
    shown = {"rows": queries.rows(request.user, now=timezone.now()), "may_edit": may(request.user, "edit_reports")}
    return render(request, "reports/reports.html", shown)


@door("view_reports")
@require_safe
def report(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Show one report: when it comes, to whom, and every edition with its deliveries."""
    found = queries.one(request.user, pk)
    now = timezone.now()
    shown = {
        "report": found, "when": queries.when(found), "next_at": queries.next_at(found, now=now),
        "people": found.people.order_by("username"), "customers": found.customers.order_by("code"),
        "may_edit": may(request.user, "edit_reports"),
    }  # fmt: skip
    table = EditionTable(queries.editions(found), may_edit=may(request.user, "edit_reports"))
    return listing.show(request, table, "reports/report.html", "reports/_editions.html", shown)


@door("edit_reports")
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make a report that comes by itself."""
    return _edited(request, Report(starts_at=timezone.now()))


@door("edit_reports")
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what a report tells, when and to whom."""
    return _edited(request, queries.one(request.user, pk))


def _edited(request: HttpRequest, found: Report) -> HttpResponse:
    now = timezone.now()
    initial = {} if found.pk else {"weekday": 1, "people": [request.user.pk], "active": True}
    form = ReportForm(request.POST or None, instance=found, user=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            saved = form.save(commit=False)
            if not saved.pk:
                saved.made_by, saved.made_at = request.user, now
            elif {"every", "weekday", "month_day", "hour", "active"} & {*form.changed_data}:
                saved.starts_at = now  # what was due under another schedule, or while it slept, is not made up for
            saved.error, saved.failed_at = "", None
            saved.save()
            form.save_m2m()
            saved.customers.set(form.named)
        messages.success(request, _("Saved: %(name)s, %(when)s.") % {"name": saved.name, "when": queries.when(saved)})
        return redirect("report", saved.pk)
    shown = {"form": form, "report": found if found.pk else None}
    return render(request, "reports/edit.html", shown, status=422 if form.is_bound else None)


@door("edit_reports")
@require_safe
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what the report would tell now, as it would be printed; nothing is kept and nothing is sent."""
    found = queries.one(request.user, pk)
    try:
        content = making.look(found, now=timezone.now())
    except MissingRate as error:
        return render(request, "reports/sheet.html", {"report": found, "error": str(error)})
    return render(request, "reports/sheet.html", {"report": found, "body": making.pages(found, content)})


@door("edit_reports")
@require_POST
def make(request: HttpRequest, pk: int) -> HttpResponse:
    """Make an edition at once, and mail it to the list where that is ticked."""
    found = queries.one(request.user, pk)
    try:
        made = making.make(found, by=Actor.of(request), now=timezone.now(), mailed=request.POST.get("mail") == "1")
    except MissingRate as error:
        messages.error(request, str(error))
    else:
        many = made.deliveries.count()
        mailed = (
            ngettext("It goes to %(n)d address.", "It goes to %(n)d addresses.", many) % {"n": many}
            if many
            else _("It was mailed to nobody.")
        )
        messages.success(request, _("Made. %(mailed)s") % {"mailed": mailed})
    return redirect("report", found.pk)


@door("view_reports")
@require_safe
def edition(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an edition as it was made, ready to be printed."""
    found = queries.edition(request.user, pk)
    return render(request, "reports/sheet.html", {"report": found.report, "edition": found, "body": found.body})


@door("view_reports")
@require_safe
def file(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Download an edition: `html` to print anywhere, `xlsx`."""
    found = queries.edition(request.user, pk)
    if kind not in sending.KINDS:
        raise Http404
    name, content, media = sending.files(found)[kind]
    response = HttpResponse(content, content_type=f"{media}; charset=utf-8" if kind == "html" else media)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@door("edit_reports")
@require_POST
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Send an edition to one address again."""
    found = queries.delivery(request.user, pk)
    try:
        with transaction.atomic():
            sending.send_again(found, now=timezone.now())
            nudge.after_commit("creditrisk.reports.tasks.send")
    except pages.REFUSALS as error:
        pages.tell_refusal(request, error)
    else:
        messages.success(request, _("It goes to %(address)s again.") % {"address": found.address})
    return redirect("report", found.edition.report_id)
