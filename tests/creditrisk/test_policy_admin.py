"""The policy in the administration: every save makes a version, versions are read and never changed."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from creditrisk.backoffice import ReadOnly
from creditrisk.policy import compile as policies
from creditrisk.policy.changes import changes
from creditrisk.policy.models import Checkpoint, Parameters, PolicyVersion, RuleRow
from customers.models import CreditGroup
from tests.cast import Cast

PARAMETERS = {
    "counts": ["open_orders", "receivables"], "orders_count_from": "CONFIRMATION", "order_horizon_days": "",
    "invoices_count_from": "ISSUE", "sbf_grace_days": "5", "collection_grace_days": "0", "overdue_grace_days": "0",
    "overdue_ignore_below": "0", "disputed_items": "SKIP_OVERDUE", "blank_limit_expiry": "NEVER",
    "check_shared_limit": "on", "release_scope": "THIS_STEP", "release_valid_days": "30",
    "recheck_after_release": "ON_INCREASE", "release_tolerance_percent": "0", "release_tolerance_amount": "0",
    "four_eyes": "on", "auto_release": "OFF", "warn_at_percent": "80,95,100", "version_note": "Tighter since June",
}  # fmt: skip
ROW = {
    "rule": "days_overdue", "kind": "BLOCK", "action": "HOLD", "scope": "ALL", "group": "", "customer": "",
    "risk_class": "", "days": "30", "amount": "", "currency": "", "percent": "", "count": "", "status": "", "terms": "",
    "valid_from": "", "valid_to": "", "version_note": "",
}  # fmt: skip


@pytest.fixture
def ada(cast: Cast, client: Client) -> Client:
    client.force_login(cast.ada.user)
    return client


def newest() -> PolicyVersion:
    return PolicyVersion.objects.order_by("-number")[0]


def test_saving_parameters_makes_a_version_that_says_by_whom_and_why(ada: Client) -> None:
    before = newest().number

    response = ada.post(reverse("admin:policy_parameters_change", args=[1]), PARAMETERS)

    assert response.status_code == 302
    version = newest()
    assert (version.number, version.note, version.saved_by.username) == (before + 1, "Tighter since June", "ada")
    assert policies.active().sbf_grace_days == 5
    assert policies.active().counts == {"open_orders", "receivables"}


def test_saving_what_is_unchanged_makes_no_version(ada: Client) -> None:
    ada.post(reverse("admin:policy_parameters_change", args=[1]), PARAMETERS)
    before = newest().number

    ada.post(reverse("admin:policy_parameters_change", args=[1]), PARAMETERS)

    assert newest().number == before


def test_the_list_of_parameters_leads_to_the_one_row(ada: Client) -> None:
    response = ada.get(reverse("admin:policy_parameters_changelist"))

    assert response.headers["Location"] == reverse("admin:policy_parameters_change", args=[1])


def test_a_rule_row_added_changed_and_deleted_makes_three_versions(ada: Client) -> None:
    before = newest().number

    ada.post(reverse("admin:policy_rulerow_add"), ROW)
    row = RuleRow.objects.get()
    assert [r.rule.code for r in policies.active().rows] == ["days_overdue"]
    ada.post(reverse("admin:policy_rulerow_change", args=[row.pk]), {**ROW, "days": "45"})
    assert policies.active().rows[0].rule.days == 45  # type: ignore[attr-defined]
    ada.post(reverse("admin:policy_rulerow_delete", args=[row.pk]), {"post": "yes"})

    assert newest().number == before + 3
    assert policies.active().rows == ()


def test_rows_deleted_from_the_list_make_one_version(ada: Client) -> None:
    ada.post(reverse("admin:policy_rulerow_add"), ROW)
    ada.post(reverse("admin:policy_rulerow_add"), {**ROW, "days": "60"})
    before = newest().number
    chosen = [str(pk) for pk in RuleRow.objects.values_list("pk", flat=True)]

    ada.post(
        reverse("admin:policy_rulerow_changelist"),
        {"action": "delete_selected", "_selected_action": chosen, "post": "yes"},
    )

    assert newest().number == before + 1
    assert policies.active().rows == ()


def test_a_row_without_its_value_is_refused_and_makes_no_version(ada: Client) -> None:
    before = newest().number

    response = ada.post(reverse("admin:policy_rulerow_add"), {**ROW, "days": ""})

    assert response.status_code == 200
    assert "A block needs days." in response.content.decode()
    assert newest().number == before


def test_a_row_for_a_group_without_a_group_is_refused(ada: Client) -> None:
    response = ada.post(reverse("admin:policy_rulerow_add"), {**ROW, "scope": "GROUP"})

    assert response.status_code == 200
    assert not RuleRow.objects.exists()


def test_a_checkpoint_switched_on_makes_a_version(ada: Client) -> None:
    entry = Checkpoint.objects.get(code="entry")

    ada.post(
        reverse("admin:policy_checkpoint_change", args=[entry.pk]), {"on": "on", "grace_days": "0", "version_note": ""}
    )

    assert policies.active().checks("entry")


def test_a_version_shows_what_it_changed_and_cannot_be_changed(ada: Client) -> None:
    ada.post(reverse("admin:policy_parameters_change", args=[1]), PARAMETERS)
    url = reverse("admin:policy_policyversion_change", args=[newest().pk])

    page = ada.get(url).content.decode()

    assert "Sbf grace days: 0 → 5" in page
    assert ada.post(url, {"note": "something else"}).status_code == 403
    assert ada.get(reverse("admin:policy_policyversion_add")).status_code == 403
    assert ada.post(reverse("admin:policy_policyversion_delete", args=[newest().pk])).status_code == 403


def test_changes_are_told_in_sentences(cast: Cast) -> None:
    first = policies.content_of_rows()
    key = CreditGroup.objects.create(code="KEY")
    RuleRow.objects.create(rule="days_overdue", kind="EXCLUDE", scope="GROUP", group=key, days=45)
    Checkpoint.objects.filter(code="picking").update(on=False)
    Parameters.objects.update(four_eyes=False)

    told = changes(first, policies.content_of_rows())

    assert told == [
        "Four eyes: yes → no",
        "Checkpoint picking: switched off",
        "Added: Exclude “Days overdue” for group KEY: days 45",
    ]
    assert changes(None, first) == ["The first version."]
    assert changes(first, first) == ["Nothing changed."]


def test_every_page_of_the_administration_opens(ada: Client, cast: Cast) -> None:
    cast.confirmed(cast.rossi, "100")
    cast.confirmed(cast.bianchi, "5000")

    for model, page in admin.site._registry.items():
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        assert ada.get(reverse(f"{base}_changelist"), follow=True).status_code == 200, model
        if (row := page.get_queryset(_request(cast)).first()) is not None:
            shown = ada.get(reverse(f"{base}_change", args=[row.pk]))
            assert shown.status_code == 200, model
            assert "<script>" not in shown.content.decode(), model


def _request(cast: Cast) -> Any:
    from django.test import RequestFactory

    request = RequestFactory().get("/")
    request.user = cast.ada.user
    return request


def test_what_the_product_writes_can_be_looked_at_only(ada: Client, cast: Cast) -> None:
    order = cast.confirmed(cast.rossi, "100")
    looked_at = {m._meta.label for m, page in admin.site._registry.items() if isinstance(page, ReadOnly)}

    assert {
        "approvals.Hold", "approvals.Release", "approvals.Alert", "decisions.Decision", "exposure.Entry",
        "customers.Limit", "documents.SalesOrder", "ledger.OpenItem", "ledger.Effect", "policy.PolicyVersion",
    } <= looked_at  # fmt: skip
    url = reverse("admin:documents_salesorder_change", args=[order.pk])
    assert ada.post(url, {"state": "CANCELLED"}).status_code == 403


def test_the_role_of_administrators_opens_it_and_an_auditor_only_looks(cast: Cast, client: Client) -> None:
    user = User.objects.create_user("anna", password="demo", is_staff=True)
    user.groups.add(Group.objects.get(name="admin"))
    client.force_login(user)
    assert client.get(reverse("admin:policy_rulerow_add")).status_code == 200

    User.objects.filter(username="guido").update(is_staff=True)
    client.force_login(User.objects.get(username="guido"))
    assert client.get(reverse("admin:policy_rulerow_changelist")).status_code == 200
    assert client.get(reverse("admin:policy_rulerow_add")).status_code == 403

    User.objects.filter(username="sara").update(is_staff=True)
    client.force_login(User.objects.get(username="sara"))
    assert client.get(reverse("admin:policy_rulerow_changelist")).status_code == 403
