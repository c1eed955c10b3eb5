"""My alerts: how somebody hears of what. Notices: what waits to be sent, what was given up, and sending it again."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from creditrisk import nudge, pages
from creditrisk.backoffice import administers
from creditrisk.lists import listing
from creditrisk.notices import choices, queries, sending
from creditrisk.notices.forms import DecideForm, MineForm, NoticeFilter
from creditrisk.notices.models import Notice
from creditrisk.notices.tables import NoticeTable
from creditrisk.roles import door, may

PER_PAGE = 50


@door("view_alerts")
@require_http_methods(["GET", "POST"])
def mine(request: HttpRequest) -> HttpResponse:
    """Say how the reader wants to hear of each kind of alert."""
    user = request.user
    form = MineForm(request.POST or None, chosen=choices.page(user), reader=choices.reader(user))
    if request.method == "POST" and form.is_valid():
        choices.choose(user, form.wanted, digest_hour=form.cleaned_data["digest_hour"], now=timezone.now())
        messages.success(request, _("Kept. It holds for alerts from now on."))
        return redirect("alerts_mine")
    context = {"form": form, "address": getattr(user, "email", "")}
    return render(request, "notices/mine.html", context, status=422 if form.errors else None)


@door("view_notices")
@require_safe
def notices(request: HttpRequest) -> HttpResponseBase:
    """List notices and how the channels go; those that were given up first where there are any."""
    form = NoticeFilter(request.GET)
    found = queries.listed(**form.asked())
    table = NoticeTable(queries.rows(list(found)) if request.GET.get("as") else [])
    if (other := listing.beside(request, table)) is not None:
        return other
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "listing": table.listing,
        "filter": {"form": form}, "page": page, "rows": queries.rows(list(page.object_list)),
        "channels": queries.channels(now=timezone.now()), "endpoints": queries.endpoints(),
        "may_resend": may(request.user, "resend_notices"), "administers": administers(request),
    }  # fmt: skip
    return pages.show(request, "notices/notices.html", "notices/_notices.html", context)


@door("resend_notices")
@require_POST
def decide(request: HttpRequest) -> HttpResponse:
    """Send the ticked notices again, or drop them."""
    form = DecideForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Tick the notices first."))
        return pages.back(request, "notices")
    chosen = Notice.objects.filter(pk__in=form.cleaned_data["ids"])
    if form.cleaned_data["what"] == "again":
        count = sending.resend(chosen, now=timezone.now())
        nudge.after_commit("creditrisk.notices.tasks.send")
        said = ngettext("%(count)d notice is sent again.", "%(count)d notices are sent again.", count)
    else:
        count = sending.drop(chosen)
        said = ngettext("%(count)d notice was dropped.", "%(count)d notices were dropped.", count)
    messages.success(request, said % {"count": count})
    return pages.back(request, "notices")
