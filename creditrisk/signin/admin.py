"""Sign-ins to look at, and what an administrator takes away from a person: a second factor that is lost, a directory's account.

What the library would have edited besides (addresses, tokens, secrets) has no page: the environment and people's pages say it.
"""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.http import HttpRequest

from creditrisk.backoffice import ReadOnly, administers
from creditrisk.signin.models import Attempt

for model in (Authenticator, EmailAddress, SocialAccount, SocialApp, SocialToken):
    admin.site.unregister(model)


@admin.register(Attempt)
class AttemptAdmin(ReadOnly):
    list_display = ("at", "outcome", "user", "typed", "address")
    list_filter = ("outcome", "at")
    list_select_related = ("user",)
    search_fields = ("typed", "user__username", "address")
    ordering = ("-id",)


class Taken(ReadOnly):
    """What a person set up: looked at, and taken away."""

    list_select_related = ("user",)
    search_fields = ("user__username",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return administers(request)


@admin.register(Authenticator)
class AuthenticatorAdmin(Taken):
    list_display = ("user", "type", "created_at", "last_used_at")
    fields = ("user", "type", "created_at", "last_used_at")
    ordering = ("user__username", "type")


@admin.register(SocialAccount)
class SocialAccountAdmin(Taken):
    list_display = ("user", "provider", "uid", "last_login")
    fields = ("user", "provider", "uid", "last_login", "date_joined")
    ordering = ("user__username",)
