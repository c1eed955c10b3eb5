"""The pages of the ledger: they work, bad input gets a sentence, nothing happens twice, lists cost a fixed number of queries."""

import csv
import io
from datetime import timedelta
from decimal import Decimal as D
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from approvals import booking
from creditrisk.clock import business_day
from creditrisk.export import cell
from creditrisk.lists.keyset import Key
from creditrisk.monitoring import standings
from creditrisk.monitoring.asked import Asked
from creditrisk.monitoring.stood import Wanted
from customers.models import Customer
from ledger.models import BankAccount, CreditLine, Effect, ItemMark, Mark, OpenItem, Presentation
from tests.cast import Cast
from tests.ledger.test_corrections import may_write_off
from tests.pages import as_user, queries_of, words


@pytest.fixture
def now(db: None) -> Any:
    return timezone.now()


@pytest.fixture
def item(cast: Cast, now: Any) -> Any:
    """A function that opens an item today, due in thirty days or when it is said."""

    def make(
        amount: str = "100", *, customer: Customer | None = None, days: int = 30, reference: str = "I1"
    ) -> OpenItem:
        due = business_day(now) + timedelta(days=days)
        made: OpenItem = cast.item(customer or cast.rossi, amount, due=due, reference=reference, now=now)
        return made

    return make


@pytest.fixture
def account(cast: Cast, now: Any) -> BankAccount:
    made = BankAccount.objects.create(company=cast.company, code="ADR", name="Banca Adriatica", currency="EUR")
    CreditLine.objects.create(account=made, amount=500, valid_from=business_day(now), agreed_at=now)
    return made


@pytest.fixture
def effect(cast: Cast, item: Any, now: Any) -> Any:
    def make(amount: str = "100", *, number: str = "E1") -> Effect:
        one = item(amount, reference=f"for {number}")
        return booking.issue_effect(
            customer=cast.rossi, amount=D(amount), due=one.due, items=[one], number=number, by=cast.carla, now=now
        )

    return make


# -- corrections --------------------------------------------------------------------------------------------------------


def test_a_rest_is_written_off_on_its_page(carla: Client, item: Any) -> None:
    may_write_off("5")
    one = item("3")
    page = words(carla.get(reverse("item", args=[one.pk])))
    assert "Write off" in page

    response = carla.post(reverse("item_write_off", args=[one.pk]), {"reason": "Bank charges"}, follow=True)

    assert "of I1 is written off" in words(response)
    again = carla.post(reverse("item_write_off", args=[one.pk]), {"reason": "Bank charges"}, follow=True)
    assert "is settled: there is nothing to write off" in words(again)
    assert OpenItem.objects.filter(kind="WRITE_OFF").count() == 1


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"reason": ""}, "Say why it is written off"),
        ({"reason": "x", "amount": "-1"}, "It must be more than 0"),
        ({"reason": "x", "amount": "101"}, "Only 100.00 is open"),
        ({"reason": "x", "amount": "0.001"}, "EUR has 2 decimals"),
        ({"reason": "x", "amount": "NaN"}, "is not a number"),
        ({"reason": "x", "amount": "6"}, "You may write off up to EUR 5.00"),
    ],
)
def test_bad_write_offs_get_a_sentence(carla: Client, item: Any, typed: dict[str, str], sentence: str) -> None:
    may_write_off("5")
    one = item()

    response = carla.post(reverse("item_write_off", args=[one.pk]), typed)

    assert response.status_code == 422
    assert sentence in words(response)
    assert OpenItem.objects.count() == 1


def test_a_payment_is_reversed_on_its_page_once(carla: Client, cast: Cast, now: Any) -> None:
    payment = booking.pay(customer=cast.rossi, amount=D(50), reference="P", by=cast.carla, now=now)
    address = reverse("item_reverse", args=[payment.pk])

    assert carla.post(address, {"reason": ""}).status_code == 422
    assert "is reversed" in words(carla.post(address, {"reason": "Bounced"}, follow=True))
    again = carla.post(address, {"reason": "Bounced"}, follow=True)

    assert "was reversed before" in words(again)
    assert OpenItem.objects.count() == 2


def test_an_item_leaves_credit_control_and_its_history_says_why(carla: Client, item: Any) -> None:
    one = item()
    address = reverse("item_mark", args=[one.pk])

    assert carla.post(address, {"mark": "EXCLUDED", "on": "1", "reason": ""}).status_code == 422
    assert carla.post(address, {"mark": "DISPUTED", "on": "1", "reason": "x"}).status_code == 422
    page = words(carla.post(address, {"mark": "EXCLUDED", "on": "1", "reason": "State guarantee"}, follow=True))

    assert "is out of credit control" in page
    assert "State guarantee" in page
    assert ItemMark.objects.get().mark == Mark.EXCLUDED


# -- effects ------------------------------------------------------------------------------------------------------------


def test_effects_are_previewed_and_issued_in_masses(carla: Client, cast: Cast, item: Any) -> None:
    item("100", reference="I1")
    item("50", reference="I2")
    item("30", customer=cast.bianchi, reference="I3")
    address = reverse("effects_issue") + "?company=MAIN"
    page = carla.get(address)
    keys = [p.key for p in page.context["found"]]
    assert "2 effects" in words(page)
    assert not Effect.objects.exists()

    response = carla.post(address, {"proposal": keys, "kind": "RIBA"}, follow=True)

    assert "2 effects are issued" in words(response)
    assert sorted(Effect.objects.values_list("amount", flat=True)) == [30, 150]
    stale = carla.post(address, {"proposal": keys, "kind": "RIBA"})
    assert stale.status_code == 422
    assert "no longer as they were" in words(stale)
    assert carla.post(address, {"kind": "RIBA"}).status_code == 422


def test_a_list_above_the_line_is_refused_with_the_figure(carla: Client, account: BankAccount, effect: Any) -> None:
    big = effect("500.01")

    response = carla.post(
        reverse("effects_present"), {"effect": [big.pk], "mode": "SBF", "account": account.pk}, follow=True
    )

    assert "EUR 500.00 free of its line" in words(response)
    assert not Presentation.objects.exists()


def test_a_list_is_looked_at_beside_the_banks_line_before_it_is_presented(
    carla: Client, account: BankAccount, effect: Any, now: Any
) -> None:
    one, two = effect("100", number="E1"), effect("200", number="E2")
    address = reverse("effects_present")
    chosen = {"mode": "SBF", "account": account.pk}

    asked = words(carla.get(address))
    found = words(carla.get(address, {"kind": "RIBA"}))
    looked = carla.post(address, {**chosen, "effect": [one.pk], "look": "1"})
    nothing = words(carla.post(address, {**chosen, "look": "1", "kind": "RIBA"}))

    assert "Say which effects are meant." in asked
    assert "2 of 2 ticked" in found
    assert looked.status_code == 200
    page = words(looked).replace("\xa0", " ")
    assert "1 effect EUR 100.00" in page
    assert "Free now EUR 500.00 Free after this list EUR 400.00" in page
    assert "Say which effects are meant." in nothing
    assert not Presentation.objects.exists()
    carla.post(f"{address}?kind=RIBA", {**chosen, "effect": [one.pk, two.pk]})
    assert Presentation.objects.get().effects.count() == 2


def test_a_list_that_cannot_go_says_why_while_it_is_looked_at(carla: Client, account: BankAccount, effect: Any) -> None:
    big = effect("500.01")
    address = reverse("effects_present")
    chosen = {"effect": [big.pk], "account": account.pk, "look": "1"}

    too_much = words(carla.post(address, {**chosen, "mode": "SBF"})).replace("\xa0", " ")
    after = words(carla.post(address, {**chosen, "mode": "COLLECTION"}))
    gone = carla.post(address, {"effect": [10**9], "account": account.pk, "mode": "SBF"})

    assert "EUR 500.00 free of its line" in too_much
    assert "Free after this list EUR \N{MINUS SIGN}0.01" in too_much
    assert "none is used: the bank pays after collection" in after
    assert gone.status_code == 422 and not Presentation.objects.exists()


def test_where_accounts_are_kept_one_must_be_chosen(carla: Client, account: BankAccount, effect: Any) -> None:
    response = carla.post(reverse("effects_present"), {"effect": [effect().pk], "mode": "SBF"}, follow=True)

    assert "Choose the account" in words(response)


def test_a_list_from_the_bank_to_its_outcome(carla: Client, account: BankAccount, effect: Any, now: Any) -> None:
    one, two = effect("100", number="E1"), effect("200", number="E2")
    sent = carla.post(
        reverse("effects_present"), {"effect": [one.pk, two.pk], "mode": "SBF", "account": account.pk}, follow=True
    )
    found = Presentation.objects.get()
    assert "2 effects are presented" in words(sent)
    today = business_day(now).isoformat()
    credited = carla.post(reverse("presentation_credited", args=[found.pk]), {"day": today}, follow=True)
    assert "The list is credited" in words(credited)
    outcome = reverse("presentation_outcome", args=[found.pk])

    for typed, sentence in (
        ({"outcome": "paid"}, "Tick the effects"),
        ({"outcome": "paid", "effect": [one.pk], "cost": "3"}, "What is paid has no cost"),
        ({"outcome": "unpaid", "effect": [one.pk], "charged": "on"}, "Type the cost"),
        ({"outcome": "unpaid", "effect": [99999]}, "not one of the available choices"),
    ):
        refused = carla.post(outcome, typed)
        assert refused.status_code == 422
        assert sentence in words(refused)
    carla.post(outcome, {"outcome": "paid", "effect": [two.pk]})
    back = {"outcome": "unpaid", "effect": [one.pk], "cost": "6.50", "charged": "on", "reason": "No funds"}
    page = words(carla.post(outcome, back, follow=True))

    assert "1 effect came back unpaid" in page
    assert "No funds" in page
    assert set(Effect.objects.values_list("number", "state")) == {("E1", "UNPAID"), ("E2", "COLLECTED")}
    paper = words(carla.get(reverse("presentation", args=[found.pk]), {"as": "paper"}))
    assert "Presentation list MAIN-PL" in paper
    assert "300.00" in paper


def test_an_effect_is_replaced(carla: Client, cast: Cast, effect: Any, now: Any) -> None:
    one = effect()
    booking.unpaid(one, posted=False, by=cast.carla, now=now)
    address = reverse("effect_replace", args=[one.pk])
    past = (business_day(now) - timedelta(days=1)).isoformat()
    late = (business_day(now) + timedelta(days=60)).isoformat()

    assert "later than today" in words(carla.post(address, {"kind": "DRAFT", "due": past}))
    response = carla.post(address, {"kind": "DRAFT", "due": late}, follow=True)

    assert "takes the place of E1" in words(response)
    again = carla.post(address, {"kind": "DRAFT", "due": late})
    assert again.status_code == 422
    assert "cannot be replaced" in words(again)


def test_the_portfolio_shows_months_banks_and_lines(
    carla: Client, cast: Cast, account: BankAccount, effect: Any, now: Any
) -> None:
    booking.present([effect("100")], account=account, by=cast.carla, now=now)
    effect("40", number="E2")

    response = carla.get(reverse("effects_portfolio"))

    page = words(response)
    assert "Banca Adriatica" in page
    assert "400.00" in page  # free of the line
    (plan,) = response.context["plans"]
    assert (plan.places, plan.totals, plan.total) == (("", "Banca Adriatica"), (40, 100), 140)
    assert "<svg" in response.content.decode()


# -- as of a day --------------------------------------------------------------------------------------------------------


def sheet(response: Any) -> list[list[str]]:
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.reader(io.StringIO(response.getvalue().decode("utf-8-sig"))))


def test_the_statement_on_screen_on_paper_and_as_csv(carla: Client, cast: Cast, item: Any, now: Any) -> None:
    one = item("1234.50", reference="=cmd|' /C calc'!A0")
    booking.pay(customer=cast.rossi, amount=D(34), items=[(one, None)], reference="P", by=cast.carla, now=now)
    address = reverse("customer_account", args=["ROSSI"])

    screen, paper = words(carla.get(address)), words(carla.get(address, {"as": "paper"}))
    rows = sheet(carla.get(address, {"as": "csv"}))

    assert "1,200.50" in screen
    assert "1,200.50" in paper
    assert [row[3:] for row in rows[1:]] == [
        ["", "", "", "", "0.00"],
        ["'=cmd|' /C calc'!A0", one.due.isoformat(), "1234.50", "", "1234.50"],
        ["P", business_day(now).isoformat(), "", "34.00", "1200.50"],
    ]
    wrong = carla.get(address, {"first": "2026-13-01", "last": "x"})
    assert wrong.status_code == 200
    assert "That is not a day" in words(wrong)


def test_the_ageing_page_and_its_csv(carla: Client, cast: Cast, item: Any, now: Any) -> None:
    item("100")
    item("40", customer=cast.bianchi, reference="I2")
    later = (business_day(now) + timedelta(days=61)).isoformat()

    page = words(carla.get(reverse("ageing"), {"day": later, "by": "company"}))
    rows = sheet(carla.get(reverse("ageing"), {"day": later, "customer": "ROSSI", "as": "csv"}))

    assert "140.00" in page
    assert rows[1] == ["ROSSI", "Rossi", "EUR", "0.00", "0.00", "100.00", "0.00", "0.00", "100.00", "1"]
    assert "There is no customer" in words(carla.get(reverse("ageing"), {"customer": "NOBODY"}))
    assert "Nothing was open" in words(carla.get(reverse("ageing"), {"day": "2020-01-01"}))
    missing = carla.get(reverse("ageing"), {"amounts": "company"})
    assert missing.status_code == 200


def test_the_portfolio_as_of_a_day_and_its_csv(carla: Client, cast: Cast, now: Any) -> None:
    today = business_day(now)
    early = now - timedelta(days=10)
    cast.item(cast.bianchi, "1500", due=today, reference="I1", now=early)
    booking.pay(customer=cast.bianchi, amount=D(900), items=[(OpenItem.objects.get(), None)], reference="P",
                by=cast.carla, now=now)  # fmt: skip
    address = reverse("exposure")

    def over(**asked: Any) -> list[list[str]]:
        head, *rows = sheet(carla.get(address, {"as": "csv", "only": "over", **asked}))
        return [
            [row[head.index(n)] for n in ("Customer", "Receivables", "Exposure", "Limit", "Over it")] for row in rows
        ]

    yesterday = (today - timedelta(days=1)).isoformat()
    (row,) = over(day=yesterday)
    assert row == ["BIANCHI", "1500.00", "1500.00", "1000.00", "500.00"]
    assert over() == []
    assert len(over(known=yesterday)) == 1
    assert over(day=(today - timedelta(days=11)).isoformat()) == []
    assert "1,500.00" in words(carla.get(address, {"day": yesterday}))
    assert "That is not a day" in words(carla.get(address, {"day": "soon"}))


def test_a_branch_counts_once_in_the_sums_of_a_portfolio(cast: Cast, now: Any) -> None:
    today = business_day(now)
    Customer.objects.filter(pk=cast.bianchi.pk).update(parent=cast.rossi)
    for customer, amount in ((cast.rossi, "1000"), (cast.bianchi, "500")):
        cast.item(customer, amount, due=today, reference=customer.code, now=now)

    for is_past in (True, False):
        found = standings.look(
            cast.carla.user, Asked(today, only="owing", is_past=is_past), Wanted(Key("code"), sums=True)
        )
        alone = standings.look(cast.carla.user, Asked(today, text="ROSSI", is_past=is_past), Wanted(sums=True))

        assert {r.code: r.total for r in found.rows} == {"ROSSI": 1500, "BIANCHI": 500}
        assert [one.total for one in (*found.sums, *alone.sums)] == [1500, 1500]


@pytest.mark.parametrize(
    ("value", "expected"),
    [("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@x", "'@x"), ("\t=1", "'\t'=1"), (" =1", "' =1"), ("plain", "plain"),
     (D("-12.50"), "-12.50"), (None, ""), (True, "yes"), (7, "7")],
)  # fmt: skip
def test_no_cell_is_run_by_a_spreadsheet(value: Any, expected: str) -> None:
    assert cell(value) == expected


# -- who, and at what cost ----------------------------------------------------------------------------------------------


def test_sales_does_not_see_a_customers_account(cast: Cast) -> None:
    assert as_user(cast.sara.user).get(reverse("customer_account", args=["ROSSI"])).status_code == 403


@pytest.mark.parametrize("name", ["item_mark", "item_reverse", "item_write_off", "presentation", "effect_replace"])
def test_what_is_not_there_is_not_found(carla: Client, cast: Cast, name: str) -> None:
    response = (
        carla.post(reverse(name, args=[999999])) if name.startswith("item") else carla.get(reverse(name, args=[999999]))
    )

    assert response.status_code == 404


@pytest.mark.parametrize(
    ("name", "budget"),
    [("effects", 14), ("presentations", 14), ("effects_portfolio", 14), ("ageing", 16), ("exposure", 17),
     ("effects_issue", 16)],
)  # fmt: skip
def test_a_page_costs_the_same_for_few_and_for_many(
    carla: Client, cast: Cast, account: BankAccount, effect: Any, now: Any, name: str, budget: int
) -> None:
    asked = {"company": "MAIN"} if name == "effects_issue" else {}
    booking.present([effect("1", number="E0")], account=account, by=cast.carla, now=now)
    few = queries_of(carla, reverse(name), asked)
    for n in range(8):
        booking.present([effect("1", number=f"P{n}")], account=account, by=cast.carla, now=now)
        cast.item(cast.customer(f"C{n}"), "5", due=business_day(now), reference=f"O{n}", now=now)

    many = queries_of(carla, reverse(name), asked)

    assert many <= few + 1
    assert many <= budget
