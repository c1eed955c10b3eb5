"""The audit trail: one list over all histories, one line of it, its files, and a verification on demand."""

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from creditrisk import nudge, pages
from creditrisk.audit import queries
from creditrisk.audit.forms import TrailForm
from creditrisk.clock import business_day
from creditrisk.export import csv_stream, xlsx_response
from creditrisk.roles import door

XLSX_MAX = 100_000


@door("view_trail")
@require_safe
def trail(request: HttpRequest) -> HttpResponseBase:
    """List the trail; `as=csv` and `as=xlsx` download what is listed, `before` is where an older page begins."""
    now = timezone.now()
    form = TrailForm(request.GET)
    found = queries.lines(request.user, form.cleaned_data if form.is_valid() else {})
    if not form.is_valid():
        found = found.none()
    kind = request.GET.get("as", "")
    if kind == "csv" and form.is_valid():
        return csv_stream(f"audit-trail-{business_day(now)}", queries.EXPORTED, queries.exported(found))
    too_long = kind == "xlsx" and found[XLSX_MAX : XLSX_MAX + 1].exists()
    if kind == "xlsx" and form.is_valid() and not too_long:
        return xlsx_response(f"audit-trail-{business_day(now)}", queries.EXPORTED, queries.exported(found))
    if too_long:
        messages.error(request, _("That is more than 100,000 lines: narrow the period, or take the CSV."))
    query = request.GET.copy()
    for name in ("as", "before"):
        query.pop(name, None)
    shown = {
        "form": form, "part": queries.part(found, before=pages.asked(request, "before")), "query": query.urlencode(),
        "is_older": "before" in request.GET, "state": queries.seal_state(now=now),
    }  # fmt: skip
    return pages.show(request, "audit/trail.html", "audit/_lines.html", shown)


@door("view_trail")
@require_safe
def line(request: HttpRequest, position: int) -> HttpResponseBase:
    """Show one line: from what to what, by whom, from where, and whether it is as it was sealed."""
    return render(request, "audit/line.html", {"page": queries.page(request.user, position)})


@door("view_trail")
@require_POST
def verify(request: HttpRequest) -> HttpResponseBase:
    """Have the worker seal and verify the whole trail now."""
    nudge.after_commit("creditrisk.audit.tasks.seal")
    nudge.after_commit("creditrisk.audit.tasks.verify")
    messages.info(request, _("The worker verifies the whole trail now; what it finds is told here."))
    return redirect("trail")
