"""The benchmarks run, in small, on the tables as they are today: what they measure is not asked here."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from approvals import context
from approvals.models import Alert
from bench import clients, gate, policy, portfolio, rebuild, results
from creditrisk import slices
from creditrisk.clock import business_day
from creditrisk.exposure import ledger
from creditrisk.facts import LimitState
from creditrisk.monitoring.models import Utilisation
from customers.models import Customer
from tests.rows import handed_over


def hear(_text: str) -> None:
    """Let the benchmark say what it does."""


@pytest.mark.django_db(transaction=True)
def test_the_rebuild_is_measured_over_every_open_row() -> None:
    floor, indexed, rebuilt = rebuild.measure(now=timezone.now(), customers=10, say=hear)

    assert floor.rows == indexed.rows == rebuilt.rows == 10 * rebuild.ROWS
    assert rebuilt.times(floor) > 0


@pytest.mark.django_db
def test_a_decision_is_measured_under_few_rows_and_under_many() -> None:
    found = policy.measure(now=timezone.now(), times=policy.BLOCK, say=hear)

    assert found.timings.keys() == {"few", "many", "every"}
    assert found.reads == 0


@pytest.mark.django_db(transaction=True)
def test_a_decision_is_measured_for_small_and_large_customers_before_and_after_many_decisions(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.DATABASE_OWNER_URL = environment["DATABASE_URL"]
    monkeypatch.setattr(gate, "SIZES", (10, 1_000))
    monkeypatch.setattr(gate, "WARM", 1)

    before, after = gate.measure(now=timezone.now(), times=2, say=hear, history=100)

    assert before.sizes.keys() == after.sizes.keys() == {10, 1_000}
    assert before.dry_run.times == after.floor.times == 2
    assert len(gate.table([before, after]).rows) == 12


@pytest.mark.django_db(transaction=True)
def test_several_clients_decide_at_once(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.DATABASE_OWNER_URL = environment["DATABASE_URL"]
    for name in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE"):
        monkeypatch.setenv(name, environment[name])

    monkeypatch.setattr(clients, "OWNED", 3)
    runs = clients.measure(now=timezone.now(), times=2, say=hear, clients=(2,), rounds=1)

    assert [(run.kind, len(run.laps)) for run in runs] == [(clients.FLOOR, 4), (clients.OWN, 4), (clients.ONE, 4)]


@pytest.mark.django_db(transaction=True)
def test_the_work_over_the_portfolio_is_done_on_what_the_benchmark_fills() -> None:
    now = timezone.now()
    today = business_day(now)
    rebuild.fill(2 * rebuild.RAISED_OF, "F", day=today, now=now, rows=rebuild.TEN)

    for work in portfolio.TOLD.values():
        work(now, today - timedelta(days=1))

    told = Counter(Alert.objects.exclude(code__startswith="overdue").values_list("code", flat=True))
    assert told == {"usage_80": 2, "usage_95": 2, "usage_100": 2, "over_limit": 2, "breach_ahead": 2}
    assert Utilisation.objects.get(whole=True).percent is not None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rows", [rebuild.TEN, rebuild.TWENTY])
def test_every_customer_of_a_benchmark_has_a_limit_that_some_exceed(rows: tuple[int, int, int]) -> None:
    now = timezone.now()
    today, many = business_day(now), 1_500
    first, last = rebuild.fill(many, "F", day=today, now=now, rows=rows)
    ledger.rebuild(day=today, now=now)

    found = context.standings(Customer.objects.filter(pk__range=(first, last)), today=today)

    assert len(found) == many
    assert {one.limit.state for one in found.values()} == {LimitState.AMOUNT}
    assert {one.exposure.total for one in found.values()} == {sum(rows) * rebuild.EACH}
    over = sum(one.exposure.total > one.limit.amount for one in found.values())
    assert 0.3 < over / many < 0.4


@pytest.mark.django_db(transaction=True)
def test_no_work_over_the_portfolio_is_handed_more_where_there_are_more_customers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(slices, "AT_ONCE", 20)
    monkeypatch.setitem(portfolio.TOLD, "rebuild", lambda now, _day: ledger.rebuild(day=_day, now=now, at_once=20))
    now = timezone.now()
    today, found = business_day(now), []

    for number, customers in enumerate((60, 240)):
        rebuild.fill(customers, f"F{number}", day=today, now=now, rows=rebuild.TEN)
        handed = {}
        for name, work in portfolio.TOLD.items():
            with handed_over() as seen:
                work(now, today - timedelta(days=2 - number))
            handed[name] = (seen.rows, seen.values)
        found.append(handed)

    assert found[0] == found[1]
    assert found[1]["daily sweep"] == (20 * 10, 20)  # of each customer ten balances


def test_what_is_missed_is_said() -> None:
    table = results.Table(
        "one", "One", ("", "ms"), [("a", 1234.5), ("b", 2)], [results.Bound("a beside b", 3, 2.5), results.Bound("b", 1, 1)]
    )  # fmt: skip

    assert [str(bound) for bound in table.misses] == ["a beside b: 3.00, at most 2.5 (MISSED)"]
    assert table.plain().splitlines()[1:4] == ["         ms", "a  1,234.50", "b         2"]


def test_the_page_of_results_is_what_was_kept() -> None:
    assert results.PAGE.read_text() == results.page(results.kept())
