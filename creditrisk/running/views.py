"""What programs and administrators ask of a running installation, and the page for when something broke."""

import sys
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views import defaults
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from creditrisk.roles import door
from creditrisk.running import state
from creditrisk.running.away import trouble
from creditrisk.running.models import SetAside

SHOWN = 50
RETRY = 10  # Seconds after which the page for a database that is away asks again.
STATUS = {"ok": "ready", "degraded": "degraded", "down": "not ready"}


@never_cache
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Say that this process answers; nothing else is asked."""
    return JsonResponse({"status": "alive"})


@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Say how every part is; 503 where nobody can work. Open to all, so it names neither places nor errors."""
    with translation.override("en"):
        parts = state.look(now=timezone.now())
    worst = state.worst(parts)
    told = {part.code: {"status": part.state, "says": part.sentence} for part in parts}
    return JsonResponse({"status": STATUS[worst], "parts": told}, status=503 if worst == "down" else 200)


def probed(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer the two questions before sessions, hosts and TLS are looked at (middleware; stands first).

    Whoever probes comes by an address of the inner network, in plain HTTP, and must be answered without a database.
    """
    probes = {"/health/": health, "/ready/": ready}

    def respond(request: HttpRequest) -> HttpResponse:
        probe = probes.get(request.path_info)
        return probe(request) if probe else get_response(request)

    return respond


@door("view_running")
@require_safe
def running(request: HttpRequest) -> HttpResponse:
    """Tell the administrator whether everything runs, and what was set aside."""
    parts, names = state.look(now=timezone.now()), state.names()
    rows = [(names[part.code], part) for part in parts]
    aside = SetAside.objects.order_by("-last_at")[:SHOWN]
    return render(request, "running/running.html", {"rows": rows, "worst": state.worst(parts), "aside": aside})


def broken(request: HttpRequest) -> HttpResponse:
    """Say that something broke (500) or, where the database is away or full, that it will be back (503)."""
    if (why := trouble(sys.exc_info()[1])) is None:
        return defaults.server_error(request)
    # What the reader chose lies in the database, if it was not read before; what a thread spoke last is somebody else's.
    language = getattr(request, "LANGUAGE_CODE", None) or translation.get_language_from_request(request)
    with translation.override(language):
        told = {"why": why, "asks": request.method in {"GET", "HEAD"}, "retry": RETRY}
        response = render(None, "503.html", told, status=503)
    response["Retry-After"] = str(RETRY)
    response["Content-Language"] = language
    return response
