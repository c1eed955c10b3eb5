"""The product's addresses, where what is refused or not there is told in one sentence.

Both pages are the same for every address. Drawing them a thousand times was a fifth of the time of the tests that ask
for nothing but their status; how they look is tested by itself.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseNotFound

from creditrisk.urls import handler500, urlpatterns

__all__ = ["handler403", "handler404", "handler500", "urlpatterns"]


def handler403(request: HttpRequest, exception: Any) -> HttpResponse:
    """Say why somebody may not pass."""
    return HttpResponseForbidden(str(exception))


def handler404(request: HttpRequest, exception: Any) -> HttpResponse:
    """Say that nothing is there."""
    return HttpResponseNotFound("nothing")
