"""Two people at the draft of the policy in the same instant: one activates, the other is told; no row stands twice."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from creditrisk.policy import draft as drafts
from creditrisk.policy.models import PolicyVersion, RuleRow
from creditrisk.refusal import Stale
from tests.cast import NOW, assemble
from tests.races.together import at_once

pytestmark = pytest.mark.django_db(transaction=True)

TIMES = 10


def test_of_two_who_activate_at_once_one_wins_and_the_other_is_told() -> None:
    cast = assemble()
    for n in range(1, TIMES + 1):
        RuleRow.objects.create(rule_id="order_amount", amount=Decimal(n))
        mark = drafts.look().mark

        def activate(by: Any, saw: str = mark) -> Any:
            return drafts.activate(by=by, now=NOW, note="at once", saw=saw)

        found = at_once(lambda: activate(cast.ada), lambda: activate(cast.fiona))

        assert sorted(type(one).__name__ for one in found) == [PolicyVersion.__name__, Stale.__name__]
        assert PolicyVersion.objects.count() == n + 1


def test_the_same_row_added_twice_at_once_stands_once() -> None:
    cast = assemble()
    row = {
        "rule": "days_overdue", "kind": "BLOCK", "action": "HOLD", "scope": "ALL", "group": "", "customer": "",
        "risk_class": "", "days": "30", "amount": "", "currency": "", "percent": "", "count": "", "status": "",
        "terms": "", "valid_from": "", "valid_to": "",
    }  # fmt: skip

    def add() -> int:
        client = Client()
        client.force_login(cast.ada.user)
        return client.post(reverse("admin:policy_rulerow_add"), row).status_code

    for _ in range(TIMES):
        RuleRow.objects.all().delete()

        assert sorted(at_once(add, add)) == [200, 302]
        assert RuleRow.objects.count() == 1
