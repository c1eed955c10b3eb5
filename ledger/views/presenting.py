"""A list for the bank: effects chosen, looked at beside the bank's line, then presented."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from approvals import booking
from creditrisk import pages
from creditrisk.clock import business_day
from creditrisk.forms import refuse
from creditrisk.roles import Actor, door
from ledger import portfolio
from ledger.effect_forms import PresentForm
from ledger.filters import PresentFilter
from ledger.models import Effect


@door("post_ledger")
@require_http_methods(["GET", "POST"])
def present(request: HttpRequest) -> HttpResponse:
    """Prepare a list and look at it (`look`), or hand it to the bank."""
    today = business_day(timezone.now())
    every = portfolio.presentable(request.user)
    chosen = PresentFilter(request.GET, queryset=every, user=request.user, today=today)
    asked = any(request.GET.get(name) for name in chosen.form.fields)
    shown = {e.pk: e for e in chosen.qs[: portfolio.MOST]} if asked else {}
    ids = _ids(request, shown)
    shown |= {e.pk: e for e in every.filter(pk__in=ids)}
    form = PresentForm(request.POST if request.method == "POST" else None, user=request.user, portfolio_ids=list(shown))
    looking = "look" in request.POST
    whole = request.method == "POST" and form.is_valid()
    if whole and not looking and (response := _present(request, form, shown)):
        return response
    typed = getattr(form, "cleaned_data", {})
    ticked = [shown[pk] for pk in ids if pk in shown]
    mode = typed.get("mode") or form["mode"].initial
    context = {
        "filter": chosen, "form": form, "rows": sorted(shown.values(), key=lambda e: (e.due, e.number)),
        "ticked": {e.pk for e in ticked}, "query": request.GET.urlencode(), "asked": asked or bool(ids),
        "list": portfolio.prepared(ticked, account=typed.get("account"), mode=mode, day=today), "most": portfolio.MOST,
        "today": today,
    }  # fmt: skip
    return pages.show(
        request, "ledger/present.html", "ledger/_prepared.html", context,
        status=422 if form.errors and not looking else None,
    )  # fmt: skip


def _ids(request: HttpRequest, shown: dict[int, Effect]) -> list[int]:
    """Return what is ticked: what was sent, and at first all that the filter found."""
    if request.method != "POST":
        return list(shown)
    return pages.ids(request, "effect")


def _present(request: HttpRequest, form: PresentForm, shown: dict[int, Effect]) -> HttpResponse | None:
    typed = form.cleaned_data
    effects = [shown[pk] for pk in sorted(typed["effect"])]
    try:
        made = booking.present(effects, mode=typed["mode"], **form.place, by=Actor.of(request), now=timezone.now())
    except pages.REFUSALS as error:
        refuse(form, error)
        return None
    told = ngettext("%(count)d effect is presented.", "%(count)d effects are presented.", len(effects))
    messages.success(request, told % {"count": len(effects)})
    return redirect("presentation", made.pk)
