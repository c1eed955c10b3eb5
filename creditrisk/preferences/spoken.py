"""Which language somebody reads: what they chose, else what their browser prefers, else the installation's."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers

from creditrisk.preferences.models import Preference

IN_SESSION = "language"  # the choice of whoever is logged in, read once a login; None where none was made


def language_of(user: Any) -> str:
    """Return the language in which to write to somebody who is not here."""
    return _chosen(user) or settings.LANGUAGE_CODE


def languages_of(user_ids: list[int]) -> dict[int, str]:
    """Return the language of each of these people; one query."""
    chosen = dict(Preference.objects.filter(user_id__in=user_ids).values_list("user_id", "language"))
    return {user_id: chosen.get(user_id, settings.LANGUAGE_CODE) for user_id in user_ids}


def choose(user: Any, language: str) -> None:
    """Keep what somebody chose."""
    Preference.objects.update_or_create(user_id=user.pk, defaults={"language": language})


def remember(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """Take the choice of somebody who logs in, in whatever way, into the session."""
    request.session[IN_SESSION] = _chosen(user)


def _chosen(user: Any) -> str | None:
    return Preference.objects.filter(user_id=user.pk).values_list("language", flat=True).first()


def speaking(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer each request in its reader's language (middleware; stands after sessions)."""

    def respond(request: HttpRequest) -> HttpResponse:
        language = request.session.get(IN_SESSION) or translation.get_language_from_request(request)
        translation.activate(language)  # not given back: what is streamed is written after this function
        request.LANGUAGE_CODE = language
        response = get_response(request)
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, ("Accept-Language",))
        return response

    return respond
