"""Two people decide in the same instant, in two real processes: one effect, the other told why, nothing lost.

Each race runs twenty times here and a thousand times in `make chaos`, which prints how they ended.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from approvals import gate, limit_requests
from approvals.models import Alert, Hold, HoldClosing, LimitRequest, Release, RequestEvent
from creditrisk.decisions.models import Decision
from creditrisk.exposure import ledger
from customers.models import Customer, Limit
from tests.cast import NOW, Cast, assemble, policy

ROOT = Path(__file__).resolve().parent.parent.parent
TIMES = int(os.environ.get("RACES") or 20)
SAW = {"amount": "1500", "currency": "EUR", "excess": "500", "reasons": ["over_limit"]}

pytestmark = pytest.mark.django_db(transaction=True)

Act = dict[str, Any]
Told = dict[str, str]


class Hands:
    """Two processes that act as they are told, started when they are first needed."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.both: list[subprocess.Popen[str]] = []

    def race(self, acts: list[Act]) -> list[Told]:
        """Let both act at once; return what each was told, in the order of the acts."""
        self._start()
        for hand, act in zip(self.both, acts, strict=True):
            self._tell(hand, act)
        return [self._heard(hand) for hand in self.both]

    def overtake(self, slow: Act, before: str, fast: Act) -> tuple[str, str]:
        """Without locks: stop one before a statement, let the other act meanwhile, then let the first go on."""
        self._start("unlocked")
        one, other = self.both
        self._tell(one, slow | {"before": before})
        assert self._heard(one) == {"said": "stopped"}
        self._tell(other, fast)
        heard = self._heard(other)
        self._tell(one, {})
        return self._heard(one)["said"], heard["said"]

    def end(self) -> None:
        for hand in self.both:
            hand.terminate()
            hand.wait(10)

    def _start(self, *words: str) -> None:
        if self.both:
            return
        command = [sys.executable, "-m", "tests.races.hand", *words]
        for _each in range(2):
            self.both.append(
                subprocess.Popen(
                    command, cwd=ROOT, env=self.environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
                )
            )
        assert [hand.stdout.readline() for hand in self.both if hand.stdout] == ["ready\n"] * 2

    def _tell(self, hand: subprocess.Popen[str], what: Act) -> None:
        assert hand.stdin
        hand.stdin.write(f"{json.dumps(what)}\n")
        hand.stdin.flush()

    def _heard(self, hand: subprocess.Popen[str]) -> Told:
        assert hand.stdout
        return dict(json.loads(hand.stdout.readline()))


@pytest.fixture
def hands(environment: dict[str, str]) -> Iterator[Hands]:
    """Two processes on this run's database."""
    both = Hands(environment)
    yield both
    both.end()


@pytest.fixture
def cast() -> Cast:
    return assemble()


def turned(acts: list[Act], n: int) -> list[Act]:
    """Let either process begin every other time: the one that is told first has a start."""
    return acts if n % 2 else acts[::-1]


def held(cast: Cast, n: int) -> Hold:
    """Hold an order of 1,500 of a new customer, whose limit is 1,000."""
    order = cast.order(cast.customer(f"RACE{n}", "1000"), "1500")
    hold = gate.submit(order, "confirm", by=cast.sara, now=NOW).hold
    assert hold is not None
    return hold


def by_word(told: list[Told]) -> dict[str, str]:
    return {one["said"]: one.get("why", "") for one in told}


# -- two people release the same hold --------------------------------------------------------------------------------


def release_twice(hold: Hold) -> list[Act]:
    return [{"act": "release", "by": who, "hold": hold.pk, "saw": SAW} for who in ("carla", "dario")]


def test_of_two_who_release_the_same_hold_one_does_and_the_other_is_told_who_did(
    cast: Cast, hands: Hands, ends: Counter[str]
) -> None:
    for n in range(TIMES):
        hold = held(cast, n)

        told = by_word(hands.race(turned(release_twice(hold), n)))

        assert set(told) == {"released", "already_released"}, (n, told)
        closing = HoldClosing.objects.get(hold=hold)
        assert closing.closed_by and told["already_released"].startswith(f"{closing.closed_by.username} released")
        assert Release.objects.filter(hold=hold).count() == 1
        assert Alert.objects.filter(code="released", document=hold.document_id).count() == 1
        ends[f"{closing.closed_by.username} released it, the other was told"] += 1
    assert ledger.audit().total == 0


def test_without_the_locks_the_second_release_still_finds_the_place_taken(cast: Cast, hands: Hands) -> None:
    """Here a unique key decides; the locks let the second be told who was first, instead of failing."""
    hold = held(cast, 0)

    slow, fast = release_twice(hold)

    said = hands.overtake(slow, 'INSERT INTO "approvals_release"', fast)

    assert said == ("IntegrityError", "released")
    assert Release.objects.filter(hold=hold).count() == 1


# -- one releases while the order is amended -------------------------------------------------------------------------


def release_and_amend(hold: Hold) -> list[Act]:
    return [
        {"act": "release", "by": "carla", "hold": hold.pk, "saw": SAW},
        {"act": "amend", "by": "sara", "document": hold.document_id, "amount": "1800"},
    ]


def test_who_releases_while_the_order_grows_releases_what_was_shown_or_is_told_that_it_grew(
    cast: Cast, hands: Hands, ends: Counter[str]
) -> None:
    for n in range(TIMES):
        hold = held(cast, n)

        told = by_word(hands.race(turned(release_and_amend(hold), n)))

        hold.refresh_from_db()
        order = hold.document
        order.refresh_from_db()
        assert order.total == 1800, n
        if "stale" in told:
            assert set(told) == {"stale", "held"} and "grew to EUR 1,800.00" in told["stale"], (n, told)
            assert hold.open and hold.amount == 1800 and not Release.objects.filter(hold=hold).exists()
            ends["amended first, the release was refused as out of date"] += 1
        else:
            assert set(told) == {"released", "passed"}, (n, told)
            assert not hold.open and Release.objects.get(hold=hold).cap == 1500
            assert gate.submit(order, "confirm", by=cast.sara, now=NOW).hold is not None
            ends["released first up to 1,500, the larger order is held again"] += 1
    assert ledger.audit().total == 0


def test_without_the_locks_an_order_grows_under_the_hand_that_releases_it(cast: Cast, hands: Hands) -> None:
    hold = held(cast, 0)

    release, amend = release_and_amend(hold)

    said = hands.overtake(amend, 'UPDATE "documents_document"', release)

    hold.refresh_from_db()
    assert said == ("held", "released")
    assert not hold.open, "sales was told that the order is held, and nothing holds it"


# -- a limit is lowered while an order is confirmed ------------------------------------------------------------------


def lower_and_confirm(customer: Customer, order: Any) -> list[Act]:
    return [
        {"act": "lower", "by": "dario", "customer": customer.pk, "amount": "500"},
        {"act": "confirm", "by": "sara", "document": order.pk},
    ]


def test_an_order_meets_the_lower_limit_or_its_customer_is_told_to_be_over_it(
    cast: Cast, hands: Hands, ends: Counter[str]
) -> None:
    for n in range(TIMES):
        customer = cast.customer(f"RACE{n}", "1000")
        order = cast.order(customer, "600")

        told = by_word(hands.race(turned(lower_and_confirm(customer, order), n)))

        over = Alert.objects.filter(customer=customer, code="over_limit").count()
        limit = Decision.objects.get(document=order).limit
        assert "lowered" in told and Limit.objects.filter(customer=customer).latest("pk").amount == 500, (n, told)
        if "held" in told:
            assert (over, limit) == (0, 500), n
            ends["lowered first, the order was held"] += 1
        else:
            assert set(told) == {"lowered", "passed"} and (over, limit) == (1, 1000), (n, told)
            ends["confirmed first, the lowering told that the customer is over it"] += 1
    assert ledger.audit().total == 0


def test_without_the_locks_a_customer_is_over_the_limit_and_nobody_is_told(cast: Cast, hands: Hands) -> None:
    customer = cast.customer("RACE", "1000")
    lower, confirm = lower_and_confirm(customer, cast.order(customer, "600"))

    said = hands.overtake(lower, 'SELECT "approvals_evaluationrequest"', confirm)

    assert said == ("lowered", "passed")
    assert not Alert.objects.filter(customer=customer, code="over_limit").exists()


# -- a request is approved twice -------------------------------------------------------------------------------------


def approve_twice(cast: Cast, customer: Customer) -> list[Act]:
    asked = limit_requests.Asked(amount=Decimal(5000), reason="They grow")
    request = limit_requests.ask(customer, asked, by=cast.sara, now=NOW)
    return [{"act": "approve", "by": who, "request": request.pk} for who in ("dario", "fiona")]


def test_a_request_that_two_approve_takes_effect_once_and_the_other_is_told(
    cast: Cast, hands: Hands, ends: Counter[str]
) -> None:
    policy(four_eyes=True)
    for n in range(TIMES):
        customer = cast.customer(f"RACE{n}", "1000")

        told = by_word(hands.race(turned(approve_twice(cast, customer), n)))

        assert set(told) == {"APPLIED", "already_closed"} and "was decided" in told["already_closed"], (n, told)
        request = LimitRequest.objects.get(customer=customer)
        assert Limit.objects.filter(customer=customer, amount=5000).count() == 1
        steps = RequestEvent.objects.filter(request=request).order_by("pk").values_list("step", flat=True)
        assert list(steps) == ["ASKED", "APPROVED", "APPLIED"]
        who = request.events.latest("pk").made_by
        ends[f"{who} approved it, the other was told"] += 1


def test_without_the_locks_the_second_approval_fails_instead_of_being_told(cast: Cast, hands: Hands) -> None:
    slow, fast = approve_twice(cast, cast.customer("RACE", "1000"))

    said = hands.overtake(slow, 'INSERT INTO "approvals_requestevent"', fast)

    assert said == ("IntegrityError", "APPLIED")
