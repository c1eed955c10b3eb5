"""Playing stories: what differs is told with its place, nothing is kept, what is there already is left alone."""

from datetime import date
from decimal import Decimal
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from creditrisk.exposure.models import Balance
from creditrisk.policy.models import PolicyVersion
from creditrisk.scenarios import format, player, steps, verbs
from customers.models import Company, CreditAccount, Customer, Limit
from documents.models import Document
from ledger.models import ExchangeRate

pytestmark = [pytest.mark.django_db, pytest.mark.one_transaction]

HEAD = """\
- id: s
  title: A story
  today: 2026-03-02
  given: {customers: {C1: {limit: 1000}, C2: {limit: 5}}, users: {lena: {roles: [credit_clerk]}}}
  steps:
"""
ORDER = "{id: O1, customer: C1, amount: 1500}"


def scenario(*told: str) -> format.Scenario:
    (found,) = format.parse(HEAD + "".join(f"    - {step}\n" for step in told), file="f.yaml").scenarios
    return found


def failures(*told: str) -> tuple[str, ...]:
    return player.play(scenario(*told)).failures


DIFFERENCES = [
    ("confirm: O1", "{outcome: passed}", "outcome: expected passed, found held [over_limit]"),
    (
        "confirm: O1",
        "{reasons: [over_limit, days_overdue]}",
        "reasons: expected [days_overdue, over_limit], found [over_limit]",
    ),
    ("confirm: O1", "{warnings: [over_limit]}", "warnings: expected [over_limit], found []"),
    ("confirm: O1", "{error: hold_open}", "error: expected hold_open, found none, the outcome was held [over_limit]"),
    ("confirm: O1", "{document: {O1: {state: confirmed}}}", "document.O1.state: expected confirmed, found draft"),
    ("confirm: O1", "{document: {O1: {held: false}}}", "document.O1.held: expected false, found true"),
    ("confirm: O1", "{holds: {O1: {open: 0}}}", "holds.O1.open: expected 0, found 1"),
    ("confirm: O1", "{holds: {C1: {total: 2}}}", "holds.C1.total: expected 2, found 1"),
    ("confirm: O1", "{holds: {O1: {reasons: []}}}", "holds.O1.reasons: expected [], found [over_limit]"),
    ("confirm: O1", "{holds: {O1: {ready: true}}}", "holds.O1.ready: expected true, found false"),
    ("confirm: O1", "{alerts: {C1: []}}", "alerts.C1: expected [], found [held]"),
    ("confirm: O1", "{exposure: {C1: {total: '0.01'}}}", "exposure.C1.total: expected 0.01, found 0.00"),
    ("confirm: O1", "{exposure: {C1: {used_percent: null}}}", "exposure.C1.used_percent: expected null, found 0.00"),
    ("confirm: O1", "{limit: {C1: unlimited}}", "limit.C1: expected unlimited, found 1000.00"),
    ("release: {document: O1, reason: x}", "{error: four_eyes}", "error: expected four_eyes, found invalid_state"),
    ("confirm: O1", "{allowed: false}", "allowed: expected false, found true"),
]


@pytest.mark.parametrize(("step", "expected", "sentence"), DIFFERENCES)
def test_an_expectation_that_is_not_met_is_told_with_what_was_found(step, expected, sentence):
    assert failures(f"order: {ORDER}", f"{{{step}, expect: {expected}}}") == (f"f.yaml: s, step 2: {sentence}",)


def test_what_is_as_expected_is_not_told():
    expected = "{outcome: held, reasons: [over_limit], alerts: {C1: [held], C2: []}, exposure: {C1: {total: 0}}}"

    assert failures(f"order: {ORDER}", f"{{confirm: O1, expect: {expected}}}") == ()


def test_a_refusal_that_nobody_expects_ends_the_story():
    (told,) = failures(f"order: {ORDER}", "pick: O1", "{today: 2026-03-03, expect: {limit: {C1: 7}}}")

    assert told.startswith("f.yaml: s, step 2: expected no refusal, found invalid_state: ")


def test_a_refusal_by_any_code_is_expected_where_only_the_outcome_is_said():
    assert failures(f"order: {ORDER}", "{pick: O1, expect: {outcome: refused}}") == ()


def test_a_step_that_needs_what_never_happened_says_so():
    refused = "{order: {id: O1, customer: C1, amount: -1}, expect: {error: invalid_value}}"

    assert failures(refused, "confirm: O1") == ("f.yaml: s, step 2: there is no document O1: its step did not happen",)


def test_every_verb_is_played():
    assert set(steps.VERBS) == set(verbs.PLAYED)


def test_an_error_of_the_product_fails_its_story_only(monkeypatch):
    def broken(*args: object) -> None:
        raise RuntimeError("out of order\nsecond line")

    monkeypatch.setitem(verbs.PLAYED, "pick", broken)
    report = player.play(scenario(f"order: {ORDER}", "pick: O1"))

    assert report.failures == ("f.yaml: s, step 2: RuntimeError: out of order",)
    assert "Traceback" in report.details[0]


def test_a_user_without_authority_releases_nothing():
    release = "{release: {document: O1, reason: x}, by: lena, expect: {error: above_authority}}"

    assert failures(f"order: {ORDER}", "confirm: O1", release) == ()


def test_a_cent_that_drifts_is_told_where_it_is_asked_for(monkeypatch):
    def drifting(customer: object, actor: object, value: object) -> verbs.Played:
        Balance.objects.create(
            customer_id=Customer.objects.get(code="C1").pk, company_id=Company.objects.get().pk, bucket="ITEMS",
            day=date(2026, 3, 2), currency="EUR", amount=Decimal("0.01"),
        )  # fmt: skip
        return verbs.PASSED

    monkeypatch.setitem(verbs.PLAYED, "pick", drifting)
    told = scenario(f"order: {ORDER}", "pick: O1")

    assert player.play(told).failures == ()
    (failure,) = player.play(told, audit=True).failures
    assert failure.startswith("f.yaml: s: the exposure ledger differs from the formula by 0.01")


def test_a_story_with_mistakes_is_not_played():
    report = player.play(scenario("confirm: O1"))

    assert report.failures == ("f.yaml:6: s, step 1: confirm: unknown order 'O1'; known: none",)
    assert report.steps == ()


def test_nothing_that_a_story_does_is_kept():
    before = (Customer.objects.count(), Limit.objects.count(), PolicyVersion.objects.count(), User.objects.count())

    player.play(scenario(f"order: {ORDER}", "confirm: O1"))

    after = (Customer.objects.count(), Limit.objects.count(), PolicyVersion.objects.count(), User.objects.count())
    assert before == after
    assert not Document.objects.exists()


def test_rows_with_the_codes_of_a_story_do_not_disturb_it():
    company = Company.objects.create(code="MAIN", name="Ours", currency="USD")
    customer = Customer.objects.create(code="C1", name="Rossi", company=company, currency="USD")
    CreditAccount.objects.create(customer=customer)
    User.objects.create(username="sara")
    ExchangeRate.objects.create(source="USD", target="EUR", day=date(2026, 1, 1), rate=Decimal(2))
    crossed = "{C1: [usage_80, usage_95, usage_100]}"

    told = failures(
        "{order: {id: O1, customer: C1, amount: 1000}, expect: {outcome: passed}}",
        f"{{confirm: O1, expect: {{outcome: passed, exposure: {{C1: {{total: 1000}}}}, alerts: {crossed}}}}}",
        "order: {id: O2, customer: C1, amount: 1, currency: USD}",
        "{confirm: O2, expect: {error: missing_rate}}",
    )

    assert told == ()
    customer.refresh_from_db()
    assert (customer.code, customer.name, ExchangeRate.objects.count()) == ("C1", "Rossi", 1)


# -- the command -----------------------------------------------------------------------------------------------------


def told_by(*arguments: object) -> tuple[list[str], int]:
    out, code = StringIO(), 0
    try:
        call_command("scenario", *map(str, arguments), stdout=out)
    except SystemExit as error:
        code = int(error.code or 0)
    return out.getvalue().splitlines(), code


def test_the_command_counts_and_says_by_its_exit_code_whether_anything_failed(tmp_path):
    (tmp_path / "good.yaml").write_text(HEAD + f"    - order: {ORDER}\n")
    (tmp_path / "bad.yaml").write_text(HEAD + f"    - {{order: {ORDER}, expect: {{outcome: held}}}}\n")
    (tmp_path / "wrong.yml").write_text("- id: x\n  titel: y\n")
    (tmp_path / "broken.yaml").write_text("- [\n")

    good, good_code = told_by(tmp_path / "good.yaml")
    lines, code = told_by(tmp_path)

    assert (good, good_code) == (["1 passed, 0 failed"], 0)
    assert (lines[-1], code) == ("1 passed, 3 failed", 1)
    assert f"{tmp_path}/bad.yaml: s, step 1: outcome: expected held, found passed [over_limit]" in lines
    assert any("unknown key 'titel'; known: id, title, source" in line for line in lines)
    assert any("broken.yaml" in line and "this is not YAML" in line for line in lines)


def test_the_command_plays_one_story_and_tells_its_steps(tmp_path):
    (tmp_path / "two.yaml").write_text(
        HEAD + f"    - order: {ORDER}\n" + HEAD.replace("id: s", "id: t") + f"    - order: {ORDER}\n"
    )

    lines, _ = told_by(tmp_path, "--only", "t", "--verbose")

    assert lines == ["t: A story", "  1 order by sara: passed [over_limit]", "1 passed, 0 failed"]


@pytest.mark.parametrize("arguments", [["/no/such/folder"], ["--only", "zz"]])
def test_the_command_refuses_what_is_not_there(tmp_path, arguments):
    (tmp_path / "one.yaml").write_text(HEAD + f"    - order: {ORDER}\n")

    with pytest.raises(CommandError, match=r"there is no file|unknown scenario 'zz'; known: s"):
        told_by(*(arguments if "--only" not in arguments else [tmp_path, *arguments]))
