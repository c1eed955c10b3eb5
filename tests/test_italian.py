"""Whoever chose Italian reads Italian: every page is opened and its words are held against the catalogues."""

import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client

from creditrisk.preferences import spoken
from creditrisk.reports.models import Report
from tests.cast import PEOPLE
from tests.doors import DOORS_OF_PAGES, OWN
from tests.pages import as_user
from tests.scene import Scene
from tests.test_permissions import opened
from tools import messages

GROUPS = {
    "ledger": ("item", "ageing", "delays", "customer_account", "payment", "effect", "rates", "bank", "presentation"),
    "documents": ("order", "deliver", "invoice", "terms_", "document", "return", "credit_note", "message"),
    "approvals": (
        "desk", "hold", "limit_", "attachment", "journal", "stop", "suspend", "absence", "evaluat", "alerts",
    ),
    "policy": ("policy", "rules", "decision", "tryout"),
    "customers": ("customer", "contacts"),
}  # fmt: skip

# What the scene itself wrote: its reasons, comments and names. Those stay as they were written.
WRITTEN = {"growing", "review", "sound", "rows", "mine", "weekly", "main", "odd", "english"}
# Italian months, which Django says, and what the first version of the policy was called.
ALLOWED = {"ago", "set", "product", "defaults"}

# What pages show as it was kept, or as rows name it (the values of a rule): a report's edition is in the language in which it was made, a line of the trail has
# the row's own values, a file the names of its columns.
# Why a message was not taken in, and what became of a row of a file, is kept in the language of whoever brought it.
REFUSED = frozenset({"and", "are", "credit", "invoices", "is", "kind", "message", "notes", "of", "orders", "taken"})
KEPT: dict[str, frozenset[str] | None] = {
    **dict.fromkeys(("start", "alerts", "messages", "message"), REFUSED),
    "import": frozenset({"customer", "customers", "first", "import", "invoice", "is", "of", "the", "there"}),
    "report_edition": None,
    "trail_line": frozenset({"none", "customer", "granted", "by"}),
    "rules": frozenset({"amount", "count", "currency", "days", "percent", "status", "terms"}),
    "evaluation": frozenset({"one"}),
    "evaluations": frozenset({"one"}),
    "limit_request": frozenset({"bytes"}),
    "limit_request_delegate": frozenset({"bytes"}),
    "import_columns": frozenset({"customer", "reference", "amount"}),
}

# Tells, after some seconds, that no worker has taken it up: not the same page twice.
CHANGES = {"tryout"}

# Attributes that people read, and those that only programs do: the same in every language.
READ = {"title", "aria-label", "placeholder", "alt", "data-confirm"}
GEOMETRY = {
    "d", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height", "points", "viewbox", "transform",
    "min", "max", "step", "href", "hx-get", "hx-post", "action", "for", "id", "name", "datetime",
}  # fmt: skip
# Names of codes and tables (with a low line) and addresses of mail are no words.
NAMES = re.compile(r"\S*[_@]\S*")
TOKEN = re.compile(r"[0-9a-f]{32}|[0-9A-Za-z]{64}")
WORD = re.compile(r"[A-Za-zÀ-ÿ]{2,}")
VALUES = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}|</?\w[^>]*>|&\w+;")
BLOCKS = {
    "p",
    "td",
    "th",
    "li",
    "h1",
    "h2",
    "h3",
    "dt",
    "dd",
    "option",
    "label",
    "button",
    "div",
    "legend",
    "title",
    "summary",
}


class Reader(HTMLParser):
    """Take a page apart into what people read, block by block, and what only programs do."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[str] = []
        self.programs: list[tuple[str, str, str]] = []
        self._piece: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in BLOCKS:
            self._end()
        if tag in ("script", "style"):
            self._silent += 1
        # Amounts stand in a field as their reader types them; a form's token is another one each time.
        typed = tag == "input" and ("num" in (given.get("class") or "") or TOKEN.fullmatch(given.get("value") or ""))
        for name, value in attrs:
            if name in READ and value:
                self.blocks.append(value)
            elif not typed and (
                name in GEOMETRY or (name == "value" and tag in ("input", "option", "meter", "button"))
            ):
                self.programs.append((tag, name, value or ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._silent -= 1
        if tag in BLOCKS:
            self._end()

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._piece.append(data)

    def _end(self) -> None:
        if text := " ".join("".join(self._piece).split()):
            self.blocks.append(text)
        self._piece = []

    def close(self) -> None:
        super().close()
        self._end()


def read(response: HttpResponse) -> Reader:
    reader = Reader()
    reader.feed(response.content.decode())
    reader.close()
    return reader


@cache
def english() -> frozenset[str]:
    """The words that the English sentences have and no Italian one."""
    ours, theirs = WRITTEN | ALLOWED, set()
    for place in ("", *messages.PACKAGES):
        for message in messages.known(place, "it"):
            if not message.id:
                continue
            ids = [message.id] if isinstance(message.id, str) else message.id
            strings = [message.string] if isinstance(message.string, str) else message.string
            theirs |= words(" ".join(ids))
            ours |= words(" ".join(strings))
    return frozenset(theirs - ours)


def words(text: str) -> set[str]:
    """The words of a text but codes, which are written in capitals."""
    return {word.lower() for word in WORD.findall(NAMES.sub(" ", VALUES.sub(" ", text))) if not word.isupper()}


def strange(blocks: list[str], kept: frozenset[str]) -> Iterator[str]:
    for block in blocks:
        if found := (words(block) & english()) - kept:
            yield f"{block[:160]} <- {', '.join(sorted(found))}"


def group_of(name: str) -> str:
    return next((group for group, starts in GROUPS.items() if name.startswith(starts)), "rest")


def told(response: HttpResponse) -> list[str]:
    """What somebody reads: the page, and the messages that the next one shows."""
    messages_ = [str(message) for message in get_messages(response.wsgi_request)]
    return messages_ + (read(response).blocks if is_page(response) else [])


def is_page(response: HttpResponse) -> bool:
    return "html" in response.headers.get("Content-Type", "") and not response.streaming


def programs(response: HttpResponse) -> list[tuple[str, str, str]]:
    """The geometry, addresses and form values of a page."""
    return read(response).programs if is_page(response) else []


def speak(scene: Scene, language: str) -> None:
    for person in PEOPLE:
        spoken.choose(getattr(scene.cast, person).user, language)
    Report.objects.update(language=language)


def readers(name: str) -> list[str]:
    """Who opens a page here: two of the one who sells, the one who decides and the administrator, else the first who may."""
    roles = DOORS_OF_PAGES[name][1]
    people = [person for person in OWN.get(name, PEOPLE) if PEOPLE[person] in roles]
    return [person for person in people if person in ("sara", "dario", "ada")][:2] or people[:1]


@pytest.mark.parametrize("group", [*GROUPS, "rest"])
def test_a_page_is_italian_to_an_italian(scene: Scene, group: str) -> None:
    pages = [name for name in DOORS_OF_PAGES if group_of(name) == group]
    got = [name for name in pages if "GET" in DOORS_OF_PAGES[name][0]]
    found: dict[str, dict[str, None]] = {}

    def come_in() -> dict[str, Client]:
        return {person: as_user(getattr(scene.cast, person).user) for person in PEOPLE}

    def open_as(person: str, method: str, name: str) -> HttpResponse:
        return opened(scene, name, method, clients[person])

    def note(method: str, name: str, response: HttpResponse) -> None:
        assert response.headers["Content-Language"] == "it"
        kept = KEPT.get(name, frozenset())
        for sentence in strange(told(response), kept) if kept is not None else ():
            found.setdefault(f"{method} {name}", {})[sentence] = None

    speak(scene, "en")
    clients = come_in()
    english_ones = {name: programs(open_as(readers(name)[0], "GET", name)) for name in got}
    speak(scene, "it")
    clients = come_in()
    for name in got:
        for person in readers(name):
            response = open_as(person, "GET", name)
            note("GET", name, response)
            if person == readers(name)[0] and name not in CHANGES:
                assert programs(response) == english_ones[name], f"{name}: programs read the same in every language"
    # What is sent changes what the pages show: it comes last.
    for name in pages:
        if "POST" in DOORS_OF_PAGES[name][0]:
            note("POST", name, open_as(readers(name)[0], "POST", name))

    english_still = [f"{page} | {text}" for page, texts in found.items() for text in texts]
    assert english_still == [], "\n".join(english_still)
