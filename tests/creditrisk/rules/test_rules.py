"""Each rule of the book: facts in, finding out. No database."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal as D
from typing import Any

import pytest
from django.utils import translation

from creditrisk import rules
from creditrisk.facts import (
    Case,
    Control,
    EffectiveLimit,
    Exposure,
    LimitState,
    MemberOverdue,
    Standing,
    UnpaidEffect,
    Verdict,
)
from creditrisk.money import ZERO, Rates
from creditrisk.rules import Row, book, evaluate, reading_order

DAY = date(2026, 3, 31)
UNLIMITED = EffectiveLimit(LimitState.UNLIMITED, ZERO, "EUR")


def limit(amount: str) -> EffectiveLimit:
    return EffectiveLimit(LimitState.AMOUNT, D(amount), "EUR")


def standing(total: str = "0", of: EffectiveLimit | None = None, **more: Any) -> Standing:
    exposure = Exposure("EUR", {"receivables": D(total)}, **more)
    return Standing("C1", "own", exposure, of or limit("1000"), Control.BLOCK, D(total))


def case(own: Standing | None = None, **more: Any) -> Case:
    facts: dict[str, Any] = {
        "today": DAY, "checkpoint": "confirmation", "document_kind": "ORDER", "amount": D(100), "currency": "EUR",
        "customer": "C1", "own": own or standing(), "rates": Rates(DAY, {("EUR", "USD"): D("1.10")}),
    }  # fmt: skip
    return Case(**{**facts, **more})


def row(code: str, *, kind: str = "block", scope: str = "all", **values: Any) -> Row:
    extras = {
        name: values.pop(name)
        for name in ("release_order", "scope_code", "risk_class", "action", "id")
        if name in values
    }
    return Row(book()[code](**values), kind=kind, scope=scope, **extras)


def reasons(facts: Case, *rows: Row) -> tuple[str, ...]:
    return evaluate(facts, reading_order(rows)).reasons


LATE = {"overdue": D(500), "days_overdue": 60}

TABLE = [
    ("day 60 passes a block at 61", standing("500", **LATE), row("days_overdue", days=61), {}, ()),
    ("day 60 meets a block at 60", standing("500", **LATE), row("days_overdue", days=60), {}, ("days_overdue",)),
    ("a block at 0 days wants one day", standing("500"), row("days_overdue", days=0), {}, ()),
    ("the status it names", None, row("account_status", status="WATCH"), {"account_status": "WATCH"}, ("account_status",)),
    ("another status", None, row("account_status", status="WATCH"), {"account_status": "NORMAL"}, ()),
    ("the terms it names", None, row("payment_terms", terms="CIA"), {"terms": "CIA"}, ("payment_terms",)),
    ("a limit on its last day", None, row("limit_expired", days=0), {"limit_last_day": DAY}, ()),
    ("a limit a day later", None, row("limit_expired", days=0), {"limit_last_day": DAY - timedelta(1)}, ("limit_expired",)),
    ("no last day", None, row("limit_expired", days=0), {}, ()),
    ("no last day, read as expired", None, row("limit_expired", days=0), {"blank_expiry_is_expired": True}, ("limit_expired",)),
    ("both thresholds reached", standing("700", overdue=D(300)), row("overdue_amount", amount=D(300), percent=D(70)), {}, ("overdue_amount",)),
    ("a cent too little overdue", standing("700", overdue=D("299.99")), row("overdue_amount", amount=D(300), percent=D(70)), {}, ()),
    ("unlimited reaches no percent", standing("700", UNLIMITED, overdue=D(300)), row("overdue_amount", amount=D(300), percent=D(70)), {}, ()),
    ("an amount in the rule's currency", None, row("order_amount", amount=D(110), currency="USD"), {}, ("order_amount",)),
    ("a cent less", None, row("order_amount", amount=D("110.01"), currency="USD"), {}, ()),
    ("90 % used", standing("900"), row("limit_used", percent=D(90)), {}, ("limit_used",)),
    ("a cent below 90 %", standing("899.99"), row("limit_used", percent=D(90)), {}, ()),
    ("no credit at all", standing("1", limit("0")), row("limit_used", percent=D(100)), {}, ("limit_used", "over_limit")),
    ("unlimited is never used up", standing("9999", UNLIMITED), row("limit_used", percent=D(1)), {}, ()),
    ("an effect in the last days", None, row("unpaid_effects", days=90, count=1), {"unpaid_effects": (UnpaidEffect(DAY, D(9)),)}, ("unpaid_effects",)),
    ("by amount", None, row("unpaid_effects", days=90, amount=D(10)), {"unpaid_effects": (UnpaidEffect(DAY, D(9)),)}, ()),
    ("an effect long ago", None, row("unpaid_effects", days=90, count=1), {"unpaid_effects": (UnpaidEffect(DAY - timedelta(91), D(9)),)}, ()),
    ("an effect on the first of the last days", None, row("unpaid_effects", days=90, count=1), {"unpaid_effects": (UnpaidEffect(DAY - timedelta(90), D(9)),)}, ("unpaid_effects",)),
    ("one effect too few", None, row("unpaid_effects", days=90, count=2), {"unpaid_effects": (UnpaidEffect(DAY, D(9)),)}, ()),
    ("by amount, to the cent", None, row("unpaid_effects", days=90, amount=D(10)), {"unpaid_effects": (UnpaidEffect(DAY, D(9)), UnpaidEffect(DAY, D(1)))}, ("unpaid_effects",)),
    ("a limit ten days past", None, row("limit_expired", days=10), {"limit_last_day": DAY - timedelta(10)}, ("limit_expired",)),
    ("a limit nine days past", None, row("limit_expired", days=10), {"limit_last_day": DAY - timedelta(9)}, ()),
    ("other terms", None, row("payment_terms", terms="CIA"), {"terms": "N30"}, ()),
    ("no terms", None, row("payment_terms", terms="CIA"), {}, ()),
    ("too little of the limit used", standing("699.99", overdue=D(300)), row("overdue_amount", amount=D(300), percent=D(70)), {}, ()),
    ("no review planned", None, row("review_overdue", days=0), {}, ()),
    ("a review on its day", None, row("review_overdue", days=0), {"next_review": DAY}, ("review_overdue",)),
    ("a review ten days late", None, row("review_overdue", days=10), {"next_review": DAY - timedelta(10)}, ("review_overdue",)),
    ("a review nine days late", None, row("review_overdue", days=10), {"next_review": DAY - timedelta(9)}, ()),
]  # fmt: skip


@pytest.mark.parametrize(("own", "asked", "more", "expected"), [t[1:] for t in TABLE], ids=[t[0] for t in TABLE])
def test_a_block_is_true_when_its_threshold_is_reached(
    own: Standing | None, asked: Row, more: dict[str, Any], expected: tuple[str, ...]
) -> None:
    found = reasons(case(own, **more), asked)

    assert set(found) == set(expected)


EXCLUSIONS = [
    ("60 days late, up to 60", standing("500", **LATE), row("days_overdue", kind="exclude", days=60), {}, True),
    ("61 days late, up to 60", standing("500", overdue=D(500), days_overdue=61), row("days_overdue", kind="exclude", days=60), {}, False),
    ("nothing overdue, up to 60", standing("500"), row("days_overdue", kind="exclude", days=60), {}, False),
    ("as much overdue", standing("500", **LATE), row("days_overdue", kind="exclude", amount=D(500)), {}, True),
    ("a cent more overdue", standing("500", overdue=D("500.01"), days_overdue=1), row("days_overdue", kind="exclude", amount=D(500)), {}, False),
    ("overdue in the rule's currency", standing("500", **LATE), row("days_overdue", kind="exclude", amount=D(550), currency="USD"), {}, True),
    ("nothing overdue, up to an amount", standing("500"), row("days_overdue", kind="exclude", amount=D(500)), {}, False),
    ("the status it names", None, row("account_status", kind="exclude", status="KEY"), {"account_status": "KEY"}, True),
    ("the terms it names", None, row("payment_terms", kind="exclude", terms="CIA"), {"terms": "CIA"}, True),
    ("ten days past, up to ten", None, row("limit_expired", kind="exclude", days=10), {"limit_last_day": DAY - timedelta(10)}, True),
    ("eleven days past, up to ten", None, row("limit_expired", kind="exclude", days=10), {"limit_last_day": DAY - timedelta(11)}, False),
    ("not past at all", None, row("limit_expired", kind="exclude", days=10), {"limit_last_day": DAY}, False),
    ("no last day", None, row("limit_expired", kind="exclude", days=10), {"blank_expiry_is_expired": True}, False),
    ("both bounds kept", standing("700", overdue=D(300)), row("overdue_amount", kind="exclude", amount=D(300), percent=D(70)), {}, True),
    ("one bound broken", standing("700.01", overdue=D(300)), row("overdue_amount", kind="exclude", amount=D(300), percent=D(70)), {}, False),
    ("a small document", None, row("order_amount", kind="exclude", amount=D(100), currency="EUR"), {}, True),
    ("a cent above a small one", None, row("order_amount", kind="exclude", amount=D("99.99"), currency="EUR"), {}, False),
    ("90 % used, up to 90", standing("900"), row("limit_used", kind="exclude", percent=D(90)), {}, True),
    ("a cent above 90 %", standing("900.01"), row("limit_used", kind="exclude", percent=D(90)), {}, False),
    ("no effect unpaid, up to none", None, row("unpaid_effects", kind="exclude", days=90, count=0), {}, True),
    ("one effect unpaid, up to none", None, row("unpaid_effects", kind="exclude", days=90, count=0), {"unpaid_effects": (UnpaidEffect(DAY, D(9)),)}, False),
    ("a review ten days late, up to ten", None, row("review_overdue", kind="exclude", days=10), {"next_review": DAY - timedelta(10)}, True),
    ("a review eleven days late, up to ten", None, row("review_overdue", kind="exclude", days=10), {"next_review": DAY - timedelta(11)}, False),
]  # fmt: skip


@pytest.mark.parametrize(("own", "asked", "more", "true"), [t[1:] for t in EXCLUSIONS], ids=[t[0] for t in EXCLUSIONS])
def test_an_exclusion_is_true_up_to_its_threshold(
    own: Standing | None, asked: Row, more: dict[str, Any], true: bool
) -> None:
    measured = asked.measure(case(own, **more))

    assert (measured is not None and measured.true) == true


STANDARDS = [
    ("a full limit is fine", standing("1000"), {}, ()),
    ("one cent more is not", standing("1000.01"), {}, ("over_limit",)),
    ("unlimited is never over", standing("9999", UNLIMITED), {}, ()),
    ("a head at its limit", None, {"heads": (standing("1000"),)}, ()),
    ("a shared limit just full", None, {"shared": (standing("1000"),)}, ()),
    ("a ceiling just reached", standing("500"), {"sub_limits": {"receivables": D(500)}}, ()),
    ("an order before prepaid money came", None, {"prepaid": True, "advance_needed": D(2), "advance_received": D(1)}, ()),
    ("as long terms", None, {"check_terms": True, "terms_rank": 2, "usual_terms_rank": 2}, ()),
    ("longer terms nobody asks about", None, {"terms_rank": 3, "usual_terms_rank": 2}, ()),
    ("as big a discount", None, {"check_discount": True, "discount_rank": 1, "usual_discount": "D", "usual_discount_rank": 1}, ()),
    ("an unranked usual discount", None, {"check_discount": True, "discount_rank": 2, "usual_discount": "D"}, ()),
    ("deliveries always looked at", None, {"authorise_deliveries": True, "document_kind": "DELIVERY"}, ("authorisation_required",)),
    ("deliveries stopped by hand", None, {"blocked_deliveries": True, "document_kind": "DELIVERY"}, ("customer_blocked",)),
    ("a head that is full", None, {"heads": (standing("1001"),)}, ("over_limit",)),
    ("a shared limit that is full", None, {"shared": (standing("1001"),)}, ("over_shared_limit",)),
    ("a ceiling on receivables", standing("500"), {"sub_limits": {"receivables": D(499)}}, ("over_sub_limit",)),
    ("a ceiling on what is overdue", standing("500", **LATE), {"sub_limits": {"overdue": D(499)}}, ("over_sub_limit",)),
    ("prepaid meets no limit", standing("1001"), {"prepaid": True}, ()),
    ("stopped by hand", None, {"blocked_orders": True}, ("customer_blocked",)),
    ("deliveries stopped, an order asked", None, {"blocked_deliveries": True}, ()),
    ("always looked at", None, {"authorise_orders": True}, ("authorisation_required",)),
    ("suspended", None, {"suspended": True}, ("suspended",)),
    ("held by hand", None, {"forced": True}, ("forced",)),
    ("money has not come", None, {"prepaid": True, "checkpoint": "delivery", "advance_needed": D(2), "advance_received": D(1)}, ("awaiting_payment",)),
    ("money has come", None, {"prepaid": True, "checkpoint": "delivery", "advance_needed": D(2), "advance_received": D(2)}, ()),
    ("longer terms", None, {"check_terms": True, "terms_rank": 3, "usual_terms_rank": 2}, ("terms_increased",)),
    ("unranked terms", None, {"check_terms": True, "terms_rank": 3}, ()),
    ("a bigger discount", None, {"check_discount": True, "discount_rank": 2, "usual_discount": "D", "usual_discount_rank": 1}, ("discount_increased",)),
    ("any discount beats none", None, {"check_discount": True, "discount_rank": 1}, ("discount_increased",)),
]  # fmt: skip


@pytest.mark.parametrize(("own", "more", "expected"), [t[1:] for t in STANDARDS], ids=[t[0] for t in STANDARDS])
def test_what_needs_no_row_holds_by_itself(
    own: Standing | None, more: dict[str, Any], expected: tuple[str, ...]
) -> None:
    assert reasons(case(own, **more)) == expected


def test_another_members_debts_hold_where_a_days_overdue_block_is_true_of_them() -> None:
    linked = case(members_overdue=(MemberOverdue("A", "GR", 90, D(500)),))

    assert reasons(linked, row("days_overdue", days=61)) == ("linked_overdue",)
    assert reasons(linked, row("days_overdue", days=91)) == ()
    assert reasons(linked) == ()


def test_another_members_debts_warn_where_the_block_only_warns() -> None:
    linked = case(members_overdue=(MemberOverdue("A", "GR", 40, D(500)),))
    rows = [row("days_overdue", days=30, action="WARN"), row("days_overdue", days=60)]

    found = evaluate(linked, reading_order(rows))
    later = evaluate(replace(linked, members_overdue=(MemberOverdue("A", "GR", 60, D(500)),)), reading_order(rows))

    assert (found.verdict, found.warnings) == (Verdict.WARNED, ("linked_overdue",))
    assert (later.verdict, later.reasons) == (Verdict.HELD, ("linked_overdue",))


@pytest.mark.parametrize(
    ("control", "verdict"),
    [(Control.BLOCK, Verdict.HELD), (Control.WARN, Verdict.WARNED), (Control.NONE, Verdict.PASSED)],
)
def test_control_says_what_an_overrun_does(control: Control, verdict: Verdict) -> None:
    own = replace(standing("1001"), control=control)

    assert evaluate(case(own), ()).verdict == verdict


READING = [
    ("a looser block for one customer does not relax the general one", [row("days_overdue", days=60), row("days_overdue", scope="customer", scope_code="C1", days=90)], ("days_overdue",)),
    ("the customer's exclusion comes before the group's block", [row("days_overdue", scope="group", scope_code="RET", days=30), row("days_overdue", kind="exclude", scope="customer", scope_code="C1", days=100)], ()),
    ("inside a level the block is read first", [row("days_overdue", days=30), row("days_overdue", kind="exclude", days=100)], ("days_overdue",)),
    ("an exclusion by amount leaves a block by days alone", [row("days_overdue", days=30), row("days_overdue", kind="exclude", scope="customer", scope_code="C1", amount=D(1000))], ("days_overdue",)),
    ("an exclusion that frees the order frees it from every rule", [row("limit_used", percent=D(1)), row("days_overdue", kind="exclude", days=100, release_order=True)], ()),
    ("a row for another risk class says nothing", [row("days_overdue", days=30, risk_class="HIGH")], ()),
    ("what holds is read before what warns, whichever was written first", [row("days_overdue", days=30, action="WARN", id=1), row("days_overdue", days=60, id=2)], ("days_overdue",)),
    ("a row that warns does not hold", [row("days_overdue", days=30, action="WARN")], ()),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "expected"), [t[1:] for t in READING], ids=[t[0] for t in READING])
def test_rows_are_read_customer_group_all_and_block_before_exclusion(
    rows: list[Row], expected: tuple[str, ...]
) -> None:
    late = case(standing("500", overdue=D(500), days_overdue=70), credit_group="RET", risk_class="LOW")

    assert reasons(late, *rows) == expected


def test_a_freeing_exclusion_does_not_free_from_a_stop_by_hand() -> None:
    free = row("order_amount", kind="exclude", amount=D(100), release_order=True)
    found = evaluate(case(standing("5000"), blocked_orders=True, authorise_orders=True), [free])

    assert found.reasons == ("customer_blocked", "authorisation_required")


def test_every_rule_is_asked_and_every_finding_kept() -> None:
    found = evaluate(case(), [row("days_overdue", days=61), row("limit_used", percent=D(90))])

    assert {"days_overdue", "limit_used", *rules.standards()} - {f.code for f in found.findings} <= {
        "over_shared_limit", "over_sub_limit", "linked_overdue",
    }  # fmt: skip
    assert found.verdict == Verdict.PASSED


def test_what_is_never_blocked_is_reported_as_a_warning() -> None:
    found = evaluate(case(standing("1001"), never_blocked=True), ())

    assert (found.verdict, found.reasons, found.warnings) == (Verdict.WARNED, (), ("over_limit",))


def test_the_book_has_an_order_and_a_sentence_for_every_rule() -> None:
    every = [*book().values(), *rules.standards().values()]

    assert len({r.order for r in every}) == len(every)
    assert all(r.label and r.__doc__ and rules.sentence(r.code).endswith(".") for r in every)


@pytest.mark.parametrize("asked", [t[2] for t in [*TABLE, *EXCLUSIONS]], ids=[t[0] for t in [*TABLE, *EXCLUSIONS]])
def test_every_row_says_when_it_is_true_and_names_its_values(asked: Row) -> None:
    said = asked.rule.says(asked.kind)

    assert "None" not in said
    for name in asked.rule.value_kind():
        value = getattr(asked.rule, name)
        assert (f"{value:,.2f}" if name == "amount" else str(value or 1)) in said or value == 0


def test_the_rule_book_speaks_the_language_of_the_reader() -> None:
    codes = [*book(), *rules.standards()]
    english = {code: (rules.labels()[code], rules.sentence(code), rules.detail(code)) for code in codes}

    with translation.override("it"):
        italian = {code: (rules.labels()[code], rules.sentence(code), rules.detail(code)) for code in codes}
        both = {"amount": D("1234.5"), "percent": D("12.5"), "currency": "EUR"}
        row = book()["overdue_amount"](**both).says("block")
        wrong = book()["order_amount"].refuse("block", {})

    assert not [(code, text) for code in codes for text in italian[code] if text in english[code]]
    assert row == "è scaduto un importo di EUR 1.234,50 o più ed è utilizzato il 12,5% o più del fido"
    assert wrong is not None and wrong.sentence == "Indicare un importo."
