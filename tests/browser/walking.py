"""A walk through the pages in a real browser: people take turns, and what they stand on is looked at and kept."""

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from django.conf import settings
from playwright.sync_api import Locator, Page, expect

SCREENS = Path(settings.BASE_DIR) / "var" / "browser"

Axe = Callable[[Page], list[str]]


class Walk:
    """One browser, in which people take turns; each page they stand on is looked at and kept as a picture."""

    def __init__(self, page: Page, address: str, axe: Axe, story: str = "") -> None:
        self.page, self.address, self.axe, self.story = page, address, axe, story
        self.steps = 0
        SCREENS.mkdir(parents=True, exist_ok=True)

    def be(self, name: str) -> None:
        """Log out whoever is there and log in as `name`."""
        self.page.context.clear_cookies()
        self.go("/login/")
        self.page.get_by_label("Username").fill(name)
        self.page.get_by_label("Password").fill("demo")
        self.page.get_by_role("button", name="Log in").click()
        expect(self.page.get_by_role("heading", name="Today")).to_be_visible()

    def go(self, path: str) -> None:
        self.page.goto(f"{self.address}{path}")

    def look(self, name: str) -> None:
        """Keep a picture of the page and let axe look at it."""
        self.steps += 1
        self.page.screenshot(path=SCREENS / f"{self.story}{self.steps:02d}_{name}.png", full_page=True)
        assert self.axe(self.page) == []

    def told(self) -> Locator:
        return self.page.locator("#messages")

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()


def exposure(walk: Walk, code: str) -> dict[str, Decimal]:
    """Return what the customer page says: exposure, free credit, and each bucket."""
    walk.go(f"/customers/{code}/")
    stand = walk.page.locator("[data-standing]").first
    found = {"free": _figure(stand.locator("[data-free]")), "total": _figure(stand.locator("[data-exposure]"))}
    for row in stand.locator(".buckets > li:not(.total)").all():
        name, figure = row.locator("span").first.inner_text(), row.locator(".num")
        if _figure(figure):
            found[name.strip().lower()] = _figure(figure)
    return found


def _figure(place: Locator) -> Decimal:
    return Decimal(re.sub(r"[^\d.\-−]", "", place.inner_text()).replace("−", "-"))


def number(walk: Walk, pattern: str) -> str:
    found = re.search(pattern, walk.page.locator("h1").inner_text())
    assert found
    return found.group(0)
