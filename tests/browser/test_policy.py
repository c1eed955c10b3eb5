"""An administrator's path in a real browser: a row is added to the draft, and a director puts it in force."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from creditrisk.policy import compile as policies
from tests.browser.walking import Axe, Walk
from tests.cast import Cast, assemble


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return assemble()


@pytest.mark.django_db(transaction=True)
def test_a_row_goes_from_the_form_through_the_draft_into_force(
    cast: Cast, live_server: Any, page: Page, axe: Axe
) -> None:
    walk = Walk(page, live_server.url, axe)
    walk.be("ada")
    walk.go("/admin/policy/rulerow/add/")

    page.get_by_label("Rule:").select_option("order_amount")
    expect(page.locator("#id_amount")).to_be_visible()
    expect(page.locator("#id_days")).to_be_hidden()
    expect(page.locator("#id_group")).to_be_hidden()
    expect(page.locator("#id_release_order")).to_be_hidden()
    expect(page.get_by_text("Hold documents that are too big.")).to_be_visible()
    page.get_by_label("Kind:").select_option("EXCLUDE")
    expect(page.locator("#id_action")).to_be_hidden()
    expect(page.locator("#id_release_order")).to_be_visible()
    page.get_by_label("Kind:").select_option("BLOCK")
    page.locator("#id_amount").fill("500")
    page.get_by_label("Rule:").select_option("days_overdue")
    expect(page.locator("#id_amount")).to_be_visible()  # filled in: it would be sent
    page.get_by_label("Rule:").select_option("order_amount")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Look at the draft and activate it").click()
    expect(page.get_by_text("holds when the document comes to 500.00")).to_have_count(2)
    walk.look("policy_draft")
    assert policies.active().rows == ()

    walk.be("fiona")
    walk.go("/policy/")
    page.get_by_label("Why").fill("Big orders are looked at")
    walk.press("Activate the draft")
    expect(walk.told()).to_contain_text("Version 2 of the policy is in force.")
    walk.look("policy_version")
    assert len(policies.active().rows) == 1


@pytest.mark.django_db(transaction=True)
def test_the_rows_of_a_rule_are_typed_beside_each_other(cast: Cast, live_server: Any, page: Page, axe: Axe) -> None:
    walk = Walk(page, live_server.url, axe)
    walk.be("ada")
    walk.go("/admin/policy/rule/")
    page.get_by_role("link", name="Days overdue").click()

    page.get_by_text("Add another Rule row").click()
    page.locator("#id_rows-0-days").fill("30")
    page.get_by_text("Add another Rule row").click()
    page.locator("#id_rows-1-kind").select_option("EXCLUDE")
    page.locator("#id_rows-1-days").fill("45")
    page.locator("#id_rows-1-customer + .select2").click()
    page.locator(".select2-search__field").fill("ROSSI")
    page.locator(".select2-results__option", has_text="ROSSI").click()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Look at the draft and activate it").click()

    expect(page.get_by_text("For customer ROSSI: excluded when something is overdue").first).to_be_visible()
    expect(page.get_by_text("2 rows")).to_be_visible()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_pages_of_the_policy_fit_every_screen(
    cast: Cast, live_server: Any, page: Page, axe: Axe, width: int, scheme: Any
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    walk = Walk(page, live_server.url, axe)
    walk.be("guido")

    for path in (
        "/policy/", "/policy/versions/", "/policy/versions/1/", "/policy/compare/", "/policy/health/", "/rules/",
    ):  # fmt: skip
        walk.go(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert axe(page) == [], path
