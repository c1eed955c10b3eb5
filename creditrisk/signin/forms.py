"""The questions for a code of the second factor; whom the count of failures keeps out is noted."""

from collections.abc import Callable
from typing import Any

from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from django.core.exceptions import ValidationError

from creditrisk.signin import attempts


class Code(AuthenticateForm):
    """A code, after the password."""

    def clean_code(self) -> str:
        return _noted(self.user, super().clean_code)


class CodeAgain(ReauthenticateForm):
    """A code of somebody who is logged in, before something that wants care."""

    def clean_code(self) -> str:
        return _noted(self.user, super().clean_code)


def _noted(user: Any, clean: Callable[[], str]) -> str:
    try:
        return clean()
    except ValidationError as error:
        if error.code == "too_many_login_attempts":
            attempts.locked_out(context.request, user=user)
        raise
