"""More in a body than the form asks: columns of the model, roles, who did it. Nothing of it counts, and no `next` leads away."""

import uuid
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.forms.models import model_to_dict
from django.test import RequestFactory
from django.urls import reverse

from approvals.models import Hold, LimitRequest, Release
from creditrisk.reports.models import Report
from documents.models import Document
from ledger.models import Effect, OpenItem
from tests.cast import PEOPLE
from tests.documents.test_views import typed
from tests.doors import DOORS_OF_PAGES, OWN
from tests.pages import as_user
from tests.scene import Scene
from tests.test_foreign_objects import SOON, TODAY, Stage, stage, token

__all__ = ["stage"]

SOMEBODY = "1"
# What columns are called that a person may not set, each with something that it would take.
BESIDE = {
    "id": "777777", "pk": "777777", "state": "POSTED", "status": "POSTED", "company_id": SOMEBODY, "customer_id": SOMEBODY,
    "entered_by": SOMEBODY, "entered_by_id": SOMEBODY, "made_by": SOMEBODY, "made_by_id": SOMEBODY, "created_by": SOMEBODY,
    "released_by": SOMEBODY, "released_by_id": SOMEBODY, "released_at": "2020-01-01", "requested_by": SOMEBODY, "asked_by": SOMEBODY,
    "approved_by": SOMEBODY, "granted_by": SOMEBODY, "total": "0.01", "open_amount": "0.01", "weight": "0", "exposure": "0",
    "channel": "system", "source_key": "stolen", "on_behalf_of": "dario", "by": SOMEBODY, "user": SOMEBODY, "user_id": SOMEBODY,
    "is_superuser": "1", "is_staff": "1", "is_active": "0", "groups": SOMEBODY, "role": "finance_director", "roles": "admin",
    "username": "root", "email": "evil@example.com", "password": "x", "up_to": "9999999", "cap": "9999999", "authority": "9999999",
    "four_eyes": "0", "confirmed_at": "2020-01-01", "posted_at": "2020-01-01", "decided_at": "2020-01-01", "level": "9",
    "number_given": "1", "starts_at": "2000-01-01", "made_at": "2000-01-01", "booked_on": "2000-01-01", "kind_": "X",
}  # fmt: skip
# What differs between two of the same, whoever made them.
OWN_MARKS = {"id", "key", "token", "source_key", "number", "reference", "sequence"}


def told(row: Model) -> dict[str, Any]:
    """Return every column of a row but those that two rows of the same never share."""
    return {f.attname: str(getattr(row, f.attname)) for f in row._meta.concrete_fields
            if f.name not in OWN_MARKS and not f.name.endswith("_at")}  # fmt: skip


def newest(model: type[Model]) -> Model:
    return model._default_manager.order_by("-pk")[0]


# Each makes one row from a form as it stands; the second time with everything beside it.
MADE: dict[str, tuple[str, str, type[Model], Callable[[Stage], dict[str, Any]]]] = {
    "order": ("order_new", "sara", Document, lambda s: typed(customer="OWNED")),
    "payment": ("payment_new", "carla", OpenItem, lambda s: token(
        customer="OWNED", amount="5", day=TODAY.isoformat(), allocation="later")),
    "item": ("item_new", "carla", OpenItem, lambda s: token(
        customer="OWNED", reference=uuid.uuid4().hex[:9], amount="5", kind="INVOICE", due=SOON, day=TODAY.isoformat())),
    "effect": ("effect_new", "carla", Effect, lambda s: token(
        customer="OWNED", kind="RIBA", due=SOON, amount="5", items=[s.own.item.pk])),
    "report": ("report_new", "dario", Report, lambda s: {
        "name": uuid.uuid4().hex, "what": "PORTFOLIO", "company": s.own.company.pk, "language": "en", "grain": "MONTH", "periods": "12",
        "largest": "10", "grace": "7", "every": "WEEK", "weekday": "1", "hour": "7", "addresses": "a@example.com"}),
}  # fmt: skip


def test_what_is_made_is_the_forms_alone(stage: Stage) -> None:
    for name, (door, person, model, body) in MADE.items():
        client, rows = as_user(getattr(stage.cast, person).user), []
        for beside in ({}, BESIDE):
            many = model._default_manager.count()
            own = body(stage)
            answer = client.post(reverse(door), {**{k: v for k, v in beside.items() if k not in own}, **own})
            assert answer.status_code == 302, (name, answer.status_code)
            assert model._default_manager.count() == many + 1, name
            rows.append(told(newest(model)))

        plain, stuffed = rows
        assert {k: (plain[k], stuffed[k]) for k in plain if plain[k] != stuffed[k] and k != "name"} == {}, name


def test_a_release_and_a_request_are_whose_they_are(stage: Stage) -> None:
    carla, sara = as_user(stage.cast.dario.user), as_user(stage.cast.sara.user)
    hold = stage.own.hold
    page = carla.get(reverse("hold", args=[hold.pk]))
    release = {k: v for k, v in page.context["release_form"].initial.items() if v is not None}

    sara.post(reverse("limit_request_change", args=[LimitRequest.objects.get().pk]), {
        **BESIDE, "state": "AMOUNT", "amount": "21000", "kind": "BASE", "reason": "r", "token": uuid.uuid4().hex})  # fmt: skip
    carla.post(reverse("hold_release", args=[hold.pk]), {**BESIDE, **release, "reason": "good payer", "note": "n"})

    asked = LimitRequest.objects.get()
    assert (asked.customer_id, asked.requested_by_id) == (stage.own.customer.pk, stage.cast.sara.user.pk)
    assert asked.state != "APPROVED"
    for made in Release.objects.all():
        assert made.released_by_id == stage.cast.dario.user.pk
    assert Hold.objects.get(pk=hold.pk).document.entered_by_id == stage.cast.sara.user.pk


def test_nobody_gives_themselves_a_role(scene: Scene) -> None:
    """Every address that a person has for themselves, and every other that they may post to."""
    Group.objects.get_or_create(name="admin")
    rights = {
        **BESIDE,
        "groups": [g.pk for g in Group.objects.all()],
        "user_permissions": "1",
        "company_access": "",
        "first_name": "x",
    }
    before = {
        user.pk: (model_to_dict(user), sorted(user.groups.values_list("name", flat=True)))
        for user in User.objects.all()
    }

    clients = {person: scene.client(person) for person in PEOPLE}
    for name, (methods, roles) in DOORS_OF_PAGES.items():
        if "POST" not in methods or name in OWN:
            continue
        person = next(p for p, role in PEOPLE.items() if role in roles)
        clients[person].post(reverse(name, args=scene.arguments.get(name, [])), rights)
    for name in ("account_change_password", "mfa_activate_totp", "language", "account_reauthenticate"):
        as_user(scene.cast.sara.user).post(reverse(name), {**rights, "language": "it"})

    for user in User.objects.all():
        data, groups = before[user.pk]
        now = {**model_to_dict(user), "last_login": data["last_login"], "groups": data["groups"]}
        assert (now, sorted(user.groups.values_list("name", flat=True))) == (data, groups), user


def forms_of_models() -> list[type[forms.ModelForm]]:
    def below(kind: type) -> list[type]:
        return [kind, *(found for sub in kind.__subclasses__() for found in below(sub))]

    ours = ("approvals", "creditrisk", "customers", "documents", "ledger")
    return [form for form in below(forms.ModelForm) if form.__module__.split(".")[0] in ours]


def test_every_form_of_a_model_says_its_fields() -> None:
    for form in forms_of_models():
        fields = getattr(form._meta, "fields", None)
        if form._meta.model is not None and not form.__module__.endswith(
            ("policy.forms", "customers.admin", "notices.admin")
        ):
            assert fields and fields != forms.ALL_FIELDS, form


def test_what_the_administration_shows_only_it_does_not_take(scene: Scene) -> None:
    """Whoever may not change a table there gets 403 for a body, whatever is in it; the auditor everywhere."""
    request = RequestFactory().get("/admin/")
    request.user = scene.cast.ada.user
    guido = User.objects.get(username="guido")
    User.objects.filter(pk=guido.pk).update(is_staff=True)
    client, ada = as_user(User.objects.get(pk=guido.pk)), as_user(scene.cast.ada.user)
    many = {}

    for model, page in admin.site._registry.items():
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")
        many[model] = model._default_manager.count()
        assert client.post(address, BESIDE).status_code == 403, model
        if not page.has_add_permission(request):
            assert ada.post(address, BESIDE).status_code == 403, model
        row = model._default_manager.first()
        if row is not None:
            change = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[row.pk])
            assert client.post(change, BESIDE).status_code == 403, model
            assert client.post(change.replace("change", "delete"), {"post": "yes"}).status_code == 403, model

    assert {m: m._default_manager.count() for m in many if m.__name__ != "LogEntry"} == {
        m: n for m, n in many.items() if m.__name__ != "LogEntry"
    }


AWAY = [
    "https://evil.example/", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https:evil.example",
    "http:///evil.example", "javascript:alert(1)", "data:text/html,x", "\thttps://evil.example", "\x08//evil.example",
    "https://testserver@evil.example/", "https://testserver.evil.example/", "/%0d%0aLocation:https://evil.example", "//[::1",
]  # fmt: skip


def test_no_next_leads_away(scene: Scene) -> None:
    clients = {person: scene.client(person) for person in PEOPLE}
    led = []

    for at, (name, (methods, roles)) in enumerate(DOORS_OF_PAGES.items()):
        if "POST" not in methods:
            continue
        client = clients[next(p for p, role in PEOPLE.items() if role in roles)]
        for target in (AWAY[at % len(AWAY)], AWAY[(at * 7 + 3) % len(AWAY)]):
            led += _led(client, reverse(name, args=scene.arguments.get(name, [])), target)
    for target in AWAY:
        asked = as_user(scene.cast.sara.user).get(reverse("list_views"), {"at": target})
        assert asked.status_code == 404, target
        for name in ("language", "account_login", "account_logout", "account_reauthenticate"):
            led += _led(as_user(scene.cast.sara.user), reverse(name), target)

    assert led == []


def _led(client: Any, address: str, target: str) -> list[tuple[str, str, str]]:
    answer = client.post(
        address, {"next": target, "language": "it", "at": target, "back": target}, query_params={"next": target}
    )
    where = (
        answer.headers.get("Location", "")
        + answer.headers.get("HX-Redirect", "")
        + answer.headers.get("HX-Location", "")
    )
    ours = not where or (where.startswith("/") and not where.startswith(("//", "/\\")))
    return [] if ours and not {"\r", "\n"} & {*where} else [(address, target, where)]


def test_the_test_of_next_would_see_one(scene: Scene) -> None:
    answer = as_user(scene.cast.sara.user).post(reverse("language"), {"language": "it", "next": "/orders/"})

    assert answer.headers["Location"] == "/orders/"
