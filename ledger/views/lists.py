"""Effects on their way to the bank: issued in masses, the portfolio by due date and bank, lists and their outcome."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from approvals import effects
from approvals.effects import Outcome
from creditrisk import pages
from creditrisk.clock import business_day
from creditrisk.export import FILES
from creditrisk.forms import refuse
from creditrisk.lists import listing
from creditrisk.roles import Actor, door, may
from ledger import portfolio as portfolios
from ledger import statement
from ledger.effect_forms import CreditedForm, IssueForm, OutcomeForm
from ledger.effects import COLLECTABLE
from ledger.filters import IssueFilter, ListFilter
from ledger.models import Effect, EffectState, Presentation
from ledger.tables import ListTable


@door("post_ledger")
@require_http_methods(["GET", "POST"])
def issue(request: HttpRequest) -> HttpResponse:
    """Issue effects from open items: the list shows what would become of them before anything does."""
    today = business_day(timezone.now())
    items = statement.visible_items(request.user)
    chosen = IssueFilter(request.GET, queryset=items, user=request.user, today=today)
    asked = any(request.GET.get(name) for name in chosen.form.fields)
    found = portfolios.proposals(chosen.qs, grouped=chosen.is_grouped) if asked else []
    form = IssueForm(request.POST if request.method == "POST" else None, found=found)
    if request.method == "POST" and form.is_valid():
        try:
            made = effects.issue(
                form.proposals, kind=form.cleaned_data["kind"], by=Actor.of(request), now=timezone.now()
            )
        except pages.REFUSALS as error:
            refuse(form, error)
        else:
            told = ngettext("%(count)d effect is issued.", "%(count)d effects are issued.", len(made))
            messages.success(request, told % {"count": len(made)})
            return redirect("effects")
    context = {
        "filter": chosen, "form": form, "found": found, "asked": asked, "sums": portfolios.sums(found),
        "most": portfolios.MOST, "query": request.GET.urlencode(),
    }  # fmt: skip
    status = 422 if form.errors else None
    return pages.show(request, "ledger/effects_issue.html", "ledger/_proposals.html", context, status=status)


@door("view_ledger")
@require_safe
def portfolio(request: HttpRequest) -> HttpResponseBase:
    """Show what falls due when and lies where, and what of the banks' lines is free; `as=csv`, `as=xlsx`."""
    today = business_day(timezone.now())
    plans = portfolios.plans(request.user, day=today)
    if (other := listing.first_view(request)) is not None:
        return other
    if (file := FILES.get(request.GET.get("as", ""))) is not None:
        return file(f"effects-by-due-date-{today.isoformat()}", portfolios.header(), portfolios.cells(plans))
    context = {
        "plans": plans, "banks": portfolios.banks(request.user, day=today), "listing": listing.by_hand(request),
        "today": today, "may_post": may(request.user, "post_ledger"),
    }  # fmt: skip
    return render(request, "ledger/portfolio.html", context)


@door("view_ledger")
@require_safe
def presentations(request: HttpRequest) -> HttpResponseBase:
    """List the lists that went to banks."""
    chosen = ListFilter(request.GET, queryset=portfolios.listed(request.user), user=request.user)
    return listing.show(request, ListTable(chosen.qs), "ledger/lists.html", "ledger/_lists.html", {"filter": chosen})


@door("view_ledger")
@require_safe
def presentation(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one list with its effects and what became of them; `as=paper` for the bank's desk."""
    found = portfolios.one_list(request.user, pk)
    if request.GET.get("as") == "paper":
        return render(request, "ledger/list_paper.html", _list(found))
    return _presentation(request, found)


def _list(found: Presentation) -> dict[str, Any]:
    effects_of = portfolios.in_list(found)
    currency = effects_of[0].currency if effects_of else found.company.currency
    return {
        "list": found, "effects": effects_of, "currency": currency, "total": sum(e.amount for e in effects_of),
        "events": found.events.exclude(step__in=("presented", "credited", "collected")).select_related("effect", "made_by").order_by("pk"),
    }  # fmt: skip


def _presentation(
    request: HttpRequest,
    found: Presentation,
    *,
    outcome: OutcomeForm | None = None,
    credited: CreditedForm | None = None,
    status: int | None = None,
) -> HttpResponse:
    context = _list(found)
    here = [e for e in context["effects"] if _is_here(e, found)]
    may_post = may(request.user, "post_ledger")
    context |= {
        "here": {e.pk for e in here},
        "may_post": may_post,
        "may_settle": may_post and bool(here),
        "may_credit": may_post and found.credited_on is None,
        "outcome": outcome or OutcomeForm(ids=[], currency=context["currency"]),
        "credited": credited or CreditedForm(initial={"day": business_day(timezone.now())}),
    }
    return render(request, "ledger/list.html", context, status=status)


def _is_here(effect: Effect, found: Presentation) -> bool:
    """Say whether an effect of the list still waits there for its outcome."""
    return effect.presentation_id == found.pk and effect.state == EffectState.PRESENTED


@door("post_ledger")
@require_POST
def credited(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that the bank credited a list."""
    found = portfolios.one_list(request.user, pk)
    form = CreditedForm(request.POST)
    if not form.is_valid():
        return _presentation(request, found, credited=form, status=422)
    try:
        effects.credit(found, day=form.cleaned_data["day"], by=Actor.of(request), now=timezone.now())
    except pages.REFUSALS as error:
        refuse(form, error, default="day")
        return _presentation(request, found, credited=form, status=422)
    messages.success(request, _("The list is credited. Its effects weigh until they mature."))
    return redirect("presentation", pk)


@door("post_ledger")
@require_POST
def outcome(request: HttpRequest, pk: int) -> HttpResponse:
    """Book what became of the ticked effects of a list: all of them or none."""
    found = portfolios.one_list(request.user, pk)
    rows = {e.pk: e for e in portfolios.in_list(found) if e.state in COLLECTABLE}
    currency = next(iter(rows.values())).currency if rows else found.company.currency
    form = OutcomeForm(request.POST, ids=list(rows), currency=currency)
    if not form.is_valid():
        return _presentation(request, found, outcome=form, status=422)
    typed, paid = form.cleaned_data, form.cleaned_data["outcome"] == OutcomeForm.PAID
    told = [Outcome(rows[pk], paid, typed["posted"], form.how) for pk in typed["effect"]]
    acting = {"by": Actor.of(request), "now": timezone.now()}
    withdraws = typed["outcome"] == OutcomeForm.WITHDRAWN
    try:
        if withdraws:
            effects.withdraw(found, [o.effect for o in told], reason=typed["reason"], **acting)
        else:
            effects.settle(told, **acting)
    except pages.REFUSALS as error:
        refuse(form, error)
        return _presentation(request, found, outcome=form, status=422)
    if withdraws:
        words = ngettext("%(count)d effect is out of the list.", "%(count)d effects are out of the list.", len(told))
    elif paid:
        words = ngettext("%(count)d effect was paid.", "%(count)d effects were paid.", len(told))
    else:
        words = ngettext("%(count)d effect came back unpaid.", "%(count)d effects came back unpaid.", len(told))
    messages.success(request, words % {"count": len(told)})
    return redirect("presentation", pk)
