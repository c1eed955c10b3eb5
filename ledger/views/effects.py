"""Effects: the portfolio, one effect with its life, issue, presentation, collection, return unpaid."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from approvals import booking
from approvals import effects as approvals_effects
from creditrisk import pages
from creditrisk.clock import business_day
from creditrisk.forms import refuse
from creditrisk.lists import listing
from creditrisk.roles import Actor, door, may
from customers import queries as customer_queries
from ledger import statement
from ledger.effect_forms import PresentForm, ReplaceForm, ReturnForm
from ledger.filters import EffectFilter
from ledger.forms import EffectForm
from ledger.models import Effect
from ledger.tables import EffectTable


@door("view_ledger")
@require_safe
def effects(request: HttpRequest) -> HttpResponseBase:
    """List effects; those of the portfolio can be chosen for the bank."""
    found = statement.visible_effects(request.user).select_related("customer", "company", "presentation")
    chosen = EffectFilter(request.GET, queryset=found, user=request.user, today=business_day(timezone.now()))
    may_post = may(request.user, "post_ledger")
    table = EffectTable(chosen.qs, exclude=() if may_post else ("choose",))
    context = {"filter": chosen, "may_post": may_post}
    return listing.show(request, table, "ledger/effects.html", "ledger/_effects.html", context)


@door("view_ledger")
@require_safe
def effect(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one effect: what it closes, what became of it, what can be done."""
    return _effect(request, statement.effect(request.user, pk))


def _effect(
    request: HttpRequest, found: Effect, *, return_form: ReturnForm | None = None, status: int | None = None
) -> HttpResponse:
    context = {
        "effect": found,
        "closes": found.closes.select_related("item").order_by("item__due", "pk"),
        "events": found.events.select_related("made_by", "presentation").order_by("pk"),
        "reopened": found.returned_items.order_by("pk"),
        "replaced_by": Effect.objects.filter(replaces=found).first(),
        "actions": statement.effect_actions(found) if may(request.user, "post_ledger") else (),
        "present_form": PresentForm(user=request.user, portfolio_ids=[]),
        "return_form": return_form or ReturnForm(currency=found.currency, auto_id="return_%s"),
    }
    return render(request, "ledger/effect.html", context, status=status)


@door("post_ledger")
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Issue an effect from open items."""
    today = business_day(timezone.now())
    source = request.POST if request.method == "POST" else request.GET
    drawee = customer_queries.coded(request.user, source.get("customer", ""))
    rows = statement.open_debts(drawee, user=request.user, today=today) if drawee else []
    looking = request.method == "POST" and "look" in request.POST
    if looking:
        form = EffectForm(
            user=request.user, rows=rows,
            initial={name: request.POST.get(name, "") for name in ("customer", "number", "kind", "due", "amount")},
        )  # fmt: skip
    else:
        data = request.POST if request.method == "POST" else None
        form = EffectForm(data, user=request.user, rows=rows, initial={"customer": drawee or ""})
    if request.method == "POST" and not looking and form.is_valid() and (response := _issue(request, form)):
        return response
    context = {"form": form, "drawee": drawee, "rows": rows}
    if pages.is_part(request) and "look" in source:
        return render(request, "ledger/_effect_items.html", context)
    return render(request, "ledger/effect_new.html", context, status=422 if form.errors else None)


def _issue(request: HttpRequest, form: EffectForm) -> HttpResponse | None:
    """Issue the effect; return where to go, or None where it was refused: a number is taken once."""
    typed = form.cleaned_data
    items = statement.visible_items(request.user).in_bulk(typed["items"])
    try:
        made = booking.issue_effect(
            customer=typed["customer"],
            amount=typed["amount"],
            due=typed["due"],
            items=[items[pk] for pk in typed["items"]],
            number=typed["number"],
            kind=typed["kind"],
            by=Actor.of(request),
            now=timezone.now(),
        )
    except pages.REFUSALS as error:
        refuse(form, error)
        return None
    messages.success(request, _("Effect %(number)s is issued.") % {"number": made.number})
    return redirect("effect", made.pk)


@door("post_ledger")
@require_POST
def collect(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that an effect was paid."""
    found = statement.effect(request.user, pk)
    try:
        booking.collect(found, by=Actor.of(request), now=timezone.now())
    except pages.REFUSALS as error:
        pages.tell_refusal(request, error)
        return redirect("effect", pk)
    messages.success(request, _("Effect %(number)s is collected.") % {"number": found.number})
    return redirect("effect", pk)


@door("post_ledger")
@require_POST
def unpaid(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that an effect came back unpaid, at what cost; the debt goes back into the ledger at once or later."""
    found = statement.effect(request.user, pk)
    form = ReturnForm(request.POST, currency=found.currency, auto_id="return_%s")
    if not form.is_valid():
        return _effect(request, found, return_form=form, status=422)
    posted = form.cleaned_data["posted"]
    try:
        booking.unpaid(found, posted=posted, how=form.how, by=Actor.of(request), now=timezone.now())
    except pages.REFUSALS as error:
        pages.tell_refusal(request, error)
        return redirect("effect", pk)
    messages.warning(request, _("Effect %(number)s came back unpaid.") % {"number": found.number})
    return redirect("effect", pk)


@door("post_ledger")
@require_http_methods(["GET", "POST"])
def replace(request: HttpRequest, pk: int) -> HttpResponse:
    """Issue a new effect in place of one that came back."""
    found = statement.effect(request.user, pk)
    today = business_day(timezone.now())
    form = ReplaceForm(request.POST if request.method == "POST" else None, today=today, initial={"kind": found.kind})
    if request.method == "POST" and form.is_valid():
        try:
            new = approvals_effects.replace(found, **form.cleaned_data, by=Actor.of(request), now=timezone.now())
        except pages.REFUSALS as error:
            refuse(form, error)
        else:
            told = _("%(new)s takes the place of %(old)s.") % {"new": new.number, "old": found.number}
            messages.success(request, told)
            return redirect("effect", new.pk)
    return render(
        request, "ledger/effect_replace.html", {"form": form, "effect": found}, status=422 if form.errors else None
    )
