"""Feeding the product in a real browser: a file, a statement, a message, two customers that are one."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from creditrisk.exposure import ledger as exposure
from customers.models import Customer
from ledger.models import OpenItem
from tests.browser.walking import Axe, Walk
from tests.cast import Cast, assemble
from tests.documents.test_intake import ubl
from tests.ledger.test_bank import entry, statement

ROWS = "Kundennummer;Rechnungsnummer;Betrag;Rechnungsdatum;Fälligkeit\nROSSI;R-4711;1.234,50;13.01.2026;12.02.2026\n"


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return assemble()


def send(walk: Walk, content: bytes, name: str, folder: Path) -> None:
    """Choose a file in the form of the page."""
    path = folder / name
    path.write_bytes(content)
    walk.page.locator("input[type=file]").first.set_input_files(path)


def test_from_the_file_to_the_money(cast: Cast, page: Page, live_server: object, axe: Axe, tmp_path: Path) -> None:
    walk = Walk(page, str(live_server), axe)
    walk.be("dario")

    # A German list of open items, and a row that cannot be taken.
    walk.go("/imports/")
    walk.look("imports")
    page.get_by_label("What is in it").select_option("ITEMS")
    send(walk, f"{ROWS}NIEMAND;R-1;5,00;13.01.2026;12.02.2026\n".encode(), "offene posten.csv", tmp_path)
    walk.press("Look at its columns")
    expect(page.get_by_label("Open amount is written")).to_have_value("comma")
    walk.look("columns")
    walk.press("Check every row")
    expect(page.get_by_text("1 row would be refused.")).to_be_visible()
    walk.look("check")
    walk.press("Import")
    expect(page.get_by_text("Carried out", exact=True)).to_be_visible()

    # The customer pays it.
    walk.go("/bank/")
    send(walk, statement(entry("1234.50", "Zahlung R-4711", "Rossi")), "auszug.xml", tmp_path)
    page.locator("form[enctype]").get_by_label("Company").select_option("MAIN")
    walk.press("Load")
    walk.look("bank")
    walk.press("Book 1 sure match")
    expect(walk.told()).to_contain_text("1 payments are booked.")

    # An invoice for somebody whom nobody knows.
    walk.go("/messages/")
    send(walk, ubl(buyer="Rossi Pompe Srl"), "invoice.xml", tmp_path)
    walk.press("Take it in")
    page.get_by_role("combobox", name="Customer").fill("ROSSI")
    walk.look("message")
    walk.press("This customer")
    expect(page.get_by_role("heading", name="What it became")).to_be_visible()

    # Neri is Rossi.
    walk.go("/quality/merge/ROSSI/NERI/")
    page.get_by_label("Why they are one").fill("same people")
    walk.look("merge")
    walk.press("Merge")
    walk.go("/customers/NERI/")
    expect(page.get_by_text("This number is another number of")).to_be_visible()
    expect(page.get_by_role("link", name="New order")).to_have_count(0)

    assert OpenItem.objects.get(reference="R-4711").open_amount == 0
    assert Customer.objects.get(code="NERI").merged_into == cast.rossi
    assert exposure.audit().total == 0


@pytest.mark.parametrize("path", ["/imports/", "/messages/", "/rates/", "/bank/", "/bank/lists/", "/quality/"])
def test_pages_stay_inside_a_narrow_screen(cast: Cast, page: Page, live_server: object, axe: Axe, path: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    walk = Walk(page, str(live_server), axe)
    walk.be("dario")

    walk.go(path)

    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert axe(page) == []
