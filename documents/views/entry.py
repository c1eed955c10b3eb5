"""Entering and amending documents, with the panel that says beforehand what would come of it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from approvals import gate, preview
from creditrisk import pages
from creditrisk.clock import business_day
from creditrisk.forms import refuse
from creditrisk.refusal import Duplicate, Refused
from creditrisk.roles import Actor, door
from documents import actions, queries, results, writing
from documents.drafts import Changes, NewDocument, NewLine
from documents.forms import AmendForm, BaseLines, HeaderForm, LineFormSet
from documents.models import Document, Kind, Line

ROWS = 3
MORE_ROWS = 5
_STEPS = {Kind.ORDER: "enter", Kind.DELIVERY: "deliver", Kind.INVOICE: "invoice"}


@door("enter_document")
@require_http_methods(["GET", "POST"])
def new_order(request: HttpRequest) -> HttpResponse:
    """Enter an order."""
    return _new(request, Kind.ORDER, _("New order"))


@door("deliver")
@require_http_methods(["GET", "POST"])
def new_delivery(request: HttpRequest) -> HttpResponse:
    """Enter a delivery that no order stands behind."""
    return _new(request, Kind.DELIVERY, _("New delivery without an order"))


@door("invoice")
@require_http_methods(["GET", "POST"])
def new_invoice(request: HttpRequest) -> HttpResponse:
    """Enter an invoice that neither order nor delivery stands behind."""
    return _new(request, Kind.INVOICE, _("New invoice without an order"))


def _new(request: HttpRequest, kind: str, title: str) -> HttpResponse:
    customer = pages.asked(request, "customer")
    form = HeaderForm(
        request.POST or None,
        user=request.user,
        kind=kind,
        initial={"customer": customer},
    )
    lines = _formset(request)
    panel = None
    if request.method == "POST" and "more" not in request.POST:
        whole = form.is_valid() & lines.is_valid()
        if "check" in request.POST or "panel" in request.POST:
            panel = _panel(form, lines, kind, document=None)
        elif whole and (response := _enter(request, form, lines, kind)):
            return response
    back_url, list_title = _BACK[Kind(kind)]
    words = {"title": title, "kind": kind, "back_url": back_url, "list_title": list_title}
    return _show(request, form, lines, panel, words)


_BACK = {
    Kind.ORDER: ("orders", gettext_lazy("Orders")),
    Kind.DELIVERY: ("deliveries", gettext_lazy("Deliveries")),
    Kind.RETURN: ("deliveries", gettext_lazy("Deliveries")),
    Kind.INVOICE: ("invoices", gettext_lazy("Invoices")),
    Kind.CREDIT_NOTE: ("invoices", gettext_lazy("Invoices")),
}


def _enter(request: HttpRequest, form: HeaderForm, lines: BaseLines, kind: str) -> HttpResponse | None:
    """Hand the document to the gate; return where to go, or None where it was refused."""
    typed = form.cleaned_data
    if before := queries.by_key(form.key):
        return _already(request, before)
    new = NewDocument(
        kind=kind,
        customer=typed["customer"],
        company=typed["company"],
        number=typed["number"],
        bill_to=typed["bill_to"],
        type=typed["type"],
        currency=typed["currency"],
        terms=typed["terms"],
        settlement_discount=typed["settlement_discount"],
        invoicing=typed.get("invoicing", ""),
        ship_date=typed["ship_date"],
        lines=_typed(lines),
        note=typed["note"],
        source_key=form.key,
    )
    now, actor = timezone.now(), Actor.of(request)
    step = "enter" if "draft" in request.POST else _STEPS[Kind(kind)]
    try:
        result = gate.submit(new, step, by=actor, now=now)
        results.tell(request, result, step)
        if kind == Kind.ORDER and "confirm" in request.POST and result.hold is None:
            result = gate.submit(result.document, "confirm", by=actor, now=now)
            results.tell(request, result, "confirm")
    except Duplicate as error:
        if before := queries.by_key(form.key):
            return _already(request, before)
        refuse(form, error, default="number")
        return None
    except pages.REFUSALS as error:
        if before := queries.by_key(form.key):  # it is saved; only the confirmation was refused
            pages.tell_refusal(request, error)
            return redirect("document", before.pk)
        refuse(form, error, default="currency" if not isinstance(error, Refused) else None)
        return None
    return redirect("document", result.document.pk)


def _already(request: HttpRequest, document: Document) -> HttpResponseRedirect:
    results.tell_already(request, document)
    return redirect("document", document.pk)


@door("amend_document")
@require_http_methods(["GET", "POST"])
def amend(request: HttpRequest, pk: int) -> HttpResponse:
    """Change an order on its way, or a note or invoice that is still a draft."""
    document = queries.one(request.user, pk)
    if request.method == "GET" and (why := actions.why_fixed(document)):
        messages.info(request, why)
        return redirect("document", pk)
    bound = document.kind != Kind.ORDER and writing.is_made_from_others(document)
    form = AmendForm(
        request.POST or None,
        user=request.user,
        kind=document.kind,
        bound_to_sources=bound,
        initial=_as_typed(document),
    )
    for name in ("terms", "type"):
        form.fields[name].empty_label = _("as it is")
    form.fields["settlement_discount"].empty_label = _("none")
    lines = _formset(request, [{**vars(row), "line": row.id} for row in queries.lines([document])])
    panel = None
    if request.method == "POST" and "more" not in request.POST:
        whole = form.is_valid() & lines.is_valid()
        if "check" in request.POST or "panel" in request.POST:
            panel = _panel(form, lines, document.kind, document=document)
        elif whole and (response := _amend(request, form, lines, document)):
            return response
    back_url, list_title = _BACK[Kind(document.kind)]
    words = {
        "title": _("Amend %(number)s") % {"number": document.number}, "kind": document.kind, "document": document,
        "back_url": back_url, "list_title": list_title, "made_from": queries.made_from(document) if bound else [],
    }  # fmt: skip
    return _show(request, form, lines, panel, words)


def _as_typed(document: Document) -> dict[str, Any]:
    return {
        "bill_to": document.debtor if document.debtor_id != document.customer_id else None,
        "type": document.type,
        "currency": document.currency,
        "terms": document.terms,
        "settlement_discount": document.settlement_discount,
        "ship_date": document.ship_date,
        "note": document.note,
        "revision": document.revision,
    }


def _amend(request: HttpRequest, form: AmendForm, lines: BaseLines, document: Document) -> HttpResponse | None:
    """Hand the changes to the gate; return where to go, or None where they were refused."""
    typed = form.cleaned_data
    debtor = (typed["bill_to"] or document.customer) if "bill_to" in typed else document.debtor
    changes = Changes(
        lines=_typed(lines, document),
        traced=True,
        currency=typed.get("currency") or None,
        terms=typed["terms"],
        settlement_discount=typed["settlement_discount"],
        ship_date=typed["ship_date"],
        bill_to=debtor if debtor.pk != document.debtor_id else None,
        type=typed["type"],
        note=typed["note"],
    )
    try:
        result = gate.submit(
            document,
            "amend",
            by=Actor.of(request),
            now=timezone.now(),
            changes=changes,
            revision=typed["revision"],
        )
    except pages.REFUSALS as error:
        refuse(form, error, default="currency" if not isinstance(error, Refused) else None)
        return None
    results.tell(request, result, "amend")
    return redirect("document", document.pk)


def _typed(lines: BaseLines, document: Document | None = None) -> tuple[NewLine, ...]:
    """Return the lines as typed; those of a document that exists with the lines that they stand for."""
    own: dict[int, Line] = {}
    if document is not None:
        own = {line.pk: line for line in document.lines.select_related("document", "source")}
    found = []
    for values in lines.filled():
        before = own.get(values.pop("line") or 0)
        found.append(NewLine(**values, source=before.source if before else None, replaces=before))
    return tuple(found)


def _formset(request: HttpRequest, rows: list[dict[str, Any]] | None = None) -> BaseLines:
    if request.method == "POST":
        data = request.POST.copy()
        if "more" in data:
            data["lines-TOTAL_FORMS"] = str(_count(data.get("lines-TOTAL_FORMS")) + MORE_ROWS)
        return LineFormSet(data, prefix="lines")
    blank: list[dict[str, Any]] = [{} for _row in range(ROWS)]
    return LineFormSet(prefix="lines", initial=[*(rows or []), *(blank if not rows else blank[:1])])


def _count(text: str | None) -> int:
    return min(int(text), 195) if text and text.isascii() and text.isdigit() and len(text) < 6 else 0


def _panel(form: forms.Form, lines: BaseLines, kind: str, *, document: Document | None) -> preview.Preview:
    """Return what the gate would say of what is typed so far."""
    typed = getattr(form, "cleaned_data", {})
    customer = document.customer if document else typed.get("customer")
    today = business_day(timezone.now())
    if customer is None:
        return preview.Preview(sentence=_("Choose a customer to see the credit."))
    debtor = typed.get("bill_to") or (customer if document else customer.bill_to or customer)
    currency = typed.get("currency") or (document.currency if document else debtor.currency)
    if document is not None and document.lowers:
        return preview.Preview(sentence=_("It lowers what the customer owes: nothing holds it."))
    typed_lines = _typed(lines, document)
    amounts = [line.amount(currency) for line in typed_lines]
    return preview.preview(
        customer,
        amounts=amounts,
        kind=kind,
        currency=currency,
        terms=typed.get("terms") or (document.terms if document else None),
        settlement_discount=typed.get("settlement_discount"),
        ship_date=typed.get("ship_date"),
        company=document.company if document else typed.get("company"),
        bill_to=debtor,
        type=typed.get("type"),
        checkpoint=typed.get("at") or "",
        document=document,
        lines=typed_lines if document else (),
        today=today,
    )


def _show(
    request: HttpRequest,
    form: forms.Form,
    lines: BaseLines,
    panel: Any,
    words: dict[str, Any],
) -> HttpResponse:
    """Return the page, or only the panel or the lines where htmx asks for them."""
    more = ("bill_to", "type", "settlement_discount", "invoicing", "number", "note")
    open_details = any(form[name].value() for name in more if name in form.fields)
    context = {"form": form, "lines": lines, "panel": panel, "open_details": open_details, **words}
    failed = request.method == "POST" and (form.errors or lines.total_error_count())
    asked = panel is not None or "more" in request.POST
    part = "documents/_panel.html" if panel is not None else "documents/_lines.html"
    if pages.is_part(request) and asked:
        return pages.show(request, part, part, context)
    return pages.show(
        request,
        "documents/entry.html",
        "documents/entry.html",
        context,
        status=422 if failed and not asked else None,
    )
