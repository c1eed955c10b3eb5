"""The start page by role, the portfolio of exposures, and the search across everything."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from approvals import alerts
from approvals import queries as approval_queries
from creditrisk import nudge, pages
from creditrisk.clock import business_day
from creditrisk.lists import listing
from creditrisk.monitoring import queries, recomputing, standings, utilisation, workspace
from creditrisk.monitoring.asked import Asked
from creditrisk.monitoring.forms import PastForm, PortfolioForm, UtilisationForm
from creditrisk.monitoring.models import Recompute
from creditrisk.monitoring.portfolio import Source
from creditrisk.monitoring.standings import NOBODY
from creditrisk.monitoring.stood import Wanted
from creditrisk.monitoring.tables import GroupTable, PastTable, PortfolioTable, StoodTable, UtilisationTable
from creditrisk.roles import door, may, roles_of
from creditrisk.running import state
from creditrisk.templatetags.credit import percent
from customers.models import Customer

NEWEST_ALERTS = 6
NEAREST = 8
TARGET = Decimal(80)


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
        asked = Asked(today, is_past=False)
        context["picture"] = standings.look(user, asked, Wanted(sums=True, near=NEAREST, largest=NEAREST))
        context["workspace"] = workspace.of(user, today=today)
    if "admin" in roles:
        context["setup"] = queries.setup(today=today)
        names = state.names()
        context["ailing"] = [names[part.code] for part in state.look(now=timezone.now()) if part.state != "ok"]
    if roles & {"admin", "auditor"}:
        context["decided"] = queries.decisions_of_day(user, today=today)
    return render(request, "monitoring/start.html", context)


@door("view_exposure")
@require_safe
def portfolio(request: HttpRequest) -> HttpResponseBase:
    """List every customer's exposure against its limit, the most used first, or their sums by a group."""
    form = PortfolioForm(request.GET or None, user=request.user, today=business_day(timezone.now()))
    return _stood(request, form, PortfolioTable, "monitoring/portfolio.html", "monitoring/_portfolio.html")


@door("view_exposure")
@require_safe
def exposure(request: HttpRequest) -> HttpResponseBase:
    """Show how every customer stood on a day, or as it was known then, against the limit of that day."""
    form = PastForm(request.GET or None, user=request.user, today=business_day(timezone.now()))
    return _stood(request, form, PastTable, "monitoring/exposure.html", "monitoring/_past.html")


def _stood(
    request: HttpRequest, form: PortfolioForm, table_class: type[StoodTable], page: str, part: str
) -> HttpResponseBase:
    """Return the page of the portfolio: one statement finds the rows, the groups and the sums."""
    if (other := listing.first_view(request)) is not None:
        return other
    asked = form.asked()
    context: dict[str, Any] = {"form": form, "asked": asked, "may_recompute": may(request.user, "recompute")}
    if form.grouped_by:
        picture = standings.look(request.user, asked, Wanted(sums=True, by=form.grouped_by))
        table: Any = GroupTable(
            list(picture.groups),
            by=form.grouped_by,
            narrowed=pages.without(request, *listing.PASSING, "by", "sort", "columns"),
        )
    else:
        table = table_class(Source(request.user, asked))
    drawn = listing.drawn(request, table)
    if (file := listing.as_file(request, drawn)) is not None:
        return file
    picture = picture if form.grouped_by else table.source.picture
    context |= {"table": table, "listing": table.listing, "wholes": picture.sums, "missing": picture.missing}
    return pages.show(request, page, part, context)


@door("recompute")
@require_POST
def recompute(request: HttpRequest) -> HttpResponse:
    """Have the worker compare everybody's exposure with the documents, and show how far it is."""
    run, is_new = recomputing.start(by=request.user, now=timezone.now())
    if is_new:
        nudge.after_commit("creditrisk.monitoring.tasks.recompute")
    else:
        messages.info(request, _("It is under way already."))
    return redirect("recomputed", run.pk)


@door("view_exposure")
@require_safe
def recomputed(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far a run is and what it found; it draws itself again until it is finished."""
    run = get_object_or_404(Recompute.objects.select_related("asked_by"), pk=pk)
    context = {"run": run, "may_recompute": may(request.user, "recompute")}
    return pages.show(request, "monitoring/recompute.html", "monitoring/_recompute.html", context)


@door("view_portfolio_past")
@require_safe
def used(request: HttpRequest) -> HttpResponseBase:
    """Show what of the limits is used, by segment and of the whole portfolio, against a target, and how it went."""
    today = business_day(timezone.now())
    form = UtilisationForm(request.GET or None, today=today)
    until, target = form.said("until", today), form.said("target", TARGET)
    since = form.said("since", until - timedelta(days=365))
    form.initial = {"since": since, "until": until, "target": target}
    segment = form.said("segment", "")
    whose = None if not segment else "" if segment == NOBODY else segment
    kept = list(utilisation.past(since=since, until=until, segment=whose))
    currencies = sorted({one.currency for one in kept})
    context = {
        "form": form, "target": target, "lines": utilisation.lines(request.user, today=today, since=since, target=target),
        "courses": [(c, utilisation.points(kept, c, percent)) for c in currencies], "of": form.name_of(segment),
    }  # fmt: skip
    table = UtilisationTable(utilisation.past(since=since, until=until, segment=whose))
    return listing.show(request, table, "monitoring/utilisation.html", "monitoring/_utilisation.html", context)


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
