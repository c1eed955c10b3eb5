"""What the house asks of the library behind the login: nobody signs up, and a directory lets in only whom we know."""

import smtplib
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from creditrisk.pages import is_ours
from creditrisk.signin import attempts

SIGNING_IN = "login"  # What the library calls the one thing that the directory is asked for.


@dataclass(frozen=True)
class Site:
    """What mails call the product, and where it is: as the environment says, not as a request claims."""

    name: str
    domain: str


class Accounts(DefaultAccountAdapter):
    """Administrators make people; the page of signing up says so."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return False: nobody makes an account for themselves."""
        return False

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Return under what failures are counted: the name alone. The library adds the host, which a request chooses."""
        return str(credentials.get("username") or credentials.get("email", "")).lower()

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Refuse whom the count of failures keeps out, and note it."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            attempts.locked_out(request, credentials)
            raise

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send one mail now; where the mail server does not answer, say so instead of failing."""
        site = Site(_("Credit control"), urlsplit(settings.SITE_URL).netloc)
        try:
            super().send_mail(template_prefix, email, {**context, "current_site": site})
        except (OSError, smtplib.SMTPException) as error:
            said = {
                "sentence": _(
                    "The mail could not be sent just now. Try again in a few minutes, or ask the administrator."
                )
            }
            raise ImmediateHttpResponse(render(self.request, "account/closed.html", said, status=503)) from error

    def is_safe_url(self, url: str) -> bool:
        """Return whether a way on is a page of ours; the library would follow names of pages and endless addresses too."""
        return is_ours(url)

    def format_email_subject(self, subject: str) -> str:
        """Return the subject as it is: the library would put the name in front by which a request called us."""
        return str(subject)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return the link to setting a password anew; it leads to where the environment says that we are."""
        path = reverse("account_reset_password_from_key", args=["UID", "KEY"])
        return settings.SITE_URL + path.replace("UID-KEY", quote(key))


class Directory(DefaultSocialAccountAdapter):
    """Single sign-on: the address that the directory has verified is that of exactly one active person here."""

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Tie an account that is new here to whom it names; answer 404 to who comes back for anything but to be signed in.

        The library would tie it too, and take the password away. Here an administrator made the person, with the address
        and the password, which is needed where the directory is away.
        """
        if sociallogin.state.get("process") != SIGNING_IN:
            raise Http404
        if not sociallogin.is_existing and (person := self._named(sociallogin)):
            sociallogin.connect(request, person)

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Never: say whom the administrator would have to make."""
        said = {
            "sentence": _("Nobody here has the address %(address)s. Ask the administrator to enter it with your name.")
            % {"address": sociallogin.user.email or "–"}
        }
        raise ImmediateHttpResponse(render(request, "account/closed.html", said, status=403))

    def _named(self, sociallogin: Any) -> User | None:
        """Return whom a verified address belongs to; None where it is nobody's, or several people's."""
        for found in sociallogin.email_addresses:
            people = list(User.objects.filter(email__iexact=found.email, is_active=True)[:2])
            if found.verified and len(people) == 1:
                return people[0]
        return None
