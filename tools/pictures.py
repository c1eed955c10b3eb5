"""Draws the pictures of the README: pages of a running demo company, as a browser shows them."""

import re
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect, sync_playwright

from tools import browser

FOLDER = Path(__file__).resolve().parent.parent / "docs"
SIZE = {"width": 1280, "height": 800}


def draw(address: str) -> int:
    """This will write the four pictures anew. The demo company has to run at `address`."""
    try:
        urllib.request.urlopen(address, timeout=5).close()
    except (urllib.error.URLError, TimeoutError):
        raise SystemExit(f"Nothing answers at {address}. Run `make demo` first, with the same PORT.") from None
    if not (chromium := browser.find() or browser.install()):
        raise SystemExit("No Chromium could be had.")
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        control, sales, night = (
            _as(started, address, who, scheme)
            for who, scheme in (("dario", "light"), ("sara", "light"), ("dario", "dark"))
        )
        customer = _desk(control)
        control.goto(f"{address}customers/{customer}/")
        _keep(control, "customer")
        _order(sales, address, customer)
        night.goto(address)
        _keep(night, "start")
        started.close()
    return 0


def _as(started: Any, address: str, who: str, scheme: str) -> Page:
    page: Page = started.new_context(viewport=SIZE, color_scheme=scheme).new_page()
    page.goto(f"{address}login/")
    page.get_by_label("Username").fill(who)
    page.get_by_label("Password").fill("demo")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Today")).to_be_visible()
    return page


def _desk(page: Page) -> str:
    """Open the hold that waits longest for a customer with more than one reason; return the customer's code."""
    page.get_by_role("link", name="Release desk").first.click()
    page.locator("tr", has_text="Over the credit limit").filter(has_text="overdue").locator("td.doc a").first.click()
    expect(page.get_by_role("heading", name="Release", exact=True)).to_be_visible()
    _keep(page, "desk")
    address = page.locator("#detail a[href^='/customers/']").first.get_attribute("href") or ""
    found = re.search(r"/customers/([^/]+)/", address)
    assert found
    return found[1]


def _order(page: Page, address: str, customer: str) -> None:
    """Type an order that the customer's limit does not carry, until the panel says so."""
    page.goto(f"{address}orders/new/?customer={customer}")
    for position, (text, quantity, price) in enumerate(
        [("Centrifugal pump 1.5 kW", "12", "520.02"), ("Gate valve DN80", "40", "96.40")]
    ):
        for name, value in (("text", text), ("quantity", quantity), ("price", price)):
            page.locator(f"[name=lines-{position}-{name}]").fill(value)
    expect(page.locator("[data-verdict=held]")).to_be_visible()
    _keep(page, "order")


def _keep(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    page.screenshot(path=FOLDER / f"{name}.png")
