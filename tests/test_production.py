"""As a company runs it: behind TLS, without DEBUG. Django's own list of what to look at, and what every answer says to browsers."""

import json
import os
import re
import secrets
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import CharField, EmailField, TextField
from django.test import Client
from django.urls import reverse

from tests.cast import PEOPLE, Cast
from tests.doors import DOORS_OF_PAGES
from tests.pages import as_user
from tests.scene import Scene
from tests.test_permissions import opened

pytestmark = pytest.mark.django_db  # The process that runs as production has a database to work on.

BASE = Path(__file__).resolve().parent.parent
OURS = {
    config.label
    for config in apps.get_app_configs()
    if config.module.__name__.split(".")[0] not in ("django", "allauth")
} | {"auth"}
PRODUCTION = {
    "DATABASE_URL": "postgresql://creditrisk_app@127.0.0.1:1/creditrisk", "REDIS_URL": "redis://127.0.0.1:1/0",
    "ALLOWED_HOSTS": "credit.example.com", "BEHIND_TLS": "1", "EMAIL_URL": "smtps://mail.example.com",
    "SITE_URL": "https://credit.example.com", "DJANGO_SETTINGS_MODULE": "creditrisk.settings",
}  # fmt: skip
ASKED = """
import json, logging, django
django.setup()
logging.disable()
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import path
from creditrisk import urls
urls.urlpatterns.insert(0, path("broken/", lambda request: 1 / 0))
client, told = Client(raise_request_exception=False), {}
ours = {"HTTP_HOST": "credit.example.com", "HTTP_X_FORWARDED_PROTO": "https"}
def ask(name, path, **more):
    tell(name, client.get(path, **{**ours, **more}))
def tell(name, answer):
    told[name] = [answer.status_code, dict(answer.headers), {n: m.output() for n, m in answer.cookies.items()}]
ask("a page", "/login/")
ask("a style sheet", "/static/css/app.css")
ask("a picture", "/static/favicon.svg")
ask("nothing", "/nothing/")
ask("a foreign name", "/login/", HTTP_HOST="evil.example")
ask("a foreign name before", "/login/", HTTP_HOST="credit.example.com.evil.example")
ask("a name beside", "/login/", HTTP_X_FORWARDED_HOST="evil.example")
ask("without TLS", "/login/?a=1", HTTP_X_FORWARDED_PROTO="http")
ask("an error", "/broken/")
with transaction.atomic():
    User.objects.create_user("somebody", password="a word of nobody's")
    tell("coming in", client.post("/login/", {"login": "somebody", "password": "a word of nobody's"}, **ours))
    transaction.set_rollback(True)
strict = Client(enforce_csrf_checks=True)
strict.get("/login/", **ours)
form = {"language": "en", "csrfmiddlewaretoken": strict.cookies["csrftoken"].value}
def send(name, **more):
    told[name] = [strict.post("/language/", form, **ours, **more).status_code, {}, {}]
send("a form of ours", HTTP_ORIGIN="https://credit.example.com")
send("a form of a neighbour", HTTP_ORIGIN="https://other.example.com")
send("a form of a stranger", HTTP_ORIGIN="https://evil.example")
send("a form of nobody", HTTP_ORIGIN="null")
send("a form that came by a stranger's page", HTTP_REFERER="https://evil.example/credit.example.com")
form |= {str(number): "" for number in range(6000)}
send("a form of six thousand fields", HTTP_ORIGIN="https://credit.example.com")
print(json.dumps(told))
"""
SAID_ALWAYS = {
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def ran(*words: str, **more: str) -> Any:
    others = {"DATABASE_OWNER_URL", "DEBUG", "TEST_VAR", "DJANGO_ALLOW_ASYNC_UNSAFE", "STATIC_ROOT"}
    ours = {name: value for name, value in os.environ.items() if name not in others}
    ours |= {**PRODUCTION, "SECRET_KEY": secrets.token_urlsafe(50), **more}
    return subprocess.run([sys.executable, *words], cwd=BASE, env=ours, capture_output=True, text=True)


@pytest.fixture(scope="module")
def answers(environment: dict[str, str]) -> dict[str, Any]:
    found = ran("-c", ASKED, DATABASE_URL=environment["DATABASE_URL"])
    assert found.returncode == 0, found.stderr
    return json.loads(found.stdout)


def test_djangos_list_for_deployments_has_nothing_to_say() -> None:
    found = ran("manage.py", "check", "--deploy", "--fail-level", "WARNING")

    assert (found.returncode, found.stdout) == (0, "System check identified no issues (1 silenced).\n"), found.stderr


def test_every_answer_tells_browsers_to_be_careful(answers: dict[str, Any]) -> None:
    for name, (status, headers, _cookies) in answers.items():
        if name.startswith("a form"):
            continue
        bare = name == "without TLS"  # browsers forget what is said over it anyway
        expected = {k: v for k, v in SAID_ALWAYS.items() if not (bare and k == "Strict-Transport-Security")}
        assert {key: headers.get(key) for key in expected} == expected, name
        if status < 300 or status in (404, 500):
            assert headers["X-Frame-Options"] == "DENY", name
            policy = headers["Content-Security-Policy"]
            assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy, name
            assert "unsafe" not in policy and "http" not in policy, name
    assert [answers[name][0] for name in ("a page", "a style sheet", "nothing", "an error")] == [200, 200, 404, 500]


def test_a_form_counts_where_its_page_was_ours(answers: dict[str, Any]) -> None:
    told = {name: status for name, (status, _headers, _cookies) in answers.items() if name.startswith("a form")}

    assert (told.pop("a form of ours"), told.pop("a form of six thousand fields")) == (302, 400)
    assert set(told.values()) == {403} and len(told) == 4, told


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
        ({"BEHIND_TLS": "yes"}, "BEHIND_TLS is 'yes'"),
        ({"WEBHOOK_NETWORKS": "everywhere"}, "WEBHOOK_NETWORKS"),
    ],
)
def test_what_would_leave_a_door_open_stops_the_start(said: dict[str, str], sentence: str) -> None:
    found = ran("-c", "import django; django.setup()", **said)

    assert found.returncode != 0
    assert sentence in found.stderr.splitlines()[-1]


def test_nothing_is_open_that_the_environment_does_not_ask_for() -> None:
    asked = "from django.conf import settings as s; print(s.DEBUG, s.DEMO_LOGINS, s.WEBHOOK_NETWORKS, s.MAILERS)"

    found = ran("-c", f"import django; django.setup(); {asked}", EMAIL_URL="")

    assert found.stdout.startswith("False False () ") and "smtp" not in found.stdout, found.stdout + found.stderr


def test_a_name_that_is_not_ours_is_no_address(answers: dict[str, Any]) -> None:
    assert answers["a foreign name"][0] == answers["a foreign name before"][0] == 400
    assert answers["a name beside"][0] == 200
    status, headers, _cookies = answers["without TLS"]
    assert (status, headers["Location"]) == (301, "https://credit.example.com/login/?a=1")


def test_cookies_travel_over_tls_only_and_no_script_reads_the_session(answers: dict[str, Any]) -> None:
    (status, headers, after), before = answers["coming in"], answers["a page"][2]

    session, token = said_of(after["sessionid"]), said_of(before["csrftoken"])

    assert (status, headers["Location"]) == (302, "/")
    assert session >= {"Secure", "HttpOnly", "SameSite=Lax"}, session
    assert token >= {"Secure", "SameSite=Lax"}, token
    for cookie in (*before.values(), *after.values()):
        assert "Secure" in said_of(cookie), cookie


def said_of(cookie: str) -> set[str]:
    """Return what a cookie says beside its name and value."""
    return {word.strip() for word in cookie.split(";")[1:]}


def test_mails_lead_to_our_own_address_whatever_a_request_claims(
    cast: Cast, client: Client, mailoutbox: list[Any], settings: Any
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    User.objects.filter(username="carla").update(email="carla@example.com")
    claims = {"HTTP_HOST": "evil.example", "HTTP_X_FORWARDED_HOST": "evil.example"}

    settings.SITE_URL = ""
    without = client.post(reverse("account_reset_password"), {"email": "carla@example.com"}, **claims)
    settings.SITE_URL = "https://credit.example.com"
    client.post(reverse("account_reset_password"), {"email": "carla@example.com"}, **claims)

    assert without.status_code == 503
    (mail,) = mailoutbox
    assert "https://credit.example.com/account/password/reset/" in mail.body
    assert "evil" not in f"{mail.subject} {mail.body} {mail.from_email} {mail.message()}"


class Inline(HTMLParser):
    """Finds what a strict policy would not let a page do."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: (value or "").strip() for name, value in attrs}
        if tag == "style" or (tag == "script" and "src" not in given and given.get("type") != "application/json"):
            self.found.append(f"<{tag}>")
        for name, value in given.items():
            script = name in ("href", "src", "action", "formaction", "data") and re.match(
                r"(?i)(javascript|vbscript|data):", value
            )
            if name == "style" or name.startswith(("on", "hx-on")) or script or name == "srcdoc":
                self.found.append(f"<{tag} {name}={value[:40]!r}>")
        away = given.get("src") or (given.get("href") if tag == "link" else "") or ""
        if re.match(r"(?i)([a-z]+:)?//", away):
            self.found.append(f"<{tag}> from {away}")

    @classmethod
    def of(cls, page: str) -> list[str]:
        parser = cls()
        parser.feed(page)
        return parser.found


# What somebody may type as a name, a reason or a reference; where it were not escaped, it would be found in a page.
EVIL = """"'><i onclick="evil()">x</i>"""
TYPED = re.compile(
    r"name|first_name|last_name|text|note|reason|reference|label|sentence|error|payer|bank|person|town|address|source|typed|title|buyer"
)


def take_evil_names() -> int:
    """Let every text that a person or a file may have brought hold it, in every table; return in how many columns."""
    columns = 0
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")  # What is append-only is nobody else's to change.
        for model in apps.get_models():
            if model._meta.app_label not in OURS or not model._meta.managed:
                continue
            for field in model._meta.concrete_fields:
                texts = isinstance(field, (CharField, TextField)) and not isinstance(field, EmailField)
                if not texts or field.choices or field.unique or not TYPED.fullmatch(field.name):
                    continue
                if field.max_length is None or field.max_length >= 2 * len(EVIL):
                    most = field.max_length or 9999
                    cursor.execute(
                        f'UPDATE "{model._meta.db_table}" SET "{field.column}" = left("{field.column}", %s) || %s'
                        f""" WHERE "{field.column}" <> '' """, [most - len(EVIL), EVIL],
                    )  # fmt: skip
                    columns += bool(cursor.rowcount)
        cursor.execute(f"SET LOCAL ROLE {settings.DATABASE_APP_ROLE}")
    return columns


def test_no_page_has_script_or_style_inside(scene: Scene) -> None:
    """Nor has one what people called themselves and what they wrote: it is shown, and never read as a tag."""
    assert take_evil_names() > 15
    shown = 0
    clients = {person: scene.client(person) for person in PEOPLE}
    found = {}
    walked = 0

    for name, (methods, roles) in DOORS_OF_PAGES.items():
        person = next(person for person, role in PEOPLE.items() if role in roles)
        for method in methods:
            page = opened(scene, name, method, clients[person])
            if page.status_code not in (200, 422) or not page.headers.get("Content-Type", "").startswith("text/html"):
                continue
            walked += 1
            assert page.headers.get("Content-Security-Policy") or name == "report_file", name
            shown += "evil()&quot;&gt;x&lt;/i&gt;" in page.content.decode()
            if inside := Inline.of(page.content.decode()):
                found[f"{name} {method}"] = inside

    assert found == {}
    assert (walked > 80, shown > 40) == (True, True), (walked, shown)


def test_neither_has_the_administration(scene: Scene) -> None:
    client = as_user(scene.cast.ada.user)
    found = {}

    for model in admin.site._registry:
        for page in ("changelist", "add"):
            answer = client.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"))
            assert answer.status_code in (200, 302, 403), answer
            if inside := Inline.of(answer.content.decode()):
                found[f"{model.__name__} {page}"] = inside

    assert found == {}


@pytest.mark.parametrize(
    "page", ["<p onclick=x>", "<style>", "<script>", '<a href=" JavaScript:x">', '<i style="a:b">', '<img src="//x/y">']
)  # fmt: skip
def test_what_is_looked_for_would_be_found(page: str) -> None:
    assert Inline.of(page)
