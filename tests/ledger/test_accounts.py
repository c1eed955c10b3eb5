"""The statement of account and the ageing say what the exposure ledger says, on any day of any history."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from approvals import booking, corrections, effects
from creditrisk.exposure import ledger
from customers.models import Company, Segment
from ledger import accounts, ageing, queries
from ledger.ageing import Asked
from ledger.effects import Return
from ledger.models import Effect, ExchangeRate, Mark, OpenItem
from tests.cast import NOW, TODAY, Cast, after
from tests.ledger.conftest import DUE
from tests.ledger.test_corrections import may_write_off
from tests.locking import taken_back
from tests.stories import played

pytestmark = pytest.mark.django_db

IN_LEDGER = {"ITEMS", "ITEMS_DISPUTED", "ITEMS_PROVISIONAL", "CREDITS", "CREDITS_PROVISIONAL"}
STEPS = ["item", "pay", "advance", "allocate", "undo", "dispute", "exclude", "provisional", "write off", "reverse",
         "effect", "present", "unpaid", "post back", "replace", "collect"]  # fmt: skip


def in_exposure(customer: Any, day: date) -> dict[str, D]:
    """Receivables and credits of the exposure ledger as of a day, by currency."""
    found: dict[str, D] = {}
    for _customer, _company, bucket, _due, currency, amount in ledger.as_of([customer.pk], day=day):
        if bucket in IN_LEDGER:
            found[currency] = found.get(currency, D(0)) + amount
    return {currency: amount for currency, amount in found.items() if amount}


def in_statement(customer: Any, day: date) -> dict[str, D]:
    told = accounts.statement(customer, first=TODAY, last=day)
    for a in told:
        assert a.opening + sum((m.amount for m in a.movements), D(0)) == a.closing
        assert sum((line.open_amount for line in a.open), D(0)) == a.closing
    return {a.currency: a.closing - a.excluded for a in told if a.closing != a.excluded}


def in_ageing(customer: Any, day: date) -> dict[str, D]:
    rows = queries.ageing(day=day, customer_ids=[customer.pk])
    return {str(row.key[0]): row.total for row in rows if row.total}


def test_a_statement_runs_from_its_opening_to_its_closing_balance(cast: Cast) -> None:
    one = cast.item(cast.rossi, "100", due=after(10).date(), reference="I1")
    cast.item(cast.rossi, "50", due=after(40).date(), reference="I2", now=after(5))
    booking.pay(customer=cast.rossi, amount=D(70), items=[(one, None)], reference="P", by=cast.carla, now=after(12))

    (told,) = accounts.statement(cast.rossi, first=after(5).date(), last=after(20).date())

    assert (told.opening, told.closing, told.overdue) == (100, 80, 30)
    assert [(m.reference, m.debit, m.credit, m.balance) for m in told.movements] == [
        ("I2", D(50), None, D(150)),
        ("P", None, D(70), D(80)),
    ]
    assert [(line.reference, line.open_amount, line.days_late) for line in told.open] == [
        ("I1", 30, 10),
        ("I2", 50, -20),
    ]
    assert [a.closing for a in accounts.statement(cast.rossi, first=TODAY, last=TODAY)] == [100]
    assert accounts.statement(cast.rossi, first=TODAY, last=TODAY - timedelta(days=1)) == []


def test_each_currency_has_an_account_of_its_own(cast: Cast) -> None:
    cast.item(cast.rossi, "100", due=TODAY)
    booking.item(customer=cast.rossi, amount=D(7), currency="JPY", reference="Y", due=TODAY, by=cast.carla, now=NOW)

    told = accounts.statement(cast.rossi, first=TODAY, last=TODAY)

    assert [(a.currency, a.closing) for a in told] == [("EUR", 100), ("JPY", 7)]


def test_an_invoice_posted_later_than_it_is_dated_counts_from_its_posting(cast: Cast) -> None:
    from approvals import gate
    from documents.drafts import NewDocument

    new = NewDocument(kind="INVOICE", customer=cast.rossi, amount=D(200))
    invoice = gate.submit(new, "invoice", by=cast.sara, now=NOW).document
    gate.submit(invoice, "post", by=cast.sara, now=after(3))

    for days, expected in ((2, {}), (3, {"EUR": D(200)})):
        day = after(days).date()
        assert in_statement(cast.rossi, day) == in_ageing(cast.rossi, day) == in_exposure(cast.rossi, day) == expected
    assert OpenItem.objects.get().item_date == TODAY


def some(rows: Any, pick: int) -> Any:
    found = list(rows.order_by("pk")[:8])
    return found[pick % len(found)] if found else None


def act(cast: Cast, step: str, pick: int, cents: int, now: Any) -> None:
    """One step of a random story; what is refused leaves nothing behind."""
    amount, items, actor = D(cents) / 100, OpenItem.objects.filter, {"by": cast.carla, "now": now}
    early = now.date() - timedelta(days=pick % 3)
    number = f"N{OpenItem.objects.count()}-{Effect.objects.count()}"
    debt, credit = some(items(open_amount__gt=0), pick), some(items(open_amount__lt=0), pick)
    effect = some(Effect.objects.all(), pick)
    if step == "item":
        due, unit = now.date() + timedelta(days=pick * 5 - 10), ("EUR", "EUR", "USD")[pick % 3]
        kind = "INVOICE" if pick % 2 else "CREDIT_NOTE"
        booking.item(customer=cast.rossi, amount=amount, reference=number, due=due, day=early, currency=unit, kind=kind,
                     excluded=pick == 5, provisional=pick == 6, disputed=kind == "INVOICE" and pick == 7, **actor)  # fmt: skip
    elif step in ("pay", "advance"):
        aims = [(debt, None)] if debt and step == "pay" else []
        booking.pay(customer=cast.rossi, amount=amount, items=aims, reference=number, day=early, **actor)
    elif step == "allocate" and debt and credit:
        booking.allocate(credit, [(debt, None)], day=early, **actor)
    elif step == "undo" and (c := some(items(amount__lt=0), pick)):
        booking.unallocate(c, day=early, **actor)
    elif step in ("dispute", "exclude", "provisional") and (i := debt or credit):
        mark = {"dispute": Mark.DISPUTED, "exclude": Mark.EXCLUDED, "provisional": Mark.PROVISIONAL}[step]
        booking.mark(i, mark, on=not getattr(i, mark.lower()), reason="x", **actor)
    elif step == "write off" and (i := debt or credit):
        corrections.write_off(i, amount=min(amount, abs(i.open_amount)), reason="x", day=early, **actor)
    elif step == "reverse" and (i := some(items(kind__in=["PAYMENT", "WRITE_OFF", "CHARGE"]), pick)):
        corrections.reverse(i, reason="x", day=early, **actor)
    elif step == "effect" and debt:
        booking.issue_effect(customer=cast.rossi, amount=debt.open_amount, due=DUE, items=[debt], day=early, **actor)
    elif step == "present" and effect:
        booking.present([effect], mode=("SBF", "COLLECTION", "DISCOUNT")[pick % 3], **actor)
    elif step == "unpaid" and effect:
        booking.unpaid(effect, posted=bool(pick % 2), how=Return("x", amount, bool(pick % 3)), **actor)
    elif step == "post back" and effect:
        booking.unpaid(effect, posted=True, **actor)
    elif step == "replace" and effect:
        effects.replace(effect, kind="DRAFT", due=DUE + timedelta(days=90), **actor)
    elif step == "collect" and effect:
        booking.collect(effect, **actor)


story = st.lists(
    st.tuples(st.sampled_from(STEPS), st.integers(0, 7), st.integers(1, 60000), st.integers(0, 3)),
    min_size=8, max_size=36,
)  # fmt: skip


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story)
def test_statement_ageing_and_exposure_agree_on_every_day_of_any_history(
    cast: Cast, steps: Iterable[tuple[str, int, int, int]]
) -> None:
    with taken_back():
        may_write_off(None)
        now = after(3)
        for step, moment in played(cast, steps, act, now=now):
            assert ledger.audit().total == 0, step
            now = moment
        for back in range((now - NOW).days + 3):
            day = now.date() - timedelta(days=back)
            assert in_statement(cast.rossi, day) == in_exposure(cast.rossi, day), day
            assert in_ageing(cast.rossi, day) == in_exposure(cast.rossi, day), day


# -- the ageing report --------------------------------------------------------------------------------------------------


@pytest.fixture
def spread(cast: Cast) -> Cast:
    """Debts in two companies and currencies: Rossi of the trade in Italy, Bianchi without segment, sold by Sara."""
    abroad = Company.objects.create(code="ABROAD", name="Abroad", currency="USD")
    trade = Segment.objects.create(code="TRADE", name="Trade")
    type(cast.rossi).objects.filter(pk=cast.rossi.pk).update(segment=trade, country="IT")
    type(cast.rossi).objects.filter(pk=cast.bianchi.pk).update(salesperson=cast.sara.user)
    ExchangeRate.objects.create(source="EUR", target="USD", day=TODAY, rate=D("1.25"))
    cast.item(cast.rossi, "100", due=TODAY)
    booking.item(
        customer=cast.rossi, company=abroad, amount=D("10.01"), reference="A", due=TODAY, by=cast.carla, now=NOW
    )
    cast.item(cast.bianchi, "40", due=TODAY - timedelta(days=31), reference="B")
    return cast


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("customer", [("ROSSI", "EUR", D("110.01")), ("BIANCHI", "EUR", D(40))]),
        ("company", [("MAIN", "EUR", D(140)), ("ABROAD", "EUR", D("10.01"))]),
        ("segment", [("TRADE", "EUR", D("110.01")), ("–", "EUR", D(40))]),
        ("country", [("IT", "EUR", D("110.01")), ("–", "EUR", D(40))]),
        ("salesperson", [("–", "EUR", D("110.01")), ("sara", "EUR", D(40))]),
    ],
)
def test_ageing_by_any_key(spread: Cast, by: str, expected: list[Any]) -> None:
    found = ageing.lines(Asked(TODAY, by), companies=None)

    assert [(line.code, line.currency, line.total) for line in found] == expected


def test_ageing_in_company_currency_rounds_each_sum_once(spread: Cast) -> None:
    found = ageing.lines(Asked(TODAY, "customer", in_company_currency=True), companies=None)

    assert [(line.code, line.currency, line.total) for line in found] == [
        ("ROSSI", "EUR", D("100.00")),
        ("BIANCHI", "EUR", D("40.00")),
        ("ROSSI", "USD", D("12.51")),
    ]


def test_ageing_of_some(spread: Cast) -> None:
    def total(**of: Any) -> D:
        return sum((line.total for line in ageing.lines(Asked(TODAY, **of), companies=None)), D(0))

    assert total(customer=spread.bianchi) == 40
    assert total(segment=Segment.objects.get()) == D("110.01")
    assert total(country="IT", company=spread.company) == 100
    assert total(salesperson=spread.sara.user) == 40
    assert total(country="FR") == 0
    assert sum((x.total for x in ageing.lines(Asked(TODAY), companies=[spread.company.pk])), D(0)) == 140
    (late,) = [x.buckets for x in ageing.lines(Asked(TODAY, customer=spread.bianchi), companies=None)]
    assert late == (0, 0, 40, 0, 0)
