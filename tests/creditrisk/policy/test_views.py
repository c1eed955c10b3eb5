"""The pages of the policy: what people read, do and are told."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from approvals import gate
from creditrisk.decisions.models import Decision
from creditrisk.policy import draft as drafts
from creditrisk.policy.models import Checkpoint, PolicyVersion, RuleRow
from creditrisk.rules import labels, sentence
from customers.models import Company, CompanyAccess, CreditGroup
from tests.cast import NOW, Cast
from tests.cast import policy as put_in_force
from tests.pages import as_user, queries_of, words


@pytest.fixture
def fiona(cast: Cast) -> Client:
    return as_user(cast.fiona.user)


def typed(**more: str) -> dict[str, str]:
    return {"saw": drafts.look().mark, "note": "Tighter since June", **more}


def test_the_page_shows_the_difference_the_idle_rows_and_the_way_to_activate(cast: Cast, fiona: Client) -> None:
    assert "Nothing: the draft says what is in force" in words(fiona.get(reverse("policy")))
    RuleRow.objects.create(rule_id="days_overdue", days=30)
    idle = RuleRow.objects.create(rule_id="days_overdue", days=60, scope="CUSTOMER", customer=cast.rossi)

    page = words(fiona.get(reverse("policy")))

    assert "added: “Days overdue” for all customers: holds when the oldest overdue instalment is 30 days late" in page
    assert f"Row {idle.pk} (Days overdue) has no effect." in page
    assert "Activate the draft" in page and "Discard the draft" not in page
    assert "Activate the draft" not in words(as_user(cast.carla.user).get(reverse("policy")))
    assert "Discard the draft" in words(as_user(cast.ada.user).get(reverse("policy")))


def test_activating_makes_the_version_and_leads_to_it(cast: Cast, fiona: Client) -> None:
    RuleRow.objects.create(rule_id="order_amount", amount=Decimal(500))

    response = fiona.post(reverse("policy_activate"), typed(), follow=True)

    assert response.redirect_chain[-1][0] == reverse("policy_version", args=[2])
    assert "Version 2 of the policy is in force." in words(response)
    version = PolicyVersion.objects.get(number=2)
    assert (version.note, version.saved_by) == ("Tighter since June", cast.fiona.user)


def test_activating_without_a_note_keeps_everything_and_says_so_at_the_field(cast: Cast, fiona: Client) -> None:
    RuleRow.objects.create(rule_id="order_amount", amount=Decimal(500))

    response = fiona.post(reverse("policy_activate"), typed(note=" "))

    assert response.status_code == 422
    assert "Say why the policy changes" in words(response)
    assert PolicyVersion.objects.count() == 1


def test_who_saw_another_draft_sees_the_new_one_with_the_note_kept(cast: Cast, fiona: Client) -> None:
    RuleRow.objects.create(rule_id="order_amount", amount=Decimal(500))
    old = typed()
    RuleRow.objects.create(rule_id="limit_expired", days=5)

    response = fiona.post(reverse("policy_activate"), old)

    assert response.status_code == 422
    assert "The draft was changed since this page was drawn." in words(response)
    assert "Tighter since June" in response.content.decode() and "“Limit expired”" in words(response)
    again = {"saw": response.context["form"]["saw"].value(), "note": "Tighter since June"}
    assert fiona.post(reverse("policy_activate"), again).status_code == 302


def test_the_draft_is_discarded_and_the_history_says_by_whom(cast: Cast) -> None:
    ada = as_user(cast.ada.user)
    RuleRow.objects.create(rule_id="order_amount", amount=Decimal(500))

    page = words(ada.post(reverse("policy_discard"), follow=True))

    assert "The draft is discarded" in page
    assert not RuleRow.objects.exists()
    assert "The draft was discarded: it says again what version 1 says. ada" in page


def test_versions_are_listed_read_compared_and_restored(cast: Cast) -> None:
    ada = as_user(cast.ada.user)
    put_in_force(rules=[{"rule": "order_amount", "amount": Decimal(500)}], checkpoints={"entry": {"on": True}})
    RuleRow.objects.all().delete()
    put_in_force(sbf_grace_days=5)

    listed = words(ada.get(reverse("policy_versions")))
    read = words(ada.get(reverse("policy_version", args=[2])))
    compared = words(ada.get(reverse("policy_compare"), {"before": "3", "after": "2"}))
    restored = words(ada.post(reverse("policy_restore", args=[2]), follow=True))
    with_draft = words(ada.get(reverse("policy_compare"), {"before": "2", "after": "draft"}))

    assert "The first version." in listed and "in force" in listed
    assert "Checkpoint entry: off → on" in read and "{" not in read
    assert "holds when the document comes to 500.00 in the account's currency or more" in read.replace("&#x27;", "'")
    assert (
        "Grace after maturity, subject to collection, days: 5 → 0" in compared and "added: “Order amount”" in compared
    )
    assert "Version 2 stands in the draft." in restored
    assert "Nothing changed." in with_draft
    assert ada.get(reverse("policy_version", args=[99])).status_code == 404
    wrong = ada.get(reverse("policy_compare"), {"before": "99", "after": "x"})
    assert wrong.status_code == 422 and "Select a valid choice" in words(wrong)


def test_the_list_of_versions_costs_the_same_for_three_and_for_twenty(cast: Cast) -> None:
    for n in range(20):
        put_in_force(sbf_grace_days=n + 1)
        if n == 1:
            few = queries_of(as_user(cast.guido.user), reverse("policy_versions"))

    assert queries_of(as_user(cast.guido.user), reverse("policy_versions")) <= few + 1


def test_the_health_check_shows_what_ails_the_policy_in_force_not_the_draft(cast: Cast) -> None:
    guido, ada = as_user(cast.guido.user), as_user(cast.ada.user)
    Checkpoint.objects.update(on=False)

    before = words(guido.get(reverse("policy_health")))
    put_in_force()
    after = words(guido.get(reverse("policy_health")))

    assert "Nothing ails it" in before and "The draft says something else." in before
    assert "Every checkpoint is off" in after
    assert reverse("admin:policy_checkpoint_changelist") in ada.get(reverse("policy_health")).content.decode()
    assert "Every checkpoint is off" in words(ada.get(reverse("start")))


def test_a_row_that_is_no_more_in_the_draft_leads_to_the_list(cast: Cast) -> None:
    put_in_force(rules=[{"rule": "days_overdue", "days": 5, "kind": "EXCLUDE"}])
    RuleRow.objects.all().delete()

    page = as_user(cast.ada.user).get(reverse("policy_health")).content.decode()

    assert f'href="{reverse("admin:policy_rulerow_changelist")}"' in page


def test_the_rule_book_shows_every_rule_with_its_sentence_and_where_it_is_at_work(cast: Cast) -> None:
    key = CreditGroup.objects.create(code="KEY")
    put_in_force(
        rules=[{"rule": "limit_used", "percent": 90, "scope": "GROUP", "group": key}], check_terms_increase=True
    )

    page = words(as_user(cast.sara.user).get(reverse("rules"))).replace("&#x27;", "'")

    for code in labels():
        assert sentence(code) in page, code
    assert "For group KEY: holds when 90% of the limit or more is used" in page
    assert "holds for 4, warns for 0, does nothing for 0" in page
    assert "Switched on by a parameter." in page and "Switched off by a parameter." in page


def test_rows_for_customers_of_other_companies_are_counted_not_shown(cast: Cast) -> None:
    put_in_force(rules=[{"rule": "order_amount", "amount": 5, "scope": "CUSTOMER", "customer": cast.rossi}])
    other = Company.objects.create(code="OTHER", name="Other", currency="EUR")

    seen = words(as_user(cast.sara.user).get(reverse("rules")))
    CompanyAccess.objects.create(user=cast.sara.user, company=other)
    unseen = words(as_user(cast.sara.user).get(reverse("rules")))

    assert "For customer ROSSI" in seen
    assert "ROSSI" not in unseen and "and 1 row for a customer of others" in unseen


def test_a_decision_leads_to_its_rules_and_to_its_version(cast: Cast) -> None:
    gate.submit(cast.order(cast.bianchi, "1500"), "confirm", by=cast.sara, now=NOW)
    address = reverse("decision", args=[Decision.objects.get().pk])

    manager = as_user(cast.dario.user).get(address).content.decode()
    seller = as_user(cast.sara.user).get(address).content.decode()

    assert f'{reverse("rules")}#over_limit"' in manager and f'{reverse("rules")}#over_limit"' in seller
    assert reverse("policy_version", args=[1]) in manager
    assert reverse("policy_version", args=[1]) not in seller
