"""The desk and the check of a customer in a real browser: live verdicts, progress that moves, nothing for axe."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from approvals import booking, gate
from tests.browser.walking import Walk
from tests.cast import NOW, TODAY, Cast, assemble

Axe = Callable[[Page], list[str]]


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return assemble()


def test_a_salesperson_asks_while_typing(cast: Cast, page: Page, live_server: Any, axe: Axe) -> None:
    walk = Walk(page, live_server.url, axe)
    walk.be("sara")
    walk.go("/customers/BIANCHI/")

    page.get_by_label("Amount, with tax").fill("1200")
    verdict = page.locator("#verdict")
    expect(verdict).to_contain_text("It would be held.")
    expect(verdict).to_contain_text("An order of at most EUR 1,000.00.")
    walk.look("check")
    page.get_by_label("Amount, with tax").fill("1000")
    expect(verdict).to_contain_text("It would pass.")


def test_a_clerk_evaluates_all_and_sees_it_finish(
    cast: Cast, page: Page, live_server: Any, axe: Axe, celery_worker: Any
) -> None:
    for n in range(8):
        gate.submit(cast.order(cast.bianchi, str(1500 + n)), "confirm", by=cast.sara, now=NOW)
    booking.grant_limit(customer=cast.bianchi, amount=Decimal(1503), valid_from=TODAY, by=cast.dario, now=NOW)
    walk = Walk(page, live_server.url, axe)
    walk.be("carla")
    walk.go("/desk/")
    walk.look("desk")

    walk.press("Evaluate all")

    expect(page.get_by_role("heading", name="Evaluation of all open holds")).to_be_visible()
    expect(page.locator("[data-progress]")).to_have_text("8 / 8", timeout=20_000)
    expect(page.get_by_text("4 ready to release")).to_be_visible()
    walk.look("evaluation")
    walk.go("/desk/?state=ready")
    expect(page.get_by_text("ready", exact=True)).to_have_count(4)
    page.get_by_role("checkbox").first.check()
    walk.press("Evaluate the chosen")
    expect(walk.told()).to_contain_text("Evaluated: 1 ready to release.")
    page.locator("td.doc a").first.click()
    walk.look("ready")
