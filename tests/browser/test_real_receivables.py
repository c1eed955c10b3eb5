"""Real receivables are taken over, and orders typed in a browser for these customers are held and released."""

from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Page, expect

from approvals import context
from creditrisk.clock import business_day
from creditrisk.exposure import ledger
from creditrisk.facts import Standing
from customers.models import Customer
from documents.models import Document
from tests.browser.walking import Axe, Walk, exposure
from tests.cast import assemble
from tests.ledger import realdata


def heaviest(currency: str, *, now: Any) -> tuple[Customer, Standing]:
    """Return the customer who owes most in a currency, and how it stands."""
    customers = Customer.objects.filter(currency=currency, items__isnull=False).distinct()
    standings = context.standings(list(customers), today=business_day(now))
    customer = max(customers, key=lambda c: standings[c.pk].exposure.total)
    return customer, standings[customer.pk]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("currency", ["USD", "CAD"])
def test_an_order_of_a_real_customer_is_held_at_the_cent_and_released(
    live_server: Any, page: Page, axe: Axe, currency: str
) -> None:
    assemble()
    path = realdata.path("ar_invoices", "highradius_open_items_A.csv")
    call_command("import_receivables", path, mapping="highradius", limit_from_history=True, verbosity=0)
    customer, before = heaviest(currency, now=timezone.now())
    free = before.available
    assert free is not None
    assert before.exposure.total > 100_000
    walk = Walk(page, live_server.url, axe)

    # To the cent of the free credit it would pass; a cent more is held.
    walk.be("sara")
    walk.go(f"/orders/new/?customer={customer.code}")
    page.locator("[name=lines-0-text]").fill("Pumps")
    page.locator("[name=lines-0-quantity]").fill("1")
    page.locator("[name=lines-0-price]").fill(f"{free:.2f}")
    expect(page.locator("[data-verdict=passed]")).to_be_visible()
    expect(page.locator("#panel [data-free]")).to_have_text("0.00")
    page.locator("[name=lines-0-price]").fill(f"{free + Decimal('0.01'):.2f}")
    expect(page.locator("[data-verdict=held]")).to_be_visible()
    walk.look(f"real_{currency}_panel")
    walk.press("Save and confirm")
    expect(walk.told()).to_contain_text("is held")
    expect(page.locator(".panel--held")).to_contain_text(f"{currency} 0.01 too much")
    assert exposure(walk, customer.code)["total"] == before.exposure.total
    order = Document.objects.get(kind="ORDER")

    walk.be("carla")
    walk.go("/desk/")
    page.get_by_role("link", name=order.number).click()
    walk.look(f"real_{currency}_evidence")
    page.get_by_label("Reason").fill("Pays late but reliably")
    page.get_by_label("Carry the step out at once").check()
    walk.press("Release")
    expect(walk.told()).to_contain_text("the step is carried out")

    order.refresh_from_db()
    assert order.state == "CONFIRMED"
    after = exposure(walk, customer.code)
    assert (after["free"], after["open orders"]) == (Decimal("-0.01"), free + Decimal("0.01"))
    assert after["total"] == before.exposure.total + free + Decimal("0.01")
    assert ledger.audit().total == 0
