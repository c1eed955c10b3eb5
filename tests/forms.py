"""The forms of a page as a program reads them: where they go, how, and with which fields."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

from django.test import Client

# Django's own, and a yes that is a yes whatever it says.
CONTROL = {"csrfmiddlewaretoken", "posted"}


@dataclass
class Form:
    """A form as it stands in a page: where it goes, how, and the names of its fields with what they hold."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    fixed: dict[str, str] = field(default_factory=dict)  # What is sent with it as it stands, so that it counts at all.


class Forms(HTMLParser):
    """Reads the forms of a page."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address, self.forms = address, list[Form]()
        self.open: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.open = Form(urljoin(self.address, given.get("action", "")), given.get("method", "get"))
            self.forms.append(self.open)
        elif self.open and tag in {"input", "select", "textarea"} and given.get("name", "") not in {"", *CONTROL}:
            self.open.fields.setdefault(given["name"], given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.open = None


def forms_of(client: Client, address: str) -> list[Form]:
    page = client.get(address)
    if not page.headers["Content-Type"].startswith("text/html"):  # a file to keep
        return []
    found = forms_in(address, page.content.decode())
    return [form for form in found if form.fields and not form.action.endswith("/logout/")]


def forms_in(address: str, page: str) -> list[Form]:
    """Return the forms of what an address answered."""
    parser = Forms(address)
    parser.feed(page)
    return parser.forms
