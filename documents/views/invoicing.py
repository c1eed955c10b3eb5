"""Collective invoices: what waits, what is due and late, and making them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from approvals import invoicing
from creditrisk.clock import business_day
from creditrisk.roles import Actor, door
from documents import collective

# More are made by the command, which nobody waits for.
MOST = 200


@door("invoice")
@require_http_methods(["GET", "POST"])
def collect(request: HttpRequest) -> HttpResponse:
    """List what waits for an invoice, the due ones chosen; sent, make those that are chosen."""
    now = timezone.now()
    today = business_day(now)
    waiting = collective.visible(request.user)
    if request.method == "POST":
        wanted = set(request.POST.getlist("key"))
        chosen = [w for w in waiting if w.key in wanted][:MOST]
        if chosen:
            made = invoicing.produce(chosen, post="post" in request.POST, by=Actor.of(request), now=now)
            _tell(request, made)
        elif wanted:
            messages.info(request, _("What you chose was invoiced meanwhile. Nothing was done twice."))
        else:
            messages.error(request, _("Choose at least one invoice to be made."))
        return redirect("invoices_collective")
    context = {
        "today": today,
        "due": [w for w in waiting if w.is_due(today)],
        "ahead": [w for w in waiting if not w.is_due(today)],
        "late": sum(1 for w in waiting if w.is_late(today)),
        "most": MOST,
    }
    return render(request, "documents/collective.html", context)


def _tell(request: HttpRequest, made: list[invoicing.Made]) -> None:
    done = [m for m in made if m.invoice is not None and not m.held]
    if done:
        text = ngettext("%(count)d invoice was made.", "%(count)d invoices were made.", len(done))
        messages.success(request, text % {"count": len(done)})
    for one in made:
        if one.held:
            messages.warning(
                request,
                _("%(number)s for %(customer)s is held; its page says why.")
                % {"number": one.invoice, "customer": one.waiting.customer},
            )
        elif one.refused:
            messages.error(request, f"{one.waiting.customer}: {one.refused}")
