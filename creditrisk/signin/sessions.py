"""How long somebody is let in: so many hours from the moment of signing in, however much the session is used."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.base_session import AbstractBaseSession
from django.http import HttpRequest
from django.utils import timezone

BEGAN = "began"


def begin(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """Count a session's hours from now: somebody signed in."""
    request.session[BEGAN] = _now()


class SessionStore(db.SessionStore):
    """A session in the database whose end stands once it began; Django's would move it on with every save.

    One that says no beginning (nobody signed in yet, or it is of an earlier version) begins when it is saved.
    """

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        data.setdefault(BEGAN, _now())
        return super().create_model_instance(data)

    def get_expiry_date(self, **kwargs: Any) -> datetime:
        end = super().get_expiry_date(**kwargs)
        if BEGAN not in self:
            return end
        return min(end, datetime.fromisoformat(self[BEGAN]) + timedelta(seconds=self.get_session_cookie_age()))


def _now() -> str:
    return timezone.now().isoformat()  # noqa: TID251  signing in is a front door
