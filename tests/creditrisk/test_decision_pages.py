"""The page of a decision and what is behind its figures, and the pages of a try-out."""

from decimal import Decimal as D
from typing import Any

import pytest
from django.urls import reverse

from approvals import booking, gate, tryout
from approvals.models import Hold
from creditrisk.decisions import behind
from creditrisk.decisions.models import Decision, TryOut
from creditrisk.facts import BUCKETS
from creditrisk.policy import compile as policies
from creditrisk.policy.models import PolicyVersion
from customers.models import Company, CompanyAccess, CreditAccount, SharedLimit
from documents.drafts import NewDocument
from ledger.models import ExchangeRate
from tests.cast import NOW, TODAY, Cast, after, policy
from tests.pages import as_user, queries_of, words

pytestmark = pytest.mark.django_db


def opened(cast: Cast, decision: Decision, who: str = "carla") -> Any:
    return as_user(getattr(cast, who).user).get(reverse("decision", args=[decision.pk]))


def late(cast: Cast) -> Decision:
    policy(rules=[{"rule": "days_overdue", "days": 61}])
    cast.item(cast.rossi, "4000", due=after(-70).date(), reference="1042")
    cast.item(cast.rossi, "300", due=after(-5).date(), reference="1100")
    gate.submit(cast.order(cast.rossi, "100"), "confirm", by=cast.sara, now=NOW)
    return Decision.objects.latest("pk")


def test_a_held_decision_names_the_rule_and_the_oldest_debts(cast: Cast) -> None:
    decision = late(cast)
    booking.pay(customer=cast.rossi, amount=D(4000), items=[], reference="P", by=cast.carla, now=after(1))

    read = words(opened(cast, decision))

    assert "The oldest open item is 70 days overdue; the rule for all customers stops at 61 days." in read
    assert "Invoice 1042 was due on 22 Dec 2025 , 70 days late EUR 4,000.00" in read
    assert "Invoice 1100 was due on 25 Feb 2026 , 5 days late" in read


def test_every_figure_links_to_what_is_behind_it(cast: Cast) -> None:
    decision = late(cast)

    page = opened(cast, decision, "ada").content.decode()

    for figure in ("overdue", "receivables", "open_orders"):
        assert reverse("decision_behind", args=[decision.pk, 0, figure]) in page
    assert reverse("customer", args=["ROSSI"]) + "#grants" in page
    assert reverse("policy_version", args=[decision.policy_number]) in page


def test_the_desk_is_linked_for_those_who_may_see_it(cast: Cast) -> None:
    order = cast.order(cast.bianchi, "1500")
    hold = gate.submit(order, "confirm", by=cast.sara, now=NOW).hold
    gate.release(hold, by=cast.carla, now=NOW, reason="agreed")
    gate.submit(order, "confirm", by=cast.sara, now=NOW)
    covered = Decision.objects.get(covered_by__isnull=False)

    assert reverse("hold", args=[hold.pk]) in opened(cast, covered).content.decode()
    assert reverse("hold", args=[hold.pk]) not in opened(cast, covered, "sara").content.decode()
    assert "covers what was found; so it passed." in words(opened(cast, covered, "sara"))


def test_an_exclusion_that_was_applied_is_told(cast: Cast) -> None:
    policy(
        rules=[
            {"rule": "order_amount", "amount": 50, "currency": "EUR"},
            {"rule": "days_overdue", "kind": "EXCLUDE", "amount": 900, "currency": "EUR", "scope": "CUSTOMER", "customer": cast.rossi, "release_order": True},
        ]
    )  # fmt: skip
    cast.item(cast.rossi, "300", due=after(-5).date())
    cast.confirmed(cast.rossi, "100")

    assert "by the exclusion “Days overdue” for the customer ROSSI" in words(
        opened(cast, Decision.objects.latest("pk"))
    )


def test_what_is_behind_comes_to_the_figure_that_was_read(cast: Cast) -> None:
    ExchangeRate.objects.create(source="USD", target="EUR", rate=D("0.5"), day=TODAY)
    shared = SharedLimit.objects.create(code="BOTH", name="Both", currency="EUR")
    shared.members.set([cast.rossi, cast.bianchi])
    booking.grant_limit(shared=shared, amount=D(90000), valid_from=TODAY, by=cast.dario, now=NOW)
    other = Company.objects.create(code="OTHER", name="Other", currency="EUR")
    CreditAccount.objects.filter(customer=cast.rossi).update(companies_summed=True)
    cast.item(cast.bianchi, "70", due=after(-5).date(), reference="B1")
    cast.item(cast.rossi, "30", due=after(-5).date(), reference="R1")
    booking.item(
        customer=cast.rossi, amount=D(40), due=TODAY, reference="R2", company=other, currency="USD", by=cast.carla,
        now=NOW,
    )  # fmt: skip
    first = cast.confirmed(cast.rossi, "500")
    gate.submit(NewDocument(kind="DELIVERY", sources=(first,), share=D("0.5")), "deliver", by=cast.sara, now=NOW)
    cast.confirmed(cast.rossi, "60", currency="USD")

    for decision in Decision.objects.all():
        for n, standing in enumerate(behind.standings(decision.facts)):
            for bucket in (*BUCKETS, "overdue"):
                found = behind.of(decision, standing=n, figure=bucket, companies=None)
                exposure = standing["exposure"]
                assert found.total == D(exposure["buckets"].get(bucket) or exposure.get(bucket) or 0), (n, bucket)
                assert sum(s.in_account_currency for s in found.sources) == found.total


def test_what_lies_in_other_companies_has_no_names_and_the_same_sum(cast: Cast) -> None:
    other = Company.objects.create(code="OTHER", name="Other", currency="EUR")
    CreditAccount.objects.filter(customer=cast.rossi).update(companies_summed=True)
    booking.item(
        customer=cast.rossi, amount=D(40), due=after(-9).date(), reference="SECRET", company=other, currency="EUR",
        by=cast.carla, now=NOW,
    )  # fmt: skip
    cast.confirmed(cast.rossi, "60")
    decision = Decision.objects.get()
    CompanyAccess.objects.create(user=cast.guido.user, company=cast.company)
    address = reverse("decision_behind", args=[decision.pk, 0, "overdue"])

    told, veiled = (words(as_user(user).get(address)) for user in (cast.carla.user, cast.guido.user))

    assert "SECRET" in told
    assert "SECRET" not in veiled
    assert "Documents of other companies" in veiled
    assert "Overdue: EUR 40.00" in veiled
    assert "SECRET" not in words(opened(cast, decision, "guido"))


@pytest.mark.parametrize(("standing", "figure"), [(9, "overdue"), (0, "nonsense")])
def test_a_figure_that_is_not_there_is_not_found(cast: Cast, standing: int, figure: str) -> None:
    cast.confirmed(cast.rossi, "60")
    address = reverse("decision_behind", args=[Decision.objects.get().pk, standing, figure])

    assert as_user(cast.carla.user).get(address).status_code == 404


def test_pages_cost_the_same_for_few_documents_and_for_many(cast: Cast) -> None:
    decision = late(cast)
    client = as_user(cast.carla.user)
    one, figure = reverse("decision", args=[decision.pk]), reverse("decision_behind", args=[decision.pk, 0, "overdue"])
    few = queries_of(client, one), queries_of(client, figure)
    for n in range(20):
        cast.item(cast.rossi, "10", due=after(-9).date(), reference=f"M{n}")
    gate.submit(cast.order(cast.rossi, "100"), "confirm", by=cast.sara, now=NOW)
    many = Decision.objects.latest("pk")

    assert queries_of(client, reverse("decision", args=[many.pk])) == few[0]
    assert queries_of(client, reverse("decision_behind", args=[many.pk, 0, "overdue"])) == few[1]


# -- try-outs ----------------------------------------------------------------------------------------------------------


def tried(cast: Cast) -> TryOut:
    cast.confirmed(cast.bianchi, "950")
    cast.confirmed(cast.rossi, "100")
    gate.submit(cast.order(cast.neri, "2500"), "confirm", by=cast.sara, now=NOW)
    content = policies.draft()
    policy(rules=[{"rule": "limit_used", "percent": 90}])
    content = {**policies.draft(), "parameters": content["parameters"]}
    return tryout.start(content, label="Ninety percent", since=TODAY, until=TODAY, by=cast.ada, now=NOW)


def worked_off(made: TryOut) -> TryOut:
    while tryout.work(now=NOW):
        pass
    return made


def test_a_try_out_is_started_for_the_last_ninety_days(cast: Cast) -> None:
    client = as_user(cast.ada.user)
    form = client.get(reverse("tryout_new")).context["form"]
    assert (form.initial["until"] - form.initial["since"]).days == 89

    sent = {"policy": "1", "since": form.initial["since"], "until": form.initial["until"]}
    response = client.post(reverse("tryout_new"), sent)

    made = TryOut.objects.get()
    assert response.headers["Location"] == reverse("tryout", args=[made.pk])
    assert (made.content, made.asked_by) == (PolicyVersion.objects.get(number=1).content, cast.ada.user)
    assert made.label.startswith("Version 1 of ")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"since": "2026-03-03"}, "The last day lies before the first."),
        ({"until": "soon"}, "That is not a day."),
        ({"policy": "77"}, "Select a valid choice."),
    ],
)
def test_bad_input_gets_a_sentence_and_starts_nothing(cast: Cast, changed: dict[str, str], sentence: str) -> None:
    sent = {"policy": "draft", "since": "2026-03-02", "until": "2026-03-02", **changed}

    response = as_user(cast.ada.user).post(reverse("tryout_new"), sent)

    assert response.status_code == 422
    assert sentence in words(response)
    assert not TryOut.objects.exists()


def test_progress_is_shown_until_it_is_done(cast: Cast) -> None:
    made = tried(cast)
    client, address = as_user(cast.dario.user), reverse("tryout", args=[made.pk])
    asked = {"headers": {"HX-Request": "true", "HX-Target": "progress"}}

    running, part = client.get(address), client.get(address, **asked)
    worked_off(made)
    after_it, whole = client.get(address, **asked), client.get(address)

    assert "0 of 3 decisions looked at." in words(running)
    assert part.content.decode().startswith('<section class="panel" id="progress"')
    assert after_it.headers["HX-Refresh"] == "true"
    assert "3 decisions judged again" in words(whole)


def test_the_page_says_that_each_decision_stands_by_itself_and_what_changes(cast: Cast) -> None:
    made = worked_off(tried(cast))

    read = words(as_user(cast.guido.user).get(reverse("tryout", args=[made.pk])))

    assert "Each decision is judged by itself" in read
    assert "Held instead of passed 1" in read
    assert "Too much of the limit is used – " in read
    assert "1 × 950.00" in read


def test_the_changes_can_be_narrowed_by_direction_rule_and_customer(cast: Cast) -> None:
    made = worked_off(tried(cast))
    client, address = as_user(cast.ada.user), reverse("tryout", args=[made.pk])

    def shown(**asked: str) -> set[str]:
        rows = client.get(address, asked, headers={"HX-Request": "true", "HX-Target": "list"}).context["table"].rows
        return {row.record.decision.customer.code for row in rows}

    assert shown() == {"BIANCHI", "NERI"}
    assert shown(direction="HELD") == {"BIANCHI"}
    assert shown(direction="REASONS") == {"NERI"}
    assert shown(rule="limit_used") == {"BIANCHI", "NERI"}
    assert shown(q="neri") == {"NERI"}
    assert Hold.objects.count() == 1


def test_lists_of_try_outs_cost_the_same_for_one_and_for_many(cast: Cast) -> None:
    made = worked_off(tried(cast))
    client = as_user(cast.ada.user)
    few = queries_of(client, reverse("tryouts")), queries_of(client, reverse("tryout", args=[made.pk]))
    for _n in range(3):
        worked_off(tried(cast))

    assert queries_of(client, reverse("tryouts")) == few[0]
    newest = TryOut.objects.latest("pk")
    assert queries_of(client, reverse("tryout", args=[newest.pk])) == few[1]
