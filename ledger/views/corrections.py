"""Corrections of an item: written off, reversed, out of credit control or back, provisional or definitive."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from approvals import booking, corrections
from creditrisk import pages
from creditrisk.forms import refuse
from creditrisk.refusal import InvalidState
from creditrisk.roles import Actor, door
from creditrisk.templatetags.credit import money
from ledger import statement
from ledger.forms import MarkForm, ReverseForm, WriteOffForm
from ledger.models import Mark
from ledger.views.items import drawn


@door("post_ledger")
@require_POST
def write_off(request: HttpRequest, pk: int) -> HttpResponse:
    """Write off the small rest of an item, within the person's authority."""
    found = statement.item(request.user, pk)
    form = WriteOffForm(request.POST, currency=found.currency, left=abs(found.open_amount), auto_id="write_off_%s")
    if form.is_valid():
        try:
            made = corrections.write_off(found, **form.cleaned_data, by=Actor.of(request), now=timezone.now())
        except InvalidState as error:
            pages.tell_refusal(request, error)
            return redirect("item", pk)
        except pages.REFUSALS as error:
            refuse(form, error)
        else:
            amount = money(abs(made.amount), made.currency)
            messages.success(request, _("%(amount)s of %(item)s is written off.") % {"amount": amount, "item": found})
            return redirect("item", pk)
    return drawn(request, found, write_off_form=form, status=422)


@door("post_ledger")
@require_POST
def discount(request: HttpRequest, pk: int) -> HttpResponse:
    """Grant the discount to whoever paid in time."""
    found = statement.item(request.user, pk)
    try:
        made = corrections.grant_discount(found, by=Actor.of(request), now=timezone.now())
    except pages.REFUSALS as error:
        pages.tell_refusal(request, error)
    else:
        amount = money(abs(made.amount), made.currency)
        messages.success(request, _("The discount of %(amount)s is granted.") % {"amount": amount})
    return redirect("item", pk)


@door("post_ledger")
@require_POST
def reverse(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back a payment, a write-off or a charge: what it settled is open again."""
    found = statement.item(request.user, pk)
    form = ReverseForm(request.POST, auto_id="reverse_%s")
    if form.is_valid():
        try:
            corrections.reverse(found, **form.cleaned_data, by=Actor.of(request), now=timezone.now())
        except InvalidState as error:
            pages.tell_refusal(request, error)
            return redirect("item", pk)
        except pages.REFUSALS as error:
            refuse(form, error, default="reason")
        else:
            messages.warning(request, _("%(item)s is reversed; what it settled is open again.") % {"item": found})
            return redirect("item", pk)
    return drawn(request, found, reverse_form=form, status=422)


@door("post_ledger")
@require_POST
def mark(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an item out of credit control or back in, or make it provisional or definitive."""
    found = statement.item(request.user, pk)
    form = MarkForm(request.POST)
    if not form.is_valid():
        return drawn(request, found, mark_form=form, status=422)
    typed = form.cleaned_data
    try:
        booking.mark(found, **typed, by=Actor.of(request), now=timezone.now())
    except pages.REFUSALS as error:
        pages.tell_refusal(request, error)
        return redirect("item", pk)
    told = {
        (Mark.EXCLUDED, True): _("%(item)s is out of credit control."),
        (Mark.EXCLUDED, False): _("%(item)s counts in credit control again."),
        (Mark.PROVISIONAL, True): _("%(item)s is provisional."),
        (Mark.PROVISIONAL, False): _("%(item)s is definitive."),
    }
    messages.success(request, told[Mark(typed["mark"]), typed["on"]] % {"item": found})
    return redirect("item", pk)
