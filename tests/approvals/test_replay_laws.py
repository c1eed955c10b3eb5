"""What holds for every decision: a replay agrees with it, and a try-out says what the gate would have said."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal as D
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from approvals import booking, gate, hindsight, replay
from approvals.models import Hold
from creditrisk.decisions.models import Decision
from creditrisk.policy import compile as policies
from creditrisk.policy.models import Checkpoint, Parameters, PolicyVersion, RuleRow
from creditrisk.refusal import Refused
from customers.models import SharedLimit
from documents.drafts import Changes, NewDocument
from documents.models import Document
from tests.cast import Cast, after, policy
from tests.creditrisk.test_exposure_laws import act, lawful, story
from tests.locking import taken_back

pytestmark = pytest.mark.django_db

EVERYTHING = list(policies.Policy(number=0).counts)
parameters = st.fixed_dictionaries(
    {},
    optional={
        "counts": st.sampled_from([EVERYTHING, ["receivables", "credits"], ["open_orders", "effects_presented"]]),
        "orders_count_from": st.sampled_from(["ENTRY", "CONFIRMATION"]),
        "invoices_count_from": st.sampled_from(["ENTRY", "ISSUE"]),
        "overdue_grace_days": st.integers(0, 9),
        "overdue_ignore_below": st.sampled_from([D(0), D(100)]),
        "sbf_grace_days": st.integers(0, 9),
        "order_horizon_days": st.sampled_from([None, 0, 5]),
        "disputed_items": st.sampled_from(["COUNT", "SKIP_OVERDUE", "SKIP"]),
        "net_credits_against_overdue": st.booleans(),
        "check_shared_limit": st.booleans(),
        "recheck_after_release": st.sampled_from(["ALWAYS", "ON_INCREASE", "ON_ANY_CHANGE", "NEVER"]),
        "release_valid_days": st.sampled_from([None, 1, 30]),
    },
)
rows = st.lists(
    st.sampled_from(
        [
            {"rule": "days_overdue", "days": 3},
            {"rule": "days_overdue", "days": 9, "kind": "EXCLUDE"},
            {"rule": "order_amount", "amount": 300, "currency": "EUR", "action": "WARN"},
            {"rule": "limit_used", "percent": 70, "action": "WARN"},
            {"rule": "overdue_amount", "amount": 50, "percent": 10},
            {"rule": "unpaid_effects", "count": 1, "days": 30},
            {"rule": "order_amount", "amount": 40, "currency": "EUR", "kind": "EXCLUDE", "release_order": True},
        ]
    ),
    max_size=3,
    unique_by=lambda row: (row["rule"], row.get("kind")),
)
on = st.fixed_dictionaries({"entry": st.booleans(), "invoice": st.booleans()})
policy_of_a_day = st.tuples(parameters, rows, on)


def put_into_force(values: tuple[dict[str, Any], list[dict[str, Any]], dict[str, bool]]) -> policies.Policy:
    """Make this the policy, whatever was in force before."""
    changed, ruled, checked = values
    RuleRow.objects.all().delete()
    Parameters.objects.all().delete()
    Checkpoint.objects.update(grace_days=2)
    Parameters.objects.create(pk=1)
    policy(rules=ruled, checkpoints={c: {"on": is_on} for c, is_on in checked.items()}, **changed)
    return policies.active()


def stage(cast: Cast) -> None:
    """Rossi and Bianchi share a limit and answer for each other; something is late."""
    shared = SharedLimit.objects.create(code="BOTH", name="Both", currency="EUR", count_member_overdue=True)
    shared.members.set([cast.rossi, cast.bianchi])
    booking.grant_limit(shared=shared, amount=D(1500), valid_from=after(0).date(), by=cast.dario, now=after(0))
    cast.item(cast.rossi, "150", due=after(-4).date(), reference="LATE")
    cast.item(cast.bianchi, "80", due=after(3).date(), reference="SOON")


def promised(cast: Cast, now: Any) -> None:
    """Take over an order of Rossi's that is confirmed, and one that is delivered."""
    taken_over = {"by": cast.sara, "day": now.date(), "now": now}
    for amount in (400, 600):
        order = gate.record(NewDocument(kind="ORDER", customer=cast.rossi, amount=D(amount)), "enter", **taken_over)
        gate.record(order, "confirm", **taken_over)
        if amount == 600:
            gate.record(NewDocument(kind="DELIVERY", sources=(order,), share=D("0.5")), "deliver", **taken_over)


def play(cast: Cast, steps: list[tuple[str, int, int, int]]) -> Any:
    """Carry a story out, releasing or forcing now and then; return the moment at its end."""
    now = after(0)
    for number, (step, pick, cents, days) in enumerate(steps):
        now += timedelta(days=days)
        try:
            with transaction.atomic():
                act(cast, step, pick, cents, now)
            if number % 4 == 3 and (hold := Hold.objects.filter(open=True).order_by("pk").first()):
                with transaction.atomic():
                    gate.release(hold, by=cast.carla, now=now, reason="agreed", scope="REMAINING_STEPS")
            if number % 7 == 6 and (order := Document.objects.filter(kind="ORDER", state="DRAFT").first()):
                with transaction.atomic():
                    gate.force(order, by=cast.carla, now=now, reason="look at it")
        except Refused:
            pass
    return now


@lawful
@given(story, policy_of_a_day, policy_of_a_day)
def test_every_decision_of_every_story_comes_out_again(cast: Cast, steps: Any, first: Any, second: Any) -> None:
    with taken_back():
        stage(cast)
        put_into_force(first)
        play(cast, steps)
        put_into_force(second)
        play(cast, steps[::-1])

        for past in replay.read(list(Decision.objects.values_list("pk", flat=True))):
            assert replay.differences(past, replay.again(past, replay.version(past.policy_number))) == []


@lawful
@given(story, policy_of_a_day, policy_of_a_day, st.sampled_from(["confirm", "deliver", "invoice", "alone", "amend"]))
def test_hindsight_says_what_the_gate_says_under_the_other_policy(
    cast: Cast, steps: Any, was: Any, would: Any, step: str
) -> None:
    with taken_back():
        stage(cast)
        put_into_force(was)
        now = play(cast, steps)
        promised(cast, now)
        first = policies.draft()
        put_into_force(would)
        other = policies.draft()

        again(first)
        said = decided(cast, step, now, under=policies.compiled(0, other))
        again(other)
        found = decided(cast, step, now)

        if said and found and said.facts["checkpoints"] == found.facts["checkpoints"]:
            answer = said.answer
            assert (answer.verdict, answer.reasons, answer.warnings) == (
                found.verdict, found.reasons, found.warnings,
            )  # fmt: skip
            assert replay.differences(found, answer.judgement) == []


def again(content: dict[str, Any]) -> None:
    """Put a policy of before into force once more."""
    number = PolicyVersion.objects.latest("number").number + 1
    PolicyVersion.objects.create(number=number, content=content, saved_at=after(0))


@dataclass(frozen=True)
class Said:
    """A decision, and what hindsight said of it while it stood."""

    past: replay.Past
    answer: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.past, name)


def decided(cast: Cast, step: str, now: Any, *, under: policies.Policy | None = None) -> Said | None:
    """Return the decision about a step that is then undone; None where nothing was decided."""
    found = None
    with taken_back(), suppress(Refused):
        result = taken(cast, step, now)
        if result and result.decision_id:
            past = replay.read([result.decision_id])[0]
            found = Said(past, hindsight.answers([past], under)[0] if under else None)
    return found


def taken(cast: Cast, step: str, now: Any) -> Any:
    """Take a step on the newest row that it fits, or on a new one."""
    by = {"by": cast.sara, "now": now}
    newest = Document.objects.filter(holds__isnull=True).order_by("-pk")
    if step == "confirm":
        order = newest.filter(kind="ORDER", state="DRAFT").first() or cast.order(cast.rossi, "321.09", now=now)
        return gate.submit(order, "confirm", **by)
    if step == "alone":
        return gate.submit(NewDocument(kind="INVOICE", customer=cast.bianchi, amount=D(99)), "invoice", **by)
    order = newest.filter(kind="ORDER", state="CONFIRMED").first()
    note = newest.filter(kind="DELIVERY", state="DELIVERED").first()
    if step == "deliver" and order:
        return gate.submit(NewDocument(kind="DELIVERY", sources=(order,), share=D("0.5")), "deliver", **by)
    if step == "amend" and order:
        return gate.submit(order, "amend", changes=Changes(amount=order.total + 100), **by)
    if step == "invoice" and note:
        return gate.submit(NewDocument(kind="INVOICE", sources=(note,), share=D("0.5")), "invoice", **by)
    return None
