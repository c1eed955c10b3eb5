"""Reading scenario files: what is right is read exactly, what is wrong is named with its place."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from creditrisk import rules
from creditrisk.scenarios import format, steps, words

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"

STORY = """\
defaults:
  customers_default: {limit: 1000, control: warn, blocks: {orders: true, to: 2026-12-31}}
  parameters: {counts: [receivables, credits], sbf_grace_days: 10}
---
- id: s-1
  title: A story
  today: 2026-03-31
  given:
    parameters: {counts: [receivables]}
    terms: {N60: {days: 60, rank: 2}}
    customers: {C1: {limit: '0.4', blocks: {orders: false}}, C2: {}, 1001: {limit: 0.4, control: null}}
    rules: [{rule: days_overdue, scope: {customer: C1}, days: 61}]
  steps:
    - order: {id: O1, customer: C1, amount: 100.10}
    - confirm: O1
      by: dario
      on: 2026-04-01
      expect: {outcome: held, reasons: [days_overdue], exposure: {C1: {used_percent: null, limit: unlimited}}}
    - release: {document: O1, reason: agreed}
    - set: {customer: C1, limit_to: 2026-12-31, blocks: null}
"""


def read(text: str) -> format.Story:
    return format.parse(text, file="f.yaml")


def only(text: str) -> format.Scenario:
    story = read(text)

    assert not story.mistakes
    (scenario,) = story.scenarios
    assert not scenario.mistakes
    return scenario


def story_with(given: str = "", step: str = "order: {id: O1, customer: C1, amount: 1}") -> str:
    """Return a file with one scenario: `given` in line 5, `step` in line 8."""
    lines = ["- id: s", "  title: t", "  today: 2026-03-31", "  given:", f"    {given or 'rules: []'}"]
    if "customers:" not in given:
        lines.append("    customers: {C1: {}, C2: {}}")
    else:
        lines.append("    # its own customers")
    return "\n".join([*lines, "  steps:", f"    - {step}", ""])


def test_every_scenario_that_we_have_is_read_without_a_mistake():
    folders = [SCENARIOS / name for name in ("core", "d365", "fluentis")]
    stories = [format.read(path) for path in format.files(folders)]

    assert [str(m) for s in stories for m in (*s.mistakes, *(m for x in s.scenarios for m in x.mistakes))] == []
    assert sum(len(s.scenarios) for s in stories) == 193


def test_defaults_merge_deeply_and_lists_replace():
    given = only(STORY).given

    assert given.parameters == {"counts": ("receivables",), "sbf_grace_days": 10}
    assert given.customers["C1"].blocks is not None
    assert given.customers["C1"].blocks.orders is False
    assert given.customers["C1"].blocks.to == date(2026, 12, 31)
    assert given.customers["C2"].limit == Decimal(1000)


def test_codes_of_ones_own_are_added_to_those_built_in():
    given = only(STORY).given

    assert set(given.terms) == {"N30", "N60"}
    assert given.terms["N30"].days == 30
    assert given.users["carla"].may_release_up_to == "unlimited"
    assert set(given.users) == {"sara", "carla", "dario", "fiona", "ada", "guido"}
    assert {t.of for t in given.document_types.values()} == {"order", "delivery", "invoice"}


def test_amounts_are_exact_and_numbers_may_be_codes():
    scenario = only(STORY)

    assert scenario.given.customers["C1"].limit == Decimal("0.4")
    assert str(scenario.given.customers["1001"].limit) == "0.4"
    assert str(scenario.steps[0].value["amount"]) == "100.10"
    assert scenario.given.customers["1001"].control is None


def test_steps_know_their_number_who_takes_them_and_when():
    order, confirm, release, change = only(STORY).steps

    assert [s.number for s in (order, confirm, release, change)] == [1, 2, 3, 4]
    assert [s.by for s in (order, confirm, release, change)] == ["sara", "dario", "carla", "sara"]
    assert (order.on, confirm.on) == (None, date(2026, 4, 1))
    assert confirm.value == {"document": "O1"}
    assert confirm.expect["exposure"] == {"C1": {"used_percent": None, "limit": "unlimited"}}
    assert change.value == {"customer": "C1", "changed": {"limit_to": date(2026, 12, 31), "blocks": None}}


def test_on_and_off_are_text():
    scenario = only(story_with("parameters: {auto_release: off}"))

    assert scenario.given.parameters == {"auto_release": "off"}


def test_a_group_and_items_with_amounts_are_read():
    scenario = only(
        story_with("credit_groups: [RET]", "item: {id: I1, customer: C1, amount: 5, due: 2026-04-30}")
        + "    - pay: {id: P1, customer: C1, amount: 3, items: [{I1: '1.50'}, I1]}\n"
        + "    - rule: {rule: limit_used, kind: exclude, scope: {group: RET}, percent: 90, release_order: true}\n"
    )

    assert scenario.steps[1].value["items"] == (("I1", Decimal("1.50")), ("I1", None))
    row = scenario.steps[2].value["row"]
    assert (row.scope, row.scope_code, row.release_order, row.values) == ("group", "RET", True, {"percent": 90})


def test_the_rules_of_the_format_are_those_of_the_book():
    assert set(words.RULES) == set(rules.book())
    assert set(words.STANDARD_REASONS) == set(rules.standards())
    for code, values in words.RULES.items():
        assert set(values) <= set(rules.book()[code].values())


# What stands in the file; what is said about it. The place is file:line, scenario and step.
IN_FILES = [
    ("", "f.yaml: expected one YAML document"),
    ("a: 1\n", "f.yaml:1: expected a list of scenarios, found a mapping"),
    ("- 1\n---\n- 2\n---\n- 3\n", "f.yaml: expected one YAML document (a list of scenarios) or two"),
    ("defaults: {}\ndefault: {}\n---\n[]\n", "f.yaml:2: unknown key 'default'; known: defaults"),
    ("defaults:\n  customer: {}\n---\n[]\n", "f.yaml:2: defaults: unknown key 'customer'; known: company, companies,"),
    ("defaults:\n  parameters: {counts: [debts]}\n---\n[]\n", "defaults.parameters.counts.1: unknown bucket 'debts'"),
    ("- id: a\n  id: b\n", "f.yaml:2: the key 'id' is given twice, first in line 1"),
    ("- id: [a\n", "this is not YAML"),
    ("- id: !secret a\n", "the tag '!secret' is not understood here"),
    ("- &a [*a]\n", "an alias stands inside the value that it names"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "sentence"), IN_FILES)
def test_a_wrong_file_is_told_with_its_line(text, sentence):
    story = read(text)

    assert story.scenarios == ()
    assert sentence in "\n".join(map(str, story.mistakes))
    assert story.lost >= 1


IN_SCENARIOS = [
    ("- id: s\n  title: t\n  steps: []\n", "f.yaml:1: s: the key 'today' is missing"),
    ("- id: s\n  titel: t\n", "f.yaml:2: s: unknown key 'titel'; known: id, title, source, today, given, steps"),
    ("- id: s\n  today: 2026-02-30\n", "f.yaml:2: s: today: expected a date such as 2026-03-31, found '2026-02-30'"),
    ("- id: s\n  today: yesterday\n", "today: expected a date"),
    ("- id: s\n  steps: []\n", "steps: expected a list of steps, found an empty one"),
    ("- s\n", "f.yaml:1: expected a mapping with id, title, source"),
    ("- id: s\n  given: [1]\n", "given: expected a mapping, found a list"),
]


@pytest.mark.parametrize(("text", "sentence"), IN_SCENARIOS)
def test_a_wrong_scenario_is_told_with_its_id(text, sentence):
    assert sentence in "\n".join(str(m) for s in read(text).scenarios for m in s.mistakes)


IN_GIVEN = [
    ("rule: []", "given: unknown key 'rule'; known: company,"),
    ("company: {code: A, curency: EUR}", "given.company: unknown key 'curency'; known: code, currency"),
    ("company: {currency: euro}", "given.company.currency: expected a currency of three capital letters, found 'euro'"),
    ("companies: {B: {}}", "given.companies.B: the key 'currency' is missing"),
    ("rates: [{from: USD, to: EUR, rate: 0, on: 2026-01-01}]", "given.rates.1.rate: expected more than zero, found 0"),
    ("rates: [{from: USD, to: EUR, on: 2026-01-01}]", "given.rates.1: the key 'rate' is missing"),
    ("parameters: {count: []}", "given.parameters: unknown parameter 'count'; known: counts, orders_count_from,"),
    ("parameters: {counts: [orders]}", "unknown bucket 'orders'; known: open_orders, delivered_not_invoiced,"),
    ("parameters: {four_eyes: yes}", "given.parameters.four_eyes: expected true or false, found 'yes'"),
    ("parameters: {auto_release: true}", "unknown value 'true'; known: off, without_posting, with_posting"),
    ("parameters: {sbf_grace_days: 1.5}", "expected a whole number, found 1.5"),
    ("parameters: {sbf_grace_days: -1}", "expected a whole number, found -1"),
    ("checkpoints: {confirm: {on: true}}", "unknown checkpoint 'confirm'; known: entry, confirmation, picking,"),
    ("checkpoints: {entry: {grace: 1}}", "given.checkpoints.entry: unknown key 'grace'; known: on, grace_days"),
    ("terms: {X: {instalments: [{days: 1}]}}", "given.terms.X.instalments.1: the key 'percent' is missing"),
    ("terms: {X: {instalments: [{percent: 101, days: 1}]}}", "expected at most 100, found 101"),
    ("account_statuses: {X: {stops: some}}", "unknown stop 'some'; known: none, invoice, all"),
    ("segments: {S: {limit: plenty}}", "expected an amount or unlimited or inherit, found 'plenty'"),
    ("segments: {S: {terms: N99}}", "given.segments.S.terms: unknown terms 'N99'; known: N30"),
    ("shared_limits: {G: {amount: 1, members: [C9]}}", "unknown customer 'C9'; known: C1, C2"),
    ("document_types: {T: {of: offer}}", "unknown kind of document 'offer'; known: order, delivery, invoice"),
    ("document_types: {T: {of: order, sign: 2}}", "expected 1 or -1, found 2"),
    ("users: {u: {roles: [boss]}}", "unknown role 'boss'; known: sales, credit_clerk, credit_manager,"),
    ("users: {u: {roles: [sales], companies: [ZZ]}}", "unknown company 'ZZ'; known: MAIN"),
    ("users: {u: {may_release_up_to: 5}}", "given.users.u: the key 'roles' is missing"),
    ("rules: [{rule: days_late, days: 1}]", "unknown rule 'days_late'; known: days_overdue, account_status,"),
    (
        "rules: [{rule: days_overdue, percent: 1}]",
        "unknown key or value 'percent'; known: rule, kind, scope, risk_class,",
    ),
    ("rules: [{rule: days_overdue}]", "rule days_overdue: A block needs days."),
    ("rules: [{rule: limit_used, percent: 90, scope: {group: G}}]", "unknown credit group 'G'; known: none"),
    ("rules: [{rule: limit_used, percent: 90, scope: some}]", "expected all, {group: CODE} or {customer: CODE}"),
    ("rules: [{rule: limit_used, percent: 90, kind: allow}]", "unknown kind of rule 'allow'; known: block, exclude"),
    ("rules: [{rule: limit_used, percent: 90, release_order: true}]", "release_order stands on an exclusion only"),
    ("rules: [{rule: account_status, status: WATCH}]", "unknown account status 'WATCH'; known: NORMAL"),
    ("rules: {rule: limit_used}", "given.rules: expected a list, found a mapping"),
    ("customers: {C1: {limt: 5}}", "given.customers.C1: unknown key 'limt'; known: limit, limit_currency,"),
    ("customers: {C1: {limit: -5}}", "given.customers.C1.limit: expected an amount or unlimited or inherit"),
    ("customers: {C1: {limit: .inf}}", "given.customers.C1.limit: expected an amount or unlimited or inherit"),
    ("customers: {C1: {limit: true}}", "expected an amount or unlimited or inherit, found true"),
    ("customers: {C1: {sub_limits: {total: 5}}}", "unknown component 'total'; known: open_orders,"),
    ("customers: {C1: {control: maybe}}", "unknown control 'maybe'; known: none, warn, block"),
    ("customers: {C1: {securities: [{kind: bond, amount: 1}]}}", "unknown kind of security 'bond'"),
    ("customers: {C1: {temporary: [{amount: 1, from: 2026-01-01}]}}", "temporary.1: the key 'to' is missing"),
    ("customers: {C1: {parent: C7}}", "given.customers.C1.parent: unknown customer 'C7'; known: C1"),
    ("customers: {C1: {credit_group: RET}}", "unknown credit group 'RET'; known: none"),
    ("customers: {C1: }", "given.customers.C1: expected a mapping with limit,"),
    ("customers: {C1: {next_review: 2026-13-01}}", "expected a date such as 2026-03-31, found '2026-13-01'"),
]


@pytest.mark.parametrize(("given", "sentence"), IN_GIVEN)
def test_a_wrong_key_or_value_under_given_is_named(given, sentence):
    said = [str(m) for s in read(story_with(given)).scenarios for m in s.mistakes]

    assert len(said) == 1
    assert sentence in said[0]
    assert said[0].startswith("f.yaml:5: s: given")


IN_STEPS = [
    ("ordr: {id: O1}", "unknown verb 'ordr'; known: today, order, amend,"),
    ("by: sara", "expected exactly one verb, found none"),
    ("{confirm: O1, pick: O1}", "expected exactly one verb, found confirm, pick"),
    ("just text", "expected a verb with its value, found 'just text'"),
    ("order: {id: O1, customer: C9, amount: 1}", "order.customer: unknown customer 'C9'; known: C1, C2"),
    ("order: {customer: C1, amount: 1}", "order: the key 'id' is missing"),
    ("order: {id: O1, customer: C1, price: 1}", "order: unknown key 'price'; known: id, customer, amount, lines,"),
    ("order: {id: O1, customer: C1, amount: 1, lines: []}", "order: say only one of amount, lines"),
    ("order: {id: O1, customer: C1, amount: much}", "expected an amount such as 1500 or '1500.01', found 'much'"),
    ("order: {id: O1, customer: C1, amount: 1, company: XX}", "unknown company 'XX'; known: MAIN"),
    ("order: {id: O1, customer: C1, lines: [{qty: 1, prize: 2}]}", "order.lines.1: unknown key 'prize'; known: qty,"),
    ("confirm: O7", "confirm: unknown order 'O7'; known: none"),
    ("confirm: {document: O7}", "confirm: expected a code, found a mapping"),
    ("deliver: {id: D1, amount: 5}", "deliver: say exactly one of orders, customer"),
    ("invoice: {id: F1, kind: credit_note, customer: C1}", "kind: credit_note and of: INVOICE go together"),
    ("invoice: {id: F1, customer: C1, issue: later}", "invoice.issue: expected true or false, found 'later'"),
    ("pay: {id: P1, customer: C1, amount: 5, items: [I9]}", "pay.items.1: unknown item 'I9'; known: none"),
    ("effect: {id: E, customer: C1, amount: 1, due: 2026-04-30, kind: iou}", "unknown kind of effect 'iou'; known:"),
    ("present: {effects: [], mode: later}", "unknown mode 'later'; known: sbf, collection, discount"),
    ("limit: {amount: 5}", "limit: say exactly one of customer, shared"),
    ("limit: {customer: C1, amount: 5, kind: seasonal}", "unknown kind of limit 'seasonal'; known: base, temporary"),
    ("set: {parameters: {x: 1}}", "set.parameters: unknown parameter 'x'; known: counts,"),
    ("set: {customer: C1, colour: red}", "set: unknown key 'colour'; known: limit,"),
    ("set: {colour: red}", "set: unknown key 'colour'; known: parameters"),
    ("rule: {rule: nothing}", "rule.rule: unknown rule 'nothing'; known: days_overdue,"),
    ("evaluate: {}", "evaluate: say exactly one of customer, document, all"),
    ("check: {customer: C1, amount: 1, at: lunch}", "unknown checkpoint 'lunch'; known: entry, confirmation,"),
    ("today: 2026-03-30", "the clock cannot go back from 2026-03-31 to 2026-03-30"),
    ("{today: 2026-04-01, by: nobody}", "by: unknown user 'nobody'; known: sara, carla,"),
    ("{today: 2026-04-01, on: 2026-04-02}", "today moves the clock itself; leave out on"),
    ("{today: 2026-04-01, expect: {result: held}}", "expect: unknown expectation 'result'; known: outcome, reasons,"),
    ("{today: 2026-04-01, expect: {outcome: stopped}}", "unknown outcome 'stopped'; known: passed,"),
    ("{today: 2026-04-01, expect: {error: oops}}", "unknown error 'oops'; known: four_eyes, not_permitted,"),
    ("{today: 2026-04-01, expect: {reasons: [late]}}", "unknown reason 'late'; known: days_overdue,"),
    ("{today: 2026-04-01, expect: {reasons: late}}", "expect.reasons: expected a list, found 'late'"),
    ("{today: 2026-04-01, expect: {exposure: {C1: {totl: 1}}}}", "unknown figure or bucket 'totl'; known: total,"),
    ("{today: 2026-04-01, expect: {exposure: {C8: {total: 1}}}}", "expect.exposure: unknown account 'C8'; known: C1"),
    ("{today: 2026-04-01, expect: {document: {O1: {state: draft}}}}", "expect.document: unknown document 'O1'; known:"),
    ("{order: {id: O1, customer: C1}, expect: {document: {O1: {state: new}}}}", "unknown state 'new'; known:"),
    ("{today: 2026-04-01, expect: {holds: {C1: {opened: 1}}}}", "unknown expectation 'opened'; known: open, total,"),
    ("{today: 2026-04-01, expect: {alerts: {C1: [usage]}}}", "unknown alert 'usage'; known: over_limit, overdue,"),
    ("{today: 2026-04-01, expect: {limit: {C1: lots}}}", "expected an amount or unlimited or none, found 'lots'"),
    ("{today: 2026-04-01, expect: {allowed: 1}}", "expect.allowed: expected true or false, found 1"),
]  # fmt: skip


@pytest.mark.parametrize(("step", "sentence"), IN_STEPS)
def test_a_wrong_step_is_named_with_its_number(step, sentence):
    said = [str(m) for s in read(story_with(step=step)).scenarios for m in s.mistakes]

    assert len(said) == 1
    assert sentence in said[0]
    assert said[0].startswith("f.yaml:8: s, step 1: ")


def test_one_wrong_scenario_leaves_the_others_of_its_file_alone():
    story = read(story_with("rule: []") + story_with().replace("id: s", "id: s2"))

    assert [bool(s.mistakes) for s in story.scenarios] == [True, False]


def test_a_repeated_scenario_id_is_a_mistake():
    first, second = read(story_with() + story_with()).scenarios

    assert not first.mistakes
    assert "the scenario id 's' is given twice, first in line 1" in str(second.mistakes[0])


def test_an_instalment_is_known_by_its_invoice():
    only(
        story_with(step="invoice: {id: F1, customer: C1, amount: 9}")
        + "    - pay: {id: P1, customer: C1, amount: 3, items: [F1/3, {F1/1: 2}]}\n"
    )


def test_every_verb_of_the_format_is_known():
    told = (SCENARIOS / "FORMAT.md").read_text(encoding="utf-8")
    table = told.split("## `steps`")[1].split("## `expect`")[0]
    listed = {
        w.strip(" `") for row in table.splitlines() if row.startswith("| `") for w in row.split("|")[1].split(",")
    }

    assert listed - {"verb"} <= set(steps.VERBS)
    assert set(steps.VERBS) - listed == {"approve", "reject", "request_change", "delegate"}
