"""Customers: the list, one with its limit and exposure, suggestions while typing, a new limit."""

from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from approvals import context, dryrun, evidence, granting, limit_story, shared_story
from approvals import preview as previews
from approvals import queries as approval_queries
from approvals.forms import CheckForm
from approvals.limit_forms import AskForm
from creditrisk import pages
from creditrisk.clock import business_day
from creditrisk.contacts import queries as contacts
from creditrisk.contacts.forms import NoteForm
from creditrisk.decisions import queries as decision_queries
from creditrisk.forms import refuse
from creditrisk.lists import listing
from creditrisk.monitoring import entries, forward, history
from creditrisk.monitoring.tables import EntryTable
from creditrisk.policy import compile as policies
from creditrisk.refusal import Duplicate, FourEyes, Stale
from creditrisk.roles import Actor, door, may
from customers import queries
from customers.filters import CustomerFilter
from customers.forms import AsOfForm, DayForm, GrantForm
from customers.models import Customer
from customers.tables import CustomerTable
from documents import queries as document_queries
from ledger import behaviour, statement
from ledger import queries as ledger_queries

SUGGESTIONS = 12


@door("view_customers")
@require_safe
def customers(request: HttpRequest) -> HttpResponseBase:
    """List customers with how they stand."""
    today = business_day(timezone.now())
    found = queries.visible(request.user).filter(merged_into__isnull=True)
    found = found.select_related("segment", "terms", "salesperson", "company", "region")
    chosen = CustomerFilter(request.GET, queryset=found, user=request.user)
    table = CustomerTable(chosen.qs, standings=partial(context.standings, today=today))
    return listing.show(request, table, "customers/list.html", "customers/_list.html", {"filter": chosen})


@door("view_customers")
@require_safe
def suggest(request: HttpRequest) -> HttpResponse:
    """Return the customers that fit what is typed, as options of a list."""
    text = next((v for key in ("customer", "bill_to", "q") if (v := pages.asked(request, key))), "")
    known = queries.visible(request.user).filter(merged_into__isnull=True)
    found = known.matching(text).order_by("code")[:SUGGESTIONS] if text else []
    return render(request, "customers/_options.html", {"customers": found})


@door("view_customers")
@require_safe
def customer(request: HttpRequest, code: str) -> HttpResponse:
    """Show one customer: limit and parts, exposure by bucket, ageing, what is open, holds, decisions, grants."""
    found = queries.one(request.user, code)
    return render(request, "customers/customer.html", _page(request, found))


def _page(request: HttpRequest, found: Customer) -> dict[str, Any]:
    today = business_day(timezone.now())
    sight = forward.sight([found.pk], today=today)
    standing, heads, shared, missing = evidence.standings_in(sight.seen, found.pk)
    ids = [found.pk]
    lives = found.merged_into_id is None
    sees_ledger = may(request.user, "view_ledger")
    members = queries.with_branches(found.pk)
    return {
        "customer": found,
        "today": today,
        "standing": standing,
        "heads": heads,
        "shared": shared,
        "missing": missing,
        "curve": sight.of_customer(found.pk),
        "shared_curves": [
            c for pk in sight.seen.family.shared.get(found.pk, ()) if (c := sight.of_shared(pk)) is not None
        ],
        "ageing": ledger_queries.ageing(day=today, customer_ids=members),
        "documents": document_queries.open_documents(ids, limit=12),
        "document_sums": document_queries.open_sums(ids),
        "items": statement.open_items(ids, today=today, limit=12) if sees_ledger else [],
        "sees_ledger": sees_ledger,
        "holds": approval_queries.of_customer(ids, today=today, limit=8),
        "decisions": decision_queries.of_customer(ids, limit=8),
        "grants": queries.grants(found),
        "ties": queries.ties(found),
        "securities": queries.securities(found),
        "blocks": queries.blocks(found, today=today),
        "payments": statement.last_payments(ids),
        "history": history.of(found, members, today=today),
        "behaviour": behaviour.of_customers(ids, day=today) if sees_ledger else [],
        "came_back": behaviour.came_back(ids, day=today) if sees_ledger else 0,
        "notes": contacts.of_customer(found.pk, today=today, limit=6),
        "note_form": NoteForm() if lives and may(request.user, "write_note") else None,
        "check_form": CheckForm(user=request.user, customer=found),
        "may_evaluate": may(request.user, "evaluate_holds"),
        "may_grant": lives and may(request.user, "grant_limit"),
        "may_ask": lives and may(request.user, "ask_limit"),
        "may_pay": lives and may(request.user, "post_ledger"),
        "may_order": lives and may(request.user, "enter_document"),
        "may_see_exposure": may(request.user, "view_exposure"),
    }


@door("view_customers")
@require_safe
def shared_limit(request: HttpRequest, code: str) -> HttpResponse:
    """Show a shared limit: who shares it and what each owes, the limit and its history, the days ahead, what it holds."""
    found = queries.shared(request.user, code)
    context = {
        "shared": found, "story": shared_story.of(found, user=request.user, today=business_day(timezone.now())),
        "grants": queries.grants(found), "on_desk": may(request.user, "view_desk"),
        "may_edit": request.user.has_perm("customers.change_sharedlimit") and request.user.is_staff,
    }  # fmt: skip
    return render(request, "customers/shared.html", context)


@door("view_customers")
@require_safe
def check(request: HttpRequest, code: str) -> HttpResponse:
    """Say what would come of a document that is only thought of; nothing is written."""
    found = queries.one(request.user, code)
    asked = {"checkpoint": "confirmation", **request.GET.dict()} if request.GET else None
    form = CheckForm(asked, user=request.user, customer=found)
    panel = None
    if form.is_bound and form.is_valid():
        typed = dict(form.cleaned_data)
        amount, checkpoint = typed.pop("amount"), typed.pop("checkpoint")
        typed["currency"] = typed["currency"] or (found.bill_to or found).currency
        panel = previews.preview(
            found, amounts=[amount], kind=dryrun.KIND[checkpoint], checkpoint=checkpoint,
            today=business_day(timezone.now()), **typed,
        )  # fmt: skip
    elif form.is_bound and pages.is_part(request):
        panel = previews.Preview(sentence=" ".join(e for errors in form.errors.values() for e in errors))
    context = {"customer": found, "check_form": form, "panel": panel}
    return pages.show(request, "customers/check.html", "customers/_verdict.html", context)


@door("grant_limit")
@require_http_methods(["GET", "POST"])
def grant_limit(request: HttpRequest, code: str) -> HttpResponse:
    """Grant a customer a new limit."""
    found = queries.one(request.user, code)
    today = business_day(timezone.now())
    form = GrantForm(
        request.POST or None, customer=found, initial={"valid_from": today, "seen": queries.newest_grant(found)}
    )
    ask_instead = False
    if request.method == "POST" and form.is_valid():
        try:
            granting.grant_directly(
                found, currency=found.currency, by=Actor.of(request), now=timezone.now(), **form.cleaned_data
            )
        except Duplicate as error:
            messages.info(request, str(error))
            return redirect("customer", code)
        except Stale as error:
            form = _afresh(form, found)
            refuse(form, error)
        except FourEyes as error:
            refuse(form, error)
            ask_instead = True
        except pages.REFUSALS as error:
            refuse(form, error)
        else:
            messages.success(request, _("The limit is granted."))
            return redirect("customer", code)
    standing, _heads, _shared, missing = evidence.standings_of(found.pk, today=today)
    context = {
        "form": form, "customer": found, "standing": standing, "missing": missing, "grants": queries.grants(found),
        "four_eyes": policies.active().four_eyes, "ask_instead": ask_instead,
        "typed": urlencode({name: form[name].value() or "" for name in AskForm.TAKEN_OVER}) if ask_instead else "",
    }  # fmt: skip
    return render(request, "customers/limit.html", context, status=422 if form.errors else None)


def _afresh(typed: GrantForm, of: Customer) -> GrantForm:
    """Return the form as it was typed, but of a page that shows what was granted by now."""
    form = GrantForm({**typed.data.dict(), "seen": queries.newest_grant(of)}, customer=of)
    form.full_clean()
    return form


@door("view_customers")
@require_safe
def explain_limit(request: HttpRequest, code: str) -> HttpResponse:
    """Explain the limit of a day from its parts, when it changes next, and every change with the figures of then."""
    found = queries.one(request.user, code)
    today = business_day(timezone.now())
    form = DayForm(request.GET or None)
    day = (form.cleaned_data["day"] if form.is_bound and form.is_valid() else None) or today
    lives = found.merged_into_id is None
    context = {
        "customer": found, "form": form, "today": today, "story": limit_story.of(found, day=day, today=today),
        "grants": queries.grants(found), "may_grant": lives and may(request.user, "grant_limit"),
        "may_ask": lives and may(request.user, "ask_limit"),
    }  # fmt: skip
    return render(request, "customers/limit_explained.html", context, status=422 if form.errors else None)


@door("view_exposure")
@require_safe
def exposure(request: HttpRequest, code: str) -> HttpResponseBase:
    """Show the entries behind a customer's exposure, and what it was on a day."""
    found = queries.one(request.user, code)
    today = business_day(timezone.now())
    form = AsOfForm(request.GET or None)
    day = form.cleaned_data["day"] if form.is_bound and form.is_valid() else None
    known = form.cleaned_data["known"] if form.is_bound and form.is_valid() else None
    page = entries.of(found, today=today, day=day, known_on=known)
    shown = {"customer": found, "form": form, "page": page, "ties": queries.ties(found)}
    table = EntryTable(page.entries)
    return listing.show(request, table, "customers/exposure.html", "customers/_exposure.html", shown, per_page=50)
