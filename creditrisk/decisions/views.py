"""The log of decisions, and one decision with everything it rested on."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from creditrisk import pages
from creditrisk.decisions import queries
from creditrisk.decisions.filters import DecisionFilter
from creditrisk.decisions.tables import DecisionTable
from creditrisk.roles import door, may


@door("view_decisions")
@require_safe
def decisions(request: HttpRequest) -> HttpResponse:
    """List decisions, the newest first."""
    chosen = DecisionFilter(request.GET, queryset=queries.listed(request.user))
    table = pages.listed(request, DecisionTable(chosen.qs))
    return pages.show(
        request,
        "decisions/list.html",
        "decisions/_list.html",
        {"filter": chosen, "table": table},
    )


@door("view_decisions")
@require_safe
def decision(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one decision: what it said, and on what it rested."""
    context = {"page": queries.page(request.user, pk), "may_policy": may(request.user, "view_policy")}
    return render(request, "decisions/decision.html", context)
