"""The desk and the check of a customer in a real browser: live verdicts, progress that moves, nothing for axe."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
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


def test_what_somebody_else_decides_is_told_and_the_list_follows_unless_something_is_ticked(
    cast: Cast, page: Page, live_server: Any, axe: Axe
) -> None:
    first = gate.submit(cast.order(cast.bianchi, "1500"), "confirm", by=cast.sara, now=NOW).hold
    second = gate.submit(cast.order(cast.neri, "2500"), "confirm", by=cast.sara, now=NOW).hold
    assert first and second
    walk = Walk(page, live_server.url, axe, story="together_")
    walk.be("carla")
    walk.go("/desk/")
    page.locator(f"[name=hold][value='{second.pk}']").check()

    gate.release(first, by=cast.dario, now=timezone.now(), reason="They paid")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    told = page.locator("#pulse")
    expect(told).to_contain_text(f"{first.document.number} released by dario")
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(1)
    expect(page.locator(f"#hold-{first.pk}")).to_be_visible()
    page.locator(f"[name=hold][value='{second.pk}']").uncheck()
    gate.submit(cast.order(cast.bianchi, "1600"), "confirm", by=cast.sara, now=NOW)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator(f"#hold-{first.pk}")).to_have_count(0)
    expect(page.locator("[data-rows] tbody tr")).to_have_count(2)
    walk.look("list_that_followed")

    # The hold that is open in front of her is decided: she is told, and nothing fails.
    walk.go(f"/desk/{second.pk}/")
    gate.reject(second, by=cast.dario, now=timezone.now(), reason="Too much")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(told).to_contain_text("was just decided: rejected by dario: Too much")
    walk.look("decided_before_her_eyes")
    page.get_by_label("Reason").first.fill("They called")
    walk.press("Release")
    expect(walk.told()).to_contain_text("Nothing was done twice.")


def test_a_selection_is_decided_at_once_and_each_line_told(cast: Cast, page: Page, live_server: Any, axe: Axe) -> None:
    amounts = ("1500", "1600", "1700")
    held = [gate.submit(cast.order(cast.bianchi, a), "confirm", by=cast.sara, now=NOW).hold for a in amounts]
    first, second, third = (hold for hold in held if hold)
    walk = Walk(page, live_server.url, axe, story="selection_")
    walk.be("carla")
    walk.go("/desk/")
    for hold in (first, second, third):
        page.locator(f"[name=hold][value='{hold.pk}']").check()

    walk.press("Take the chosen")
    expect(page.get_by_role("heading", level=1)).to_contain_text("3 taken")

    walk.go("/desk/")
    for hold in (first, second, third):
        page.locator(f"[name=hold][value='{hold.pk}']").check()
    gate.reject(second, by=cast.dario, now=timezone.now(), reason="Too much")
    page.locator("#selection").get_by_label("Reason").fill("They called")
    walk.press("Release the chosen")

    expect(page.get_by_role("heading", level=1)).to_contain_text("2 released")
    expect(page.get_by_role("row").filter(has_text=second.document.number)).to_contain_text("by dario: rejected")
    walk.look("told_line_by_line")


def test_the_desk_is_worked_by_keyboard(cast: Cast, page: Page, live_server: Any, axe: Axe) -> None:
    holds = [gate.submit(cast.order(cast.bianchi, a), "confirm", by=cast.sara, now=NOW).hold for a in ("1500", "1600")]
    walk = Walk(page, live_server.url, axe, story="keyboard_")
    walk.be("carla")

    page.wait_for_load_state()  # keys are heard once the script is there
    page.keyboard.type("gd")
    expect(page.get_by_role("heading", name="Release desk")).to_be_visible()
    page.wait_for_load_state()
    page.keyboard.type("jjx")
    expect(page.get_by_role("checkbox", checked=True)).to_have_value(str(holds[1].pk))  # type: ignore[union-attr]
    page.keyboard.type("xk")
    page.keyboard.press("Enter")
    expect(page.locator("#detail-title")).to_contain_text(holds[0].document.number)  # type: ignore[union-attr]
    page.keyboard.type("j")
    page.keyboard.press("Enter")
    expect(page.locator("#detail-title")).to_contain_text(holds[1].document.number)  # type: ignore[union-attr]
    page.keyboard.type("rThey pay tomorrow")
    page.keyboard.press("Enter")

    expect(walk.told()).to_contain_text("is released")
