"""How terms and settlement discounts are kept: agreed against applied and taken, over a period."""

from datetime import timedelta
from decimal import Decimal

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from creditrisk.clock import business_day
from creditrisk.lists import listing
from creditrisk.money import ZERO
from creditrisk.roles import door
from customers import queries as customer_queries
from documents import compliance, discounts
from documents.forms import DiscountForm, PeriodForm
from documents.tables import ComplianceTable, DiscountsTable, DiscountTable

USUAL_DAYS = 90


@door("view_exposure")
@require_safe
def kept(request: HttpRequest) -> HttpResponseBase:
    """Show by customer how far the terms on invoices were those agreed."""
    today = business_day(timezone.now())
    usual = {"since": today - timedelta(days=USUAL_DAYS), "until": today}
    form = PeriodForm(request.GET if request.GET.keys() & usual.keys() else None, initial=usual)
    chosen = form.cleaned_data if form.is_bound and form.is_valid() else usual
    rows = compliance.of_period(request.user, **chosen)
    invoices = sum(row.invoices for row in rows)
    context = {
        "title": _("Terms kept"),
        "form": form,
        "period": chosen,
        "invoices": invoices,
        "kept": invoices - sum(row.more_generous for row in rows),
        "pictures": compliance.pictures(rows),
        "late": sum(row.late_invoices for row in rows),
    }
    return listing.show(request, ComplianceTable(rows), "documents/terms.html", "documents/_terms.html", context)


@door("view_exposure")
@require_safe
def discounts_kept(request: HttpRequest) -> HttpResponseBase:
    """Show by customer which settlement discounts were taken as agreed, and what was lost by others."""
    today = business_day(timezone.now())
    usual = {"since": today - timedelta(days=USUAL_DAYS), "until": today}
    form = DiscountForm(request.GET or None, initial=usual)
    period = form.period(usual)
    rows = form.narrowed(discounts.of_period(request.user, **period, today=today))
    table = DiscountsTable(rows, period=period)
    context = {"form": form, "period": period, "pictures": discounts.pictures(rows)}
    return listing.show(request, table, "documents/discounts.html", "documents/_discounts.html", context)


@door("view_exposure")
@require_safe
def discounts_of(request: HttpRequest, code: str) -> HttpResponseBase:
    """Show each discount of one customer with its instalment and its document."""
    customer = customer_queries.one(request.user, code)
    today = business_day(timezone.now())
    usual = {"since": today - timedelta(days=USUAL_DAYS), "until": today}
    form = PeriodForm(request.GET if request.GET.keys() & usual.keys() else None, initial=usual)
    period = form.cleaned_data if form.is_bound and form.is_valid() else usual
    rows = discounts.of_customer(request.user, customer, **period, today=today)
    lost: dict[str, Decimal] = {}
    for row in rows:
        lost[row.currency] = lost.get(row.currency, ZERO) + row.lost
    context = {"form": form, "period": period, "customer": customer, "lost": sorted(lost.items())}
    return listing.show(
        request, DiscountTable(rows), "documents/discounts_of.html", "documents/_discounts_of.html", context
    )
