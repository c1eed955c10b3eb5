"""The table of `make chaos`: how often each race was run and how it ended, and how many cases of all else passed.

A plugin of pytest (`-p tests.chaos`); with KEEP_CHAOS in the environment the table of a run without a failure is kept
beside those of the benchmarks.
"""

import os
import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from bench.results import Bound, Cell, Table
from tests.races.ending import ENDS


class Told:
    """What became of every test."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.passed: Counter[str] = Counter()
        self.failed: list[str] = []
        self.skipped: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = _name(report.nodeid)
        if report.failed:
            self.failed.append(report.nodeid)
        elif report.skipped:
            self.skipped[name] = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else ""
        elif report.when == "call":
            self.passed[name] += 1

    def pytest_terminal_summary(self, terminalreporter: Any, exitstatus: int) -> None:
        table = self.table()
        terminalreporter.section("how it ended")
        terminalreporter.write_line(table.plain())
        if exitstatus == pytest.ExitCode.OK and "KEEP_CHAOS" in os.environ:
            table.keep(today=datetime.now(UTC).date())

    def table(self) -> Table:
        """Return the table: each race and under it how it ended, then the other tests by their number of cases."""
        raced = {_name(name): ends for name, ends in ENDS.items()}
        rows: list[tuple[Cell, ...]] = []
        for name, ends in raced.items():
            rows.append((_words(name), ends.total()))
            rows += [(f"· {end}", times) for end, times in ends.most_common()]
        rows += [(_words(name), cases) for name, cases in self.passed.items() if name not in raced]
        rows += [(f"{_words(name)}: {why}", None) for name, why in self.skipped.items()]
        rows.append(("minutes in all", round((time.monotonic() - self.began) / 60)))
        return Table(
            "chaos", "Races, kills, bad days and nonsense", ("", "times"), rows,
            [Bound("tests that failed", len(self.failed), 0)],
        )  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Told())


def _name(node: str) -> str:
    return node.partition("[")[0].rpartition("::")[2]


def _words(name: str) -> str:
    return name.removeprefix("test_").replace("_", " ")
