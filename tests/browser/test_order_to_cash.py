"""A person's path through the pages, in a real browser: from the order over the limit to the money."""

from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from approvals import tryout
from creditrisk.decisions.models import Decision, TryOut
from creditrisk.policy import compile as policies
from tests.browser.walking import Axe, Walk, exposure, number
from tests.cast import NOW, TODAY, Cast, assemble, policy


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return assemble()


@pytest.mark.django_db(transaction=True)
def test_an_order_over_the_limit_is_held_released_delivered_invoiced_and_paid(
    cast: Cast, live_server: Any, page: Page, axe: Axe
) -> None:
    walk = Walk(page, live_server.url, axe)

    # Sara sells. The panel tells her while she types.
    walk.be("sara")
    walk.look("start_of_sales")
    walk.go("/orders/new/")
    page.keyboard.type("bianchi")
    page.locator("[name=lines-0-text]").fill("Pumps")
    page.locator("[name=lines-0-quantity]").fill("10")
    page.locator("[name=lines-0-price]").fill("90")
    expect(page.locator("[data-verdict=passed]")).to_be_visible()
    page.locator("[name=lines-0-price]").fill("150")
    expect(page.locator("[data-verdict=held]")).to_be_visible()
    expect(page.locator("#panel")).to_contain_text("Over the credit limit")
    expect(page.locator("#panel [data-free]")).to_have_text("−500.00")
    walk.look("order_entry_with_panel")
    walk.press("Save and confirm")

    # It is held, with its reason and what would free it.
    expect(walk.told()).to_contain_text("is held")
    expect(page.locator(".panel--held")).to_contain_text("EUR 500.00 too much")
    expect(page.locator(".panel--held")).to_contain_text("What would free it")
    walk.look("order_held")
    order_number = number(walk, r"MAIN-SO-\d+-\d+")
    assert exposure(walk, "BIANCHI") == {"free": Decimal(1000), "total": Decimal(0)}

    # Carla releases it on the desk.
    walk.be("carla")
    walk.look("start_of_control")
    walk.go("/desk/")
    walk.look("desk")
    page.get_by_role("link", name=order_number).click()
    expect(page.get_by_role("heading", name="Release", exact=True)).to_be_visible()
    walk.look("desk_with_evidence")
    walk.press("Release")
    expect(page.get_by_text("Say why you release it.")).to_be_visible()
    page.get_by_label("Reason").fill("Payment is announced")
    walk.press("Release")
    expect(walk.told()).to_contain_text("is released")
    expect(page.get_by_text("Nothing waits here.")).to_be_visible()

    # Sara confirms, delivers, invoices and posts; the euro moves from bucket to bucket.
    walk.be("sara")
    page.locator("#search-all").fill(order_number)
    page.keyboard.press("Enter")
    walk.press("Confirm")
    expect(walk.told()).to_contain_text("is confirmed")
    order = page.url
    walk.look("order_confirmed")
    assert exposure(walk, "BIANCHI") == {"free": Decimal(-500), "total": Decimal(1500), "open orders": Decimal(1500)}

    page.goto(order)
    page.get_by_role("link", name="Deliver", exact=True).click()
    walk.look("delivery_entry")
    walk.press("Deliver")
    expect(walk.told()).to_contain_text("is delivered")
    delivery = page.url
    assert exposure(walk, "BIANCHI") == {
        "free": Decimal(-500), "total": Decimal(1500), "delivered, not invoiced": Decimal(1500),
    }  # fmt: skip

    page.goto(delivery)
    page.get_by_role("link", name="Invoice", exact=True).click()
    walk.press("Invoice")
    expect(walk.told()).to_contain_text("is saved")
    invoice = page.url
    assert exposure(walk, "BIANCHI") == {
        "free": Decimal(-500), "total": Decimal(1500), "unposted invoices": Decimal(1500),
    }  # fmt: skip

    page.goto(invoice)
    walk.press("Post to the ledger")
    expect(walk.told()).to_contain_text("is posted")
    walk.look("invoice_posted")
    assert exposure(walk, "BIANCHI") == {"free": Decimal(-500), "total": Decimal(1500), "receivables": Decimal(1500)}

    # The money arrives.
    walk.be("carla")
    walk.go("/payments/new/?customer=BIANCHI")
    page.get_by_label("Amount").first.fill("1,500.00")
    walk.look("payment_entry")
    walk.press("Book")
    expect(walk.told()).to_contain_text("is booked")
    walk.look("payment")
    assert exposure(walk, "BIANCHI") == {"free": Decimal(1000), "total": Decimal(0)}
    walk.look("customer_at_the_end")
    page.get_by_role("link", name="just now").first.click()
    expect(page.get_by_role("heading", name="Every finding")).to_be_visible()
    walk.look("decision")


@pytest.mark.django_db(transaction=True)
def test_the_path_stays_open_without_javascript(cast: Cast, live_server: Any, browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()

    page.goto(f"{live_server.url}/login/")
    page.get_by_label("Username").fill("sara")
    page.get_by_label("Password").fill("demo")
    page.get_by_role("button", name="Log in").click()
    page.goto(f"{live_server.url}/orders/new/?customer=BIANCHI")
    page.locator("[name=lines-0-price]").fill("1200")
    page.get_by_role("button", name="Check").click()
    expect(page.locator("[data-verdict=held]")).to_be_visible()
    page.get_by_role("button", name="More lines").click()
    expect(page.locator("[name=lines-0-price]")).to_have_value("1200")
    expect(page.locator("[name=lines-7-price]")).to_be_visible()
    page.get_by_role("button", name="Save and confirm").click()

    expect(page.locator(".panel--held")).to_contain_text("Over the credit limit")
    context.close()


def tried_on_today(cast: Cast) -> TryOut:
    """Return a try-out of a stricter policy, worked off."""
    policy(rules=[{"rule": "limit_used", "percent": 1}])
    content = policies.draft()
    made = tryout.start(content, label="One percent", since=TODAY, until=TODAY, by=cast.ada, now=NOW)
    while tryout.work(now=NOW):
        pass
    return made


# On the widest screen stands what stands on the others: only its width is looked at.
WIDEST = 1920
SCREENS: tuple[tuple[int, Any], ...] = ((390, "dark"), (1280, "light"))


@pytest.mark.django_db(transaction=True)
def test_pages_fit_every_screen(cast: Cast, live_server: Any, page: Page, axe: Axe) -> None:
    order = cast.order(cast.verdi, "300")
    cast.confirmed(cast.rossi, "300")
    decided, tried = Decision.objects.get(), tried_on_today(cast)
    walk = Walk(page, live_server.url, axe)
    walk.be("dario")

    for path in (
        "/", "/desk/", "/orders/", "/orders/new/", f"/documents/{order.pk}/", "/customers/", "/customers/VERDI/",
        "/customers/VERDI/limit/", "/customers/VERDI/exposure/", "/portfolio/", "/items/", "/payments/new/",
        "/effects/", "/effects/new/", "/alerts/", "/decisions/", "/tryouts/", f"/tryouts/{tried.pk}/",
        f"/decisions/{decided.pk}/", f"/decisions/{decided.pk}/0/open_orders/",
    ):  # fmt: skip
        for width, scheme in SCREENS:
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            walk.go(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
            assert axe(page) == [], (path, width, scheme)
        page.set_viewport_size({"width": WIDEST, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDEST, path
