"""An order that is held, asked for, goes up to who may let it through, and leaves: one walk through the pages."""

from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from approvals.models import Authority, ReleaseReason
from tests.browser.walking import Axe, Walk, exposure, number
from tests.cast import Cast, assemble


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    cast = assemble()
    Authority.objects.filter(user=cast.carla.user).update(release_up_to=1000)
    ReleaseReason.objects.create(company=cast.company, code="PLAN", name="A payment plan is agreed")
    return cast


def test_what_is_above_the_clerk_goes_to_the_manager_who_releases_it_and_it_is_delivered(
    cast: Cast, live_server: Any, page: Page, axe: Axe
) -> None:
    walk = Walk(page, live_server.url, axe, story="release_")

    # Sara enters an order that is held, and asks for its release.
    walk.be("sara")
    walk.go("/orders/new/")
    page.keyboard.type("bianchi")
    page.locator("[name=lines-0-text]").fill("Pumps")
    page.locator("[name=lines-0-quantity]").fill("10")
    page.locator("[name=lines-0-price]").fill("150")
    expect(page.locator("[data-verdict=held]")).to_be_visible()
    walk.look("entered")
    walk.press("Save and confirm")
    expect(walk.told()).to_contain_text("is held")
    held = page.locator(".panel--held")
    expect(held).to_contain_text("EUR 500.00 too much")
    expect(held).to_contain_text("It waits on the release desk for: credit manager (dario)")
    walk.look("held")
    order, order_number = page.url, number(walk, r"MAIN-SO-\d+-\d+")
    page.get_by_label("Why it should be released, or a comment").fill("They pay on Friday; the goods are for a fair.")
    walk.press("Ask for release")
    expect(walk.told()).to_contain_text("You are told what is decided")
    walk.look("asked")

    # Carla reads it; it is above her, and it says for whom it waits.
    walk.be("carla")
    walk.go("/desk/?state=mine")
    expect(page.get_by_text("Nothing waits here.")).to_be_visible()
    walk.go("/desk/")
    expect(page.get_by_text("release asked for")).to_be_visible()
    walk.look("desk_of_the_clerk")
    page.get_by_role("link", name=order_number).click()
    expect(page.locator("#detail")).to_contain_text("They pay on Friday")
    page.get_by_label("Reason").first.select_option("PLAN")
    walk.press("Release")
    expect(page.get_by_text("EUR 1,500.00 is above your authority of EUR 1,000.00.")).to_be_visible()
    expect(page.get_by_text("It waits for: credit manager (dario).")).to_be_visible()
    walk.look("above_the_clerk")

    # Dario finds it among what waits for him, and lets it through.
    walk.be("dario")
    walk.look("start_of_the_manager")
    walk.go("/desk/?state=mine")
    walk.look("desk_of_the_manager")
    page.get_by_role("link", name=order_number).click()
    expect(page.get_by_role("heading", name="Release", exact=True)).to_be_visible()
    walk.look("evidence")
    page.get_by_label("Reason").first.select_option("PLAN")
    page.get_by_label("Note").first.fill("Half of it by Friday.")
    walk.press("Release")
    expect(walk.told()).to_contain_text("is released")
    walk.look("released")

    # Sara is told, confirms and delivers.
    walk.be("sara")
    walk.look("told_on_the_start_page")
    walk.go("/alerts/")
    expect(
        page.get_by_text(f"{order_number} of Bianchi was released by dario: A payment plan is agreed.")
    ).to_be_visible()
    walk.look("told")
    page.goto(order)
    expect(page.locator(".panel--held")).to_have_count(0)
    walk.look("free")
    walk.press("Confirm")
    expect(walk.told()).to_contain_text("is confirmed")
    walk.look("confirmed")
    page.get_by_role("link", name="Deliver", exact=True).click()
    walk.look("delivery")
    walk.press("Deliver")
    expect(walk.told()).to_contain_text("is delivered")
    walk.look("delivered")
    assert exposure(walk, "BIANCHI") == {
        "free": Decimal(-500), "total": Decimal(1500), "delivered, not invoiced": Decimal(1500),
    }  # fmt: skip
