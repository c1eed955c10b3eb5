"""Long histories in several currencies and companies: what only moves a euro keeps the sum, and no cent ever drifts."""

from datetime import timedelta
from decimal import Decimal as D
from random import Random
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from approvals import booking, corrections, effects, gate
from creditrisk.exposure import ledger
from creditrisk.exposure.models import Balance, Entry
from creditrisk.money import decimals, rounded
from creditrisk.refusal import Refused
from customers.models import Company
from documents.drafts import Changes, NewDocument
from documents.models import Document
from ledger.models import Allocation, Effect, EffectEvent, ExchangeRate, OpenItem
from tests.cast import TODAY, Cast, after
from tests.creditrisk.test_exposure_laws import STEPS, act
from tests.ledger.test_corrections import may_write_off
from tests.locking import taken_back

pytestmark = pytest.mark.django_db

CURRENCIES = {"EUR": "1", "USD": "0.9", "JPY": "0.006", "KWD": "3"}
# These move value between rooms; the others create, lower, pay or end it.
KEEP = {"confirm", "amend", "pick", "deliver", "invoice", "advance", "draft", "issue", "post", "undo", "effect", "present",
        "withdraw", "unpaid", "dispute"}  # fmt: skip
LONG = [*STEPS, "order", "confirm", "deliver", "withdraw", "write off", "reverse"]
history = st.lists(
    st.tuples(st.sampled_from(LONG), st.integers(0, 7), st.integers(1, 90000), st.integers(0, 2)),
    min_size=30,
    max_size=40,
)


def sums() -> dict[str, D]:
    """Return what everybody owes and is promised, by currency; a draft invoice is counted where it came from."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT currency, SUM(amount) FROM exposure_formula WHERE bucket NOT IN ('POSTED_UNPAID', 'INVOICES_DRAFT')"
            " GROUP BY 1 HAVING SUM(amount) <> 0"
        )
        return dict(cursor.fetchall())


def step_of(cast: Cast, company: Company, step: str, pick: int, cents: int, now: Any) -> None:
    """Carry out one step; orders in four currencies and two companies, amendments that only lower."""

    def some(rows: Any) -> Any:
        found = list(rows.order_by("pk")[:8])
        return found[pick % len(found)] if found else None

    carla = {"by": cast.carla, "now": now}
    if step == "order":
        currency = list(CURRENCIES)[Document.objects.filter(kind="ORDER").count() % 4]
        amount = D(cents).scaleb(-decimals(currency))
        where = company if pick % 3 else cast.company
        cast.order((cast.rossi, cast.neri)[pick % 2], str(amount), now=now, currency=currency, company=where)
    elif step == "amend":
        document = some(Document.objects.filter(kind__in=["DELIVERY", "INVOICE"], state="DRAFT"))
        if document:
            less = rounded(document.total * D(1 + pick) / 9, document.currency)
            gate.submit(document, "amend", changes=Changes(amount=less), by=cast.sara, now=now)
    elif step == "confirm":
        if order := some(Document.objects.filter(kind="ORDER", state="DRAFT")):
            gate.submit(order, "confirm", by=cast.sara, now=now)
    elif step == "close":
        if order := some(Document.objects.filter(kind="ORDER")):
            gate.submit(order, "close", by=cast.sara, now=now)
    elif step == "draft" and pick % 2:
        if order := some(Document.objects.filter(kind="ORDER", state__in=["CONFIRMED", "PART_DELIVERED"])):
            new = NewDocument(kind="INVOICE", sources=(order,), share=D("0.4"))
            gate.submit(new, "enter", by=cast.sara, now=now)
    elif step == "pay":
        if item := some(OpenItem.objects.filter(open_amount__gt=0)):
            paid = rounded(D(cents) / 100, item.currency)
            booking.pay(
                customer=item.customer,
                amount=paid,
                items=[(item, None)],
                reference=f"P{OpenItem.objects.count()}",
                **carla,
            )
    elif step == "withdraw":
        if effect := some(Effect.objects.filter(state="PRESENTED")):
            effects.withdraw(effect.presentation, [effect], reason="x", **carla)
    elif step == "write off":
        if item := some(OpenItem.objects.exclude(open_amount=0)):
            corrections.write_off(item, reason="x", **carla)
    elif step == "reverse":
        if payment := some(OpenItem.objects.filter(kind="PAYMENT")):
            corrections.reverse(payment, reason="x", **carla)
    else:
        act(cast, step, pick, cents, now)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history)
def test_over_thirty_steps_sums_are_kept_and_ledger_and_formula_agree(
    cast: Cast, steps: list[tuple[str, int, int, int]]
) -> None:
    with taken_back():
        may_write_off(None)
        company = Company.objects.create(code="OTHER", name="Other", currency="USD")
        for source, rate in list(CURRENCIES.items())[1:]:
            ExchangeRate.objects.create(source=source, target="EUR", day=TODAY, rate=D(rate))
        for customer in (cast.rossi, cast.neri):
            booking.grant_limit(customer=customer, amount=D(90000), valid_from=TODAY, by=cast.dario, now=after(0))
        now = after(0)
        for step, pick, cents, days in steps:
            now += timedelta(days=days)
            before = sums()
            try:
                with transaction.atomic():
                    step_of(cast, company, step, pick, cents, now)
            except Refused:
                pass
            if step in KEEP:
                assert sums() == before, step
            assert ledger.audit().total == 0, step


def places() -> set[str]:
    """Return what a history has come to: rooms that hold something, currencies posted, steps of effects, kinds of papers."""
    return {
        *Balance.objects.exclude(amount=0).values_list("bucket", flat=True),
        *OpenItem.objects.values_list("currency", flat=True),
        *EffectEvent.objects.values_list("step", flat=True),
        *Document.objects.values_list("kind", flat=True),
        *(["undone"] if Allocation.objects.filter(reverses__isnull=False).exists() else []),
    }


def test_a_long_history_reaches_what_it_must_and_keeps_the_sums(cast: Cast) -> None:
    may_write_off(None)
    company = Company.objects.create(code="OTHER", name="Other", currency="USD")
    for source, rate in list(CURRENCIES.items())[1:]:
        ExchangeRate.objects.create(source=source, target="EUR", day=TODAY, rate=D(rate))
    for customer in (cast.rossi, cast.neri):
        booking.grant_limit(customer=customer, amount=D(900000), valid_from=TODAY, by=cast.dario, now=after(0))
    dice, reached, now, taken = Random("rooms"), set[str](), after(0), 0
    wanted = {"ORDERS_CONFIRMED", "DELIVERED", "INVOICES_ISSUED", "ITEMS", "CREDITS", "EFFECTS_ISSUED", "RETURN", "CREDIT_NOTE",
              "undone"}  # fmt: skip

    while not reached >= wanted and taken < 400:
        taken += 1
        step = dice.choice([*LONG, "confirm", "invoice", "invoice", "post", "post", "draft", "effect", "present"])
        now += timedelta(days=dice.randint(0, 1))
        before = sums()
        try:
            with transaction.atomic():
                step_of(cast, company, step, dice.randint(0, 7), dice.randint(1, 90000), now)
        except Refused:
            continue
        assert step not in KEEP or sums() == before, (taken, step)
        reached |= places()

    assert wanted - reached == set()
    assert taken >= 30
    assert set(Entry.objects.values_list("currency", flat=True)) == set(CURRENCIES)
    assert ledger.audit().total == 0
