"""Notes of who came in, left or was turned away, for whoever looks into it afterwards."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from creditrisk.roles import address_of
from creditrisk.signin.models import Attempt

NAME_MAX = 150


def entered(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """Note that somebody came in."""
    _note(Attempt.Outcome.ENTERED, request, user=user)


def left(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """Note that somebody left; nobody leaves twice."""
    if user is not None:
        _note(Attempt.Outcome.LEFT, request, user=user)


def refused(credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    """Note that a name and a password did not fit."""
    _note(Attempt.Outcome.REFUSED, request, typed=_typed(credentials))


def wrong_code(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """Note that somebody had the password, and a code of the second factor that did not fit."""
    _note(Attempt.Outcome.WRONG_CODE, request, user=user)


def locked_out(request: HttpRequest, credentials: dict[str, Any] | None = None, *, user: Any = None) -> None:
    """Note that too many failures went before, so that nothing was looked at."""
    _note(Attempt.Outcome.LOCKED_OUT, request, typed=_typed(credentials or {}), user=user)


def _typed(credentials: dict[str, Any]) -> str:
    return str(credentials.get("username", ""))[:NAME_MAX].replace("\0", "")


def _note(outcome: str, request: HttpRequest | None, **who: Any) -> None:
    now = timezone.now()  # noqa: TID251  signing in is a front door
    address = address_of(request) if request is not None and "REMOTE_ADDR" in request.META else ""
    Attempt.objects.create(outcome=outcome, address=address, at=now, **who)
