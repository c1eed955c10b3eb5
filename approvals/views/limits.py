"""Limit requests: the list, asking, one with its evidence, and deciding it."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from approvals import attachments, evidence, limit_queries, limit_requests
from approvals.attachment_forms import AttachForm
from approvals.limit_forms import AskForm, DecideForm, RequestFilter
from approvals.models import LimitRequest
from approvals.tables import RequestTable
from creditrisk import pages
from creditrisk.clock import business_day
from creditrisk.forms import refuse
from creditrisk.lists import listing
from creditrisk.refusal import AlreadyClosed, Duplicate, Refused
from creditrisk.roles import Actor, door, may
from customers import queries as customer_queries
from customers.models import Customer
from ledger import behaviour, statement
from ledger import queries as ledger_queries

SHOWN = 50


@door("view_requests")
@require_safe
def requests(request: HttpRequest) -> HttpResponseBase:
    """List what is asked for, the oldest undecided first."""
    form = RequestFilter(request.GET)
    typed = form.cleaned_data if form.is_valid() else {}
    found = limit_queries.listed(request.user, state=typed.get("state", ""), text=typed.get("q", ""))
    context = {"form": form, "sees_journals": may(request.user, "view_journals")}
    table = RequestTable(found)
    return listing.show(request, table, "limits/requests.html", "limits/_requests.html", context, per_page=SHOWN)


@door("ask_limit")
@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest, code: str) -> HttpResponse:
    """Ask for a limit or for terms of a customer."""
    customer = customer_queries.one(request.user, code)
    taken_over = {name: text for name in AskForm.TAKEN_OVER if (text := pages.asked(request, name))}
    form = AskForm(request.POST or None, request.FILES or None, customer=customer, initial=taken_over)
    if request.method == "POST" and form.is_valid():
        if before := limit_queries.by_key(form.key):
            return _already(request, before)
        try:
            made = attachments.ask_limit(
                customer,
                form.asked,
                form.cleaned_data["files"],
                by=Actor.of(request),
                now=timezone.now(),
                source_key=form.key,
            )
        except Duplicate:
            before = limit_queries.by_key(form.key)
            return _already(request, before) if before else redirect("customer", code)
        except pages.REFUSALS as error:
            refuse(form, error)
        else:
            messages.success(request, _("%(request)s is asked for. Those who decide see it.") % {"request": made})
            return redirect("limit_request", made.pk)
    return _form(request, form, customer, {"title": _("Ask for a limit or terms")})


@door("ask_limit")
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for something else instead."""
    found = limit_queries.one(request.user, pk)
    form = AskForm(
        request.POST or None, request.FILES or None, customer=found.customer, initial=AskForm.typed_before(found)
    )
    if request.method == "POST" and form.is_valid():
        try:
            attachments.change_limit(
                found, form.asked, form.cleaned_data["files"], by=Actor.of(request), now=timezone.now()
            )
        except pages.REFUSALS as error:
            refuse(form, error)
        else:
            messages.success(request, _("%(request)s is changed; it is decided anew.") % {"request": found})
            return redirect("limit_request", pk)
    return _form(request, form, found.customer, {"title": _("Change %(request)s") % {"request": found}, "asked": found})


def _form(request: HttpRequest, form: AskForm, customer: Customer, words: dict[str, Any]) -> HttpResponse:
    context = {"form": form, "customer": customer, **_evidence(customer), **words}
    return render(request, "limits/ask.html", context, status=422 if form.errors else None)


def _already(request: HttpRequest, before: LimitRequest) -> HttpResponse:
    messages.info(request, _("This form was sent before: here is what it asked for. Nothing was done twice."))
    return redirect("limit_request", before.pk)


def _evidence(customer: Customer) -> dict[str, Any]:
    """How the customer stands and pays, beside what is asked for."""
    today = business_day(timezone.now())
    standing, heads, shared, missing = evidence.standings_of(customer.pk, today=today)
    return {
        "standing": standing, "heads": heads, "shared": shared, "missing": missing,
        "ageing": ledger_queries.ageing(day=today, customer_ids=customer_queries.with_branches(customer.pk)),
        "behaviour": behaviour.of_customers([customer.pk], day=today),
        "came_back": behaviour.came_back([customer.pk], day=today),
        "payments": statement.last_payments([customer.pk]),
        "grants": customer_queries.grants(customer)[:6],
        "awaits_approval": customer_queries.awaits_approval(customer),
    }  # fmt: skip


@door("view_requests")
@require_safe
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one request: what is asked for, what became of it, and how the customer stands."""
    return _show(request, limit_queries.one(request.user, pk), DecideForm())


def _show(request: HttpRequest, found: LimitRequest, form: DecideForm, status: int | None = None) -> HttpResponse:
    shown = limit_queries.page(found, user=request.user, day=business_day(timezone.now()))
    context = {
        "shown": shown,
        "asked": found,
        "customer": found.customer,
        "form": form,
        "sees_journals": may(request.user, "view_journals"),
        "attach_form": AttachForm() if found.is_open and may(request.user, "ask_limit") else None,
        "deciders": limit_queries.deciders(found) if shown.may_decide else [],
        "may_change": shown.is_mine and found.is_open and may(request.user, "ask_limit"),
        **_evidence(found.customer),
    }
    return render(request, "limits/request.html", context, status=status)


Decide = Callable[[LimitRequest, DecideForm, Actor], Any]


def _decider(name: str, decide: Decide, done: Any, *, door_name: str = "approve_limit") -> Callable[..., HttpResponse]:
    @door(door_name)
    @require_POST
    def view(request: HttpRequest, pk: int) -> HttpResponse:
        found = limit_queries.one(request.user, pk)
        form = DecideForm(request.POST)
        if not form.is_valid():
            return _show(request, found, form, status=422)
        try:
            decide(found, form, Actor.of(request))
        except AlreadyClosed as error:
            messages.info(request, _("%(sentence)s Nothing was done twice.") % {"sentence": error})
        except pages.REFUSALS as error:
            refuse(form, error)
            return _show(request, found, form, status=422)
        else:
            messages.success(request, str(done) % {"request": found})
        return redirect("limit_request", pk)

    view.__name__ = view.__qualname__ = name
    view.__doc__ = f"Decide a request: {name}."
    return view


def _delegated(found: LimitRequest, form: DecideForm, by: Actor) -> Any:
    to = limit_queries.decider(form.cleaned_data["to"])
    if to is None:
        raise Refused(_("Choose who shall decide it."), field="to")
    return limit_requests.delegate(found, to=to, by=by, now=timezone.now(), note=form.cleaned_data["note"])


approve = _decider(
    "approve",
    lambda found, form, by: limit_requests.approve(
        found, by=by, now=timezone.now(), note=form.cleaned_data["note"], saw=form.saw_events() or None
    ),
    gettext_lazy("You agreed to %(request)s."),
)
reject = _decider(
    "reject",
    lambda found, form, by: limit_requests.reject(found, by=by, now=timezone.now(), note=form.cleaned_data["note"]),
    gettext_lazy("%(request)s is rejected."),
)
send_back = _decider(
    "send_back",
    lambda found, form, by: limit_requests.ask_change(found, by=by, now=timezone.now(), note=form.cleaned_data["note"]),
    gettext_lazy("%(request)s is sent back for a change."),
)
delegate = _decider("delegate", _delegated, gettext_lazy("%(request)s is delegated."))
withdraw = _decider(
    "withdraw",
    lambda found, form, by: limit_requests.withdraw(found, by=by, now=timezone.now(), note=form.cleaned_data["note"]),
    gettext_lazy("%(request)s is withdrawn."),
    door_name="ask_limit",
)
