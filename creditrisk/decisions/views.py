"""The log of decisions, one decision with everything it rested on, and what is behind its figures."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from approvals import queries as approval_queries
from creditrisk import pages
from creditrisk.decisions import queries
from creditrisk.decisions.filters import DecisionFilter
from creditrisk.decisions.tables import BehindTable, DecisionTable
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
def behind(request: HttpRequest, pk: int, standing: int, figure: str) -> HttpResponse:
    """Show the documents, items and effects behind one figure of a decision."""
    found, figures = queries.figure(request.user, pk, standing=standing, figure=figure)
    links = {"document": True, "item": may(request.user, "view_ledger"), "effect": may(request.user, "view_ledger")}
    table = pages.listed(request, BehindTable(figures.sources, links=links, late=figure == "overdue"))
    shown = {"decision": found, "behind": figures, "table": table}
    return pages.show(request, "decisions/behind.html", "decisions/_list.html", shown)
