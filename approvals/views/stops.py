"""Stops and suspensions: a customer's, placed and ended, and the list of all with flags taken in from a file."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from approvals import flags, stop_queries, stopping
from approvals.stop_forms import FlagsForm, StopForm, StoppedFilter, SuspensionForm
from approvals.tables import StoppedTable
from creditrisk import pages
from creditrisk.clock import business_day
from creditrisk.forms import refuse
from creditrisk.lists import listing
from creditrisk.refusal import AlreadyClosed, InvalidState
from creditrisk.roles import Actor, door, may
from customers import queries as customer_queries
from customers.models import Customer
from documents import queries as document_queries
from ledger.imports.delimited import BadFile

SHOWN_DOCUMENTS = 50
SHOWN = 50


@door("view_customers")
@require_safe
def stopped(request: HttpRequest) -> HttpResponseBase:
    """List every customer that is stopped or suspended."""
    return _list(request)


def _list(
    request: HttpRequest, *, flags_form: FlagsForm | None = None, told: list[flags.Told] | None = None
) -> HttpResponseBase:
    form = StoppedFilter(request.GET)
    typed = form.cleaned_data if form.is_valid() else {}
    found = stop_queries.stopped(
        request.user, today=business_day(timezone.now()), what=typed.get("what", ""), text=typed.get("q", "")
    )
    context = {
        "form": form, "may_stop": may(request.user, "stop_customer"),
        "flags_form": flags_form or FlagsForm(), "told": told,
    }  # fmt: skip
    status = 422 if flags_form is not None and flags_form.errors else None
    return listing.show(
        request,
        StoppedTable(found),
        "stops/stopped.html",
        "stops/_stopped.html",
        context,
        per_page=SHOWN,
        status=status,
    )


@door("stop_customer")
@require_POST
def take_in(request: HttpRequest) -> HttpResponseBase:
    """Suspend and lift as a file of flags says, told row by row."""
    form = FlagsForm(request.POST, request.FILES)
    if not form.is_valid():
        return _list(request, flags_form=form)
    typed = form.cleaned_data
    try:
        told = flags.take_in(
            typed["file"].read(), typed["file"].name, source=typed["source"], encoding=typed["encoding"],
            user=request.user, by=Actor.of(request), now=timezone.now(),
        )  # fmt: skip
    except BadFile as error:
        form.add_error("file", str(error))
        return _list(request, flags_form=form)
    return _list(request, told=told)


@door("view_customers")
@require_safe
def stops(request: HttpRequest, code: str) -> HttpResponse:
    """Show what stops a customer now and what did before, with the documents that are open."""
    return _show(request, customer_queries.one(request.user, code))


def _show(
    request: HttpRequest,
    customer: Customer,
    *,
    stop_form: StopForm | None = None,
    suspension_form: SuspensionForm | None = None,
) -> HttpResponse:
    found = list(customer.blocks.select_related("placed_by", "end__ended_by").order_by("-pk"))
    newest = found[0].pk if found else 0
    context = {
        "customer": customer,
        "account": customer.credit_account,
        "stops": found,
        "today": business_day(timezone.now()),
        "changes": customer.suspension_changes.select_related("made_by").order_by("-pk")[:20],
        "documents": document_queries.open_documents([customer.pk], limit=SHOWN_DOCUMENTS),
        "sums": document_queries.open_sums([customer.pk]),
        "stop_form": stop_form or StopForm(initial={"seen": newest}),
        "suspension_form": suspension_form or SuspensionForm(),
        "may_stop": may(request.user, "stop_customer") and customer.merged_into_id is None,
    }
    failed = (stop_form and stop_form.errors) or (suspension_form and suspension_form.errors)
    return render(request, "stops/stops.html", context, status=422 if failed else None)


@door("stop_customer")
@require_POST
def place(request: HttpRequest, code: str) -> HttpResponse:
    """Stop a customer's orders or deliveries."""
    customer = customer_queries.one(request.user, code)
    form = StopForm(request.POST)
    if form.is_valid():
        typed = dict(form.cleaned_data)
        newest = customer.blocks.order_by("-pk").values_list("pk", flat=True).first() or 0
        if typed.pop("seen") != newest:
            messages.info(request, _("A stop was placed since this form was drawn. Nothing was done twice."))
            return redirect("stops", code)
        try:
            stopping.stop(customer, **typed, by=Actor.of(request), now=timezone.now())
        except pages.REFUSALS as error:
            refuse(form, error)
        else:
            messages.success(request, _("The stop is placed."))
            return redirect("stops", code)
    return _show(request, customer, stop_form=form)


@door("stop_customer")
@require_POST
def end(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """End a stop."""
    customer = customer_queries.one(request.user, code)
    block = get_object_or_404(customer.blocks, pk=pk)
    try:
        stopping.end(block, by=Actor.of(request), now=timezone.now())
    except AlreadyClosed as error:
        messages.info(request, _("%(sentence)s Nothing was done twice.") % {"sentence": error})
    else:
        messages.success(request, _("The stop is ended; what was held for it is evaluated again."))
    return redirect("stops", code)


@door("stop_customer")
@require_POST
def suspend(request: HttpRequest, code: str) -> HttpResponse:
    """Suspend a customer's credit, or with `lift` give it back."""
    customer = customer_queries.one(request.user, code)
    form = SuspensionForm(request.POST)
    if not form.is_valid():
        return _show(request, customer, suspension_form=form)
    lifts, typed = "lift" in request.POST, dict(form.cleaned_data)
    if lifts:
        typed.pop("until")
    change = stopping.lift if lifts else stopping.suspend
    try:
        change(customer, **typed, by=Actor.of(request), now=timezone.now())
    except InvalidState as error:
        messages.info(request, _("%(sentence)s Nothing was done twice.") % {"sentence": error})
    except pages.REFUSALS as error:
        refuse(form, error)
        return _show(request, customer, suspension_form=form)
    else:
        done = _("The suspension is lifted; what was held for it is evaluated again.")
        messages.success(
            request, done if lifts else _("Credit is suspended: open documents are held at their next step.")
        )
    return redirect("stops", code)
