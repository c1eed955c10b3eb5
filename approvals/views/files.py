"""Files of evidence: adding them to a request, and downloading one, never shown in place."""

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from approvals import attachments, limit_queries, queries
from approvals.attachment_forms import AttachForm
from approvals.models import Attachment
from creditrisk import pages
from creditrisk.roles import Actor, door


@door("view_requests")
@require_safe
def download(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand out one file, to whoever may see the request or the hold that it belongs to; 404 to others."""
    mine = Q(request_event__request__in=limit_queries.visible(request.user).values("pk")) | Q(
        hold_event__hold__in=queries.visible(request.user).values("pk")
    )
    found = get_object_or_404(Attachment.objects.filter(mine), pk=pk)
    response = HttpResponse(bytes(found.content), content_type=found.content_type)
    response.headers["Content-Disposition"] = content_disposition_header(True, found.name) or "attachment"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, no-store"
    return response


@door("ask_limit")
@require_POST
def attach(request: HttpRequest, pk: int) -> HttpResponse:
    """Add evidence to a limit request."""
    found = limit_queries.one(request.user, pk)
    form = AttachForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            attachments.add(
                found, form.cleaned_data["files"], by=Actor.of(request), now=timezone.now(),
                note=form.cleaned_data["note"],
            )  # fmt: skip
        except pages.REFUSALS as error:
            pages.tell_refusal(request, error)
        else:
            messages.success(request, _("The evidence is kept with the request."))
    else:
        messages.error(request, " ".join(e for errors in form.errors.values() for e in errors))
    return redirect("limit_request", pk)
