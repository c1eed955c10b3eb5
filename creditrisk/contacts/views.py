"""Talks with customers: what is to be done today, and writing down what was said."""

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from creditrisk import pages
from creditrisk.clock import business_day
from creditrisk.contacts import queries, writing
from creditrisk.contacts.forms import DueForm, NoteForm
from creditrisk.contacts.tables import NoteTable
from creditrisk.forms import refuse, whole_cents
from creditrisk.lists import listing
from creditrisk.refusal import Duplicate
from creditrisk.roles import Actor, door
from customers import queries as customer_queries


@door("view_customers")
@require_safe
def contacts(request: HttpRequest) -> HttpResponseBase:
    """List what was said with customers; what is to be done today comes with `show=due`."""
    today = business_day(timezone.now())
    form = DueForm(request.GET or None)
    said = form.said
    found = queries.listed(request.user, today=today)
    if text := said.get("q"):
        found = found.filter(
            Q(customer__code__icontains=text) | Q(customer__name__icontains=text) | Q(text__icontains=text)
        )
    if said.get("mine"):
        found = found.filter(made_by=request.user.pk)
    match said.get("show"):
        case "due":
            found = found.filter(newest=True, next_contact__lte=today)
        case "ahead":
            found = found.filter(newest=True, next_contact__gt=today)
        case "promises":
            found = found.filter(promised_on__gte=today, kept__isnull=True)
        case "broken":
            found = found.filter(kept=False)
    return listing.show(request, NoteTable(found), "contacts/contacts.html", "contacts/_list.html", {"form": form})


@door("write_note")
@require_http_methods(["GET", "POST"])
def write(request: HttpRequest, code: str) -> HttpResponse:
    """Write down what was said with a customer."""
    customer = customer_queries.one(request.user, code)
    form = NoteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        whole_cents(form, "promised", customer.currency)
        if not form.errors:
            try:
                writing.write(customer, **form.typed(), by=Actor.of(request), now=timezone.now(), source_key=form.key)
            except Duplicate as error:
                messages.info(request, str(error))
                return redirect(f"{reverse('customer', args=[code])}#notes")
            except pages.REFUSALS as error:
                refuse(form, error)
            else:
                messages.success(request, _("The note is kept."))
                return redirect(f"{reverse('customer', args=[code])}#notes")
    context = {"form": form, "customer": customer}
    return render(request, "contacts/note.html", context, status=422 if form.errors else None)
