"""How terms are kept: agreed against applied, over a period."""

from datetime import timedelta

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from creditrisk.clock import business_day
from creditrisk.lists import listing
from creditrisk.roles import door
from documents import compliance
from documents.forms import PeriodForm
from documents.tables import ComplianceTable

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
