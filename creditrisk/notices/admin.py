"""Webhooks are the administrator's: where they are, what they hear of, their key, and whether they answer."""

import json
import uuid
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from creditrisk.backoffice import Reference, administers
from creditrisk.notices import calling
from creditrisk.notices.addresses import Unreachable
from creditrisk.notices.models import Endpoint, kind_choices, new_secret


class EndpointForm(forms.ModelForm):
    kinds = forms.MultipleChoiceField(
        label=_("Kinds of alert"), choices=kind_choices, required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: all."),
    )  # fmt: skip


@admin.register(Endpoint)
class EndpointAdmin(Reference):
    """Another program that hears of alerts."""

    form = EndpointForm
    list_display = ("name", "url", "company", "active")
    list_select_related = ("company",)
    fields = ("name", "url", "company", "kinds", "language", "active", "key")
    readonly_fields = ("key",)
    actions = ("try_them", "renew_keys")

    @admin.display(description=_("key for checking signatures"))
    def key(self, endpoint: Endpoint) -> str:
        return endpoint.secret if endpoint.pk else "–"

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The key is for those who may change it: with it calls can be forged."""
        fields = super().get_fields(request, obj)
        return fields if administers(request) else [name for name in fields if name != "key"]

    @admin.action(description=_("Try them now"), permissions=["change"])
    def try_them(self, request: HttpRequest, endpoints: QuerySet[Endpoint]) -> None:
        now = timezone.now()  # noqa: TID251 - a front door
        for endpoint in endpoints:
            body = json.dumps({"type": "test", "timestamp": now.isoformat(), "data": {}}).encode()
            sent = calling.headers(str(uuid.uuid4()), body, secret=endpoint.secret, now=now)
            try:
                calling.call(endpoint.url, body, sent)
            except Unreachable as error:
                self.message_user(request, f"{endpoint}: {error}", messages.ERROR)
            else:
                self.message_user(request, _("%(name)s answered.") % {"name": endpoint})

    @admin.action(description=_("Give them new keys"), permissions=["change"])
    def renew_keys(self, request: HttpRequest, endpoints: QuerySet[Endpoint]) -> None:
        for endpoint in endpoints:
            endpoint.secret = new_secret()
            endpoint.save(update_fields=["secret"])
        self.message_user(request, _("They have new keys; tell the other side."))
