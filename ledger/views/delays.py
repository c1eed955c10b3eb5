"""Payment delays: what history proposes to keep of each customer, chosen and kept."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from approvals import delays as keeping
from creditrisk import pages
from creditrisk.clock import business_day
from creditrisk.lists import listing
from creditrisk.roles import Actor, door, may
from ledger import delays as history
from ledger.delay_forms import DelayForm
from ledger.delay_tables import DelayTable


@door("view_ledger")
@require_safe
def delays(request: HttpRequest) -> HttpResponseBase:
    """Show how late customers pay beside the delay that is kept of each."""
    today = business_day(timezone.now())
    form = DelayForm(request.GET or None)
    found = form.narrowed(history.proposals(request.user, day=today, least=form.at_least))
    may_keep = may(request.user, "set_delay")
    table = DelayTable(found, exclude=() if may_keep else ("choose",))
    differ = sum(1 for p in found if p.differs)
    context = {"form": form, "may_keep": may_keep, "differ": differ, "many": len(found)}
    return listing.show(request, table, "ledger/delays.html", "ledger/_delays.html", context, per_page=50)


@door("set_delay")
@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """Keep what was proposed of the chosen customers."""
    chosen = {}
    for text in request.POST.getlist("keep")[:5000]:
        pk, _dot, days = text.partition(":")
        if pk.isascii() and pk.isdigit() and len(pk) < 19 and days.isascii() and days.isdigit() and len(days) < 5:
            chosen[int(pk)] = int(days)
    if not chosen:
        messages.info(request, _("Choose customers first."))
        return pages.back(request, "delays")
    kept, moved = keeping.keep(chosen, by=Actor.of(request), now=timezone.now())
    told = ngettext(
        "The delay of %(count)d customer is kept.", "The delays of %(count)d customers are kept.", len(kept)
    )
    if kept:
        messages.success(request, told % {"count": len(kept)})
    if moved:
        text = ngettext(
            "%(count)d customer paid since this page was drawn: look again.",
            "%(count)d customers paid since this page was drawn: look again.", len(moved),
        )  # fmt: skip
        messages.warning(request, text % {"count": len(moved)})
    return pages.back(request, "delays")
