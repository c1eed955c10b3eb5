"""Try-outs on real workers: asked for on a page, worked off by another process; two hands never take the same part."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from django.urls import reverse

from approvals import tryout
from creditrisk.decisions.models import TryOut, TryOutChange
from creditrisk.policy import compile as policies
from tests.cast import NOW, TODAY, Cast, policy
from tests.pages import as_user

pytestmark = pytest.mark.django_db(transaction=True)


def stricter(cast: Cast, *, orders: int) -> None:
    for n in range(orders):
        cast.confirmed(cast.rossi, str(100 + n))
    policy(rules=[{"rule": "order_amount", "amount": 1, "currency": "EUR"}])


def test_a_worker_tries_the_policy_that_was_asked_for(cast: Cast, celery_worker: Any) -> None:
    stricter(cast, orders=3)

    response = as_user(cast.ada.user).post(
        reverse("tryout_new"), {"policy": "draft", "since": str(TODAY), "until": str(TODAY)}
    )
    made = TryOut.objects.get()
    patience = time.monotonic() + 20
    while made.parts.filter(done_at__isnull=True).exists() and time.monotonic() < patience:
        time.sleep(0.1)

    assert response.status_code == 302
    assert made.changes.filter(direction="HELD").count() == 3


def test_two_hands_share_the_parts_and_none_is_done_twice(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tryout, "PART", 2)
    stricter(cast, orders=16)
    made = tryout.start(policies.draft(), label="x", since=TODAY, until=TODAY, by=cast.ada, now=NOW)

    def hand(_n: int) -> int:
        done = 0
        while tryout.work(now=NOW):
            done += 1
        connections.close_all()
        return done

    with ThreadPoolExecutor(2) as hands:
        shares = list(hands.map(hand, range(2)))

    assert sum(shares) == 8
    assert all(shares)
    assert TryOutChange.objects.filter(tryout=made).count() == 16
