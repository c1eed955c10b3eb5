"""The dry run: it says what `submit` then does, for every step and change, and leaves no trace."""

from contextlib import suppress
from datetime import timedelta
from decimal import Decimal as D
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from approvals import booking, context, gate
from creditrisk.facts import Verdict
from creditrisk.policy.models import RuleRow
from creditrisk.refusal import CustomerStopped, InvalidState, Refused
from customers.models import AccountStatus, PaymentTerms, SettlementDiscount
from documents.drafts import Changes, NewDocument
from documents.models import Document, DocumentType
from tests.cast import NOW, TODAY, Cast, after, policy
from tests.creditrisk.test_exposure_laws import act, story
from tests.locking import taken_back
from tests.stories import played

pytestmark = pytest.mark.django_db

lawful = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
RULES = [
    {"rule": "days_overdue", "days": 3},
    {"rule": "order_amount", "amount": D(5000)},
    {"rule": "limit_used", "percent": D(90)},
    {"rule": "unpaid_effects", "days": 30, "count": 1},
]


# Every story of documents begins with orders that went on, in part and in advance.
BEGINNING = [("order", 0, 20000, 0), ("confirm", 0, 0, 0), ("order", 0, 50000, 0), ("confirm", 1, 0, 0),
             ("deliver", 1, 0, 0), ("order", 0, 40000, 0), ("confirm", 2, 0, 0), ("advance", 1, 0, 0),
             ("order", 1, 30000, 0), ("draft", 1, 0, 1)]  # fmt: skip


def dress(cast: Cast) -> dict[str, Any]:
    """Put terms, discounts and a strict policy on stage; return what orders may have."""
    short = PaymentTerms.objects.create(code="N10", days=10, rank=1)
    long = PaymentTerms.objects.create(code="N90", days=90, rank=3)
    prepaid = PaymentTerms.objects.create(code="PRE", days=0, prepaid=True)
    PaymentTerms.objects.filter(pk=cast.terms.pk).update(rank=2)
    discount = SettlementDiscount.objects.create(code="D2", percent=2, days=10, rank=1)
    return {"terms": [None, short, long, prepaid], "discounts": [None, discount]}


def agrees(said: Any, done: Any, debtor: Any, company: Any, day: Any) -> None:
    assert (said.outcome.verdict, said.outcome.reasons) == (done.outcome.verdict, done.outcome.reasons)
    if done.outcome.verdict != Verdict.HELD:
        standing = context.look([debtor.pk], today=day).standing(debtor.pk, company_id=company.pk)
        assert standing.exposure == said.after.exposure


@lawful
@given(
    story, st.integers(1, 2000000), st.integers(0, 3), st.integers(0, 1), st.one_of(st.none(), st.integers(-5, 60)),
    st.sampled_from([None, 20]), st.sampled_from(["ENTRY", "CONFIRMATION"]), st.booleans(),
)  # fmt: skip
def test_typed_terms_and_ship_date_come_out_as_they_then_do(
    cast: Cast, steps: list[tuple[str, int, int, int]], cents: int, terms: int, discount: int, ships: int | None,
    horizon: int | None, orders_from: str, netting: bool,
) -> None:  # fmt: skip
    with taken_back():
        may = dress(cast)
        policy(
            rules=RULES, order_horizon_days=horizon, orders_count_from=orders_from, check_terms_increase=True,
            check_discount_increase=True, net_credits_against_overdue=netting,
        )  # fmt: skip
        now = play(cast, steps)
        typed = {
            "terms": may["terms"][terms], "settlement_discount": may["discounts"][discount],
            "ship_date": None if ships is None else now.date() + timedelta(days=ships),
        }  # fmt: skip
        said = gate.check(cast.rossi, amount=D(cents) / 100, today=now.date(), **typed)
        order = cast.order(cast.rossi, str(D(cents) / 100), now=now, **typed)
        agrees(said, gate.submit(order, "confirm", by=cast.sara, now=now), cast.rossi, cast.company, now.date())


def play(cast: Cast, steps: list[tuple[str, int, int, int]]) -> Any:
    return [after(0), *(now for _step, now in played(cast, steps, act, now=after(0)))][-1]


@lawful
@given(story, st.integers(1, 2000000), st.integers(0, 3), st.one_of(st.none(), st.integers(-5, 60)),
       st.sampled_from([None, 20]), st.booleans(), st.booleans())  # fmt: skip
def test_every_next_step_of_every_document_comes_out_as_foreseen(
    cast: Cast, steps: list[tuple[str, int, int, int]], cents: int, terms: int, ships: int | None,
    horizon: int | None, partly: bool, everywhere: bool,
) -> None:  # fmt: skip
    with taken_back():
        may = dress(cast)
        now = play(cast, [*BEGINNING, *steps])
        policy(rules=[{"rule": "order_amount", "amount": D("0.01")}])
        for order in Document.objects.filter(kind="ORDER", state__in=["CONFIRMED", "PART_DELIVERED"])[1::2]:
            try:
                with transaction.atomic():
                    gate.submit(NewDocument(kind="DELIVERY", sources=(order,)), "deliver", by=cast.sara, now=now)
            except Refused:
                continue
        if not partly:
            RuleRow.objects.all().delete()
        switches = {"invoice": {"on": True}, "entry": {"on": True}} if everywhere else {}
        counts = {"counts": ["open_orders", "receivables", "credits"]} if partly else {}
        policy(rules=RULES[:3], checkpoints=switches, order_horizon_days=horizon, check_terms_increase=True, **counts)
        for document in Document.objects.order_by("pk"):
            changes = Changes(
                amount=D(cents) / 100, terms=may["terms"][terms],
                **({} if ships is None else {"ship_date": now.date() + timedelta(days=ships)}),
            )  # fmt: skip
            for step in ("confirm", "pick", "deliver", "issue", "amend"):
                if step == "amend" and document.state == "DRAFT":
                    continue  # saved at once, and judged as its next step
                compare(cast, document, step, changes if step == "amend" else None, now)


def compare(cast: Cast, document: Document, step: str, changes: Changes | None, now: Any) -> None:
    """Say what a step would do, do it, compare, and take it back; what is refused is left out."""
    with taken_back(), suppress(Refused):
        said = None
        if document.state not in ("CANCELLED", "CLOSED"):
            said = gate.check_step(document, step, changes=changes, today=now.date())
        again = Document.objects.get(pk=document.pk)
        done = gate.submit(again, step, by=cast.sara, now=now, changes=changes)
        assert said is not None
        agrees(said, done, document.debtor, document.company, now.date())


def test_an_order_with_a_held_delivery_is_not_amended_under_it_and_one_with_a_cancelled_delivery_is(cast: Cast) -> None:
    order = cast.confirmed(cast.rossi, "300")
    policy(rules=[{"rule": "order_amount", "amount": D("0.01")}])
    note = gate.submit(NewDocument(kind="DELIVERY", sources=(order,)), "deliver", by=cast.sara, now=NOW)
    assert note.hold is not None

    with pytest.raises(InvalidState, match="Something was made from"):
        gate.submit(order, "amend", by=cast.sara, now=NOW, changes=Changes(amount=D(200)))
    gate.submit(note.document, "cancel", by=cast.sara, now=NOW)
    amended = gate.submit(order, "amend", by=cast.sara, now=NOW, changes=Changes(amount=D(200)))

    assert amended.document.total == 200
    assert [line.amount for line in amended.document.lines.all()] == [200]
    assert note.document.lines.get().source.document == order


def test_it_leaves_no_trace_and_locks_nothing(cast: Cast) -> None:
    order = cast.order(cast.bianchi, "1500")

    with CaptureQueriesContext(connection) as seen:
        gate.check(cast.bianchi, amount=D(1500), today=TODAY)
        gate.check_step(order, "confirm", today=TODAY)

    said = " ".join(query["sql"] for query in seen).upper()
    assert not any(word in said for word in ("FOR UPDATE", "INSERT", "UPDATE ", "DELETE", "SAVEPOINT"))


@pytest.mark.parametrize(
    ("checkpoint", "on", "verdict"),
    [
        ("entry", True, Verdict.HELD),
        ("entry", False, Verdict.PASSED),
        ("confirmation", True, Verdict.HELD),
        ("picking", True, Verdict.HELD),
        ("delivery", True, Verdict.HELD),
        ("invoice", True, Verdict.HELD),
    ],
)
def test_every_checkpoint_can_be_asked(cast: Cast, checkpoint: str, on: bool, verdict: Verdict) -> None:
    policy(checkpoints={"entry": {"on": on}, "invoice": {"on": True}})

    assert gate.check(cast.bianchi, amount=D(1000), checkpoint=checkpoint, today=TODAY).outcome.verdict == "passed"
    assert gate.check(cast.bianchi, amount=D("1000.01"), checkpoint=checkpoint, today=TODAY).outcome.verdict == verdict


def test_a_stand_alone_invoice_meets_the_delivery_checkpoint_too(cast: Cast) -> None:
    said = gate.check(cast.bianchi, amount=D(1500), checkpoint="invoice", today=TODAY)

    assert said.outcome.reasons == ("over_limit",)


@pytest.mark.parametrize(
    ("stops", "checkpoint", "refused"),
    [
        ("ALL", "confirmation", True),
        ("INVOICE", "confirmation", False),
        ("INVOICE", "delivery", True),
        ("INVOICE", "invoice", True),
        ("NONE", "delivery", False),
    ],
)
def test_a_stopped_account_is_refused_in_a_sentence(cast: Cast, stops: str, checkpoint: str, refused: bool) -> None:
    cast.rossi.account_status = AccountStatus.objects.create(code="STOP", stops=stops)
    cast.rossi.save()

    if refused:
        with pytest.raises(CustomerStopped, match="The account's status STOP refuses this document"):
            gate.check(cast.rossi, amount=D(1), checkpoint=checkpoint, today=TODAY)
    else:
        assert gate.check(cast.rossi, amount=D(1), checkpoint=checkpoint, today=TODAY).outcome.verdict == "passed"


def test_a_document_type_that_lowers_exposure_passes_where_the_account_is_stopped(cast: Cast) -> None:
    cast.rossi.account_status = AccountStatus.objects.create(code="STOP", stops="ALL")
    cast.rossi.save()
    back = DocumentType.objects.create(code="BACK", of="ORDER", sign=-1)

    assert gate.check(cast.rossi, amount=D(99999), type=back, today=TODAY).outcome.verdict == "passed"


def test_an_amendment_that_asks_for_no_more_is_not_checked(cast: Cast) -> None:
    order = cast.confirmed(cast.bianchi, "1000")
    booking.grant_limit(customer=cast.bianchi, amount=D(100), valid_from=TODAY, by=cast.dario, now=NOW)

    less = gate.check_step(order, "amend", changes=Changes(amount=D(900)), today=TODAY)
    more = gate.check_step(order, "amend", changes=Changes(amount=D("1000.01")), today=TODAY)

    assert (less.outcome.verdict, less.after.exposure.total) == ("passed", 900)
    assert (more.outcome.verdict, more.outcome.reasons) == ("held", ("over_limit",))


def test_a_release_covers_the_dry_run_up_to_its_amount(cast: Cast) -> None:
    order = cast.order(cast.bianchi, "1500")
    hold = gate.submit(order, "confirm", by=cast.sara, now=NOW).hold
    gate.release(hold, by=cast.carla, now=NOW, reason="agreed", cap=D(1600))

    assert gate.check_step(order, "confirm", today=TODAY).outcome.verdict == "passed"
    grown = gate.check_step(order, "confirm", changes=Changes(amount=D("1600.01")), today=TODAY)
    assert grown.outcome.verdict == "held"


def test_a_prepaid_delivery_waits_for_exactly_its_money(cast: Cast) -> None:
    prepaid = PaymentTerms.objects.create(code="PRE", prepaid=True)
    booking.pay(customer=cast.rossi, amount=D(500), reference="P1", by=cast.carla, now=NOW)

    def said(amount: str) -> tuple[str, ...]:
        return gate.check(
            cast.rossi, amount=D(amount), terms=prepaid, checkpoint="delivery", today=TODAY
        ).outcome.reasons

    assert said("500") == ()
    assert said("500.01") == ("awaiting_payment",)


@pytest.mark.parametrize(
    ("amount", "field"), [("0", "amount"), ("-1", "amount"), ("NaN", "amount"), ("1.001", "amount")]
)
def test_an_amount_that_makes_no_sense_is_refused_at_its_field(cast: Cast, amount: str, field: str) -> None:
    with pytest.raises(Refused) as refused:
        gate.check(cast.rossi, amount=D(amount), today=TODAY)

    assert refused.value.field == field
