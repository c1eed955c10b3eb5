"""The tables of `make chaos` and `make test` tell what passed, what was skipped and what did not pass."""

from collections import Counter
from typing import Any

import pytest

from tests.chaos import Chaos
from tests.telling import Told
from tests.whole import Whole


def hear(told: Told, node: str, outcome: Any = "passed", *, when: Any = "call", says: Any = None) -> None:
    told.pytest_runtest_logreport(pytest.TestReport(node, ("", 0, ""), {}, outcome, says, when))


def test_every_race_is_told_with_its_ends_and_all_else_by_its_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.chaos.ENDS", {"test_two_race": Counter({"one won": 3, "the other won": 2})})
    told = Chaos()

    for node in (
        "a.py::test_two_race",
        "b.py::test_a_word_breaks_nothing[duck]",
        "b.py::test_a_word_breaks_nothing[a::b]",
    ):
        hear(told, node, when="setup")
        hear(told, node)
    hear(told, "c.py::test_a_full_disk", "skipped", when="setup", says=("c.py", 1, "no rights"))
    whole = told.table()
    hear(told, "d.py::test_breaks", "failed")

    assert list(whole.rows[:-1]) == [
        ("two race", 5), ("· one won", 3), ("· the other won", 2), ("a word breaks nothing", 2), ("a full disk: no rights", None),
    ]  # fmt: skip
    assert whole.misses == []
    assert [str(bound) for bound in told.table().misses] == ["tests that failed: 1.00, at most 0 (MISSED)"]


def test_all_tests_are_told_by_the_part_that_they_are_of() -> None:
    told = Whole()

    for node in (
        "tests/ledger/test_a.py::test_b",
        "tests/creditrisk/audit/test_c.py::test_d[1/2]",
        "tests/test_e.py::test_f",
    ):
        hear(told, node)
    hear(told, "tests/ledger/test_a.py::test_g", "skipped", when="setup")

    assert list(told.table().rows) == [
        ("creditrisk/audit", 1, 0),
        ("ledger", 1, 1),
        ("the whole product", 1, 0),
        ("all", 3, 1),
    ]
    assert told.table().misses == []
