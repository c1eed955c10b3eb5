"""The audit trail: one list over all histories, one line of it, a verification on demand; and how overrides ended."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from creditrisk import nudge, pages
from creditrisk.audit import overrides as overriding
from creditrisk.audit import queries
from creditrisk.audit.forms import OverridesForm, TrailForm
from creditrisk.audit.outcomes import Outcome
from creditrisk.audit.tables import ReleasedTable
from creditrisk.clock import business_day
from creditrisk.export import FILES, csv_stream, xlsx_response
from creditrisk.lists import listing
from creditrisk.roles import door

XLSX_MAX = 100_000
USUAL_PERIOD = timedelta(days=364)  # with today: a year and a day less


@door("view_trail")
@require_safe
def trail(request: HttpRequest) -> HttpResponseBase:
    """List the trail; `as=csv` and `as=xlsx` download what is listed, `before` is where an older page begins."""
    if (other := listing.first_view(request)) is not None:
        return other
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
    shown = {
        "form": form, "part": queries.part(found, before=pages.asked(request, "before")), "query": pages.without(request, "as", "before"),
        "is_older": "before" in request.GET, "listing": listing.by_hand(request), "state": queries.seal_state(now=now),
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


@door("view_overrides")
@require_safe
def overrides(request: HttpRequest) -> HttpResponseBase:
    """Show by approver what was let through and how it was paid in the end; `as=csv` and `as=xlsx` download it.

    With an approver the releases are listed, and downloaded, one by one.
    """
    today = business_day(timezone.now())
    usual = {"since": (today - USUAL_PERIOD).isoformat(), "until": today.isoformat()}
    if (other := listing.first_view(request)) is not None:
        return other
    form = OverridesForm({**usual, **{name: value for name, value in request.GET.items() if value}}, user=request.user)
    shown: dict[str, Any] = {"form": form, "ways": Outcome, "query": pages.without(request, "as")}
    if form.is_valid():
        asked = form.cleaned_data
        found = overriding.look(request.user, asked, today=today)
        if (file := FILES.get(request.GET.get("as", ""))) is not None:
            name = f"overrides-{asked['since']}-{asked['until']}"
            if asked["approver"]:
                return file(
                    f"{name}-{asked['approver']}",
                    overriding.releases_header(),
                    overriding.release_cells(found.releases),
                )
            return file(name, overriding.header(), overriding.cells(found.approvers))
        table = listing.drawn(request, ReleasedTable(found.releases)) if asked["approver"] else None
        shown |= {
            "found": found,
            "table": table,
            "listing": listing.by_hand(request),
            "approver": asked["approver"],
            "narrowed": pages.without(request, "as", "approver"),
        }
    return pages.show(request, "audit/overrides.html", "audit/_overrides.html", shown)
