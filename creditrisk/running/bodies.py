"""How much may be sent at once: more than any form takes is refused by what its head says, before any of it is read."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

MEGABYTE = 1024 * 1024
# Five files of evidence of 10 MB are the most that a form takes; what is typed beside them has room.
MOST = 53 * MEGABYTE


def bounded(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer what is too large, or does not say how large it is (middleware; stands before whatever reads a body)."""

    def respond(request: HttpRequest) -> HttpResponse:
        said = request.META.get("CONTENT_LENGTH") or ""
        if not said and "HTTP_TRANSFER_ENCODING" in request.META:
            return _refused(request, 411, _("What was sent does not say how large it is, so it was not read."))
        if said.isascii() and said.isdigit() and (len(said) > 18 or int(said) > MOST):
            most = {"most": MOST // MEGABYTE}
            return _refused(request, 413, _("What was sent is larger than %(most)d MB, so it was not read.") % most)
        return get_response(request)

    return respond


def _refused(request: HttpRequest, status: int, sentence: str) -> HttpResponse:
    if "HX-Request" in request.headers:
        return HttpResponse(sentence, status=status, content_type="text/plain; charset=utf-8")
    return render(request, "413.html", {"code": status, "sentence": sentence}, status=status)
