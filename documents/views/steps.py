"""The steps of a document that exists: one address each, one call of the gate."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from approvals import gate, invoicing
from creditrisk import pages
from creditrisk.roles import Actor, door
from documents import queries, results
from documents.actions import STEP_DOORS
from documents.forms import StepForm
from documents.models import Kind


def _stepper(step: str) -> Callable[..., HttpResponse]:
    @door(STEP_DOORS[step])
    @require_POST
    def view(request: HttpRequest, pk: int) -> HttpResponse:
        document = queries.one(request.user, pk)
        form = StepForm(request.POST)
        if not form.is_valid():
            messages.error(
                request,
                _("This page is not complete; look at the document and try again."),
            )
            return redirect("document", pk)
        try:
            result = gate.submit(
                document,
                step,
                by=Actor.of(request),
                now=timezone.now(),
                revision=form.cleaned_data["revision"],
            )
        except pages.REFUSALS as error:
            pages.tell_refusal(request, error)
            return redirect("document", pk)
        results.tell(request, result, step)
        return redirect("document", pk)

    view.__name__ = view.__qualname__ = step
    view.__doc__ = f"Carry out the step {step} of a document."
    return view


@door("invoice")
@require_POST
def reverse(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an invoice back by a credit note over all of it."""
    invoice = queries.one(request.user, pk, Kind.INVOICE)
    form = StepForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("This page is not complete; look at the document and try again."))
        return redirect("document", pk)
    try:
        credit = invoicing.reverse(
            invoice, by=Actor.of(request), now=timezone.now(), revision=form.cleaned_data["revision"]
        )
    except pages.REFUSALS as error:
        pages.tell_refusal(request, error)
        return redirect("document", pk)
    values = {"invoice": invoice, "credit": credit}
    messages.success(request, _("Invoice %(invoice)s is taken back by credit note %(credit)s.") % values)
    return redirect("document", credit.pk)


confirm = _stepper("confirm")
pick = _stepper("pick")
deliver = _stepper("deliver")
issue = _stepper("issue")
post = _stepper("post")
cancel = _stepper("cancel")
close = _stepper("close")
book_return = _stepper("return")
