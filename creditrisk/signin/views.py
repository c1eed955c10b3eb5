"""The way to the directory and back, where the directory may not answer, and to a new password, where no link can be sent."""

import logging
from collections.abc import Callable
from functools import wraps

import requests
from allauth.account import views as account
from allauth.socialaccount.providers.openid_connect import views as openid
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from creditrisk.signin.adapters import SIGNING_IN

logger = logging.getLogger(__name__)


def _answered(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let a page say that the directory does not answer, instead of failing with it."""

    @wraps(view)
    def respond(request: HttpRequest, provider_id: str) -> HttpResponse:
        try:
            return view(request, provider_id)
        except requests.RequestException as error:
            logger.warning("The directory does not answer: %s", error)
            said = {
                "sentence": _("The directory does not answer. Try again in a minute, or log in with your password.")
            }
            return render(request, "account/closed.html", said, status=503)

    return respond


def _for_signing_in(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answer 404 to whoever asks for more than to be signed in: nobody ties an account to a person by themselves."""

    @wraps(view)
    def respond(request: HttpRequest, provider_id: str) -> HttpResponse:
        if {*request.GET.getlist("process"), *request.POST.getlist("process")} - {SIGNING_IN}:
            raise Http404
        return view(request, provider_id)

    return respond


login, callback = _for_signing_in(_answered(openid.login)), _answered(openid.callback)


def forgotten(request: HttpRequest) -> HttpResponse:
    """Send a link to a new password; where the product was not told its own address, say so to everybody alike."""
    if not settings.SITE_URL:
        said = {"sentence": _("No link can be sent from here. Ask the administrator for a new password.")}
        return render(request, "account/closed.html", said, status=503)
    page: HttpResponse = account.password_reset(request)
    return page
