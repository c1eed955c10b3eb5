"""The sweep over many: in slices, so that nothing it holds at once grows with the customers; and after a fall it goes on."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from approvals import alerts, booking, crossings, evaluation_requests, outlook, sweep
from approvals.models import (
    Alert,
    EvaluationRequest,
    Hold,
    HoldReview,
    Outlook,
    SharedOutlook,
    SuspensionChange,
    SweptDay,
)
from creditrisk import nudge, slices
from creditrisk.exposure import ledger
from creditrisk.exposure.models import Balance, Entry
from customers.models import CreditAccount, Customer, Security, SecurityKind, SharedLimit
from documents.models import Document, Kind, State
from ledger.models import Effect, EffectKind, EffectState, Presentation, PresentationMode
from tests.cast import NOW, TODAY, Cast, after, assemble, policy
from tests.rows import Handed, handed_over

ONE = timedelta(days=1)
SLICE = 20


def concerned(cast: Cast, many: int, *, name: str, today: date) -> list[Customer]:
    """Make customers of whom on this day a debt is overdue, a hold has waited and an effect is ripe.

    All of them have ordered beyond their limit, some days ahead; half of them were suspended until the day before.
    """
    made = Customer.objects.bulk_create(
        Customer(code=f"{name}{n}", name=name, company=cast.company, currency="EUR") for n in range(many)
    )
    CreditAccount.objects.bulk_create(
        CreditAccount(customer=c, suspended=n % 2 == 0, suspended_until=today - ONE, suspended_reason="bureau")
        for n, c in enumerate(made)
    )
    Security.objects.bulk_create(
        Security(customer=c, kind=SecurityKind.GUARANTEE, amount=1000, percent=100, currency="EUR") for c in made
    )
    shared = SharedLimit.objects.bulk_create(
        SharedLimit(code=f"{name}{n}", currency="EUR", mandatory=True) for n in range(many // 2)
    )
    members = SharedLimit.members.through
    members.objects.bulk_create(members(sharedlimit=shared[n // 2], customer=c) for n, c in enumerate(made))
    facts = [{"customer": c, "company": cast.company, "currency": "EUR"} for c in made]
    orders = Document.objects.bulk_create(
        Document(
            kind=Kind.ORDER, number=f"O{one['customer'].pk}", state=State.DRAFT, debtor=one["customer"], total=5,
            document_date=today - 3 * ONE, entered_at=NOW, **one,
        )
        for one in facts
    )  # fmt: skip
    holds = Hold.objects.bulk_create(
        Hold(
            document=order, customer=order.debtor, step="confirm", checkpoint="confirm", amount=5, currency="EUR",
            opened_at=NOW, opened_on=today - 3 * ONE,
        )
        for order in orders
    )  # fmt: skip
    HoldReview.objects.bulk_create(
        HoldReview(hold=hold, reasons=["unpaid_effects"], amount=5, reviewed_at=NOW) for hold in holds
    )
    presented = Presentation.objects.create(
        company=cast.company, mode=PresentationMode.SBF, bank="B", day=today - 99 * ONE, made_at=NOW
    )
    Effect.objects.bulk_create(
        Effect(
            number=f"E{one['customer'].pk}", kind=EffectKind.RIBA, state=EffectState.PRESENTED, amount=7, due=today - 90 * ONE,
            issued_on=today - 99 * ONE, presentation=presented, **one,
        )
        for one in facts
    )  # fmt: skip
    booked = [("ITEMS", today - ONE, 900), ("ORDERS_CONFIRMED", today + 20 * ONE, 300)]
    rows: list[dict[str, Any]] = [
        {"customer_id": c.pk, "company_id": cast.company.pk, "currency": "EUR", "bucket": bucket, "day": day, "amount": amount}
        for c in made for bucket, day, amount in booked
    ]  # fmt: skip
    Balance.objects.bulk_create(Balance(**row) for row in rows)
    Entry.objects.bulk_create(
        Entry(**row, origin="D", source_id=0, effective_on=today, recorded_at=NOW) for row in rows
    )
    return made


def swept(made: list[Customer]) -> dict[str, Any]:
    """Return what came of these customers."""
    mine = {"customer__in": made}
    return {
        "alerts": Counter(Alert.objects.filter(**mine).values_list("code", flat=True)),
        "requests": Counter(EvaluationRequest.objects.filter(**mine).values_list("cause", flat=True)),
        "ahead": Outlook.objects.filter(breach_on__isnull=False, **mine).count(),
        "shared": SharedOutlook.objects.filter(shared__members__in=made).distinct().count(),
        "lifted": SuspensionChange.objects.filter(suspended=False, **mine).count(),
        "gone": Effect.objects.filter(swept=True, **mine).count(),
    }


@pytest.mark.django_db
def test_whatever_it_holds_at_once_is_of_one_slice(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "AT_ONCE", SLICE)
    monkeypatch.setattr(outlook, "AGAIN", 0)
    monkeypatch.setattr(outlook, "SHARED_AT_ONCE", 5)
    monkeypatch.setattr(crossings, "AT_ONCE", 5)
    policy(order_horizon_days=10, rules=[{"rule": "unpaid_effects", "days": 5, "count": 1, "scope": "ALL"}])
    sweep.sweep(now=NOW)
    seen: list[Handed] = []
    woken: list[str] = []
    monkeypatch.setattr(nudge, "after_commit", woken.append)

    for day, many in ((1, 50), (2, 150)):
        woken.clear()
        made = concerned(cast, many, name=f"D{day}-", today=after(day).date())
        with handed_over() as handed:
            assert sweep.sweep(now=after(day)) == many
        seen.append(handed)
        found = swept(made)
        half = many // 2
        assert found["alerts"] == {"suspension_lifted": half, "overdue": many, "held_long": many, "breach_ahead": many}
        assert found["requests"] == {"suspension": half, "new day": half}  # one that waits suffices
        assert (found["ahead"], found["shared"], found["lifted"], found["gone"]) == (many, half, half, many)
        assert woken.count(evaluation_requests.TASK) == half + 1  # by each that was lifted, and once for the new day

    assert seen[0] == seen[1]
    assert seen[1].rows <= 4 * SLICE  # of each customer two balances, and with whom it stands
    assert seen[1].values <= SLICE


@pytest.mark.django_db
def test_what_falls_while_it_tells_told_nothing_and_is_told_once_by_the_next(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slices, "AT_ONCE", 5)
    policy(order_horizon_days=10)
    sweep.sweep(now=NOW)
    made, write = concerned(cast, 12, name="M", today=after(1).date()), alerts.write_all

    def fall(found: Any, **more: Any) -> int:
        if any(made[7].pk == pk for pk in found):
            raise OSError("the machine fell")
        return write(found, **more)

    with monkeypatch.context() as falling:
        falling.setattr(alerts, "write_all", fall)
        with pytest.raises(OSError, match="fell"):
            sweep.sweep(now=after(1))
    fallen = swept(made)
    sweep.sweep(now=after(1))
    once = swept(made)
    sweep.sweep(now=after(1))

    assert fallen["alerts"] == {"suspension_lifted": 6}  # in a transaction of its own
    assert SweptDay.objects.get().day == after(1).date()
    assert once["alerts"] == {"suspension_lifted": 6, "overdue": 12, "held_long": 12, "breach_ahead": 12}
    assert (once["lifted"], once["gone"]) == (6, 12)
    assert swept(made) == once


@pytest.mark.django_db(transaction=True)
def test_effects_that_were_not_let_go_when_it_fell_go_with_the_next_sweep_of_the_same_day(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(slices, "AT_ONCE", 1)
    cast, lots = assemble(), []
    post = ledger.post
    effects = []
    for customer in (cast.rossi, cast.bianchi, cast.neri):
        due = TODAY + 30 * ONE
        item = cast.item(customer, "100", due=due)
        effects.append(
            booking.issue_effect(customer=customer, amount=Decimal(100), due=due, items=[item], by=cast.carla, now=NOW)
        )
    booking.present(effects, by=cast.carla, now=NOW)

    def fall(touched: Any, **more: Any) -> Any:
        lots.append(touched.effects)
        if len(lots) == 2:
            raise OSError("the machine fell")
        return post(touched, **more)

    with monkeypatch.context() as falling:
        falling.setattr(ledger, "post", fall)
        with pytest.raises(OSError, match="fell"):
            sweep.sweep(now=after(91))
    fallen = Effect.objects.filter(swept=True).count()
    sweep.sweep(now=after(91))

    assert (fallen, [len(lot) for lot in lots]) == (1, [1, 1])
    assert Effect.objects.filter(swept=True).count() == 3
    assert not Balance.objects.exists()
    assert ledger.audit().total == 0
