"""What holds of every policy: exclusions add nothing, blocks take nothing away, rows without effect have none."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal as D
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from creditrisk.facts import (
    Case,
    Control,
    EffectiveLimit,
    Exposure,
    LimitState,
    MemberOverdue,
    Outcome,
    Standing,
    UnpaidEffect,
)
from creditrisk.money import ZERO, Rates
from creditrisk.policy.idle import idle
from creditrisk.rules import Row, book, evaluate, reading_order

DAY = date(2026, 3, 31)
LIMIT_RULES = {"over_limit", "over_shared_limit", "over_sub_limit", "limit_used"}
lawful = settings(max_examples=150, deadline=None)

small, some = st.integers(0, 4), st.sampled_from
days = small.map(lambda n: 10 * n)
VALUES: dict[str, Any] = {
    "days_overdue": st.one_of(st.fixed_dictionaries({"days": days}), st.fixed_dictionaries({"amount": small.map(D)})),
    "account_status": st.fixed_dictionaries({"status": some(["WATCH", "NORMAL"])}),
    "payment_terms": st.fixed_dictionaries({"terms": some(["N30", "N60"])}),
    "limit_expired": st.fixed_dictionaries({"days": days}),
    "overdue_amount": st.fixed_dictionaries({"amount": small.map(D), "percent": days.map(D)}),
    "order_amount": st.fixed_dictionaries({"amount": small.map(D), "currency": some([None, "EUR"])}),
    "limit_used": st.fixed_dictionaries({"percent": days.map(D)}),
    "unpaid_effects": st.one_of(
        st.fixed_dictionaries({"days": days, "count": st.integers(1, 3)}),
        st.fixed_dictionaries({"days": days, "amount": small.map(D)}),
    ),
    "review_overdue": st.fixed_dictionaries({"days": days}),
}
day = st.one_of(st.none(), st.integers(-20, 20).map(lambda n: DAY + timedelta(n)))


@st.composite
def row(draw: Any, code: str) -> Row:
    scope = draw(some(["all", "group", "customer"]))
    values = draw(VALUES[code])
    kind = "exclude" if values.keys() == {"amount"} and code == "days_overdue" else draw(some(["block", "exclude"]))
    return Row(
        book()[code](**values),
        kind=kind,
        scope=scope,
        scope_code={"all": "", "group": draw(some(["G", "H"])), "customer": draw(some(["C", "D"]))}[scope],
        risk_class=draw(some([None, None, "LOW", "HIGH"])),
        release_order=kind == "exclude" and draw(some([False, False, True])),
        action=draw(some(["HOLD", "HOLD", "WARN"])) if kind == "block" else "HOLD",
        valid_from=draw(some([None, None, DAY - timedelta(9), DAY + timedelta(3)])),
        valid_to=draw(some([None, None, DAY - timedelta(2), DAY + timedelta(5)])),
    )


@st.composite
def rulebook(draw: Any) -> list[Row]:
    """Rows of few rules, so that they meet."""
    codes = draw(st.lists(some(list(VALUES)), min_size=1, max_size=2, unique=True))
    found = draw(st.lists(some(codes).flatmap(row), max_size=9))
    return [replace(one, id=number) for number, one in enumerate(found, 1)]


@st.composite
def case(draw: Any, ahead: int = 12) -> Case:
    late, total = draw(st.integers(0, 45)), draw(st.integers(0, 50))
    overdue = D(draw(st.integers(1, 6))) if late else ZERO
    limit = draw(some([LimitState.AMOUNT, LimitState.AMOUNT, LimitState.UNLIMITED, LimitState.NONE]))
    amount = D(draw(some([0, 40, 100]))) if limit == LimitState.AMOUNT else ZERO
    exposure = Exposure("EUR", {"receivables": D(total)}, overdue=overdue, days_overdue=late)
    own = Standing("C", "own", exposure, EffectiveLimit(limit, amount, "EUR"), draw(some(list(Control))), D(total))
    today = DAY + timedelta(draw(st.integers(0, ahead)))
    returned = draw(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 3)), max_size=4))
    return Case(
        today=today, checkpoint="confirmation", document_kind="ORDER", amount=D(draw(small)), currency="EUR",
        customer=draw(some(["C", "D"])), own=own, rates=Rates(today, {}), credit_group=draw(some([None, "G", "H"])),
        risk_class=draw(some([None, "LOW", "HIGH"])), account_status=draw(some(["WATCH", "NORMAL"])),
        terms=draw(some([None, "N30", "N60"])), excluded=draw(some([False] * 9 + [True])),
        uses_credit=draw(some([True, True, False])), next_review=draw(day), limit_last_day=draw(day),
        blank_expiry_is_expired=draw(st.booleans()), check_terms=True, terms_rank=2, usual_terms_rank=draw(some([1, 3])),
        unpaid_effects=tuple(UnpaidEffect(today - timedelta(n), D(euros)) for n, euros in returned),
        members_overdue=draw(some([(), (MemberOverdue("M", "S", draw(st.integers(1, 45)), D(5)),)])),
    )  # fmt: skip


def said(outcome: Outcome) -> tuple[Any, ...]:
    return outcome.verdict, set(outcome.reasons), set(outcome.warnings)


def found(outcome: Outcome) -> set[str]:
    return {*outcome.reasons, *outcome.warnings}


def told(facts: Case, rows: list[Row]) -> Outcome:
    return evaluate(facts, reading_order(rows))


any_row = some(list(VALUES)).flatmap(row)


@given(case(), rulebook(), any_row)
@lawful
def test_an_exclusion_never_adds_a_finding(facts: Case, rows: list[Row], extra: Row) -> None:
    extra = replace(extra, kind="exclude", id=99)
    without, with_it = told(facts, rows), told(facts, [*rows, extra])

    assert found(with_it) <= found(without)
    assert set(with_it.reasons) <= set(without.reasons)


@given(case(), rulebook(), any_row)
@lawful
def test_a_block_never_takes_a_finding_away(facts: Case, rows: list[Row], extra: Row) -> None:
    rule = book()["days_overdue"](days=20) if extra.search == ("days_overdue", ("amount",)) else extra.rule
    extra = replace(extra, rule=rule, kind="block", release_order=False, id=99)
    without, with_it = told(facts, rows), told(facts, [*rows, extra])

    assert found(without) <= found(with_it)
    assert extra.action == "WARN" or set(without.reasons) <= set(with_it.reasons)


@given(case(), rulebook(), st.integers(0, 60))
@lawful
def test_more_exposure_never_heals_a_limit_rule(facts: Case, rows: list[Row], more: int) -> None:
    blocks = [one for one in rows if one.kind == "block"]
    exposure = facts.own.exposure
    grown = replace(exposure, buckets={"receivables": exposure.buckets["receivables"] + more})
    bigger = replace(facts, own=replace(facts.own, exposure=grown, measured=facts.own.measured + more))

    assert found(told(facts, blocks)) & LIMIT_RULES <= found(told(bigger, blocks))


@given(case(), rulebook(), st.randoms())
@lawful
def test_the_order_in_which_rows_were_written_says_nothing(facts: Case, rows: list[Row], random: Any) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    shuffled = [replace(one, id=number) for number, one in enumerate(shuffled, 1)]

    assert said(told(facts, rows)) == said(told(facts, shuffled))


FIGURES: dict[str, list[dict[str, Any]]] = {
    "days_overdue": [{"late": n, "overdue": m} for n in (0, 5, 10, 20, 25, 30, 45) for m in (1, 2, 4)],
    "account_status": [{"account_status": code} for code in ("WATCH", "NORMAL")],
    "payment_terms": [{"terms": code} for code in ("N30", "N60", None)],
    "limit_expired": [{"limit_last_day": DAY - timedelta(n)} for n in range(-5, 45, 5)] + [{"limit_last_day": None}],
    "overdue_amount": [{"late": 1, "overdue": n, "total": m} for n in range(6) for m in range(0, 50, 10)],
    "order_amount": [{"amount": D(n)} for n in range(6)],
    "limit_used": [{"total": n} for n in range(0, 60, 10)],
    "unpaid_effects": [{"returned": n} for n in ([], [5], [15], [25], [5, 15], [5, 25], [15, 25, 35], [5, 5, 5, 35])],
    "review_overdue": [{"next_review": DAY - timedelta(n)} for n in range(-5, 45, 5)] + [{"next_review": None}],
}


def of(figures: dict[str, Any], **where: Any) -> Case:
    """A case with these figures against a limit of 100."""
    more = dict(figures)
    late, total, overdue = more.pop("late", 0), D(more.pop("total", 0)), D(more.pop("overdue", 0))
    exposure = Exposure("EUR", {"receivables": total}, overdue=overdue if late else ZERO, days_overdue=late)
    own = Standing("C", "own", exposure, EffectiveLimit(LimitState.AMOUNT, D(100), "EUR"), Control.NONE, total)
    effects = tuple(UnpaidEffect(where["today"] - timedelta(n), D(1)) for n in more.pop("returned", []))
    members = (MemberOverdue("M", "S", late, D(5)),) if late else ()
    facts = {
        "checkpoint": "confirmation", "document_kind": "ORDER", "amount": D(1), "currency": "EUR", "customer": "C",
        "own": own, "rates": Rates(where["today"], {}), "unpaid_effects": effects, "members_overdue": members,
    }  # fmt: skip
    return Case(**(facts | more | where))


@st.composite
def close_rows(draw: Any) -> tuple[str, list[Row]]:
    """A few rows that speak of the same customers, mostly, about one kind of value."""
    code = draw(some(list(VALUES)))
    found = draw(st.lists(row(code), min_size=2, max_size=6))
    kinds = sorted({one.search for one in found})
    near = [one for one in found if one.search == draw(some(kinds))] or found
    plain = [
        replace(
            one, id=number, scope_code={"all": "", "group": "G", "customer": "C"}[one.scope],
            risk_class=draw(some([None, None, None, "LOW", "HIGH"])),
            valid_from=draw(some([None, None, None, one.valid_from])),
            valid_to=draw(some([None, None, None, one.valid_to])),
        )
        for number, one in enumerate(near, 1)
    ]  # fmt: skip
    return code, plain


@given(close_rows(), some(["C", "C", "D"]), some(["G", "G", None]), some([None, "LOW", "HIGH"]), some([0, 0, 4, 6]))
@settings(lawful, max_examples=300)
def test_a_row_that_is_pointed_out_changes_no_outcome(
    near: tuple[str, list[Row]], customer: str, group: str | None, risk: str | None, ahead: int
) -> None:
    code, rows = near
    where = {"customer": customer, "credit_group": group, "risk_class": risk, "today": DAY + timedelta(ahead)}

    for pointed_out in idle(rows, today=DAY):
        others = [one for one in rows if one.id != pointed_out.row.id]
        for figures in FIGURES[code]:
            facts = of(figures, **where)
            assert said(told(facts, rows)) == said(told(facts, others)), (pointed_out, figures)


@given(rulebook(), case())
@lawful
def test_rows_found_by_whom_they_speak_of_are_all_that_apply(rows: list[Row], facts: Case) -> None:
    ordered = reading_order(rows)

    assert ordered.of(facts) == [one for one in ordered if one.applies(facts)]
