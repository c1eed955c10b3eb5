"""The draft of the policy in the administration: saved without effect, refused at the field, pointed out where idle."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from creditrisk.backoffice import ReadOnly
from creditrisk.policy import compile as policies
from creditrisk.policy.models import Checkpoint, Parameters, PolicyVersion, RuleRow
from customers.models import AccountStatus, Company, CreditGroup
from tests.cast import Cast
from tests.pages import words

PARAMETERS = {
    "counts": ["open_orders", "receivables"], "orders_count_from": "CONFIRMATION", "order_horizon_days": "",
    "invoices_count_from": "ISSUE", "sbf_grace_days": "5", "collection_grace_days": "0", "overdue_grace_days": "0",
    "overdue_ignore_below": "0", "disputed_items": "SKIP_OVERDUE", "blank_limit_expiry": "NEVER",
    "check_shared_limit": "on", "release_scope": "THIS_STEP", "release_valid_days": "30",
    "recheck_after_release": "ON_INCREASE", "release_tolerance_percent": "0", "release_tolerance_amount": "0",
    "four_eyes": "on", "auto_release": "OFF", "warn_at_percent": "80,95,100",
}  # fmt: skip
ROW = {
    "rule": "days_overdue", "kind": "BLOCK", "action": "HOLD", "scope": "ALL", "group": "", "customer": "",
    "risk_class": "", "days": "30", "amount": "", "currency": "", "percent": "", "count": "", "status": "", "terms": "",
    "valid_from": "", "valid_to": "",
}  # fmt: skip


@pytest.fixture
def ada(cast: Cast, client: Client) -> Client:
    client.force_login(cast.ada.user)
    return client


def newest() -> PolicyVersion:
    return PolicyVersion.objects.order_by("-number")[0]


def test_saving_parameters_keeps_them_in_the_draft_and_changes_no_decision(ada: Client) -> None:
    before = newest().number

    response = ada.post(reverse("admin:policy_parameters_change", args=[1]), PARAMETERS, follow=True)

    assert "Kept in the draft." in response.content.decode()
    assert newest().number == before
    assert policies.active().sbf_grace_days == 0
    assert policies.compiled(0, policies.draft()).sbf_grace_days == 5


def test_the_history_says_what_was_and_what_is(ada: Client) -> None:
    ada.post(reverse("admin:policy_parameters_change", args=[1]), PARAMETERS)

    page = words(ada.get(reverse("admin:policy_parameters_history", args=[1])))

    assert "days: 0 → 5" in page


def test_the_list_of_parameters_leads_to_the_one_row(ada: Client) -> None:
    response = ada.get(reverse("admin:policy_parameters_changelist"))

    assert response.headers["Location"] == reverse("admin:policy_parameters_change", args=[1])


def test_a_rule_row_added_changed_and_deleted_makes_no_version(ada: Client) -> None:
    before = newest().number

    ada.post(reverse("admin:policy_rulerow_add"), ROW)
    row = RuleRow.objects.get()
    ada.post(reverse("admin:policy_rulerow_change", args=[row.pk]), {**ROW, "days": "45"})
    row.refresh_from_db()
    assert row.days == 45
    ada.post(reverse("admin:policy_rulerow_delete", args=[row.pk]), {"post": "yes"})

    assert not RuleRow.objects.exists()
    assert newest().number == before


def test_rows_are_deleted_together_from_the_list(ada: Client) -> None:
    ada.post(reverse("admin:policy_rulerow_add"), ROW)
    ada.post(reverse("admin:policy_rulerow_add"), {**ROW, "rule": "limit_expired"})
    chosen = [str(pk) for pk in RuleRow.objects.values_list("pk", flat=True)]

    ada.post(
        reverse("admin:policy_rulerow_changelist"),
        {"action": "delete_selected", "_selected_action": chosen, "post": "yes"},
    )

    assert len(chosen) == 2 and not RuleRow.objects.exists()


WRONG_ROWS = [
    ("a block without its value", {"days": ""}, "days", "A block needs days."),
    ("negative days", {"days": "-1"}, "days", "greater than or equal to 0"),
    ("a value of another rule", {"percent": "5"}, "percent", "has no such value"),
    ("percent above a thousand", {"rule": "limit_used", "days": "", "percent": "1000.01"}, "percent", "At most 1000 percent."),
    ("negative percent", {"rule": "limit_used", "days": "", "percent": "-1"}, "percent", "It cannot be negative."),
    ("a negative amount", {"rule": "order_amount", "days": "", "amount": "-0.01"}, "amount", "It cannot be negative."),
    ("letters that are no currency", {"rule": "order_amount", "days": "", "amount": "5", "currency": "EU"}, "currency", "Nobody here has the currency EU"),
    ("a currency that nobody has", {"rule": "order_amount", "days": "", "amount": "5", "currency": "XTS"}, "currency", "Nobody here has the currency XTS"),
    ("more decimals than the currency has", {"rule": "order_amount", "days": "", "amount": "5.001", "currency": "EUR"}, "amount", "EUR has 2 decimals."),
    ("days the wrong way round", {"valid_from": "2026-04-02", "valid_to": "2026-04-01"}, "valid_to", "The last day lies before the first."),
    ("a group without a group", {"scope": "GROUP"}, "group", "Say which credit group."),
    ("a customer without a customer", {"scope": "CUSTOMER"}, "customer", "Say which customer."),
    ("a block that frees", {"release_order": "on"}, "release_order", "Only an exclusion can free"),
    ("a rule that is none", {"rule": "weather"}, "rule", "Select a valid choice."),
    ("count and amount at once", {"rule": "unpaid_effects", "count": "1", "amount": "5"}, "count", "not both"),
    ("no effect at all", {"rule": "unpaid_effects", "count": "0"}, "count", "at least one effect"),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "field", "sentence"), [w[1:] for w in WRONG_ROWS], ids=[w[0] for w in WRONG_ROWS])
def test_a_wrong_row_is_refused_at_its_field_and_nothing_is_saved(
    ada: Client, typed: dict[str, str], field: str, sentence: str
) -> None:
    response = ada.post(reverse("admin:policy_rulerow_add"), {**ROW, **typed})

    assert response.status_code == 200
    errors = response.context["adminform"].form.errors
    assert sentence in " ".join(errors[field])
    assert not RuleRow.objects.exists()


SAME = [
    ("another number of days", {"days": "60"}, "days", "Row"),
    ("days that overlap", {"valid_from": "2026-01-01", "valid_to": "2026-12-31"}, "valid_from", "already"),
]


@pytest.mark.parametrize(("typed", "field", "sentence"), [w[1:] for w in SAME], ids=[w[0] for w in SAME])
def test_a_row_that_says_what_another_says_already_is_refused(
    ada: Client, typed: dict[str, str], field: str, sentence: str
) -> None:
    ada.post(reverse("admin:policy_rulerow_add"), ROW)

    response = ada.post(reverse("admin:policy_rulerow_add"), {**ROW, **typed})

    assert sentence in " ".join(response.context["adminform"].form.errors[field])
    assert RuleRow.objects.count() == 1


OTHER = [
    ("a warning before the hold", {}, {"days": "15", "action": "WARN"}),
    ("another rule", {}, {"rule": "limit_expired"}),
    ("days that do not overlap", {"valid_to": "2026-06-30"}, {"days": "60", "valid_from": "2026-07-01"}),
    ("another status", {"rule": "account_status", "days": "", "status": "A"}, {"rule": "account_status", "days": "", "status": "B"}),
    ("another stretch to look back", {"rule": "unpaid_effects", "count": "1"}, {"rule": "unpaid_effects", "days": "365", "count": "5"}),
]  # fmt: skip


@pytest.mark.parametrize(("first", "second"), [o[1:] for o in OTHER], ids=[o[0] for o in OTHER])
def test_rows_that_say_different_things_stand_beside_each_other(
    ada: Client, first: dict[str, str], second: dict[str, str]
) -> None:
    statuses = {code: str(AccountStatus.objects.create(code=code).pk) for code in ("A", "B")}

    for typed in (first, second):
        known = {name: statuses.get(value, value) for name, value in typed.items()}
        ada.post(reverse("admin:policy_rulerow_add"), {**ROW, **known})

    assert RuleRow.objects.count() == 2


def test_a_row_without_effect_is_pointed_out_when_it_is_saved_and_in_the_list(ada: Client) -> None:
    ada.post(reverse("admin:policy_rulerow_add"), {**ROW, "days": "60"})
    key = CreditGroup.objects.create(code="KEY")

    response = ada.post(
        reverse("admin:policy_rulerow_add"), {**ROW, "scope": "GROUP", "group": str(key.pk), "days": "90"}, follow=True
    )

    assert "can have no effect. Row" in words(response)
    assert "A looser block does not relax a stricter one" in words(response)
    only = ada.get(reverse("admin:policy_rulerow_changelist"), {"effect": "none"})
    assert [row.scope for row in only.context["cl"].queryset] == ["GROUP"]
    rest = ada.get(reverse("admin:policy_rulerow_changelist"), {"effect": "some"})
    assert [row.scope for row in rest.context["cl"].queryset] == ["ALL"]


def test_a_row_that_takes_the_effect_of_another_says_so(ada: Client) -> None:
    key = CreditGroup.objects.create(code="KEY")
    ada.post(reverse("admin:policy_rulerow_add"), {**ROW, "scope": "GROUP", "group": str(key.pk), "days": "90"})
    number = RuleRow.objects.get().pk

    response = ada.post(reverse("admin:policy_rulerow_add"), {**ROW, "days": "60"}, follow=True)

    assert f"By this change row {number} can have no effect any more." in words(response)


def test_the_form_tells_its_script_what_each_rule_has(ada: Client) -> None:
    page = ada.get(reverse("admin:policy_rulerow_add")).content.decode()

    assert "js/rule-row.js" in page
    assert "data-rules=" in page


def test_a_company_does_otherwise_at_a_checkpoint(ada: Client, cast: Cast) -> None:
    entry = Checkpoint.objects.get(code="entry")
    other = Company.objects.create(code="OTHER", name="Other", currency="EUR")
    rows = {"companies-TOTAL_FORMS": "1", "companies-INITIAL_FORMS": "0", "companies-0-company": str(other.pk)}

    ada.post(
        reverse("admin:policy_checkpoint_change", args=[entry.pk]),
        {"grace_days": "0", **rows, "companies-0-on": "on", "companies-0-grace_days": "3"},
    )

    drafted = policies.compiled(0, policies.draft())
    assert not drafted.checks("entry") and not drafted.checks("entry", company=cast.company.pk)
    assert drafted.checks("entry", company=other.pk)
    assert drafted.at("entry", company=other.pk).grace_days == 3
    again = ada.post(
        reverse("admin:policy_checkpoint_change", args=[entry.pk]),
        {"grace_days": "0", **rows, "companies-0-grace_days": "0"},
    )
    assert "has a setting of its own here already" in again.content.decode()


def test_parameters_refuse_nonsense_at_the_field(ada: Client) -> None:
    typed = {
        **PARAMETERS, "overdue_grace_days": "-1", "release_tolerance_percent": "1001", "warn_at_percent": "80,2000",
        "release_scope": "UNTIL", "counts": [],
    }  # fmt: skip

    response = ada.post(reverse("admin:policy_parameters_change", args=[1]), typed)

    wrong = response.context["adminform"].form.errors
    assert wrong.keys() == {
        "overdue_grace_days", "release_tolerance_percent", "warn_at_percent", "release_scope", "counts",
    }  # fmt: skip
    assert Parameters.objects.get().sbf_grace_days == 0


def test_a_version_cannot_be_changed(ada: Client) -> None:
    url = reverse("admin:policy_policyversion_change", args=[newest().pk])

    assert reverse("policy_version", args=[newest().number]) in ada.get(url).content.decode()
    assert ada.post(url, {"note": "something else"}).status_code == 403
    assert ada.get(reverse("admin:policy_policyversion_add")).status_code == 403
    assert ada.post(reverse("admin:policy_policyversion_delete", args=[newest().pk])).status_code == 403


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
