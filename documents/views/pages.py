"""The lists of orders, deliveries and invoices, and the page of one document."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from approvals import authority, evidence, hold_events
from approvals import queries as approval_queries
from creditrisk import pages
from creditrisk.clock import business_day
from creditrisk.decisions import queries as decision_queries
from creditrisk.lists import listing
from creditrisk.policy import compile as policies
from creditrisk.roles import door, may
from documents import actions, paper, queries
from documents.filters import DocumentFilter, InvoiceFilter, NoteFilter, OrderFilter
from documents.models import Kind, State
from documents.tables import DocumentTable, InvoiceTable, NoteTable, OrderTable
from ledger import statement

_LISTS = {
    Kind.ORDER: ("orders", gettext_lazy("Orders")),
    Kind.DELIVERY: ("deliveries", gettext_lazy("Deliveries")),
    Kind.RETURN: ("deliveries", gettext_lazy("Deliveries")),
    Kind.INVOICE: ("invoices", gettext_lazy("Invoices")),
    Kind.CREDIT_NOTE: ("invoices", gettext_lazy("Invoices")),
}


def _list(
    request: HttpRequest,
    kinds: tuple[str, ...],
    narrow: type[DocumentFilter],
    table_class: type[DocumentTable],
    words: dict[str, Any],
) -> HttpResponseBase:
    documents = queries.visible(request.user).filter(kind__in=kinds).select_related("customer", "company", "entered_by")
    chosen = narrow(request.GET, queryset=approval_queries.marked(documents), user=request.user)
    context = {"filter": chosen, **words}
    return listing.show(request, table_class(chosen.qs), "documents/list.html", "documents/_list.html", context)


@door("view_documents")
@require_safe
def orders(request: HttpRequest) -> HttpResponseBase:
    """List orders."""
    words = {"title": _("Orders"), "new_url": "order_new", "new_label": _("New order")}
    if not may(request.user, "enter_document"):
        words.pop("new_url")
    return _list(request, (Kind.ORDER,), OrderFilter, OrderTable, words)


@door("view_documents")
@require_safe
def deliveries(request: HttpRequest) -> HttpResponseBase:
    """List delivery and return notes."""
    words = {
        "title": _("Deliveries"),
        "new_url": "delivery_new",
        "new_label": _("New delivery"),
    }
    if not may(request.user, "deliver"):
        words.pop("new_url")
    return _list(request, (Kind.DELIVERY, Kind.RETURN), NoteFilter, NoteTable, words)


@door("view_documents")
@require_safe
def invoices(request: HttpRequest) -> HttpResponseBase:
    """List invoices and credit notes."""
    words = {
        "title": _("Invoices"),
        "new_url": "invoice_new",
        "new_label": _("New invoice"),
    }
    if not may(request.user, "invoice"):
        words.pop("new_url")
    words["also"] = [
        (label, url)
        for door_name, label, url in (
            ("invoice", _("Collective invoices"), "invoices_collective"),
            ("view_exposure", _("Terms kept"), "terms_kept"),
            ("view_exposure", _("Discounts taken"), "terms_discounts"),
        )
        if may(request.user, door_name)
    ]
    return _list(request, (Kind.INVOICE, Kind.CREDIT_NOTE), InvoiceFilter, InvoiceTable, words)


@door("view_documents")
@require_safe
def document(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one document: what it is, why it is held, what can be done, what came before and after."""
    found = queries.one(request.user, pk)
    today = business_day(timezone.now())
    hold = approval_queries.open_hold(found, today=today)
    past = approval_queries.closed_holds(found)
    list_url, list_title = _LISTS[Kind(found.kind)]
    lines = queries.lines([found])
    context = {
        "list_url": list_url,
        "list_title": list_title,
        "document": found,
        "lines": lines,
        "shown": queries.columns(lines),
        "hold": hold,
        "waits_for": authority.of_holds(
            [approval_queries.full(request.user, hold.id)], day=today, four_eyes=policies.active().four_eyes
        )[hold.id].words
        if hold
        else "",
        "advice": evidence.advice(hold.id, grants=may(request.user, "view_desk"), today=today) if hold else None,
        "events": approval_queries.events(hold.id) if hold else [],
        "may_comment": hold is not None and may(request.user, "comment_hold"),
        "typed": pages.kept_typed(request, f"hold-{hold.id}") if hold else "",
        "may_ask_release": hold is not None
        and hold_events.may_ask_release(approval_queries.hold(request.user, hold.id), user=request.user),
        "past_holds": past,
        "last_word": past[0] if past and hold is None and found.state == State.DRAFT else None,
        "may_withdraw": hold is not None
        and hold_events.may_withdraw(approval_queries.hold(request.user, hold.id), user=request.user),
        "decisions": decision_queries.of_document(found),
        "made_from": queries.made_from(found),
        "made_of": queries.made_of(found),
        "items": statement.of_document(found, today=today) if may(request.user, "view_ledger") else [],
        "actions": actions.of(found, user=request.user, held=hold is not None),
        "why_fixed": actions.why_fixed(found),
        "may_decide": may(request.user, "view_desk") and hold is not None,
        "may_force": may(request.user, "force_hold") and hold is None and found.state in actions.CAN_BE_HELD,
    }
    return pages.show(request, "documents/document.html", "documents/_document.html", context)


@door("view_documents")
@require_safe
def document_paper(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a document as the sheet that goes out."""
    found = queries.one(request.user, pk)
    return render(request, "documents/paper.html", {"document": found, "paper": paper.of(found)})
