"""The table of `make chaos` tells every race with its ends, what else passed, and what did not."""

from collections import Counter
from typing import Any

import pytest

from tests import chaos
from tests.races import ending


def report(node: str, outcome: Any, *, when: Any = "call", says: Any = None) -> pytest.TestReport:
    return pytest.TestReport(node, ("", 0, ""), {}, outcome, says, when)


def test_every_race_is_told_with_its_ends_and_a_failure_is_a_bound_that_is_missed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(ending.ENDS, "test_two_race", Counter({"one won": 3, "the other won": 2}))
    told = chaos.Told()

    for node in (
        "a.py::test_two_race",
        "b.py::test_a_word_breaks_nothing[duck]",
        "b.py::test_a_word_breaks_nothing[a::b]",
    ):
        told.pytest_runtest_logreport(report(node, "passed", when="setup"))
        told.pytest_runtest_logreport(report(node, "passed"))
    told.pytest_runtest_logreport(
        report("c.py::test_a_full_disk", "skipped", when="setup", says=("c.py", 1, "no rights"))
    )
    whole = told.table()
    told.pytest_runtest_logreport(report("d.py::test_breaks", "failed"))

    assert list(whole.rows[:5]) == [
        ("two race", 5), ("· one won", 3), ("· the other won", 2), ("a word breaks nothing", 2), ("a full disk: no rights", None),
    ]  # fmt: skip
    assert whole.misses == []
    assert [str(bound) for bound in told.table().misses] == ["tests that failed: 1.00, at most 0 (MISSED)"]
