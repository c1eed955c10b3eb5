"""What holds for every history: the audit agrees, the dry run says what happens, a euro is never lost or doubled."""

from datetime import timedelta
from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from approvals import booking, context, gate
from creditrisk.exposure import ledger
from creditrisk.facts import Verdict
from creditrisk.money import ZERO
from documents.drafts import Changes, NewDocument
from documents.models import Document
from ledger.models import Effect, OpenItem
from tests.cast import Cast, after, policy
from tests.locking import taken_back
from tests.stories import played

pytestmark = pytest.mark.django_db

STEPS = ["order", "confirm", "amend", "pick", "deliver", "return", "invoice", "advance", "draft", "issue", "post",
         "credit", "pay", "undo", "effect", "present", "collect", "unpaid", "cancel", "close", "dispute"]  # fmt: skip
story = st.lists(
    st.tuples(st.sampled_from(STEPS), st.integers(0, 7), st.integers(1, 60000), st.integers(0, 3)),
    min_size=4,
    max_size=18,
)
lawful = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def act(cast: Cast, step: str, pick: int, cents: int, now: Any) -> None:
    """Carry out one step of a random story on some fitting row; what is refused leaves nothing behind."""
    amount = D(cents) / 100

    def some(rows: Any) -> Any:
        found = list(rows.order_by("pk")[:8])
        return found[pick % len(found)] if found else None

    of = Document.objects.filter
    submit = {"by": cast.sara, "now": now}
    if step == "order":
        cast.order((cast.rossi, cast.bianchi)[pick % 2], str(amount), now=now)
    elif step in ("confirm", "pick", "close", "cancel") and (d := some(of(kind="ORDER"))):
        gate.submit(d, step, **submit)
    elif step == "amend" and (d := some(of(state__in=["DRAFT", "CONFIRMED"]))):
        gate.submit(d, "amend", changes=Changes(amount=amount), **submit)
    elif step == "deliver" and (d := some(of(kind="ORDER", state__in=["CONFIRMED", "PART_DELIVERED"]))):
        gate.submit(NewDocument(kind="DELIVERY", sources=(d,), share=D(1 + pick % 4) / 4), "deliver", **submit)
    elif step == "return" and (d := some(of(kind="DELIVERY", state__in=["DELIVERED", "INVOICED"]))):
        gate.submit(NewDocument(kind="RETURN", origin=d, share=D("0.5")), "return", **submit)
    elif step in ("invoice", "draft") and (d := some(of(kind="DELIVERY", state="DELIVERED"))):
        new = NewDocument(kind="INVOICE", sources=(d,), share=D(1 + pick % 2) / 2)
        gate.submit(new, "invoice" if step == "invoice" else "enter", **submit)
    elif step == "advance" and (d := some(of(kind="ORDER", state="CONFIRMED"))):
        gate.submit(NewDocument(kind="INVOICE", sources=(d,), share=D("0.3")), "invoice", **submit)
    elif step == "issue" and (d := some(of(kind="INVOICE", state="DRAFT"))):
        gate.submit(d, "issue", **submit)
    elif step == "post" and (d := some(of(kind__in=["INVOICE", "CREDIT_NOTE"], state="ISSUED"))):
        gate.submit(d, "post", **submit)
    elif step == "credit" and (d := some(of(kind="INVOICE", state__in=["ISSUED", "POSTED"]))):
        gate.submit(NewDocument(kind="CREDIT_NOTE", origin=d, share=D("0.5")), "invoice", **submit)
    else:
        act_in_ledger(cast, step, amount, now, some)


def act_in_ledger(cast: Cast, step: str, amount: D, now: Any, some: Any) -> None:
    items, actor = OpenItem.objects.filter, {"by": cast.carla, "now": now}
    if step == "pay" and (i := some(items(open_amount__gt=0))):
        number = f"P{OpenItem.objects.count()}"
        booking.pay(customer=i.customer, amount=amount, items=[(i, None)], reference=number, **actor)
    elif step == "undo" and (i := some(items(amount__lt=0))):
        booking.unallocate(i, **actor)
    elif step == "dispute" and (i := some(items(open_amount__gt=0))):
        booking.dispute(i, disputed=not i.disputed, **actor)
    elif step == "effect" and (i := some(items(open_amount__gt=0))):
        due = now.date() + timedelta(days=20)
        number = f"E{Effect.objects.count()}"
        booking.issue_effect(customer=i.customer, amount=i.open_amount, due=due, items=[i], number=number, **actor)
    elif step == "present" and (e := some(Effect.objects.filter(state="ISSUED"))):
        booking.present([e], mode="SBF", **actor)
    elif step == "collect" and (e := some(Effect.objects.filter(state__in=["ISSUED", "PRESENTED"]))):
        booking.collect(e, **actor)
    elif step == "unpaid" and (e := some(Effect.objects.filter(state__in=["PRESENTED", "UNPAID"]))):
        booking.unpaid(e, posted=e.state == "UNPAID", **actor)


@lawful
@given(story)
def test_after_any_story_ledger_and_formula_agree_to_the_cent(
    cast: Cast, steps: list[tuple[str, int, int, int]]
) -> None:
    with taken_back():
        for step, _now in played(cast, steps, act, now=after(0)):
            assert ledger.audit().total == 0, step


@lawful
@given(story, st.integers(1, 2000000), st.sampled_from(["ALL", "LEDGER"]), st.sampled_from(["ENTRY", "CONFIRMATION"]))
def test_the_dry_run_says_what_submit_then_does(
    cast: Cast, steps: list[tuple[str, int, int, int]], cents: int, counts: str, orders_from: str
) -> None:
    with taken_back():
        if counts == "LEDGER":
            policy(counts=["receivables", "credits"])
        policy(orders_count_from=orders_from)
        now = [after(0), *(moment for _step, moment in played(cast, steps, act, now=after(0)))][-1]
        said = gate.check(cast.rossi, amount=D(cents) / 100, today=now.date())
        order = cast.order(cast.rossi, str(D(cents) / 100), now=now)
        done = gate.submit(order, "confirm", by=cast.sara, now=now)
        assert (said.outcome.verdict, said.outcome.reasons) == (done.outcome.verdict, done.outcome.reasons)
        if done.outcome.verdict != Verdict.HELD:
            assert context.standing(cast.rossi, today=now.date()).exposure == said.after.exposure


@lawful
@given(st.integers(1, 1000000), st.integers(1, 4), st.integers(1, 4), st.booleans())
def test_a_euro_changes_room_but_is_never_lost_or_doubled(
    cast: Cast, cents: int, delivered: int, invoiced: int, posted: bool
) -> None:
    amount = D(cents) / 100
    rich = Cast.customer
    with taken_back():
        customer = rich(cast, "RICH", "100000")

        def total() -> D:
            return context.standing(customer, today=after(0).date()).exposure.total

        now = after(0)
        order = cast.confirmed(customer, str(amount), now=now)
        assert total() == amount
        note = NewDocument(kind="DELIVERY", sources=(order,), share=D(delivered) / 4)
        if note.share and amount * note.share >= D("0.01"):
            result = gate.submit(note, "deliver", by=cast.sara, now=now)
            assert total() == amount
            new = NewDocument(kind="INVOICE", sources=(result.document,), share=D(invoiced) / 4)
            if result.document.total * (new.share or ZERO) >= D("0.01"):
                invoice = gate.submit(new, "invoice", by=cast.sara, now=now).document
                assert total() == amount
                if posted:
                    gate.submit(invoice, "post", by=cast.sara, now=now)
                    assert total() == amount
                    booking.pay(
                        customer=customer, amount=invoice.total, items=[(invoice.items.get(), None)], reference="P",
                        by=cast.carla, now=now,
                    )  # fmt: skip
                    assert total() == amount - invoice.total
