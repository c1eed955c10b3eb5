"""What became of every test of a run, for the tables of `make chaos` and `make test`."""

import os
import time
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from typing import Any

import pytest

from bench.results import Bound, Table


class Told(ABC):
    """A plugin of pytest that hears every report and shows a table at the end.

    With KEEP_TABLE in the environment, which is the command that keeps it, the table of a run without a failure is kept
    beside those of the benchmarks.
    """

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.passed: list[str] = []
        self.failed: list[str] = []
        self.skipped: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Hear a report: of the body of a test, or of what is before or after it where that failed or skipped it."""
        if report.failed:
            self.failed.append(report.nodeid)
        elif report.skipped:
            self.skipped[report.nodeid] = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else ""
        elif report.when == "call":
            self.passed.append(report.nodeid)

    def pytest_terminal_summary(self, terminalreporter: Any, exitstatus: int) -> None:
        """Show the table, and keep it where that is asked for."""
        table = self.table()
        terminalreporter.section("how it ended")
        terminalreporter.write_line(table.plain())
        if exitstatus == pytest.ExitCode.OK and (by := os.environ.get("KEEP_TABLE")):
            table.keep(today=datetime.now(UTC).date(), by=by)

    @abstractmethod
    def table(self) -> Table:
        """Return what is shown."""

    @property
    def minutes(self) -> float:
        return (time.monotonic() - self.began) / 60

    @property
    def none_failed(self) -> Bound:
        return Bound("tests that failed", len(self.failed), 0)


def name_of(node: str) -> str:
    """Return the function of a test, without the case."""
    return node.partition("[")[0].rpartition("::")[2]


def words(name: str) -> str:
    """Return the name of a test as a sentence."""
    return name.removeprefix("test_").replace("_", " ")
