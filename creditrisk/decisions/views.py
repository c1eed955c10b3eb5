"""The log of decisions, one decision with everything it rested on, and policies tried on the past."""

from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

from celery import current_app
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRefresh

from approvals import queries as approval_queries
from approvals import tryout as trying
from creditrisk import pages
from creditrisk.clock import business_day
from creditrisk.decisions import queries
from creditrisk.decisions import tryouts as tried
from creditrisk.decisions.filters import ChangeFilter, DecisionFilter
from creditrisk.decisions.forms import TryOutForm
from creditrisk.decisions.models import TryOut
from creditrisk.decisions.tables import BehindTable, ChangeTable, DecisionTable, TryOutTable
from creditrisk.forms import refuse
from creditrisk.lists import listing
from creditrisk.policy import options
from creditrisk.refusal import Refused
from creditrisk.roles import Actor, door, may

USUAL_PERIOD = timedelta(days=89)  # with today: ninety days
HANDS = 4


@door("view_decisions")
@require_safe
def decisions(request: HttpRequest) -> HttpResponseBase:
    """List decisions, the newest first."""
    chosen = DecisionFilter(request.GET, queryset=queries.listed(request.user))
    shown = {"filter": chosen, "may_try": may(request.user, "view_tryouts")}
    return listing.show(request, DecisionTable(chosen.qs), "decisions/list.html", "decisions/_list.html", shown)


@door("view_decisions")
@require_safe
def decision(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one decision: what it said, and on what it rested."""
    page = queries.page(request.user, pk)
    covered_by = page.decision.covered_by
    shown = {
        "page": page,
        "hold_id": approval_queries.hold_of_release(covered_by) if covered_by else None,
        "sees_desk": may(request.user, "view_desk"),
        "sees_ledger": may(request.user, "view_ledger"),
        "may_policy": may(request.user, "view_policy"),
    }
    return render(request, "decisions/decision.html", shown)


@door("view_decisions")
@require_safe
def behind(request: HttpRequest, pk: int, standing: int, figure: str) -> HttpResponseBase:
    """Show the documents, items and effects behind one figure of a decision."""
    found, figures = queries.figure(request.user, pk, standing=standing, figure=figure)
    links = {"document": True, "item": may(request.user, "view_ledger"), "effect": may(request.user, "view_ledger")}
    table = BehindTable(figures.sources, links=links, late=figure == "overdue")
    shown = {"decision": found, "behind": figures}
    return listing.show(request, table, "decisions/behind.html", "decisions/_list.html", shown)


@door("view_tryouts")
@require_safe
def tryouts(request: HttpRequest) -> HttpResponseBase:
    """List the policies that were tried, the newest first."""
    shown = {"may_start": may(request.user, "edit_policy")}
    return listing.show(request, TryOutTable(tried.listed()), "decisions/tryouts.html", "decisions/_list.html", shown)


@door("edit_policy")
@require_http_methods(["GET", "HEAD", "POST"])
def tryout_new(request: HttpRequest) -> HttpResponse:
    """Ask for a policy and a period, and start trying."""
    now = timezone.now()
    today = business_day(now)
    form = TryOutForm(
        request.POST or None, initial={"policy": options.DRAFT, "since": today - USUAL_PERIOD, "until": today}
    )
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        try:
            made = trying.start(
                options.content(chosen["policy"]), label=form.label, since=chosen["since"], until=chosen["until"],
                by=Actor.of(request), now=now,
            )  # fmt: skip
        except Refused as error:
            refuse(form, error)
        else:
            transaction.on_commit(partial(_nudge, min(made.parts.count(), HANDS)))
            return redirect("tryout", made.pk)
    status = 422 if form.is_bound else None
    return render(request, "decisions/tryout_new.html", {"form": form}, status=status)


def _nudge(hands: int) -> None:
    """Ask the workers to begin; without a broker the beat does so later."""
    with suppress(current_app.connection_for_write().connection_errors):
        for _hand in range(hands):
            current_app.send_task("approvals.tasks.try_policies", retry=False)


@door("view_tryouts")
@require_safe
def tryout(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Show how far a try-out is, and what would have come out otherwise."""
    found = get_object_or_404(TryOut.objects.select_related("asked_by"), pk=pk)
    progress = tried.progress(found, attempts=trying.ATTEMPTS)
    htmx: Any = getattr(request, "htmx", None)
    shown: dict[str, Any] = {
        "tryout": found, "progress": progress,
        "waits": tried.waits_for_worker(found, progress, now=timezone.now()),
    }  # fmt: skip
    if htmx and htmx.target == "progress":
        return render(request, "decisions/_progress.html", shown) if progress.is_running else (
            HttpResponseClientRefresh()
        )  # fmt: skip
    if not progress.is_running:
        chosen = ChangeFilter(request.GET, queryset=tried.changes(found, request.user), codes=tried.codes(found))
        if not pages.is_part(request):
            shown |= {"filter": chosen, "counts": tried.counts(found), "pictures": tried.pictures(found)}
        return listing.show(request, ChangeTable(chosen.qs), "decisions/tryout.html", "decisions/_list.html", shown)
    return render(request, "decisions/tryout.html", shown)
