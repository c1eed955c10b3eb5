"""The draft and what becomes of it: activated, discarded, replaced by an older version."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from approvals import gate
from creditrisk.facts import Verdict
from creditrisk.policy import compile as policies
from creditrisk.policy import draft as drafts
from creditrisk.policy.changes import changes
from creditrisk.policy.models import Checkpoint, CompanyCheckpoint, Parameters, PolicyVersion, RuleRow
from creditrisk.refusal import NotPermitted, Refused, Stale
from customers.models import AccountStatus, Company, CreditGroup
from tests.cast import NOW, TODAY, Cast, after
from tests.cast import policy as put_in_force

pytestmark = pytest.mark.django_db


def big_orders(**more: Any) -> RuleRow:
    return RuleRow.objects.create(rule_id="order_amount", amount=Decimal(500), currency="EUR", **more)


def activate(cast: Cast, **more: Any) -> PolicyVersion:
    return drafts.activate(**{"by": cast.ada, "now": NOW, "note": "because", "saw": drafts.look().mark, **more})


def test_the_draft_changes_no_decision_until_it_is_activated(cast: Cast) -> None:
    big_orders()
    before = gate.submit(cast.order(cast.rossi, "600"), "confirm", by=cast.sara, now=NOW)

    version = activate(cast)
    held = gate.submit(cast.order(cast.rossi, "600"), "confirm", by=cast.sara, now=NOW)

    assert before.outcome.verdict == Verdict.PASSED
    assert held.outcome.reasons == ("order_amount",)
    assert (version.note, version.saved_by, version.saved_at) == ("because", cast.ada.user, NOW)


def test_the_draft_says_what_it_would_change(cast: Cast) -> None:
    assert not drafts.look().differs
    row = big_orders()
    Parameters.objects.update(four_eyes=False, overdue_ignore_below=Decimal("12.50"), release_valid_days=None)
    Checkpoint.objects.filter(code="picking").update(on=False)
    entry = Checkpoint.objects.get(code="entry")
    CompanyCheckpoint.objects.create(checkpoint=entry, company=cast.company, on=True, grace_days=2)

    assert list(drafts.look().changes) == [
        "A release lasts, days: 30 → no end",
        "Four eyes: yes → no",
        "Overdue below this is ignored: 0 → 12.5",
        "Checkpoint picking: on → off",
        "Checkpoint entry in MAIN: as everywhere → on, 2 days of grace",
        f"Row {row.pk} added: “Order amount” for all customers: holds when the document comes to EUR 500.00 or more",
    ]


def test_rows_are_told_with_everything_that_they_say(cast: Cast) -> None:
    key = CreditGroup.objects.create(code="KEY")
    RuleRow.objects.create(
        rule_id="days_overdue", kind="EXCLUDE", scope="GROUP", group=key, days=45, release_order=True,
        valid_from=TODAY, valid_to=after(1).date(),
    )  # fmt: skip

    told = drafts.look().changes[0]

    assert (
        "“Days overdue” for group KEY: excluded when something is overdue, and the oldest is no more than 45 days"
        in told
    )
    assert told.endswith("; frees the order from every rule (from 02 Mar 2026 until 03 Mar 2026)")


def test_the_first_version_and_an_unchanged_one_say_so(cast: Cast) -> None:
    content = policies.draft()

    assert changes(None, content) == ["The first version."]
    assert changes(content, content) == ["Nothing changed."]


def test_activating_wants_a_note_a_change_and_the_door(cast: Cast) -> None:
    with pytest.raises(Refused, match="in force already"):
        activate(cast)
    big_orders()
    with pytest.raises(Refused, match="Say why"):
        activate(cast, note="  ")
    with pytest.raises(NotPermitted):
        activate(cast, by=cast.dario)

    assert PolicyVersion.objects.count() == 1
    assert activate(cast, by=cast.fiona).saved_by == cast.fiona.user


def test_of_two_who_activate_the_second_is_told(cast: Cast) -> None:
    big_orders()
    seen = drafts.look().mark
    activate(cast, by=cast.fiona)
    RuleRow.objects.create(rule_id="limit_expired", days=5)

    with pytest.raises(Stale, match="fiona activated version 2 meanwhile"):
        activate(cast, saw=seen)


def test_a_draft_that_changed_since_it_was_looked_at_is_not_activated(cast: Cast) -> None:
    big_orders()
    seen = drafts.look().mark
    RuleRow.objects.create(rule_id="limit_expired", days=5)

    with pytest.raises(Stale, match="draft was changed"):
        activate(cast, saw=seen)
    assert PolicyVersion.objects.count() == 1


def everything(cast: Cast) -> None:
    """Write a draft in which every kind of row and value occurs."""
    key, status = CreditGroup.objects.create(code="KEY"), AccountStatus.objects.create(code="WATCH")
    big_orders(scope="CUSTOMER", customer=cast.rossi, valid_from=TODAY)
    RuleRow.objects.create(rule_id="account_status", status=status, scope="GROUP", group=key, action="WARN")
    RuleRow.objects.create(rule_id="payment_terms", terms=cast.terms, kind="EXCLUDE", release_order=True)
    RuleRow.objects.create(rule_id="overdue_amount", amount=Decimal("99.5"), percent=Decimal("70.25"))
    RuleRow.objects.create(rule_id="unpaid_effects", days=90, count=2)
    Parameters.objects.update(counts=["receivables"], release_valid_days=None, auto_release="WITHOUT_POSTING")
    Checkpoint.objects.filter(code="entry").update(on=True, grace_days=4)
    CompanyCheckpoint.objects.create(checkpoint=Checkpoint.objects.get(code="invoice"), company=cast.company)


def test_discarding_brings_back_what_is_in_force_to_the_last_value(cast: Cast) -> None:
    everything(cast)
    activate(cast)
    whole = policies.draft()
    RuleRow.objects.filter(rule="unpaid_effects").update(days=1)
    RuleRow.objects.filter(rule="account_status").delete()
    RuleRow.objects.create(rule_id="limit_expired", days=5)
    Parameters.objects.update(counts=["credits"], four_eyes=False)
    Checkpoint.objects.update(on=False)
    CompanyCheckpoint.objects.all().delete()

    left_out = drafts.discard(by=cast.ada)

    assert left_out == []
    assert policies.draft() == whole
    assert not drafts.look().differs


def test_an_older_version_is_taken_into_the_draft_and_then_activated(cast: Cast) -> None:
    everything(cast)
    old = activate(cast)
    RuleRow.objects.all().delete()
    activate(cast, note="without rows")

    drafts.restore(old, by=cast.ada)
    assert policies.active().number == 3 and policies.active().rows == ()
    newest = activate(cast, note="back")

    assert newest.number == 4 and newest.content == old.content


def test_rows_whose_customer_or_group_is_gone_are_left_out_and_named(cast: Cast) -> None:
    key = CreditGroup.objects.create(code="KEY")
    row = big_orders(scope="GROUP", group=key)
    big_orders()
    other = Company.objects.create(code="OTHER", name="Other", currency="EUR")
    CompanyCheckpoint.objects.create(checkpoint=Checkpoint.objects.get(code="entry"), company=other)
    old = activate(cast)
    RuleRow.objects.filter(pk=row.pk).delete()
    CompanyCheckpoint.objects.all().delete()
    key.delete()
    other.delete()

    left_out = drafts.restore(old, by=cast.ada)

    assert left_out[0] == "Company OTHER is no more: what it did otherwise is left out."
    assert left_out[1].startswith(f"Row {row.pk} is left out, for there is no group KEY any more:")
    assert RuleRow.objects.count() == 1


def test_a_company_keeps_its_setting_when_its_code_changes(cast: Cast) -> None:
    CompanyCheckpoint.objects.create(checkpoint=Checkpoint.objects.get(code="entry"), company=cast.company)
    old = activate(cast)
    Company.objects.filter(pk=cast.company.pk).update(code="RENAMED")

    assert policies.active().checks("entry", company=cast.company.pk)
    assert drafts.restore(old, by=cast.ada) == []
    assert CompanyCheckpoint.objects.get().company == cast.company


def test_a_policy_is_read_once_a_version_and_process(cast: Cast) -> None:
    big_orders()
    activate(cast)

    with CaptureQueriesContext(connection) as seen:
        for _ in range(5):
            policies.active()

    assert sum("content" in query["sql"] for query in seen) == 1


def test_a_checkpoint_of_one_company_holds_there_and_nowhere_else(cast: Cast) -> None:
    other = Company.objects.create(code="OTHER", name="Other", currency="EUR")
    confirmation = Checkpoint.objects.get(code="confirmation")
    CompanyCheckpoint.objects.create(checkpoint=confirmation, company=other, on=False)
    put_in_force(rules=[{"rule": "order_amount", "amount": Decimal(500)}])
    here, there = cast.order(cast.rossi, "600"), cast.order(cast.rossi, "600", company=other)

    assert gate.submit(here, "confirm", by=cast.sara, now=NOW).outcome.verdict == Verdict.HELD
    assert gate.submit(there, "confirm", by=cast.sara, now=NOW).outcome.verdict == Verdict.PASSED
    would = {"amount": Decimal(600), "today": TODAY}
    assert gate.check(cast.rossi, **would).outcome.verdict == Verdict.HELD
    assert gate.check(cast.rossi, company=other, **would).outcome.verdict == Verdict.PASSED


@pytest.mark.parametrize(("day", "verdict"), [(2, Verdict.PASSED), (3, Verdict.HELD)])
def test_grace_days_of_one_company_run_from_the_release(cast: Cast, day: int, verdict: Verdict) -> None:
    CompanyCheckpoint.objects.create(
        checkpoint=Checkpoint.objects.get(code="confirmation"), company=cast.company, grace_days=2
    )
    put_in_force(rules=[{"rule": "order_amount", "amount": Decimal(500)}], recheck_after_release="ALWAYS")
    held = gate.submit(cast.order(cast.rossi, "600"), "confirm", by=cast.sara, now=NOW)
    gate.release(held.hold, by=cast.carla, now=NOW, reason="ok")

    later = gate.submit(held.document, "confirm", by=cast.sara, now=NOW + timedelta(days=day))

    assert later.outcome.verdict == verdict
