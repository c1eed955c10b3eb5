"""Messages: sent in, taken in or not and why, tried again."""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from creditrisk import pages
from creditrisk.forms import refuse
from creditrisk.lists import listing
from creditrisk.roles import Actor, door
from documents.intake import receiving, signed
from documents.intake.forms import BuyerForm, MessageForm
from documents.intake.models import Message, MessageState
from documents.intake.tables import MessageTable

SHOWN = 6_000


@door("import_data")
@require_http_methods(["GET", "POST"])
def inbox(request: HttpRequest) -> HttpResponseBase:
    """List messages, those that were not taken in first; send one in."""
    form = MessageForm(request.POST or None, request.FILES or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        return redirect("message", _received(request, form).pk)
    state = request.GET.get("state", "")
    found = receiving.visible(request.user)
    counts = dict(found.order_by().values_list("state").annotate(count=Count("pk")))
    chosen = found.filter(state=state) if state in MessageState.values else found
    context = {
        "form": form, "state": state,
        "tabs": [(s.value, s.label, counts.get(s.value, 0)) for s in MessageState], "total": sum(counts.values()),
    }  # fmt: skip
    status = 422 if form.errors else None
    return listing.show(
        request, MessageTable(chosen), "intake/inbox.html", "intake/_messages.html", context, status=status
    )


def _received(request: HttpRequest, form: MessageForm) -> Message:
    typed = form.cleaned_data
    message, tried = receiving.receive(
        typed["file"].read(), typed["file"].name, company=typed["company"], by=_actor(request), now=timezone.now()
    )
    if not tried:
        messages.info(request, _("This very file is here already; nothing was done twice."))
    elif message.state == MessageState.DONE:
        messages.success(request, _("The message is taken in."))
    return message


def _actor(request: HttpRequest) -> Actor:
    return replace(Actor.of(request), channel="message")


@door("import_data")
@require_safe
def message(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one message: what became of it, or why nothing did and what would help."""
    return _page(request, get_object_or_404(receiving.visible(request.user), pk=pk))


def _page(request: HttpRequest, found: Message, form: BuyerForm | None = None) -> HttpResponse:
    content = bytes(found.content)
    is_signed = signed.is_signed(content)
    if is_signed and found.format:  # so it was opened before
        content = signed.opened(content, found.name)
    context: dict[str, Any] = {
        "message": found, "documents": found.documents.select_related("debtor").order_by("pk"),
        "dead": found.state == MessageState.DEAD, "form": form or BuyerForm(user=request.user),
        "text": content[:SHOWN].decode("utf-8", errors="replace"), "cut": len(content) > SHOWN,
        "signed": is_signed,
    }  # fmt: skip
    return render(request, "intake/message.html", context, status=422 if form and form.errors else None)


@door("import_data")
@require_POST
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Try a message again."""
    found = get_object_or_404(receiving.visible(request.user), pk=pk)
    try:
        found = receiving.attempt(found, by=_actor(request), now=timezone.now())
    except pages.REFUSALS as error:
        pages.tell_refusal(request, error)
        return redirect("message", pk)
    if found.state == MessageState.DONE:
        messages.success(request, _("The message is taken in."))
    else:
        messages.error(request, found.says)
    return redirect("message", pk)


@door("import_data")
@require_POST
def assign(request: HttpRequest, pk: int) -> HttpResponse:
    """Say which customer the buyer is, and try again."""
    found = get_object_or_404(receiving.visible(request.user), pk=pk)
    form = BuyerForm(request.POST, user=request.user)
    if not form.is_valid():
        return _page(request, found, form)
    try:
        receiving.assign(found, form.cleaned_data["customer"], by=_actor(request), now=timezone.now())
    except pages.REFUSALS as error:
        refuse(form, error)
        return _page(request, found, form)
    return redirect("message", pk)


@door("import_data")
@require_POST
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a message aside for good."""
    found = get_object_or_404(receiving.visible(request.user), pk=pk)
    try:
        receiving.drop(found)
    except pages.REFUSALS as error:
        pages.tell_refusal(request, error)
        return redirect("message", pk)
    messages.success(request, _("The message is dropped; it stays in the list."))
    return redirect("messages")
