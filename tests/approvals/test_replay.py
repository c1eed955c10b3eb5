"""Replaying stored decisions: what they kept is enough, and what was tampered with is found."""

import json
from decimal import Decimal as D
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from approvals import booking, gate, hindsight, replay
from approvals.models import Hold
from creditrisk.decisions.models import Decision
from creditrisk.policy import compile as policies
from customers.models import Customer
from documents.drafts import NewDocument
from documents.models import DocumentType
from ledger.models import Effect, ExchangeRate
from tests.cast import NOW, TODAY, Cast, after, policy

pytestmark = pytest.mark.django_db


def past(**chosen: Any) -> replay.Past:
    return replay.read([Decision.objects.filter(**chosen).latest("pk").pk])[0]


def agrees(one: replay.Past) -> bool:
    return replay.differences(one, replay.again(one, replay.version(one.policy_number))) == []


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("replay", *arguments, verbosity=0, stdout=out)
    return out.getvalue()


def test_a_decision_that_a_release_covered_comes_out_covered(cast: Cast) -> None:
    order = cast.order(cast.bianchi, "1500")
    hold = gate.submit(order, "confirm", by=cast.sara, now=NOW).hold
    gate.release(hold, by=cast.carla, now=NOW, reason="agreed")
    gate.submit(order, "confirm", by=cast.sara, now=NOW)

    one = past(verdict="passed", step="confirm")
    again = replay.again(one, replay.version(one.policy_number))

    assert one.covered_by == again.release.id
    assert (again.outcome.reasons, [f.code for f in again.outcome.findings if f.counts]) == ((), ["over_limit"])
    assert agrees(one)


def test_what_was_held_by_hand_comes_out_held(cast: Cast) -> None:
    order = cast.order(cast.rossi, "10")
    gate.force(order, by=cast.carla, now=NOW, reason="look at it")
    gate.submit(order, "confirm", by=cast.sara, now=NOW)

    one = past()

    assert (one.verdict, one.reasons) == ("held", ("forced",))
    assert agrees(one)


def test_a_document_that_is_never_blocked_comes_out_warned(cast: Cast) -> None:
    kind = DocumentType.objects.create(code="VIP", of="ORDER", never_blocked=True)
    cast.confirmed(cast.bianchi, "1500", type=kind)

    one = past()

    assert (one.verdict, one.warnings) == ("warned", ("over_limit",))
    assert agrees(one)


def test_rates_and_infinite_use_come_back_to_the_last_digit(cast: Cast) -> None:
    policy(rules=[{"rule": "limit_used", "percent": 50}])
    ExchangeRate.objects.create(source="USD", target="EUR", rate=D("0.9137"), day=TODAY)
    nothing = cast.customer("NIENTE", "0")
    cast.item(nothing, "33.33", due=TODAY)
    order = cast.order(nothing, "100.01", currency="USD")
    gate.submit(order, "confirm", by=cast.sara, now=NOW)

    one = past()

    finding = next(f for f in one.facts["findings"] if f["code"] == "limit_used")
    assert finding["value"] == "Infinity"
    assert one.facts["rates"] == [["USD", "EUR", "0.9137000000"]]
    assert agrees(one)


def test_what_happened_since_changes_nothing(cast: Cast) -> None:
    cast.item(cast.bianchi, "700", due=TODAY)
    gate.submit(cast.order(cast.bianchi, "400"), "confirm", by=cast.sara, now=NOW)
    booking.grant_limit(customer=cast.bianchi, amount=D(9), valid_from=TODAY, by=cast.dario, now=after(1))
    cast.item(cast.bianchi, "50", due=TODAY, reference="I2", now=after(1))
    Customer.objects.filter(pk=cast.bianchi.pk).update(currency="USD")
    policy(counts=["receivables"])

    assert run().splitlines()[-1] == "1 replayed, 0 differ"


def test_the_command_finds_a_decision_that_no_longer_comes_out(cast: Cast) -> None:
    gate.submit(cast.order(cast.bianchi, "1500"), "confirm", by=cast.sara, now=NOW)
    facts = Decision.objects.get().facts
    facts["slots"][0][5] = "1.00"
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        cursor.execute("UPDATE decisions_decision SET facts = %s", [json.dumps(facts)])

    with pytest.raises(CommandError, match="Decisions differ"):
        run()


def test_the_command_says_what_another_version_would_have_said(cast: Cast) -> None:
    cast.confirmed(cast.bianchi, "900")
    cast.confirmed(cast.rossi, "900")
    policy(rules=[{"rule": "limit_used", "percent": 90}])

    said = run("--policy", "2").splitlines()

    assert "passed would be held (limit_used)" in said[0]
    assert said[-1] == "2 replayed, 1 differ"
    assert run("--draft").splitlines()[-1] == "2 replayed, 1 differ"
    assert run("--policy", "1").splitlines()[-1] == "2 replayed, 0 differ"
    with pytest.raises(CommandError, match="no policy version 9"):
        run("--policy", "9")


def test_days_and_documents_choose_the_decisions(cast: Cast) -> None:
    order = cast.confirmed(cast.rossi, "10")
    cast.confirmed(cast.rossi, "20", now=after(5))

    assert run("--until", str(TODAY)).splitlines()[-1] == "1 replayed, 0 differ"
    assert run("--since", str(after(1).date())).splitlines()[-1] == "1 replayed, 0 differ"
    assert run("--document", order.number).splitlines()[-1] == "1 replayed, 0 differ"
    assert run("--document", "NONE").splitlines()[-1] == "0 replayed, 0 differ"


def test_hindsight_finds_the_release_that_nobody_had_to_look_at(cast: Cast) -> None:
    order = cast.order(cast.bianchi, "1500")
    hold = gate.submit(order, "confirm", by=cast.sara, now=NOW).hold
    gate.release(hold, by=cast.carla, now=NOW, reason="agreed")
    booking.grant_limit(customer=cast.bianchi, amount=D(1500), valid_from=TODAY, by=cast.dario, now=NOW)
    gate.submit(order, "confirm", by=cast.sara, now=NOW)
    gate.submit(NewDocument(kind="DELIVERY", sources=(order,)), "deliver", by=cast.sara, now=after(2))
    policy(rules=[{"rule": "limit_used", "percent": 90}])
    confirmed, delivered = past(verdict="passed", step="confirm"), past(step="deliver")
    assert (confirmed.covered_by, delivered.covered_by) == (None, None)

    covered = hindsight.answers([confirmed, delivered], policies.active())
    policy(recheck_after_release="ALWAYS")
    checked = hindsight.answers([confirmed, delivered], policies.active())

    assert [a.verdict for a in covered] == ["passed", "passed"]
    assert {a.judgement.release.document_id for a in covered} == {order.pk}
    assert [a.reasons for a in checked] == [("limit_used",), ("limit_used",)]


def test_hindsight_knows_which_effects_had_come_back_by_then(cast: Cast) -> None:
    item = cast.item(cast.rossi, "100", due=TODAY)
    booking.issue_effect(
        customer=cast.rossi, amount=D(100), due=TODAY, items=[item], number="E1", by=cast.carla, now=NOW
    )
    booking.present(list(Effect.objects.all()), mode="SBF", by=cast.carla, now=NOW)
    cast.confirmed(cast.rossi, "10", now=after(3))
    booking.unpaid(Effect.objects.get(), posted=False, by=cast.carla, now=after(4))
    cast.confirmed(cast.rossi, "10", now=after(5))
    policy(rules=[{"rule": "unpaid_effects", "count": 1, "days": 30}])

    before, since = hindsight.answers(
        replay.read(list(Decision.objects.order_by("pk").values_list("pk", flat=True))), policies.active()
    )

    assert (before.verdict, since.verdict) == ("passed", "held")


def test_hindsight_rebuilds_balances_by_the_days_that_the_policy_asks_about(cast: Cast) -> None:
    cast.item(cast.rossi, "100", due=after(-5).date())
    cast.confirmed(cast.rossi, "10")
    booking.pay(customer=cast.rossi, amount=D(100), items=[], reference="P", by=cast.carla, now=after(1))
    policy(rules=[{"rule": "days_overdue", "days": 1}], overdue_grace_days=4)
    day_five = policies.active()
    policy(overdue_grace_days=5)

    held, passed = (hindsight.answers([past()], p)[0] for p in (day_five, policies.active()))

    assert (held.verdict, passed.verdict) == ("held", "passed")


def test_a_checkpoint_that_is_off_asks_nothing(cast: Cast) -> None:
    gate.submit(cast.order(cast.bianchi, "1500"), "confirm", by=cast.sara, now=NOW)
    policy(checkpoints={"confirmation": {"on": False}})

    answer = hindsight.answers([past()], policies.active())[0]

    assert (answer.verdict, answer.reasons, answer.asked) == ("passed", (), False)
    assert Hold.objects.filter(open=True).count() == 1


def test_a_rate_that_nobody_knows_is_told(cast: Cast) -> None:
    cast.confirmed(cast.rossi, "10")
    policy(rules=[{"rule": "order_amount", "amount": 5, "currency": "JPY"}])

    answer = hindsight.answers([past()], policies.active())[0]

    assert "no exchange rate from EUR to JPY" in answer.missing
