"""The list of sign-ins, for administrators and auditors."""

from django.contrib import admin

from creditrisk.backoffice import ReadOnly
from creditrisk.signin.models import Attempt


@admin.register(Attempt)
class AttemptAdmin(ReadOnly):
    list_display = ("at", "outcome", "user", "typed", "address")
    list_filter = ("outcome", "at")
    list_select_related = ("user",)
    search_fields = ("typed", "user__username", "address")
    ordering = ("-id",)
