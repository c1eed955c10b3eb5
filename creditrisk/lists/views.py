"""The views of a list: keep the one at hand under a name, share it, let the list open with it, forget it."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from creditrisk import pages
from creditrisk.forms import refuse
from creditrisk.lists import listing, saved
from creditrisk.lists.forms import ViewForm
from creditrisk.roles import door, may


def _place(request: HttpRequest, at: str) -> tuple[str, str, str]:
    """Return the name of the list at an address of ours, its path and its query; 404 where it is none that one may open."""
    try:
        parts = urlsplit(at)
        found = resolve(parts.path)
    except (Resolver404, ValueError) as error:
        raise Http404 from error
    opens = getattr(found.func, "door", None)
    if parts.netloc or opens is None or not may(request.user, opens):
        raise Http404
    return found.view_name, parts.path, listing.query_of(parts.query)


@door("view_start")
@require_http_methods(["GET", "POST"])
def views(request: HttpRequest) -> HttpResponse:
    """Keep the view that the address `at` says, and see those that are there."""
    source: Any = request.POST if request.method == "POST" else request.GET
    name, path, query = _place(request, source.get("at", ""))
    form = ViewForm(request.POST if request.method == "POST" else None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            made = saved.keep(request.user, name, query=query, now=timezone.now(), **form.cleaned_data)
        except pages.REFUSALS as error:
            refuse(form, error)
        else:
            messages.success(request, _("The view “%(name)s” is kept.") % {"name": made.name})
            return redirect(listing.address(path, made))
    kept = [(view, listing.address(path, view)) for view in saved.of_list(request.user, name)]
    context = {
        "form": form, "at": f"{path}?{query}" if query else path, "path": path, "kept": kept, "says": listing.said(query),
    }  # fmt: skip
    return render(request, "lists/views.html", context, status=422 if form.errors else None)


@door("view_start")
@require_POST
def first(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a list open with this view; with `plain` as everybody sees it."""
    view = get_object_or_404(saved.visible(request.user), pk=pk)
    if "plain" in request.POST:
        saved.open_plain(request.user, view.list_name)
    else:
        saved.open_first(request.user, view)
    return pages.back(request, "start")


@door("view_start")
@require_POST
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a view."""
    view = get_object_or_404(saved.visible(request.user).select_related("owner"), pk=pk)
    try:
        saved.drop(request.user, view)
    except pages.REFUSALS as error:
        pages.tell_refusal(request, error)
    else:
        messages.success(request, _("The view “%(name)s” is gone.") % {"name": view.name})
    return pages.back(request, "start")
