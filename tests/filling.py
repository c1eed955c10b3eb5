"""Every form that can be filled in: the pages', the administration's, and those that stand before the doors."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import resolve, reverse

from tests.cast import PEOPLE
from tests.creditrisk.signin.test_signing_in import code_of
from tests.doors import DOORS_OF_PAGES
from tests.forms import Form, forms_of
from tests.scene import Scene

# Doors whose form is a button alone, or stands in the page only where there is more than the scene has.
NO_FORM = {
    "absence_end", "alerts_seen", "bank_book_sure", "bank_match", "document_close", "document_deliver", "document_issue",
    "document_pick", "document_post", "document_return", "document_reverse", "effect_collect", "effects_present", "evaluation_again",
    "evaluations_retry", "hold_ask_release", "hold_delegate", "hold_force", "hold_send_back", "hold_take", "hold_withdraw",
    "holds_decide", "insight_try", "item_allocate", "item_discount", "item_reverse", "item_undo", "item_write_off", "journal_add_file",
    "journal_add_hand", "journal_add_selection", "journal_decide", "journal_lines", "journal_post", "journal_send", "journal_withdraw",
    "limit_request_delegate", "limit_request_reject", "limit_request_send_back", "limit_request_withdraw", "list_view_drop",
    "list_view_first", "list_views", "message_again", "message_assign", "message_drop", "notices_decide", "policy_activate",
    "policy_discard", "policy_restore", "quality_look", "recompute", "report_again", "stop_end", "trail_verify",
}  # fmt: skip
# Before the doors, what has nothing to fill in.
OPEN_WITHOUT_FORM = {
    "account_inactive", "account_logout", "account_reset_password_done", "account_reset_password_from_key_done", "health",
    "mfa_deactivate_totp", "mfa_download_recovery_codes", "mfa_generate_recovery_codes", "mfa_index", "mfa_view_recovery_codes", "openid_connect_callback",
    "openid_connect_login", "ready", "socialaccount_login_cancelled", "socialaccount_login_error",
}  # fmt: skip


@dataclass
class Filled:
    """A form, who fills it in, and the page's name; what comes of it is taken back where the next ones would miss it."""

    client: Client
    form: Form
    page: str
    taken_back: bool = True


_found: dict[str, list[tuple[str, Form, str]]] = {}  # By the database on which they were found: a scene is set once.


def forms_open_to(scene: Scene) -> list[Filled]:
    """Return every form that a page or the administration has, once a page and set of fields, filled by the manager where that role may."""
    name = connection.settings_dict["NAME"]
    if name not in _found:
        _found[name] = [*_of_pages(scene), *_of_administration(scene)]
    clients = {person: scene.client(person, raise_request_exception=False) for person in PEOPLE}
    return [Filled(clients[who], form, page, page.startswith("admin:")) for who, form, page in _found[name]]


def called(address: str) -> str:
    """Return the name of the page at an address."""
    return resolve(urlsplit(address).path).view_name


def who_may(roles: set[str]) -> str:
    return "dario" if PEOPLE["dario"] in roles else next(p for p, role in PEOPLE.items() if role in roles)


def _of_pages(scene: Scene) -> list[tuple[str, Form, str]]:
    found: dict[tuple[str, ...], tuple[str, Form, str]] = {}
    clients = {person: scene.client(person) for person in PEOPLE}
    for name, (methods, roles) in DOORS_OF_PAGES.items():
        if "GET" not in methods:
            continue
        person = who_may(roles)
        address = reverse(name, args=scene.arguments.get(name, []))
        if name in ("delivery_from", "invoice_from"):
            address += f"?source={scene.arguments['hold_force'][0]}"
        for form in forms_of(clients[person], address):
            page = called(form.action)
            found.setdefault((page, form.method, *sorted(form.fields)), (person, form, page))
    return list(found.values())


def administered() -> Iterator[tuple[str, Any, Any]]:
    """Return every table of the administration: the name of its pages, the page, and a row where there is one."""
    for model, page in admin.site._registry.items():
        yield (
            f"admin:{model._meta.app_label}_{model._meta.model_name}",
            page,
            model._default_manager.order_by("pk").first(),
        )


def pages_of_administration(scene: Scene) -> Iterator[tuple[str, str, str, bool]]:
    """Return name and address of every page there that should have a form for an administrator, and whether it sends one."""
    request = RequestFactory().get("/admin/")
    request.user = scene.cast.ada.user
    for name, page, row in administered():
        yield f"{name}_changelist", reverse(f"{name}_changelist"), "get", bool(page.get_search_fields(request))
        if page.has_add_permission(request):
            yield f"{name}_add", reverse(f"{name}_add"), "post", True
        if row is None:
            continue
        if page.has_change_permission(request):
            yield f"{name}_change", reverse(f"{name}_change", args=[row.pk]), "post", True
        if page.has_delete_permission(request):
            yield f"{name}_delete", reverse(f"{name}_delete", args=[row.pk]), "post", False
    yield (
        "admin:auth_user_password_change",
        reverse("admin:auth_user_password_change", args=[scene.cast.sara.user.pk]),
        "post",
        True,
    )
    yield "admin:password_change", reverse("admin:password_change"), "post", True


def _of_administration(scene: Scene) -> list[tuple[str, Form, str]]:
    client, request = scene.client("ada"), RequestFactory().get("/admin/")
    request.user = scene.cast.ada.user
    found = []
    for name, address, _method, _has in pages_of_administration(scene):
        found += [("ada", form, name) for form in forms_of(client, address) if called(form.action) == name]
    for name, page, row in administered():
        address = reverse(f"{name}_changelist")
        asked = {key for query in re.findall(r'href="\?([^"]*)"', client.get(address).content.decode())
                 for key, _value in parse_qsl(unescape(query), keep_blank_values=True)}  # fmt: skip
        found.append(
            (
                "ada",
                Form(address, "get", dict.fromkeys(sorted({*asked, "q", "o", "p", "e"}), "")),
                f"{name}_filters",
            )
        )
        for action in page.get_actions(request):
            ticked = {ACTION_CHECKBOX_NAME: str(row.pk) if row else "1", "select_across": "0", "index": "0"}
            found.append(("ada", Form(address, "post", ticked, {"action": action}), f"{name}_actions"))
    for name, page, _row in administered():
        for field in page.get_autocomplete_fields(request):
            app, _sep, model = name.removeprefix("admin:").partition("_")
            named = {"app_label": app, "model_name": model, "field_name": field}
            found.append(
                ("ada", Form(reverse("admin:autocomplete"), "get", {"term": "", "page": ""}, named), f"{name}_search")
            )
    return found


def open_forms(scene: Scene) -> list[Filled]:
    """Return the forms that stand before the doors: signing in, a password that is forgotten, one's own, the second factor."""

    def came_in(name: str, secret: str = "") -> Client:
        client = Client(raise_request_exception=False)
        client.post(reverse("account_login"), {"login": name, "password": "demo"})
        if secret:
            client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
        client.post(reverse("account_reauthenticate"), {"password": "demo"})
        return client

    secrets = {name: generate_totp_secret() for name in ("fiona", "guido")}
    for name, secret in secrets.items():
        TOTP.activate(getattr(scene.cast, name).user, secret)
    dario = User.objects.get(username="dario")
    key = [user_pk_to_url_str(dario), default_token_generator.make_token(dario)]
    nobody, forgetful = Client(raise_request_exception=False), Client(raise_request_exception=False)
    forgotten = forgetful.get(reverse("account_reset_password_from_key", args=key)).headers["Location"]
    places = [
        (nobody, reverse("account_login")), (nobody, reverse("account_reset_password")), (forgetful, forgotten),
        (came_in("guido"), reverse("mfa_authenticate")),
        *((came_in("sara"), reverse(name)) for name in ("account_change_password", "account_reauthenticate", "mfa_activate_totp")),
    ]  # fmt: skip
    fiona = came_in("fiona", secrets["fiona"])
    places += [
        (fiona, reverse(name)) for name in ("mfa_reauthenticate", "mfa_deactivate_totp", "mfa_generate_recovery_codes")
    ]
    return [
        Filled(client, form, called(form.action)) for client, address in places for form in forms_of(client, address)
    ]
