"""The start page by role, the portfolio of exposures, and the search across everything."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from approvals import alerts
from approvals import queries as approval_queries
from creditrisk import pages
from creditrisk.clock import business_day
from creditrisk.lists import listing
from creditrisk.monitoring import past, queries
from creditrisk.monitoring.forms import PastForm
from creditrisk.monitoring.tables import PastTable, PortfolioTable
from creditrisk.roles import door, may, roles_of
from customers.models import Customer

NEWEST_ALERTS = 6


@door("view_start")
@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """Show the few figures that matter to the reader's roles."""
    user, today = request.user, business_day(timezone.now())
    roles = roles_of(user)
    context: dict[str, Any] = {"today": today}
    if "sales" in roles:
        context["sales"] = queries.sales_desk(user, today=today, now=timezone.now())
    if roles & {"credit_clerk", "credit_manager", "finance_director"}:
        context["queue"] = queries.queue(user, today=today)
        context["alerts"] = approval_queries.alert_rows(alerts.newest(user)[:NEWEST_ALERTS], user=user)
        context["unseen"] = alerts.unseen_count(user)
    if roles & {"credit_manager", "finance_director"}:
        exposures = queries.exposures(user, today=today)
        context["wholes"] = queries.wholes(exposures)
        context["top"] = exposures[:8]
    if "admin" in roles:
        context["setup"] = queries.setup(today=today)
    if roles & {"admin", "auditor"}:
        context["decided"] = queries.decisions_of_day(user, today=today)
    return render(request, "monitoring/start.html", context)


@door("view_exposure")
@require_safe
def portfolio(request: HttpRequest) -> HttpResponseBase:
    """List every customer's exposure against its limit, the most used first."""
    text = pages.asked(request, "q")
    rows = queries.exposures(request.user, today=business_day(timezone.now()), text=text)
    context = {"wholes": queries.wholes(rows), "text": text}
    return listing.show(
        request, PortfolioTable(rows), "monitoring/portfolio.html", "monitoring/_portfolio.html", context
    )


@door("view_exposure")
@require_safe
def exposure(request: HttpRequest) -> HttpResponseBase:
    """Show how every customer stood on a day, or as it was known then, against the limit of that day."""
    form = PastForm(request.GET or None, user=request.user, today=business_day(timezone.now()))
    asked = form.asked()
    rows, missing = past.rows(request.user, asked)
    context = {"form": form, "asked": asked, "wholes": past.wholes(rows), "missing": missing}
    return listing.show(request, PastTable(rows), "monitoring/exposure.html", "monitoring/_past.html", context)


@door("view_start")
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Find customers, documents and items; what is named exactly is opened."""
    text = pages.asked(request, "q")
    if not text:
        return render(request, "monitoring/search.html", {"found": None, "search_text": ""})
    one = queries.exact(request.user, text)
    if one is not None:
        return redirect("customer", one.code) if isinstance(one, Customer) else redirect("document", one.pk)
    found = queries.search(
        request.user,
        text,
        today=business_day(timezone.now()),
        may_see_items=may(request.user, "view_ledger"),
    )
    return render(request, "monitoring/search.html", {"found": found, "search_text": text})
