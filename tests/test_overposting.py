"""More in a body than the form asks: columns of the model, roles, who did it. Nothing of it counts, and no `next` leads away."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import Model
from django.forms.models import model_to_dict
from django.test import Client, RequestFactory
from django.urls import reverse

from approvals.models import Hold, JournalLine, LimitJournal, LimitRequest, Release
from creditrisk.contacts.models import Note
from creditrisk.reports.models import Report
from customers.models import Limit
from documents.models import Document, Line
from ledger.models import Allocation, Effect, EffectEvent, OpenItem, Presentation
from tests.cast import PEOPLE
from tests.documents.test_views import typed
from tests.doors import DOORS_OF_PAGES, OWN
from tests.pages import as_user, words
from tests.scene import Scene
from tests.test_foreign_objects import LINES, SOON, TODAY, Stage, stage, token

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


# The lines of a stage that make a row or change one; of which table, and whether a row that is there changes.
ROWS: dict[str, tuple[type[Model], bool]] = {
    "order customer": (Document, False), "delivery source": (Document, False), "invoice source": (Document, False),
    "payment customer": (OpenItem, False), "item customer": (OpenItem, False), "allocated item": (Allocation, False),
    "effect item": (Effect, False), "issued proposal": (Effect, False), "presented effect": (Presentation, False),
    "outcome of": (EffectEvent, False), "report company": (Report, False), "journal company": (LimitJournal, False),
    "journal customer": (JournalLine, False), "journal line": (JournalLine, True),
}  # fmt: skip


@dataclass
class Making:
    """A door that makes or changes a row from a form as it stands; sent a second time with everything beside it."""

    door: str
    arguments: list[Any]
    person: str
    body: Callable[[], dict[str, Any]]
    model: type[Model]
    changes: bool = False
    row: int | None = None


def makings(stage: Stage) -> dict[str, Making]:
    own = stage.own
    order = own.hold.document
    found = {
        "limit": Making("customer_limit", ["ROSSI"], "dario", lambda: {
            "kind": "BASE", "state": "AMOUNT", "amount": "9000", "valid_from": TODAY.isoformat(), "reason": "r",
            "seen": Limit.objects.filter(customer__code="ROSSI").latest("pk").pk}, Limit),
        "request": Making("limit_ask", ["ROSSI"], "sara", lambda: token(
            state="AMOUNT", amount="21000", kind="BASE", reason="r"), LimitRequest),
        "amendment": Making("document_amend", [order.pk], "sara", lambda: typed(
            price="7", revision=str(order.revision), note="n"), Document, True, order.pk),
        "line of an amendment": Making("document_amend", [order.pk], "sara", lambda: typed(
            price="7", revision=str(order.revision)), Line, True),
        "note with a promise": Making("customer_note", ["OWNED"], "carla", lambda: token(
            way="CALL", text="t", promised_on=SOON, promised="5", next_contact=SOON), Note),
    }  # fmt: skip
    for line, (model, changes) in ROWS.items():
        door, person, body = LINES[line]
        made = Making(door, stage.arguments.get(door, []), person, partial(body, own, own), model, changes)
        found[line] = made
    return found


def test_what_is_made_is_the_forms_alone(stage: Stage) -> None:
    for name, making in makings(stage).items():
        client, rows = stage.clients[making.person], []
        for beside in ({}, BESIDE):
            own = making.body()
            address = f"{reverse(making.door, args=making.arguments)}?{own.pop('?', '')}"
            many, before = making.model._default_manager.count(), told(found(making)) if making.changes else {}
            with transaction.atomic():
                answer = client.post(address, {**{k: v for k, v in beside.items() if k not in own}, **own})
                assert answer.status_code == 302, (name, answer.status_code, words(answer)[:1500])
                assert making.model._default_manager.count() == many + (not making.changes), name
                rows.append(told(found(making)))
                transaction.set_rollback(True)
            assert rows[-1] != before or not making.changes, name

        plain, stuffed = rows
        assert {k: (plain[k], stuffed[k]) for k in plain if plain[k] != stuffed[k] and k != "name"} == {}, name


def found(making: Making) -> Model:
    """Return the row that a door made, or the one that it changes."""
    rows = making.model._default_manager.order_by("-pk")
    return rows.get(pk=making.row) if making.row else rows[0]


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
    "start", "evil", "customers.models", "?page=2", "/\r\nLocation:https://evil.example", "/" + "\u20ac" * 2000, "/" + "x" * 9000,
]  # fmt: skip


# The doors that lead back to where somebody came from, each with a body that it takes.
BACK: dict[str, dict[str, str]] = {
    "list_view_first": {}, "list_view_drop": {}, "delays_keep": {}, "hold_comment": {"event-note": "n"}, "hold_take": {},
    "hold_ask_release": {}, "hold_withdraw": {}, "evaluate": {}, "notices_decide": {}, "quality_aside": {"note": "n"},
    "quality_terms": {},
    "bank_drawn_on": {"abi": "08393", "cab": "54850", "tax_code": "1", "address": "Via", "postcode": "25034", "town": "T",
                      "province": "BS"},
    "language": {"language": "it"},
}  # fmt: skip


def test_no_next_leads_away(scene: Scene) -> None:
    clients = {person: scene.client(person) for person in PEOPLE}
    led, redirect = [], set()

    for at, (name, (methods, roles)) in enumerate({**DOORS_OF_PAGES, "language": (("POST",), {"sales"})}.items()):
        if "POST" not in methods:
            continue
        client = clients[next(p for p, role in PEOPLE.items() if role in roles)]
        address = reverse(name, args=scene.arguments.get(name, []))
        targets = AWAY if name in BACK else (AWAY[at % len(AWAY)], AWAY[(at * 7 + 3) % len(AWAY)])
        for target in targets:
            away, where = _led(client, address, target, BACK.get(name, {}))
            led += away
            redirect |= {name} if where else set()
            assert where or name not in BACK, (name, target)
        if name in BACK:
            assert _led(client, address, OURS, BACK[name])[1] == OURS, name
    for target in AWAY:
        asked = as_user(scene.cast.sara.user).get(reverse("list_views"), {"at": target})
        assert asked.status_code == 404, target
        for name in ("account_logout", "account_reauthenticate"):
            led += _led(as_user(scene.cast.sara.user), reverse(name), target, {"password": "demo"})[0]
        away, where = _led(Client(), reverse("account_login"), target, {"login": "sara", "password": "demo"})
        led += away
        assert where, target
    assert _led(Client(), reverse("account_login"), OURS, {"login": "sara", "password": "demo"})[1] == OURS

    assert led == []
    assert len(redirect) > 45, sorted(redirect)


OURS = "/orders/?here=1"


def _led(client: Any, address: str, target: str, body: dict[str, str]) -> tuple[list[tuple[str, str, str]], str]:
    """Send a form and take back what it did; return where it led if that is away, and where it led."""
    with transaction.atomic():
        answer = client.post(
            address, {**body, "next": target, "at": target, "back": target}, query_params={"next": target}
        )
        transaction.set_rollback(True)
    where = (
        answer.headers.get("Location", "")
        + answer.headers.get("HX-Redirect", "")
        + answer.headers.get("HX-Location", "")
    )
    ours = not where or (where.startswith("/") and not where.startswith(("//", "/\\")))
    return ([] if ours and not {"\r", "\n"} & {*where} else [(address, target, where)]), where
