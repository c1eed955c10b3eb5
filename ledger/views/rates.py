"""Exchange rates: the newest of each pair, and the file of the central bank."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from creditrisk.clock import business_day
from creditrisk.roles import door
from creditrisk.takeover import rates as taken_rates
from ledger import reference_rates
from ledger.forms import RatesForm
from ledger.imports import ecb
from ledger.imports.delimited import BadFile


@door("import_data")
@require_http_methods(["GET", "POST"])
def rates(request: HttpRequest) -> HttpResponse:
    """List the newest rate of each pair; take a file of the European Central Bank in."""
    form = RatesForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            found = ecb.read(form.cleaned_data["file"].read(), form.cleaned_data["file"].name)
        except BadFile as error:
            form.add_error("file", str(error))
        else:
            kept = taken_rates.take_over(found, now=timezone.now())
            said = _("%(new)d rates are new, %(alike)d were here already.")
            messages.success(request, said % {"new": kept.new, "alike": kept.alike})
            if kept.other:
                said = _("%(count)d are here with another value and stay as they are.")
                messages.warning(request, said % {"count": len(kept.other)})
            return redirect("rates")
    today = business_day(timezone.now())
    rows = [(rate, (today - rate.day).days) for rate in reference_rates.newest()]
    return render(request, "ledger/rates.html", {"form": form, "rows": rows}, status=422 if form.errors else None)
