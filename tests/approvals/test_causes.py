"""What asks for evaluation: every change that holds may rest on, for the customers concerned alone."""

from datetime import timedelta
from decimal import Decimal as D
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from approvals import booking, causes, gate, stopping, sweep
from approvals.models import EvaluationRequest
from creditrisk.policy.models import RuleRow
from customers.models import CreditAccount, CreditGroup, Segment, SharedLimit
from documents.drafts import Changes, NewDocument
from ledger.models import ExchangeRate, OpenItem
from tests.approvals.looking import asked, held, reasons
from tests.cast import NOW, TODAY, Cast, after, policy
from tests.pages import as_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage(cast: Cast) -> Cast:
    """Bianchi is held and owes; Rossi owes and is not held; nothing waits to be evaluated."""
    held(cast, cast.bianchi)
    cast.item(cast.bianchi, "300", due=TODAY)
    cast.item(cast.rossi, "300", due=TODAY)
    EvaluationRequest.objects.all().delete()
    causes.ask_for_policy(now=NOW)
    EvaluationRequest.objects.all().delete()
    return cast


def its_item(customer: Any) -> OpenItem:
    return OpenItem.objects.get(customer=customer)


def test_a_payment_an_allocation_and_its_undoing_ask(stage: Cast) -> None:
    payment = booking.pay(customer=stage.bianchi, amount=D(100), reference="P", by=stage.carla, now=NOW)
    assert asked() == [("BIANCHI", "payment")]

    booking.allocate(payment, [(its_item_due(stage), D(50))], by=stage.carla, now=NOW)
    assert asked() == [("BIANCHI", "allocation")]

    booking.unallocate(payment, by=stage.carla, now=NOW)
    assert asked() == [("BIANCHI", "allocation undone")]


def its_item_due(stage: Cast) -> OpenItem:
    return OpenItem.objects.get(customer=stage.bianchi, kind="INVOICE")


def test_a_dispute_asks(stage: Cast) -> None:
    booking.dispute(its_item(stage.bianchi), disputed=True, by=stage.carla, now=NOW)

    assert asked() == [("BIANCHI", "disputed")]


def test_every_step_of_an_effect_asks(stage: Cast) -> None:
    effect = booking.issue_effect(
        customer=stage.bianchi, amount=D(300), due=TODAY + timedelta(days=9), items=[its_item(stage.bianchi)],
        number="E1", by=stage.carla, now=NOW,
    )  # fmt: skip
    assert asked() == [("BIANCHI", "effect issued")]

    booking.present([effect], by=stage.carla, now=NOW)
    assert asked() == [("BIANCHI", "effects presented")]

    booking.unpaid(effect, posted=False, by=stage.carla, now=NOW)
    assert asked() == [("BIANCHI", "effect unpaid")]


def test_a_limit_and_a_temporary_limit_ask(stage: Cast) -> None:
    booking.grant_limit(customer=stage.bianchi, amount=D(9), valid_from=TODAY, by=stage.dario, now=NOW)
    assert asked() == [("BIANCHI", "limit")]

    booking.grant_limit(
        customer=stage.bianchi, amount=D(9), kind="TEMPORARY", valid_from=TODAY, valid_to=TODAY, by=stage.dario, now=NOW
    )
    assert asked() == [("BIANCHI", "limit")]


@pytest.mark.parametrize("how", ["cancel", "close", "less", "return", "later", "other debtor"])
def test_a_document_that_frees_credit_of_the_same_debtor_asks(cast: Cast, how: str) -> None:
    order = cast.confirmed(cast.bianchi, "600")
    if how == "return":
        note = gate.submit(NewDocument(kind="DELIVERY", sources=(order,)), "deliver", by=cast.sara, now=NOW).document
    held(cast, cast.bianchi)
    EvaluationRequest.objects.all().delete()
    changes = {
        "less": Changes(amount=D(100)), "later": Changes(ship_date=TODAY + timedelta(days=90)),
        "other debtor": Changes(bill_to=cast.rossi),
    }  # fmt: skip

    if how in changes:
        gate.submit(order, "amend", by=cast.sara, now=NOW, changes=changes[how])
    elif how == "return":
        gate.submit(NewDocument(kind="RETURN", origin=note), "return", by=cast.sara, now=NOW)
    else:
        gate.submit(order, how, by=cast.sara, now=NOW)

    assert [code for code, _cause in asked()] == ["BIANCHI"]


def test_documents_that_only_move_on_ask_for_nothing(cast: Cast) -> None:
    order = cast.confirmed(cast.rossi, "600")
    note = gate.submit(NewDocument(kind="DELIVERY", sources=(order,)), "deliver", by=cast.sara, now=NOW).document
    gate.submit(NewDocument(kind="INVOICE", sources=(note,)), "invoice", by=cast.sara, now=NOW)
    EvaluationRequest.objects.filter(cause="limit").delete()

    assert asked() == []


@pytest.fixture
def ada(stage: Cast) -> Client:
    return as_user(stage.ada.user)


def change(client: Client, model: str, obj: Any, **values: Any) -> None:
    """Change a row in the administration as a person does: the form as it is drawn, with other values."""
    url = reverse(f"admin:{model}_change", args=[obj.pk])
    page = client.get(url)
    data: dict[str, Any] = {}
    forms = [page.context["adminform"].form]
    for inline in page.context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    for form in forms:
        for bound in form:
            value = bound.value()
            if value is None or value is False:
                continue
            data[bound.html_name] = "on" if value is True else [getattr(v, "pk", v) for v in value] if isinstance(
                value, list | tuple) else value  # fmt: skip
    response = client.post(url, {**data, **values})
    errors = response.context and [response.context["errors"]]
    assert response.status_code == 302, errors


@pytest.mark.parametrize(("name", "value"), [("control", "WARN"), ("next_review", "2027-01-01"), ("credit_group", "g")])
def test_a_credit_account_changed_in_the_administration_asks(stage: Cast, ada: Client, name: str, value: str) -> None:
    if name == "credit_group":
        value = str(CreditGroup.objects.create(code="G").pk)

    change(ada, "customers_creditaccount", CreditAccount.objects.get(customer=stage.bianchi), **{name: value})
    assert [code for code, _cause in asked()] == ["BIANCHI"]

    change(ada, "customers_creditaccount", CreditAccount.objects.get(customer=stage.rossi), **{name: value})
    assert asked() == []


def test_a_suspension_asks(stage: Cast) -> None:
    stopping.suspend(stage.bianchi, reason="A bureau's report", by=stage.dario, now=NOW)

    assert asked() == [("BIANCHI", "suspension")]


def test_a_customer_who_gets_a_head_asks_for_both(stage: Cast, ada: Client) -> None:
    change(ada, "customers_customer", stage.bianchi, parent=str(stage.neri.pk))

    assert "BIANCHI" in [code for code, _cause in asked()]


def test_terms_segments_and_types_ask_for_those_who_have_them(stage: Cast, ada: Client) -> None:
    change(ada, "customers_paymentterms", stage.terms, rank="3")
    assert [code for code, _cause in asked()] == ["BIANCHI"]

    segment = Segment.objects.create(code="S")
    change(ada, "customers_segment", segment, name="nobody has it")
    assert asked() == []

    stage.bianchi.segment = segment
    stage.bianchi.save()
    change(ada, "customers_segment", segment, name="one has it")
    assert [code for code, _cause in asked()] == ["BIANCHI"]


def test_a_security_asks_when_it_comes_and_when_it_goes(stage: Cast, ada: Client) -> None:
    values = {"kind": "GUARANTEE", "amount": "500", "currency": "EUR", "percent": "100"}
    ada.post(reverse("admin:customers_security_add"), {"customer": stage.bianchi.pk, **values})
    assert [code for code, _cause in asked()] == ["BIANCHI"]

    security = stage.bianchi.securities.get()
    ada.post(reverse("admin:customers_security_delete", args=[security.pk]), {"post": "yes"})
    assert [code for code, _cause in asked()] == ["BIANCHI"]


def test_who_enters_and_who_leaves_a_shared_limit_are_evaluated(stage: Cast, ada: Client) -> None:
    group = SharedLimit.objects.create(code="GROUP", currency="EUR")
    change(ada, "customers_sharedlimit", group, members=[stage.bianchi.pk, stage.neri.pk])
    assert [code for code, _cause in asked()] == ["BIANCHI", "NERI"]

    change(ada, "customers_sharedlimit", group, members=[stage.neri.pk])
    assert "BIANCHI" in [code for code, _cause in asked()]


def test_a_rate_asks_for_those_who_have_both_currencies(stage: Cast, ada: Client) -> None:
    ExchangeRate.objects.create(source="USD", target="EUR", day=TODAY - timedelta(days=9), rate=D("0.9"))
    held(stage, stage.neri, "9000", currency="USD")
    asked()

    day = {"day": TODAY.isoformat()}
    ada.post(reverse("admin:ledger_exchangerate_add"), {"source": "USD", "target": "EUR", "rate": "0.8", **day})
    assert [code for code, _cause in asked()] == ["NERI"]

    ada.post(reverse("admin:ledger_exchangerate_add"), {"source": "CHF", "target": "EUR", "rate": "1.1", **day})
    assert asked() == []


def test_a_new_rule_concerns_the_holds_that_rest_on_it(stage: Cast) -> None:
    policy(rules=[{"rule": "order_amount", "amount": D(20000)}])
    causes.ask_for_policy(now=NOW)
    assert asked() == []  # nobody is held by it

    RuleRow.objects.filter(rule="order_amount").update(amount=D(100))
    policy()
    hold = held(stage, stage.rossi, "150")
    assert reasons(hold) == ["order_amount"]
    causes.ask_for_policy(now=NOW)
    asked()

    RuleRow.objects.filter(rule="order_amount").update(amount=D(200))
    policy()
    causes.ask_for_policy(now=NOW)

    assert asked() == [("ROSSI", "policy 4")]


def test_parameters_concern_every_hold_and_a_checkpoint_those_at_it(stage: Cast) -> None:
    policy(overdue_grace_days=5)
    causes.ask_for_policy(now=NOW)
    assert [code for code, _cause in asked()] == ["BIANCHI"]

    policy(warn_at_percent=[70])
    causes.ask_for_policy(now=NOW)
    assert asked() == []

    policy(checkpoints={"delivery": {"on": False}})
    causes.ask_for_policy(now=NOW)
    assert asked() == []

    policy(checkpoints={"confirmation": {"on": False}})
    causes.ask_for_policy(now=NOW)
    assert [code for code, _cause in asked()] == ["BIANCHI"]


def test_a_rule_for_a_group_concerns_that_group(stage: Cast) -> None:
    group = CreditGroup.objects.create(code="G")
    CreditAccount.objects.filter(customer=stage.bianchi).update(credit_group=group)
    held(stage, stage.neri, "3000")
    asked()

    policy(rules=[{"rule": "days_overdue", "kind": "EXCLUDE", "scope": "GROUP", "group": group, "days": 9,
                   "release_order": True}])  # fmt: skip
    causes.ask_for_policy(now=NOW)

    assert [code for code, _cause in asked()] == ["BIANCHI"]


def test_a_day_that_passes_asks_for_rules_that_end_and_unpaids_that_age(cast: Cast) -> None:
    policy(rules=[
        {"rule": "order_amount", "amount": D(10), "valid_to": TODAY + timedelta(days=1), "scope": "CUSTOMER",
         "customer": cast.rossi},
        {"rule": "unpaid_effects", "days": 5, "count": 1, "scope": "CUSTOMER", "customer": cast.neri},
    ])  # fmt: skip
    item = cast.item(cast.neri, "10", due=TODAY)
    effect = booking.issue_effect(
        customer=cast.neri, amount=D(10), due=TODAY, items=[item], number="E", by=cast.carla, now=NOW
    )
    booking.present([effect], by=cast.carla, now=NOW)
    booking.unpaid(effect, posted=False, by=cast.carla, now=NOW)
    for customer in (cast.rossi, cast.neri):
        held(cast, customer, "20")
    sweep.sweep(now=NOW)
    asked()

    sweep.sweep(now=after(2))

    assert asked() == [("NERI", "new day"), ("ROSSI", "new day")]
