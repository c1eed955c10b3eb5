"""An item entered by hand, with what falls due when shown before anything is booked."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from approvals import opening
from creditrisk import pages
from creditrisk.clock import business_day
from creditrisk.forms import refuse
from creditrisk.refusal import Duplicate
from creditrisk.roles import Actor, door
from customers import queries as customer_queries
from ledger import statement
from ledger.entry_forms import ItemForm
from ledger.models import OpenItem


@door("post_ledger")
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Enter a debt or a credit that no document here stands behind."""
    today = business_day(timezone.now())
    asked = customer_queries.coded(request.user, pages.asked(request, "customer"))
    initial = {"day": today, "customer": asked.code if asked else ""}
    form = ItemForm(request.POST if request.method == "POST" else None, user=request.user, today=today, initial=initial)
    looks = "look" in request.POST or "panel" in request.POST
    whole = request.method == "POST" and form.is_valid()
    if whole and not looks and (response := _enter(request, form)):
        return response
    entry = form.entry() if whole and not form.errors else None
    context = {"form": form, "entry": entry, "parts": entry.parts() if entry else []}
    if pages.is_part(request) and looks:
        return pages.show(request, "ledger/_due.html", "ledger/_due.html", context)
    failed = bool(form.errors) and not looks
    return pages.show(request, "ledger/item_new.html", "ledger/item_new.html", context, status=422 if failed else None)


def _enter(request: HttpRequest, form: ItemForm) -> HttpResponse | None:
    """Open the items; return where to go, or None where that was refused."""
    if before := statement.item_by_key(form.key):
        return _already(request, before)
    try:
        opened = opening.enter(form.entry(), by=Actor.of(request), now=timezone.now())
    except Duplicate as error:
        if before := statement.item_by_key(form.key):
            return _already(request, before)
        refuse(form, error, default="reference")
        return None
    except pages.REFUSALS as error:
        refuse(form, error)
        return None
    told = ngettext("%(item)s is in the ledger.", "%(item)s is in the ledger, in %(count)d instalments.", len(opened))
    messages.success(request, told % {"item": opened[0].reference, "count": len(opened)})
    return redirect("item", opened[0].pk)


def _already(request: HttpRequest, item: OpenItem) -> HttpResponse:
    messages.info(
        request,
        _("This form was sent before: here is %(reference)s, which it made. Nothing was done twice.")
        % {"reference": item.reference},
    )
    return redirect("item", item.pk)
