"""The one button that changes the language."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from creditrisk import pages
from creditrisk.preferences import spoken


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Answer in another language from now on; whoever is logged in finds it again at the next login."""
    response = pages.back(request, "start")
    if (wanted := request.POST.get("language", "")) not in dict(settings.LANGUAGES):
        messages.error(request, _("This language is not spoken here. Nothing was changed."))
        return response
    if request.user.is_authenticated:
        spoken.choose(request.user, wanted)
        request.session[spoken.IN_SESSION] = wanted
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        wanted,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response
