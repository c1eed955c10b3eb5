"""The pages of the figures: all of a day, and the course of one."""

from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from creditrisk import pages
from creditrisk.clock import business_day
from creditrisk.export import FILES
from creditrisk.figures import queries, snapshots
from creditrisk.figures.catalogue import BY_CODE, OF_MANY
from creditrisk.figures.forms import CourseForm, SheetForm
from creditrisk.figures.gathering import WHOLE
from creditrisk.figures.tables import CourseTable
from creditrisk.figures.wording import unit_label
from creditrisk.lists import listing
from creditrisk.money import MissingRate
from creditrisk.monitoring.standings import NOBODY
from creditrisk.roles import door, may

ONE_DAY, YEAR = timedelta(days=1), timedelta(days=queries.COURSE_DAYS)


@door("view_figures")
@require_safe
def sheet(request: HttpRequest) -> HttpResponse:
    """Show every figure of a company at the end of a day with formula, source and past; `as=csv`, `as=xlsx`."""
    today = business_day(timezone.now())
    form = SheetForm(request.GET or None, user=request.user, today=today)
    company = form.chosen()
    shown: dict[str, Any] = {"form": form, "today": today, "query": pages.without(request, "as")}
    if company is not None:
        day = form.value("day", snapshots.last_day(company) or today - ONE_DAY)
        form.initial = {"company": company, "day": day}
        shown["whose"] = form.whose
        try:
            found = queries.sheet(request.user, company, day=day, segment=form.segment_asked)
        except MissingRate as error:
            shown |= {"company": company, "day": day, "error": str(error)}
        else:
            if (file := FILES.get(request.GET.get("as", ""))) is not None:
                return file(f"figures-{company.code}-{day.isoformat()}", queries.header(), queries.cells(found))
            shown |= {"company": company, "day": day, "sheet": found}
    return render(request, "figures/figures.html", shown)


@door("view_figures")
@require_safe
def course(request: HttpRequest, code: str) -> HttpResponseBase:
    """Show how one figure went, as a line and as a table; `as=csv`, `as=xlsx`."""
    if (figure := BY_CODE.get(code)) is None:
        raise Http404
    today = business_day(timezone.now())
    form = CourseForm(request.GET or None, user=request.user, today=today)
    if (company := form.chosen()) is None:
        raise Http404
    since, until = form.period(YEAR)
    form.initial = {"company": company, "since": since, "until": until}
    customer, segment, error, found = form.customer_asked, form.segment_asked, "", []
    whose = {"q": customer.code} if customer else {} if segment is WHOLE else {"segment": segment or NOBODY}
    try:
        if customer is None:
            found = queries.course(company, figure, since=since, until=until, segment=segment)
        elif code not in OF_MANY:
            found = queries.course_of_customer(company, customer, figure, since=since, until=until)
    except MissingRate as missing:
        error = str(missing)
    shown = {
        "form": form, "company": company, "figure": figure, "since": since, "error": error, "customer": customer,
        "whose": customer.name if customer else form.whose, "of_many": customer is not None and code in OF_MANY,
        "until": until, "points": [(k.day, k.value, k.written) for k in reversed(found)], "newest": found[0] if found else None,
        "behind": figure.behind.address(company.code, until, **whose) if may(request.user, figure.behind.door) else "",
    }  # fmt: skip
    table = CourseTable(
        found, value=f"{figure.name}, {unit_label(figure.unit, company.currency)}",
        exclude=() if customer is None else ("taken_at",),
    )  # fmt: skip
    return listing.show(request, table, "figures/course.html", "figures/_course.html", shown)
