"""Documents made from earlier ones: deliveries, invoices, returns and credit notes."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods

from approvals import gate
from creditrisk import pages
from creditrisk.forms import refuse
from creditrisk.money import HUNDRED
from creditrisk.refusal import Duplicate
from creditrisk.roles import Actor, door
from documents import queries, results
from documents.drafts import NewDocument, NewLine
from documents.forms import FollowForm, SourcesForm
from documents.models import Document, Kind, Line


@door("deliver")
@require_http_methods(["GET", "POST"])
def delivery_from(request: HttpRequest) -> HttpResponse:
    """Deliver orders: all that is open, a share, an amount, or by line."""
    return _from_sources(request, Kind.DELIVERY, _("Deliver"), fallback="orders")


@door("invoice")
@require_http_methods(["GET", "POST"])
def invoice_from(request: HttpRequest) -> HttpResponse:
    """Invoice orders or deliveries."""
    return _from_sources(request, Kind.INVOICE, _("Invoice"), fallback="deliveries")


@door("deliver")
@require_http_methods(["GET", "POST"])
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Book what came back of a delivery."""
    origin = queries.one(request.user, pk, Kind.DELIVERY)
    return _follow(request, Kind.RETURN, _("Take back"), documents=[origin], origin=origin)


@door("invoice")
@require_http_methods(["GET", "POST"])
def credit(request: HttpRequest, pk: int) -> HttpResponse:
    """Credit an invoice, in full or in part."""
    origin = queries.one(request.user, pk, Kind.INVOICE)
    return _follow(request, Kind.CREDIT_NOTE, pgettext("action", "Credit"), documents=[origin], origin=origin)


def _from_sources(request: HttpRequest, kind: str, title: str, *, fallback: str) -> HttpResponse:
    """Read which documents are meant, from the address or the form, then go on."""
    given = SourcesForm(
        request.POST if request.method == "POST" else request.GET,
        user=request.user,
        kind=kind,
    )
    if not given.is_valid():
        for sentence in given.errors.get("source", [_("Choose the documents first.")]):
            messages.error(request, sentence)
        return redirect(fallback)
    return _follow(request, kind, title, documents=given.cleaned_data["source"], origin=None)


def _follow(
    request: HttpRequest,
    kind: str,
    title: str,
    *,
    documents: list[Document],
    origin: Document | None,
) -> HttpResponse:
    rows = queries.left_for(kind, documents, origin=origin)
    first = documents[0]
    form = FollowForm(request.POST or None, kind=kind, lines=rows, currency=first.currency)
    if (
        request.method == "POST"
        and form.is_valid()
        and (response := _make(request, form, kind, documents=documents, origin=origin))
    ):
        return response
    context = {
        "title": title,
        "kind": kind,
        "documents": documents,
        "first": first,
        "origin": origin,
        "rows": rows,
        "several": len({row.document for row in rows}) > 1,
        "form": form,
        "others": _others(request, first, kind, documents) if origin is None else [],
    }
    return render(
        request,
        "documents/following.html",
        context,
        status=422 if form.errors else None,
    )


def _others(request: HttpRequest, first: Document, kind: str, chosen: list[Document]) -> list[queries.Relative]:
    kinds = [Kind.ORDER] if kind == Kind.DELIVERY else [Kind.ORDER, Kind.DELIVERY]
    taken = {d.pk for d in chosen}
    return [d for d in queries.siblings(first, kinds=kinds, user=request.user) if d.id not in taken]


def _make(
    request: HttpRequest,
    form: FollowForm,
    kind: str,
    *,
    documents: list[Document],
    origin: Document | None,
) -> HttpResponse | None:
    """Hand the new document to the gate; return where to go, or None where it was refused."""
    if before := queries.by_key(form.key):
        results.tell_already(request, before)
        return redirect("document", before.pk)
    new = NewDocument(
        kind=kind,
        sources=tuple(documents) if origin is None else (),
        origin=origin,
        number=form.cleaned_data["number"],
        note=form.cleaned_data["note"],
        source_key=form.key,
        **_how_much(form),
    )
    step = _step(kind, form, draft="draft" in request.POST)
    try:
        result = gate.submit(new, step, by=Actor.of(request), now=timezone.now())
    except Duplicate as error:
        if before := queries.by_key(form.key):
            results.tell_already(request, before)
            return redirect("document", before.pk)
        refuse(form, error, default="number")
        return None
    except pages.REFUSALS as error:
        refuse(form, error)
        return None
    results.tell(request, result, step)
    return redirect("document", result.document.pk)


def _step(kind: str, form: FollowForm, *, draft: bool) -> str:
    match kind:
        case _ if draft:
            return "enter"
        case Kind.DELIVERY:
            return "deliver"
        case Kind.RETURN:
            return "return"
        case Kind.INVOICE if not form.cleaned_data["issue"]:
            return "enter"
    return "invoice"


def _how_much(form: FollowForm) -> dict[str, Any]:
    typed = form.cleaned_data
    match typed["how"]:
        case FollowForm.SHARE:
            return {"share": typed["share"] / HUNDRED}
        case FollowForm.AMOUNT:
            return {"amount": typed["amount"]}
        case FollowForm.LINES:
            many = {row.id: quantity for row, quantity in form.quantities()}
            lines = Line.objects.in_bulk(many)
            return {"lines": tuple(_part(lines[pk], quantity) for pk, quantity in many.items())}
    return {}


def _part(line: Line, quantity: Any) -> NewLine:
    return NewLine(
        text=line.text, quantity=quantity, price=line.price, discount_percent=line.discount_percent,
        tax_percent=line.tax_percent, source=line,
    )  # fmt: skip
