"""The health check: control that is on and can never hold, and what was forgotten."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from creditrisk.policy import compile as policies
from creditrisk.policy.health import examine
from creditrisk.policy.models import Checkpoint, CompanyCheckpoint, Parameters, RuleRow
from customers.models import (
    CreditAccount,
    CreditGroup,
    Customer,
    CustomerBlock,
    CustomerBlockEnd,
    PaymentTerms,
    RiskClass,
    Segment,
    SettlementDiscount,
    SharedLimit,
)
from tests.cast import NOW, TODAY, Cast

pytestmark = pytest.mark.django_db


def ailments() -> dict[str, Any]:
    return {one.code: one for one in examine(policies.compiled(0, policies.draft()), today=TODAY)}


def test_the_products_defaults_ail_nothing(cast: Cast) -> None:
    assert ailments() == {}


def test_no_checkpoint_at_all_is_grave_and_says_how_many_rows_wait(cast: Cast) -> None:
    RuleRow.objects.create(rule_id="days_overdue", days=30)
    Checkpoint.objects.update(on=False)

    found = ailments()["no_checkpoint"]

    assert found.grave
    assert "although it has 1 row that would hold" in found.sentence
    CompanyCheckpoint.objects.create(checkpoint=Checkpoint.objects.get(code="entry"), company=cast.company)
    assert "no_checkpoint" not in ailments()


def test_a_company_without_any_checkpoint_is_grave(cast: Cast) -> None:
    for checkpoint in Checkpoint.objects.filter(on=True):
        CompanyCheckpoint.objects.create(checkpoint=checkpoint, company=cast.company, on=False)

    assert "off in MAIN" in ailments()["company_without_checkpoint"].sentence
    CompanyCheckpoint.objects.first().delete()
    assert "company_without_checkpoint" not in ailments()


def test_control_that_can_never_hold_is_grave(cast: Cast) -> None:
    CreditAccount.objects.update(control="WARN")
    assert "only_stops" in ailments()  # Verdi is stopped by hand
    CustomerBlockEnd.objects.create(block=CustomerBlock.objects.get(), ended_at=NOW)

    assert ailments()["nothing_holds"].grave


@pytest.mark.parametrize("what", ["row", "segment", "group", "ranks"])
def test_anything_that_may_hold_is_enough(cast: Cast, what: str) -> None:
    CreditAccount.objects.update(control="WARN")
    CustomerBlockEnd.objects.create(block=CustomerBlock.objects.get(), ended_at=NOW)
    if what == "row":
        RuleRow.objects.create(rule_id="days_overdue", days=30)
    elif what == "segment":
        CreditAccount.objects.filter(pk=cast.rossi.pk).update(control="")
        Customer.objects.filter(pk=cast.rossi.pk).update(segment=Segment.objects.create(code="S", control="BLOCK"))
    elif what == "group":
        CreditAccount.objects.filter(pk=cast.rossi.pk).update(group_control="BLOCK")
    else:
        Parameters.objects.update(check_terms_increase=True)

    assert "nothing_holds" not in ailments()


def test_a_row_that_only_warns_or_excludes_or_has_ended_holds_nothing(cast: Cast) -> None:
    CreditAccount.objects.update(control="NONE")
    CustomerBlockEnd.objects.create(block=CustomerBlock.objects.get(), ended_at=NOW)
    RuleRow.objects.create(rule_id="days_overdue", days=30, action="WARN")
    RuleRow.objects.create(rule_id="limit_used", percent=5, kind="EXCLUDE", release_order=True)
    RuleRow.objects.create(rule_id="limit_expired", days=5, valid_to=NOW.date().replace(day=1))

    found = ailments()

    assert {"nothing_holds", "control_none", "idle_row"} <= found.keys()


def test_unranked_terms_and_discounts_are_listed_while_ranks_are_compared(cast: Cast) -> None:
    PaymentTerms.objects.create(code="N60", days=60, rank=2)
    SettlementDiscount.objects.create(code="D2", percent=2, days=10)
    assert ailments() == {}
    Parameters.objects.update(check_terms_increase=True, check_discount_increase=True)

    found = ailments()

    assert found["unranked_terms"].sentence.endswith("N30.")
    assert found["unranked_discounts"].sentence.endswith("D2.")


def test_customers_without_account_or_limit_are_named(cast: Cast) -> None:
    Customer.objects.create(code="BARE", name="Bare", company=cast.company, currency="EUR")
    cast.customer("LOST", None)
    cast.customer("HEIR", None, parent=cast.neri)
    segment = Segment.objects.create(code="S", state="AMOUNT", amount=100, currency="EUR")
    Customer.objects.filter(pk=cast.customer("SEGMENT", None).pk).update(segment=segment)
    cast.customer("SPARED", None, excluded=True)
    cast.customer("ZERO", "0")

    found = ailments()

    assert "BARE" in found["no_account"].sentence and found["no_account"].grave
    assert found["no_limit"].sentence.startswith("1 customer has") and "LOST" in found["no_limit"].sentence


def test_settings_and_rows_that_meet_nothing_are_named(cast: Cast) -> None:
    SharedLimit.objects.create(code="GR", currency="EUR").members.set([cast.rossi, cast.neri])
    Checkpoint.objects.filter(code="delivery").update(grace_days=3)
    Parameters.objects.update(check_shared_limit=False)
    key, high = CreditGroup.objects.create(code="KEY"), RiskClass.objects.create(code="HIGH", score_from=0, score_to=9)
    RuleRow.objects.create(rule_id="limit_expired", days=5, scope="GROUP", group=key)
    RuleRow.objects.create(rule_id="days_overdue", days=5, risk_class=high)

    assert ailments().keys() == {"idle_grace", "shared_unchecked", "nobody", "no_last_days"}
    Parameters.objects.update(check_shared_limit=True, recheck_after_release="ALWAYS", blank_limit_expiry="EXPIRED")
    CreditAccount.objects.update(credit_group=key, risk_class=high)
    assert ailments() == {}


def test_the_command_ends_with_one_where_credit_is_not_controlled(cast: Cast) -> None:
    said = StringIO()
    call_command("policy", "check", stdout=said)
    assert said.getvalue().splitlines()[-1] == "Version 1: 0 grave, 0 warnings."

    Checkpoint.objects.update(on=False)
    call_command("policy", "check", stdout=said)
    with pytest.raises(CommandError):
        call_command("policy", "check", draft=True, stdout=said)
    call_command("policy", "show", stdout=said)

    assert "grave: Every checkpoint is off" in said.getvalue()
    assert "draft: Checkpoint delivery: on → off" in said.getvalue()
