"""The rows of a rule in the administration, edited together on the page of their rule."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from creditrisk.policy.models import RuleRow
from customers.models import CreditGroup
from tests.cast import Cast
from tests.pages import words

LATE = "/admin/policy/rule/days_overdue/change/"


@pytest.fixture
def ada(cast: Cast, client: Client) -> Client:
    client.force_login(cast.ada.user)
    return client


def inline(*rows: dict[str, str], initial: int = 0) -> dict[str, str]:
    """Return what the page of a rule sends: its rows, those that were there before first."""
    empty = {"kind": "BLOCK", "action": "HOLD", "customer": "", "group": "", "risk_class": "", "days": "", "amount": "",
             "currency": "", "valid_from": "", "valid_to": ""}  # fmt: skip
    typed = {f"rows-{n}-{name}": value for n, row in enumerate(rows) for name, value in {**empty, **row}.items()}
    return {"rows-TOTAL_FORMS": str(len(rows)), "rows-INITIAL_FORMS": str(initial), **typed}


def test_the_rows_of_a_rule_are_edited_together_on_its_page(ada: Client, cast: Cast) -> None:
    key = CreditGroup.objects.create(code="KEY")
    ada.post(
        LATE,
        inline({"days": "60"}, {"days": "30", "group": str(key.pk)}, {"days": "10", "customer": str(cast.rossi.pk)}),
    )
    first, second, third = RuleRow.objects.order_by("pk")
    assert [row.scope for row in (first, second, third)] == ["ALL", "GROUP", "CUSTOMER"]

    ada.post(
        LATE,
        inline(
            {"id": str(first.pk), "rule": "days_overdue", "days": "45"},
            {"id": str(second.pk), "rule": "days_overdue", "days": "30", "group": str(key.pk)},
            {"id": str(third.pk), "rule": "days_overdue", "days": "10", "customer": str(cast.rossi.pk), "DELETE": "on"},
            {"days": "20", "action": "WARN"},
            initial=3,
        ),
    )

    assert list(RuleRow.objects.order_by("pk").values_list("days", "action")) == [
        (45, "HOLD"),
        (30, "HOLD"),
        (20, "WARN"),
    ]
    of_rule = words(ada.get("/admin/policy/rule/days_overdue/history/"))
    of_row = words(ada.get(reverse("admin:policy_rulerow_history", args=[first.pk])))
    assert "Days: 60 → 45" in of_rule and f"Deleted rule row “{third.pk}: block Days overdue, ROSSI”" in of_rule
    assert "Days: 60 → 45" in of_row


def test_the_page_of_a_rule_shows_only_the_values_that_it_has(ada: Client) -> None:
    page = ada.get(LATE).content.decode()
    used = ada.get("/admin/policy/rule/limit_used/change/").content.decode()

    assert 'name="rows-__prefix__-days"' in page and 'name="rows-__prefix__-percent"' not in page
    assert 'name="rows-__prefix__-percent"' in used and 'name="rows-__prefix__-days"' not in used


WRONG_TOGETHER = [
    ("a row without its value", [{"days": "30"}, {"action": "WARN"}], "A block needs days."),
    ("two that say the same", [{"days": "30"}, {"days": "40"}], "says this for the same customers and days"),
    ("days that overlap", [{"days": "30"}, {"days": "40", "valid_from": "2026-01-01"}], "for some of these days already"),
    ("a currency that nobody has", [{"kind": "EXCLUDE", "amount": "5", "currency": "XTS"}], "Nobody here has the currency XTS"),
    ("a block that frees", [{"days": "30", "release_order": "on"}], "Only an exclusion can free"),
    ("the wrong way round", [{"days": "30", "valid_from": "2026-04-02", "valid_to": "2026-04-01"}], "lies before the first"),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "sentence"), [w[1:] for w in WRONG_TOGETHER], ids=[w[0] for w in WRONG_TOGETHER])
def test_one_wrong_row_among_those_of_a_rule_saves_none(ada: Client, rows: list[dict[str, str]], sentence: str) -> None:
    response = ada.post(LATE, inline(*rows))

    assert sentence in words(response)
    assert not RuleRow.objects.exists()


def test_a_row_is_for_a_customer_or_for_a_group(ada: Client, cast: Cast) -> None:
    key = CreditGroup.objects.create(code="KEY")

    response = ada.post(LATE, inline({"days": "30", "customer": str(cast.rossi.pk), "group": str(key.pk)}))

    assert "leave one of the two blank" in words(response)
    assert not RuleRow.objects.exists()


def test_two_rows_may_swap_what_they_say(ada: Client) -> None:
    key = CreditGroup.objects.create(code="KEY")
    one, two = (
        RuleRow.objects.create(rule_id="days_overdue", days=30),
        RuleRow.objects.create(rule_id="days_overdue", days=60, scope="GROUP", group=key),
    )

    ada.post(
        LATE,
        inline(
            {"id": str(one.pk), "rule": "days_overdue", "days": "30", "group": str(key.pk)},
            {"id": str(two.pk), "rule": "days_overdue", "days": "60"},
            initial=2,
        ),
    )

    assert list(RuleRow.objects.order_by("pk").values_list("scope", "days")) == [("GROUP", 30), ("ALL", 60)]


def test_rows_without_effect_are_pointed_out_among_those_of_their_rule(ada: Client) -> None:
    key = CreditGroup.objects.create(code="KEY")

    response = ada.post(LATE, inline({"days": "60"}, {"days": "90", "group": str(key.pk)}), follow=True)

    assert "can have no effect. Row" in words(response)


def test_a_rule_with_very_many_rows_leads_to_the_list_of_them(ada: Client, cast: Cast) -> None:
    names = [cast.customer(f"C{n}", "1") for n in range(3)]
    RuleRow.objects.bulk_create(
        RuleRow(rule_id="days_overdue", days=n + 1, scope="CUSTOMER", customer=names[n % 3]) for n in range(301)
    )

    page = ada.get(LATE).content.decode()

    assert "rows-TOTAL_FORMS" not in page
    assert "edited one by one" in page and "rule__code=days_overdue" in page


def test_the_list_of_rules_says_what_the_policy_does_with_each(ada: Client) -> None:
    RuleRow.objects.create(rule_id="days_overdue", days=30)

    page = words(ada.get("/admin/policy/rule/"))

    assert "Days overdue" in page and "30 days late or more" in page
    assert ada.get("/admin/policy/rule/add/").status_code == 403
    assert ada.post("/admin/policy/rule/days_overdue/delete/", {"post": "yes"}).status_code == 403


def test_the_number_of_queries_does_not_grow_with_the_rows_of_a_rule(
    ada: Client, cast: Cast, django_assert_max_num_queries: Any
) -> None:
    names = [cast.customer(f"C{n}", "1") for n in range(40)]
    RuleRow.objects.bulk_create(
        RuleRow(rule_id="days_overdue", days=30, scope="CUSTOMER", customer=name) for name in names
    )

    with django_assert_max_num_queries(25):
        ada.get(LATE)
